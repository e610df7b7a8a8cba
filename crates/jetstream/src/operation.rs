//! What a message does to its subject, as its headers tell it (PROTOCOL 6.3), and the headers of limit markers (3.5).

use crate::{duration, header_names as names};
use jetkv_types::{HeaderError, Headers, MarkerReason, Operation};
use std::time::Duration;

/// Returns what a message with these headers does to its subject. An unknown word makes it an ordinary value.
#[must_use]
pub fn operation_of(headers: &Headers) -> Operation {
    operation_of_words(headers.get(names::KV_OPERATION), headers.get(names::MARKER_REASON))
}

/// Returns what a message does to its subject, by the values of `KV-Operation` and `Nats-Marker-Reason`.
pub(crate) fn operation_of_words(operation: Option<&str>, reason: Option<&str>) -> Operation {
    match operation {
        Some("DEL") => return Operation::Delete,
        Some("PURGE") => return Operation::Purge,
        _ => {}
    }
    match reason {
        Some("MaxAge") => Operation::Marker(MarkerReason::MaxAge),
        Some("Purge") => Operation::Marker(MarkerReason::Purge),
        Some("Remove") => Operation::Marker(MarkerReason::Remove),
        _ => Operation::Put,
    }
}

/// Returns the header block of the marker that a stream stores when the last message of a subject goes by age.
///
/// # Errors
/// [`HeaderError`] never happens with these names and values; it is passed on instead of a panic.
pub fn limit_marker_headers(ttl: Duration) -> Result<Headers, HeaderError> {
    let ttl = duration::format(ttl);
    Headers::from_pairs([
        (names::MARKER_REASON, "MaxAge"),
        (names::TTL, ttl.as_str()),
        (names::ROLLUP, "sub"),
    ])
}

#[cfg(test)]
mod tests;
