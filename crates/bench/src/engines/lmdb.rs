//! LMDB, a copy-on-write B+tree in a memory map.
//!
//! Synced is its default: `fdatasync` at each commit. Unsynced is `NO_SYNC`: a commit returns after `write`, so a crash of
//! the process loses nothing. It has no cache of its own; it reads what the system keeps of the file.

use super::{Durability, Engine, Part, Reader};
use crate::Outcome;
use crate::data::{Key, Value};
use lmdb::{
    Cursor, Database, DatabaseFlags, Environment, EnvironmentFlags, RoTransaction, Transaction, WriteFlags,
};
use std::path::Path;

/// An environment with one database.
pub(super) struct Lmdb {
    environment: Environment,
    database: Database,
}

impl Lmdb {
    pub(super) fn open(dir: &Path, durability: Durability) -> Outcome<Self> {
        let flags = match durability {
            Durability::Synced => EnvironmentFlags::empty(),
            Durability::Unsynced => EnvironmentFlags::NO_SYNC,
        };
        let environment = Environment::new().set_flags(flags).set_map_size(MAP_BYTES).open(dir)?;
        let database = environment.create_db(None, DatabaseFlags::empty())?;
        Ok(Self { environment, database })
    }
}

impl Engine for Lmdb {
    fn put(&self, key: &Key, value: &Value) -> Outcome<()> {
        self.put_batch(&[(*key, *value)])
    }

    fn put_batch(&self, entries: &[(Key, Value)]) -> Outcome<()> {
        let mut transaction = self.environment.begin_rw_txn()?;
        for (key, value) in entries {
            transaction.put(self.database, &key.as_str(), value, WriteFlags::empty())?;
        }
        Ok(transaction.commit()?)
    }

    fn reader(&self) -> Outcome<Box<dyn Reader + '_>> {
        Ok(Box::new(LmdbReader { transaction: self.environment.begin_ro_txn()?, lmdb: self }))
    }

    fn close(self: Box<Self>) -> Outcome<()> {
        Ok(self.environment.sync(true)?)
    }
}

/// Holds a snapshot.
struct LmdbReader<'a> {
    transaction: RoTransaction<'a>,
    lmdb: &'a Lmdb,
}

impl Reader for LmdbReader<'_> {
    fn get(&mut self, key: &Key, visit: &mut dyn FnMut(&[u8])) -> Outcome<bool> {
        match self.transaction.get(self.lmdb.database, &key.as_str()) {
            Ok(value) => visit(value),
            Err(lmdb::Error::NotFound) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    fn scan(&mut self, prefix: &str, limit: usize, part: Part, visit: &mut dyn FnMut(&[u8])) -> Outcome<u64> {
        let mut cursor = self.transaction.open_ro_cursor(self.lmdb.database)?;
        let mut count = 0;
        for entry in cursor.iter_from(prefix).take(limit) {
            let (key, value) = entry?;
            if !key.starts_with(prefix.as_bytes()) {
                break;
            }
            match part {
                Part::Key => visit(key),
                Part::Value => visit(value),
            }
            count += 1;
        }
        Ok(count)
    }

    fn count(&mut self) -> Outcome<u64> {
        let mut cursor = self.transaction.open_ro_cursor(self.lmdb.database)?;
        let mut count = 0;
        for entry in cursor.iter_start() {
            entry?;
            count += 1;
        }
        Ok(count)
    }
}

/// Address space for the largest store; the file grows as it is filled.
const MAP_BYTES: usize = 16 << 30;
