//! redb, a copy-on-write B+tree.
//!
//! Synced is `Durability::Immediate`. Unsynced is `Durability::None`, and weaker than what the others give: a crash of the
//! process loses everything since the last synced commit. redb has nothing between the two since it dropped `Eventual`.

use super::{CACHE_BYTES, Durability, Engine, Part, Reader, prefix_end};
use crate::Outcome;
use crate::data::{Key, Value};
use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTableMetadata, TableDefinition};
use std::path::Path;

/// A database with one table.
pub(super) struct Redb {
    database: Database,
    durability: redb::Durability,
}

impl Redb {
    pub(super) fn open(dir: &Path, durability: Durability) -> Outcome<Self> {
        let database = Database::builder()
            .set_cache_size(usize::try_from(CACHE_BYTES)?)
            .create(dir.join("bench.redb"))?;
        let durability = match durability {
            Durability::Synced => redb::Durability::Immediate,
            Durability::Unsynced => redb::Durability::None,
        };
        let redb = Self { database, durability };
        if redb.database.begin_read()?.open_table(TABLE).is_err() {
            redb.commit(&[], redb::Durability::Immediate)?;
        }
        Ok(redb)
    }

    fn commit(&self, entries: &[(Key, Value)], durability: redb::Durability) -> Outcome<()> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(durability)?;
        {
            let mut table = transaction.open_table(TABLE)?;
            for (key, value) in entries {
                table.insert(key.as_str().as_bytes(), value.as_slice())?;
            }
        }
        Ok(transaction.commit()?)
    }
}

impl Engine for Redb {
    fn put(&self, key: &Key, value: &Value) -> Outcome<()> {
        self.commit(&[(*key, *value)], self.durability)
    }

    fn put_batch(&self, entries: &[(Key, Value)]) -> Outcome<()> {
        self.commit(entries, self.durability)
    }

    fn reader(&self) -> Outcome<Box<dyn Reader + '_>> {
        Ok(Box::new(RedbReader { table: self.database.begin_read()?.open_table(TABLE)? }))
    }

    fn close(self: Box<Self>) -> Outcome<()> {
        // Commits without durability live in memory until one with it follows.
        self.commit(&[], redb::Durability::Immediate)
    }
}

/// Holds a snapshot.
struct RedbReader {
    table: ReadOnlyTable<&'static [u8], &'static [u8]>,
}

impl Reader for RedbReader {
    fn get(&mut self, key: &Key, visit: &mut dyn FnMut(&[u8])) -> Outcome<bool> {
        let value = self.table.get(key.as_str().as_bytes())?;
        if let Some(value) = &value {
            visit(value.value());
        }
        Ok(value.is_some())
    }

    fn scan(&mut self, prefix: &str, limit: usize, part: Part, visit: &mut dyn FnMut(&[u8])) -> Outcome<u64> {
        let end = prefix_end(prefix);
        let mut count = 0;
        for entry in self.table.range(prefix.as_bytes()..end.as_slice())?.take(limit) {
            let (key, value) = entry?;
            match part {
                Part::Key => visit(key.value()),
                Part::Value => visit(value.value()),
            }
            count += 1;
        }
        Ok(count)
    }

    fn count(&mut self) -> Outcome<u64> {
        Ok(self.table.len()?)
    }
}

const TABLE: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("bench");
