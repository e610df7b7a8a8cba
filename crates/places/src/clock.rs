//! A clock that tests move.

use jetkv::Timestamp;
use jetkv::env::{Clock, Env};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A clock that stands still until a test moves it, or one that runs and can be moved as well.
#[derive(Debug)]
pub(crate) struct ManualClock {
    /// Where it stands, or how far it is ahead.
    nanos: AtomicU64,
    runs: Option<Arc<dyn Clock>>,
}

impl ManualClock {
    pub(crate) fn new() -> Self {
        Self { nanos: AtomicU64::new(1_700_000_000_000_000_000), runs: None }
    }

    pub(crate) fn running() -> Self {
        Self { nanos: AtomicU64::new(0), runs: Some(Env::system().clock) }
    }

    pub(crate) fn advance(&self, span: Duration) {
        self.nanos.fetch_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let began = self.runs.as_ref().map_or(0, |clock| clock.now().as_nanos());
        Timestamp::from_nanos(began + self.nanos.load(Ordering::SeqCst))
    }
}
