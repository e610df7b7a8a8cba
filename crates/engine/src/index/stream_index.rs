//! The index of a stream: which messages are live, where they stand, and which subjects they belong to.
//!
//! It is derived from the segments and changes only by what was committed: a message comes with its floor, and a control
//! says what is dead. Applying the same entries in the order of their sequences always gives the same index.

mod together;

use super::deadlines::Deadlines;
use super::slots::{Placed, SegmentIndex, Slot};
use super::subject_table::{Inserted, Known, NO_HISTORY, SubjectId, SubjectTable};
use crate::damage::Damage;
use crate::segment_file::SegmentFile;
use jetkv_types::{Operation, Sequence, Subject};
use std::collections::VecDeque;
use std::sync::Arc;

/// The index of one stream.
#[derive(Debug)]
pub(crate) struct StreamIndex {
    pub(crate) table: SubjectTable,
    /// Live messages of a subject before its last one, oldest first; only for subjects that have any.
    histories: Vec<VecDeque<Sequence>>,
    free_histories: Vec<u32>,
    /// In the order of their sequences.
    pub(crate) segments: Vec<SegmentIndex>,
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    /// First live message, or the next sequence if there is none.
    first: Sequence,
    /// Sequence of the next message.
    pub(crate) next: Sequence,
    pub(crate) last_time: u64,
    /// All messages below are dead.
    pub(crate) floor: Sequence,
    pub(crate) deadlines: Deadlines,
    /// Stretches whose messages are unknown.
    pub(crate) holes: Vec<Arc<Damage>>,
    /// Messages that went, since the stream was opened.
    pub(crate) removals: u64,
}

/// Where a live message stands.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    pub(crate) file: Arc<SegmentFile>,
    pub(crate) sequence: Sequence,
    pub(crate) offset: u32,
    pub(crate) length: u32,
    /// Everything in the file before this offset is committed, and never changes.
    pub(crate) committed: u32,
}

/// What the index knows of the last message of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LastOf {
    pub(crate) sequence: Sequence,
    pub(crate) operation: Operation,
    pub(crate) count: u64,
}

/// A message as it is applied.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Applied<'a> {
    pub(crate) placed: Placed,
    pub(crate) subject: &'a [u8],
    /// Hash of the subject, by the table's hasher.
    pub(crate) hash: u64,
    pub(crate) floor: Sequence,
    pub(crate) deadline: Option<u64>,
}

/// What there is to a message beside its slot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hinting<'a> {
    pub(crate) subject: &'a [u8],
    /// Hash of the subject, by the table's hasher.
    pub(crate) hash: u64,
    pub(crate) floor: Sequence,
    pub(crate) deadline: Option<u64>,
}

impl StreamIndex {
    pub(crate) fn new(next: Sequence) -> Self {
        Self {
            table: SubjectTable::new(),
            histories: Vec::new(),
            free_histories: Vec::new(),
            segments: Vec::new(),
            messages: 0,
            bytes: 0,
            first: next,
            next,
            last_time: 0,
            floor: 0,
            deadlines: Deadlines::default(),
            holes: Vec::new(),
            removals: 0,
        }
    }

    /// Adds a message to the last segment and drops what its floor hides.
    pub(crate) fn apply_message(&mut self, message: &Applied<'_>) {
        let placed = &message.placed;
        let (id, inserted) = self.table.insert_hashed(message.hash, message.subject, placed.sequence);
        let Some(segment) = self.segments.last_mut() else { return };
        segment.push(placed, id);
        segment.end = segment.end.max(placed.offset + placed.length);
        self.settle(id, inserted, placed, (message.floor, message.deadline));
    }

    /// As [`Self::apply_message`], for the next message whose slot is in the last segment already.
    pub(crate) fn apply_hinted(&mut self, slot: usize, message: &Hinting<'_>) {
        let Some(segment) = self.segments.last_mut() else { return };
        let Some(sequence) = segment.sequence_at(slot) else { return };
        let (id, inserted) = self.table.insert_hashed(message.hash, message.subject, sequence);
        let placed = segment.claim(slot, id);
        self.settle(id, inserted, &placed, (message.floor, message.deadline));
    }

    /// Counts a message and makes it the last one of its subject.
    fn settle(
        &mut self,
        id: SubjectId,
        inserted: Inserted,
        placed: &Placed,
        (floor, deadline): (Sequence, Option<u64>),
    ) {
        self.messages += 1;
        self.bytes += u64::from(placed.size);
        if let Some(deadline) = deadline {
            self.deadlines.insert(placed.sequence, deadline);
        }
        if self.first == self.next {
            self.first = placed.sequence;
        }
        // Sequences that may be lost in a hole before it are never used again.
        self.next = self.next.max(placed.sequence + 1);
        let fresh = Known { last: placed.sequence, history: NO_HISTORY, operation: placed.operation };
        let known = self.table.known_mut(id);
        let before = *known;
        if inserted == Inserted::New {
            *known = fresh;
            return;
        }
        if before.history == NO_HISTORY && before.last < floor {
            // The common case of a bucket without history: the new message takes the old one's place.
            *known = fresh;
            self.kill(before.last);
            return;
        }
        let history = self.history_of(id);
        self.histories[history].push_back(before.last);
        let known = self.table.known_mut(id);
        known.last = placed.sequence;
        known.operation = placed.operation;
        self.drop_below(id, floor);
    }

    /// Drops all messages of the stream below `floor`; returns how many.
    pub(crate) fn apply_stream_floor(&mut self, floor: Sequence) -> u64 {
        self.floor = self.floor.max(floor);
        let mut count = 0;
        while let Some((_, _, sequence, _)) = self.next_live(self.first).filter(|found| found.2 < floor) {
            self.remove(sequence);
            count += 1;
        }
        count
    }

    /// Drops all messages of a subject below `floor`; returns how many.
    pub(crate) fn apply_subject_floor(&mut self, subject: &[u8], floor: Sequence) -> u64 {
        self.table.get(subject).map_or(0, |id| self.drop_below(id, floor))
    }

    /// Drops one message, whatever its place in the history; says whether it was live.
    pub(crate) fn remove(&mut self, sequence: Sequence) -> bool {
        let Some(id) = self.slot(sequence).and_then(|slot| slot.subject()) else { return false };
        if self.table.known(id).last == sequence {
            let earlier = self.take_from_history(id, VecDeque::pop_back);
            match earlier {
                Some(earlier) => {
                    let operation = self.slot(earlier).map_or(Operation::Put, |slot| slot.operation());
                    let known = self.table.known_mut(id);
                    known.last = earlier;
                    known.operation = operation;
                }
                None => self.forget(id),
            }
        } else {
            self.take_from_history(id, |history| {
                let place = history.binary_search(&sequence).ok()?;
                history.remove(place)
            });
        }
        self.kill(sequence);
        true
    }

    fn drop_below(&mut self, id: SubjectId, floor: Sequence) -> u64 {
        let mut count = 0;
        let pop_below = |history: &mut VecDeque<Sequence>| {
            history.front().is_some_and(|oldest| *oldest < floor).then(|| history.pop_front())?
        };
        while let Some(sequence) = self.take_from_history(id, pop_below) {
            self.kill(sequence);
            count += 1;
        }
        let last = self.table.known(id).last;
        if last < floor {
            self.forget(id);
            self.kill(last);
            count += 1;
        }
        count
    }

    fn forget(&mut self, id: SubjectId) {
        let key = self.table.key(id).to_vec();
        self.table.remove(&key);
    }

    fn history_of(&mut self, id: SubjectId) -> usize {
        let known = self.table.known_mut(id);
        if known.history == NO_HISTORY {
            known.history = self.free_histories.pop().unwrap_or_else(|| {
                self.histories.push(VecDeque::new());
                crate::convert::to_u32(self.histories.len() - 1)
            });
        }
        crate::convert::to_usize(known.history)
    }

    /// Takes something out of a subject's history, and gives an emptied history back.
    fn take_from_history(
        &mut self,
        id: SubjectId,
        take: impl FnOnce(&mut VecDeque<Sequence>) -> Option<Sequence>,
    ) -> Option<Sequence> {
        let known = self.table.known_mut(id);
        if known.history == NO_HISTORY {
            return None;
        }
        let history = &mut self.histories[crate::convert::to_usize(known.history)];
        let taken = take(history);
        if history.is_empty() {
            *history = VecDeque::new();
            self.free_histories.push(known.history);
            known.history = NO_HISTORY;
        }
        taken
    }

    /// Marks a message as dead; its subject no longer refers to it.
    fn kill(&mut self, sequence: Sequence) {
        let Some((segment, index)) = self.find(sequence) else { return };
        let Some(slot) = self.segments[segment].kill(index) else { return };
        self.messages -= 1;
        self.removals += 1;
        self.bytes -= u64::from(slot.size());
        self.deadlines.remove(sequence);
        if sequence == self.first {
            self.first = self.next_live(sequence + 1).map_or(self.next, |found| found.2);
        }
    }

    fn find(&self, sequence: Sequence) -> Option<(usize, usize)> {
        let segment = self.segment_of(sequence)?;
        Some((segment, self.segments[segment].find(sequence)?))
    }

    fn segment_of(&self, sequence: Sequence) -> Option<usize> {
        self.segments.partition_point(|segment| segment.info().base <= sequence).checked_sub(1)
    }

    fn slot(&self, sequence: Sequence) -> Option<&Slot> {
        let (segment, index) = self.find(sequence)?;
        self.segments[segment].slots().get(index)
    }

    /// Returns the first live message at or after `from`: segment, slot index, sequence, subject.
    fn next_live(&self, from: Sequence) -> Option<(usize, usize, Sequence, SubjectId)> {
        let mut segment = self.segment_of(from).unwrap_or(0);
        while let Some(found) = self.segments.get(segment) {
            // One without any need not be walked through.
            let start = if found.live_count == 0 { found.slots().len() } else { found.lower_bound(from) };
            for (index, slot) in found.slots().iter().enumerate().skip(start) {
                if let Some(id) = slot.subject() {
                    return Some((segment, index, found.info().base + u64::from(slot.delta()), id));
                }
            }
            segment += 1;
        }
        None
    }

    /// Returns live messages from `from` on, in order, with their subjects.
    pub(crate) fn live_from(&self, from: Sequence) -> impl Iterator<Item = (Sequence, SubjectId)> + '_ {
        let first = self.segment_of(from).unwrap_or(0);
        self.segments.iter().skip(first).flat_map(move |segment| {
            let base = segment.info().base;
            let slots = &segment.slots()[segment.lower_bound(from)..];
            slots.iter().filter_map(move |slot| Some((base + u64::from(slot.delta()), slot.subject()?)))
        })
    }

    /// Returns the sequence of the last live message.
    pub(crate) fn last_live(&self) -> Option<Sequence> {
        self.segments.iter().rev().find_map(|segment| {
            let slot = segment.slots().iter().rev().find(|slot| slot.subject().is_some())?;
            Some(segment.info().base + u64::from(slot.delta()))
        })
    }

    /// Finds a live message.
    pub(crate) fn locate(&self, sequence: Sequence) -> Option<Location> {
        self.locate_if(sequence, |slot| slot.subject().is_some())
    }

    /// Finds the last message of a subject; the sequence may be known although the message is not found.
    ///
    /// What stands in the hash table says where it most likely is, so that memory need not bring what is known of the subject
    /// first: whatever takes a message's place as the last one is noted there, and a message that is gone is nobody's.
    pub(crate) fn locate_last(&self, subject: &[u8]) -> (Option<Sequence>, Option<Location>) {
        let Some(seen) = self.table.seen(subject) else { return (None, None) };
        let guess = seen
            .last_below(self.next)
            .and_then(|sequence| self.locate_if(sequence, |slot| slot.subject() == Some(seen.id)));
        if let Some(location) = guess {
            return (Some(location.sequence), Some(location));
        }
        let last = self.table.known(seen.id).last;
        (Some(last), self.locate(last))
    }

    fn locate_if(&self, sequence: Sequence, is_it: impl FnOnce(&Slot) -> bool) -> Option<Location> {
        let (segment, index) = self.find(sequence)?;
        let segment = &self.segments[segment];
        let slot = segment.slots().get(index).filter(|slot| is_it(slot))?;
        Some(Location {
            file: Arc::clone(&segment.file),
            sequence,
            offset: slot.offset(),
            length: slot.length(),
            committed: segment.end,
        })
    }

    /// Returns what limits count for a live message, 0 for any other.
    pub(crate) fn size_of(&self, sequence: Sequence) -> u32 {
        self.slot(sequence).filter(|slot| slot.subject().is_some()).map_or(0, Slot::size)
    }

    pub(crate) fn subject_of(&self, sequence: Sequence) -> Option<SubjectId> {
        self.slot(sequence)?.subject()
    }

    pub(crate) fn operation_of(&self, sequence: Sequence) -> Option<Operation> {
        self.slot(sequence).map(|slot| slot.operation())
    }

    pub(crate) fn last_of(&self, subject: &[u8]) -> Option<LastOf> {
        self.table.get(subject).map(|id| self.last_of_id(id))
    }

    pub(crate) fn last_of_id(&self, id: SubjectId) -> LastOf {
        let known = self.table.known(id);
        let earlier = crate::convert::to_u64(self.earlier(id).len());
        LastOf { sequence: known.last, operation: known.operation, count: earlier + 1 }
    }

    /// Returns the live message of a subject that has only one.
    pub(crate) fn only_revision(&self, id: SubjectId) -> Option<Sequence> {
        let known = self.table.known(id);
        (known.history == NO_HISTORY).then_some(known.last)
    }

    /// Returns the live messages of a subject, oldest first.
    pub(crate) fn revisions(&self, id: SubjectId) -> impl DoubleEndedIterator<Item = Sequence> + '_ {
        self.earlier(id).iter().copied().chain(std::iter::once(self.table.known(id).last))
    }

    /// Returns the live messages of a subject from `from` on, oldest first.
    pub(crate) fn revisions_from(
        &self,
        id: SubjectId,
        from: Sequence,
    ) -> impl DoubleEndedIterator<Item = Sequence> + '_ {
        let earlier = self.earlier(id);
        let start = earlier.partition_point(|sequence| *sequence < from);
        let last = Some(self.table.known(id).last).filter(|last| *last >= from);
        earlier.range(start..).copied().chain(last)
    }

    /// Counts the live messages of a subject from `from` on.
    pub(crate) fn count_revisions_from(&self, id: SubjectId, from: Sequence) -> u64 {
        let earlier = self.earlier(id);
        let count = earlier.len() - earlier.partition_point(|sequence| *sequence < from);
        crate::convert::to_u64(count) + u64::from(self.table.known(id).last >= from)
    }

    fn earlier(&self, id: SubjectId) -> &VecDeque<Sequence> {
        static NONE: VecDeque<Sequence> = VecDeque::new();
        match self.table.known(id).history {
            NO_HISTORY => &NONE,
            history => &self.histories[crate::convert::to_usize(history)],
        }
    }

    pub(crate) fn subject(&self, id: SubjectId) -> Option<Subject> {
        // Keys of the table were subjects when they went in.
        Subject::new(std::str::from_utf8(self.table.key(id)).ok()?).ok()
    }

    /// Leaves sequences before `next` out.
    pub(crate) fn advance(&mut self, next: Sequence) {
        if next > self.next {
            self.next = next;
            if self.messages == 0 {
                self.first = next;
            }
        }
    }

    /// Finds the first live message anew, after the next sequence was set from outside.
    pub(crate) fn refresh_first(&mut self) {
        self.first = self.next_live(0).map_or(self.next, |found| found.2);
    }

    /// First live message, or the next sequence if there is none.
    pub(crate) fn first(&self) -> Sequence {
        self.first
    }

    pub(crate) fn last(&self) -> Sequence {
        self.next - 1
    }

    /// Returns the hole that could hide a newer message than `last`, or any at all if there is none.
    pub(crate) fn hole_after(&self, last: Option<Sequence>) -> Option<&Arc<Damage>> {
        self.holes
            .iter()
            .find(|hole| hole.sequences.is_none_or(|(_, end)| last.is_none_or(|last| last < end)))
    }

    /// Puts a rewritten segment, in which what is dead is marked so, in the place of `range`.
    pub(crate) fn replace_segments(
        &mut self,
        range: std::ops::Range<usize>,
        rewritten: Option<SegmentIndex>,
    ) {
        self.segments.splice(range, rewritten);
    }

    /// Bytes of memory that the index takes.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let slots: u64 = self.segments.iter().map(SegmentIndex::memory_bytes).sum();
        let histories: usize = self.histories.iter().map(|history| history.capacity() * 8 + 32).sum();
        slots
            + crate::convert::to_u64(self.table.memory_bytes())
            + crate::convert::to_u64(histories)
            + self.deadlines.memory_bytes()
    }
}

/// So many subjects are fetched from memory at once.
pub(crate) const FETCHED_TOGETHER: usize = 32;
