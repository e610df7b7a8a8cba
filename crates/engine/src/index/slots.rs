//! Where the messages of one segment stand, and which of them are live.

use crate::convert::to_u64;
use crate::format::segment::SegmentInfo;
use crate::index::subject_table::SubjectId;
use crate::segment_file::SegmentFile;
use jetkv_types::{Operation, Sequence};
use std::sync::Arc;

/// One message in a segment, in 20 bytes: what a read needs to find it, and what limits need to count it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    delta: u32,
    offset: u32,
    /// Length of the entry in the low 28 bits, kind of operation in the high 4.
    length_and_operation: u32,
    size: u32,
    /// Whose message it is; [`DEAD`] once nobody's.
    subject: u32,
}

/// Everything about a message that goes into a slot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed {
    pub(crate) sequence: Sequence,
    pub(crate) offset: u32,
    pub(crate) length: u32,
    pub(crate) size: u32,
    pub(crate) operation: Operation,
}

impl Slot {
    fn new(base: Sequence, placed: &Placed, subject: SubjectId) -> Self {
        Self {
            // A segment is closed before its sequences exceed 32 bits.
            delta: u32::try_from(placed.sequence - base).unwrap_or(u32::MAX),
            offset: placed.offset,
            length_and_operation: placed.length | operation_code(placed.operation) << LENGTH_BITS,
            size: placed.size,
            subject: subject.number(),
        }
    }

    /// Returns a message that is nobody's yet.
    pub(crate) fn unclaimed(base: Sequence, placed: &Placed) -> Self {
        Self { subject: DEAD, ..Self::new(base, placed, SubjectId::new(0)) }
    }

    pub(crate) fn subject(&self) -> Option<SubjectId> {
        (self.subject != DEAD).then(|| SubjectId::new(self.subject))
    }

    pub(crate) fn offset(&self) -> u32 {
        self.offset
    }

    pub(crate) fn length(&self) -> u32 {
        self.length_and_operation & LENGTH_MASK
    }

    pub(crate) fn size(&self) -> u32 {
        self.size
    }

    pub(crate) fn operation(&self) -> Operation {
        operation_from_code(self.length_and_operation >> LENGTH_BITS)
    }

    pub(crate) fn delta(&self) -> u32 {
        self.delta
    }
}

/// Where the slot of a sequence is.
#[derive(Debug, Clone, Copy)]
enum Near {
    Exactly(usize),
    /// Near an index; with the difference that it has.
    About(usize, u32),
}

/// How far the controls of a segment reach, all of them together.
#[derive(Debug, Clone, Copy, Default)]
struct Reach {
    /// Highest floor of a subject.
    floor: Sequence,
    /// Highest barrier of such a floor.
    barrier: u64,
    /// First and last sequence that is dropped.
    dropped: Option<(Sequence, Sequence)>,
}

/// The part of the index that belongs to one segment.
#[derive(Debug)]
pub(crate) struct SegmentIndex {
    pub(crate) file: Arc<SegmentFile>,
    slots: Vec<Slot>,
    /// The difference of the first of every [`MARKED`] slots: a search among them finds them in the cache, where each slot that it
    /// looked at would be waited for.
    marks: Vec<u32>,
    pub(crate) live_count: u64,
    /// Bytes of the entries of live messages.
    pub(crate) live_bytes: u64,
    /// Offset behind the last entry.
    pub(crate) end: u32,
    /// Bytes of entries that are no messages.
    pub(crate) control_bytes: u64,
    reach: Reach,
    /// Index of the first slot that is dead.
    first_dead: Option<usize>,
    /// Whether the segment has damage; such a segment is never rewritten without consent.
    pub(crate) damaged: bool,
}

impl SegmentIndex {
    pub(crate) fn new(file: Arc<SegmentFile>) -> Self {
        let end = file.info.data_start;
        Self {
            file,
            slots: Vec::new(),
            marks: Vec::new(),
            live_count: 0,
            live_bytes: 0,
            end,
            control_bytes: 0,
            reach: Reach::default(),
            first_dead: None,
            damaged: false,
        }
    }

    pub(crate) fn with_capacity(file: Arc<SegmentFile>, count: usize) -> Self {
        let (slots, marks) = (Vec::with_capacity(count), Vec::with_capacity(count.div_ceil(MARKED)));
        Self { slots, marks, ..Self::new(file) }
    }

    /// Takes the messages of a whole segment, none of them claimed yet.
    pub(crate) fn with_unclaimed(file: Arc<SegmentFile>, slots: Vec<Slot>) -> Self {
        let end = slots.last().map_or(file.info.data_start, |last| last.offset + last.length());
        let marks = slots.iter().step_by(MARKED).map(Slot::delta).collect();
        Self { slots, marks, end, ..Self::new(file) }
    }

    pub(crate) fn info(&self) -> &SegmentInfo {
        &self.file.info
    }

    /// Says whose message an unclaimed slot is, and returns it; it lives from now on.
    pub(crate) fn claim(&mut self, index: usize, subject: SubjectId) -> Placed {
        let base = self.info().base;
        let slot = &mut self.slots[index];
        slot.subject = subject.number();
        let (offset, length, size, operation) = (slot.offset, slot.length(), slot.size, slot.operation());
        let placed = Placed { sequence: base + u64::from(slot.delta), offset, length, size, operation };
        self.live_count += 1;
        self.live_bytes += u64::from(length);
        placed
    }

    /// Adds a live message behind all others.
    pub(crate) fn push(&mut self, placed: &Placed, subject: SubjectId) {
        let slot = Slot::new(self.info().base, placed, subject);
        if self.slots.len().is_multiple_of(MARKED) {
            self.marks.push(slot.delta);
        }
        self.slots.push(slot);
        self.live_count += 1;
        self.live_bytes += u64::from(placed.length);
    }

    /// Adds a message that died while it was moved.
    pub(crate) fn push_dead(&mut self, placed: &Placed) {
        self.push(placed, SubjectId::new(0));
        self.kill(self.slots.len() - 1);
    }

    /// Counts a control; `dropped` are the sequences that it names.
    pub(crate) fn note_control(
        &mut self,
        length: u32,
        barrier: Option<(Sequence, u64)>,
        dropped: &[Sequence],
    ) {
        self.control_bytes += u64::from(length);
        if let Some((floor, barrier)) = barrier {
            self.reach.floor = self.reach.floor.max(floor);
            self.reach.barrier = self.reach.barrier.max(barrier);
        }
        if let (Some(first), Some(last)) = (dropped.first(), dropped.last()) {
            let (low, high) = self.reach.dropped.unwrap_or((*first, *last));
            self.reach.dropped = Some((low.min(*first), high.max(*last)));
        }
    }

    /// Says whether a control of this segment may still hide something in another one.
    pub(crate) fn reaches_into(&self, other: &Self) -> bool {
        let Reach { floor, barrier, dropped } = self.reach;
        let within =
            |(first, last)| other.sequence_at(other.lower_bound(first)).is_some_and(|found| found <= last);
        other.has_dead(floor, barrier) || dropped.is_some_and(within)
    }

    /// Says whether a message below `floor` is dead here that a floor with this barrier may have killed. What is in a damaged
    /// segment is not known that well.
    pub(crate) fn has_dead(&self, floor: Sequence, barrier: u64) -> bool {
        let first = if self.damaged {
            Some(self.info().base)
        } else {
            self.first_dead.and_then(|at| self.sequence_at(at))
        };
        self.info().id < barrier && first.is_some_and(|first| first < floor)
    }

    /// Marks a slot as dead and returns what it was.
    pub(crate) fn kill(&mut self, index: usize) -> Option<Slot> {
        let slot = self.slots.get_mut(index).filter(|slot| slot.subject != DEAD)?;
        let was = *slot;
        slot.subject = DEAD;
        self.first_dead = Some(self.first_dead.map_or(index, |first| first.min(index)));
        self.live_count -= 1;
        self.live_bytes -= u64::from(was.length());
        Some(was)
    }

    /// Finds a message, live or dead, by its sequence.
    pub(crate) fn find(&self, sequence: Sequence) -> Option<usize> {
        let index = self.lower_bound(sequence);
        (self.sequence_at(index)? == sequence).then_some(index)
    }

    /// Returns the index of the first slot whose sequence is at least `sequence`.
    pub(crate) fn lower_bound(&self, sequence: Sequence) -> usize {
        match self.near(sequence) {
            Near::Exactly(index) => index,
            Near::About(index, delta) => self.search_around(index, delta),
        }
    }

    /// Returns where the slot of a sequence must be, without a look at slots that may be far from the processor.
    fn near(&self, sequence: Sequence) -> Near {
        let Some(delta) = sequence.checked_sub(self.info().base) else { return Near::Exactly(0) };
        let end = self.slots.len();
        let Ok(delta) = u32::try_from(delta) else { return Near::Exactly(end) };
        let Some(last) = self.slots.last().filter(|last| last.delta >= delta) else {
            return Near::Exactly(end);
        };
        if crate::convert::to_usize(last.delta) == end - 1 {
            // Nothing was left out, as in a segment that was never compacted: the difference is the index.
            return Near::Exactly(crate::convert::to_usize(delta));
        }
        // The slot is behind this mark, and not behind the next one. Between them, a step in proportion comes close.
        let Some(mark) = self.marks.partition_point(|mark| *mark < delta).checked_sub(1) else {
            return Near::Exactly(0);
        };
        let (from, least) = (mark * MARKED, self.marks[mark]);
        let (to, most) = match self.marks.get(mark + 1) {
            Some(most) => (from + MARKED, *most),
            None => (end - 1, last.delta),
        };
        let share = u64::from(delta - least) * to_u64(to - from) / u64::from((most - least).max(1));
        Near::About(from + crate::convert::to_usize_wide(share), delta)
    }

    /// Returns about where the slot of a sequence is; [`Self::touch`] has it at hand then.
    pub(super) fn guess(&self, sequence: Sequence) -> usize {
        match self.near(sequence) {
            Near::Exactly(index) | Near::About(index, _) => index,
        }
    }

    /// Reads slots around an index, for nothing but to have them at hand.
    #[inline]
    pub(super) fn touch(&self, index: usize) -> u32 {
        let delta = |index: usize| self.slots.get(index).map_or(0, Slot::delta);
        delta(index) ^ delta(index.saturating_sub(SLOTS_PER_LINE)) ^ delta(index + SLOTS_PER_LINE)
    }

    /// Returns the index of the first slot that is not below `delta`, looking ever further from `near`, an index.
    fn search_around(&self, near: usize, delta: u32) -> usize {
        let below = |index: usize| self.slots[index].delta < delta;
        let (mut low, mut high, mut step) = (near, near, NEAR_SLOTS);
        if below(near) {
            while high < self.slots.len() && below(high) {
                low = high;
                high += step;
                step *= 2;
            }
        } else {
            while low > 0 && !below(low) {
                high = low;
                low = low.saturating_sub(step);
                step *= 2;
            }
        }
        let high = high.min(self.slots.len());
        low + self.slots[low..high].partition_point(|slot| slot.delta < delta)
    }

    pub(crate) fn sequence_at(&self, index: usize) -> Option<Sequence> {
        self.slots.get(index).map(|slot| self.info().base + u64::from(slot.delta))
    }

    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Bytes that entries take in the file.
    pub(crate) fn used_bytes(&self) -> u64 {
        u64::from(self.end - self.info().data_start)
    }

    pub(crate) fn memory_bytes(&self) -> u64 {
        to_u64(self.slots.capacity() * size_of::<Slot>() + self.marks.capacity() * size_of::<u32>())
    }

    /// Gives memory back that no further message will need.
    pub(crate) fn shrink(&mut self) {
        self.slots.shrink_to_fit();
        self.marks.shrink_to_fit();
    }
}

fn operation_code(operation: Operation) -> u32 {
    u32::from(crate::format::entry::Kind::Message(operation).to_byte())
}

fn operation_from_code(code: u32) -> Operation {
    let kind = u8::try_from(code).ok().and_then(crate::format::entry::Kind::from_byte);
    match kind {
        Some(crate::format::entry::Kind::Message(operation)) => operation,
        // Only codes of operations are ever stored.
        _ => Operation::Put,
    }
}

/// Every so many slots there is a mark.
const MARKED: usize = 32;
/// So many slots are in the memory that is fetched at once, 64 bytes in most processors.
const SLOTS_PER_LINE: usize = 3;
/// The first step of a search.
const NEAR_SLOTS: usize = 4;
const DEAD: u32 = u32::MAX;
const LENGTH_BITS: u32 = 28;
const LENGTH_MASK: u32 = (1 << LENGTH_BITS) - 1;

#[cfg(test)]
mod tests;
