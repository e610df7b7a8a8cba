//! The router of one account, shared by all its connections.

use super::interest::{InterestSink, Interests, Target, WatchId};
use super::matches::Matches;
use super::subscription::Subscription;
use super::trie::{Scope, Trie, Walk};
use crate::snapshot::RouterStats;
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The subscriptions of an account, and who waits for interest.
///
/// Lock order: `interests` before `trie`. Locks of connections' buffers are never taken under either.
#[derive(Debug)]
pub(crate) struct Router {
    trie: RwLock<Trie>,
    /// Changes with every subscription that comes or goes; no two routers ever have the same one.
    generation: AtomicU64,
    interests: Mutex<Interests>,
    counters: Counters,
}

/// What monitoring counts.
#[derive(Debug, Default)]
struct Counters {
    inserts: AtomicU64,
    removes: AtomicU64,
    walks: AtomicU64,
}

/// The last generation that was given to any router.
static GENERATIONS: AtomicU64 = AtomicU64::new(0);

fn next_generation() -> u64 {
    GENERATIONS.fetch_add(1, Ordering::Relaxed) + 1
}

impl Router {
    /// Returns a router without subscriptions.
    pub(crate) fn new() -> Self {
        Self {
            trie: RwLock::new(Trie::new()),
            generation: AtomicU64::new(next_generation()),
            interests: Mutex::default(),
            counters: Counters::default(),
        }
    }

    /// Adds a subscription.
    pub(crate) fn insert(&self, subscription: &Arc<Subscription>) {
        {
            let mut trie = self.trie.write();
            trie.insert(Arc::clone(subscription));
            self.generation.store(next_generation(), Ordering::Release);
        }
        self.counters.inserts.fetch_add(1, Ordering::Relaxed);
        self.interest_changed(subscription);
    }

    /// Ends a subscription and removes it; one that is not there is no error.
    pub(crate) fn remove(&self, subscription: &Arc<Subscription>) {
        subscription.end();
        {
            let mut trie = self.trie.write();
            if !trie.remove(subscription) {
                return;
            }
            self.generation.store(next_generation(), Ordering::Release);
        }
        self.counters.removes.fetch_add(1, Ordering::Relaxed);
        self.interest_changed(subscription);
    }

    /// Says whether anybody subscribes to the literal `subject`.
    pub(crate) fn has_interest(&self, subject: &[u8]) -> bool {
        let (mut walk, mut found) = (Walk::default(), Matches::default());
        self.trie.read().collect(subject, &mut walk, &mut found);
        !found.is_empty()
    }

    /// Says whether anybody subscribes to the literal `subject` by its own name, not by a wildcard.
    pub(crate) fn has_literal_interest(&self, subject: &[u8]) -> bool {
        let (mut walk, mut found) = (Walk::default(), Matches::default());
        self.trie.read().collect(subject, &mut walk, &mut found);
        found.any(|subscription| subscription.subject() == subject)
    }

    /// Says who is told about interest. To be called once, before there are watches.
    pub(crate) fn tell(&self, sink: Arc<dyn InterestSink>) {
        self.interests.lock().tell(sink);
    }

    /// Says whether anybody subscribes to exactly this.
    pub(crate) fn has_interest_in(&self, target: &Target) -> bool {
        let (mut walk, mut found) = (Walk::default(), Matches::default());
        self.trie.read().collect(target.subject(), &mut walk, &mut found);
        found.any(|subscription| target.is_of(subscription))
    }

    /// Watches a target under a name, and returns whether there is interest now. From here on, until
    /// [`Self::unwatch_interest`], the sink is told of every change, in order.
    pub(crate) fn watch_interest(&self, target: &Target, id: WatchId) -> bool {
        let mut interests = self.interests.lock();
        // Under the lock, so that no change is missed between the look and the first event.
        let now = self.has_interest_in(target);
        interests.add(target, id, now);
        now
    }

    /// Ends a watch; an unknown one is no error.
    pub(crate) fn unwatch_interest(&self, target: &Target, id: WatchId) {
        self.interests.lock().remove(target, id);
    }

    /// Returns what monitoring shows.
    pub(crate) fn stats(&self) -> RouterStats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RouterStats {
            subscriptions: u64::try_from(self.trie.read().len()).unwrap_or(u64::MAX),
            inserts: count(&self.counters.inserts),
            removes: count(&self.counters.removes),
            walks: count(&self.counters.walks),
        }
    }

    /// Calls `each` with every subscription, in no order, with the router locked: it must not call back.
    pub(crate) fn for_each(&self, each: &mut dyn FnMut(&Arc<Subscription>)) {
        self.trie.read().iter().for_each(each);
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Collects who gets messages to `subject`, and says for which generation that holds.
    pub(super) fn collect(&self, subject: &[u8], walk: &mut Walk, found: &mut Matches) -> (u64, Scope) {
        let trie = self.trie.read();
        let scope = trie.collect(subject, walk, found);
        let generation = self.generation();
        drop(trie);
        self.counters.walks.fetch_add(1, Ordering::Relaxed);
        found.finish();
        (generation, scope)
    }

    fn interest_changed(&self, subscription: &Subscription) {
        let mut interests = self.interests.lock();
        if !interests.is_empty() {
            interests.look(subscription, |target| self.has_interest_in(target));
        }
    }
}

#[cfg(test)]
mod tests;
