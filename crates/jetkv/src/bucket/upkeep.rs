//! What keeps a bucket in order: removing old markers, emptying, figures.

use super::KeyValue;
use crate::backend::Counts;
use crate::{Damage, KvError, Status};
use jetkv_engine::{Purge, SubjectState};
use jetkv_types::{SubjectFilter, Timestamp};
use std::time::Duration;

impl KeyValue {
    /// Removes what deleted keys leave behind, and returns how many entries that were: markers older than `older_than` go with
    /// the whole history of their key; of younger ones the marker stays and the history goes.
    ///
    /// [`crate::PURGE_DELETES_OLDER_THAN_DEFAULT`] is the usual argument. A key that gets a value meanwhile keeps it.
    ///
    /// # Errors
    /// The first error met; the other keys were still worked on.
    pub async fn purge_deletes(&self, older_than: Duration) -> Result<u64, KvError> {
        let now = self.stream().now().await.map_err(|error| self.explain(None, error))?;
        let page = self.stream().walk_page();
        let mut removed = 0;
        let mut first_error = None;
        let mut after = None;
        loop {
            let states =
                self.stream().subjects(&self.names().all, after.as_ref(), page, Counts::Wanted).await;
            let mut states = states.map_err(|error| self.explain(None, error))?;
            for state in states.iter().filter(|state| state.operation.is_marker()) {
                match self.purge_deleted(state, now, older_than).await {
                    Ok(count) => removed += count,
                    Err(error) => drop(first_error.get_or_insert(error)),
                }
            }
            if states.len() < page {
                return first_error.map_or(Ok(removed), Err);
            }
            after = states.pop().map(|state| state.subject);
        }
    }

    async fn purge_deleted(
        &self,
        state: &SubjectState,
        now: Timestamp,
        older_than: Duration,
    ) -> Result<u64, KvError> {
        let key = self.names().key_of(&state.subject);
        let explain = |error| self.explain(Some(key), error);
        let marker = self.stream().get(state.sequence).await.map_err(explain)?;
        // Without the marker the key has a new entry or none: nothing to do for it here.
        let Some(marker) = marker else { return Ok(0) };
        let below = if now.since(marker.time) >= older_than {
            state.sequence.saturating_add(1)
        } else if state.messages > 1 {
            state.sequence
        } else {
            return Ok(0);
        };
        // The bound keeps a value that was written after the marker was read.
        let purge =
            Purge { filter: Some(SubjectFilter::from(&state.subject)), below: Some(below), keep: None };
        self.stream().purge(&purge).await.map_err(explain)
    }

    /// Removes every entry without leaving markers, and returns how many there were. Revisions go on counting.
    ///
    /// Watches see nothing of it.
    ///
    /// # Errors
    /// [`KvError::StorageFull`], [`KvError::Poisoned`].
    pub async fn empty(&self) -> Result<u64, KvError> {
        self.stream().purge(&Purge::default()).await.map_err(|error| self.explain(None, error))
    }

    /// Returns the present time of the place, which ages of entries are reckoned by.
    ///
    /// # Errors
    /// [`KvError::Closed`] and what a server or the way to it says.
    pub async fn now(&self) -> Result<Timestamp, KvError> {
        self.stream().now().await.map_err(|error| self.explain(None, error))
    }

    /// Returns configuration and figures of the bucket.
    ///
    /// # Errors
    /// [`KvError::BucketDeleted`], [`KvError::Closed`].
    pub async fn status(&self) -> Result<Status, KvError> {
        let config = self.config().await?;
        let state = self.stream().state().await.map_err(|error| self.explain(None, error))?;
        let damages = self.stream().damages().await;
        Ok(Status {
            bucket: self.bucket().to_owned(),
            values: state.messages,
            keys: state.subjects,
            bytes: state.bytes,
            disk_bytes: state.disk_bytes,
            history: config.history,
            ttl: config.ttl,
            first_revision: state.first_sequence,
            last_revision: state.last_sequence,
            created: self.stream().created(),
            last_update: Some(state.last_time).filter(|&time| time != Timestamp::ZERO),
            backing_store: "JetStream",
            durability: self.backend().sync(),
            damages: damages.iter().map(|damage| Damage::of(damage, Some(self.bucket()))).collect(),
            config,
        })
    }
}
