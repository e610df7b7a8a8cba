//! Answers that wait for a commit, in the order of their requests.

use super::context::Ctx;
use super::group::Group;
use super::handle::StreamHandle;
use super::in_place::InPlace;
use super::ingest::Waiting;
use super::state::JetStream;
use jetkv_engine::Commit;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

/// The answers that one connection's requests wait for. A connection stops reading while it [is full](Self::is_full).
#[derive(Debug)]
pub(crate) struct Pending {
    waiting: VecDeque<Wait>,
    /// How many answers that are.
    answers: usize,
    /// Bytes of the messages that wait.
    bytes: u64,
    /// How many of them are counted in the backlog.
    counted: u64,
    backlog: Arc<Backlog>,
    in_place: InPlace,
}

#[derive(Debug)]
enum Wait {
    One(Waiting),
    /// Messages that are done together and need nothing but their acknowledgement.
    Group(Group),
}

/// Bytes of messages that wait for the disk, of all connections.
#[derive(Debug, Default)]
pub(crate) struct Backlog(AtomicU64);

impl Pending {
    pub(crate) fn new(backlog: Arc<Backlog>) -> Self {
        Self {
            waiting: VecDeque::new(),
            answers: 0,
            bytes: 0,
            counted: 0,
            backlog,
            in_place: InPlace::default(),
        }
    }

    /// Adds a message that is on its way.
    pub(crate) fn push(&mut self, waiting: Waiting) {
        self.grow(waiting.bytes());
        self.waiting.push_back(Wait::One(waiting));
    }

    /// Adds messages that need nothing but their acknowledgements once `commit`, which was not refused and has a sequence
    /// for each of them, is done: to whom each goes, and the size of each.
    pub(super) fn push_plain<'a>(
        &mut self,
        jetstream: &Arc<JetStream>,
        handle: &Arc<StreamHandle>,
        commit: Commit,
        answers: impl Iterator<Item = (Option<&'a [u8]>, u64)>,
    ) {
        let first = commit.sequences().map_or(0, |done| done.first);
        let joins = match self.waiting.back() {
            Some(Wait::Group(group)) => group.takes(handle, &commit),
            _ => false,
        };
        if !joins {
            let group = Group::new(Arc::clone(jetstream), Arc::clone(handle), commit);
            self.waiting.push_back(Wait::Group(group));
        }
        for ((reply, bytes), sequence) in answers.zip(first..) {
            self.grow(bytes);
            if let Some(Wait::Group(group)) = self.waiting.back_mut() {
                group.add(sequence, reply, bytes);
            }
        }
    }

    /// Adds a message of so many bytes that was refused, which is told when `commit` is done.
    pub(super) fn push_refused(
        &mut self,
        jetstream: &Arc<JetStream>,
        handle: &Arc<StreamHandle>,
        commit: Commit,
        reply: Option<&[u8]>,
        bytes: u64,
    ) {
        self.push(Waiting::refused(jetstream, handle, commit, reply, bytes));
    }

    /// Counts one answer more, for a message of so many bytes.
    fn grow(&mut self, bytes: u64) {
        self.answers += 1;
        self.bytes += bytes;
        if self.bytes >= self.counted + STEP {
            self.count();
        }
    }

    /// Counts in the backlog what waits now.
    fn count(&mut self) {
        if self.bytes >= self.counted {
            self.backlog.0.fetch_add(self.bytes - self.counted, Ordering::Relaxed);
        } else {
            self.backlog.0.fetch_sub(self.counted - self.bytes, Ordering::Relaxed);
        }
        self.counted = self.bytes;
    }

    /// Answers everything at the front that is done; ready when nothing waits. If not, the task is woken when the front is done.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, ctx: &mut Ctx<'_>) -> Poll<()> {
        while let Some(front) = self.waiting.front_mut() {
            let is_alone = self.answers == 1 && self.in_place.admits(self.bytes);
            let in_place = is_alone.then_some(&mut self.in_place);
            let (outcome, answers, bytes) = match front {
                Wait::One(waiting) => (waiting.poll(in_place, cx, ctx), 1, waiting.bytes()),
                Wait::Group(group) => (group.poll(in_place, cx, ctx), group.len(), group.bytes()),
            };
            if outcome.is_pending() {
                break;
            }
            self.answers -= answers;
            self.bytes -= bytes;
            self.waiting.pop_front();
        }
        // A connection with little on its way does not touch what all connections share.
        if self.counted >= self.bytes + STEP || (self.counted > 0 && self.waiting.is_empty()) {
            self.count();
        }
        if self.waiting.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Says whether so many answers wait that no more requests should be read.
    pub(crate) fn is_full(&self) -> bool {
        self.answers >= WAITING_MAX
            || self.bytes >= BYTES_MAX
            || (!self.waiting.is_empty() && self.backlog.0.load(Ordering::Relaxed) >= BACKLOG_MAX)
    }

    /// Says whether a message was synced in place since this was last asked: then nothing was read meanwhile.
    pub(crate) fn take_synced(&mut self) -> bool {
        self.in_place.take_synced()
    }

    /// Notes that the client sent more during such a sync.
    pub(crate) fn was_crowded(&mut self) {
        self.in_place.was_crowded();
    }

    /// Says whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.bytes = 0;
        self.count();
    }
}

/// Most answers that wait on one connection before it stops reading.
const WAITING_MAX: usize = 16_384;
/// Most bytes that wait on one connection before it stops reading; one message may go beyond.
const BYTES_MAX: u64 = 16 << 20;
/// Most bytes that wait on all connections; above it, one that waits for anything stops reading.
const BACKLOG_MAX: u64 = 256 << 20;
/// By how much the bytes of a connection change before that is counted.
const STEP: u64 = 64 << 10;
