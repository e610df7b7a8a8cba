//! What the consumers of a work queue must keep to: every message has one consumer that acknowledges it (PROTOCOL 4.8).

use super::super::rules::Rules;
use super::super::{AckPolicy, ConsumerConfig, ConsumerError, DeliverPolicy};
use super::{ConsumerKey, ConsumerSet};
use crate::Retention;

impl ConsumerSet {
    /// Checks a new consumer, in the order in which the reference finds fault.
    pub(super) fn check_added(&self, config: &ConsumerConfig, rules: &Rules) -> Result<(), ConsumerError> {
        if self.rules.retention != Retention::WorkQueue {
            return Ok(());
        }
        if config.ack_policy != AckPolicy::Explicit {
            return Err(ConsumerError::WorkQueueAcks);
        }
        if self.count() > 0 && config.filters().is_empty() {
            return Err(ConsumerError::WorkQueueUnfiltered);
        }
        if self.shares_subjects(rules, None) {
            return Err(ConsumerError::WorkQueueOverlap);
        }
        if config.deliver_policy != DeliverPolicy::All {
            return Err(ConsumerError::WorkQueueStart);
        }
        Ok(())
    }

    /// Checks a change of a consumer. As in the reference, filters may be taken away, whatever others there are.
    pub(super) fn check_changed(
        &self,
        key: ConsumerKey,
        config: &ConsumerConfig,
        rules: &Rules,
    ) -> Result<(), ConsumerError> {
        let is_checked = self.rules.retention == Retention::WorkQueue && !config.filters().is_empty();
        if is_checked && self.shares_subjects(rules, Some(key)) {
            return Err(ConsumerError::WorkQueueOverlap);
        }
        Ok(())
    }

    fn shares_subjects(&self, rules: &Rules, own: Option<ConsumerKey>) -> bool {
        let mut others = self.members.iter().filter(|other| Some(other.key) != own);
        others.any(|other| {
            let theirs = &other.rules.filters;
            rules.filters.iter().any(|filter| theirs.iter().any(|their| their.overlaps(filter)))
        })
    }
}
