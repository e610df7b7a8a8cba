//! What a message expects of those before it: checked against what is committed and what is queued.

use super::super::StreamInner;
use super::super::standing::{Last, last_matching, last_of};
use super::super::writer::Writer;
use crate::append::{Append, Expect};
use crate::error::EngineError;
use crate::index::StreamIndex;
use std::sync::Arc;

impl StreamInner {
    pub(crate) fn check_expectation(
        &self,
        writer: &Writer,
        index: &StreamIndex,
        append: &Append<'_>,
        position: usize,
    ) -> Result<(), EngineError> {
        if append.expect == Expect::Nothing {
            return Ok(());
        }
        let wrong = |expected, found| EngineError::WrongLastSequence { expected, found, position };
        let expect_last = |expected, last: Option<Last>| {
            let found = last.map_or(0, |last| last.sequence);
            if found != expected {
                return Err(wrong(expected, found));
            }
            // Nobody may build on a state that cannot be read.
            match index.hole_after(last.map(|last| last.sequence)) {
                Some(hole) if last.is_none_or(|last| last.committed) => {
                    Err(EngineError::Damaged(Arc::clone(hole)))
                }
                _ => Ok(()),
            }
        };
        let intact = |expected, last: Option<Last>| {
            let meant = last.filter(|last| last.committed && last.sequence == expected);
            match meant.and_then(|last| self.known_damage(last.sequence)) {
                Some(damage) => Err(EngineError::Damaged(damage)),
                None => expect_last(expected, last),
            }
        };
        match append.expect {
            Expect::Nothing => Ok(()),
            Expect::LastOfSubject(expected) => {
                intact(expected, last_of(writer, index, append.subject.as_bytes()))
            }
            Expect::LastMatching(filter, expected) => intact(expected, last_matching(writer, index, filter)),
            Expect::LastOfStream(expected) => {
                let found = writer.next - 1;
                if found == expected { Ok(()) } else { Err(wrong(expected, found)) }
            }
            Expect::Both { subject, filter, stream } => {
                let of_subject = filter
                    .map_or(Expect::LastOfSubject(subject), |filter| Expect::LastMatching(filter, subject));
                for expect in [of_subject, Expect::LastOfStream(stream)] {
                    self.check_expectation(writer, index, &Append { expect, ..*append }, position)?;
                }
                Ok(())
            }
            Expect::NoValue => match last_of(writer, index, append.subject.as_bytes()) {
                Some(last) if !last.operation.is_marker() => {
                    Err(EngineError::HasValue { found: last.sequence, position })
                }
                last => expect_last(last.map_or(0, |last| last.sequence), last),
            },
        }
    }
}
