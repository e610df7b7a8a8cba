//! Why a model refuses a message, and whether an error of the engine says the same.

use super::Model;
use jetkv_engine::{Append, EngineError, Expect, Limit};
use jetkv_types::Sequence;

/// Why a message was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The stream does not capture the subject.
    NotCaptured,
    /// The expected sequence was another one than this.
    WrongLast {
        /// What the stream holds.
        found: Sequence,
    },
    /// The subject has a value.
    HasValue {
        /// Where.
        found: Sequence,
    },
    /// A limit refuses it.
    Limit(Limit),
}

impl Refusal {
    /// Says whether the error means this refusal.
    #[must_use]
    pub fn is(&self, error: &EngineError) -> bool {
        match (self, error) {
            (Self::NotCaptured, EngineError::SubjectNotCaptured { .. }) => true,
            (Self::WrongLast { found }, EngineError::WrongLastSequence { found: told, .. })
            | (Self::HasValue { found }, EngineError::HasValue { found: told, .. }) => found == told,
            (Self::Limit(limit), EngineError::LimitReached { limit: told, .. }) => limit == told,
            _ => false,
        }
    }
}

/// Checks everything but limits.
pub(super) fn check(model: &Model, append: &Append<'_>) -> Result<(), Refusal> {
    if !model.config.captures(append.subject.as_str()) {
        return Err(Refusal::NotCaptured);
    }
    let last = model.last(append.subject);
    let found = last.map_or(0, |last| last.sequence);
    let must_be = |expected: Sequence, found: Sequence| {
        if found == expected { Ok(()) } else { Err(Refusal::WrongLast { found }) }
    };
    match append.expect {
        Expect::Nothing => Ok(()),
        Expect::LastOfSubject(expected) => must_be(expected, found),
        Expect::LastMatching(filter, expected) => {
            let last = model.messages().rev().find(|message| filter.matches(message.subject.as_str()));
            must_be(expected, last.map_or(0, |last| last.sequence))
        }
        Expect::LastOfStream(expected) => must_be(expected, model.last_sequence()),
        Expect::Both { subject, filter, stream } => {
            let of_subject =
                filter.map_or(Expect::LastOfSubject(subject), |filter| Expect::LastMatching(filter, subject));
            check(model, &Append { expect: of_subject, ..*append })?;
            must_be(stream, model.last_sequence())
        }
        Expect::NoValue if last.is_some_and(|last| !last.operation.is_marker()) => {
            Err(Refusal::HasValue { found })
        }
        Expect::NoValue => Ok(()),
    }
}
