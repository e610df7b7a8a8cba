//! From errors of streams to errors of buckets: sequences become revisions, subjects become keys.

use super::KvError;
use crate::backend::Fault;
#[cfg(feature = "remote")]
use crate::backend::RemoteError;
use crate::{Damage, names};
use jetkv_engine::EngineError;
use jetkv_jetstream::JetStreamError;
use jetkv_types::HeaderError;

/// What an operation was about; it gives errors their names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The bucket.
    pub(crate) bucket: &'a str,
    /// The key, if the operation has one.
    pub(crate) key: Option<&'a str>,
    /// The place where the bucket lives.
    pub(crate) place: &'static str,
}

impl Context<'_> {
    /// Names an error of a place.
    pub(crate) fn explain(&self, fault: Fault) -> KvError {
        match fault {
            Fault::Stream(error) => self.explain_stream(error),
            #[cfg(feature = "remote")]
            Fault::Remote(error) => self.explain_remote(error),
        }
    }

    #[cfg(feature = "remote")]
    fn explain_remote(&self, error: RemoteError) -> KvError {
        let bucket = || self.bucket.to_owned();
        match error {
            RemoteError::Unsupported { option } => KvError::Unsupported { option, place: self.place },
            RemoteError::BatchDisabled { .. } => KvError::BatchNotSupported { bucket: bucket() },
            RemoteError::Gap { after, last, .. } => KvError::WatchGap { bucket: bucket(), after, last },
            RemoteError::PayloadTooLarge { bytes, max, .. } => KvError::PayloadTooLarge {
                bucket: bucket(),
                key: self.key.unwrap_or_default().to_owned(),
                bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
                max: u64::try_from(max).unwrap_or(u64::MAX),
            },
            other => KvError::of_connection(other),
        }
    }

    fn explain_stream(&self, error: JetStreamError) -> KvError {
        let bucket = || self.bucket.to_owned();
        match error {
            JetStreamError::Unsupported { option, .. } => {
                KvError::Unsupported { option: option.into(), place: self.place }
            }
            JetStreamError::InvalidSettings { reason, .. } => {
                KvError::InvalidConfig { bucket: bucket(), reason }
            }
            JetStreamError::InvalidTtl { text, reason } => {
                KvError::InvalidTtl { ttl: text, reason: reason.into() }
            }
            JetStreamError::TtlDisabled { .. } => KvError::TtlNotSupported { bucket: bucket() },
            JetStreamError::RollupNotPermitted { .. } => KvError::InvalidConfig {
                bucket: bucket(),
                reason: "it does not permit roll-ups, so its keys cannot be purged".into(),
            },
            JetStreamError::Header(error) => invalid_header(&error),
            JetStreamError::Engine(error) => self.explain_engine(error),
            // The enum may grow; a new error has no better name here than its own text.
            other => KvError::InvalidConfig { bucket: bucket(), reason: other.to_string() },
        }
    }

    fn explain_engine(&self, error: EngineError) -> KvError {
        let bucket = || self.bucket.to_owned();
        let key = || self.key.unwrap_or_default().to_owned();
        match error {
            EngineError::StreamNotFound { .. } => KvError::BucketNotFound { bucket: bucket() },
            EngineError::StreamExists { .. } => KvError::BucketExists { bucket: bucket() },
            EngineError::InvalidConfig { reason, .. } => KvError::InvalidConfig { bucket: bucket(), reason },
            EngineError::WrongLastSequence { expected, found, .. } => {
                KvError::WrongRevision { bucket: bucket(), key: key(), expected, found }
            }
            EngineError::HasValue { found, .. } => {
                KvError::KeyExists { bucket: bucket(), key: key(), revision: found }
            }
            EngineError::LimitReached { limit, .. } => {
                KvError::BucketFull { bucket: bucket(), limit: limit.to_string() }
            }
            EngineError::MessageTooLarge { bytes, bytes_max, .. } => KvError::ValueTooLarge {
                bucket: bucket(),
                key: key(),
                bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
                max: u64::try_from(bytes_max).unwrap_or(u64::MAX),
            },
            EngineError::StorageFull { path } => KvError::StorageFull { path },
            EngineError::Poisoned { reason, .. } => KvError::Poisoned { bucket: bucket(), reason },
            EngineError::Damaged(damage) => {
                let detail = Damage::of(&damage, Some(self.bucket));
                let key = detail.key.clone().or_else(|| self.key.map(str::to_owned));
                KvError::Damaged { bucket: bucket(), key, detail: Box::new(detail) }
            }
            EngineError::StreamDeleted { .. } => KvError::BucketDeleted { bucket: bucket() },
            other => KvError::from_store(other),
        }
    }
}

impl KvError {
    /// Names an error that is about a whole place.
    pub(crate) fn of_place(fault: Fault, place: &'static str) -> Self {
        match fault {
            Fault::Stream(JetStreamError::Engine(error)) => Self::from_store(error),
            fault => Context { bucket: "", key: None, place }.explain(fault),
        }
    }

    /// Names an error of a connection.
    #[cfg(feature = "remote")]
    fn of_connection(error: RemoteError) -> Self {
        match error {
            RemoteError::TimedOut { operation, after } => Self::TimedOut { operation, after },
            RemoteError::Unavailable { reason } => Self::Unavailable { reason },
            RemoteError::Denied { reason } => Self::Denied { reason },
            RemoteError::InvalidOption { option, reason } => Self::InvalidOption { option, reason },
            RemoteError::Full(error) => {
                Self::ServerFull { reason: error.description.into_owned(), err_code: error.err_code }
            }
            RemoteError::Refused(error) => Self::Refused {
                reason: error.description.into_owned(),
                code: error.code,
                err_code: error.err_code,
            },
            other => Self::Unavailable { reason: other.to_string() },
        }
    }

    /// Names an error that is about a whole store.
    pub(crate) fn from_store(error: EngineError) -> Self {
        match error {
            EngineError::Locked { path, holder } => Self::StoreLocked { path, holder },
            EngineError::Closed => Self::Closed,
            EngineError::StorageFull { path } => Self::StorageFull { path },
            EngineError::Poisoned { stream, reason } => {
                let bucket = names::bucket_of_stream(&stream).unwrap_or(stream.as_str()).to_owned();
                Self::Poisoned { bucket, reason }
            }
            EngineError::Damaged(damage) => {
                let detail = Damage::of(&damage, None);
                let bucket = detail.bucket.clone().unwrap_or_default();
                Self::Damaged { bucket, key: detail.key.clone(), detail: Box::new(detail) }
            }
            other => Self::Storage(other),
        }
    }
}

fn invalid_header(error: &HeaderError) -> KvError {
    let name = match error {
        HeaderError::InvalidName { name } | HeaderError::InvalidValue { name } => name.to_string(),
        _ => String::new(),
    };
    KvError::InvalidHeader { name, reason: error.to_string() }
}
