//! A group of appends that become durable together.

use crate::error::EngineError;
use crate::wakes;
use parking_lot::Mutex;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

/// One group commit: everybody whose append is in it waits for the same outcome.
#[derive(Debug, Default)]
pub(crate) struct Round {
    outcome: OnceLock<Result<(), EngineError>>,
    wakers: Mutex<Vec<Waker>>,
    scheduled: AtomicBool,
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

    /// Says what came of it and wakes everybody who awaits it; only the first call counts.
    pub(crate) fn finish(&self, outcome: Result<(), EngineError>) {
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

    /// Says whether the caller is the first to have the round done by a thread of the store.
    pub(crate) fn schedule(&self) -> bool {
        !self.scheduled.swap(true, Ordering::AcqRel)
    }
}
