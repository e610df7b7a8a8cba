//! What can go wrong with buckets, one variant per thing that a program may handle differently.

mod convert;

pub use jetkv_engine::ErrorKind;

pub(crate) use convert::Context;

use crate::{Damage, Revision};
use jetkv_engine::EngineError;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// An error of the key/value store. It names the bucket, key or option that it is about.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum KvError {
    /// A text is no name of a bucket.
    #[error("invalid bucket name {bucket:?}: {reason}")]
    InvalidBucket {
        /// The text given.
        bucket: String,
        /// Which rule it breaks.
        reason: String,
    },
    /// A text is no key.
    #[error("invalid key {key:?}: {reason}")]
    InvalidKey {
        /// The text given.
        key: String,
        /// Which rule it breaks.
        reason: String,
    },
    /// A text is no filter of keys.
    #[error("invalid filter {filter:?}: {reason}")]
    InvalidFilter {
        /// The text given.
        filter: String,
        /// Which rule it breaks.
        reason: String,
    },
    /// A configuration cannot be used.
    #[error("invalid configuration of bucket {bucket:?}: {reason}")]
    InvalidConfig {
        /// The bucket.
        bucket: String,
        /// The option and the rule.
        reason: String,
    },
    /// A history is too shallow or too deep.
    #[error("history of {history} is out of range, 1 to {max} revisions can be kept")]
    HistoryOutOfRange {
        /// The depth asked for.
        history: u32,
        /// The deepest allowed.
        max: u32,
    },
    /// Options of a call contradict each other or are out of range.
    #[error("invalid option {option}: {reason}")]
    InvalidOption {
        /// The option, with its value where that matters.
        option: String,
        /// Which rule it breaks.
        reason: String,
    },
    /// No bucket has this name.
    #[error("bucket {bucket:?} not found")]
    BucketNotFound {
        /// The name.
        bucket: String,
    },
    /// A bucket of this name exists with another configuration.
    #[error("bucket {bucket:?} exists with another configuration")]
    BucketExists {
        /// The name.
        bucket: String,
    },
    /// The key has a value, and the write asked for none.
    #[error("key {key:?} exists in bucket {bucket:?} at revision {revision}")]
    KeyExists {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// The revision of its value.
        revision: Revision,
    },
    /// The key is at another revision than the write asked for.
    #[error("wrong last revision for key {key:?} in bucket {bucket:?}: expected {expected}, found {found}")]
    WrongRevision {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// The revision that the writer expected; 0 means none at all.
        expected: Revision,
        /// The revision found; 0 means none at all.
        found: Revision,
    },
    /// A time to live cannot be used.
    #[error("invalid time to live {ttl}: {reason}")]
    InvalidTtl {
        /// The time given.
        ttl: String,
        /// Which rule it breaks.
        reason: String,
    },
    /// The bucket takes no key with a time to live of its own.
    #[error("bucket {bucket:?} does not support a time to live for single keys")]
    TtlNotSupported {
        /// The bucket.
        bucket: String,
    },
    /// The place where the bucket lives does not have this.
    #[error("{option} is not available in the {place} store")]
    Unsupported {
        /// The option or function.
        option: String,
        /// The place: `embedded` or `remote`.
        place: &'static str,
    },
    /// The bucket takes no batches of writes: whoever created it did not allow them.
    #[error("bucket {bucket:?} does not take batches of writes")]
    BatchNotSupported {
        /// The bucket.
        bucket: String,
    },
    /// There is no connection to a server, or no server that answers.
    #[error("{reason}")]
    Unavailable {
        /// What was tried, and what happened.
        reason: String,
    },
    /// No answer came in time. A write may have been done all the same.
    #[error("no answer to {operation} within {after:?}")]
    TimedOut {
        /// What was asked for, as the subject of the request.
        operation: String,
        /// How long was waited.
        after: Duration,
    },
    /// The server does not allow it: a login or a permission is missing.
    #[error("{reason}")]
    Denied {
        /// What the server said.
        reason: String,
    },
    /// The server has no room, or a limit of the account is reached.
    #[error("the server has no room: {reason}")]
    ServerFull {
        /// What the server said.
        reason: String,
        /// Its number for that.
        err_code: u16,
    },
    /// The server refused for a reason that has no name of its own here.
    #[error("the server refused: {reason} ({code}/{err_code})")]
    Refused {
        /// What the server said.
        reason: String,
        /// In the manner of HTTP.
        code: u16,
        /// Its number for that.
        err_code: u16,
    },
    /// A watch cannot be continued: the bucket ends before what the watch has delivered, so its server has lost entries.
    #[error("a watch of bucket {bucket:?} had delivered revision {after}, and the bucket now ends at {last}")]
    WatchGap {
        /// The bucket.
        bucket: String,
        /// The last revision that was delivered.
        after: Revision,
        /// The last revision that the bucket has now.
        last: Revision,
    },
    /// The value, with its headers, is larger than the bucket takes.
    #[error("value of key {key:?} has {bytes} bytes with its headers, bucket {bucket:?} takes at most {max}")]
    ValueTooLarge {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// Bytes of headers and value.
        bytes: u64,
        /// Most bytes allowed.
        max: u64,
    },
    /// The value, with its headers, is larger than any message that the server takes, whatever the bucket takes.
    #[error(
        "value of key {key:?} in bucket {bucket:?} has {bytes} bytes with its headers, the server takes at most {max} (max_payload)"
    )]
    PayloadTooLarge {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// Bytes of headers and value.
        bytes: u64,
        /// Most bytes of one message.
        max: u64,
    },
    /// A limit of the bucket refuses the write.
    #[error("bucket {bucket:?} is full: {limit} reached")]
    BucketFull {
        /// The bucket.
        bucket: String,
        /// Which limit.
        limit: String,
    },
    /// The disk is full; writes succeed again as soon as there is room.
    #[error("no space left on the disk of {}", path.display())]
    StorageFull {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// A header cannot be used.
    #[error("invalid header {name:?}: {reason}")]
    InvalidHeader {
        /// The name of the header.
        name: String,
        /// Which rule it breaks.
        reason: String,
    },
    /// Stored bytes are not what was written. The key is not absent: its value cannot be read.
    #[error("damaged data in bucket {bucket:?}{}: {detail}", of_key(key.as_deref()))]
    Damaged {
        /// The bucket.
        bucket: String,
        /// The key, if it is known.
        key: Option<String>,
        /// Where, and what it means.
        detail: Box<Damage>,
    },
    /// Another process, or another handle of this one, has the store open.
    #[error("store {} is in use by another process{}", path.display(), numbered(*holder))]
    StoreLocked {
        /// The directory.
        path: PathBuf,
        /// The number of the process that has it open, if its lock tells.
        holder: Option<u32>,
    },
    /// There is no store in the directory.
    #[error("no store in {}", path.display())]
    StoreNotFound {
        /// The directory.
        path: PathBuf,
    },
    /// An earlier write or sync failed half-way: the bucket is read-only until the store is opened again.
    #[error("bucket {bucket:?} is read-only until the store is reopened: {reason}")]
    Poisoned {
        /// The bucket.
        bucket: String,
        /// The first failure.
        reason: Arc<str>,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The bucket was deleted while the handle was held.
    #[error("bucket {bucket:?} was deleted")]
    BucketDeleted {
        /// The bucket.
        bucket: String,
    },
    /// Anything else that the storage says.
    #[error(transparent)]
    Storage(EngineError),
}

impl KvError {
    /// Says what kind of error this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::BucketNotFound { .. } | Self::StoreNotFound { .. } => ErrorKind::NotFound,
            Self::BucketExists { .. } | Self::KeyExists { .. } | Self::WrongRevision { .. } => {
                ErrorKind::Conflict
            }
            Self::BucketFull { .. } | Self::StorageFull { .. } | Self::ServerFull { .. } => {
                ErrorKind::LimitReached
            }
            Self::StoreLocked { .. } | Self::Unavailable { .. } | Self::TimedOut { .. } => {
                ErrorKind::Unavailable
            }
            Self::Damaged { .. } | Self::WatchGap { .. } => ErrorKind::Corrupt,
            Self::Poisoned { .. } | Self::Closed | Self::BucketDeleted { .. } => ErrorKind::Closed,
            Self::Storage(source) => source.kind(),
            Self::InvalidBucket { .. }
            | Self::InvalidKey { .. }
            | Self::InvalidFilter { .. }
            | Self::InvalidConfig { .. }
            | Self::HistoryOutOfRange { .. }
            | Self::InvalidOption { .. }
            | Self::InvalidTtl { .. }
            | Self::TtlNotSupported { .. }
            | Self::Unsupported { .. }
            | Self::BatchNotSupported { .. }
            | Self::Denied { .. }
            | Self::Refused { .. }
            | Self::ValueTooLarge { .. }
            | Self::PayloadTooLarge { .. }
            | Self::InvalidHeader { .. } => ErrorKind::Invalid,
        }
    }

    /// Returns what a person could do about it, in one sentence, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::WrongRevision { key, found: 0, .. } => {
                format!("{key:?} has no revision; create it, or expect revision 0")
            }
            Self::WrongRevision { key, found, .. } => {
                format!("read {key:?} again and retry with revision {found}")
            }
            Self::KeyExists { key, revision, .. } => {
                format!("update {key:?} with revision {revision}, or put it whatever is there")
            }
            Self::BucketExists { bucket } => format!("open {bucket:?} as it is, or update its configuration"),
            Self::BucketNotFound { bucket } => format!("create {bucket:?} first"),
            Self::BucketFull { bucket, .. } => {
                format!("purge keys of {bucket:?}, or raise its max_bytes")
            }
            Self::ValueTooLarge { bucket, .. } => format!("raise max_value_size of {bucket:?}"),
            Self::PayloadTooLarge { .. } => {
                "raise max_payload in the configuration file of the server, as in `max_payload: 8MB`".into()
            }
            Self::StorageFull { .. } => "make room on the disk; writes then go on by themselves".into(),
            Self::StoreLocked { .. } => "stop the other process, or ask it for the data".into(),
            Self::StoreNotFound { .. } => {
                "check the path, or open it without demanding an existing store".into()
            }
            Self::Damaged { .. } => {
                "check the store to see all that is damaged; repair it, or write the key anew".into()
            }
            Self::Poisoned { .. } => "close the store, look at the disk, and open it again".into(),
            Self::TtlNotSupported { bucket } | Self::BatchNotSupported { bucket } => {
                format!("update the configuration of {bucket:?}")
            }
            Self::Unsupported { place: "embedded", .. } => {
                "a cluster of servers has it; leave it out here".into()
            }
            Self::Unsupported { .. } => "the place where the files are has it".into(),
            Self::Unavailable { .. } => {
                "check the address, and that the server runs, with JetStream for this account".into()
            }
            Self::TimedOut { .. } => "read what is there before a write is done again".into(),
            Self::Denied { .. } => "check user, password or credentials, and their permissions".into(),
            Self::WatchGap { .. } => "begin a new watch; it shows what is there now".into(),
            _ => return None,
        })
    }
}

fn numbered(process: Option<u32>) -> String {
    process.map(|number| format!(", number {number}")).unwrap_or_default()
}

fn of_key(key: Option<&str>) -> String {
    key.map(|key| format!(", key {key:?}")).unwrap_or_default()
}
