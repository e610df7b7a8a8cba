//! A group of appends that become durable together.

use crate::error::EngineError;
use crate::wakes;
use parking_lot::Mutex;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::Waker;

/// One group commit: everybody whose append is in it waits for the same outcome.
#[derive(Debug, Default)]
pub(crate) struct Round {
    outcome: OnceLock<Result<(), EngineError>>,
    wakers: Mutex<Vec<Waker>>,
    /// Whether somebody who waits sees that it is done.
    elected: AtomicBool,
    /// Whether there is nothing left to do for it; the outcome follows.
    decided: AtomicBool,
    batches: AtomicU32,
}

impl Round {
    /// Returns a round that is done.
    pub(crate) fn done() -> Self {
        let round = Self::default();
        round.finish(Ok(()));
        round
    }

    pub(crate) fn outcome(&self) -> Option<Result<(), EngineError>> {
        self.outcome.get().cloned()
    }

    /// Sleeps until the round is done.
    pub(crate) fn wait(&self) -> Result<(), EngineError> {
        self.outcome.wait().clone()
    }

    /// Says whether the caller is to see that the round is done, which is whoever asks first.
    pub(crate) fn elect(&self) -> bool {
        !self.elected.swap(true, Ordering::AcqRel)
    }

    /// Lets another one be elected.
    pub(crate) fn resign(&self) {
        self.elected.store(false, Ordering::Release);
    }

    /// Returns how many batches are in it so far.
    pub(crate) fn batches(&self) -> u32 {
        self.batches.load(Ordering::Relaxed)
    }

    /// Counts a batch; the caller holds the front.
    pub(crate) fn count_batch(&self) {
        self.batches.store(self.batches() + 1, Ordering::Relaxed);
    }

    /// Says that the outcome is known, and that whoever knows it will tell.
    pub(crate) fn decide(&self) {
        self.decided.store(true, Ordering::Release);
    }

    /// Says whether the outcome is known to somebody.
    pub(crate) fn is_decided(&self) -> bool {
        self.decided.load(Ordering::Acquire)
    }

    /// Says what came of it and wakes everybody who awaits it; only the first call counts.
    pub(crate) fn finish(&self, outcome: Result<(), EngineError>) {
        self.decide();
        // Nobody can have finished it before, except a stream that failed as a whole.
        let _ = self.outcome.set(outcome);
        let wakers = std::mem::take(&mut *self.wakers.lock());
        wakes::wake(wakers);
    }

    /// Asks to be woken; returns the outcome if it came first.
    pub(crate) fn register(&self, waker: &Waker) -> Option<Result<(), EngineError>> {
        let waker = waker.clone();
        let mut wakers = self.wakers.lock();
        if let Some(outcome) = self.outcome() {
            return Some(outcome);
        }
        if !wakers.iter().any(|known| known.will_wake(&waker)) {
            wakers.push(waker);
        }
        None
    }
}
