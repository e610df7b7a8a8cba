//! Appending: the checks of a batch in the order of its messages, against what is committed and what is queued.

mod each;
mod expect;

use super::round::Round;
use super::size::message_size;
use super::standing::Displaced;
use super::writer::{Left, Mark, Queued, Writer};
use super::{Commit, StreamInner};
use crate::append::{Append, Committed, Keeping, Priority, Rollup, Ttl};
use crate::config::{Compression, Discard, StreamConfig};
use crate::convert::{to_u32, to_u64};
use crate::error::{EngineError, Limit};
use crate::format::entry::{
    BATCH_CONTINUES, COMPRESSED, FIXED_BYTES, HAS_DEADLINE, HAS_FLOOR, HAS_HEADERS, Head, Kind, NEVER,
};
use crate::index::{FETCHED_TOGETHER, StreamIndex};
use crate::segment_file::compress;
use crate::wakes;
use jetkv_types::Sequence;
use jetkv_types::limits::{BATCH_BYTES_MAX, MESSAGE_BYTES_MAX, SEQUENCE_MAX};
use std::sync::Arc;

impl StreamInner {
    /// Queues a batch, or finds out why not; either way the commit tells.
    pub(crate) fn append(self: &Arc<Self>, batch: &[Append<'_>]) -> Commit {
        let _wakes = wakes::hold();
        self.read_expected(batch);
        let mut writer = self.writer.lock();
        let outcome = self.queue_batch(&mut writer, batch, Fate::Kept);
        // A refusal may rest on what is queued: it is told once that is durable.
        let round = writer.last_round().unwrap_or_else(|| Arc::new(Round::done()));
        drop(writer);
        Commit::new(Arc::clone(self), round, outcome)
    }

    /// Finds out whether a batch would be refused; nothing is left of it.
    pub(crate) fn would_append(&self, batch: &[Append<'_>]) -> Result<(), EngineError> {
        self.queue_batch(&mut self.writer.lock(), batch, Fate::Undone).map(drop)
    }

    fn queue_batch(
        &self,
        writer: &mut Writer,
        batch: &[Append<'_>],
        fate: Fate,
    ) -> Result<Committed, EngineError> {
        if let Some(error) = &writer.stopped {
            return Err(error.clone());
        }
        if batch.is_empty() {
            return Ok(Committed { first: writer.next, last: writer.next - 1 });
        }
        // Another stream may have found the disk full: what it freed is not for values.
        let full = writer.full || self.shared.reserve.is_released();
        if full && batch.iter().any(|append| append.priority == Priority::Normal) {
            self.shared.reserve.restore()?;
            writer.full = false;
        }
        let config = self.config();
        let now = self.env.clock.now().as_nanos();
        let seen = Seen { config: &config, index: &self.index.read(), now };
        self.queue_seen(writer, &seen, batch, fate)
    }

    /// Queues a batch, with what everything in it is checked against.
    fn queue_seen(
        &self,
        writer: &mut Writer,
        seen: &Seen<'_>,
        batch: &[Append<'_>],
        fate: Fate,
    ) -> Result<Committed, EngineError> {
        let &Seen { config, index, now } = seen;
        let mut estimate = 0;
        for (position, append) in batch.iter().enumerate() {
            check_alone(config, append, position)?;
            estimate += FIXED_BYTES + 40 + append.subject.as_bytes().len() + append.payload.len();
            estimate += append.headers.as_block().len();
        }
        if estimate > BATCH_BYTES_MAX {
            return Err(EngineError::BatchTooLarge { bytes: estimate, bytes_max: BATCH_BYTES_MAX });
        }
        let reach = sequences(writer, batch)?;
        if index.table.is_full() {
            return Err(EngineError::LimitReached { stream: self.name.clone(), limit: Limit::Messages });
        }
        let left = self.make_room(writer, index, estimate, reach);
        writer.open_chunk(estimate);
        let mark = writer.mark(left);
        let mut before: Vec<(&[u8], Option<Queued>)> = Vec::new();
        if batch.len() > 1 {
            before.reserve_exact(batch.len());
        }
        for (position, append) in batch.iter().enumerate() {
            if batch.len() > 1 && position % FETCHED_TOGETHER == 0 {
                fetch(index, &batch[position..]);
            }
            let subject = append.subject.as_bytes();
            if batch.len() > 1 || fate == Fate::Undone {
                before.push((subject, writer.queued(subject).cloned()));
            }
            let is_last = position + 1 == batch.len();
            let checked = self.check_expectation(writer, index, append, position);
            let queued = checked.and_then(|()| match append.keeping {
                Keeping::Passed => {
                    queue_passed(writer, append, index.floor, !is_last);
                    Ok(())
                }
                Keeping::Kept => {
                    let continues = !is_last || append.rollup == Rollup::Stream;
                    self.queue_one(writer, index, config, append, now, continues)
                }
            });
            if let Err(error) = queued {
                undo(writer, mark, before);
                return Err(error);
            }
            if append.rollup == Rollup::Stream && append.keeping == Keeping::Kept {
                self.queue_rollup(writer, message_size(append, config.storage), !is_last);
            }
        }
        let committed = Committed { first: reach.0, last: writer.next - 1 };
        match fate {
            Fate::Kept => writer.end_batch(),
            Fate::Undone => undo(writer, mark, before),
        }
        Ok(committed)
    }

    /// Lets the batch, whose sequences reach from and to those given, begin a new segment if it does not fit into the
    /// present one; returns the one that is left then.
    fn make_room(
        &self,
        writer: &mut Writer,
        index: &StreamIndex,
        batch_bytes: usize,
        (from, to): (Sequence, Sequence),
    ) -> Option<Left> {
        let options = &self.shared.options;
        let end = u64::from(writer.end) + to_u64(batch_bytes);
        let far = to - writer.segment.base > SEQUENCES_PER_SEGMENT;
        if end <= u64::from(options.segment_bytes_min.max(writer.roomy_upto)) && !far {
            return None;
        }
        // A small stream has small segments, so that what is dead in them does not outweigh what is live.
        let live: u64 = index.segments.iter().map(|segment| segment.live_bytes).sum();
        let (min, max) = (u64::from(options.segment_bytes_min), u64::from(options.segment_bytes_max));
        let wanted = (live / 8).clamp(min, max.max(min));
        let crowded = end > wanted && writer.end > writer.segment.data_start && !writer.begins;
        if !crowded {
            // What is live changes slowly, and adding it up for every message would cost more than the message.
            writer.roomy_upto = u32::try_from(wanted.min(end + LOOK_EVERY_BYTES)).unwrap_or(u32::MAX);
        }
        (crowded || far).then(|| {
            let (segment, end, synced_end) = (writer.segment.clone(), writer.end, writer.synced_end);
            let begins = writer.begins;
            self.begin_segment_at(writer, from, index.floor);
            Left { segment, end, synced_end, begins }
        })
    }

    fn queue_one(
        &self,
        writer: &mut Writer,
        index: &StreamIndex,
        config: &StreamConfig,
        append: &Append<'_>,
        now: u64,
        continues: bool,
    ) -> Result<(), EngineError> {
        let subject = append.subject.as_bytes();
        let sequence = append.origin.map_or(0, |origin| origin.sequence).max(writer.next);
        let time = append.origin.map_or(now, |origin| origin.time.as_nanos()).max(writer.last_time);
        let size = message_size(append, config.storage);
        let given_up = Displaced::by(writer, index, config, subject, sequence);
        if config.discard == Discard::NewPerSubject && append.rollup == Rollup::None && given_up.messages > 0
        {
            let (stream, limit) = (self.name.clone(), Limit::MessagesPerSubject);
            return Err(EngineError::LimitReached { stream, limit });
        }
        self.check_limits(writer, config, &given_up, size)?;
        let displaced = match append.rollup {
            Rollup::None => given_up,
            Rollup::Subject | Rollup::Stream => Displaced::all(writer, index, subject, sequence),
        };
        let compressed = match config.compression {
            Compression::Lz4 => compress(append.payload),
            Compression::None => None,
        };
        let payload = compressed.as_deref().unwrap_or(append.payload);
        let block = append.headers.as_block();
        let deadline = match append.ttl {
            Ttl::Stream => None,
            Ttl::After(span) => {
                Some(time.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(NEVER)).min(NEVER - 1))
            }
            Ttl::Never => Some(NEVER),
        };
        let (stored, whole) = Writer::stored_subject(&writer.segment.prefix, subject);
        let flag = |condition, flag| if condition { flag } else { 0 };
        let head = Head {
            kind: Kind::Message(append.operation),
            flags: whole
                | flag(continues, BATCH_CONTINUES)
                | flag(!block.is_empty(), HAS_HEADERS)
                | flag(deadline.is_some(), HAS_DEADLINE)
                | flag(displaced.floor != sequence, HAS_FLOOR)
                | flag(compressed.is_some(), COMPRESSED),
            sequence,
            durable_upto: writer.synced_end,
            time,
            deadline,
            floor: displaced.floor,
            subject: stored,
            header_length: to_u32(block.len()),
            data_length: to_u32(block.len() + payload.len()),
        };
        writer.push_entry(&head, &[block, payload], size);
        writer.note_queued(subject, (sequence, size), append.operation, displaced.floor);
        writer.next = sequence + 1;
        writer.last_time = time;
        writer.messages = (writer.messages + 1).saturating_sub(displaced.messages);
        writer.bytes = (writer.bytes + u64::from(size)).saturating_sub(displaced.bytes);
        Ok(())
    }

    /// Queues a message of the stream's own, with nothing else on its way.
    pub(crate) fn queue_server_message(
        &self,
        writer: &mut Writer,
        index: &StreamIndex,
        config: &StreamConfig,
        append: &Append<'_>,
    ) -> Result<(), EngineError> {
        let now = self.env.clock.now().as_nanos();
        let reach = (writer.next, writer.next);
        let estimate = FIXED_BYTES + append.subject.as_bytes().len() + 256;
        let left = self.make_room(writer, index, estimate, reach);
        writer.open_chunk(estimate);
        let mark = writer.mark(left);
        let outcome = self.queue_one(writer, index, config, append, now, false);
        match &outcome {
            Ok(()) => writer.end_batch(),
            Err(_) => writer.undo(mark),
        }
        outcome
    }

    /// Queues the end of everything before the message of so many bytes that was queued last.
    fn queue_rollup(&self, writer: &mut Writer, size: u32, continues: bool) {
        let sequence = writer.next;
        push_floor(writer, sequence - 1, continues);
        writer.queued_floor = sequence - 1;
        (writer.messages, writer.bytes) = (1, u64::from(size));
    }

    fn check_limits(
        &self,
        writer: &Writer,
        config: &StreamConfig,
        given_up: &Displaced,
        size: u32,
    ) -> Result<(), EngineError> {
        let reached = |limit| EngineError::LimitReached { stream: self.name.clone(), limit };
        if config.discard == Discard::Old {
            return Ok(());
        }
        // What takes the place of an older message of its subject may always do so if it is not larger. The reference does not
        // count what the older one gives back, though.
        let (replaces, size) = (given_up.messages > 0, u64::from(size));
        if !replaces && config.messages_max.is_some_and(|max| writer.messages >= max) {
            return Err(reached(Limit::Messages));
        }
        let is_full = config.bytes_max.is_some_and(|max| writer.bytes + size > max);
        if is_full && (!replaces || size > given_up.bytes) {
            return Err(reached(Limit::Bytes));
        }
        Ok(())
    }
}

/// Queues the use of a sequence for a message that is not kept: any entry carries the next sequence, and a floor that changes
/// nothing is the shortest.
fn queue_passed(writer: &mut Writer, append: &Append<'_>, floor: Sequence, continues: bool) {
    writer.next = append.origin.map_or(0, |origin| origin.sequence).max(writer.next) + 1;
    push_floor(writer, floor, continues);
}

fn push_floor(writer: &mut Writer, floor: Sequence, continues: bool) {
    let head = Head {
        kind: Kind::StreamFloor,
        flags: HAS_FLOOR | if continues { BATCH_CONTINUES } else { 0 },
        sequence: writer.next,
        durable_upto: writer.synced_end,
        time: writer.last_time,
        deadline: None,
        floor,
        subject: &[],
        header_length: 0,
        data_length: 0,
    };
    writer.push_entry(&head, &[], 0);
}

/// Has memory fetch what the next messages of a batch will need.
fn fetch(index: &StreamIndex, batch: &[Append<'_>]) {
    index.fetch_subjects(batch.iter().map(|append| append.subject.as_bytes()));
}

/// What batches are checked against, as it is at one moment.
#[derive(Debug, Clone, Copy)]
struct Seen<'a> {
    config: &'a StreamConfig,
    index: &'a StreamIndex,
    now: u64,
}

/// What becomes of a batch that is not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Undone,
}

/// Takes back what was queued since the mark; `before` is what was known of its subjects.
fn undo(writer: &mut Writer, mark: Mark, before: Vec<(&[u8], Option<Queued>)>) {
    for (subject, queued) in before.into_iter().rev() {
        writer.set_queued(subject, queued);
    }
    writer.undo(mark);
}

/// Returns the first and the last sequence that a batch will have.
fn sequences(writer: &Writer, batch: &[Append<'_>]) -> Result<(Sequence, Sequence), EngineError> {
    let mut next = writer.next;
    let mut first = None;
    for append in batch {
        let sequence = append.origin.map_or(0, |origin| origin.sequence).max(next);
        let from = *first.get_or_insert(sequence);
        if sequence > SEQUENCE_MAX || sequence - from > SEQUENCES_PER_SEGMENT {
            return Err(EngineError::SequenceOutOfRange { sequence });
        }
        next = sequence + 1;
    }
    Ok((first.unwrap_or(next), next - 1))
}

/// A segment is looked at again after so much growth.
const LOOK_EVERY_BYTES: u64 = 64 << 10;

/// Offsets of sequences in a segment have 32 bits; half of them leave room for the batch that begins there.
const SEQUENCES_PER_SEGMENT: u64 = 1 << 31;

/// Checks what needs no knowledge of the stream's content.
fn check_alone(config: &StreamConfig, append: &Append<'_>, position: usize) -> Result<(), EngineError> {
    if !config.captures(append.subject.as_str()) {
        let (stream, subject) = (config.name.clone(), append.subject.clone());
        return Err(EngineError::SubjectNotCaptured { stream, subject });
    }
    let bytes = append.headers.as_block().len() + append.payload.len();
    let bytes_max =
        config.message_bytes_max.map_or(MESSAGE_BYTES_MAX, crate::convert::to_usize).min(MESSAGE_BYTES_MAX);
    if bytes > bytes_max {
        return Err(EngineError::MessageTooLarge { stream: config.name.clone(), bytes, bytes_max, position });
    }
    Ok(())
}
