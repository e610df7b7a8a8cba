//! A configuration as the machinery reads it: filters parsed, spans as spans, absent as absent.

use super::{AckPolicy, ConsumerConfig, ConsumerError, PriorityPolicy, ReplayPolicy};
use crate::Content;
use jetkv_types::SubjectFilter;
use std::time::Duration;

/// What a consumer does, compiled from a checked configuration.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// At least one.
    pub(super) filters: Vec<SubjectFilter>,
    pub(super) acks: AckPolicy,
    /// How long an ack may take after the first, second, … delivery; the last one counts for all further ones.
    pub(super) ack_waits: Vec<Duration>,
    pub(super) max_deliver: Option<u64>,
    pub(super) max_ack_pending: Option<usize>,
    pub(super) content: Content,
    pub(super) heartbeat: Option<Duration>,
    pub(super) inactive: Option<Duration>,
    pub(super) max_waiting: usize,
    pub(super) max_batch: Option<u64>,
    pub(super) max_bytes: Option<u64>,
    pub(super) max_expires: Option<Duration>,
    /// Bits per second.
    pub(super) rate: Option<u64>,
    pub(super) replays: bool,
    /// Percent of acks that are reported.
    pub(super) sample: Option<u64>,
    /// How pull requests are ranked, and in which groups.
    pub(super) priority: PriorityPolicy,
    pub(super) groups: Vec<String>,
    /// How long a pin lasts.
    pub(super) pin_for: Duration,
}

impl Rules {
    /// Compiles a configuration that was checked.
    pub(super) fn of(config: &ConsumerConfig) -> Result<Self, ConsumerError> {
        let filters = config.filters().iter().map(|text| SubjectFilter::new(text.as_str()));
        let mut filters: Vec<_> =
            filters.collect::<Result<_, _>>().map_err(|_| ConsumerError::FilterInvalid)?;
        if filters.is_empty() {
            filters.push(SubjectFilter::all());
        }
        let waits = if config.backoff.is_empty() { &[config.ack_wait][..] } else { &config.backoff };
        Ok(Self {
            filters,
            acks: config.ack_policy,
            ack_waits: waits.iter().map(|wait| span(*wait).unwrap_or_default()).collect(),
            max_deliver: positive(config.max_deliver),
            max_ack_pending: positive(config.max_ack_pending).and_then(|max| usize::try_from(max).ok()),
            content: config.content,
            heartbeat: span(config.idle_heartbeat),
            inactive: span(config.inactive_threshold),
            max_waiting: usize::try_from(config.max_waiting).unwrap_or_default(),
            max_batch: positive(config.max_batch),
            max_bytes: positive(config.max_bytes),
            max_expires: span(config.max_expires),
            rate: Some(config.rate_limit_bps).filter(|rate| *rate > 0),
            replays: config.replay_policy == ReplayPolicy::Original,
            sample: config.sample_percent()?,
            priority: config.priority_policy,
            groups: config.priority_groups.clone(),
            pin_for: span(config.priority_timeout).unwrap_or_default(),
        })
    }

    /// Returns how long the ack of the delivery number `attempt`, counted from 1, may take.
    pub(super) fn ack_wait(&self, attempt: u64) -> Duration {
        let step = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        let last = self.ack_waits.len().saturating_sub(1);
        self.ack_waits.get(step.min(last)).copied().unwrap_or_default()
    }

    /// Says whether a message that was delivered so often may not be delivered again.
    pub(super) fn is_exhausted(&self, attempts: u64) -> bool {
        self.max_deliver.is_some_and(|max| attempts >= max)
    }
}

fn positive(number: i64) -> Option<u64> {
    u64::try_from(number).ok().filter(|number| *number > 0)
}

fn span(nanos: i64) -> Option<Duration> {
    positive(nanos).map(Duration::from_nanos)
}
