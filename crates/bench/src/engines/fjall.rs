//! fjall, a log-structured merge tree.
//!
//! Synced is `PersistMode::SyncData` (`fdatasync` of the journal) after each write. Unsynced is its default,
//! `PersistMode::Buffer`: a put returns after `write` to the journal, so a crash of the process loses nothing.
//! Blocks are compressed with LZ4, its default; the values here do not shrink.

use super::{CACHE_BYTES, Durability, Engine, Part, Reader};
use crate::Outcome;
use crate::data::{Key, Value};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use std::path::Path;

/// A database with one keyspace.
pub(super) struct Fjall {
    database: Database,
    keyspace: Keyspace,
    durability: Durability,
}

impl Fjall {
    pub(super) fn open(dir: &Path, durability: Durability) -> Outcome<Self> {
        let database = Database::builder(dir).cache_size(u64::from(CACHE_BYTES)).open()?;
        let keyspace = database.keyspace("bench", KeyspaceCreateOptions::default)?;
        Ok(Self { database, keyspace, durability })
    }
}

impl Engine for Fjall {
    fn put(&self, key: &Key, value: &Value) -> Outcome<()> {
        self.keyspace.insert(key.as_str(), value.as_slice())?;
        if self.durability == Durability::Synced {
            self.database.persist(PersistMode::SyncData)?;
        }
        Ok(())
    }

    fn put_batch(&self, entries: &[(Key, Value)]) -> Outcome<()> {
        let mode = match self.durability {
            Durability::Synced => PersistMode::SyncData,
            Durability::Unsynced => PersistMode::Buffer,
        };
        let mut batch = self.database.batch().durability(Some(mode));
        for (key, value) in entries {
            batch.insert(&self.keyspace, key.as_str(), value.as_slice());
        }
        Ok(batch.commit()?)
    }

    fn reader(&self) -> Outcome<Box<dyn Reader + '_>> {
        Ok(Box::new(FjallReader { keyspace: &self.keyspace }))
    }

    fn close(self: Box<Self>) -> Outcome<()> {
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }
}

struct FjallReader<'a> {
    keyspace: &'a Keyspace,
}

impl Reader for FjallReader<'_> {
    fn get(&mut self, key: &Key, visit: &mut dyn FnMut(&[u8])) -> Outcome<bool> {
        let value = self.keyspace.get(key.as_str())?;
        if let Some(value) = &value {
            visit(value);
        }
        Ok(value.is_some())
    }

    fn scan(&mut self, prefix: &str, limit: usize, part: Part, visit: &mut dyn FnMut(&[u8])) -> Outcome<u64> {
        let mut count = 0;
        for guard in self.keyspace.prefix(prefix).take(limit) {
            match part {
                Part::Key => visit(&guard.key()?),
                Part::Value => visit(&guard.value()?),
            }
            count += 1;
        }
        Ok(count)
    }

    fn count(&mut self) -> Outcome<u64> {
        Ok(u64::try_from(self.keyspace.len()?)?)
    }
}
