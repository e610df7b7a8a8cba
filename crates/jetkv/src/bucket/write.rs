//! Writing: every function comes down to a batch of changes, and a batch is all stored or nothing.

use super::KeyValue;
use crate::backend::{Fault, InFlight};
use crate::change::{Change, PurgeOptions, Write, WriteOptions};
use crate::limits::BATCH_WRITES_MAX;
use crate::{KvError, Revision};
use jetkv_engine::Committed;
use jetkv_jetstream::Publish;

impl KeyValue {
    /// Puts `value` under `key`, whatever is there, and returns the new revision.
    ///
    /// `value` may be empty; at most `max_value_size` bytes of the bucket, else 64 MiB.
    ///
    /// # Errors
    /// [`KvError::InvalidKey`], [`KvError::ValueTooLarge`], [`KvError::PayloadTooLarge`], [`KvError::BucketFull`],
    /// [`KvError::StorageFull`]; nothing was written then.
    pub async fn put(&self, key: &str, value: impl AsRef<[u8]>) -> Result<Revision, KvError> {
        self.write(Change::put(key, value.as_ref())).await
    }

    /// Puts a text under `key`, and returns the new revision.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub async fn put_string(&self, key: &str, value: &str) -> Result<Revision, KvError> {
        self.write(Change::put(key, value.as_bytes())).await
    }

    /// Puts `value` under `key` with a time to live or headers, and returns the new revision.
    ///
    /// ```
    /// # let js = jetkv::blocking::JetStream::memory()?;
    /// # let kv = js.create_key_value(jetkv::KeyValueConfig::new("app"))?;
    /// let options = jetkv::WriteOptions::new().ttl(std::time::Duration::from_secs(60)).header("By", "me");
    /// kv.put_with("session.7", "anna", options)?;
    /// assert_eq!(kv.get("session.7")?.unwrap().headers.get("By"), Some("me"));
    /// # Ok::<_, jetkv::KvError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::put`], and [`KvError::InvalidTtl`], [`KvError::TtlNotSupported`], [`KvError::InvalidHeader`].
    pub async fn put_with(
        &self,
        key: &str,
        value: impl AsRef<[u8]>,
        options: WriteOptions,
    ) -> Result<Revision, KvError> {
        self.write(Change::put(key, value.as_ref()).with(&options)).await
    }

    /// Puts `value` under `key` if the key has no value now, also after a delete or purge, and returns the new revision.
    ///
    /// Of several at once, exactly one succeeds.
    ///
    /// # Errors
    /// [`KvError::KeyExists`] with the revision of the value; else as [`Self::put`].
    pub async fn create(&self, key: &str, value: impl AsRef<[u8]>) -> Result<Revision, KvError> {
        self.write(Change::create(key, value.as_ref())).await
    }

    /// Does the same as [`Self::create`] with a time to live or headers.
    ///
    /// # Errors
    /// As [`Self::create`] and [`Self::put_with`].
    pub async fn create_with(
        &self,
        key: &str,
        value: impl AsRef<[u8]>,
        options: WriteOptions,
    ) -> Result<Revision, KvError> {
        self.write(Change::create(key, value.as_ref()).with(&options)).await
    }

    /// Puts `value` under `key` if the last entry of the key is at revision `expected`, and returns the new revision.
    ///
    /// Markers count as entries; `expected` 0 means that there is none at all.
    ///
    /// ```
    /// # let js = jetkv::blocking::JetStream::memory()?;
    /// # let kv = js.create_key_value(jetkv::KeyValueConfig::new("app"))?;
    /// let revision = kv.put("counter", "1")?;
    /// kv.update("counter", "2", revision)?;
    /// assert!(kv.update("counter", "2", revision).is_err()); // somebody was faster
    /// # Ok::<_, jetkv::KvError>(())
    /// ```
    ///
    /// # Errors
    /// [`KvError::WrongRevision`] if another write came first; the bucket is unchanged then. Else as [`Self::put`].
    pub async fn update(
        &self,
        key: &str,
        value: impl AsRef<[u8]>,
        expected: Revision,
    ) -> Result<Revision, KvError> {
        self.write(Change::update(key, value.as_ref(), expected)).await
    }

    /// Does the same as [`Self::update`] with a time to live or headers.
    ///
    /// # Errors
    /// As [`Self::update`] and [`Self::put_with`].
    pub async fn update_with(
        &self,
        key: &str,
        value: impl AsRef<[u8]>,
        expected: Revision,
        options: WriteOptions,
    ) -> Result<Revision, KvError> {
        self.write(Change::update(key, value.as_ref(), expected).with(&options)).await
    }

    /// Deletes `key`: writes a marker and keeps earlier revisions. Returns the marker's revision.
    ///
    /// # Errors
    /// [`KvError::InvalidKey`], [`KvError::BucketFull`], [`KvError::StorageFull`].
    pub async fn delete(&self, key: &str) -> Result<Revision, KvError> {
        self.write(Change::delete(key, None)).await
    }

    /// Deletes `key` if its last entry is at revision `expected`.
    ///
    /// # Errors
    /// [`KvError::WrongRevision`]; else as [`Self::delete`].
    pub async fn delete_if(&self, key: &str, expected: Revision) -> Result<Revision, KvError> {
        self.write(Change::delete(key, Some(expected))).await
    }

    /// Purges `key`: writes a marker and removes all earlier revisions, in one step. Returns the marker's revision.
    ///
    /// # Errors
    /// As [`Self::delete`].
    pub async fn purge(&self, key: &str) -> Result<Revision, KvError> {
        self.write(Change::purge(key, PurgeOptions::new())).await
    }

    /// Purges `key` if its last entry is at revision `expected`.
    ///
    /// # Errors
    /// [`KvError::WrongRevision`]; else as [`Self::delete`].
    pub async fn purge_if(&self, key: &str, expected: Revision) -> Result<Revision, KvError> {
        self.purge_with(key, PurgeOptions::new().expected(expected)).await
    }

    /// Purges `key` under a condition or with a marker that goes after a time.
    ///
    /// # Errors
    /// [`KvError::WrongRevision`], [`KvError::InvalidTtl`], [`KvError::TtlNotSupported`]; else as [`Self::delete`].
    pub async fn purge_with(&self, key: &str, options: PurgeOptions) -> Result<Revision, KvError> {
        self.write(Change::purge(key, options)).await
    }

    /// Does all of `writes` in their order, or nothing, and returns their revisions, which are adjacent.
    ///
    /// A later write sees the earlier ones: it may expect what they wrote. At most [`crate::BATCH_WRITES_MAX`] writes.
    ///
    /// ```
    /// # let js = jetkv::blocking::JetStream::memory()?;
    /// # let kv = js.create_key_value(jetkv::KeyValueConfig::new("app"))?;
    /// use jetkv::Write;
    /// kv.put("old", "1")?;
    /// kv.batch(vec![Write::create("new", "1"), Write::delete("old")])?; // a rename
    /// assert_eq!(kv.keys()?, ["new"]);
    /// # Ok::<_, jetkv::KvError>(())
    /// ```
    ///
    /// # Errors
    /// The error of the first write that is refused; [`KvError::InvalidOption`] for too many. Nothing was written then.
    pub async fn batch(&self, writes: Vec<Write>) -> Result<Vec<Revision>, KvError> {
        let changes = batch_changes(&writes)?;
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        match self.start(&changes)?.await {
            Ok(committed) => Ok(revisions(committed)),
            Err(error) => Err(self.blame(error, &changes)),
        }
    }

    /// Does the same as [`Self::batch`] on this thread.
    pub(crate) fn batch_blocking(&self, writes: &[Write]) -> Result<Vec<Revision>, KvError> {
        let changes = batch_changes(writes)?;
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        match self.start(&changes)?.wait() {
            Ok(committed) => Ok(revisions(committed)),
            Err(error) => Err(self.blame(error, &changes)),
        }
    }

    /// Does all of `changes`, or nothing.
    pub(crate) async fn write_all(&self, changes: &[Change<'_>]) -> Result<(), KvError> {
        match self.start(changes)?.await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.blame(error, changes)),
        }
    }

    async fn write(&self, change: Change<'_>) -> Result<Revision, KvError> {
        let refused = match self.start(&[change])?.await {
            Ok(committed) => return Ok(committed.last),
            Err(error) => error,
        };
        Err(self.explain(Some(change.key), refused))
    }

    /// Does the same as the writing functions on this thread, which then does the work of the commit if nobody else does.
    pub(crate) fn write_blocking(&self, change: Change<'_>) -> Result<Revision, KvError> {
        match self.start(&[change])?.wait() {
            Ok(committed) => Ok(committed.last),
            Err(error) => Err(self.explain(Some(change.key), error)),
        }
    }

    /// Checks the changes and sends them on their way.
    fn start(&self, changes: &[Change<'_>]) -> Result<InFlight, KvError> {
        if let [change] = changes {
            let publish = self.publish_of(change)?;
            let published = self.stream().publish(&[publish]);
            return published.map_err(|error| self.explain(Some(change.key), error));
        }
        let publishes = changes.iter().map(|change| self.publish_of(change));
        let publishes = publishes.collect::<Result<Vec<_>, _>>()?;
        self.stream().publish(&publishes).map_err(|error| self.explain(None, error))
    }

    fn publish_of<'a>(&self, change: &Change<'a>) -> Result<Publish<'a>, KvError> {
        change.to_publish(self.names(), |error| self.explain(Some(change.key), error))
    }

    /// Names the change that a refused batch failed at.
    fn blame(&self, error: Fault, changes: &[Change<'_>]) -> KvError {
        let guilty = error.position().and_then(|position| changes.get(position));
        self.explain(guilty.map(|change| change.key), error)
    }
}

fn batch_changes(writes: &[Write]) -> Result<Vec<Change<'_>>, KvError> {
    if writes.len() > BATCH_WRITES_MAX {
        return Err(KvError::InvalidOption {
            option: format!("batch of {} writes", writes.len()),
            reason: format!("at most {BATCH_WRITES_MAX} writes are allowed"),
        });
    }
    Ok(writes.iter().map(Write::as_change).collect())
}

fn revisions(committed: Committed) -> Vec<Revision> {
    (committed.first..=committed.last).collect()
}
