//! A replica: a bucket of any place, or a part of it, kept in this process and read without a network.

mod compare;
mod follow;
mod keep;
mod options;
mod shared;
mod status;
mod worker;

pub use options::{ReplicaOptions, ReplicaSource};
pub use status::{ReplicaState, ReplicaStatus};

use crate::backend::{Embedded, block_on};
use crate::names::BucketNames;
use crate::{Entry, KeyPage, KvError, Page, Revision, WatchOptions, Watcher};
use keep::Keep;
use shared::Shared;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use worker::Worker;

/// A bucket of another place, or some of its keys, kept in a store of this process: reads cost what they cost there, whether
/// the source can be reached or not. Cheap to clone; the last handle stops it.
///
/// A thread of its own follows the source, across lost connections and, in a [directory](ReplicaOptions::directory), across
/// restarts. Entries have the revisions, times and headers of the source. What the source removes without a marker is found by
/// comparing: after every new connection, and then at the [interval](ReplicaOptions::check_interval) of the options.
///
/// A replica is behind its source, by how much [`Self::status`] tells, and never ahead or mixed: until it was complete for the first
/// time, and when the source was deleted, is another one or has lost entries, reads are errors until it is complete anew.
///
/// ```
/// # pollster::block_on(async {
/// # let js = jetkv::JetStream::memory().await?;
/// # let kv = js.create_key_value(jetkv::KeyValueConfig::new("app")).await?;
/// use jetkv::{Replica, ReplicaOptions};
/// // js is any place; ConnectOptions in its stead need no server that can be reached now.
/// let replica = Replica::open(&js, "app", ReplicaOptions::new().filters(["web.>"])).await?;
/// let revision = kv.put("web.port", "80").await?;
/// replica.wait_for(revision).await?;
/// assert_eq!(replica.get("web.port").await?.map(|entry| entry.revision), Some(revision));
/// # replica.close().await }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Replica {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<Result<(), KvError>>>>,
}

impl Replica {
    /// Opens the replica of the bucket `bucket` and begins to follow its source; it does not wait for it. What is there from
    /// an earlier time can be read at once.
    ///
    /// # Errors
    /// [`KvError::InvalidBucket`], [`KvError::InvalidFilter`]; [`KvError::BucketExists`] if the directory has a bucket of this
    /// name that is no replica; [`KvError::StoreLocked`] if the directory is in use; [`KvError::Storage`].
    pub async fn open(
        source: impl Into<ReplicaSource>,
        bucket: &str,
        options: ReplicaOptions,
    ) -> Result<Self, KvError> {
        let names = BucketNames::new(bucket)?;
        let filters: Vec<_> = options.filters.iter().map(String::as_str).collect();
        let filters = if filters.is_empty() { vec![names.all.clone()] } else { names.filters(&filters)? };
        let store = match &options.directory {
            Some(directory) => Embedded::open(directory, &options.store),
            None => Embedded::memory(&options.store),
        }?;
        let keep = Keep::open(store, names, filters)?;
        let shared = Arc::new(Shared::new(bucket, &keep));
        let worker = Worker::new(Arc::clone(&shared), source.into(), keep, options.check_interval);
        let thread = worker.start().map_err(|error| KvError::Unavailable {
            reason: format!("cannot start the thread of the replica of bucket {bucket:?}: {error}"),
        })?;
        Ok(Self { inner: Arc::new(Inner { shared, thread: Mutex::new(Some(thread)) }) })
    }

    /// Returns the name of the bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        self.inner.shared.bucket()
    }

    /// Says how the replica stands to its source.
    #[must_use]
    pub fn status(&self) -> ReplicaStatus {
        self.inner.shared.status()
    }

    /// Waits until the replica has everything up to `revision` of its source: what a write returned is read afterwards.
    ///
    /// If the filters leave the write out, it takes until the source says that it has nothing more, a few seconds at most.
    ///
    /// # Errors
    /// What reads say if the source is gone; [`KvError::Closed`].
    pub async fn wait_for(&self, revision: Revision) -> Result<(), KvError> {
        let wait = self.inner.shared.wait();
        std::future::poll_fn(|cx| wait.poll_revision(cx, revision)).await
    }

    /// Waits until the replica is complete and compared with its source.
    ///
    /// # Errors
    /// As [`Self::wait_for`].
    pub async fn wait_current(&self) -> Result<(), KvError> {
        let wait = self.inner.shared.wait();
        std::future::poll_fn(|cx| wait.poll_current(cx)).await
    }

    /// Waits for a revision on this thread, at most `timeout`.
    pub(crate) fn wait_for_blocking(
        &self,
        revision: Revision,
        timeout: Option<Duration>,
    ) -> Result<(), KvError> {
        let wait = self.inner.shared.wait();
        let waited = block_on(timeout, |cx| wait.poll_revision(cx, revision));
        waited.unwrap_or_else(|| Err(self.late(format!("revision {revision}"), timeout)))
    }

    /// Waits until it is current on this thread, at most `timeout`.
    pub(crate) fn wait_current_blocking(&self, timeout: Option<Duration>) -> Result<(), KvError> {
        let wait = self.inner.shared.wait();
        let waited = block_on(timeout, |cx| wait.poll_current(cx));
        waited.unwrap_or_else(|| Err(self.late("its source".into(), timeout)))
    }

    /// As [`crate::KeyValue::get`].
    ///
    /// # Errors
    /// As there; [`KvError::Unavailable`] before the replica was complete for the first time; [`KvError::BucketDeleted`] and
    /// [`KvError::WatchGap`] from when the source is gone or has lost entries until the replica is complete anew.
    pub async fn get(&self, key: &str) -> Result<Option<Entry>, KvError> {
        self.inner.shared.view()?.get(key).await
    }

    /// As [`crate::KeyValue::entry`].
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn entry(&self, key: &str) -> Result<Option<Entry>, KvError> {
        self.inner.shared.view()?.entry(key).await
    }

    /// As [`crate::KeyValue::get_revision`].
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_revision(&self, key: &str, revision: Revision) -> Result<Option<Entry>, KvError> {
        self.inner.shared.view()?.get_revision(key, revision).await
    }

    /// As [`crate::KeyValue::history`]: as much of it as the source keeps.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn history(&self, key: &str) -> Result<Vec<Entry>, KvError> {
        self.inner.shared.view()?.history(key).await
    }

    /// As [`crate::KeyValue::history_with`].
    ///
    /// # Errors
    /// As there, and as [`Self::get`].
    pub async fn history_with(&self, filter: &str, options: WatchOptions) -> Result<Vec<Entry>, KvError> {
        self.inner.shared.view()?.history_with(filter, options).await
    }

    /// As [`crate::KeyValue::keys`].
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn keys(&self) -> Result<Vec<String>, KvError> {
        self.inner.shared.view()?.keys().await
    }

    /// As [`crate::KeyValue::keys_matching`].
    ///
    /// # Errors
    /// As there, and as [`Self::get`].
    pub async fn keys_matching(&self, filters: &[&str]) -> Result<Vec<String>, KvError> {
        self.inner.shared.view()?.keys_matching(filters).await
    }

    /// As [`crate::KeyValue::list`].
    ///
    /// # Errors
    /// As there, and as [`Self::get`].
    pub async fn list(&self, filter: &str, page: Page) -> Result<KeyPage, KvError> {
        self.inner.shared.view()?.list(filter, page).await
    }

    /// As [`crate::KeyValue::watch_with`], of the replica. A replica that begins anew ends it with [`KvError::BucketDeleted`].
    ///
    /// # Errors
    /// As there, and as [`Self::get`].
    pub async fn watch_with(&self, filter: &str, options: WatchOptions) -> Result<Watcher, KvError> {
        self.inner.shared.view()?.watch_with(filter, options).await
    }

    /// Stops following, and closes the store of the replica and the connection that it made itself.
    ///
    /// # Errors
    /// [`KvError::Storage`] if the last sync fails.
    pub async fn close(&self) -> Result<(), KvError> {
        self.inner.end()
    }

    fn late(&self, what: String, timeout: Option<Duration>) -> KvError {
        let operation = format!("the replica of bucket {:?} for {what}", self.bucket());
        KvError::TimedOut { operation, after: timeout.unwrap_or(Duration::MAX) }
    }
}

impl Inner {
    /// Stops the thread and waits for it; it lets go of the directory.
    fn end(&self) -> Result<(), KvError> {
        self.shared.stop();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread.map(JoinHandle::join) {
            Some(Ok(closed)) => closed,
            Some(Err(_)) => Err(KvError::Closed),
            None => Ok(()),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Who wants to know how it ended closes it.
        self.end().ok();
    }
}
