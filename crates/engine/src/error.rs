//! What can go wrong in the engine, one variant per thing that a caller may handle differently.

use crate::damage::Damage;
use jetkv_types::{Sequence, StreamName, Subject};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An error of the engine. It is cheap to clone: one failed sync answers every writer that waited for it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A file operation failed.
    #[error("cannot {operation} {path}")]
    Io {
        /// What was tried, as in "cannot read".
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// Another process, or another handle of this one, has the store open.
    #[error("store {path} is in use by another process{}", numbered(*holder))]
    Locked {
        /// The directory of the store.
        path: PathBuf,
        /// The number of the process that has it open, if the lock tells.
        holder: Option<u32>,
    },
    /// The directory holds something else than a store.
    #[error("{path} is not a jetkv store: {reason}")]
    NotAStore {
        /// The directory.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The store was written by a newer version; nothing was touched.
    #[error("{path} has format version {found}, this version reads up to {supported}")]
    NewerFormat {
        /// The file that says so.
        path: PathBuf,
        /// Its version.
        found: u16,
        /// The newest version that this code reads.
        supported: u16,
    },
    /// No stream has this name.
    #[error("stream {name} not found")]
    StreamNotFound {
        /// The name asked for.
        name: StreamName,
    },
    /// A stream of this name exists.
    #[error("stream {name} exists")]
    StreamExists {
        /// The name.
        name: StreamName,
    },
    /// A configuration cannot be used.
    #[error("invalid configuration of stream {stream}: {reason}")]
    InvalidConfig {
        /// The stream.
        stream: StreamName,
        /// What is wrong with it.
        reason: String,
    },
    /// The stream does not capture the subject.
    #[error("stream {stream} does not capture subject {subject}")]
    SubjectNotCaptured {
        /// The stream.
        stream: StreamName,
        /// The subject of the refused message.
        subject: Subject,
    },
    /// An expectation was not met; nothing was written.
    #[error("wrong last sequence: {found}")]
    WrongLastSequence {
        /// The sequence that the writer expected.
        expected: Sequence,
        /// The last sequence found, 0 if there is none.
        found: Sequence,
        /// Place of the refused message in its batch.
        position: usize,
    },
    /// The subject has a value; nothing was written.
    #[error("subject has a value at sequence {found}")]
    HasValue {
        /// The sequence of the value.
        found: Sequence,
        /// Place of the refused message in its batch.
        position: usize,
    },
    /// A limit of the stream refuses the message; nothing was written.
    #[error("{limit} of stream {stream} exceeded")]
    LimitReached {
        /// The stream.
        stream: StreamName,
        /// Which limit.
        limit: Limit,
    },
    /// The message is larger than the stream or the engine allows; nothing was written.
    #[error("message of {bytes} bytes is larger than {bytes_max} bytes, the maximum of stream {stream}")]
    MessageTooLarge {
        /// The stream.
        stream: StreamName,
        /// Size of header block and payload.
        bytes: usize,
        /// What is allowed.
        bytes_max: usize,
        /// Place of the refused message in its batch.
        position: usize,
    },
    /// A sequence that a copied message should keep is too high, or too far from the others of its batch.
    #[error("sequence {sequence} is too high, or too far from the other sequences of its batch")]
    SequenceOutOfRange {
        /// The sequence.
        sequence: Sequence,
    },
    /// The messages of one append are too many bytes together; nothing was written.
    #[error("batch of {bytes} bytes is larger than {bytes_max} bytes, the maximum")]
    BatchTooLarge {
        /// Size of the whole batch.
        bytes: usize,
        /// What is allowed.
        bytes_max: usize,
    },
    /// The disk is full; nothing was written. Writes succeed again as soon as there is room.
    #[error("no space left on the disk of {path}")]
    StorageFull {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// An earlier write or sync failed half-way: the stream is read-only until the store is opened again.
    #[error("stream {stream} is read-only until the store is reopened: {reason}")]
    Poisoned {
        /// The stream.
        stream: StreamName,
        /// The first failure.
        reason: Arc<str>,
    },
    /// Stored bytes are not what was written. The key is not absent: its value cannot be read.
    #[error("damaged data: {0}")]
    Damaged(Arc<Damage>),
    /// The stream was deleted while the handle was held.
    #[error("stream {name} was deleted")]
    StreamDeleted {
        /// The stream.
        name: StreamName,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// The kinds of errors that callers tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was asked for does not exist.
    NotFound,
    /// Somebody else was first.
    Conflict,
    /// The request can never succeed as it is.
    Invalid,
    /// A limit or the disk is full.
    LimitReached,
    /// It may succeed later.
    Unavailable,
    /// Stored data is damaged.
    Corrupt,
    /// The handle is no longer usable; open again.
    Closed,
}

/// The limits that can refuse a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// `max_messages` with discard policy new.
    Messages,
    /// `max_bytes` with discard policy new.
    Bytes,
    /// `max_messages_per_subject` with `discard_new_per_subject`.
    MessagesPerSubject,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Messages => "maximum messages",
            Self::Bytes => "maximum bytes",
            Self::MessagesPerSubject => "maximum messages per subject",
        })
    }
}

impl EngineError {
    /// Says what kind of error this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } | Self::Locked { .. } => ErrorKind::Unavailable,
            Self::StreamNotFound { .. } => ErrorKind::NotFound,
            Self::StreamExists { .. } | Self::WrongLastSequence { .. } | Self::HasValue { .. } => {
                ErrorKind::Conflict
            }
            Self::NotAStore { .. }
            | Self::NewerFormat { .. }
            | Self::InvalidConfig { .. }
            | Self::SubjectNotCaptured { .. }
            | Self::MessageTooLarge { .. }
            | Self::BatchTooLarge { .. }
            | Self::SequenceOutOfRange { .. } => ErrorKind::Invalid,
            Self::LimitReached { .. } | Self::StorageFull { .. } => ErrorKind::LimitReached,
            Self::Damaged(_) => ErrorKind::Corrupt,
            Self::Poisoned { .. } | Self::StreamDeleted { .. } | Self::Closed => ErrorKind::Closed,
        }
    }

    /// Returns a closure that turns an I/O error into this type, for `map_err`.
    pub(crate) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            // A failed sync is no refusal, whatever its reason: what was written is in the file.
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded if operation != "sync" => {
                Self::StorageFull { path }
            }
            _ => Self::Io { operation, path, source: Arc::new(source) },
        }
    }
}

fn numbered(process: Option<u32>) -> String {
    process.map(|number| format!(", number {number}")).unwrap_or_default()
}
