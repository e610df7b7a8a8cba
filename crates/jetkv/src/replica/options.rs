//! How a replica is opened, and of what.

use crate::{JetStream, OpenOptions, Sync};
use std::path::PathBuf;
use std::time::Duration;

/// How a replica is kept. The defaults: all keys, in memory.
///
/// ```
/// use jetkv::ReplicaOptions;
/// let options = ReplicaOptions::new().directory("replica").filters(["web.>", "db.*"]);
/// # let _ = options;
/// ```
#[derive(Debug, Clone)]
pub struct ReplicaOptions {
    pub(super) directory: Option<PathBuf>,
    pub(super) filters: Vec<String>,
    pub(super) check_interval: Duration,
    pub(super) store: OpenOptions,
}

/// The place that has the source of a replica.
#[derive(Debug, Clone)]
pub enum ReplicaSource {
    /// A place that is open. Who opened it closes it.
    Open(JetStream),
    /// Servers that the replica connects to by itself, as soon as it can.
    #[cfg(feature = "remote")]
    Connect(Box<crate::ConnectOptions>),
}

impl ReplicaOptions {
    /// Returns the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self {
            directory: None,
            filters: Vec::new(),
            check_interval: CHECK_INTERVAL_DEFAULT,
            // What a power cut takes is fetched again.
            store: OpenOptions::new().sync(Sync::Os),
        }
    }

    /// Keeps the replica in a directory of its own, so that it goes on there when it is opened again.
    #[must_use]
    pub fn directory(self, directory: impl Into<PathBuf>) -> Self {
        Self { directory: Some(directory.into()), ..self }
    }

    /// Keeps only keys that match any of `filters`. A replica that is opened again with other ones begins anew.
    #[must_use]
    pub fn filters<F: Into<String>>(self, filters: impl IntoIterator<Item = F>) -> Self {
        Self { filters: filters.into_iter().map(Into::into).collect(), ..self }
    }

    /// Sets how often the source is asked how it stands, at least 50 ms; default 5 s.
    ///
    /// That finds what it removed without a marker: at once while nobody writes, else within six times as long.
    #[must_use]
    pub fn check_interval(self, interval: Duration) -> Self {
        Self { check_interval: interval.max(CHECK_INTERVAL_MIN), ..self }
    }

    /// Sets how the store of the replica is opened; default [`Sync::Os`], as what a power cut takes is fetched again.
    #[must_use]
    pub fn store(self, options: OpenOptions) -> Self {
        Self { store: options, ..self }
    }
}

impl Default for ReplicaOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl From<JetStream> for ReplicaSource {
    fn from(js: JetStream) -> Self {
        Self::Open(js)
    }
}

impl From<&JetStream> for ReplicaSource {
    fn from(js: &JetStream) -> Self {
        Self::Open(js.clone())
    }
}

impl From<&crate::blocking::JetStream> for ReplicaSource {
    fn from(js: &crate::blocking::JetStream) -> Self {
        Self::Open(js.to_async())
    }
}

#[cfg(feature = "remote")]
impl From<crate::ConnectOptions> for ReplicaSource {
    fn from(options: crate::ConnectOptions) -> Self {
        Self::Connect(Box::new(options))
    }
}

const CHECK_INTERVAL_DEFAULT: Duration = Duration::from_secs(5);
const CHECK_INTERVAL_MIN: Duration = Duration::from_millis(50);
