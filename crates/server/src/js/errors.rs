//! What went wrong, in the numbers and words of the API (PROTOCOL 9.1).

use super::state::StreamProblem;
use jetkv_engine::EngineError;
use jetkv_jetstream::consumer::ConsumerError;
use jetkv_jetstream::{JetStreamError, OriginProblem, PublishError};
use jetkv_wire::error::ApiError;

fn error(code: u16, err_code: u16, description: impl Into<String>) -> ApiError {
    ApiError { code, err_code, description: description.into().into() }
}

/// Says why a message is not stored.
pub(crate) fn of_publish(problem: &PublishError) -> ApiError {
    let (code, err_code) = match problem {
        PublishError::TooLargeForStore | PublishError::LimitReached(_) => (503, 10077),
        PublishError::Sealed => (400, 10109),
        PublishError::InvalidIncrement => (400, 10171),
        PublishError::CountersDisabled => (400, 10168),
        PublishError::WrongStream => (400, 10060),
        PublishError::TtlDisabled => (400, 10166),
        PublishError::InvalidTtl => (400, 10165),
        PublishError::WrongLastSequence { .. } => (400, 10071),
        PublishError::WrongLastInBatch => (400, 10164),
        PublishError::MissingSequence => (400, 10193),
        PublishError::SchedulesDisabled => (400, 10188),
        PublishError::SchedulerHeader => (400, 10212),
        PublishError::SourceHeader => (400, 10227),
        PublishError::WrongLastId { .. } => (400, 10070),
        PublishError::RollupNotPermitted
        | PublishError::InvalidRollup { .. }
        | PublishError::BatchRollup
        | PublishError::BatchRollupOfSubject => (500, 10111),
        PublishError::TooLarge => (400, 10054),
        PublishError::HeadersTooLarge => (400, 10097),
        PublishError::MalformedHeaders | PublishError::MalformedSubject => (400, 10003),
        PublishError::NoRoom => (503, 10023),
        PublishError::BatchDisabled => (400, 10174),
        PublishError::BatchSequenceMissing => (400, 10175),
        PublishError::BatchIncomplete => (400, 10176),
        PublishError::BatchHeader { .. } => (400, 10177),
        PublishError::BatchIdInvalid => (400, 10179),
        PublishError::BatchTooLarge { .. } => (400, 10199),
        PublishError::BatchCommitInvalid => (400, 10200),
        PublishError::BatchDuplicateId => (400, 10201),
        PublishError::TooManyBatches => (429, 10210),
        PublishError::Engine(problem) => return of_engine(problem),
        _ => (500, 10077),
    };
    error(code, err_code, problem.to_string())
}

/// Says why a stream is not created, changed, purged or deleted.
pub(crate) fn of_stream(problem: &StreamProblem) -> ApiError {
    match problem {
        StreamProblem::NotFound => error(404, 10059, "stream not found"),
        StreamProblem::Exists => {
            error(400, 10058, "stream name already in use with a different configuration")
        }
        StreamProblem::Overlap => error(400, 10065, "subjects overlap with an existing stream"),
        StreamProblem::TooMany => error(400, 10027, "maximum number of streams reached"),
        StreamProblem::NoRoom { memory: true } => {
            error(500, 10028, "insufficient memory resources available")
        }
        StreamProblem::NoRoom { memory: false } => {
            error(500, 10047, "insufficient storage resources available")
        }
        StreamProblem::Replicas => error(500, 10074, "replicas > 1 not supported in non-clustered mode"),
        StreamProblem::MirrorNotDirect => {
            let text = "pedantic mode: origin stream has direct get set, mirror has it disabled";
            error(400, 10157, text)
        }
        StreamProblem::Settings(problem) => of_settings(problem),
        StreamProblem::Engine(problem) => of_engine(problem),
    }
}

/// Says which rule settings break.
pub(crate) fn of_settings(problem: &JetStreamError) -> ApiError {
    match problem {
        JetStreamError::InvalidSettings { reason, .. } => error(500, 10052, reason.as_str()),
        JetStreamError::InvalidOrigin { problem, .. } => of_origin(problem),
        JetStreamError::Engine(problem) => of_engine(problem),
        other => error(500, 10052, other.to_string()),
    }
}

fn of_origin(problem: &OriginProblem) -> ApiError {
    let pick = |mirror: bool, of_mirror: u16, of_source: u16| if mirror { of_mirror } else { of_source };
    let err_code = match *problem {
        OriginProblem::MirrorWithSubjects => 10034,
        OriginProblem::MirrorWithSources => 10031,
        OriginProblem::MirrorWithFirstSequence => 10143,
        OriginProblem::MirrorWithBatches => 10198,
        OriginProblem::MirrorTooSmall => 10030,
        OriginProblem::SourceTooSmall => 10046,
        OriginProblem::MirrorChanged => 10055,
        OriginProblem::InvalidName { mirror } => pick(mirror, 10142, 10141),
        OriginProblem::InvalidFilter { .. } => return error(500, 10049, problem.to_string()),
        OriginProblem::DuplicateSource => 10140,
        OriginProblem::FilterAndTransforms { mirror } => pick(mirror, 10150, 10144),
        OriginProblem::OverlappingFilters { mirror } => pick(mirror, 10152, 10147),
        OriginProblem::TransformSource { mirror, .. } => pick(mirror, 10151, 10145),
        OriginProblem::TransformDestination { mirror, .. } => pick(mirror, 10154, 10146),
        OriginProblem::OwnTransformSource(_) => 10155,
        OriginProblem::OwnTransformDestination(_) => 10156,
        _ => return error(500, 10052, problem.to_string()),
    };
    error(400, err_code, problem.to_string())
}

/// Says why a request about consumers is refused.
pub(crate) fn of_consumer(problem: &ConsumerError) -> ApiError {
    match problem {
        ConsumerError::Engine(problem) => of_engine(problem),
        other => error(other.status_code(), other.err_code(), other.to_string()),
    }
}

/// Says why a stream that exists cannot be used.
pub(crate) fn of_broken(problem: &EngineError) -> ApiError {
    error(500, 10118, format!("stream is offline: {}", describe(problem)))
}

/// Says what the store could not do.
pub(crate) fn of_engine(problem: &EngineError) -> ApiError {
    match problem {
        EngineError::StreamNotFound { .. } | EngineError::StreamDeleted { .. } => {
            error(404, 10059, "stream not found")
        }
        EngineError::StorageFull { .. } => error(503, 10023, "insufficient resources"),
        EngineError::InvalidConfig { .. } => error(500, 10052, problem.to_string()),
        // It may work again when an operator has been there.
        EngineError::Io { .. } | EngineError::Poisoned { .. } | EngineError::Closed => {
            error(503, 10077, describe(problem))
        }
        // Named, so that a client sees which record it is.
        other => error(500, 10077, describe(other)),
    }
}

pub(super) fn describe(problem: &dyn std::error::Error) -> String {
    match problem.source() {
        Some(source) => format!("{problem}: {source}"),
        None => problem.to_string(),
    }
}

/// The answers that need no more than a name.
pub(crate) mod fixed {
    use jetkv_wire::error::ApiError;

    pub(crate) const STREAM_NOT_FOUND: ApiError = ApiError::fixed(404, 10059, "stream not found");
    pub(crate) const BAD_REQUEST: ApiError = ApiError::fixed(400, 10003, "bad request");
    pub(crate) const NOT_EMPTY: ApiError = ApiError::fixed(400, 10038, "expected an empty request payload");
    pub(crate) const NAME_MISMATCH: ApiError =
        ApiError::fixed(400, 10056, "stream name in subject does not match request");
    pub(crate) const NO_MESSAGE: ApiError = ApiError::fixed(404, 10037, "no message found");
    pub(crate) const API_LEVEL: ApiError =
        ApiError::fixed(412, 10185, "JetStream minimum api level required");
    pub(crate) const DELIVER_SUBJECT: ApiError = ApiError::fixed(400, 10015, "deliver subject not valid");
    pub(crate) const NO_RESOURCES: ApiError = ApiError::fixed(503, 10023, "insufficient resources");
    pub(crate) const NAME_IN_USE: ApiError =
        ApiError::fixed(400, 10130, "stream name already in use, cannot restore");
    pub(crate) const STARTING: ApiError =
        ApiError::fixed(503, 10008, "JetStream system temporarily unavailable");
    pub(crate) const NOT_CLUSTERED: ApiError =
        ApiError::fixed(503, 10010, "JetStream clustering support required");
    pub(crate) const DELETE_DENIED: ApiError = ApiError::fixed(500, 10057, "message delete not permitted");
    pub(crate) const SEALED: ApiError = ApiError::fixed(400, 10109, "invalid operation on sealed stream");
    pub(crate) const PURGE_DENIED: ApiError = ApiError::fixed(500, 10110, "stream purge not permitted");
}
