//! A replica without `async`.

use super::Watcher;
use crate::{
    Entry, KeyPage, KvError, Page, ReplicaOptions, ReplicaSource, ReplicaStatus, Revision, WatchOptions,
};
use pollster::block_on;
use std::time::Duration;

/// A bucket of another place, kept in this process; see [`crate::Replica`].
#[derive(Debug, Clone)]
pub struct Replica(crate::Replica);

impl From<crate::Replica> for Replica {
    fn from(replica: crate::Replica) -> Self {
        Self(replica)
    }
}

impl Replica {
    /// Does what [`crate::Replica::open`] does.
    ///
    /// # Errors
    /// As there.
    pub fn open(
        source: impl Into<ReplicaSource>,
        bucket: &str,
        options: ReplicaOptions,
    ) -> Result<Self, KvError> {
        block_on(crate::Replica::open(source, bucket, options)).map(Self)
    }

    /// Does what [`crate::Replica::bucket`] does.
    #[must_use]
    pub fn bucket(&self) -> &str {
        self.0.bucket()
    }

    /// Does what [`crate::Replica::status`] does.
    #[must_use]
    pub fn status(&self) -> ReplicaStatus {
        self.0.status()
    }

    /// Does what [`crate::Replica::wait_for`] does, at most as long as `timeout` (`None` waits for ever).
    ///
    /// # Errors
    /// As there, and [`KvError::TimedOut`].
    pub fn wait_for(&self, revision: Revision, timeout: Option<Duration>) -> Result<(), KvError> {
        self.0.wait_for_blocking(revision, timeout)
    }

    /// Does what [`crate::Replica::wait_current`] does, at most as long as `timeout` (`None` waits for ever).
    ///
    /// # Errors
    /// As there, and [`KvError::TimedOut`].
    pub fn wait_current(&self, timeout: Option<Duration>) -> Result<(), KvError> {
        self.0.wait_current_blocking(timeout)
    }

    /// Does what [`crate::Replica::get`] does.
    ///
    /// # Errors
    /// As there.
    pub fn get(&self, key: &str) -> Result<Option<Entry>, KvError> {
        block_on(self.0.get(key))
    }

    /// Does what [`crate::Replica::entry`] does.
    ///
    /// # Errors
    /// As there.
    pub fn entry(&self, key: &str) -> Result<Option<Entry>, KvError> {
        block_on(self.0.entry(key))
    }

    /// Does what [`crate::Replica::get_revision`] does.
    ///
    /// # Errors
    /// As there.
    pub fn get_revision(&self, key: &str, revision: Revision) -> Result<Option<Entry>, KvError> {
        block_on(self.0.get_revision(key, revision))
    }

    /// Does what [`crate::Replica::history`] does.
    ///
    /// # Errors
    /// As there.
    pub fn history(&self, key: &str) -> Result<Vec<Entry>, KvError> {
        block_on(self.0.history(key))
    }

    /// Does what [`crate::Replica::history_with`] does.
    ///
    /// # Errors
    /// As there.
    pub fn history_with(&self, filter: &str, options: WatchOptions) -> Result<Vec<Entry>, KvError> {
        block_on(self.0.history_with(filter, options))
    }

    /// Does what [`crate::Replica::keys`] does.
    ///
    /// # Errors
    /// As there.
    pub fn keys(&self) -> Result<Vec<String>, KvError> {
        block_on(self.0.keys())
    }

    /// Does what [`crate::Replica::keys_matching`] does.
    ///
    /// # Errors
    /// As there.
    pub fn keys_matching(&self, filters: &[&str]) -> Result<Vec<String>, KvError> {
        block_on(self.0.keys_matching(filters))
    }

    /// Does what [`crate::Replica::list`] does.
    ///
    /// # Errors
    /// As there.
    pub fn list(&self, filter: &str, page: Page) -> Result<KeyPage, KvError> {
        block_on(self.0.list(filter, page))
    }

    /// Does what [`crate::Replica::watch_with`] does.
    ///
    /// # Errors
    /// As there.
    pub fn watch_with(&self, filter: &str, options: WatchOptions) -> Result<Watcher, KvError> {
        block_on(self.0.watch_with(filter, options)).map(Watcher::from)
    }

    /// Does what [`crate::Replica::close`] does.
    ///
    /// # Errors
    /// As there.
    pub fn close(&self) -> Result<(), KvError> {
        block_on(self.0.close())
    }
}
