//! Watching keys, and their history: a watch that ends with what is there now.

use super::KeyValue;
use crate::watcher::{Deletes, WatchEvent, WatchOptions, Watcher};
use crate::{Entry, KvError};
use jetkv_types::SubjectFilter;

impl KeyValue {
    /// Watches the keys that match `filter`: yields the last entry of each, markers included, then
    /// [`WatchEvent::EndOfInitial`] exactly once, then every change.
    ///
    /// ```
    /// # let js = jetkv::blocking::JetStream::memory()?;
    /// # let kv = js.create_key_value(jetkv::KeyValueConfig::new("app"))?;
    /// use jetkv::WatchEvent;
    /// kv.put("web.port", "80")?;
    /// let mut watcher = kv.watch("web.*")?;
    /// assert!(matches!(watcher.next(), Some(Ok(WatchEvent::Entry(entry))) if entry.key == "web.port"));
    /// assert!(matches!(watcher.next(), Some(Ok(WatchEvent::EndOfInitial))));
    /// kv.put("web.host", "::1")?;
    /// assert!(matches!(watcher.next(), Some(Ok(WatchEvent::Entry(entry))) if entry.key == "web.host"));
    /// # Ok::<_, jetkv::KvError>(())
    /// ```
    ///
    /// # Errors
    /// [`KvError::InvalidFilter`]; [`KvError::Damaged`] if it cannot be told which keys there are.
    pub async fn watch(&self, filter: &str) -> Result<Watcher, KvError> {
        self.watch_with(filter, WatchOptions::new()).await
    }

    /// Watches the keys that match `filter`, with options.
    ///
    /// # Errors
    /// As [`Self::watch`], and [`KvError::InvalidOption`] for options that contradict each other.
    pub async fn watch_with(&self, filter: &str, options: WatchOptions) -> Result<Watcher, KvError> {
        self.watch_many(&[filter], options).await
    }

    /// Watches the keys that match any of `filters`; each change comes once.
    ///
    /// # Errors
    /// As [`Self::watch_with`].
    pub async fn watch_many(&self, filters: &[&str], options: WatchOptions) -> Result<Watcher, KvError> {
        self.open_watch(self.names().filters(filters)?, options).await
    }

    /// Watches every key.
    ///
    /// # Errors
    /// As [`Self::watch`].
    pub async fn watch_all(&self) -> Result<Watcher, KvError> {
        self.watch_all_with(WatchOptions::new()).await
    }

    /// Watches every key, with options.
    ///
    /// # Errors
    /// As [`Self::watch_with`].
    pub async fn watch_all_with(&self, options: WatchOptions) -> Result<Watcher, KvError> {
        self.open_watch(vec![self.names().all.clone()], options).await
    }

    /// Returns every entry that is kept of `key`, oldest first, markers included; empty if there is none.
    ///
    /// # Errors
    /// [`KvError::InvalidKey`]; [`KvError::Damaged`] if one of them cannot be read.
    pub async fn history(&self, key: &str) -> Result<Vec<Entry>, KvError> {
        let subject = self.names().subject(key)?;
        self.collect(vec![SubjectFilter::from(&subject)], WatchOptions::new().include_history()).await
    }

    /// Returns every entry that is kept of the keys that match `filter`, oldest first; options leave entries or values out.
    ///
    /// # Errors
    /// [`KvError::InvalidFilter`], [`KvError::InvalidOption`]; else as [`Self::history`].
    pub async fn history_with(&self, filter: &str, options: WatchOptions) -> Result<Vec<Entry>, KvError> {
        let filters = self.names().filters(&[filter])?;
        // A start revision says already that everything from there on is wanted.
        let include_history = options.resume_from.is_none();
        self.collect(filters, WatchOptions { include_history, ..options }).await
    }

    async fn collect(
        &self,
        filters: Vec<SubjectFilter>,
        options: WatchOptions,
    ) -> Result<Vec<Entry>, KvError> {
        let leaves_out = options.ignore_deletes;
        let mut watcher = self.open_watch(filters, options).await?;
        let mut entries: Vec<Entry> = Vec::new();
        while let Some(event) = watcher.next().await {
            match event? {
                WatchEvent::Entry(entry) => entries.push(entry),
                WatchEvent::EndOfInitial => break,
            }
        }
        // A server that lags behind did not know how many there would be.
        if !leaves_out {
            for (left, entry) in (0..).zip(entries.iter_mut().rev()) {
                entry.delta = left;
            }
        }
        Ok(entries)
    }

    async fn open_watch(
        &self,
        filters: Vec<SubjectFilter>,
        options: WatchOptions,
    ) -> Result<Watcher, KvError> {
        let (start, content) = options.delivery()?;
        let delivery = self.stream().deliver(filters, start, content).await;
        let delivery = delivery.map_err(|error| self.explain(None, error))?;
        let deletes = if options.ignore_deletes { Deletes::Ignored } else { Deletes::Shown };
        Ok(Watcher::new(delivery, self.names().clone(), deletes, self.backend().place()))
    }
}
