//! Entries: what a bucket knows of a key at one revision.

use crate::names::BucketNames;
use crate::{KvError, Revision};
use bytes::Bytes;
use jetkv_types::{Headers, MarkerReason, Message, Timestamp};
use std::sync::Arc;

/// One revision of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The bucket.
    pub bucket: Arc<str>,
    /// The key.
    pub key: String,
    /// The value; empty for a marker, and where only metadata was asked for.
    pub value: Bytes,
    /// Position in the bucket: every write of any key gets the next one.
    pub revision: Revision,
    /// When it was stored.
    pub created: Timestamp,
    /// How many entries of the first set of a watch or history are still to come.
    pub delta: u64,
    /// What it does to the key.
    pub operation: Operation,
    /// Headers that were stored with it.
    pub headers: Headers,
}

impl Entry {
    pub(crate) fn of(names: &BucketNames, message: Message, delta: u64) -> Self {
        Self {
            bucket: Arc::clone(&names.bucket),
            key: names.key_of(&message.subject).to_owned(),
            value: message.payload,
            revision: message.sequence,
            created: message.time,
            delta,
            operation: message.operation.into(),
            headers: lasting(message.headers),
        }
    }

    /// Returns the message that stands for a copy of it in a bucket.
    pub(crate) fn to_message(&self, names: &BucketNames) -> Result<Message, KvError> {
        Ok(Message {
            subject: names.subject(&self.key)?,
            sequence: self.revision,
            time: self.created,
            // Read from the headers again, where the reference keeps it.
            operation: jetkv_types::Operation::Put,
            headers: self.headers.clone(),
            payload: self.value.clone(),
        })
    }

    /// Returns the value as text, if it is UTF-8.
    #[must_use]
    pub fn value_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.value).ok()
    }

    /// Returns why the bucket itself stored this marker; `None` if somebody else wrote the entry.
    #[must_use]
    pub fn marker_reason(&self) -> Option<MarkerReason> {
        match jetkv_jetstream::operation_of(&self.headers) {
            jetkv_types::Operation::Marker(reason) => Some(reason),
            _ => None,
        }
    }
}

/// Leaves out what was said to the server at the moment of writing and means nothing afterwards: servers keep it, the
/// embedded place does not write it.
fn lasting(headers: Headers) -> Headers {
    let has_passing = headers.iter().any(|(name, _)| is_passing(name));
    if !has_passing {
        return headers;
    }
    let kept = Headers::from_pairs(headers.iter().filter(|(name, _)| !is_passing(name)));
    // A name that cannot be written again is kept with all the others.
    kept.unwrap_or(headers)
}

fn is_passing(name: &str) -> bool {
    name.starts_with("Nats-Expected-") || name.starts_with("Nats-Batch-")
}

/// What an entry does to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Gives it a value.
    Put,
    /// Deletes it; earlier revisions may be kept.
    Delete,
    /// Deletes it; earlier revisions are gone. So does an expiry that leaves a marker.
    Purge,
}

impl Operation {
    /// Says whether the key has no value after it.
    #[must_use]
    pub fn is_marker(self) -> bool {
        self != Self::Put
    }
}

impl From<jetkv_types::Operation> for Operation {
    fn from(operation: jetkv_types::Operation) -> Self {
        use jetkv_types::Operation as Stored;
        match operation {
            Stored::Put => Self::Put,
            Stored::Delete | Stored::Marker(MarkerReason::Remove) => Self::Delete,
            Stored::Purge | Stored::Marker(MarkerReason::MaxAge | MarkerReason::Purge) => Self::Purge,
        }
    }
}
