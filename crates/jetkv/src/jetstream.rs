//! The JetStream context: a place that holds buckets.

use crate::backend::{Backend, Embedded};
use crate::{
    Damage, KeyValue, KeyValueConfig, KeyValueManager, KvError, OpenOptions, Progress, RepairReport, Status,
    names,
};
use std::path::Path;

pub use jetkv_engine::{StoreStats, SyncTimes};

/// A place that holds buckets, open. Cheap to clone.
///
/// Opening, creating and closing read and write files before they return; in an async program that must not be held up,
/// call them where blocking is allowed. No function needs a runtime.
///
/// ```
/// # pollster::block_on(async {
/// let js = jetkv::JetStream::memory().await?;
/// let kv = js.create_key_value(jetkv::KeyValueConfig::new("app")).await?;
/// let revision = kv.put("web.port", "80").await?;
/// assert_eq!(kv.get("web.port").await?.map(|entry| entry.revision), Some(revision));
/// # js.close().await }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct JetStream {
    backend: Backend,
}

impl JetStream {
    /// Opens the embedded store in the directory `dir` and creates it if it is missing. Every write is durable before it is
    /// acknowledged.
    ///
    /// # Errors
    /// [`KvError::StoreLocked`] if it is open elsewhere; [`KvError::Storage`] for what the disk says.
    pub async fn open(dir: impl AsRef<Path>) -> Result<Self, KvError> {
        Self::open_with(dir, OpenOptions::new()).await
    }

    /// Opens the embedded store in the directory `dir`.
    ///
    /// # Errors
    /// As [`Self::open`], and [`KvError::StoreNotFound`] if an existing store was demanded, [`KvError::InvalidOption`].
    pub async fn open_with(dir: impl AsRef<Path>, options: OpenOptions) -> Result<Self, KvError> {
        let embedded = Embedded::open(dir.as_ref(), &options)?;
        Ok(Self { backend: Backend::Embedded(embedded) })
    }

    /// Connects to a server or to a cluster: `nats://host:4222`, or several of its servers, separated by commas. Buckets there
    /// work as in the embedded place; [`KvError::Unsupported`] names what only that has.
    ///
    /// # Errors
    /// [`KvError::Unavailable`] if no server answers or none has JetStream, [`KvError::Denied`], [`KvError::InvalidOption`].
    #[cfg(feature = "remote")]
    pub async fn connect(urls: &str) -> Result<Self, KvError> {
        Self::connect_with(crate::ConnectOptions::new(urls)).await
    }

    /// Connects to a server or to a cluster, with a login, TLS or time limits.
    ///
    /// # Errors
    /// As [`Self::connect`].
    #[cfg(feature = "remote")]
    pub async fn connect_with(options: crate::ConnectOptions) -> Result<Self, KvError> {
        let remote = crate::backend::Remote::connect(options).await;
        let remote = remote.map_err(|fault| KvError::of_place(fault, "remote"))?;
        Ok(Self { backend: Backend::Remote(remote) })
    }

    /// Opens the place that a text names: servers (`nats://...`, `tls://...`), `memory:`, or else a directory.
    ///
    /// ```
    /// # pollster::block_on(async {
    /// let place = "memory:"; // or "data", or "nats://localhost", or "nats://a.example,nats://b.example"
    /// let js = jetkv::JetStream::at(place).await?;
    /// js.create_key_value(jetkv::KeyValueConfig::new("app")).await?.put("web.port", "80").await?;
    /// # js.close().await }).unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`Self::open`] and [`Self::connect`]; without the feature `remote`, [`KvError::Unsupported`] for servers.
    pub async fn at(place: &str) -> Result<Self, KvError> {
        if place == "memory:" {
            return Self::memory().await;
        }
        if !place.contains("://") {
            return Self::open(place).await;
        }
        #[cfg(feature = "remote")]
        return Self::connect(place).await;
        #[cfg(not(feature = "remote"))]
        return Err(KvError::Unsupported { option: "a connection to a server".into(), place: "embedded" });
    }

    /// Opens an empty store in memory; it is gone with its last handle.
    ///
    /// # Errors
    /// [`KvError::Storage`] if its threads cannot be started.
    pub async fn memory() -> Result<Self, KvError> {
        Self::memory_with(OpenOptions::new()).await
    }

    /// Opens an empty store in memory with a clock of the caller's; for tests.
    #[doc(hidden)]
    pub async fn memory_with(options: OpenOptions) -> Result<Self, KvError> {
        Ok(Self { backend: Backend::Embedded(Embedded::memory(&options)?) })
    }

    /// Works on a store of the engine that is open already, as a server has one. Closing it closes it for all.
    #[must_use]
    pub fn on_store(store: jetkv_engine::Store) -> Self {
        Self { backend: Backend::Embedded(Embedded::on(store)) }
    }

    pub(crate) fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Returns the manager of the buckets.
    #[must_use]
    pub fn key_value_manager(&self) -> KeyValueManager {
        KeyValueManager::new(self.backend.clone())
    }

    /// Opens a bucket; see [`KeyValueManager::key_value`].
    ///
    /// # Errors
    /// As there.
    pub async fn key_value(&self, bucket: &str) -> Result<KeyValue, KvError> {
        self.key_value_manager().key_value(bucket).await
    }

    /// Creates a bucket; see [`KeyValueManager::create_key_value`].
    ///
    /// # Errors
    /// As there.
    pub async fn create_key_value(&self, config: KeyValueConfig) -> Result<KeyValue, KvError> {
        self.key_value_manager().create_key_value(config).await
    }

    /// Changes a bucket; see [`KeyValueManager::update_key_value`].
    ///
    /// # Errors
    /// As there.
    pub async fn update_key_value(&self, config: KeyValueConfig) -> Result<KeyValue, KvError> {
        self.key_value_manager().update_key_value(config).await
    }

    /// Creates or changes a bucket; see [`KeyValueManager::create_or_update_key_value`].
    ///
    /// # Errors
    /// As there.
    pub async fn create_or_update_key_value(&self, config: KeyValueConfig) -> Result<KeyValue, KvError> {
        self.key_value_manager().create_or_update_key_value(config).await
    }

    /// Deletes a bucket; see [`KeyValueManager::delete_key_value`].
    ///
    /// # Errors
    /// As there.
    pub async fn delete_key_value(&self, bucket: &str) -> Result<(), KvError> {
        self.key_value_manager().delete_key_value(bucket).await
    }

    /// Returns the names of all buckets, sorted.
    ///
    /// # Errors
    /// As [`KeyValueManager::key_value_names`].
    pub async fn key_value_names(&self) -> Result<Vec<String>, KvError> {
        self.key_value_manager().key_value_names().await
    }

    /// Returns the status of every bucket, sorted by name.
    ///
    /// # Errors
    /// As [`KeyValueManager::key_value_statuses`].
    pub async fn key_value_statuses(&self) -> Result<Vec<Status>, KvError> {
        self.key_value_manager().key_value_statuses().await
    }

    /// Says where this is: `embedded` or `remote`.
    #[must_use]
    pub fn place(&self) -> &'static str {
        self.backend.place()
    }

    /// Returns the id of the server that this is connected to; `None` in the embedded place.
    #[must_use]
    pub fn server_id(&self) -> Option<String> {
        self.backend.server_id()
    }

    /// Returns what is known to be damaged, without reading all data. Empty means healthy.
    ///
    /// # Errors
    /// [`KvError::Closed`]; [`KvError::Unsupported`] in the remote place.
    pub async fn health(&self) -> Result<Vec<Damage>, KvError> {
        Ok(self.name(self.backend.store("health")?.damages()).await)
    }

    /// Reads and verifies everything, and returns all that is damaged.
    ///
    /// # Errors
    /// [`KvError::Storage`] if a file cannot be read at all; [`KvError::Unsupported`] in the remote place.
    pub async fn check(&self, mut progress: impl FnMut(Progress) + Send) -> Result<Vec<Damage>, KvError> {
        let mut told = |done_bytes, total_bytes| progress(Progress { done_bytes, total_bytes });
        let damages = self.backend.store("check")?.check(&mut told).map_err(KvError::from_store)?;
        Ok(self.name(damages).await)
    }

    /// Gives up damaged entries so that everything else works without reserve. Damaged files are set aside, not deleted.
    ///
    /// # Errors
    /// [`KvError::Storage`] and [`KvError::StorageFull`]; what was not repaired yet stays as it was.
    /// [`KvError::Unsupported`] in the remote place.
    pub async fn repair(&self) -> Result<RepairReport, KvError> {
        let store = self.backend.store("repair")?;
        // Names come from streams as they are now; afterwards they no longer know what was damaged.
        let known = self.name(store.damages()).await;
        let report = store.repair().map_err(KvError::from_store)?;
        let bucket_of = |damage: &Damage| {
            let same = |other: &&Damage| other.path == damage.path && other.offset == damage.offset;
            known.iter().find(same).and_then(|damage| damage.bucket.clone())
        };
        let given_up = report.given_up.iter().map(|damage| {
            let damage = Damage::of(damage, None);
            let bucket = damage.bucket.clone().or_else(|| bucket_of(&damage));
            Damage { bucket, ..damage }
        });
        Ok(RepairReport { given_up: given_up.collect(), quarantined: report.quarantined })
    }

    /// Rewrites files that hold anything dead, and gives the space back to the file system.
    ///
    /// # Errors
    /// [`KvError::Storage`] and [`KvError::StorageFull`]; [`KvError::Unsupported`] in the remote place.
    pub async fn compact(&self) -> Result<(), KvError> {
        self.backend.store("compaction")?.compact().map_err(KvError::from_store)
    }

    /// Returns figures of the whole store.
    ///
    /// # Errors
    /// None in the embedded place; [`KvError::Unsupported`] in the remote one.
    pub async fn stats(&self) -> Result<StoreStats, KvError> {
        Ok(self.backend.store("figures of the whole store")?.stats())
    }

    /// Returns how long syncs of the store took since it was opened.
    ///
    /// # Errors
    /// None in the embedded place; [`KvError::Unsupported`] in the remote one.
    pub async fn sync_times(&self) -> Result<SyncTimes, KvError> {
        Ok(self.backend.store("times of syncs")?.sync_times())
    }

    /// Stops cleanly: waits for writes in flight and releases the directory or connection. All handles answer
    /// [`KvError::Closed`] then.
    ///
    /// A store that is dropped without it loses nothing that was acknowledged, and recovers when it is opened again.
    ///
    /// # Errors
    /// [`KvError::Storage`] if the last sync fails.
    pub async fn close(&self) -> Result<(), KvError> {
        self.backend.close().await.map_err(|fault| KvError::of_place(fault, self.place()))
    }

    /// Expires and compacts what is due; for tests with a clock of their own.
    #[doc(hidden)]
    pub fn run_upkeep(&self) -> Result<(), KvError> {
        self.backend.store("upkeep by hand")?.run_upkeep().map_err(KvError::from_store)
    }

    /// Adds the bucket to damages of which the engine does not know the key.
    async fn name(&self, damages: Vec<jetkv_engine::Damage>) -> Vec<Damage> {
        let mut in_buckets = Vec::new();
        for name in self.backend.stream_names().await.unwrap_or_default() {
            let Ok(stream) = self.backend.stream(&name).await else { continue };
            let bucket = names::bucket_of_stream(stream.name()).map(str::to_owned);
            in_buckets.push((bucket, stream.damages().await));
        }
        let bucket_of = |damage: &jetkv_engine::Damage| {
            let holder = in_buckets.iter().find(|(_, damages)| damages.contains(damage));
            holder.and_then(|(bucket, _)| bucket.as_deref())
        };
        damages.iter().map(|damage| Damage::of(damage, bucket_of(damage))).collect()
    }
}
