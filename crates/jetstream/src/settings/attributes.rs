//! Names and texts under which settings that the engine does not know are stored with a stream.
//!
//! The names are the reference's; the texts are plain: `true`, whole numbers (spans of time in nanoseconds), free words.
//! A setting at its default is not stored.

use jetkv_engine::StreamConfig;
use std::time::Duration;

pub(super) const DESCRIPTION: &str = "description";
pub(super) const DUPLICATE_WINDOW: &str = "duplicate_window";
pub(super) const ALLOW_ROLLUP: &str = "allow_rollup_hdrs";
pub(super) const DENY_DELETE: &str = "deny_delete";
pub(super) const DENY_PURGE: &str = "deny_purge";
pub(super) const ALLOW_DIRECT: &str = "allow_direct";
pub(super) const ALLOW_MSG_TTL: &str = "allow_msg_ttl";
/// Stands before the name of each word of the metadata.
pub(super) const METADATA_PREFIX: &str = "metadata.";

/// Says whether messages that replace others are taken.
pub(crate) fn permits_rollup(config: &StreamConfig) -> bool {
    is_set(config, ALLOW_ROLLUP) && !is_set(config, DENY_PURGE)
}

/// Says whether messages with a time to live of their own are taken.
pub(crate) fn permits_message_ttl(config: &StreamConfig) -> bool {
    is_set(config, ALLOW_MSG_TTL)
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

pub(super) const TRUE: &str = "true";
