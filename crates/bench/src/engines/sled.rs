//! sled, a log-structured tree of pages.
//!
//! Synced is a `flush` after each write; on Linux it calls `sync_file_range`, which starts no flush of the disk's own cache, so a
//! power cut can still take the write back. Unsynced is its default: writes stay in a buffer of the process for up to half a
//! second, so that a crash of the process takes them back.

use super::{CACHE_BYTES, Durability, Engine, Part, Reader};
use crate::Outcome;
use crate::data::{Key, Value};
use sled::{Batch, Config, Db};
use std::path::Path;

/// A database with its default tree.
pub(super) struct Sled {
    database: Db,
    durability: Durability,
}

impl Sled {
    pub(super) fn open(dir: &Path, durability: Durability) -> Outcome<Self> {
        let database = Config::new().path(dir).cache_capacity(u64::from(CACHE_BYTES)).open()?;
        Ok(Self { database, durability })
    }

    fn written(&self) -> Outcome<()> {
        if self.durability == Durability::Synced {
            self.database.flush()?;
        }
        Ok(())
    }
}

impl Engine for Sled {
    fn put(&self, key: &Key, value: &Value) -> Outcome<()> {
        self.database.insert(key.as_str(), value.as_slice())?;
        self.written()
    }

    fn put_batch(&self, entries: &[(Key, Value)]) -> Outcome<()> {
        let mut batch = Batch::default();
        for (key, value) in entries {
            batch.insert(key.as_str(), value.as_slice());
        }
        self.database.apply_batch(batch)?;
        self.written()
    }

    fn reader(&self) -> Outcome<Box<dyn Reader + '_>> {
        Ok(Box::new(SledReader { database: &self.database }))
    }

    fn close(self: Box<Self>) -> Outcome<()> {
        self.database.flush()?;
        Ok(())
    }
}

struct SledReader<'a> {
    database: &'a Db,
}

impl Reader for SledReader<'_> {
    fn get(&mut self, key: &Key, visit: &mut dyn FnMut(&[u8])) -> Outcome<bool> {
        let value = self.database.get(key.as_str())?;
        if let Some(value) = &value {
            visit(value);
        }
        Ok(value.is_some())
    }

    fn scan(&mut self, prefix: &str, limit: usize, part: Part, visit: &mut dyn FnMut(&[u8])) -> Outcome<u64> {
        let mut count = 0;
        for entry in self.database.scan_prefix(prefix).take(limit) {
            let (key, value) = entry?;
            match part {
                Part::Key => visit(&key),
                Part::Value => visit(&value),
            }
            count += 1;
        }
        Ok(count)
    }

    fn count(&mut self) -> Outcome<u64> {
        Ok(u64::try_from(self.database.len())?)
    }
}
