//! A bucket without `async`.

use super::{Snapshot, Watcher};
use crate::change::Change;
use crate::{
    Entry, KeyPage, KvError, Level, Page, PurgeOptions, Revision, Status, WatchOptions, Write, WriteOptions,
};
use pollster::block_on;
use std::time::Duration;

/// A bucket, open; see [`crate::KeyValue`].
#[derive(Debug, Clone)]
pub struct KeyValue(crate::KeyValue);

impl From<crate::KeyValue> for KeyValue {
    fn from(bucket: crate::KeyValue) -> Self {
        Self(bucket)
    }
}

impl KeyValue {
    /// Returns the name of the bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        self.0.bucket()
    }

    /// Returns the same bucket with `async` functions.
    #[must_use]
    pub fn to_async(&self) -> crate::KeyValue {
        self.0.clone()
    }

    /// Does what [`crate::KeyValue::get`] does.
    ///
    /// # Errors
    /// As there.
    pub fn get(&self, key: &str) -> Result<Option<Entry>, KvError> {
        block_on(self.0.get(key))
    }

    /// Does what [`crate::KeyValue::entry`] does.
    ///
    /// # Errors
    /// As there.
    pub fn entry(&self, key: &str) -> Result<Option<Entry>, KvError> {
        block_on(self.0.entry(key))
    }

    /// Does what [`crate::KeyValue::get_revision`] does.
    ///
    /// # Errors
    /// As there.
    pub fn get_revision(&self, key: &str, revision: Revision) -> Result<Option<Entry>, KvError> {
        block_on(self.0.get_revision(key, revision))
    }

    /// Does what [`crate::KeyValue::put`] does.
    ///
    /// # Errors
    /// As there.
    pub fn put(&self, key: &str, value: impl AsRef<[u8]>) -> Result<Revision, KvError> {
        self.0.write_blocking(Change::put(key, value.as_ref()))
    }

    /// Does what [`crate::KeyValue::put_string`] does.
    ///
    /// # Errors
    /// As there.
    pub fn put_string(&self, key: &str, value: &str) -> Result<Revision, KvError> {
        self.0.write_blocking(Change::put(key, value.as_bytes()))
    }

    /// Does what [`crate::KeyValue::put_with`] does.
    ///
    /// # Errors
    /// As there.
    pub fn put_with(
        &self,
        key: &str,
        value: impl AsRef<[u8]>,
        options: WriteOptions,
    ) -> Result<Revision, KvError> {
        self.0.write_blocking(Change::put(key, value.as_ref()).with(&options))
    }

    /// Does what [`crate::KeyValue::create`] does.
    ///
    /// # Errors
    /// As there.
    pub fn create(&self, key: &str, value: impl AsRef<[u8]>) -> Result<Revision, KvError> {
        self.0.write_blocking(Change::create(key, value.as_ref()))
    }

    /// Does what [`crate::KeyValue::create_with`] does.
    ///
    /// # Errors
    /// As there.
    pub fn create_with(
        &self,
        key: &str,
        value: impl AsRef<[u8]>,
        options: WriteOptions,
    ) -> Result<Revision, KvError> {
        self.0.write_blocking(Change::create(key, value.as_ref()).with(&options))
    }

    /// Does what [`crate::KeyValue::update`] does.
    ///
    /// # Errors
    /// As there.
    pub fn update(
        &self,
        key: &str,
        value: impl AsRef<[u8]>,
        expected: Revision,
    ) -> Result<Revision, KvError> {
        self.0.write_blocking(Change::update(key, value.as_ref(), expected))
    }

    /// Does what [`crate::KeyValue::update_with`] does.
    ///
    /// # Errors
    /// As there.
    pub fn update_with(
        &self,
        key: &str,
        value: impl AsRef<[u8]>,
        expected: Revision,
        options: WriteOptions,
    ) -> Result<Revision, KvError> {
        self.0.write_blocking(Change::update(key, value.as_ref(), expected).with(&options))
    }

    /// Does what [`crate::KeyValue::delete`] does.
    ///
    /// # Errors
    /// As there.
    pub fn delete(&self, key: &str) -> Result<Revision, KvError> {
        self.0.write_blocking(Change::delete(key, None))
    }

    /// Does what [`crate::KeyValue::delete_if`] does.
    ///
    /// # Errors
    /// As there.
    pub fn delete_if(&self, key: &str, expected: Revision) -> Result<Revision, KvError> {
        self.0.write_blocking(Change::delete(key, Some(expected)))
    }

    /// Does what [`crate::KeyValue::purge`] does.
    ///
    /// # Errors
    /// As there.
    pub fn purge(&self, key: &str) -> Result<Revision, KvError> {
        self.0.write_blocking(Change::purge(key, PurgeOptions::new()))
    }

    /// Does what [`crate::KeyValue::purge_if`] does.
    ///
    /// # Errors
    /// As there.
    pub fn purge_if(&self, key: &str, expected: Revision) -> Result<Revision, KvError> {
        self.0.write_blocking(Change::purge(key, PurgeOptions::new().expected(expected)))
    }

    /// Does what [`crate::KeyValue::purge_with`] does.
    ///
    /// # Errors
    /// As there.
    pub fn purge_with(&self, key: &str, options: PurgeOptions) -> Result<Revision, KvError> {
        self.0.write_blocking(Change::purge(key, options))
    }

    /// Does what [`crate::KeyValue::batch`] does.
    ///
    /// # Errors
    /// As there.
    pub fn batch(&self, writes: Vec<Write>) -> Result<Vec<Revision>, KvError> {
        self.0.batch_blocking(&writes)
    }

    /// Does what [`crate::KeyValue::purge_deletes`] does.
    ///
    /// # Errors
    /// As there.
    pub fn purge_deletes(&self, older_than: Duration) -> Result<u64, KvError> {
        block_on(self.0.purge_deletes(older_than))
    }

    /// Does what [`crate::KeyValue::empty`] does.
    ///
    /// # Errors
    /// As there.
    pub fn empty(&self) -> Result<u64, KvError> {
        block_on(self.0.empty())
    }

    /// Does what [`crate::KeyValue::restore`] does.
    ///
    /// # Errors
    /// As there.
    pub fn restore(&self, entries: &[Entry]) -> Result<Revision, KvError> {
        self.0.restore_blocking(entries)
    }

    /// Does what [`crate::KeyValue::skip_revisions`] does.
    ///
    /// # Errors
    /// As there.
    pub fn skip_revisions(&self, next: Revision) -> Result<(), KvError> {
        block_on(self.0.skip_revisions(next))
    }

    /// Does what [`crate::KeyValue::keys`] does.
    ///
    /// # Errors
    /// As there.
    pub fn keys(&self) -> Result<Vec<String>, KvError> {
        block_on(self.0.keys())
    }

    /// Does what [`crate::KeyValue::keys_matching`] does.
    ///
    /// # Errors
    /// As there.
    pub fn keys_matching(&self, filters: &[&str]) -> Result<Vec<String>, KvError> {
        block_on(self.0.keys_matching(filters))
    }

    /// Does what [`crate::KeyValue::list`] does.
    ///
    /// # Errors
    /// As there.
    pub fn list(&self, filter: &str, page: Page) -> Result<KeyPage, KvError> {
        block_on(self.0.list(filter, page))
    }

    /// Does what [`crate::KeyValue::branches`] does.
    ///
    /// # Errors
    /// As there.
    pub fn branches(
        &self,
        prefix: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Level, KvError> {
        block_on(self.0.branches(prefix, after, limit))
    }

    /// Does what [`crate::KeyValue::count`] does.
    ///
    /// # Errors
    /// As there.
    pub fn count(&self, filter: &str) -> Result<u64, KvError> {
        block_on(self.0.count(filter))
    }

    /// Does what [`crate::KeyValue::history`] does.
    ///
    /// # Errors
    /// As there.
    pub fn history(&self, key: &str) -> Result<Vec<Entry>, KvError> {
        block_on(self.0.history(key))
    }

    /// Does what [`crate::KeyValue::history_with`] does.
    ///
    /// # Errors
    /// As there.
    pub fn history_with(&self, filter: &str, options: WatchOptions) -> Result<Vec<Entry>, KvError> {
        block_on(self.0.history_with(filter, options))
    }

    /// Does what [`crate::KeyValue::status`] does.
    ///
    /// # Errors
    /// As there.
    pub fn status(&self) -> Result<Status, KvError> {
        block_on(self.0.status())
    }

    /// Does what [`crate::KeyValue::snapshot`] does.
    ///
    /// # Errors
    /// As there.
    pub fn snapshot(&self) -> Result<Snapshot, KvError> {
        block_on(self.0.snapshot()).map(Snapshot::from)
    }

    /// Does what [`crate::KeyValue::watch`] does.
    ///
    /// # Errors
    /// As there.
    pub fn watch(&self, filter: &str) -> Result<Watcher, KvError> {
        block_on(self.0.watch(filter)).map(Watcher::from)
    }

    /// Does what [`crate::KeyValue::watch_with`] does.
    ///
    /// # Errors
    /// As there.
    pub fn watch_with(&self, filter: &str, options: WatchOptions) -> Result<Watcher, KvError> {
        block_on(self.0.watch_with(filter, options)).map(Watcher::from)
    }

    /// Does what [`crate::KeyValue::watch_many`] does.
    ///
    /// # Errors
    /// As there.
    pub fn watch_many(&self, filters: &[&str], options: WatchOptions) -> Result<Watcher, KvError> {
        block_on(self.0.watch_many(filters, options)).map(Watcher::from)
    }

    /// Does what [`crate::KeyValue::watch_all`] does.
    ///
    /// # Errors
    /// As there.
    pub fn watch_all(&self) -> Result<Watcher, KvError> {
        block_on(self.0.watch_all()).map(Watcher::from)
    }

    /// Does what [`crate::KeyValue::watch_all_with`] does.
    ///
    /// # Errors
    /// As there.
    pub fn watch_all_with(&self, options: WatchOptions) -> Result<Watcher, KvError> {
        block_on(self.0.watch_all_with(options)).map(Watcher::from)
    }
}
