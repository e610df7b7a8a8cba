//! The front of a stream: checks appends, gives them their sequences, encodes them, and queues them for the next commit.
//!
//! Nothing here touches a file. What is queued is not visible: reads see the index, which changes when a chunk is committed.

use super::overlay::Overlay;
use super::round::Round;
use crate::convert::to_u32;
use crate::error::EngineError;
use crate::format::entry::{self, Head, Kind, Place, WHOLE_SUBJECT};
use crate::format::segment::SegmentInfo;
use jetkv_types::{Operation, Sequence};
use std::cell::Cell;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// State of the front; one lock holds all of it.
#[derive(Debug)]
pub(crate) struct Writer {
    /// Segment that the next entry goes to; it may not exist yet.
    pub(crate) segment: SegmentInfo,
    /// Whether that segment still has to be made.
    pub(crate) begins: bool,
    /// Offset of the next entry.
    pub(crate) end: u32,
    /// All before this offset of the segment is on stable storage.
    pub(crate) synced_end: u32,
    pub(crate) next: Sequence,
    pub(crate) last_time: u64,
    /// Messages and bytes as they will be when everything queued is committed.
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    /// Everything below will be dead when everything queued is committed.
    pub(crate) queued_floor: Sequence,
    queue: VecDeque<Chunk>,
    /// Messages that are live and will be dead when everything queued is committed, because they were discarded one by one.
    dropped: HashSet<Sequence>,
    /// The round of the chunk that is being written, until it is settled: what is known of it is not durable yet.
    in_flight: Option<Arc<Round>>,
    /// Subjects with queued messages.
    overlay: Overlay,
    /// Why nothing can be written any more.
    pub(crate) stopped: Option<EngineError>,
    /// Batches queued since the last chunk was taken.
    pub(crate) queued_batches: u32,
    /// The disk was full; writes wait for the reserve to be restored.
    pub(crate) full: bool,
    /// Before this offset nobody need look whether the segment has grown enough.
    pub(crate) roomy_upto: u32,
}

/// Entries that are written with one file operation and committed together.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// The segment that must be made first.
    pub(crate) begins: Option<SegmentInfo>,
    /// Place of the first byte in the segment.
    pub(crate) offset: u32,
    pub(crate) bytes: Vec<u8>,
    pub(crate) entries: Vec<QueuedEntry>,
    /// What it removes of [`Writer::dropped`].
    pub(crate) drops: Vec<Sequence>,
    /// Sequence of the first message behind the chunk.
    pub(crate) next: Sequence,
    pub(crate) round: Arc<Round>,
}

/// What applying a queued entry needs besides its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueuedEntry {
    /// Place in the chunk.
    pub(crate) at: u32,
    pub(crate) length: u32,
    /// Size of a message as limits count it.
    pub(crate) size: u32,
}

/// Queued messages of one subject.
#[derive(Debug, Default, Clone)]
pub(crate) struct Queued {
    /// Sequence and size, oldest first.
    pub(crate) messages: Messages,
    /// What the last one does.
    pub(crate) operation: Option<Operation>,
    /// Everything below will be dead.
    pub(crate) floor: Sequence,
}

/// Sequences and sizes of messages; one, as nearly always, takes no memory of its own.
#[derive(Debug, Default, Clone)]
pub(crate) enum Messages {
    #[default]
    None,
    One((Sequence, u32)),
    Many(Vec<(Sequence, u32)>),
}

impl Queued {
    /// Says whether anything is queued.
    pub(super) fn is_anything(&self) -> bool {
        !matches!(self.messages, Messages::None)
    }
}

impl Messages {
    pub(crate) fn as_slice(&self) -> &[(Sequence, u32)] {
        match self {
            Self::None => &[],
            Self::One(message) => std::slice::from_ref(message),
            Self::Many(messages) => messages,
        }
    }

    pub(crate) fn last(&self) -> Option<&(Sequence, u32)> {
        self.as_slice().last()
    }

    pub(crate) fn push(&mut self, message: (Sequence, u32)) {
        match self {
            Self::None => *self = Self::One(message),
            Self::One(first) => *self = Self::Many(vec![*first, message]),
            Self::Many(messages) => messages.push(message),
        }
    }

    pub(crate) fn retain_from(&mut self, floor: Sequence) {
        match self {
            Self::None => {}
            Self::One((sequence, _)) if *sequence >= floor => {}
            Self::One(_) => *self = Self::None,
            Self::Many(messages) => {
                messages.retain(|(sequence, _)| *sequence >= floor);
                if messages.is_empty() {
                    *self = Self::None;
                }
            }
        }
    }
}

impl Chunk {
    /// Gives back what is not needed any more once it is committed.
    pub(crate) fn recycle(mut self) {
        if self.bytes.capacity() <= SPARE_BYTES_MAX {
            self.bytes.clear();
            self.entries.clear();
            SPARE.set((self.bytes, self.entries));
        }
    }
}

impl Writer {
    /// Returns the front of a stream whose committed state is given; the first append makes `segment`.
    pub(crate) fn new(
        segment: SegmentInfo,
        next: Sequence,
        last_time: u64,
        messages: u64,
        bytes: u64,
    ) -> Self {
        Self {
            end: segment.data_start,
            synced_end: segment.data_start,
            segment,
            begins: true,
            next,
            last_time,
            messages,
            bytes,
            queued_floor: 0,
            queue: VecDeque::new(),
            dropped: HashSet::new(),
            in_flight: None,
            overlay: Overlay::default(),
            stopped: None,
            queued_batches: 0,
            full: false,
            roomy_upto: 0,
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    /// Returns the queued messages of a subject.
    pub(crate) fn queued(&self, subject: &[u8]) -> Option<&Queued> {
        self.overlay.get(subject)
    }

    /// Returns subjects with queued messages.
    pub(crate) fn queued_subjects(&self) -> impl Iterator<Item = (&[u8], &Queued)> {
        self.overlay.iter()
    }

    /// Puts back what was known of a subject's queued messages.
    pub(crate) fn set_queued(&mut self, subject: &[u8], queued: Option<Queued>) {
        self.overlay.set(subject, queued);
    }

    /// Adds a message to a subject's queued ones.
    pub(crate) fn note_queued(
        &mut self,
        subject: &[u8],
        message: (Sequence, u32),
        operation: Operation,
        floor: Sequence,
    ) {
        let queued = self.overlay.entry(subject);
        queued.floor = queued.floor.max(floor);
        queued.messages.retain_from(floor);
        queued.messages.push(message);
        queued.operation = Some(operation);
    }

    /// Opens the chunk that the next entries go to; a chunk that already waits in the same segment goes on.
    /// A new one gets room for so many bytes.
    pub(crate) fn open_chunk(&mut self, bytes_expected: usize) -> &mut Chunk {
        let goes_on =
            !self.begins && self.queue.back().is_some_and(|chunk| chunk.bytes.len() < CHUNK_BYTES_MAX);
        if !goes_on {
            let begins = self.begins.then(|| self.segment.clone());
            self.begins = false;
            let (mut bytes, entries) = SPARE.take();
            bytes.reserve(bytes_expected.min(CHUNK_BYTES_MAX));
            self.queue.push_back(Chunk {
                begins,
                offset: self.end,
                bytes,
                entries,
                drops: Vec::new(),
                next: self.next,
                round: Arc::new(Round::default()),
            });
        }
        let last = self.queue.len() - 1;
        &mut self.queue[last]
    }

    /// Encodes an entry behind the queued ones; the chunk must be open.
    pub(crate) fn push_entry(&mut self, head: &Head<'_>, parts: &[&[u8]], size: u32) {
        let place = Place { salt: self.segment.salt, offset: self.end };
        let base = self.segment.base;
        let Some(chunk) = self.queue.back_mut() else { return };
        let at = chunk.bytes.len();
        entry::encode(&mut chunk.bytes, place, base, head, parts);
        let length = to_u32(chunk.bytes.len() - at);
        chunk.entries.push(QueuedEntry { at: to_u32(at), length, size });
        self.end += length;
    }

    /// Says whether something queued removes a message, other than by a floor.
    pub(crate) fn is_dropped(&self, sequence: Sequence) -> bool {
        !self.dropped.is_empty() && self.dropped.contains(&sequence)
    }

    /// Returns the messages that something queued removes, other than by a floor, in no order.
    pub(crate) fn dropped(&self) -> impl Iterator<Item = Sequence> {
        self.dropped.iter().copied()
    }

    /// Notes that the entries queued last remove these messages.
    pub(crate) fn note_dropped(&mut self, sequences: &[Sequence]) {
        self.dropped.extend(sequences);
        if let Some(chunk) = self.queue.back_mut() {
            chunk.drops.extend_from_slice(sequences);
        }
    }

    /// Completes a batch.
    pub(crate) fn end_batch(&mut self) {
        self.queued_batches += 1;
        if let Some(chunk) = self.queue.back_mut() {
            chunk.next = self.next;
            chunk.round.count_batch();
        }
    }

    /// Takes back everything behind a mark made before a batch that turned out to be refused.
    pub(crate) fn undo(&mut self, mark: Mark) {
        self.next = mark.next;
        self.last_time = mark.last_time;
        self.queued_floor = mark.queued_floor;
        self.messages = mark.messages;
        self.bytes = mark.bytes;
        self.end = mark.end;
        if let Some(chunk) = self.queue.back_mut() {
            chunk.bytes.truncate(mark.chunk_bytes);
            chunk.entries.truncate(mark.chunk_entries);
            if chunk.entries.is_empty()
                && let Some(chunk) = self.queue.pop_back()
            {
                self.begins = chunk.begins.is_some();
                // Somebody may have been told to wait for it: nothing is left to wait for.
                chunk.round.finish(Ok(()));
            }
        }
        // What is queued already goes on in its own segment: a control may still follow it there.
        if let Some(left) = mark.left {
            self.segment = left.segment;
            self.roomy_upto = 0;
            self.end = left.end;
            self.synced_end = left.synced_end;
            self.begins = left.begins;
        }
    }

    /// Notes where a batch begins, and the segment that it left for a new one.
    pub(crate) fn mark(&self, left: Option<Left>) -> Mark {
        let (chunk_bytes, chunk_entries) =
            self.queue.back().map_or((0, 0), |chunk| (chunk.bytes.len(), chunk.entries.len()));
        let (next, last_time) = (self.next, self.last_time);
        let (queued_floor, end) = (self.queued_floor, self.end);
        Mark {
            next,
            last_time,
            queued_floor,
            messages: self.messages,
            bytes: self.bytes,
            end,
            chunk_bytes,
            chunk_entries,
            left,
        }
    }

    /// Returns the round that is done when everything queued so far is, what is being written included.
    pub(crate) fn last_round(&self) -> Option<Arc<Round>> {
        self.queue.back().map(|chunk| &chunk.round).or(self.in_flight.as_ref()).map(Arc::clone)
    }

    pub(crate) fn take_chunk(&mut self) -> Option<Chunk> {
        self.queued_batches = 0;
        let chunk = self.queue.pop_front();
        self.in_flight = chunk.as_ref().map(|chunk| Arc::clone(&chunk.round));
        chunk
    }

    /// Forgets queued messages up to a sequence, because they are committed, and the removals of `drops`; the index now holds so
    /// many messages and bytes.
    pub(crate) fn settle(&mut self, upto: Sequence, drops: &[Sequence], messages: u64, bytes: u64) {
        self.in_flight = None;
        for sequence in drops {
            self.dropped.remove(sequence);
        }
        if self.queue.is_empty() {
            self.overlay.clear();
            self.queued_floor = 0;
            self.messages = messages;
            self.bytes = bytes;
        } else {
            self.overlay.retain_from(upto + 1);
        }
    }

    /// Throws everything queued away and returns the rounds that wait for it.
    pub(crate) fn abandon(&mut self) -> Vec<Arc<Round>> {
        self.overlay.clear();
        self.dropped.clear();
        self.queued_floor = 0;
        self.in_flight = None;
        self.queue.drain(..).map(|chunk| chunk.round).collect()
    }

    /// Returns a subject as the current segment stores it, and the flag that goes with it.
    pub(crate) fn stored_subject<'a>(prefix: &str, subject: &'a [u8]) -> (&'a [u8], u8) {
        match subject.strip_prefix(prefix.as_bytes()) {
            Some(rest) => (rest, 0),
            None => (subject, WHOLE_SUBJECT),
        }
    }
}

/// Where a batch began.
#[derive(Debug)]
pub(crate) struct Mark {
    next: Sequence,
    last_time: u64,
    queued_floor: Sequence,
    messages: u64,
    bytes: u64,
    end: u32,
    chunk_bytes: usize,
    chunk_entries: usize,
    left: Option<Left>,
}

/// A segment that the front left for a new one, and how far it went.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) segment: SegmentInfo,
    pub(crate) end: u32,
    pub(crate) synced_end: u32,
    /// Whether it still had to be made.
    pub(crate) begins: bool,
}

/// A control: an entry that says what is dead.
#[derive(Debug, Clone)]
pub(crate) enum Control {
    /// All messages of the stream below.
    StreamFloor(Sequence),
    /// All messages of the subject below.
    SubjectFloor(Box<[u8]>, Sequence),
    /// These messages, ascending.
    Drop(Vec<Sequence>),
}

impl Control {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::StreamFloor(_) => Kind::StreamFloor,
            Self::SubjectFloor(..) => Kind::SubjectFloor,
            Self::Drop(_) => Kind::Drop,
        }
    }
}

thread_local! {
    /// The buffers of a chunk that this thread committed, empty, for the next one that it begins, of whatever stream.
    static SPARE: Cell<(Vec<u8>, Vec<QueuedEntry>)> = const { Cell::new((Vec::new(), Vec::new())) };
}

/// Larger buffers are given back.
const SPARE_BYTES_MAX: usize = 1 << 20;

/// A chunk that has grown to this size is not extended, so that a commit stays short and memory bounded.
const CHUNK_BYTES_MAX: usize = 4 << 20;
