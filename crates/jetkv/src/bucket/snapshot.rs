//! All of a bucket at one moment.

use super::KeyValue;
use crate::backend::{AnySnapshot, SnapshotMessages};
use crate::{Entry, KeyValueConfig, KvError, Revision};

/// The entries of a bucket as they are at one moment, whatever is written, deleted or compacted meanwhile.
#[derive(Debug)]
pub struct Snapshot {
    bucket: KeyValue,
    config: KeyValueConfig,
    last_revision: Revision,
    values: u64,
    messages: SnapshotMessages,
}

impl KeyValue {
    /// Holds on to all entries that are there now, history and markers included.
    ///
    /// Every write that was acknowledged before the call is in it, and none that is begun after its return; they are an exact
    /// prefix of what the bucket was given. It costs 12 bytes of memory for each entry, where the bucket is.
    ///
    /// ```
    /// # let js = jetkv::blocking::JetStream::memory()?;
    /// # let kv = js.create_key_value(jetkv::KeyValueConfig::new("app"))?;
    /// kv.put("a", "1")?;
    /// let mut snapshot = kv.snapshot()?;
    /// kv.put("a", "2")?;
    /// assert_eq!(snapshot.next().transpose()?.map(|entry| entry.revision), Some(1));
    /// assert!(snapshot.next().is_none());
    /// # Ok::<_, jetkv::KvError>(())
    /// ```
    ///
    /// # Errors
    /// [`KvError::Damaged`] if it cannot be known which entries there are; [`KvError::Unsupported`] on a nats-server before
    /// version 2.14; [`KvError::Denied`] if the user may not back the bucket up.
    pub async fn snapshot(&self) -> Result<Snapshot, KvError> {
        let taken = self.stream().snapshot().await.map_err(|error| self.explain(None, error))?;
        let AnySnapshot { settings, state, messages } = taken;
        Ok(Snapshot {
            bucket: self.clone(),
            config: KeyValueConfig::from_settings(self.names(), &settings)?,
            last_revision: state.last_sequence,
            values: state.messages,
            messages,
        })
    }
}

impl Snapshot {
    /// Returns the configuration of the bucket.
    #[must_use]
    pub fn config(&self) -> &KeyValueConfig {
        &self.config
    }

    /// Returns the last revision given out at that moment, kept or not.
    #[must_use]
    pub fn last_revision(&self) -> Revision {
        self.last_revision
    }

    /// Returns how many entries there are at most.
    #[must_use]
    pub fn values(&self) -> u64 {
        self.values
    }

    /// Returns the next entry, in the order of their revisions; `None` after the last one.
    ///
    /// # Errors
    /// [`KvError::Damaged`] for an entry that cannot be read: the next call goes on behind it in this process. A server
    /// sends nothing behind it and says [`KvError::Refused`].
    pub async fn next(&mut self) -> Result<Option<Entry>, KvError> {
        loop {
            let next = self.messages.next().await;
            match next.map_err(|error| self.bucket.explain(None, error))? {
                None => return Ok(None),
                // What a source has copied here from elsewhere is no key of this bucket.
                Some(message) if !self.bucket.names().all.matches(message.subject.as_str()) => {}
                Some(message) => return Ok(Some(Entry::of(self.bucket.names(), message, 0))),
            }
        }
    }
}
