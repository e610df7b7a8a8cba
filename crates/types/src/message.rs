//! Messages as streams store them.

use crate::{Headers, Subject, Timestamp};
use bytes::Bytes;

/// Position of a message in its stream: 1 for the first one, never used twice.
pub type Sequence = u64;

/// What a message does to its subject, when it is read as a key (PROTOCOL 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// The message carries a value.
    Put,
    /// The subject was deleted; earlier messages may be kept.
    Delete,
    /// The subject was purged; earlier messages are gone.
    Purge,
    /// The stream itself noted that the last message of the subject is gone.
    Marker(MarkerReason),
}

impl Operation {
    /// Says whether the subject has no value after this message.
    #[must_use]
    pub fn is_marker(self) -> bool {
        self != Self::Put
    }
}

/// Why the stream itself stored a marker (header `Nats-Marker-Reason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MarkerReason {
    /// The last message went by its age.
    MaxAge,
    /// The subject was purged through the API.
    Purge,
    /// The message was removed through the API.
    Remove,
}

/// A message as a stream gives it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What the message is called.
    pub subject: Subject,
    /// Its position in the stream.
    pub sequence: Sequence,
    /// When it was stored.
    pub time: Timestamp,
    /// What it does to its subject.
    pub operation: Operation,
    /// The header block as it came, empty if there is none.
    pub headers: Headers,
    /// The body, cheap to clone.
    pub payload: Bytes,
}
