//! A clock that stands still until a test moves it.

use jetkv_engine::env::Clock;
use jetkv_types::Timestamp;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// A clock moved by hand; clones show the same time.
#[derive(Debug, Clone)]
pub struct ManualClock {
    now: Arc<Mutex<Timestamp>>,
}

impl ManualClock {
    /// Returns a clock that shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self { now: Arc::new(Mutex::new(start)) }
    }

    /// Moves the clock forward, at most to [`Timestamp::MAX`].
    pub fn advance(&self, span: Duration) {
        let mut now = self.now.lock();
        *now = now.saturating_add(span);
    }

    /// Sets the clock, also backwards.
    pub fn set(&self, time: Timestamp) {
        *self.now.lock() = time;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.lock()
    }
}

#[cfg(test)]
mod tests;
