//! The clocks of the machine, for figures that are shown to people.

use jetkv::Timestamp;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Returns the time of day.
#[expect(clippy::disallowed_methods, reason = "stamps a backup file; nothing is decided by it")]
pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
}

/// Returns a point to measure from.
#[expect(clippy::disallowed_methods, reason = "measures this machine; nothing is decided by it")]
pub(crate) fn start() -> Instant {
    Instant::now()
}
