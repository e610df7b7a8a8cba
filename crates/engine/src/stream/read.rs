//! Reading: finds messages through the index and reads them without holding any lock.

use super::{Stream, StreamInner};
use crate::convert::to_u64;
use crate::error::EngineError;
use crate::index::{Location, StreamIndex};
use crate::stream::listen::Recent;
use jetkv_types::{Message, Operation, Sequence, Subject, SubjectFilter, Timestamp};
use parking_lot::RwLockReadGuard;
use std::sync::Arc;

/// Figures of a stream, as of the last message that is visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamState {
    /// Messages that are live.
    pub messages: u64,
    /// Their bytes, counted as the reference counts them (PROTOCOL 4.1).
    pub bytes: u64,
    /// Sequence of the first live message, or the next sequence if there is none; 0 if there never was one.
    pub first_sequence: Sequence,
    /// When that message was stored; zero if there is none.
    pub first_time: Timestamp,
    /// Sequence of the last message, live or not.
    pub last_sequence: Sequence,
    /// When that message was stored; zero if there never was one.
    pub last_time: Timestamp,
    /// Subjects with live messages.
    pub subjects: u64,
    /// Bytes of all its segments.
    pub disk_bytes: u64,
}

/// What is known of one subject without reading its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectState {
    /// The subject.
    pub subject: Subject,
    /// Sequence of its last message.
    pub sequence: Sequence,
    /// What its last message does.
    pub operation: Operation,
    /// How many of its messages are live.
    pub messages: u64,
}

/// Which messages of each subject a selection takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Select {
    /// Only the last one.
    LastPerSubject,
    /// All that are live.
    All,
}

/// The messages that were selected at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Their sequences, ascending.
    pub sequences: Vec<Sequence>,
    /// The last visible sequence of the stream at that moment; everything later is not part of the selection.
    pub up_to: Sequence,
}

impl Stream {
    /// Returns the figures of the stream.
    #[must_use]
    pub fn state(&self) -> StreamState {
        figures(self.inner.index.read())
    }

    /// Returns the last visible sequence, 0 if there is none.
    #[must_use]
    pub fn last_sequence(&self) -> Sequence {
        self.inner.index.read().last()
    }

    /// Returns the message with this sequence, or `None` if it does not exist (any more).
    ///
    /// # Errors
    /// `Damaged` if it cannot be read as it was written, or if it cannot be known whether it exists; `Io`,
    /// `StreamDeleted`, `Closed`.
    pub fn get(&self, sequence: Sequence) -> Result<Option<Message>, EngineError> {
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        let Some(place) = index.locate(sequence) else {
            let lost = |hole: &&Arc<crate::Damage>| {
                hole.sequences.is_none_or(|(first, last)| (first..=last).contains(&sequence))
            };
            return match index.holes.iter().find(lost) {
                Some(hole) => Err(EngineError::Damaged(Arc::clone(hole))),
                None => Ok(None),
            };
        };
        // What was lost behind it may have said that it is dead.
        check_holes(&index, Some(sequence))?;
        drop(index);
        self.inner.read_cached(&place).map(Some)
    }

    /// Returns the last message of exactly this subject, markers included.
    ///
    /// # Errors
    /// `Damaged` if it cannot be read, or if it cannot be known which one is the last; `Io`.
    pub fn last(&self, subject: &Subject) -> Result<Option<Message>, EngineError> {
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        let (last, place) = index.locate_last(subject.as_bytes());
        check_holes(&index, last)?;
        let Some(place) = place else { return Ok(None) };
        drop(index);
        self.inner.read_cached(&place).map(Some)
    }

    /// Returns what is known of a subject, without reading a file.
    ///
    /// # Errors
    /// `Damaged` if it cannot be known which messages there are.
    pub fn subject_state(&self, subject: &Subject) -> Result<Option<SubjectState>, EngineError> {
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        let last = index.last_of(subject.as_bytes());
        self.check_history(&index, last.map(|last| last.sequence))?;
        Ok(last.map(|last| SubjectState {
            subject: subject.clone(),
            sequence: last.sequence,
            operation: last.operation,
            messages: last.count,
        }))
    }

    /// Returns the sequences of the live messages of exactly this subject, ascending, without reading a file.
    ///
    /// # Errors
    /// `Damaged` if it cannot be known which messages there are.
    pub fn revisions(&self, subject: &Subject) -> Result<Vec<Sequence>, EngineError> {
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        let revisions: Vec<_> =
            index.table.get(subject.as_bytes()).into_iter().flat_map(|id| index.revisions(id)).collect();
        self.check_history(&index, revisions.last().copied())?;
        Ok(revisions)
    }

    /// Refuses to answer if messages of a subject may have been lost, with `last` the last one that is known.
    fn check_history(&self, index: &StreamIndex, last: Option<Sequence>) -> Result<(), EngineError> {
        // Where a subject has one message only, nothing before it can matter.
        let only_last = self.inner.config().messages_per_subject_max == Some(1);
        check_holes(index, last.filter(|_| only_last))
    }

    /// Returns a page of the subjects that match, in token order, strictly behind `after`, at most `limit`. It reads no
    /// file, and its cost follows the answer.
    ///
    /// # Errors
    /// `Damaged` if messages of unknown subjects were lost.
    pub fn subjects(
        &self,
        filter: &SubjectFilter,
        after: Option<&Subject>,
        limit: usize,
    ) -> Result<Vec<SubjectState>, EngineError> {
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        check_holes(&index, None)?;
        let mut states = Vec::new();
        let after = after.map(Subject::as_bytes);
        index.each_matching(filter.as_str(), after, limit, |subject, last| {
            // Keys of the table were subjects when they went in.
            let subject = std::str::from_utf8(subject).ok().and_then(|text| Subject::new(text).ok());
            states.extend(subject.map(|subject| SubjectState {
                subject,
                sequence: last.sequence,
                operation: last.operation,
                messages: last.count,
            }));
        });
        Ok(states)
    }

    /// Returns how many subjects match.
    ///
    /// # Errors
    /// `Damaged` if messages of unknown subjects were lost.
    pub fn count_subjects(&self, filter: &SubjectFilter) -> Result<u64, EngineError> {
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        check_holes(&index, None)?;
        Ok(to_u64(index.table.count_matching(filter.as_str())))
    }

    /// Selects live messages from `from` on whose subject matches any of `filters`, without reading a file.
    ///
    /// # Errors
    /// `Damaged` if messages of unknown subjects were lost behind `from`.
    pub fn select(
        &self,
        filters: &[SubjectFilter],
        which: Select,
        from: Sequence,
    ) -> Result<Selection, EngineError> {
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        check_holes(&index, from.checked_sub(1))?;
        let up_to = index.last();
        let everything = filters.iter().any(|filter| filter.as_str() == ">");
        let mut sequences: Vec<Sequence> = if everything && which == Select::All {
            index.live_from(from).map(|(sequence, _)| sequence).collect()
        } else {
            let ids = filters.iter().flat_map(|filter| index.table.matching(filter.as_str(), None));
            match which {
                Select::LastPerSubject => ids.map(|id| index.last_of_id(id).sequence).collect(),
                Select::All => ids.flat_map(|id| index.revisions(id)).collect(),
            }
        };
        drop(index);
        sequences.retain(|sequence| *sequence >= from);
        sequences.sort_unstable();
        sequences.dedup();
        Ok(Selection { sequences, up_to })
    }

    /// Returns the first message from `from` on whose subject matches any of `filters`.
    ///
    /// As long as somebody listens, recent messages come out of memory, and one that has been replaced since is returned
    /// all the same; older ones come from the log, which holds only what is live.
    ///
    /// # Errors
    /// `Damaged` for a message that cannot be read, or if messages of unknown subjects were lost behind `from`; `Io`.
    pub fn next(&self, filters: &[SubjectFilter], from: Sequence) -> Result<Option<Message>, EngineError> {
        self.inner.check_readable()?;
        match self.inner.listeners.recent(filters, from) {
            Recent::Found(message) => return Ok(Some(message)),
            Recent::None => return Ok(None),
            Recent::Unknown => {}
        }
        let index = self.inner.index.read();
        check_holes(&index, from.checked_sub(1))?;
        let Some(place) = next_match(&index, filters, from).and_then(|found| index.locate(found)) else {
            return Ok(None);
        };
        drop(index);
        self.inner.read_cached(&place).map(Some)
    }
}

/// Works out the figures of a stream; the index is let go before the first message is read.
pub(super) fn figures(index: RwLockReadGuard<'_, StreamIndex>) -> StreamState {
    let first = index.locate(index.first());
    let mut state = StreamState {
        messages: index.messages,
        bytes: index.bytes,
        first_sequence: if index.last() == 0 { 0 } else { index.first() },
        first_time: Timestamp::ZERO,
        last_sequence: index.last(),
        last_time: Timestamp::from_nanos(index.last_time),
        subjects: to_u64(index.table.len()),
        disk_bytes: index.segments.iter().map(|segment| u64::from(segment.end)).sum(),
    };
    drop(index);
    if let Some(place) = first {
        let read = place.file.read_time(place.offset, place.length, place.sequence);
        state.first_time = read.unwrap_or_default();
    }
    state
}

fn next_match(index: &StreamIndex, filters: &[SubjectFilter], from: Sequence) -> Option<Sequence> {
    if filters.iter().all(SubjectFilter::is_literal) {
        let revisions = filters.iter().filter_map(|filter| index.table.get(filter.as_str().as_bytes()));
        return revisions.filter_map(|id| index.revisions(id).find(|found| *found >= from)).min();
    }
    let everything = filters.iter().any(|filter| filter.as_str() == ">");
    let matches = |id| {
        let key = std::str::from_utf8(index.table.key(id)).unwrap_or_default();
        everything || filters.iter().any(|filter| filter.matches(key))
    };
    index.live_from(from).find(|(_, id)| matches(*id)).map(|(sequence, _)| sequence)
}

/// Refuses to answer if a lost message of an unknown subject could be newer than `last`.
pub(super) fn check_holes(index: &StreamIndex, last: Option<Sequence>) -> Result<(), EngineError> {
    match index.hole_after(last) {
        Some(hole) => Err(EngineError::Damaged(Arc::clone(hole))),
        None => Ok(()),
    }
}

impl StreamInner {
    /// Reads a located message, out of the cache if it can; a damaged one is remembered and named.
    pub(crate) fn read_cached(&self, place: &Location) -> Result<Message, EngineError> {
        let read = place.file.read_cached(place, &self.shared.cache);
        read.map_err(|error| self.damage_met(place.sequence, error))
    }

    /// Reads a located message from its file; a damaged one is remembered and named.
    pub(crate) fn read_at(&self, place: &Location) -> Result<Message, EngineError> {
        place
            .file
            .read(place.offset, place.length, place.sequence)
            .map_err(|error| self.damage_met(place.sequence, error))
    }

    /// Remembers a damage that a read met, with the subject that it concerns; other errors stay as they are.
    pub(crate) fn damage_met(&self, sequence: Sequence, error: EngineError) -> EngineError {
        let EngineError::Damaged(damage) = error else { return error };
        let index = self.index.read();
        let subject = index.subject_of(sequence).and_then(|id| index.subject(id));
        drop(index);
        let damage = crate::Damage { subject, ..(*damage).clone() };
        self.note_damage(damage.clone());
        EngineError::Damaged(Arc::new(damage))
    }
}
