//! Questions about a stream that servers ask: by time, by pattern, as of an earlier moment, and how many.

use super::{Stream, StreamInner};
use crate::append::{Append, Expect};
use crate::convert::to_u64;
use crate::error::EngineError;
use crate::index::StreamIndex;
use jetkv_types::{Message, Sequence, Subject, SubjectFilter, Timestamp};
use std::sync::Arc;

impl Stream {
    /// Says whether the message with this sequence is there now. It reads no file.
    #[must_use]
    pub fn is_live(&self, sequence: Sequence) -> bool {
        self.inner.index.read().subject_of(sequence).is_some()
    }

    /// Returns the subject of the message with this sequence, if it is there now. It reads no file.
    #[must_use]
    pub fn subject_at(&self, sequence: Sequence) -> Option<Subject> {
        let index = self.inner.index.read();
        index.subject(index.subject_of(sequence)?)
    }

    /// Returns a number that grows whenever a message goes, whatever the reason, unless it was [discarded](Self::discard);
    /// who counted messages before knows by it whether the count still holds.
    #[must_use]
    pub fn removals(&self) -> u64 {
        self.inner.index.read().removals
    }

    /// Says whether the stream was deleted or its store closed.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.inner.ended.get().is_some()
    }

    /// Returns the bytes of all live messages, counted as limits count them. It reads no file.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.inner.index.read().bytes
    }

    /// Returns the sequence of the first live message stored at or after `time`; the next sequence if there is none.
    ///
    /// It reads about as many messages as the number of messages has binary digits.
    ///
    /// # Errors
    /// `Damaged` if a message that decides cannot be read, `Io`, `StreamDeleted`, `Closed`.
    pub fn sequence_at(&self, time: Timestamp) -> Result<Sequence, EngineError> {
        self.inner.check_readable()?;
        let (next, mut low, mut high) = {
            let index = self.inner.index.read();
            if time.as_nanos() > index.last_time || index.messages == 0 {
                return Ok(index.next);
            }
            (index.next, index.first(), index.next)
        };
        // Sequences below `low` were stored before `time`, those from `high` on at or after it.
        while low < high {
            let middle = low + (high - low) / 2;
            let index = self.inner.index.read();
            let found = index.live_from(middle).next().map(|(sequence, _)| sequence);
            let Some(found) = found.filter(|found| *found < high) else {
                high = middle;
                continue;
            };
            let Some(place) = index.locate(found) else { break };
            drop(index);
            if self.inner.read_cached(&place)?.time < time {
                low = found + 1;
            } else {
                // Nothing lives between the middle and what was found.
                high = middle;
            }
        }
        let index = self.inner.index.read();
        let found = index.live_from(low).next().map(|(sequence, _)| sequence);
        Ok(found.unwrap_or(next.max(index.next)))
    }

    /// Returns the newest message whose subject matches, markers included.
    ///
    /// # Errors
    /// `Damaged` if it cannot be read, or if it cannot be known which one is the newest; `Io`, `StreamDeleted`, `Closed`.
    pub fn last_matching(&self, filter: &SubjectFilter) -> Result<Option<Message>, EngineError> {
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        let last = if filter.as_str() == ">" {
            index.last_live()
        } else {
            index.table.matching(filter.as_str(), None).map(|id| index.last_of_id(id).sequence).max()
        };
        check_hole(&index, last)?;
        let Some(place) = last.and_then(|sequence| index.locate(sequence)) else { return Ok(None) };
        drop(index);
        self.inner.read_cached(&place).map(Some)
    }

    /// Returns the first live message from `from` on whose subject matches any of `filters`. Its cost follows the distance
    /// to the match or the number of subjects that match, whichever is less.
    ///
    /// # Errors
    /// `Damaged` for a message that cannot be read, or if messages of unknown subjects were lost behind `from`; `Io`,
    /// `StreamDeleted`, `Closed`.
    pub fn first_matching(
        &self,
        filters: &[SubjectFilter],
        from: Sequence,
    ) -> Result<Option<Message>, EngineError> {
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        check_hole(&index, from.checked_sub(1))?;
        let found = first_match(&index, filters, from);
        let Some(place) = found.and_then(|sequence| index.locate(sequence)) else { return Ok(None) };
        drop(index);
        self.inner.read_cached(&place).map(Some)
    }

    /// Returns the sequence of the first live message from `from` on whose subject matches any of `filters`, without reading
    /// it. What is lost is not there.
    ///
    /// # Errors
    /// `StreamDeleted`, `Closed`.
    pub fn first_sequence(
        &self,
        filters: &[SubjectFilter],
        from: Sequence,
    ) -> Result<Option<Sequence>, EngineError> {
        self.inner.check_readable()?;
        Ok(first_match(&self.inner.index.read(), filters, from))
    }

    /// Returns how many live messages from `from` on have a subject that matches any of `filters`. It reads no file.
    ///
    /// # Errors
    /// `Damaged` if messages of unknown subjects were lost behind `from`; `StreamDeleted`, `Closed`.
    pub fn count_from(&self, filters: &[SubjectFilter], from: Sequence) -> Result<u64, EngineError> {
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        check_hole(&index, from.checked_sub(1))?;
        Ok(count_matching_from(&index, filters, from))
    }

    /// Returns for each matching subject the sequence of its newest live message at or below `up_to`, ascending; `None` if
    /// more than `limit` subjects match.
    ///
    /// # Errors
    /// `Damaged` if messages of unknown subjects were lost; `StreamDeleted`, `Closed`.
    pub fn last_per_subject(
        &self,
        filters: &[SubjectFilter],
        up_to: Sequence,
        limit: usize,
    ) -> Result<Option<Vec<Sequence>>, EngineError> {
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        check_hole(&index, None)?;
        let ids = filters.iter().flat_map(|filter| index.table.matching(filter.as_str(), None));
        let mut found = Vec::new();
        for id in ids {
            found.extend(index.revisions(id).rev().find(|sequence| *sequence <= up_to));
            // A subject may match several filters; that is sorted out before it is called too many.
            if found.len() > limit {
                found.sort_unstable();
                found.dedup();
                if found.len() > limit {
                    return Ok(None);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(Some(found))
    }

    /// Returns the sequences between the first and the last that are not live (any more), at most `limit` of them.
    #[must_use]
    pub fn gaps(&self, limit: usize) -> Vec<Sequence> {
        let index = self.inner.index.read();
        let mut gaps = Vec::new();
        let mut expected = index.first();
        for sequence in index.live_from(expected).map(|(sequence, _)| sequence).chain([index.next]) {
            for gap in expected..sequence {
                if gaps.len() == limit {
                    return gaps;
                }
                gaps.push(gap);
            }
            expected = sequence + 1;
        }
        gaps
    }

    /// Says whether an append to `subject` with this expectation would be refused because of it, judged by what is
    /// committed and what is queued.
    ///
    /// # Errors
    /// As the append: `WrongLastSequence`, `HasValue`, `Damaged`.
    pub fn verify(&self, subject: &Subject, expect: Expect<'_>) -> Result<(), EngineError> {
        let append = Append { expect, ..Append::put(subject, &[]) };
        self.inner.read_expected(&[append]);
        self.inner.verify(&append)
    }

    /// Says whether these messages would be refused as one batch, judged by what is committed and what is queued.
    ///
    /// # Errors
    /// As [`Self::append`] for what needs no writing.
    pub fn would_append(&self, batch: &[Append<'_>]) -> Result<(), EngineError> {
        self.inner.would_append(batch)
    }
}

impl StreamInner {
    fn verify(&self, append: &Append<'_>) -> Result<(), EngineError> {
        let writer = self.writer.lock();
        let index = self.index.read();
        self.check_expectation(&writer, &index, append, 0)
    }
}

/// Finds the first live match: by looking at the messages near by, then by looking at the subjects that match.
fn first_match(index: &StreamIndex, filters: &[SubjectFilter], from: Sequence) -> Option<Sequence> {
    if filters.iter().any(|filter| filter.as_str() == ">") {
        return index.live_from(from).next().map(|(sequence, _)| sequence);
    }
    if !filters.iter().all(SubjectFilter::is_literal) {
        let mut seen = 0;
        for (sequence, id) in index.live_from(from) {
            if matches(index, filters, id) {
                return Some(sequence);
            }
            seen += 1;
            if seen == NEAR {
                break;
            }
        }
        if seen < NEAR {
            return None;
        }
    }
    let ids = filters.iter().flat_map(|filter| index.table.matching(filter.as_str(), None));
    ids.filter_map(|id| first_of(index, id, from)).min()
}

fn first_of(index: &StreamIndex, id: crate::index::SubjectId, from: Sequence) -> Option<Sequence> {
    index.revisions_from(id, from).next()
}

pub(super) fn matches(index: &StreamIndex, filters: &[SubjectFilter], id: crate::index::SubjectId) -> bool {
    let subject = std::str::from_utf8(index.table.key(id)).unwrap_or_default();
    filters.iter().any(|filter| filter.matches(subject))
}

fn check_hole(index: &StreamIndex, last: Option<Sequence>) -> Result<(), EngineError> {
    match index.hole_after(last) {
        Some(hole) => Err(EngineError::Damaged(Arc::clone(hole))),
        None => Ok(()),
    }
}

/// Counts live messages from `from` on: one by one near the end, else by the subjects that match.
pub(super) fn count_matching_from(index: &StreamIndex, filters: &[SubjectFilter], from: Sequence) -> u64 {
    if from >= index.next {
        return 0;
    }
    let everything = covers_everything(index, filters);
    if from <= index.first() {
        if everything {
            return index.messages;
        }
        // Every subject has one message.
        if let ([filter], true) = (filters, index.messages == to_u64(index.table.len())) {
            return to_u64(index.table.count_matching(filter.as_str()));
        }
    }
    let reach = index.next - from.max(index.first());
    let subjects: usize = filters.iter().map(|filter| index.table.count_matching(filter.as_str())).sum();
    if everything || (!filters.iter().all(SubjectFilter::is_literal) && reach <= to_u64(subjects).max(NEAR)) {
        let matching = index.live_from(from).filter(|(_, id)| everything || matches(index, filters, *id));
        return to_u64(matching.count());
    }
    let mut ids: Vec<_> = filters
        .iter()
        .flat_map(|filter| index.table.matching(filter.as_str(), None))
        .map(|id| (id.number(), id))
        .collect();
    if filters.len() > 1 {
        ids.sort_unstable_by_key(|(number, _)| *number);
        ids.dedup_by_key(|(number, _)| *number);
    }
    ids.into_iter().map(|(_, id)| index.count_revisions_from(id, from)).sum()
}

/// Says whether the subjects of all messages that are there match; it may say no where they do.
pub(super) fn covers_everything(index: &StreamIndex, filters: &[SubjectFilter]) -> bool {
    filters.iter().any(|filter| {
        filter.as_str() == ">"
            || filter.is_subtree() && index.table.count_matching(filter.as_str()) == index.table.len()
    })
}

/// Up to so many messages are looked at one by one before the subjects are.
const NEAR: u64 = 1_024;
