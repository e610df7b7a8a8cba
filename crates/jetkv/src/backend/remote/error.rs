//! What can go wrong between here and a server, and what the server's own errors mean.

use super::damage;
use crate::backend::Fault;
use jetkv_engine::{EngineError, Limit};
use jetkv_jetstream::JetStreamError;
use jetkv_types::{Sequence, StreamName};
use jetkv_wire::error::ApiError;
use std::sync::Arc;
use std::time::Duration;

/// An error that only a place beyond a connection has.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum RemoteError {
    /// No answer came in time. What was asked for may have been done.
    #[error("no answer to {operation} within {after:?}")]
    TimedOut { operation: String, after: Duration },
    /// There is no server, or none that answers this.
    #[error("{reason}")]
    Unavailable { reason: String },
    /// The server does not allow it.
    #[error("{reason}")]
    Denied { reason: String },
    /// The place does not have this.
    #[error("{option} is not available")]
    Unsupported { option: String },
    /// An option of the connection cannot be used.
    #[error("invalid option {option}: {reason}")]
    InvalidOption { option: String, reason: String },
    /// The stream takes no atomic batches.
    #[error("stream {stream} takes no atomic batches")]
    BatchDisabled { stream: StreamName },
    /// The stream went back behind what a watch has delivered.
    #[error("stream {stream} ends at {last}, a watch had delivered {after}")]
    Gap { stream: StreamName, after: Sequence, last: Sequence },
    /// A message is larger than the server takes from anybody.
    #[error("message of {bytes} bytes is larger than the server's maximum of {max}")]
    PayloadTooLarge { bytes: usize, max: usize, position: usize },
    /// The server has no room, or a limit of the account is reached.
    #[error("{0}")]
    Full(ApiError),
    /// Any other refusal.
    #[error("{0}")]
    Refused(ApiError),
    /// What came is not what the protocol says.
    #[error("unexpected answer to {operation}: {reason}")]
    Unexpected { operation: String, reason: String },
}

impl RemoteError {
    pub(crate) fn unsupported(option: &str) -> Self {
        Self::Unsupported { option: option.into() }
    }

    pub(crate) fn unexpected(operation: &str, reason: impl ToString) -> Self {
        Self::Unexpected { operation: operation.into(), reason: reason.to_string() }
    }
}

/// Gives a refusal of the API its meaning. `stream` is what the request was about.
pub(crate) fn explain(error: ApiError, stream: &StreamName) -> Fault {
    let stream = stream.clone();
    if matches!(error.err_code, 10077 | 10118)
        && let Some(damage) = damage::of_text(&error.description)
    {
        return EngineError::Damaged(Arc::new(damage)).into();
    }
    match error.err_code {
        10059 => EngineError::StreamNotFound { name: stream }.into(),
        10058 => EngineError::StreamExists { name: stream }.into(),
        10166 => JetStreamError::TtlDisabled { stream }.into(),
        10111 => JetStreamError::RollupNotPermitted { stream }.into(),
        10174 => RemoteError::BatchDisabled { stream }.into(),
        10074 => JetStreamError::Unsupported { stream, option: "replicas > 1" }.into(),
        10077 => match limit_of(&error.description) {
            Some(limit) => EngineError::LimitReached { stream, limit }.into(),
            None => RemoteError::Refused(error).into(),
        },
        10002 | 10023 | 10026 | 10027 | 10028 | 10047 | 10122 => RemoteError::Full(error).into(),
        10039 | 10076 => RemoteError::Unavailable { reason: NO_JETSTREAM.into() }.into(),
        10008 => RemoteError::Unavailable { reason: error.description.into_owned() }.into(),
        _ if error.code == 503 => RemoteError::Unavailable { reason: error.to_string() }.into(),
        _ => RemoteError::Refused(error).into(),
    }
}

/// Gives a refusal of a configuration its meaning: what is no error of its own is about the settings.
pub(crate) fn explain_settings(error: ApiError, stream: &StreamName) -> Fault {
    match explain(error, stream) {
        Fault::Remote(RemoteError::Refused(error)) => {
            let reason = error.description.into_owned();
            JetStreamError::InvalidSettings { stream: stream.clone(), reason }.into()
        }
        other => other,
    }
}

/// Says whether the server may answer otherwise a moment later.
pub(crate) fn is_passing(error: &ApiError) -> bool {
    matches!(error.err_code, 10008 | 10013 | 10163 | 10167) || error.err_code == 10158
}

fn limit_of(description: &str) -> Option<Limit> {
    // The longer text comes first, since it begins with a shorter one.
    [
        ("maximum messages per subject", Limit::MessagesPerSubject),
        ("maximum messages", Limit::Messages),
        ("maximum bytes", Limit::Bytes),
    ]
    .into_iter()
    .find_map(|(text, limit)| description.contains(text).then_some(limit))
}

/// Why a connection could not be made.
pub(crate) fn of_connect(servers: &str, error: &async_nats::ConnectError) -> RemoteError {
    use async_nats::ConnectErrorKind as Kind;
    let reason = format!("cannot connect to {servers}: {error}");
    match error.kind() {
        // The client library says it twice.
        Kind::AuthorizationViolation => {
            RemoteError::Denied { reason: format!("cannot log in to {servers}: authorization violation") }
        }
        Kind::Authentication => RemoteError::Denied { reason },
        Kind::ServerParse => {
            RemoteError::InvalidOption { option: format!("server {servers}"), reason: error.to_string() }
        }
        _ => RemoteError::Unavailable { reason },
    }
}

/// Keeps what a permission violation says.
pub(crate) type Denial = Option<Arc<str>>;

/// Nobody answers, or the answer is just this.
pub(crate) const NO_JETSTREAM: &str = "the server has no JetStream, or not for this account";
