//! A bucket: reading single entries. Writing, listing, watching and upkeep are in the modules below.

mod list;
mod restore;
mod snapshot;
mod tree;
mod upkeep;
mod watch;
mod write;

pub use list::{KeyInfo, KeyPage, Page};
pub use snapshot::Snapshot;
pub use tree::{Branch, Level};

use crate::backend::{Backend, Fault, StreamHandle};
use crate::error::Context;
use crate::names::BucketNames;
use crate::{Entry, KeyValueConfig, KvError, Revision};
use jetkv_engine::EngineError;
use jetkv_jetstream::JetStreamError;
use std::sync::Arc;

/// A bucket, open. Cheap to clone; clones and other handles of the same bucket see the same entries.
///
/// Keys are dotted lists of tokens of `A-Z a-z 0-9 - / _ =`; bad ones are refused before anything is written. Every write
/// gets the next revision of the bucket.
#[derive(Debug, Clone)]
pub struct KeyValue {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    backend: Backend,
    stream: StreamHandle,
    names: Arc<BucketNames>,
}

impl KeyValue {
    pub(crate) fn new(backend: Backend, stream: StreamHandle, names: BucketNames) -> Self {
        Self { inner: Arc::new(Inner { backend, stream, names: Arc::new(names) }) }
    }

    /// Returns the name of the bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.inner.names.bucket
    }

    /// Returns the last entry of `key` if it is a value; `None` if there is no entry or the key was deleted.
    ///
    /// ```
    /// # let js = jetkv::blocking::JetStream::memory()?;
    /// # let kv = js.create_key_value(jetkv::KeyValueConfig::new("app"))?;
    /// kv.put("web.port", "80")?;
    /// assert_eq!(kv.get("web.port")?.unwrap().value, "80");
    /// kv.delete("web.port")?;
    /// assert_eq!(kv.get("web.port")?, None);
    /// # Ok::<_, jetkv::KvError>(())
    /// ```
    ///
    /// # Errors
    /// [`KvError::Damaged`] if it cannot be read (never an older value instead); [`KvError::InvalidKey`].
    pub async fn get(&self, key: &str) -> Result<Option<Entry>, KvError> {
        Ok(self.entry(key).await?.filter(|entry| !entry.operation.is_marker()))
    }

    /// Returns the last entry of `key`, be it a value or a marker; `None` if there is none.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn entry(&self, key: &str) -> Result<Option<Entry>, KvError> {
        let subject = self.names().subject(key)?;
        let last = self.stream().last(&subject).await.map_err(|error| self.explain(Some(key), error))?;
        Ok(last.map(|message| Entry::of(self.names(), message, 0)))
    }

    /// Returns the entry of `key` at `revision`, be it a value or a marker; `None` if that revision is not one of this key,
    /// or is no longer kept.
    ///
    /// ```
    /// # let js = jetkv::blocking::JetStream::memory()?;
    /// # let kv = js.create_key_value(jetkv::KeyValueConfig::new("app").history(2))?;
    /// let first = kv.put("a", "1")?;
    /// kv.put("a", "2")?;
    /// assert_eq!(kv.get_revision("a", first)?.unwrap().value, "1");
    /// assert_eq!(kv.get_revision("b", first)?, None);
    /// # Ok::<_, jetkv::KvError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_revision(&self, key: &str, revision: Revision) -> Result<Option<Entry>, KvError> {
        let subject = self.names().subject(key)?;
        let found = match self.stream().get(revision).await {
            // Another key's damage says nothing about this one.
            Err(Fault::Stream(JetStreamError::Engine(EngineError::Damaged(damage))))
                if damage.subject.as_ref().is_some_and(|damaged| *damaged != subject) =>
            {
                None
            }
            read => read.map_err(|error| self.explain(Some(key), error))?,
        };
        let found = found.filter(|message| message.subject == subject);
        Ok(found.map(|message| Entry::of(self.names(), message, 0)))
    }

    /// Says where the bucket is: `embedded` or `remote`.
    #[must_use]
    pub fn place(&self) -> &'static str {
        self.backend().place()
    }

    /// Returns the configuration that holds now.
    pub(crate) async fn config(&self) -> Result<KeyValueConfig, KvError> {
        let settings = self.stream().settings().await.map_err(|error| self.explain(None, error))?;
        KeyValueConfig::from_settings(self.names(), &settings)
    }

    pub(crate) fn names(&self) -> &Arc<BucketNames> {
        &self.inner.names
    }

    pub(crate) fn stream(&self) -> &StreamHandle {
        &self.inner.stream
    }

    fn backend(&self) -> &Backend {
        &self.inner.backend
    }

    pub(crate) fn explain(&self, key: Option<&str>, error: impl Into<Fault>) -> KvError {
        Context { bucket: self.bucket(), key, place: self.backend().place() }.explain(error.into())
    }
}
