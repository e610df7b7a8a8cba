//! Between the configuration of a bucket and the settings of its stream, as the official clients do it (PROTOCOL 6.4).

use super::{KeyValueConfig, Source, SubjectTransform};
use crate::backend::Fault;
use crate::names::{self, BucketNames};
use crate::{KvError, error::Context};
use jetkv_engine::{Compression, Discard};
use jetkv_jetstream::StreamSettings;
use jetkv_types::limits::{DESCRIPTION_BYTES_MAX, HISTORY_MAX, MESSAGE_BYTES_MAX};

impl KeyValueConfig {
    /// Checks the configuration and turns it into the settings of the stream behind the bucket.
    pub(crate) fn to_settings(&self, names: &BucketNames) -> Result<StreamSettings, KvError> {
        self.check()?;
        let subjects = if self.mirror.is_some() { Vec::new() } else { vec![names.all.clone()] };
        let mut settings = StreamSettings::new(names.stream.clone(), subjects);
        settings.description.clone_from(&self.description);
        settings.max_bytes = self.max_bytes;
        settings.max_age = self.ttl;
        settings.max_msgs_per_subject = Some(u64::from(self.history));
        settings.max_msg_size = self.max_value_size;
        settings.discard = Discard::New;
        settings.storage = self.storage;
        settings.replicas = self.replicas;
        settings.placement.clone_from(&self.placement);
        settings.republish.clone_from(&self.republish);
        settings.mirror = self.mirror.as_ref().map(stream_origin);
        settings.sources = self.sources.iter().map(|source| stream_source(source, &names.bucket)).collect();
        settings.compression = if self.compression { Compression::Lz4 } else { Compression::None };
        settings.allow_rollup = true;
        settings.deny_delete = true;
        settings.allow_direct = true;
        // Every bucket takes keys with a time to live of their own, as those of the Python client do.
        settings.allow_msg_ttl = true;
        // Batches of writes go over the wire as atomic batches, also to a store that is served later. A mirror takes no writes.
        settings.allow_atomic = self.mirror.is_none();
        settings.subject_delete_marker_ttl = self.limit_marker_ttl;
        settings.metadata = self.user_metadata();
        Ok(settings.normalized())
    }

    /// Reads the configuration of a bucket off its stream.
    pub(crate) fn from_settings(names: &BucketNames, settings: &StreamSettings) -> Result<Self, KvError> {
        let history = settings.max_msgs_per_subject.and_then(|history| u32::try_from(history).ok());
        let history = history.ok_or_else(|| KvError::InvalidConfig {
            bucket: names.bucket.as_ref().into(),
            reason: format!("stream {} is no bucket: its history has no limit", settings.name),
        })?;
        let config = Self {
            bucket: names.bucket.as_ref().into(),
            description: settings.description.clone(),
            max_value_size: settings.max_msg_size,
            history,
            ttl: settings.max_age,
            max_bytes: settings.max_bytes,
            storage: settings.storage,
            replicas: settings.replicas,
            placement: settings.placement.clone(),
            republish: settings.republish.clone(),
            mirror: settings.mirror.clone(),
            sources: settings.sources.clone(),
            compression: settings.compression != Compression::None,
            limit_marker_ttl: settings.subject_delete_marker_ttl,
            metadata: settings.metadata.clone(),
        };
        Ok(config.normalized())
    }

    /// Returns the configuration without words that are not the user's, and with origins as streams have them, so that equal
    /// ones compare equal.
    pub(crate) fn normalized(self) -> Self {
        Self {
            metadata: self.user_metadata(),
            mirror: self.mirror.as_ref().map(stream_origin),
            sources: self.sources.iter().map(|source| stream_source(source, &self.bucket)).collect(),
            ..self
        }
    }

    fn user_metadata(&self) -> std::collections::BTreeMap<String, String> {
        let words = self.metadata.iter().filter(|(name, _)| !name.starts_with(SERVER_METADATA_PREFIX));
        words.map(|(name, text)| (name.clone(), text.clone())).collect()
    }

    /// Checks the ranges that hold at every place; creating a bucket checks the rest.
    ///
    /// # Errors
    /// [`KvError::HistoryOutOfRange`], [`KvError::InvalidConfig`].
    pub fn check(&self) -> Result<(), KvError> {
        if self.history == 0 || self.history > HISTORY_MAX {
            return Err(KvError::HistoryOutOfRange { history: self.history, max: HISTORY_MAX });
        }
        let invalid =
            |reason: &str| Err(KvError::InvalidConfig { bucket: self.bucket.clone(), reason: reason.into() });
        if self.max_value_size == Some(0) {
            return invalid("max_value_size of 0 is out of range, at least 1 byte is needed");
        }
        let fits = |bytes: u32| usize::try_from(bytes).is_ok_and(|bytes| bytes <= MESSAGE_BYTES_MAX);
        if let Some(size) = self.max_value_size.filter(|&size| !fits(size)) {
            return invalid(&format!(
                "max_value_size of {size} is out of range, at most {MESSAGE_BYTES_MAX} bytes are possible"
            ));
        }
        if self.description.len() > DESCRIPTION_BYTES_MAX {
            return invalid(&format!(
                "the description is too long, at most {DESCRIPTION_BYTES_MAX} bytes are possible"
            ));
        }
        if self.max_bytes == Some(0) {
            return invalid("max_bytes of 0 is out of range, at least 1 byte is needed");
        }
        Ok(())
    }
}

/// Names an error about the settings of a bucket.
pub(crate) fn explain(bucket: &str, place: &'static str, error: Fault) -> KvError {
    Context { bucket, key: None, place }.explain(error)
}

fn stream_origin(origin: &Source) -> Source {
    Source { name: names::stream_of(&origin.name), ..origin.clone() }
}

/// Keys of the origin become keys of this bucket, unless the caller said how.
fn stream_source(origin: &Source, bucket: &str) -> Source {
    let mut source = stream_origin(origin);
    let same_name_elsewhere = source.external.is_some() && source.name == names::stream_of(bucket);
    if source.subject_transforms.is_empty() && !same_name_elsewhere {
        let origin_bucket = source.name.strip_prefix("KV_").unwrap_or(&source.name).to_owned();
        source.subject_transforms.push(SubjectTransform {
            source: format!("{}>", names::subject_prefix(&origin_bucket)),
            destination: format!("{}>", names::subject_prefix(bucket)),
        });
    }
    source
}

const SERVER_METADATA_PREFIX: &str = "_nats.";
