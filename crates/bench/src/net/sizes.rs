//! How much each workload over the network does.

use crate::Outcome;
use crate::flags::Flags;
use std::time::Duration;

/// Sizes of all workloads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// Keys in the bucket.
    pub(super) keys: u64,
    /// Requests at most with 1,000 in flight.
    pub(super) requests: u64,
    /// Requests at most with one in flight.
    pub(super) single: u64,
    /// No request is begun after so many seconds of a workload.
    pub(super) seconds: u64,
    /// Watchers behind a writer.
    pub(super) watchers: u64,
    /// Puts that they follow.
    pub(super) fan_out: u64,
    /// Times that keys are listed.
    pub(super) lists: u64,
    /// Messages from publisher to subscriber.
    pub(super) messages: u64,
    /// Connections that do nothing.
    pub(super) idle: u64,
    /// Watches of a bucket that does not change.
    pub(super) watches: u64,
}

impl Sizes {
    /// Takes the sizes from the command line.
    pub(super) fn take(flags: &mut Flags) -> Outcome<Self> {
        let sizes = Self {
            keys: flags.take("keys", 100_000)?,
            requests: flags.take("requests", 200_000)?,
            single: flags.take("single", 2_000)?,
            seconds: flags.take("seconds", 5)?,
            watchers: flags.take("watchers", 8)?,
            fan_out: flags.take("fan-out", 20_000)?,
            lists: flags.take("lists", 3)?,
            messages: flags.take("messages", 500_000)?,
            idle: flags.take("idle", 10_000)?,
            watches: flags.take("watches", 10_000)?,
        };
        if sizes.keys < LEAST_KEYS || sizes.fan_out < LEAST_KEYS {
            return Err(format!("--keys and --fan-out must be at least {LEAST_KEYS}").into());
        }
        for (name, value) in sizes.named() {
            if value == 0 || value > SIZE_MAX {
                return Err(format!("--{name} must be 1 to {SIZE_MAX}").into());
            }
        }
        Ok(sizes)
    }

    /// Returns every size with the name of its flag.
    pub(super) fn named(&self) -> [(&'static str, u64); 10] {
        [
            ("keys", self.keys),
            ("requests", self.requests),
            ("single", self.single),
            ("seconds", self.seconds),
            ("watchers", self.watchers),
            ("fan-out", self.fan_out),
            ("lists", self.lists),
            ("messages", self.messages),
            ("idle", self.idle),
            ("watches", self.watches),
        ]
    }

    /// Returns the longest time in which requests are begun.
    pub(super) fn time_max(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// As many as are put while watchers look on, and no key twice.
pub(super) const LEAST_KEYS: u64 = 2_000;
/// A key has five digits for its group of 1,000.
const SIZE_MAX: u64 = 100_000_000;
