//! How much work each workload does.

use crate::Outcome;
use crate::flags::Flags;

/// Sizes of all workloads of the baseline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// Keys in the store.
    pub(crate) keys: u64,
    /// Keys in the store that is stopped uncleanly.
    pub(crate) crash_keys: u64,
    /// Random gets.
    pub(crate) reads: u64,
    /// Random puts of keys that exist.
    pub(crate) overwrites: u64,
    /// Scans of up to [`crate::data::GROUP_KEYS`] keys.
    pub(crate) scans: u64,
    /// Durable puts by one writer.
    pub(crate) durable_puts: u64,
    /// Concurrent writers.
    pub(crate) threads: u64,
    /// Durable puts by all concurrent writers together.
    pub(crate) concurrent_puts: u64,
    /// Durable batches of [`crate::data::BATCH_ENTRIES`] entries.
    pub(crate) batches: u64,
}

impl Sizes {
    /// Returns the sizes of the baseline for so many keys.
    pub(crate) fn for_keys(keys: u64) -> Self {
        Self {
            keys,
            crash_keys: keys.div_ceil(2),
            reads: keys,
            overwrites: keys,
            scans: 200,
            durable_puts: 5_000,
            threads: 64,
            concurrent_puts: 20_000,
            batches: 200,
        }
    }

    /// Takes the sizes from the command line.
    pub(crate) fn take(flags: &mut Flags) -> Outcome<Self> {
        let default = Self::for_keys(flags.take("keys", KEYS_DEFAULT)?);
        Self {
            keys: default.keys,
            crash_keys: flags.take("crash-keys", default.crash_keys)?,
            reads: flags.take("reads", default.reads)?,
            overwrites: flags.take("overwrites", default.overwrites)?,
            scans: flags.take("scans", default.scans)?,
            durable_puts: flags.take("durable-puts", default.durable_puts)?,
            threads: flags.take("threads", default.threads)?,
            concurrent_puts: flags.take("concurrent-puts", default.concurrent_puts)?,
            batches: flags.take("batches", default.batches)?,
        }
        .checked()
    }

    /// Fails if a size makes no sense.
    pub(crate) fn checked(self) -> Outcome<Self> {
        for (name, value) in self.named() {
            if value == 0 {
                return Err(format!("--{name} must be at least 1").into());
            }
        }
        if self.keys > KEYS_MAX || self.crash_keys > KEYS_MAX {
            return Err(format!("--keys and --crash-keys are at most {KEYS_MAX}").into());
        }
        Ok(self)
    }

    /// Returns every size with the name of its flag.
    pub(crate) fn named(&self) -> [(&'static str, u64); 9] {
        [
            ("keys", self.keys),
            ("crash-keys", self.crash_keys),
            ("reads", self.reads),
            ("overwrites", self.overwrites),
            ("scans", self.scans),
            ("durable-puts", self.durable_puts),
            ("threads", self.threads),
            ("concurrent-puts", self.concurrent_puts),
            ("batches", self.batches),
        ]
    }
}

/// Keys of a run that does not say otherwise.
pub(crate) const KEYS_DEFAULT: u64 = 1_000_000;
/// A key has five digits for its group of 1,000.
const KEYS_MAX: u64 = 100_000_000;
