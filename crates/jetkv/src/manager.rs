//! The manager of buckets.

use crate::backend::{Backend, Fault};
use crate::config::explain;
use crate::names::{self, BucketNames};
use crate::{KeyValue, KeyValueConfig, KvError, Status};

/// Opens, creates, changes, lists and deletes buckets. Cheap to clone.
#[derive(Debug, Clone)]
pub struct KeyValueManager {
    backend: Backend,
}

impl KeyValueManager {
    pub(crate) fn new(backend: Backend) -> Self {
        Self { backend }
    }

    /// Opens a bucket that exists.
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`], [`KvError::InvalidBucket`].
    pub async fn key_value(&self, bucket: &str) -> Result<KeyValue, KvError> {
        let names = BucketNames::new(bucket)?;
        let stream = self.backend.stream(&names.stream).await.map_err(|error| self.explain(bucket, error))?;
        let settings = stream.settings().await.map_err(|error| self.explain(bucket, error))?;
        // A stream that is no bucket is noticed here, not at the first surprise.
        KeyValueConfig::from_settings(&names, &settings)?;
        Ok(KeyValue::new(self.backend.clone(), stream, names))
    }

    /// Creates a bucket. It is durable when this returns. One that exists with an equal configuration is opened.
    ///
    /// ```
    /// # pollster::block_on(async {
    /// # let js = jetkv::JetStream::memory().await?;
    /// let config = jetkv::KeyValueConfig::new("app").history(5);
    /// js.create_key_value(config.clone()).await?;
    /// js.create_key_value(config).await?; // the same again is fine
    /// assert_eq!(js.key_value_names().await?, ["app"]);
    /// # Ok::<_, jetkv::KvError>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`KvError::BucketExists`] if it exists with another configuration; [`KvError::InvalidBucket`],
    /// [`KvError::InvalidConfig`], [`KvError::HistoryOutOfRange`], [`KvError::Unsupported`].
    pub async fn create_key_value(&self, config: KeyValueConfig) -> Result<KeyValue, KvError> {
        let names = BucketNames::new(&config.bucket)?;
        let settings = config.to_settings(&names)?;
        match self.backend.create_stream(&settings).await.map_err(|error| self.explain(&config.bucket, error))
        {
            Ok(stream) => Ok(KeyValue::new(self.backend.clone(), stream, names)),
            Err(KvError::BucketExists { bucket }) => {
                let existing = self.key_value(&config.bucket).await?;
                if existing.config().await? == config.normalized() {
                    Ok(existing)
                } else {
                    Err(KvError::BucketExists { bucket })
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Changes the configuration of a bucket that exists; all of `config` holds afterwards, at once: a lower history removes
    /// older revisions. Handles that are open go on working.
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`]; [`KvError::InvalidConfig`] also for another storage, which never changes.
    pub async fn update_key_value(&self, config: KeyValueConfig) -> Result<KeyValue, KvError> {
        let names = BucketNames::new(&config.bucket)?;
        let settings = config.to_settings(&names)?;
        let updated = self.backend.update_stream(settings).await;
        let stream = updated.map_err(|error| self.explain(&config.bucket, error))?;
        Ok(KeyValue::new(self.backend.clone(), stream, names))
    }

    /// Changes a bucket, or creates it if there is none.
    ///
    /// # Errors
    /// As [`Self::update_key_value`] and [`Self::create_key_value`].
    pub async fn create_or_update_key_value(&self, config: KeyValueConfig) -> Result<KeyValue, KvError> {
        match self.update_key_value(config.clone()).await {
            Err(KvError::BucketNotFound { .. }) => self.create_key_value(config).await,
            done => done,
        }
    }

    /// Deletes a bucket with all its entries. It is gone for good when this returns.
    ///
    /// # Errors
    /// [`KvError::BucketNotFound`], [`KvError::InvalidBucket`].
    pub async fn delete_key_value(&self, bucket: &str) -> Result<(), KvError> {
        let names = BucketNames::new(bucket)?;
        self.backend.delete_stream(&names.stream).await.map_err(|error| self.explain(bucket, error))
    }

    /// Returns the names of all buckets, sorted.
    ///
    /// # Errors
    /// None in the embedded place; [`KvError::Unavailable`] and [`KvError::TimedOut`] in the remote one.
    pub async fn key_value_names(&self) -> Result<Vec<String>, KvError> {
        let streams = self.backend.stream_names().await.map_err(|error| self.explain("", error))?;
        let mut buckets: Vec<_> =
            streams.iter().filter_map(|stream| names::bucket_of_stream(stream).map(str::to_owned)).collect();
        buckets.sort_unstable();
        Ok(buckets)
    }

    /// Returns the status of every bucket, sorted by name. One that is deleted meanwhile is left out.
    ///
    /// # Errors
    /// [`KvError::InvalidConfig`] for a stream with the name of a bucket that is none.
    pub async fn key_value_statuses(&self) -> Result<Vec<Status>, KvError> {
        let mut statuses = Vec::new();
        for bucket in self.key_value_names().await? {
            let status = match self.key_value(&bucket).await {
                Ok(bucket) => bucket.status().await,
                Err(error) => Err(error),
            };
            match status {
                Ok(status) => statuses.push(status),
                Err(KvError::BucketNotFound { .. } | KvError::BucketDeleted { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(statuses)
    }

    fn explain(&self, bucket: &str, error: Fault) -> KvError {
        explain(bucket, self.backend.place(), error)
    }
}
