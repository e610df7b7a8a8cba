//! What writers hand to a stream, and what they get back.

use crate::error::EngineError;
use jetkv_types::{Headers, Operation, Sequence, Subject, SubjectFilter, Timestamp};
use std::time::Duration;

/// One message to be appended; several of them in one call are all stored or none.
#[derive(Debug, Clone, Copy)]
pub struct Append<'a> {
    /// The subject; the stream must capture it.
    pub subject: &'a Subject,
    /// The header block, stored byte for byte.
    pub headers: &'a Headers,
    /// The payload; may be empty.
    pub payload: &'a [u8],
    /// What the message does to its subject.
    pub operation: Operation,
    /// How long the message lives.
    pub ttl: Ttl,
    /// What must hold for the message to be stored.
    pub expect: Expect<'a>,
    /// What the message replaces.
    pub rollup: Rollup,
    /// Where the message comes from, if it keeps its sequence and time from there.
    pub origin: Option<Origin>,
    /// Whether the message may use the space kept back for a full disk: deletes and purges do.
    pub priority: Priority,
    /// Whether the message is stored at all.
    pub keeping: Keeping,
}

impl<'a> Append<'a> {
    /// Returns a message with a value, no headers, no expectation.
    #[must_use]
    pub fn put(subject: &'a Subject, payload: &'a [u8]) -> Self {
        static NO_HEADERS: Headers = Headers::none();
        Self {
            subject,
            headers: &NO_HEADERS,
            payload,
            operation: Operation::Put,
            ttl: Ttl::Stream,
            expect: Expect::Nothing,
            rollup: Rollup::None,
            origin: None,
            priority: Priority::Normal,
            keeping: Keeping::Kept,
        }
    }
}

/// How long a message lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ttl {
    /// As long as the stream's `age_max` says.
    Stream,
    /// This long, or shorter if `age_max` is shorter.
    After(Duration),
    /// For ever, `age_max` or not.
    Never,
}

/// What must hold at the moment of storing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect<'a> {
    /// Nothing.
    Nothing,
    /// The last message of the subject has this sequence; 0 means that there is none.
    LastOfSubject(Sequence),
    /// The last message that matches the filter has this sequence; 0 means that there is none.
    LastMatching(&'a SubjectFilter, Sequence),
    /// The last message of the stream has this sequence.
    LastOfStream(Sequence),
    /// The last message of the subject, or of the filter, and the last one of the stream have these sequences.
    Both {
        /// Of the subject or the filter; 0 means that there is none.
        subject: Sequence,
        /// What stands in for the subject.
        filter: Option<&'a SubjectFilter>,
        /// Of the stream.
        stream: Sequence,
    },
    /// The subject has no message, or a marker as its last one.
    NoValue,
}

/// What a message replaces once it is stored, in the same step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rollup {
    /// Nothing but what the limits say.
    None,
    /// All earlier messages of its subject.
    Subject,
    /// All earlier messages of the stream.
    Stream,
}

/// Sequence and time of a message in the stream from which it is copied.
///
/// A sequence that the stream has passed already is replaced by the next one; a time before that of the last message is
/// replaced by that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Its sequence there.
    pub sequence: Sequence,
    /// When it was stored there.
    pub time: Timestamp,
}

/// Who goes first when the disk is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Refused when the disk is full.
    Normal,
    /// May use the reserve, because it makes room.
    Reclaim,
}

/// Whether a message is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keeping {
    /// It is.
    Kept,
    /// It is not: its expectation is checked and it uses up its sequence, and that is all. Limits do not concern it, and it
    /// replaces nothing.
    Passed,
}

/// What a purge removes. All conditions must hold; without any, everything goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Purge {
    /// Only messages of these subjects.
    pub filter: Option<SubjectFilter>,
    /// Only messages below this sequence.
    pub below: Option<Sequence>,
    /// All but the newest so many of the messages that match.
    pub keep: Option<u64>,
}

/// Sequences that a committed batch got: adjacent, in the order of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// Sequence of the first message.
    pub first: Sequence,
    /// Sequence of the last message.
    pub last: Sequence,
}

/// The outcome of a commit.
pub type CommitResult = Result<Committed, EngineError>;
