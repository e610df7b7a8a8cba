//! RocksDB, a log-structured merge tree.
//!
//! Synced is `sync` of its write options: `fdatasync` of its log, which concurrent writers share. Unsynced is its default: a put
//! returns after `write` to the log, so a crash of the process loses nothing. Nothing is compressed; the values do not shrink.

use super::{CACHE_BYTES, Durability, Engine, Part, Reader};
use crate::Outcome;
use crate::data::{Key, Value};
use rocksdb::{BlockBasedOptions, Cache, DB, DBCompressionType, Options, WriteBatch, WriteOptions};
use std::path::Path;

/// A database with its default column family.
pub(super) struct RocksDb {
    database: DB,
    durability: Durability,
}

impl RocksDb {
    pub(super) fn open(dir: &Path, durability: Durability) -> Outcome<Self> {
        let mut blocks = BlockBasedOptions::default();
        blocks.set_block_cache(&Cache::new_lru_cache(usize::try_from(CACHE_BYTES)?));
        let mut options = Options::default();
        options.create_if_missing(true);
        options.set_compression_type(DBCompressionType::None);
        options.set_block_based_table_factory(&blocks);
        Ok(Self { database: DB::open(&options, dir)?, durability })
    }

    fn write_options(&self) -> WriteOptions {
        let mut options = WriteOptions::default();
        options.set_sync(self.durability == Durability::Synced);
        options
    }
}

impl Engine for RocksDb {
    fn put(&self, key: &Key, value: &Value) -> Outcome<()> {
        Ok(self.database.put_opt(key.as_str(), value, &self.write_options())?)
    }

    fn put_batch(&self, entries: &[(Key, Value)]) -> Outcome<()> {
        let mut batch = WriteBatch::default();
        for (key, value) in entries {
            batch.put(key.as_str(), value);
        }
        Ok(self.database.write_opt(batch, &self.write_options())?)
    }

    fn reader(&self) -> Outcome<Box<dyn Reader + '_>> {
        Ok(Box::new(RocksDbReader { database: &self.database }))
    }

    fn close(self: Box<Self>) -> Outcome<()> {
        Ok(self.database.flush()?)
    }
}

struct RocksDbReader<'a> {
    database: &'a DB,
}

impl Reader for RocksDbReader<'_> {
    fn get(&mut self, key: &Key, visit: &mut dyn FnMut(&[u8])) -> Outcome<bool> {
        let value = self.database.get_pinned(key.as_str())?;
        if let Some(value) = &value {
            visit(value);
        }
        Ok(value.is_some())
    }

    fn scan(&mut self, prefix: &str, limit: usize, part: Part, visit: &mut dyn FnMut(&[u8])) -> Outcome<u64> {
        let mut entries = self.database.raw_iterator();
        entries.seek(prefix);
        let (mut count, limit) = (0, u64::try_from(limit)?);
        while let Some((key, value)) = entries.item().filter(|(key, _)| key.starts_with(prefix.as_bytes())) {
            match part {
                Part::Key => visit(key),
                Part::Value => visit(value),
            }
            count += 1;
            if count == limit {
                break;
            }
            entries.next();
        }
        entries.status()?;
        Ok(count)
    }

    fn count(&mut self) -> Outcome<u64> {
        let mut entries = self.database.raw_iterator();
        entries.seek_to_first();
        let mut count = 0;
        while entries.valid() {
            count += 1;
            entries.next();
        }
        entries.status()?;
        Ok(count)
    }
}
