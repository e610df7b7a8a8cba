//! Listing keys. It costs what it lists, not what the bucket holds, and reads no values.

use super::KeyValue;
use crate::backend::Counts;
use crate::limits::{PAGE_KEYS_MAX, SCAN_KEYS};
use crate::{KvError, Operation, Revision, names};
use jetkv_engine::SubjectState;
use jetkv_types::SubjectFilter;

/// Which part of a listing is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Only keys behind this one; `None` begins with the first.
    pub after: Option<String>,
    /// At most so many keys, 1 to [`crate::PAGE_KEYS_MAX`].
    pub limit: usize,
    /// Whether keys are listed that were deleted and whose markers are kept.
    pub include_deletes: bool,
}

impl Page {
    /// Returns the first page, of at most `limit` keys with a value.
    #[must_use]
    pub fn first(limit: usize) -> Self {
        Self { after: None, limit, include_deletes: false }
    }

    /// Begins behind `key`: what [`KeyPage::next`] said.
    #[must_use]
    pub fn after(self, key: impl Into<String>) -> Self {
        Self { after: Some(key.into()), ..self }
    }

    /// Lists deleted keys too.
    #[must_use]
    pub fn include_deletes(self) -> Self {
        Self { include_deletes: true, ..self }
    }
}

/// A part of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyPage {
    /// The keys, in token order.
    pub keys: Vec<KeyInfo>,
    /// Where the next page begins (as [`Page::after`]); `None` if this is the last one.
    pub next: Option<String>,
}

/// What is known of a key without reading its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// The key.
    pub key: String,
    /// Revision of its last entry.
    pub revision: Revision,
    /// What its last entry does.
    pub operation: Operation,
    /// How many entries are kept of it.
    pub history: u64,
}

impl KeyValue {
    /// Returns all keys with a value, in token order.
    ///
    /// # Errors
    /// [`KvError::Damaged`] if it cannot be told which keys there are.
    pub async fn keys(&self) -> Result<Vec<String>, KvError> {
        self.keys_of(&self.names().all).await
    }

    /// Returns the keys with a value that match any of `filters`, each once, in token order.
    ///
    /// # Errors
    /// [`KvError::InvalidFilter`], also for no filter at all; else as [`Self::keys`].
    pub async fn keys_matching(&self, filters: &[&str]) -> Result<Vec<String>, KvError> {
        let filters = self.names().filters(filters)?;
        if let [filter] = filters.as_slice() {
            return self.keys_of(filter).await;
        }
        let mut keys = Vec::new();
        for filter in &filters {
            keys.extend(self.keys_of(filter).await?);
        }
        keys.sort_unstable_by(|left, right| names::token_order(left, right));
        keys.dedup();
        Ok(keys)
    }

    /// Returns one page of the keys that match `filter`, in token order.
    ///
    /// ```
    /// # let js = jetkv::blocking::JetStream::memory()?;
    /// # let kv = js.create_key_value(jetkv::KeyValueConfig::new("app"))?;
    /// for key in ["a", "b", "c"] { kv.put(key, "1")?; }
    /// let page = kv.list(">", jetkv::Page::first(2))?;
    /// let rest = kv.list(">", jetkv::Page::first(2).after(page.next.unwrap()))?;
    /// assert_eq!((rest.keys[0].key.as_str(), rest.next), ("c", None));
    /// # Ok::<_, jetkv::KvError>(())
    /// ```
    ///
    /// # Errors
    /// [`KvError::InvalidFilter`], [`KvError::InvalidOption`] for a limit out of range, [`KvError::InvalidKey`] for the key
    /// to begin behind; else as [`Self::keys`].
    pub async fn list(&self, filter: &str, page: Page) -> Result<KeyPage, KvError> {
        let filter = self.names().filter(filter)?;
        if page.limit == 0 || page.limit > PAGE_KEYS_MAX {
            return Err(KvError::InvalidOption {
                option: format!("page limit {}", page.limit),
                reason: format!("1 to {PAGE_KEYS_MAX} keys fit on a page"),
            });
        }
        let mut after = page.after.as_deref().map(|key| self.names().subject(key)).transpose()?;
        let mut keys: Vec<KeyInfo> = Vec::new();
        loop {
            // One more than is missing tells whether there is a next page.
            let wanted = (page.limit - keys.len() + 1).max(SCAN_KEYS.min(page.limit + 1));
            let states = self.stream().subjects(&filter, after.as_ref(), wanted, Counts::Wanted).await;
            let states = states.map_err(|error| self.explain(None, error))?;
            let is_last = states.len() < wanted;
            for state in states {
                if page.include_deletes || !state.operation.is_marker() {
                    if keys.len() == page.limit {
                        let next = keys.last().map(|info| info.key.clone());
                        return Ok(KeyPage { keys, next });
                    }
                    keys.push(self.key_info(&state));
                }
                after = Some(state.subject);
            }
            if is_last {
                return Ok(KeyPage { keys, next: None });
            }
        }
    }

    /// Returns how many keys with a value match `filter`.
    ///
    /// # Errors
    /// As [`Self::keys_matching`].
    pub async fn count(&self, filter: &str) -> Result<u64, KvError> {
        let mut count = 0;
        let filter = self.names().filter(filter)?;
        self.visit(&filter, |state| count += u64::from(!state.operation.is_marker())).await?;
        Ok(count)
    }

    async fn keys_of(&self, filter: &SubjectFilter) -> Result<Vec<String>, KvError> {
        let mut keys = Vec::new();
        let mut take = |state: &SubjectState| {
            if !state.operation.is_marker() {
                keys.push(self.names().key_of(&state.subject).to_owned());
            }
        };
        self.visit(filter, &mut take).await?;
        Ok(keys)
    }

    /// Shows every matching subject to `visit`, a page at a time, so that no lock is held for long.
    pub(super) async fn visit(
        &self,
        filter: &SubjectFilter,
        mut visit: impl FnMut(&SubjectState),
    ) -> Result<(), KvError> {
        let mut after = None;
        let page = self.stream().walk_page();
        loop {
            let states = self.stream().subjects(filter, after.as_ref(), page, Counts::Unneeded).await;
            let mut states = states.map_err(|error| self.explain(None, error))?;
            states.iter().for_each(&mut visit);
            if states.len() < page {
                return Ok(());
            }
            after = states.pop().map(|state| state.subject);
        }
    }

    pub(super) fn key_info(&self, state: &SubjectState) -> KeyInfo {
        KeyInfo {
            key: self.names().key_of(&state.subject).to_owned(),
            revision: state.sequence,
            operation: state.operation.into(),
            history: state.messages,
        }
    }
}
