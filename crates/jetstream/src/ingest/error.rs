//! Why a message from the wire is not stored.

use jetkv_engine::{EngineError, Limit};
use jetkv_types::Sequence;

/// Why a message is refused; the number is the reference's error code (PROTOCOL 9.1).
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// Larger than any store takes (10077).
    #[error("message too large")]
    TooLargeForStore,
    /// The stream takes nothing any more (10109).
    #[error("invalid operation on sealed stream")]
    Sealed,
    /// The increment is no whole number (10171).
    #[error("message counter increment is invalid")]
    InvalidIncrement,
    /// The stream counts nothing (10168).
    #[error("message counters is disabled")]
    CountersDisabled,
    /// The message is meant for another stream (10060).
    #[error("expected stream does not match")]
    WrongStream,
    /// The stream takes no message with a time to live of its own (10166).
    #[error("per-message TTL is disabled")]
    TtlDisabled,
    /// The time to live is none (10165).
    #[error("invalid per-message TTL")]
    InvalidTtl,
    /// The last sequence is another (10071).
    #[error("wrong last sequence: {found}")]
    WrongLastSequence {
        /// The last sequence, 0 if there is none.
        found: Sequence,
    },
    /// The last sequence is that of a message of the same batch (10164).
    #[error("wrong last sequence")]
    WrongLastInBatch,
    /// A subject is named for a check, and no sequence (10193).
    #[error("missing sequence for expected last sequence per subject")]
    MissingSequence,
    /// The stream has no schedules (10188).
    #[error("message schedules is disabled")]
    SchedulesDisabled,
    /// Only a server says which schedule a message comes from (10212).
    #[error("message schedules invalid scheduler")]
    SchedulerHeader,
    /// Only the server itself says where a message comes from (10227).
    #[error("message stream source header is not allowed")]
    SourceHeader,
    /// The last message has another id (10070).
    #[error("wrong last msg ID: {found}")]
    WrongLastId {
        /// The id of the last message, empty if it has none.
        found: Box<str>,
    },
    /// The stream lets nothing be replaced (10111).
    #[error("rollup not permitted")]
    RollupNotPermitted,
    /// The word for what is replaced is not known (10111).
    #[error("rollup value invalid: {value:?}")]
    InvalidRollup {
        /// The word.
        value: Box<str>,
    },
    /// Larger than the stream's `max_msg_size` (10054).
    #[error("message size exceeds maximum allowed")]
    TooLarge,
    /// The header block is too large (10097).
    #[error("header size exceeds maximum allowed of 64k")]
    HeadersTooLarge,
    /// The subject holds a control character (10003).
    #[error("bad request")]
    MalformedSubject,
    /// The account has used up what its streams may take (10023).
    #[error("insufficient resources")]
    NoRoom,
    /// The header block is none (10003).
    #[error("bad request")]
    MalformedHeaders,
    /// The stream is full (10077).
    #[error("maximum {} exceeded", match .0 {
        Limit::Messages => "messages",
        Limit::Bytes => "bytes",
        Limit::MessagesPerSubject => "messages per subject",
    })]
    LimitReached(Limit),
    /// The stream takes no batches (10174).
    #[error("atomic publish is disabled")]
    BatchDisabled,
    /// The message does not say its place in the batch (10175).
    #[error("atomic publish sequence is missing")]
    BatchSequenceMissing,
    /// A message of the batch is missing (10176).
    #[error("atomic publish batch is incomplete")]
    BatchIncomplete,
    /// A header cannot be used in a batch (10177).
    #[error("atomic publish unsupported header used: {header}")]
    BatchHeader {
        /// Its name.
        header: &'static str,
    },
    /// The id of the batch is too long (10179).
    #[error("atomic publish batch ID is invalid")]
    BatchIdInvalid,
    /// Too many messages, or bytes, in one batch (10199).
    #[error("atomic publish batch is too large: {most}")]
    BatchTooLarge {
        /// Most messages.
        most: usize,
    },
    /// The word that ends the batch is not known (10200).
    #[error("atomic publish batch commit is invalid")]
    BatchCommitInvalid,
    /// A message id occurs twice, or is stored already (10201).
    #[error("atomic publish batch contains duplicate message id")]
    BatchDuplicateId,
    /// A message that is not the first of its batch replaces the whole stream (10111).
    #[error("batch rollup all invalid")]
    BatchRollup,
    /// A message replaces others of its subject that are in its batch (10111).
    #[error("batch rollup sub invalid")]
    BatchRollupOfSubject,
    /// Too many open batches (10210).
    #[error("atomic publish too many inflight")]
    TooManyBatches,
    /// The store failed or refused.
    #[error(transparent)]
    Engine(EngineError),
}

impl From<EngineError> for PublishError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::WrongLastSequence { found, .. } => Self::WrongLastSequence { found },
            EngineError::LimitReached { limit, .. } => Self::LimitReached(limit),
            EngineError::MessageTooLarge { .. } => Self::TooLarge,
            other => Self::Engine(other),
        }
    }
}
