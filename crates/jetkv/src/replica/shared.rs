//! What the handles of a replica and its thread have in common.

use super::keep::Keep;
use super::{ReplicaState, ReplicaStatus};
use crate::{JetStream, KeyValue, KvError, Revision};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::task::{Context, Poll, Waker};
use std::thread::Thread;
use std::time::Instant;

/// Locks are held for a few lines each and never together.
#[derive(Debug)]
pub(super) struct Shared {
    bucket: String,
    /// Where reads go, or why there are none.
    view: RwLock<Result<KeyValue, KvError>>,
    /// Everything up to this revision is kept.
    position: AtomicU64,
    facts: Mutex<Facts>,
    /// Who waits for a change of anything, by the number of the wait.
    waiters: Mutex<BTreeMap<u64, Waker>>,
    waits: AtomicU64,
    is_stopped: AtomicBool,
    thread: OnceLock<Thread>,
}

/// What the thread knows of the source.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// The way to the source, once there is one.
    pub(super) source: Option<JetStream>,
    /// The connection over which the replica was compared with its source; `None` while it must be compared.
    pub(super) compared: Option<u64>,
    pub(super) is_deleted: bool,
    pub(super) source_revision: Option<Revision>,
    /// When the source said something.
    pub(super) word: Option<Instant>,
    pub(super) fills: u64,
    pub(super) comparisons: u64,
    pub(super) error: Option<KvError>,
}

impl Shared {
    pub(super) fn new(bucket: &str, keep: &Keep) -> Self {
        let view = match keep.content().filter(|content| content.is_complete()) {
            Some(content) => Ok(content.bucket().clone()),
            None => Err(filling(bucket)),
        };
        Self {
            bucket: bucket.into(),
            view: RwLock::new(view),
            position: AtomicU64::new(keep.content().map_or(0, super::keep::Content::position)),
            facts: Mutex::default(),
            waiters: Mutex::default(),
            waits: AtomicU64::new(0),
            is_stopped: AtomicBool::new(false),
            thread: OnceLock::new(),
        }
    }

    pub(super) fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Returns where reads go.
    pub(super) fn view(&self) -> Result<KeyValue, KvError> {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets where reads go, and how far that is.
    pub(super) fn show(&self, view: Result<KeyValue, KvError>, position: Revision) {
        self.position.store(position, Ordering::Release);
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = view;
        self.wake();
    }

    /// Notes that everything up to `position` is kept.
    pub(super) fn advance(&self, position: Revision) {
        if self.position.fetch_max(position, Ordering::AcqRel) < position {
            self.wake();
        }
    }

    pub(super) fn position(&self) -> Revision {
        self.position.load(Ordering::Acquire)
    }

    pub(super) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes who waits for a change of anything.
    pub(super) fn wake(&self) {
        let waiters = std::mem::take(&mut *self.waiters());
        waiters.into_values().for_each(Waker::wake);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Acquire)
    }

    /// Says which thread is to be woken when the replica is stopped.
    pub(super) fn runs_on(&self, thread: Thread) {
        self.thread.set(thread).ok();
    }

    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Release);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
        self.wake();
    }

    pub(super) fn status(&self) -> ReplicaStatus {
        let view = self.view();
        let entries = match &view {
            Ok(bucket) => super::keep::entries(bucket),
            Err(_) => 0,
        };
        let facts = self.facts();
        let contact = facts.source.as_ref().map(|source| source.backend().contact());
        let is_connected = contact.is_some_and(|contact| contact.is_there) && !self.is_stopped();
        let is_compared = contact.is_some_and(|contact| facts.compared == Some(contact.times));
        let state = match view {
            Err(_) if facts.is_deleted => ReplicaState::SourceDeleted,
            Err(_) => ReplicaState::Filling,
            Ok(_) if !is_connected => ReplicaState::Disconnected,
            Ok(_) if is_compared => ReplicaState::Current,
            Ok(_) => ReplicaState::CatchingUp,
        };
        ReplicaStatus {
            state,
            is_connected,
            revision: self.position(),
            source_revision: facts.source_revision,
            age: facts.word.map(|word| word.elapsed()),
            entries,
            fills: facts.fills,
            comparisons: facts.comparisons,
            error: facts.error.clone(),
        }
    }

    /// Begins to wait.
    pub(super) fn wait(&self) -> Wait<'_> {
        Wait { shared: self, number: self.waits.fetch_add(1, Ordering::Relaxed) }
    }

    fn waiters(&self) -> MutexGuard<'_, BTreeMap<u64, Waker>> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits; dropped, nobody does.
#[derive(Debug)]
pub(super) struct Wait<'a> {
    shared: &'a Shared,
    number: u64,
}

impl Wait<'_> {
    pub(super) fn poll_revision(
        &self,
        cx: &mut Context<'_>,
        revision: Revision,
    ) -> Poll<Result<(), KvError>> {
        self.poll(cx, |shared| shared.view().is_ok() && shared.position() >= revision)
    }

    pub(super) fn poll_current(&self, cx: &mut Context<'_>) -> Poll<Result<(), KvError>> {
        self.poll(cx, |shared| shared.status().state == ReplicaState::Current)
    }

    /// Is ready when `is_met`, or when that cannot be expected.
    fn poll(&self, cx: &mut Context<'_>, is_met: impl Fn(&Shared) -> bool) -> Poll<Result<(), KvError>> {
        let shared = self.shared;
        let look = || {
            if shared.is_stopped() {
                return Some(Err(KvError::Closed));
            }
            if is_met(shared) {
                return Some(Ok(()));
            }
            match shared.view() {
                Err(error) if shared.facts().is_deleted => Some(Err(error)),
                _ => None,
            }
        };
        if let Some(outcome) = look() {
            return Poll::Ready(outcome);
        }
        shared.waiters().insert(self.number, cx.waker().clone());
        // What changed before the waker was there has woken nobody.
        look().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.shared.waiters().remove(&self.number);
    }
}

/// What reads say of a replica that is not complete.
pub(super) fn filling(bucket: &str) -> KvError {
    KvError::Unavailable { reason: format!("the replica of bucket {bucket:?} is being filled") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OpenOptions;
    use crate::backend::Embedded;
    use crate::names::BucketNames;

    #[test]
    fn who_waits_no_more_leaves_nothing_behind() {
        let store = Embedded::memory(&OpenOptions::default()).unwrap();
        let keep = Keep::open(store, BucketNames::new("b").unwrap(), Vec::new()).unwrap();
        let shared = Shared::new("b", &keep);
        let mut cx = Context::from_waker(Waker::noop());
        let other = shared.wait();
        for _ in 0..3 {
            let wait = shared.wait();
            assert!(wait.poll_revision(&mut cx, 1).is_pending() && other.poll_current(&mut cx).is_pending());
            assert_eq!(shared.waiters().len(), 2);
        }
        assert_eq!(shared.waiters().len(), 1);
        shared.wake();
        assert!(shared.waiters().is_empty());
        assert!(other.poll_current(&mut cx).is_pending());
        drop(other);
        assert!(shared.waiters().is_empty());
    }
}
