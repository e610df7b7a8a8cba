//! A watcher without `async`.

use crate::{KvError, WatchEvent};
use jetkv_jetstream::Waited;
use std::time::{Duration, Instant};

/// A watch of some keys; see [`crate::Watcher`]. As an iterator it waits for each event and ends after
/// [`Self::stop`] or an error that ends the watch.
#[derive(Debug)]
pub struct Watcher(crate::Watcher);

impl From<crate::Watcher> for Watcher {
    fn from(watcher: crate::Watcher) -> Self {
        Self(watcher)
    }
}

impl Watcher {
    /// Returns the next event if it is there already; `None` if not, or after [`Self::stop`].
    ///
    /// # Errors
    /// As the items of the iterator.
    pub fn try_next(&mut self) -> Result<Option<WatchEvent>, KvError> {
        self.0.try_next()
    }

    /// Waits at most `timeout` for the next event; `None` if none came, or after [`Self::stop`].
    ///
    /// # Errors
    /// As the items of the iterator.
    #[expect(clippy::disallowed_methods, reason = "how long a caller waits is no time of the store")]
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<WatchEvent>, KvError> {
        // A deadline beyond what the clock can express is none.
        let deadline = Instant::now().checked_add(timeout);
        loop {
            let event = self.0.try_next()?;
            if event.is_some() || self.0.is_stopped() {
                return Ok(event);
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) || self.0.wait(left)? == Waited::TimedOut {
                return Ok(None);
            }
        }
    }

    /// Ends the watch: nothing is yielded any more.
    pub fn stop(&mut self) {
        self.0.stop();
    }
}

impl Iterator for Watcher {
    type Item = Result<WatchEvent, KvError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.0.try_next() {
                Ok(None) if self.0.is_stopped() => return None,
                Ok(None) => {}
                found => return found.transpose(),
            }
            if let Err(error) = self.0.wait(None) {
                return Some(Err(error));
            }
        }
    }
}
