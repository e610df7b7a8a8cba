//! How an embedded store is opened.

use crate::KvError;
use jetkv_engine::env::Env;
use jetkv_engine::{StoreOptions, Upkeep};
use std::fmt;
use std::time::Duration;

/// How an embedded store is opened. The defaults are the safe ones.
///
/// ```
/// use jetkv::{OpenOptions, Sync};
/// use std::time::Duration;
/// let options = OpenOptions::new().sync(Sync::Every(Duration::from_millis(100))).existing_only();
/// # let _ = options;
/// ```
#[derive(Debug, Clone)]
pub struct OpenOptions {
    pub(crate) sync: Sync,
    pub(crate) presence: Presence,
    pub(crate) env: Option<Env>,
    store: StoreOptions,
}

/// Whether a store has to be there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Presence {
    /// A missing store is created.
    #[default]
    CreateIfMissing,
    /// A missing store is an error.
    Required,
}

impl OpenOptions {
    /// Returns the defaults: every write durable before it is acknowledged, a missing store is created.
    #[must_use]
    pub fn new() -> Self {
        let store = StoreOptions { cache_bytes: CACHE_BYTES, ..StoreOptions::default() };
        Self { sync: Sync::default(), presence: Presence::default(), env: None, store }
    }

    /// Sets when a write counts as done.
    #[must_use]
    pub fn sync(self, sync: Sync) -> Self {
        Self { sync, ..self }
    }

    /// Opens only a store that exists; a missing one is [`KvError::StoreNotFound`].
    #[must_use]
    pub fn existing_only(self) -> Self {
        Self { presence: Presence::Required, ..self }
    }

    /// Sets the most bytes of memory that are used for what was read from files, of all buckets together; 64 MiB unless it
    /// is set, 0 for none, 32 GiB at most. It is taken when it is needed, and comes on top of the index.
    #[must_use]
    pub fn cache_size(mut self, bytes: usize) -> Self {
        self.store.cache_bytes = bytes;
        self
    }

    /// Sets the files, clock and randomness to use; for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn env(self, env: Env) -> Self {
        Self { env: Some(env), ..self }
    }

    /// Leaves expiry and compaction to calls of `JetStream::run_upkeep`; for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn upkeep_manual(mut self) -> Self {
        self.store.upkeep = Upkeep::Manual;
        self
    }

    /// Sets the sizes between which segments are closed; for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn segment_bytes(mut self, bytes_min: u32, bytes_max: u32) -> Self {
        self.store.segment_bytes_min = bytes_min;
        self.store.segment_bytes_max = bytes_max;
        self
    }

    /// Sets how many bytes of recent messages each bucket keeps in memory for its watchers; for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn recent_bytes(mut self, bytes_max: usize) -> Self {
        self.store.recent_bytes_max = bytes_max;
        self
    }

    /// Sets the size of the blocks that are kept in memory; for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn cache_block_bytes(mut self, bytes: u32) -> Self {
        self.store.cache_block_bytes = bytes;
        self
    }

    pub(crate) fn store_options(&self) -> Result<StoreOptions, KvError> {
        if let Sync::Every(interval) = self.sync
            && interval < SYNC_INTERVAL_MIN
        {
            return Err(KvError::InvalidOption {
                option: format!("sync {}", self.sync),
                reason: "the interval must be at least 1ms".into(),
            });
        }
        Ok(StoreOptions { sync: self.sync.into(), ..self.store.clone() })
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// When a write counts as done and becomes visible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Sync {
    /// When it is on stable storage; writes that arrive while a sync runs share the next one.
    #[default]
    Always,
    /// When the operating system has it; it is synced after this time at the latest, at least 1 ms. A power cut can take
    /// back that much.
    Every(Duration),
    /// When the operating system has it, which syncs when it likes. A crash of the process loses nothing, a power cut may.
    Os,
}

impl fmt::Display for Sync {
    /// Writes `always`, `every 1.5s` or `os`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("always"),
            Self::Every(interval) => write!(f, "every {}", jetkv_jetstream::duration::format(*interval)),
            Self::Os => f.write_str("os"),
        }
    }
}

impl Sync {
    /// Says the engine's setting in words of the library.
    pub(crate) fn of(sync: jetkv_engine::Sync) -> Self {
        match sync {
            jetkv_engine::Sync::Always => Self::Always,
            jetkv_engine::Sync::Every(interval) => Self::Every(interval),
            jetkv_engine::Sync::Os => Self::Os,
        }
    }
}

impl From<Sync> for jetkv_engine::Sync {
    fn from(sync: Sync) -> Self {
        match sync {
            Sync::Always => Self::Always,
            Sync::Every(interval) => Self::Every(interval),
            Sync::Os => Self::Os,
        }
    }
}

/// Holds the data of some hundred thousand small values.
const CACHE_BYTES: usize = 64 << 20;
const SYNC_INTERVAL_MIN: Duration = Duration::from_millis(1);
