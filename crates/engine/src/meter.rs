//! How long syncs take: what tells a slow disk from a busy store.

use crate::env::Clock;
use jetkv_types::Timestamp;
use std::fmt::Debug;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Counts syncs by the time that they took.
#[derive(Debug)]
pub(crate) struct SyncMeter {
    clock: Arc<dyn Clock>,
    counts: [AtomicU64; SyncTimes::BOUNDS.len() + 1],
    total_nanos: AtomicU64,
    /// What the last one took that succeeded.
    last_took_nanos: AtomicU64,
    failures: AtomicU64,
    /// When the last one ended that succeeded.
    last_nanos: AtomicU64,
    observer: OnceLock<Arc<dyn SyncObserver>>,
}

/// Is told of each sync, on the thread that makes it: it must not block.
pub trait SyncObserver: Debug + Send + Sync {
    /// A sync of a segment has ended.
    fn synced(&self, began: Timestamp, ended: Timestamp, outcome: Result<(), &io::Error>);
}

/// The syncs of a store since it was opened, by the time that they took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SyncTimes {
    /// How many took at most the time at the same place of [`Self::BOUNDS`] and more than the one before it; the last count
    /// is of those that took longer than all bounds.
    pub counts: [u64; Self::BOUNDS.len() + 1],
    /// The time of all together.
    pub total: Duration,
    /// Those that failed; they are not among the counts.
    pub failures: u64,
    /// When the last one that succeeded ended; zero if there was none.
    pub last: Timestamp,
}

impl SyncTimes {
    /// Where the counts divide.
    pub const BOUNDS: [Duration; 14] = [
        Duration::from_micros(50),
        Duration::from_micros(100),
        Duration::from_micros(250),
        Duration::from_micros(500),
        Duration::from_millis(1),
        Duration::from_micros(2_500),
        Duration::from_millis(5),
        Duration::from_millis(10),
        Duration::from_millis(25),
        Duration::from_millis(50),
        Duration::from_millis(100),
        Duration::from_millis(250),
        Duration::from_secs(1),
        Duration::from_secs(5),
    ];

    /// Returns how many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl SyncMeter {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            total_nanos: AtomicU64::new(0),
            last_took_nanos: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            last_nanos: AtomicU64::new(0),
            observer: OnceLock::new(),
        }
    }

    /// Tells of each sync from now on; the first observer stays.
    pub(crate) fn observe(&self, observer: Arc<dyn SyncObserver>) {
        let _ = self.observer.set(observer);
    }

    /// Returns a meter of its own that reads the same clock.
    pub(crate) fn apart(&self) -> Self {
        Self::new(Arc::clone(&self.clock))
    }

    /// Runs a sync and counts it. A clock that is set back meanwhile makes it one of no time.
    pub(crate) fn measure(&self, sync: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let began = self.clock.now();
        let outcome = sync();
        let ended = self.clock.now();
        if let Some(observer) = self.observer.get() {
            observer.synced(began, ended, outcome.as_ref().copied());
        }
        if outcome.is_err() {
            self.failures.fetch_add(1, Ordering::Relaxed);
            return outcome;
        }
        let took = ended.since(began);
        let at = SyncTimes::BOUNDS.iter().position(|bound| took <= *bound);
        if let Some(count) = self.counts.get(at.unwrap_or(SyncTimes::BOUNDS.len())) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.total_nanos.fetch_add(nanos, Ordering::Relaxed);
        self.last_took_nanos.store(nanos, Ordering::Relaxed);
        self.last_nanos.store(ended.as_nanos(), Ordering::Relaxed);
        Ok(())
    }

    /// Returns what the last sync took.
    pub(crate) fn last_took(&self) -> Duration {
        Duration::from_nanos(self.last_took_nanos.load(Ordering::Relaxed))
    }

    pub(crate) fn times(&self) -> SyncTimes {
        SyncTimes {
            counts: std::array::from_fn(|at| {
                self.counts.get(at).map_or(0, |count| count.load(Ordering::Relaxed))
            }),
            total: Duration::from_nanos(self.total_nanos.load(Ordering::Relaxed)),
            failures: self.failures.load(Ordering::Relaxed),
            last: Timestamp::from_nanos(self.last_nanos.load(Ordering::Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes on by so many nanoseconds with each look.
    #[derive(Debug)]
    struct Ticking(AtomicU64, AtomicU64);

    impl Clock for Ticking {
        fn now(&self) -> Timestamp {
            Timestamp::from_nanos(
                self.0.fetch_add(self.1.load(Ordering::Relaxed), Ordering::Relaxed) + 1_000_000,
            )
        }
    }

    #[test]
    fn each_sync_is_counted_where_its_time_belongs() {
        let clock = Arc::new(Ticking(AtomicU64::new(0), AtomicU64::new(0)));
        let shared: Arc<dyn Clock> = clock.clone();
        let meter = SyncMeter::new(shared);
        for (nanos, place) in [(0, 0), (50_000, 0), (50_001, 1), (10_000_000, 7), (6_000_000_000, 14)] {
            clock.1.store(nanos, Ordering::Relaxed);
            let before = meter.times();
            meter.measure(|| Ok(())).unwrap();
            let after = meter.times();
            for at in 0..after.counts.len() {
                assert_eq!(after.counts[at] - before.counts[at], u64::from(at == place), "{nanos} at {at}");
            }
            assert_eq!(after.total - before.total, Duration::from_nanos(nanos));
        }
        let last = meter.times().last;
        clock.1.store(7, Ordering::Relaxed);
        meter.measure(|| Err(io::Error::other("no"))).unwrap_err();
        let times = meter.times();
        assert_eq!((times.count(), times.failures, times.last), (5, 1, last));
    }
}
