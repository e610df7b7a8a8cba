//! Hints read, verified and taken apart ahead of their turn: while one segment goes into the index, another thread looks at
//! the next.
//! That thread makes what does not depend on what is in the index already, so that the memory for it costs no time of the other's,
//! and it works in the memory of hints that have been used.

use crate::convert::{to_u32, to_u64, to_usize};
use crate::env::{Env, File, OpenMode};
use crate::format::entry::{self, Kind};
use crate::format::hint::{self, HintRef, HintSummary};
use crate::format::manifest::{Extent, ListedSegment};
use crate::format::segment::{SegmentInfo, hint_file};
use crate::index::{Placed, Slot, SubjectHasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, Scope, ScopedJoinHandle};

/// The hints of one segment.
#[derive(Debug, Default)]
pub(super) struct Hints {
    pub(super) bytes: Vec<u8>,
    pub(super) summary: HintSummary,
    /// The messages as they go into the index, but for their subjects.
    pub(super) slots: Vec<Slot>,
    /// What else there is to each of these messages.
    pub(super) messages: Vec<Hinted>,
    pub(super) controls: Vec<Control>,
    /// Place of the last entry.
    pub(super) last: Option<(u32, u32)>,
    /// Whole subjects of all entries, that of a control with its data behind it.
    texts: Vec<u8>,
}

/// What a hint says of a message, beside its slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hinted {
    pub(super) hash: u64,
    pub(super) floor: u64,
    pub(super) deadline: Option<u64>,
    subject: (u32, u32),
}

/// What a hint says of a control.
#[derive(Debug, Clone, Copy)]
pub(super) struct Control {
    /// So many messages of the segment come before it.
    pub(super) behind: usize,
    pub(super) kind: Kind,
    pub(super) sequence: u64,
    pub(super) floor: u64,
    pub(super) deadline: Option<u64>,
    pub(super) place: (u32, u32, u32),
    subject: (u32, u32),
    data: (u32, u32),
}

/// Gives the hints of one segment after the other.
pub(super) enum Ahead<'scope> {
    Here(Reader),
    There { hints: Receiver<Hints>, spent: Sender<Hints>, thread: ScopedJoinHandle<'scope, ()> },
}

/// What it takes to read the hints of all segments.
pub(super) struct Reader {
    env: Env,
    dir: PathBuf,
    hasher: SubjectHasher,
    infos: std::vec::IntoIter<SegmentInfo>,
}

impl<'scope> Ahead<'scope> {
    /// Has a thread read and verify the hints of `segments` if there is much in them; else the caller's does it.
    pub(super) fn begin<'env>(
        scope: &'scope Scope<'scope, 'env>,
        env: &Env,
        dir: &Path,
        segments: &[ListedSegment],
        hasher: SubjectHasher,
    ) -> Self {
        let infos: Vec<_> = segments.iter().map(|listed| listed.info.clone()).collect();
        let reader =
            || Reader { env: env.clone(), dir: dir.to_owned(), hasher, infos: infos.clone().into_iter() };
        let bytes = segments.iter().map(|listed| match listed.extent {
            Extent::Sealed(end) | Extent::Clean(end) => u64::from(end.offset),
            Extent::Open => 0,
        });
        if bytes.sum::<u64>() < WORTH_A_THREAD {
            return Self::Here(reader());
        }
        let (ready, hints) = sync_channel(READY_MAX);
        let (spent, used) = channel();
        let there = reader();
        match Builder::new().spawn_scoped(scope, move || there.read_all(&ready, &used)) {
            Ok(thread) => Self::There { hints, spent, thread },
            // Where there is no further thread, the caller's does it.
            Err(_) => Self::Here(reader()),
        }
    }

    /// Returns the hints of the next segment; there is one.
    pub(super) fn next(&mut self) -> Option<Hints> {
        match self {
            Self::Here(reader) => reader.next(Hints::default()),
            Self::There { hints, .. } => hints.recv().ok(),
        }
    }

    /// Takes hints back of which nothing is needed any more, for the room that they have.
    pub(super) fn give_back(&mut self, used: Hints) {
        if let Self::There { spent, .. } = self {
            // A thread that is done needs none.
            let _ = spent.send(used);
        }
    }

    /// Ends the thread; one that panicked takes the caller with it.
    pub(super) fn finish(self) {
        if let Self::There { hints, spent, thread } = self {
            drop((hints, spent));
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

impl Reader {
    /// Reads the hints of the next segment.
    fn next(&mut self, room: Hints) -> Option<Hints> {
        let info = self.infos.next()?;
        Some(Hints::read_into(room, &self.env, &self.dir, &info, self.hasher))
    }

    fn read_all(mut self, ready: &SyncSender<Hints>, used: &Receiver<Hints>) {
        while let Some(hints) = self.next(used.try_recv().unwrap_or_default()) {
            if ready.send(hints).is_err() {
                // The opening failed; nobody wants the rest.
                return;
            }
        }
    }
}

impl Hints {
    /// Reads and verifies the hints of `info` at once.
    pub(super) fn read(env: &Env, dir: &Path, info: &SegmentInfo, hasher: SubjectHasher) -> Self {
        Self::read_into(Self::default(), env, dir, info, hasher)
    }

    /// As [`Self::read`], in the room of others.
    fn read_into(room: Self, env: &Env, dir: &Path, info: &SegmentInfo, hasher: SubjectHasher) -> Self {
        let mut hints = room;
        hints.bytes.clear();
        if let Some((file, length)) = open(env, dir, info) {
            read(&*file, length, &mut hints.bytes);
        }
        let bytes = std::mem::take(&mut hints.bytes);
        let count = bytes.len() / HINT_BYTES_USUAL;
        hints.slots = Vec::with_capacity(count);
        hints.messages.clear();
        hints.messages.reserve(count);
        hints.controls.clear();
        hints.texts.clear();
        hints.texts.reserve(bytes.len());
        hints.last = None;
        hints.summary = hint::walk(&bytes, info, &mut |hint| hints.add(hint, info, hasher));
        if u32::try_from(hints.texts.len()).is_err() {
            // Places in so much text cannot be told; the entries themselves are read then.
            hints.summary = HintSummary::default();
            hints.slots.clear();
            hints.messages.clear();
            hints.controls.clear();
            hints.last = None;
        }
        hints.slots.shrink_to_fit();
        hints.bytes = bytes;
        hints
    }

    fn add(&mut self, hint: &HintRef<'_>, info: &SegmentInfo, hasher: SubjectHasher) {
        let HintRef { sequence, offset, length, size, floor, deadline, .. } = *hint;
        let start = self.texts.len();
        if hint.flags & entry::WHOLE_SUBJECT == 0 {
            self.texts.extend_from_slice(info.prefix.as_bytes());
        }
        self.texts.extend_from_slice(hint.subject);
        let subject = (to_u32(start), to_u32(self.texts.len()));
        self.last = Some((offset, length));
        match hint.kind {
            Kind::Message(operation) => {
                let hash = hasher.hash(&self.texts[start..]);
                self.messages.push(Hinted { hash, floor, deadline, subject });
                let placed = Placed { sequence, offset, length, size, operation };
                self.slots.push(Slot::unclaimed(info.base, &placed));
            }
            kind => {
                self.texts.extend_from_slice(hint.data);
                let data = (subject.1, to_u32(self.texts.len()));
                let (behind, place) = (self.messages.len(), (offset, length, size));
                let control = Control { behind, kind, sequence, floor, deadline, place, subject, data };
                self.controls.push(control);
            }
        }
    }

    /// Says whether nothing in the file is worthless.
    pub(super) fn are_intact(&self) -> bool {
        self.summary.intact_bytes == self.bytes.len()
    }

    pub(super) fn intact_bytes(&self) -> u64 {
        to_u64(self.summary.intact_bytes)
    }

    pub(super) fn subject(&self, message: &Hinted) -> &[u8] {
        self.text(message.subject)
    }

    /// Returns subject and data of a control.
    pub(super) fn content(&self, control: &Control) -> (&[u8], &[u8]) {
        (self.text(control.subject), self.text(control.data))
    }

    fn text(&self, (start, end): (u32, u32)) -> &[u8] {
        self.texts.get(to_usize(start)..to_usize(end)).unwrap_or_default()
    }
}

/// Opens a hint file, if there is one, and says how long it is.
fn open(env: &Env, dir: &Path, info: &SegmentInfo) -> Option<(Arc<dyn File>, usize)> {
    let file = env.fs.open(&dir.join(hint_file(info.id)), OpenMode::Read).ok()?;
    let length = usize::try_from(file.len().ok()?).ok()?;
    Some((file, length))
}

/// Reads what there is of a hint file of this length; nothing if it cannot be read.
fn read(file: &dyn File, length: usize, bytes: &mut Vec<u8>) {
    bytes.resize(length, 0);
    let read = file.read_at(bytes, 0).unwrap_or(0);
    bytes.truncate(read);
}

/// The hints of a stream with fewer bytes in its segments are verified sooner than a thread is made.
const WORTH_A_THREAD: u64 = 1 << 20;
/// So many segments wait for their turn, beside the one that the thread has in hand.
const READY_MAX: usize = 0;
const HINT_BYTES_USUAL: usize = 24;
