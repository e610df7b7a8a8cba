//! Putting entries back as they were, from a backup or another place.

use super::KeyValue;
use crate::limits::BATCH_WRITES_MAX;
use crate::{Entry, KvError, Revision};

impl KeyValue {
    /// Stores copies of entries, all or none, and returns the revision of the last one.
    ///
    /// Each keeps its revision, time, headers and remaining life as long as the bucket has not passed its revision; otherwise
    /// it gets the next revision. Entries must come in the order of their revisions, at most
    /// [`crate::BATCH_WRITES_MAX`] in one call. The limits of the bucket hold for them as for any write.
    ///
    /// ```
    /// # let js = jetkv::blocking::JetStream::memory()?;
    /// # let from = js.create_key_value(jetkv::KeyValueConfig::new("from").history(3))?;
    /// # let to = js.create_key_value(jetkv::KeyValueConfig::new("to").history(3))?;
    /// from.put("gone", "1")?;
    /// from.purge("gone")?;
    /// from.put("k", "2")?;
    /// to.restore(&from.history("k")?)?;
    /// assert_eq!(to.get("k")?.map(|entry| entry.revision), Some(3));
    /// # Ok::<_, jetkv::KvError>(())
    /// ```
    ///
    /// # Errors
    /// [`KvError::InvalidOption`] for none or too many entries, [`KvError::InvalidKey`], [`KvError::ValueTooLarge`],
    /// [`KvError::BucketFull`], [`KvError::StorageFull`]. Nothing was stored then.
    pub async fn restore(&self, entries: &[Entry]) -> Result<Revision, KvError> {
        match self.start_restore(entries)?.await {
            Ok(committed) => Ok(committed.last),
            Err(error) => Err(self.explain(None, error)),
        }
    }

    /// Does the same as [`Self::restore`] on this thread.
    pub(crate) fn restore_blocking(&self, entries: &[Entry]) -> Result<Revision, KvError> {
        match self.start_restore(entries)?.wait() {
            Ok(committed) => Ok(committed.last),
            Err(error) => Err(self.explain(None, error)),
        }
    }

    /// Leaves out all revisions before `next`: the last step of a restore, if the newest revisions of the original are gone.
    ///
    /// # Errors
    /// [`KvError::StorageFull`], [`KvError::Poisoned`], [`KvError::Closed`].
    pub async fn skip_revisions(&self, next: Revision) -> Result<(), KvError> {
        self.stream().advance(next).await.map_err(|error| self.explain(None, error))
    }

    fn start_restore(&self, entries: &[Entry]) -> Result<crate::backend::InFlight, KvError> {
        if entries.is_empty() || entries.len() > BATCH_WRITES_MAX {
            return Err(KvError::InvalidOption {
                option: format!("restore of {} entries", entries.len()),
                reason: format!("1 to {BATCH_WRITES_MAX} entries are allowed"),
            });
        }
        let messages = entries.iter().map(|entry| entry.to_message(self.names()));
        let messages = messages.collect::<Result<Vec<_>, KvError>>()?;
        self.stream().restore(&messages).map_err(|error| self.explain(None, error))
    }
}
