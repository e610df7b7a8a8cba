//! The engines under test behind one interface.
//!
//! What the two durabilities mean is the same for all, as far as they offer it; each adapter says how. Caches that an
//! engine keeps itself are set to [`CACHE_BYTES`]; everything else is as it comes.

#[cfg(feature = "peers")]
mod fjall;
mod jetkv;
#[cfg(feature = "peers")]
mod lmdb;
#[cfg(feature = "peers")]
mod redb;
#[cfg(feature = "rocksdb")]
mod rocksdb;
#[cfg(feature = "peers")]
mod sled;
#[cfg(feature = "peers")]
mod sqlite;
#[cfg(test)]
mod tests;

use crate::Outcome;
use crate::data::{Key, Value};
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// When a write counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// When a power cut cannot take it back.
    Synced,
    /// When a crash of the process cannot take it back; a power cut may.
    Unsynced,
}

/// An open store. Writers share it; each reader has a [`Reader`] of its own.
pub(crate) trait Engine: Sync {
    /// Stores one entry.
    fn put(&self, key: &Key, value: &Value) -> Outcome<()>;
    /// Stores all entries or none.
    fn put_batch(&self, entries: &[(Key, Value)]) -> Outcome<()>;
    /// Returns what one thread reads with; engines with snapshots hold one for the reader's life.
    fn reader(&self) -> Outcome<Box<dyn Reader + '_>>;
    /// Puts some keys and returns how long each took to come out of a watch on another thread; nothing if the engine has none.
    fn watch_times(&self, keys: &[(Key, Value)]) -> Outcome<Vec<Duration>> {
        let _ = keys;
        Ok(Vec::new())
    }
    /// Returns what the engine says of itself, where it does.
    fn counters(&self) -> Counters {
        Counters::default()
    }
    /// Stops in the way that makes the next open fast.
    fn close(self: Box<Self>) -> Outcome<()>;
}

/// Reads of one thread.
pub(crate) trait Reader {
    /// Calls `visit` with the value of `key`; says whether there is one.
    fn get(&mut self, key: &Key, visit: &mut dyn FnMut(&[u8])) -> Outcome<bool>;
    /// Visits the first `limit` entries whose keys begin with `prefix`, a token with its dot, and returns how many.
    fn scan(&mut self, prefix: &str, limit: usize, part: Part, visit: &mut dyn FnMut(&[u8])) -> Outcome<u64>;
    /// Counts all keys.
    fn count(&mut self) -> Outcome<u64>;
}

/// What a scan reads of an entry, and hands to its visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The key.
    Key,
    /// The value, and the key on the way to it.
    Value,
}

/// What an engine says of itself.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counters {
    /// Syncs since it was opened.
    pub(crate) syncs: Option<u64>,
    /// Memory of its index.
    pub(crate) index_bytes: Option<u64>,
}

/// An engine by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EngineName {
    /// The engine of this repository.
    Jetkv,
    /// A log-structured merge tree.
    #[cfg(feature = "peers")]
    Fjall,
    /// A copy-on-write B+tree in a memory map.
    #[cfg(feature = "peers")]
    Lmdb,
    /// A copy-on-write B+tree.
    #[cfg(feature = "peers")]
    Redb,
    /// Another log-structured merge tree.
    #[cfg(feature = "rocksdb")]
    RocksDb,
    /// A log-structured tree of pages.
    #[cfg(feature = "peers")]
    Sled,
    /// A B-tree with a write-ahead log.
    #[cfg(feature = "peers")]
    Sqlite,
}

impl EngineName {
    /// Every engine that is built in, jetkv first.
    pub(crate) const ALL: &'static [Self] = &[
        Self::Jetkv,
        #[cfg(feature = "peers")]
        Self::Fjall,
        #[cfg(feature = "peers")]
        Self::Lmdb,
        #[cfg(feature = "peers")]
        Self::Redb,
        #[cfg(feature = "rocksdb")]
        Self::RocksDb,
        #[cfg(feature = "peers")]
        Self::Sled,
        #[cfg(feature = "peers")]
        Self::Sqlite,
    ];

    /// Opens or creates the store in `dir`.
    pub(crate) fn open(self, dir: &Path, durability: Durability) -> Outcome<Box<dyn Engine>> {
        std::fs::create_dir_all(dir)?;
        Ok(match self {
            Self::Jetkv => Box::new(jetkv::Jetkv::open(dir, durability)?),
            #[cfg(feature = "peers")]
            Self::Fjall => Box::new(fjall::Fjall::open(dir, durability)?),
            #[cfg(feature = "peers")]
            Self::Lmdb => Box::new(lmdb::Lmdb::open(dir, durability)?),
            #[cfg(feature = "peers")]
            Self::Redb => Box::new(redb::Redb::open(dir, durability)?),
            #[cfg(feature = "rocksdb")]
            Self::RocksDb => Box::new(rocksdb::RocksDb::open(dir, durability)?),
            #[cfg(feature = "peers")]
            Self::Sled => Box::new(sled::Sled::open(dir, durability)?),
            #[cfg(feature = "peers")]
            Self::Sqlite => Box::new(sqlite::Sqlite::open(dir, durability)?),
        })
    }

    /// Returns the name as it is written on the command line and in reports.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Jetkv => "jetkv",
            #[cfg(feature = "peers")]
            Self::Fjall => "fjall",
            #[cfg(feature = "peers")]
            Self::Lmdb => "lmdb",
            #[cfg(feature = "peers")]
            Self::Redb => "redb",
            #[cfg(feature = "rocksdb")]
            Self::RocksDb => "rocksdb",
            #[cfg(feature = "peers")]
            Self::Sled => "sled",
            #[cfg(feature = "peers")]
            Self::Sqlite => "sqlite",
        }
    }

    /// Returns the package of the workspace's lock file whose version is the engine's.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::Jetkv => "jetkv-engine",
            #[cfg(feature = "peers")]
            Self::Lmdb => "lmdb-rkv",
            #[cfg(feature = "peers")]
            Self::Sqlite => "rusqlite",
            #[cfg(feature = "peers")]
            other => other.as_str(),
        }
    }
}

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for EngineName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|name| name.as_str() == text);
        found.copied().ok_or_else(|| format!("engine {text:?} is not built in{MISSING_PEERS_HINT}"))
    }
}

/// Names that start with `prefix` end before this one, for engines that want the end of a range.
#[cfg(feature = "peers")]
fn prefix_end(prefix: &str) -> Vec<u8> {
    let mut end = prefix.as_bytes().to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}

/// Memory that each engine with a cache of its own may use for it.
const CACHE_BYTES: u32 = 256 << 20;

/// What to do if only jetkv is there.
#[cfg(feature = "peers")]
pub(crate) const MISSING_PEERS_HINT: &str = "";
/// What to do if only jetkv is there.
#[cfg(not(feature = "peers"))]
pub(crate) const MISSING_PEERS_HINT: &str = "\nThis build knows only jetkv; fjall, lmdb, redb, sled and sqlite need \
    `cargo run --release -p bench --features peers -- ...`, and rocksdb needs `--features rocksdb`.";
