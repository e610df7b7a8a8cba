//! Committing: one thread at a time writes what is queued, makes it durable, shows it, and answers everybody who waits.

use super::StreamInner;
use super::log::Log;
use super::round::Round;
use super::turn::Turn;
use super::writer::{Chunk, Writer};
use crate::append::CommitResult;
use crate::convert::{to_u64, to_usize};
use crate::error::EngineError;
use crate::format::entry::{self, Kind};
use crate::format::segment::SegmentInfo;
use crate::index::{Applied, Placed, SegmentIndex, StreamIndex};
use crate::planted::{self, Bug};
use crate::segment_file::SegmentFile;
use crate::wakes;
use bytes::Bytes;
use jetkv_types::{Message, Sequence};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

/// An append on its way. Dropping it does not take the append back.
#[derive(Debug)]
#[must_use = "an append is done when its commit is"]
pub struct Commit {
    stream: Arc<StreamInner>,
    round: Arc<Round>,
    outcome: CommitResult,
}

impl Commit {
    pub(crate) fn new(stream: Arc<StreamInner>, round: Arc<Round>, outcome: CommitResult) -> Self {
        Self { stream, round, outcome }
    }

    /// Takes in a message that comes right behind and is done in the same round; says whether it is such a one.
    pub(super) fn extend(&mut self, round: &Arc<Round>, behind: crate::Committed) -> bool {
        let Ok(own) = &mut self.outcome else { return false };
        let fits = Arc::ptr_eq(&self.round, round) && own.last + 1 == behind.first;
        if fits {
            own.last = behind.last;
        }
        fits
    }

    /// Returns the sequences that the append gets if it is committed, or why it was refused. Nothing is durable yet.
    ///
    /// # Errors
    /// As [`Self::wait`], as far as it is known already.
    pub fn sequences(&self) -> Result<crate::Committed, &EngineError> {
        self.outcome.as_ref().copied()
    }

    /// Says whether both are done at the same moment, with the same outcome as far as their writing goes.
    #[must_use]
    pub fn is_done_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.round, &other.round)
    }

    /// As [`Self::wait`], for who keeps the commit. It says the same however often it is asked.
    ///
    /// # Errors
    /// See [`crate::Stream::append`].
    pub fn settle(&mut self) -> CommitResult {
        self.stream.wait_for(&self.round)?;
        self.outcome.clone()
    }

    /// Says whether no thread is committing to the stream at the moment.
    #[must_use]
    pub fn is_free(&self) -> bool {
        !self.stream.committing.lock().busy
    }

    /// As [`Self::settle`], if no other thread is committing to the stream: then this one writes and syncs. `None` if another is;
    /// polling the commit tells when that has done it.
    pub fn settle_if_free(&mut self) -> Option<CommitResult> {
        Some(self.stream.do_if_free(&self.round)?.and_then(|()| self.outcome.clone()))
    }

    /// Blocks until the append is done; this thread writes and syncs if no other does.
    ///
    /// # Errors
    /// See [`crate::Stream::append`].
    pub fn wait(mut self) -> CommitResult {
        self.settle()
    }
}

impl Future for Commit {
    type Output = CommitResult;

    /// Leaves the work to a thread of the store, so that no executor is blocked by a sync.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CommitResult> {
        let outcome = match self.round.outcome() {
            Some(outcome) => Some(outcome),
            None => self.round.register(cx.waker()),
        };
        match outcome {
            Some(Ok(())) => Poll::Ready(self.outcome.clone()),
            Some(Err(error)) => Poll::Ready(Err(error)),
            None => {
                self.stream.schedule_commit();
                Poll::Pending
            }
        }
    }
}

impl StreamInner {
    /// Waits until a round is done. The first who waits for it sees to that, unless somebody else does it before; the others
    /// sleep until it is done, and nothing else wakes them.
    fn wait_for(self: &Arc<Self>, round: &Round) -> Result<(), EngineError> {
        if let Some(outcome) = round.outcome() {
            return outcome;
        }
        let mut duty = None;
        while round.elect() {
            duty.get_or_insert_with(|| self.duty(round));
            let _wakes = wakes::hold();
            if let Some(turn) = self.lead(|| round.is_decided()) {
                self.let_others_join(round);
                // One chunk a turn: nobody is kept from its answer by serving others.
                self.commit_next(turn);
            }
            if round.is_decided() {
                break;
            }
            // Who is woken now may come to wait for this very round, on this very thread.
            round.resign();
        }
        round.wait()
    }

    /// Does a round if nobody commits to the stream; `None` if somebody does and the round is not done yet.
    fn do_if_free(&self, round: &Round) -> Option<Result<(), EngineError>> {
        loop {
            if let Some(outcome) = round.outcome() {
                return Some(outcome);
            }
            let _wakes = wakes::hold();
            let turn = self.lead_if_free()?;
            if round.is_decided() {
                // Whoever decided it is about to answer.
                return round.outcome();
            }
            self.commit_next(turn);
        }
    }

    pub(crate) fn wake_waiters(&self) {
        drop(self.committing.lock());
        self.committed.notify_all();
    }

    /// Commits the oldest queued chunk; says whether more is queued. The turn ends before anybody is answered: who
    /// leads next is at it before those who are answered begin anew.
    fn commit_next(&self, turn: Turn<'_>) -> bool {
        let mut log = self.log.lock();
        let chunk = self.take_chunk(&mut self.writer.lock());
        let Some(chunk) = chunk else { return false };
        let owed = self.owe(&chunk.round);
        let batches = chunk.round.batches();
        let outcome = self.commit_chunk(&mut log, None, chunk);
        let more = {
            let writer = self.writer.lock();
            self.gathering.note(batches, writer.queued_batches);
            !writer.is_idle()
        };
        // Whoever works on the files next holds the front for long; it comes after the look at it.
        drop(log);
        owed.decide();
        drop(turn);
        owed.pay(outcome);
        more
    }

    /// Commits with the front locked by the caller: nothing can come in between.
    pub(crate) fn commit_locked(&self, log: &mut Log, writer: &mut Writer) -> Result<(), EngineError> {
        while let Some(chunk) = self.take_chunk(writer) {
            let owed = self.owe(&chunk.round);
            let outcome = self.commit_chunk(log, Some(writer), chunk);
            owed.pay(outcome.clone());
            outcome?;
        }
        Ok(())
    }

    fn take_chunk(&self, writer: &mut Writer) -> Option<Chunk> {
        self.enforce_stream_limits(writer);
        writer.take_chunk()
    }

    /// Writes, makes durable and shows; who waits is answered by the caller.
    fn commit_chunk(
        &self,
        log: &mut Log,
        mut locked: Option<&mut Writer>,
        chunk: Chunk,
    ) -> Result<(), EngineError> {
        if chunk.begins.is_some() {
            self.describe_state(log);
        }
        let outcome = log.write_chunk(&chunk);
        if let Err(error) = outcome {
            let mut guard = None;
            let writer = match locked {
                Some(writer) => writer,
                None => &mut **guard.insert(self.writer.lock()),
            };
            let (error, rounds) = self.give_up(log, writer, error);
            drop(guard);
            for round in &rounds {
                round.finish(Err(error.clone()));
            }
            return Err(error);
        }
        let (messages, bytes) = {
            let mut index = self.index.write();
            // A listener comes under this lock too: it knows these messages from the index, or they are announced to it.
            let announced = (!self.listeners.is_empty()).then(|| self.messages_of(log, &chunk));
            let known = index.segments.last().map(|last| last.info().id);
            // A segment may have been begun for an earlier chunk that then found the disk full.
            if let Some(open) = log.open.as_ref().filter(|open| known != Some(open.file.info.id)) {
                if let Some(last) = index.segments.last_mut() {
                    last.shrink();
                }
                index.segments.push(SegmentIndex::new(Arc::clone(&open.file)));
            }
            let stored = apply_chunk(&mut index, log, &chunk);
            self.note_stored(stored, chunk.bytes.len());
            // Nobody counts what is discarded.
            index.removals -= to_u64(chunk.drops.len());
            // Before anybody can see the messages in the index, they are among the recent ones.
            if let Some(messages) = announced {
                self.listeners.announce(messages, chunk.next);
            }
            (index.messages, index.bytes)
        };
        let synced_end = log.open.as_ref().map_or(0, |open| open.synced_end);
        let settle = |writer: &mut Writer| {
            writer.settle(chunk.next - 1, &chunk.drops, messages, bytes);
            if log.open.as_ref().is_some_and(|open| open.file.info.id == writer.segment.id) {
                writer.synced_end = synced_end;
            }
            writer.full = self.shared.reserve.is_released() && !self.is_in_memory();
        };
        match &mut locked {
            Some(writer) => settle(writer),
            None => settle(&mut self.writer.lock()),
        }
        if chunk.begins.is_some() {
            self.shared.upkeep.poke();
        }
        chunk.recycle();
        Ok(())
    }

    /// Takes back everything queued after a failed write. Only a full disk leaves the stream writable.
    fn give_up(&self, log: &Log, writer: &mut Writer, error: EngineError) -> (EngineError, Vec<Arc<Round>>) {
        let rounds = writer.abandon();
        let error = match error {
            full @ EngineError::StorageFull { .. } => {
                writer.full = true;
                full
            }
            other => {
                let reason = describe(&other).into();
                let poisoned = EngineError::Poisoned { stream: self.name.clone(), reason };
                writer.stopped = Some(poisoned.clone());
                poisoned
            }
        };
        let index = self.index.read();
        let segment = log.open.as_ref().map(|open| (&open.file.info, open.end, open.synced_end));
        self.reset_writer(writer, &index, segment);
        (error, rounds)
    }

    /// Sets the front to what is committed.
    pub(crate) fn reset_writer(
        &self,
        writer: &mut Writer,
        index: &StreamIndex,
        segment: Option<(&SegmentInfo, u32, u32)>,
    ) {
        writer.next = index.next;
        writer.last_time = writer.last_time.max(index.last_time);
        writer.messages = index.messages;
        writer.bytes = index.bytes;
        match segment {
            Some((info, end, synced_end)) => {
                writer.segment = info.clone();
                writer.begins = false;
                writer.end = end;
                writer.synced_end = synced_end;
            }
            None => self.begin_segment(writer, index.floor),
        }
        writer.roomy_upto = 0;
    }

    /// Brings the manifest up to date with what is committed; it is written by whoever changes it next.
    pub(crate) fn describe_state(&self, log: &mut Log) {
        let index = self.index.read();
        log.manifest.stream_floor = index.floor;
        if !planted::is(Bug::ForgetNextSequence) {
            log.manifest.next_sequence = index.next;
        }
        log.manifest.next_segment_id = self.next_segment_id.load(Ordering::Relaxed);
    }

    /// Plans a new segment for the next entry.
    pub(crate) fn begin_segment(&self, writer: &mut Writer, floor: Sequence) {
        self.begin_segment_at(writer, writer.next, floor);
    }

    /// Plans a new segment for entries from the sequence `base` on.
    pub(crate) fn begin_segment_at(&self, writer: &mut Writer, base: Sequence, floor: Sequence) {
        let info = self.plan_segment(base, floor, Vec::new());
        writer.end = info.data_start;
        writer.synced_end = info.data_start;
        writer.segment = info;
        writer.begins = true;
        writer.roomy_upto = 0;
    }

    /// Returns the messages of a chunk as watchers get them.
    fn messages_of(&self, log: &Log, chunk: &Chunk) -> Vec<Message> {
        let Some(open) = &log.open else { return Vec::new() };
        let file: &SegmentFile = &open.file;
        // All of them lie in one copy, which stays until the last of them is forgotten: they come and go together.
        let all = Bytes::copy_from_slice(&chunk.bytes);
        let read = |queued: &super::writer::QueuedEntry| {
            let bytes = &all[to_usize(queued.at)..to_usize(queued.at + queued.length)];
            file.decode(bytes, chunk.offset + queued.at, |part| all.slice_ref(part))
        };
        chunk.entries.iter().filter_map(read).collect()
    }
}

/// Why a stream is poisoned after a panic.
pub(super) const PANICKED: &str = "a panic in the middle of its work";

/// Applies entries that have just become durable; returns how many are messages.
fn apply_chunk(index: &mut StreamIndex, log: &Log, chunk: &Chunk) -> u64 {
    let mut messages = 0;
    let Some(open) = &log.open else { return messages };
    let info = &open.file.info;
    let mut subject = info.prefix.as_bytes().to_vec();
    let prefix_length = subject.len();
    for queued in &chunk.entries {
        let offset = chunk.offset + queued.at;
        let bytes = &chunk.bytes[to_usize(queued.at)..];
        let Some(head) = entry::own_head(bytes, info.base) else { continue };
        let keep = if head.flags & entry::WHOLE_SUBJECT == 0 { prefix_length } else { 0 };
        subject.truncate(prefix_length);
        let whole: &[u8] = if keep == 0 {
            head.subject
        } else {
            subject.extend_from_slice(head.subject);
            &subject
        };
        let data = &bytes[head.entry_length() - to_usize(head.data_length)..head.entry_length()];
        apply_entry(index, &head, whole, (offset, queued.length, queued.size), data);
        messages += u64::from(matches!(head.kind, Kind::Message(_)));
    }
    messages
}

/// Applies one entry to the index; the subject is whole.
pub(crate) fn apply_entry(
    index: &mut StreamIndex,
    head: &entry::Head<'_>,
    subject: &[u8],
    (offset, length, size): (u32, u32, u32),
    data: &[u8],
) {
    match head.kind {
        Kind::Message(operation) => {
            let placed = Placed { sequence: head.sequence, offset, length, size, operation };
            let hash = index.table.hasher().hash(subject);
            let (floor, deadline) = (head.floor, head.deadline);
            index.apply_message(&Applied { placed, subject, hash, floor, deadline });
            index.last_time = index.last_time.max(head.time);
        }
        control => {
            index.advance(head.sequence);
            if let Some(segment) = index.segments.last_mut() {
                super::control::note_control(segment, control, head.floor, length, data);
                segment.end = segment.end.max(offset + length);
            }
            match control {
                Kind::StreamFloor => drop(index.apply_stream_floor(head.floor)),
                Kind::SubjectFloor => drop(index.apply_subject_floor(subject, head.floor)),
                Kind::Drop | Kind::Message(_) => {
                    for sequence in super::control::dropped_sequences(data) {
                        index.remove(sequence);
                    }
                }
            }
        }
    }
}

pub(super) fn describe(error: &EngineError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Commits the oldest queued chunk of a stream, on a thread of the store, for tasks that await it; says whether there is
/// more. Others get their turn before that.
pub(crate) fn commit_scheduled(stream: &StreamInner) -> bool {
    let _wakes = wakes::hold();
    let Some(turn) = stream.lead(|| false) else { return false };
    // From here on whoever queues has it scheduled again: what is queued already is taken now, or told to be left.
    stream.scheduled.swap(false, Ordering::AcqRel);
    stream.commit_next(turn)
}
