//! Context and manager without `async`.

use super::KeyValue;
use crate::{Damage, KeyValueConfig, KvError, OpenOptions, Progress, RepairReport, Status, StoreStats};
use pollster::block_on;
use std::path::Path;

/// A place that holds buckets; see [`crate::JetStream`].
#[derive(Debug, Clone)]
pub struct JetStream(crate::JetStream);

/// Opens, creates, changes, lists and deletes buckets; see [`crate::KeyValueManager`].
#[derive(Debug, Clone)]
pub struct KeyValueManager(crate::KeyValueManager);

impl From<crate::JetStream> for JetStream {
    fn from(js: crate::JetStream) -> Self {
        Self(js)
    }
}

impl From<JetStream> for crate::JetStream {
    fn from(js: JetStream) -> Self {
        js.0
    }
}

impl JetStream {
    /// Does what [`crate::JetStream::open`] does.
    ///
    /// # Errors
    /// As there.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, KvError> {
        block_on(crate::JetStream::open(dir)).map(Self)
    }

    /// Does what [`crate::JetStream::open_with`] does.
    ///
    /// # Errors
    /// As there.
    pub fn open_with(dir: impl AsRef<Path>, options: OpenOptions) -> Result<Self, KvError> {
        block_on(crate::JetStream::open_with(dir, options)).map(Self)
    }

    /// Does what [`crate::JetStream::memory`] does.
    ///
    /// # Errors
    /// As there.
    pub fn memory() -> Result<Self, KvError> {
        block_on(crate::JetStream::memory()).map(Self)
    }

    /// Does what [`crate::JetStream::connect`] does.
    ///
    /// # Errors
    /// As there.
    #[cfg(feature = "remote")]
    pub fn connect(urls: &str) -> Result<Self, KvError> {
        block_on(crate::JetStream::connect(urls)).map(Self)
    }

    /// Does what [`crate::JetStream::connect_with`] does.
    ///
    /// # Errors
    /// As there.
    #[cfg(feature = "remote")]
    pub fn connect_with(options: crate::ConnectOptions) -> Result<Self, KvError> {
        block_on(crate::JetStream::connect_with(options)).map(Self)
    }

    /// Does what [`crate::JetStream::at`] does.
    ///
    /// # Errors
    /// As there.
    pub fn at(place: &str) -> Result<Self, KvError> {
        block_on(crate::JetStream::at(place)).map(Self)
    }

    /// Does what [`crate::JetStream::place`] does.
    #[must_use]
    pub fn place(&self) -> &'static str {
        self.0.place()
    }

    /// Does what [`crate::JetStream::server_id`] does.
    #[must_use]
    pub fn server_id(&self) -> Option<String> {
        self.0.server_id()
    }

    /// Returns the same context with `async` functions.
    #[must_use]
    pub fn to_async(&self) -> crate::JetStream {
        self.0.clone()
    }

    /// Returns the manager of the buckets.
    #[must_use]
    pub fn key_value_manager(&self) -> KeyValueManager {
        KeyValueManager(self.0.key_value_manager())
    }

    /// Does what [`crate::KeyValueManager::key_value`] does.
    ///
    /// # Errors
    /// As there.
    pub fn key_value(&self, bucket: &str) -> Result<KeyValue, KvError> {
        self.key_value_manager().key_value(bucket)
    }

    /// Does what [`crate::KeyValueManager::create_key_value`] does.
    ///
    /// # Errors
    /// As there.
    pub fn create_key_value(&self, config: KeyValueConfig) -> Result<KeyValue, KvError> {
        self.key_value_manager().create_key_value(config)
    }

    /// Does what [`crate::KeyValueManager::update_key_value`] does.
    ///
    /// # Errors
    /// As there.
    pub fn update_key_value(&self, config: KeyValueConfig) -> Result<KeyValue, KvError> {
        self.key_value_manager().update_key_value(config)
    }

    /// Does what [`crate::KeyValueManager::create_or_update_key_value`] does.
    ///
    /// # Errors
    /// As there.
    pub fn create_or_update_key_value(&self, config: KeyValueConfig) -> Result<KeyValue, KvError> {
        self.key_value_manager().create_or_update_key_value(config)
    }

    /// Does what [`crate::KeyValueManager::delete_key_value`] does.
    ///
    /// # Errors
    /// As there.
    pub fn delete_key_value(&self, bucket: &str) -> Result<(), KvError> {
        self.key_value_manager().delete_key_value(bucket)
    }

    /// Does what [`crate::KeyValueManager::key_value_names`] does.
    ///
    /// # Errors
    /// As there.
    pub fn key_value_names(&self) -> Result<Vec<String>, KvError> {
        self.key_value_manager().key_value_names()
    }

    /// Does what [`crate::KeyValueManager::key_value_statuses`] does.
    ///
    /// # Errors
    /// As there.
    pub fn key_value_statuses(&self) -> Result<Vec<Status>, KvError> {
        self.key_value_manager().key_value_statuses()
    }

    /// Does what [`crate::JetStream::health`] does.
    ///
    /// # Errors
    /// As there.
    pub fn health(&self) -> Result<Vec<Damage>, KvError> {
        block_on(self.0.health())
    }

    /// Does what [`crate::JetStream::check`] does.
    ///
    /// # Errors
    /// As there.
    pub fn check(&self, progress: impl FnMut(Progress) + Send) -> Result<Vec<Damage>, KvError> {
        block_on(self.0.check(progress))
    }

    /// Does what [`crate::JetStream::repair`] does.
    ///
    /// # Errors
    /// As there.
    pub fn repair(&self) -> Result<RepairReport, KvError> {
        block_on(self.0.repair())
    }

    /// Does what [`crate::JetStream::compact`] does.
    ///
    /// # Errors
    /// As there.
    pub fn compact(&self) -> Result<(), KvError> {
        block_on(self.0.compact())
    }

    /// Does what [`crate::JetStream::stats`] does.
    ///
    /// # Errors
    /// As there.
    pub fn stats(&self) -> Result<StoreStats, KvError> {
        block_on(self.0.stats())
    }

    /// Does what [`crate::JetStream::close`] does.
    ///
    /// # Errors
    /// As there.
    pub fn close(&self) -> Result<(), KvError> {
        block_on(self.0.close())
    }
}

impl KeyValueManager {
    /// Does what [`crate::KeyValueManager::key_value`] does.
    ///
    /// # Errors
    /// As there.
    pub fn key_value(&self, bucket: &str) -> Result<KeyValue, KvError> {
        block_on(self.0.key_value(bucket)).map(KeyValue::from)
    }

    /// Does what [`crate::KeyValueManager::create_key_value`] does.
    ///
    /// # Errors
    /// As there.
    pub fn create_key_value(&self, config: KeyValueConfig) -> Result<KeyValue, KvError> {
        block_on(self.0.create_key_value(config)).map(KeyValue::from)
    }

    /// Does what [`crate::KeyValueManager::update_key_value`] does.
    ///
    /// # Errors
    /// As there.
    pub fn update_key_value(&self, config: KeyValueConfig) -> Result<KeyValue, KvError> {
        block_on(self.0.update_key_value(config)).map(KeyValue::from)
    }

    /// Does what [`crate::KeyValueManager::create_or_update_key_value`] does.
    ///
    /// # Errors
    /// As there.
    pub fn create_or_update_key_value(&self, config: KeyValueConfig) -> Result<KeyValue, KvError> {
        block_on(self.0.create_or_update_key_value(config)).map(KeyValue::from)
    }

    /// Does what [`crate::KeyValueManager::delete_key_value`] does.
    ///
    /// # Errors
    /// As there.
    pub fn delete_key_value(&self, bucket: &str) -> Result<(), KvError> {
        block_on(self.0.delete_key_value(bucket))
    }

    /// Does what [`crate::KeyValueManager::key_value_names`] does.
    ///
    /// # Errors
    /// As there.
    pub fn key_value_names(&self) -> Result<Vec<String>, KvError> {
        block_on(self.0.key_value_names())
    }

    /// Does what [`crate::KeyValueManager::key_value_statuses`] does.
    ///
    /// # Errors
    /// As there.
    pub fn key_value_statuses(&self) -> Result<Vec<Status>, KvError> {
        block_on(self.0.key_value_statuses())
    }
}
