//! What can go wrong with streams above the engine.

use crate::OriginProblem;
use jetkv_engine::EngineError;
use jetkv_types::{HeaderError, StreamName};

/// An error of the layer that gives streams their meaning.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum JetStreamError {
    /// The settings ask for something that a single embedded store cannot do.
    #[error("stream {stream}: {option} is not available in an embedded store")]
    Unsupported {
        /// The stream.
        stream: StreamName,
        /// The reference's name of the setting, with the value where that matters.
        option: &'static str,
    },
    /// The settings contradict themselves or a limit.
    #[error("invalid settings of stream {stream}: {reason}")]
    InvalidSettings {
        /// The stream.
        stream: StreamName,
        /// Which rule is broken, in the reference's words where it has some (PROTOCOL 4.13).
        reason: String,
    },
    /// A mirror, a source or a transform breaks a rule.
    #[error("invalid settings of stream {stream}: {problem}")]
    InvalidOrigin {
        /// The stream.
        stream: StreamName,
        /// Which rule.
        problem: OriginProblem,
    },
    /// A text or a span of time is no time to live of a message.
    #[error("invalid per-message TTL {text:?}: {reason}")]
    InvalidTtl {
        /// What was given.
        text: String,
        /// Which rule is broken.
        reason: &'static str,
    },
    /// The stream takes no message with a time to live of its own.
    #[error("per-message TTL is disabled for stream {stream}")]
    TtlDisabled {
        /// The stream.
        stream: StreamName,
    },
    /// The stream takes no message that replaces others.
    #[error("rollup not permitted for stream {stream}")]
    RollupNotPermitted {
        /// The stream.
        stream: StreamName,
    },
    /// A header cannot be written.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The engine refused or failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}
