//! Names and texts under which settings that the engine does not know are stored with a stream.
//!
//! The names are the reference's; the texts are plain: `true`, whole numbers (spans of time in nanoseconds), free words.
//! A setting at its default is not stored.

use super::Retention;
use jetkv_engine::StreamConfig;
use jetkv_types::SubjectFilter;
use std::time::Duration;

pub(super) const RETENTION: &str = "retention";
pub(super) const DESCRIPTION: &str = "description";
pub(super) const DUPLICATE_WINDOW: &str = "duplicate_window";
pub(super) const ALLOW_ROLLUP: &str = "allow_rollup_hdrs";
pub(super) const DENY_DELETE: &str = "deny_delete";
pub(super) const DENY_PURGE: &str = "deny_purge";
pub(super) const ALLOW_DIRECT: &str = "allow_direct";
pub(super) const ALLOW_MSG_TTL: &str = "allow_msg_ttl";
pub(super) const MIRROR_DIRECT: &str = "mirror_direct";
pub(super) const ALLOW_ATOMIC: &str = "allow_atomic";
pub(super) const SEALED: &str = "sealed";
pub(super) const NO_ACK: &str = "no_ack";
pub(super) const PERSIST_ASYNC: &str = "persist_async";
pub(super) const MAX_CONSUMERS: &str = "max_consumers";
pub(super) const INACTIVE_THRESHOLD: &str = "consumer_limits.inactive_threshold";
pub(super) const MAX_ACK_PENDING: &str = "consumer_limits.max_ack_pending";
/// The subjects of a stream that also takes copies of others; to the engine it takes everything.
pub(super) const SUBJECTS: &str = "subjects";
/// The first sequence that an update asked for, 0 for none; it is shown, and moves nothing.
pub(super) const FIRST_SEQUENCE_SHOWN: &str = "first_seq";
pub(super) const SUBJECT_TRANSFORM: &str = "subject_transform";
pub(super) const REPUBLISH: &str = "republish";
pub(super) const PLACEMENT: &str = "placement";
pub(super) const MIRROR: &str = "mirror";
pub(super) const SOURCE_PREFIX: &str = "source.";
/// Stands before the name of each word of the metadata.
pub(super) const METADATA_PREFIX: &str = "metadata.";

/// The settings that are flags.
pub(super) const FLAGS: [&str; 10] = [
    ALLOW_ROLLUP,
    DENY_DELETE,
    DENY_PURGE,
    ALLOW_DIRECT,
    ALLOW_MSG_TTL,
    MIRROR_DIRECT,
    ALLOW_ATOMIC,
    SEALED,
    NO_ACK,
    PERSIST_ASYNC,
];

/// Says whether the stream itself takes messages of `subject`; the engine also takes copies of other streams' messages.
pub(crate) fn captures(config: &StreamConfig, subject: &str) -> bool {
    match config.attributes.get(SUBJECTS) {
        Some(text) => parse_subjects(text).is_some_and(|own| own.iter().any(|each| each.matches(subject))),
        None => config.captures(subject),
    }
}

/// Says whether messages that replace others are taken.
pub(crate) fn permits_rollup(config: &StreamConfig) -> bool {
    is_set(config, ALLOW_ROLLUP) && !is_set(config, DENY_PURGE)
}

/// Says whether messages with a time to live of their own are taken.
pub(crate) fn permits_message_ttl(config: &StreamConfig) -> bool {
    is_set(config, ALLOW_MSG_TTL)
}

/// Says whether nothing may change any more.
pub(crate) fn is_sealed(config: &StreamConfig) -> bool {
    is_set(config, SEALED)
}

/// Says whether several messages may be stored as one.
pub(crate) fn permits_batches(config: &StreamConfig) -> bool {
    is_set(config, ALLOW_ATOMIC)
}

/// Says whether messages that no consumer wants are not kept.
pub(crate) fn keeps_by_interest(config: &StreamConfig) -> bool {
    config.attributes.get(RETENTION).and_then(|text| parse_retention(text)) == Some(Retention::Interest)
}

/// Writes a retention other than the default.
pub(super) fn retention_text(retention: Retention) -> Option<String> {
    match retention {
        Retention::Limits => None,
        Retention::Interest => Some(INTEREST.into()),
        Retention::WorkQueue => Some(WORK_QUEUE.into()),
    }
}

pub(super) fn parse_retention(text: &str) -> Option<Retention> {
    match text {
        INTEREST => Some(Retention::Interest),
        WORK_QUEUE => Some(Retention::WorkQueue),
        _ => None,
    }
}

/// Returns for how long message ids are remembered.
pub(crate) fn duplicate_window(config: &StreamConfig) -> Duration {
    config.attributes.get(DUPLICATE_WINDOW).and_then(|text| parse_nanos(text)).unwrap_or_default()
}

pub(super) fn is_set(config: &StreamConfig, name: &str) -> bool {
    config.attributes.get(name).is_some_and(|text| text == TRUE)
}

pub(super) fn nanos_text(span: Duration) -> String {
    span.as_nanos().to_string()
}

pub(super) fn parse_nanos(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_nanos)
}

/// Writes filters, which hold no blank, as one text.
pub(super) fn subjects_text(subjects: &[SubjectFilter]) -> String {
    subjects.iter().map(SubjectFilter::as_str).collect::<Vec<_>>().join(" ")
}

pub(super) fn parse_subjects(text: &str) -> Option<Vec<SubjectFilter>> {
    text.split_terminator(' ').map(|subject| SubjectFilter::new(subject).ok()).collect()
}

pub(super) const TRUE: &str = "true";
const INTEREST: &str = "interest";
const WORK_QUEUE: &str = "workqueue";
