//! Who waits until somebody subscribes, or nobody does any more: push consumers (PROTOCOL 5.4).

use super::subscription::Subscription;
use std::collections::HashMap;
use std::sync::Arc;

/// Name of a watch, chosen by who watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct WatchId(pub(crate) u64);

/// What is watched: subscriptions to exactly this subject in exactly this queue group. One with wildcards gets messages,
/// and yet is no interest, as in the reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    subject: Box<[u8]>,
    /// Empty for none.
    group: Box<[u8]>,
}

/// What happened to the interest in a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InterestChange {
    /// The first subscription is there.
    Appeared,
    /// The last one is gone.
    Gone,
}

/// Who is told about changes.
///
/// It is called with the registry locked, so that changes come in order. It must only note the change and return: no call
/// to the router, no waiting.
pub(crate) trait InterestSink: std::fmt::Debug + Send + Sync {
    /// Takes notice of a change for one watch.
    fn interest_changed(&self, id: WatchId, change: InterestChange);
}

/// The watched targets.
#[derive(Debug, Default)]
pub(super) struct Interests {
    watched: HashMap<Target, Watched>,
    sink: Option<Arc<dyn InterestSink>>,
}

#[derive(Debug)]
struct Watched {
    ids: Vec<WatchId>,
    interest: bool,
}

impl Target {
    /// Returns the target of a subject and a queue group, which may be empty.
    pub(crate) fn new(subject: &str, group: &str) -> Self {
        Self { subject: subject.as_bytes().into(), group: group.as_bytes().into() }
    }

    fn of(subscription: &Subscription) -> Self {
        let group = subscription.queue().unwrap_or_default();
        Self { subject: subscription.subject().into(), group: group.into() }
    }

    pub(super) fn subject(&self) -> &[u8] {
        &self.subject
    }

    /// Says whether a subscription is to this target.
    pub(super) fn is_of(&self, subscription: &Subscription) -> bool {
        subscription.subject() == &*self.subject && subscription.queue().unwrap_or_default() == &*self.group
    }
}

impl Interests {
    pub(super) fn is_empty(&self) -> bool {
        self.watched.is_empty()
    }

    pub(super) fn tell(&mut self, sink: Arc<dyn InterestSink>) {
        self.sink = Some(sink);
    }

    pub(super) fn add(&mut self, target: &Target, id: WatchId, interest: bool) {
        let watched =
            self.watched.entry(target.clone()).or_insert_with(|| Watched { ids: Vec::new(), interest });
        if !watched.ids.contains(&id) {
            watched.ids.push(id);
        }
    }

    pub(super) fn remove(&mut self, target: &Target, id: WatchId) {
        let Some(watched) = self.watched.get_mut(target) else { return };
        watched.ids.retain(|each| *each != id);
        if watched.ids.is_empty() {
            self.watched.remove(target);
        }
    }

    /// Looks again at the target of a subscription that came or went, and tells what changed.
    pub(super) fn look(&mut self, subscription: &Subscription, has_interest: impl Fn(&Target) -> bool) {
        let target = Target::of(subscription);
        let Some(watched) = self.watched.get_mut(&target) else { return };
        let interest = has_interest(&target);
        if interest == watched.interest {
            return;
        }
        watched.interest = interest;
        let change = if interest { InterestChange::Appeared } else { InterestChange::Gone };
        if let Some(sink) = &self.sink {
            watched.ids.iter().for_each(|id| sink.interest_changed(*id, change));
        }
    }
}

#[cfg(test)]
mod tests;
