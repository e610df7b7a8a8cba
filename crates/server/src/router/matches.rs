//! The subscriptions that a message goes to, sorted into plain ones and queue groups.

use super::subscription::Subscription;
use std::sync::Arc;

/// What matches a subject. It is kept and filled again, so that routing needs no allocation.
#[derive(Debug, Default)]
pub(super) struct Matches {
    plain: Vec<Arc<Subscription>>,
    /// Members of queue groups; those of one name stand together once [`Self::finish`] was called.
    queued: Vec<Arc<Subscription>>,
}

impl Matches {
    pub(super) fn clear(&mut self) {
        self.plain.clear();
        self.queued.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.queued.is_empty()
    }

    pub(super) fn add_all(&mut self, list: &[Arc<Subscription>]) {
        for each in list {
            let to = if each.queue().is_some() { &mut self.queued } else { &mut self.plain };
            to.push(Arc::clone(each));
        }
    }

    /// Says whether this is true of one of them.
    pub(super) fn any(&self, mut is_wanted: impl FnMut(&Subscription) -> bool) -> bool {
        self.plain.iter().chain(&self.queued).any(|each| is_wanted(each))
    }

    /// Puts the members of each group together; members of one name are one group, whatever their patterns (PROTOCOL 1.7).
    pub(super) fn finish(&mut self) {
        self.queued.sort_unstable_by(|left, right| left.queue().cmp(&right.queue()));
    }

    /// Returns the subscriptions that get a message each.
    pub(super) fn plain(&self) -> &[Arc<Subscription>] {
        &self.plain
    }

    /// Returns the only subscription that gets a message, if there is no other and no group.
    pub(super) fn only(&self) -> Option<&Arc<Subscription>> {
        match (&self.plain[..], &self.queued[..]) {
            ([only], []) => Some(only),
            _ => None,
        }
    }

    /// Returns the groups of which one member each gets a message.
    pub(super) fn groups(&self) -> impl Iterator<Item = &[Arc<Subscription>]> {
        self.queued.chunk_by(|left, right| left.queue() == right.queue())
    }
}
