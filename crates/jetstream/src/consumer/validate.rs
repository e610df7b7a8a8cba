//! Which configurations are allowed, in the order in which the reference finds fault with them (PROTOCOL 2.6.4).

use super::filter_index::FilterIndex;
use super::limits::{
    ACK_WAIT_DEFAULT, HEARTBEAT_MIN, INACTIVE_DEFAULT, MAX_ACK_PENDING_DEFAULT, MAX_EXPIRES_MIN,
    MAX_WAITING_DEFAULT, NAME_BYTES_MAX, PIN_DEFAULT, StreamRules,
};
use super::{AckPolicy, ConsumerConfig, ConsumerError, DeliverPolicy, Lifetime, PriorityPolicy, StartOption};
use crate::Retention;
use crate::duration;
use crate::settings::attributes;
use jetkv_engine::StreamConfig;
use jetkv_types::limits::{DESCRIPTION_BYTES_MAX, METADATA_BYTES_MAX};
use jetkv_types::{Subject, SubjectFilter};
use std::time::Duration;

impl ConsumerConfig {
    /// Returns the configuration with the defaults of a lifetime filled in, checked against itself and against its stream.
    ///
    /// # Errors
    /// The first fault in the reference's order; see the variants of [`ConsumerError`].
    pub fn normalized(
        mut self,
        lifetime: Lifetime,
        stream: &StreamConfig,
        rules: &StreamRules,
    ) -> Result<Self, ConsumerError> {
        let forbidden = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '.' | '*' | '>');
        if self.name.contains(forbidden) || self.name.contains(['/', '\\']) {
            return Err(ConsumerError::NameInvalid);
        }
        self.fill_in(lifetime, rules);
        self.check_replicas()?;
        self.check_waits()?;
        if self.ack_policy == AckPolicy::FlowControl && !self.is_push() {
            return Err(ConsumerError::FlowControlAckPull);
        }
        if self.description.len() > DESCRIPTION_BYTES_MAX {
            return Err(ConsumerError::DescriptionTooLong { max: DESCRIPTION_BYTES_MAX });
        }
        if self.is_push() {
            self.check_push(stream)?
        } else {
            self.check_pull(rules)?
        }
        self.check_stream_limits(rules)?;
        self.check_filters()?;
        self.check_start()?;
        self.sample_percent()?;
        if self.flow_control && self.idle_heartbeat == 0 {
            return Err(ConsumerError::FlowControlWithoutHeartbeat);
        }
        let metadata: usize = self.metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
        if metadata > METADATA_BYTES_MAX {
            return Err(ConsumerError::MetadataTooLarge);
        }
        self.check_priorities()?;
        if self.name.len() > NAME_BYTES_MAX {
            return Err(ConsumerError::NameTooLong);
        }
        Ok(self)
    }

    /// Refuses what [`Self::normalized`] would adjust, as a client may ask for.
    ///
    /// # Errors
    /// `Pedantic` with the first such value in the reference's order.
    pub fn check_exact(&self, rules: &StreamRules) -> Result<(), ConsumerError> {
        let refused = |reason| Err(ConsumerError::Pedantic { reason });
        let negative = [
            (self.max_deliver, -1, "max_deliver must be set to -1"),
            (self.max_waiting, 0, "max_waiting must not be negative"),
            (self.max_ack_pending, -1, "max_ack_pending must be set to -1"),
            (self.max_batch, 0, "max_batch must not be negative"),
            (self.max_expires, 0, "max_expires must not be negative"),
            (self.max_bytes, 0, "max_bytes must not be negative"),
            (self.idle_heartbeat, 0, "idle_heartbeat must not be negative"),
            (self.inactive_threshold, 0, "inactive_threshold must not be negative"),
            (self.priority_timeout, 0, "priority_timeout must not be negative"),
        ];
        if let Some((_, _, reason)) = negative.into_iter().find(|(value, least, _)| value < least) {
            return refused(reason);
        }
        if self.backoff.first().is_some_and(|first| *first != self.ack_wait) {
            return refused("first backoff value has to equal batch AckWait");
        }
        if self.max_ack_pending == 0 && rules.max_ack_pending.is_some() {
            return refused("max_ack_pending must be set if it's configured in stream limits");
        }
        if self.inactive_threshold == 0 && rules.inactive_threshold.is_some() {
            return refused("inactive_threshold must be set if it's configured in stream limits");
        }
        Ok(())
    }

    /// Puts defaults in the place of what is absent or below zero, where the reference does.
    fn fill_in(&mut self, lifetime: Lifetime, rules: &StreamRules) {
        let acks = self.ack_policy != AckPolicy::None;
        for field in [
            &mut self.idle_heartbeat,
            &mut self.max_batch,
            &mut self.max_bytes,
            &mut self.max_expires,
            &mut self.inactive_threshold,
            &mut self.priority_timeout,
        ] {
            *field = (*field).max(0);
        }
        if self.max_deliver <= 0 {
            self.max_deliver = -1;
        }
        if self.priority_policy == PriorityPolicy::PinnedClient && self.priority_timeout == 0 {
            self.priority_timeout = PIN_DEFAULT;
        }
        self.max_waiting = self.max_waiting.max(0);
        if !self.is_push() && self.max_waiting == 0 {
            self.max_waiting = MAX_WAITING_DEFAULT;
        }
        if let Some(first) = self.backoff.first() {
            self.ack_wait = *first;
        } else if acks && self.ack_wait == 0 {
            self.ack_wait = ACK_WAIT_DEFAULT;
        }
        if self.max_ack_pending < 0 {
            self.max_ack_pending = -1;
        } else if self.max_ack_pending == 0 {
            // The limit of the stream is filled in even where nothing is acknowledged.
            let default = if acks { MAX_ACK_PENDING_DEFAULT } else { 0 };
            self.max_ack_pending = rules.max_ack_pending.unwrap_or(default);
        }
        if self.inactive_threshold == 0 {
            let limit = rules.inactive_threshold.map(nanos);
            let default = if lifetime == Lifetime::Durable { 0 } else { INACTIVE_DEFAULT };
            self.inactive_threshold = limit.unwrap_or(default);
        }
    }

    fn check_replicas(&self) -> Result<(), ConsumerError> {
        match self.num_replicas {
            ..0 => Err(ConsumerError::ReplicasNegative),
            0 | 1 => Ok(()),
            _ => Err(ConsumerError::Replicas),
        }
    }

    fn check_waits(&self) -> Result<(), ConsumerError> {
        if self.backoff.iter().any(|wait| *wait < 0) {
            return Err(ConsumerError::BackoffNegative);
        }
        let steps = i64::try_from(self.backoff.len()).unwrap_or(i64::MAX);
        // As many deliveries as steps are accepted, whatever the text says.
        if self.max_deliver != -1 && self.max_deliver < steps {
            return Err(ConsumerError::BackoffTooLong);
        }
        if self.ack_wait < 0 { Err(ConsumerError::AckWaitNegative) } else { Ok(()) }
    }

    fn check_push(&self, stream: &StreamConfig) -> Result<(), ConsumerError> {
        let subject = &self.deliver_subject;
        if Subject::new(subject.as_str()).is_err() {
            return Err(ConsumerError::DeliverSubjectInvalid);
        }
        if subject.split('.').any(|token| token == "*" || token == ">") {
            return Err(ConsumerError::DeliverSubjectWildcard);
        }
        if attributes::captures(stream, subject) {
            return Err(ConsumerError::DeliverSubjectCycle);
        }
        if self.max_waiting != 0 {
            return Err(ConsumerError::PushMaxWaiting);
        }
        if self.max_ack_pending > 0 && self.ack_policy == AckPolicy::None {
            return Err(ConsumerError::MaxAckPendingWithoutAcks);
        }
        if self.idle_heartbeat > 0 && self.idle_heartbeat < HEARTBEAT_MIN {
            return Err(ConsumerError::HeartbeatTooShort);
        }
        Ok(())
    }

    fn check_pull(&self, rules: &StreamRules) -> Result<(), ConsumerError> {
        if rules.retention == Retention::WorkQueue && self.ack_policy == AckPolicy::None {
            return Err(ConsumerError::PullWithoutAcks);
        }
        if self.rate_limit_bps > 0 {
            return Err(ConsumerError::PullRateLimit);
        }
        if self.idle_heartbeat > 0 {
            return Err(ConsumerError::PullHeartbeat);
        }
        if self.flow_control {
            return Err(ConsumerError::PullFlowControl);
        }
        if self.max_expires > 0 && self.max_expires < MAX_EXPIRES_MIN {
            return Err(ConsumerError::MaxExpiresTooShort);
        }
        Ok(())
    }

    fn check_stream_limits(&self, rules: &StreamRules) -> Result<(), ConsumerError> {
        // The reference lets -1, no limit, pass.
        if let Some(limit) = rules.max_ack_pending.filter(|limit| self.max_ack_pending > *limit) {
            return Err(ConsumerError::MaxAckPendingTooHigh { limit });
        }
        match rules.inactive_threshold {
            Some(limit) if self.inactive_threshold > nanos(limit) => {
                Err(ConsumerError::InactiveThresholdTooLong { limit: duration::format(limit) })
            }
            _ => Ok(()),
        }
    }

    fn check_filters(&self) -> Result<(), ConsumerError> {
        if !self.filter_subject.is_empty() && !self.filter_subjects.is_empty() {
            return Err(ConsumerError::FilterAndFilters);
        }
        if self.filter_subjects.iter().any(String::is_empty) {
            return Err(ConsumerError::FilterEmpty);
        }
        let mut known = FilterIndex::default();
        for text in self.filters() {
            let filter = SubjectFilter::new(text.as_str()).map_err(|_| ConsumerError::FilterInvalid)?;
            if known.overlaps(&filter) {
                return Err(ConsumerError::FiltersOverlap);
            }
            known.insert(&filter, 0);
        }
        Ok(())
    }

    fn check_start(&self) -> Result<(), ConsumerError> {
        let policy = self.deliver_policy;
        let (sequence, time) = (self.opt_start_seq > 0, self.opt_start_time.is_some());
        let also = |option| Err(ConsumerError::StartAlsoSet { policy, option });
        let missing = |option| Err(ConsumerError::StartNotSet { policy, option });
        match policy {
            DeliverPolicy::ByStartSequence if !sequence => missing(StartOption::Sequence),
            DeliverPolicy::ByStartSequence if time => also(StartOption::Time),
            DeliverPolicy::ByStartTime if !time => missing(StartOption::Time),
            DeliverPolicy::ByStartTime if sequence => also(StartOption::Sequence),
            DeliverPolicy::ByStartSequence | DeliverPolicy::ByStartTime => Ok(()),
            _ if sequence => also(StartOption::Sequence),
            _ if time => also(StartOption::Time),
            DeliverPolicy::LastPerSubject if self.filters().is_empty() => missing(StartOption::Filter),
            _ => Ok(()),
        }
    }

    /// Returns the share of acks to be reported, in percent; `None` for none.
    pub(super) fn sample_percent(&self) -> Result<Option<u64>, ConsumerError> {
        if self.sample_freq.is_empty() {
            return Ok(None);
        }
        let text = self.sample_freq.strip_suffix('%').unwrap_or(&self.sample_freq);
        let number: i64 = text.parse().map_err(|_| ConsumerError::SampleFrequency {
            reason: format!("strconv.Atoi: parsing {text:?}: invalid syntax"),
        })?;
        let percent =
            u64::try_from(number).map_err(|_| ConsumerError::SampleFrequency { reason: "<nil>".into() })?;
        Ok(Some(percent).filter(|percent| *percent > 0))
    }

    fn check_priorities(&self) -> Result<(), ConsumerError> {
        let grouped = !self.priority_groups.is_empty();
        if self.priority_policy == PriorityPolicy::None {
            if grouped {
                return Err(ConsumerError::PriorityGroupWithoutPolicy);
            }
            if self.priority_timeout != 0 {
                return Err(ConsumerError::PriorityTimeoutWithoutPolicy);
            }
        } else {
            if self.is_push() {
                return Err(ConsumerError::PushPriorityGroups);
            }
            if !grouped {
                return Err(ConsumerError::PriorityPolicyWithoutGroup);
            }
            for group in &self.priority_groups {
                check_group(group)?;
            }
        }
        match self.ack_policy {
            AckPolicy::FlowControl => Err(ConsumerError::Unsupported { option: "ack_policy flow_control" }),
            _ => Ok(()),
        }
    }
}

/// Says whether a priority group can have this name.
pub(super) fn check_group(group: &str) -> Result<(), ConsumerError> {
    if group.is_empty() {
        return Err(ConsumerError::PriorityGroupEmpty);
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_/=)+".contains(c);
    if group.len() > 16 || !group.chars().all(allowed) {
        return Err(ConsumerError::PriorityGroupInvalid);
    }
    Ok(())
}

fn nanos(span: Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
