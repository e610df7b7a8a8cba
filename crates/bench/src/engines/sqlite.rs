//! SQLite with its write-ahead log.
//!
//! Synced is `synchronous=FULL`: each commit syncs the log. Unsynced is `synchronous=NORMAL`: a commit returns after
//! `write` to the log, so a crash of the process loses nothing; only checkpoints sync, so a power cut takes back the end
//! but does not damage the file, which `OFF` would allow.

use super::{CACHE_BYTES, Durability, Engine, Part, Reader, prefix_end};
use crate::Outcome;
use crate::data::{Key, Value};
use rusqlite::{Connection, OptionalExtension, params};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A database with one table. Writers take turns on one connection, which is what SQLite would make them do anyway.
pub(super) struct Sqlite {
    path: PathBuf,
    writer: Mutex<Connection>,
}

impl Sqlite {
    pub(super) fn open(dir: &Path, durability: Durability) -> Outcome<Self> {
        let path = dir.join("bench.sqlite");
        let connection = connect(&path)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        let synchronous = match durability {
            Durability::Synced => "full",
            Durability::Unsynced => "normal",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS bench (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
        )?;
        Ok(Self { path, writer: Mutex::new(connection) })
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for Sqlite {
    fn put(&self, key: &Key, value: &Value) -> Outcome<()> {
        self.writer().prepare_cached(UPSERT)?.execute(params![key.as_str().as_bytes(), value])?;
        Ok(())
    }

    fn put_batch(&self, entries: &[(Key, Value)]) -> Outcome<()> {
        let mut connection = self.writer();
        let transaction = connection.transaction()?;
        {
            let mut statement = transaction.prepare_cached(UPSERT)?;
            for (key, value) in entries {
                statement.execute(params![key.as_str().as_bytes(), value])?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn reader(&self) -> Outcome<Box<dyn Reader + '_>> {
        let connection = connect(&self.path)?;
        connection.execute_batch("BEGIN")?;
        Ok(Box::new(SqliteReader { connection }))
    }

    fn close(self: Box<Self>) -> Outcome<()> {
        let connection = self.writer.into_inner().unwrap_or_else(PoisonError::into_inner);
        connection.close().map_err(|(_, error)| error.into())
    }
}

/// A connection of its own that holds a snapshot.
struct SqliteReader {
    connection: Connection,
}

impl Reader for SqliteReader {
    fn get(&mut self, key: &Key, visit: &mut dyn FnMut(&[u8])) -> Outcome<bool> {
        let mut statement = self.connection.prepare_cached("SELECT value FROM bench WHERE key = ?1")?;
        let found = statement
            .query_row(params![key.as_str().as_bytes()], |row| {
                visit(row.get_ref(0)?.as_blob()?);
                Ok(())
            })
            .optional()?;
        Ok(found.is_some())
    }

    fn scan(&mut self, prefix: &str, limit: usize, part: Part, visit: &mut dyn FnMut(&[u8])) -> Outcome<u64> {
        let mut statement = self.connection.prepare_cached(match part {
            Part::Key => "SELECT key FROM bench WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3",
            Part::Value => "SELECT value, key FROM bench WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3",
        })?;
        let limit = i64::try_from(limit)?;
        let mut rows = statement.query(params![prefix.as_bytes(), prefix_end(prefix), limit])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            visit(row.get_ref(0)?.as_blob()?);
            count += 1;
        }
        Ok(count)
    }

    fn count(&mut self) -> Outcome<u64> {
        let count: i64 = self.connection.query_row("SELECT count(*) FROM bench", [], |row| row.get(0))?;
        Ok(u64::try_from(count)?)
    }
}

fn connect(path: &Path) -> Outcome<Connection> {
    let connection = Connection::open(path)?;
    // A negative size is in KiB.
    connection.pragma_update(None, "cache_size", -i64::from(CACHE_BYTES / 1024))?;
    Ok(connection)
}

const UPSERT: &str = "INSERT INTO bench (key, value) VALUES (?1, ?2) \
    ON CONFLICT (key) DO UPDATE SET value = excluded.value";
