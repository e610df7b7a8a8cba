//! The configuration of a bucket.

mod mapping;

pub(crate) use mapping::explain;

pub use jetkv_engine::Storage;
pub use jetkv_jetstream::{External, Placement, Republish, Source, SubjectTransform};

use std::collections::BTreeMap;
use std::time::Duration;

/// What a bucket keeps, and how. Fields that are `None` set no limit.
///
/// ```
/// use jetkv::KeyValueConfig;
/// use std::time::Duration;
/// let config = KeyValueConfig::new("sessions").history(5).ttl(Duration::from_secs(3600));
/// assert_eq!((config.bucket.as_str(), config.history), ("sessions", 5));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValueConfig {
    /// Name of the bucket: `A-Z a-z 0-9 - _`.
    pub bucket: String,
    /// Free text, at most 4,096 bytes.
    pub description: String,
    /// Largest value in bytes, its headers included; at least 1.
    pub max_value_size: Option<u32>,
    /// Revisions kept of each key, 1 to 64.
    pub history: u32,
    /// Longest life of an entry, at least 100 ms.
    pub ttl: Option<Duration>,
    /// Most bytes of the bucket; writes beyond it are refused. At least 1.
    pub max_bytes: Option<u64>,
    /// Where entries live. It never changes.
    pub storage: Storage,
    /// How many servers keep a copy; the embedded place has 1.
    pub replicas: u32,
    /// On which servers of a cluster the bucket lives; not in the embedded place.
    pub placement: Option<Placement>,
    /// Where stored entries are published again; not in the embedded place.
    pub republish: Option<Republish>,
    /// The bucket that this one copies; not in the embedded place.
    pub mirror: Option<Source>,
    /// The buckets that this one collects from; not in the embedded place.
    pub sources: Vec<Source>,
    /// Whether values are compressed where it pays.
    pub compression: bool,
    /// If set, a key whose value expires leaves a marker that lives this long, at least 1 s.
    pub limit_marker_ttl: Option<Duration>,
    /// Free words. Those that begin with `_nats.` belong to servers and are left out.
    pub metadata: BTreeMap<String, String>,
}

impl KeyValueConfig {
    /// Returns the defaults: history 1, files, no limit.
    #[must_use]
    pub fn new(bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            description: String::new(),
            max_value_size: None,
            history: 1,
            ttl: None,
            max_bytes: None,
            storage: Storage::File,
            replicas: 1,
            placement: None,
            republish: None,
            mirror: None,
            sources: Vec::new(),
            compression: false,
            limit_marker_ttl: None,
            metadata: BTreeMap::new(),
        }
    }

    /// Sets the description.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }

    /// Sets the largest value in bytes.
    #[must_use]
    pub fn max_value_size(self, bytes: u32) -> Self {
        Self { max_value_size: Some(bytes), ..self }
    }

    /// Sets how many revisions of each key are kept.
    #[must_use]
    pub fn history(self, history: u32) -> Self {
        Self { history, ..self }
    }

    /// Sets the longest life of an entry.
    #[must_use]
    pub fn ttl(self, ttl: Duration) -> Self {
        Self { ttl: Some(ttl), ..self }
    }

    /// Sets the most bytes of the bucket.
    #[must_use]
    pub fn max_bytes(self, bytes: u64) -> Self {
        Self { max_bytes: Some(bytes), ..self }
    }

    /// Sets where entries live.
    #[must_use]
    pub fn storage(self, storage: Storage) -> Self {
        Self { storage, ..self }
    }

    /// Sets how many servers keep a copy.
    #[must_use]
    pub fn replicas(self, replicas: u32) -> Self {
        Self { replicas, ..self }
    }

    /// Sets on which servers the bucket lives.
    #[must_use]
    pub fn placement(self, placement: Placement) -> Self {
        Self { placement: Some(placement), ..self }
    }

    /// Sets where stored entries are published again.
    #[must_use]
    pub fn republish(self, republish: Republish) -> Self {
        Self { republish: Some(republish), ..self }
    }

    /// Sets the bucket to copy.
    #[must_use]
    pub fn mirror(self, origin: Source) -> Self {
        Self { mirror: Some(origin), ..self }
    }

    /// Sets the buckets to collect from.
    #[must_use]
    pub fn sources(self, origins: impl IntoIterator<Item = Source>) -> Self {
        Self { sources: origins.into_iter().collect(), ..self }
    }

    /// Compresses values where it pays.
    #[must_use]
    pub fn compression(self) -> Self {
        Self { compression: true, ..self }
    }

    /// Sets how long the marker of an expired key lives.
    #[must_use]
    pub fn limit_marker_ttl(self, ttl: Duration) -> Self {
        Self { limit_marker_ttl: Some(ttl), ..self }
    }

    /// Sets the metadata.
    #[must_use]
    pub fn metadata<K: Into<String>, V: Into<String>>(self, words: impl IntoIterator<Item = (K, V)>) -> Self {
        let metadata = words.into_iter().map(|(name, text)| (name.into(), text.into())).collect();
        Self { metadata, ..self }
    }
}
