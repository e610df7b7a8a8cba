//! Hints read, verified and taken apart ahead of their turn: while one segment goes into the index, another thread looks at
//! the next.

use crate::convert::{to_u32, to_u64, to_usize};
use crate::env::{Env, File, OpenMode};
use crate::format::entry::{self, Kind};
use crate::format::hint::{self, HintRef, HintSummary};
use crate::format::segment::{SegmentInfo, hint_file};
use crate::index::{FETCHED_TOGETHER, StreamIndex, SubjectHasher};
use std::path::Path;
use std::sync::Arc;
use std::thread::{Scope, ScopedJoinHandle};

/// The hints of one segment.
#[derive(Debug)]
pub(super) struct Hints {
    pub(super) bytes: Vec<u8>,
    pub(super) summary: HintSummary,
    entries: Vec<Packed>,
    /// Whole subjects of all entries, that of a control with its data behind it.
    texts: Vec<u8>,
}

/// What a hint says of an entry that begins where the one before ends.
#[derive(Debug, Clone, Copy)]
struct Packed {
    hash: u64,
    sequence: u64,
    floor: u64,
    deadline: Option<u64>,
    length: u32,
    size: u32,
    subject_bytes: u32,
    data_bytes: u32,
    kind: Kind,
}

/// What a hint says of an entry, with the subject in one piece.
#[derive(Debug, Clone, Copy)]
pub(super) struct Described<'a> {
    pub(super) kind: Kind,
    pub(super) hash: u64,
    pub(super) sequence: u64,
    pub(super) floor: u64,
    pub(super) deadline: Option<u64>,
    pub(super) offset: u32,
    pub(super) length: u32,
    pub(super) size: u32,
    pub(super) subject: &'a [u8],
    /// Only for controls.
    pub(super) data: &'a [u8],
}

/// Hints that are there, or will be.
pub(super) enum Ahead<'scope> {
    Ready(Hints),
    Soon(ScopedJoinHandle<'scope, Hints>),
}

impl<'scope> Ahead<'scope> {
    /// Opens the hints of `info`, and has a thread read and verify them if they are many. Small files are read by the caller's
    /// thread, one after the other.
    pub(super) fn begin<'env>(
        scope: &'scope Scope<'scope, 'env>,
        env: &Env,
        dir: &Path,
        info: &SegmentInfo,
        hasher: SubjectHasher,
    ) -> Self {
        let Some((file, length)) = open(env, dir, info) else {
            return Self::Ready(Hints::of(Vec::new(), info, hasher));
        };
        if length < WORTH_A_THREAD {
            return Self::Ready(Hints::of(read(&*file, length), info, hasher));
        }
        let info = info.clone();
        Self::Soon(scope.spawn(move || Hints::of(read(&*file, length), &info, hasher)))
    }

    pub(super) fn finish(self) -> Hints {
        match self {
            Self::Ready(hints) => hints,
            Self::Soon(thread) => match thread.join() {
                Ok(hints) => hints,
                Err(panic) => std::panic::resume_unwind(panic),
            },
        }
    }
}

impl Hints {
    /// Reads and verifies the hints of `info` at once.
    pub(super) fn read(env: &Env, dir: &Path, info: &SegmentInfo, hasher: SubjectHasher) -> Self {
        let bytes = open(env, dir, info).map(|(file, length)| read(&*file, length));
        Self::of(bytes.unwrap_or_default(), info, hasher)
    }

    fn of(bytes: Vec<u8>, info: &SegmentInfo, hasher: SubjectHasher) -> Self {
        let mut entries = Vec::with_capacity(bytes.len() / HINT_BYTES_USUAL);
        let mut texts = Vec::with_capacity(bytes.len());
        let summary = hint::walk(&bytes, info, &mut |hint| {
            entries.push(Packed::of(hint, info, hasher, &mut texts));
        });
        Self { bytes, summary, entries, texts }
    }

    /// Says whether nothing in the file is worthless.
    pub(super) fn are_intact(&self) -> bool {
        self.summary.intact_bytes == self.bytes.len()
    }

    pub(super) fn intact_bytes(&self) -> u64 {
        to_u64(self.summary.intact_bytes)
    }

    /// Hands out all entries in their order, the first of which stands at `offset`. What the index will need for them is fetched
    /// ahead.
    pub(super) fn each(
        &self,
        index: &mut StreamIndex,
        mut offset: u32,
        mut apply: impl FnMut(&mut StreamIndex, &Described<'_>),
    ) {
        let mut texts = &self.texts[..];
        let mut take = |length: u32| {
            let (text, rest) = texts.split_at_checked(to_usize(length)).unwrap_or_default();
            texts = rest;
            text
        };
        for group in self.entries.chunks(FETCHED_TOGETHER) {
            let mut hashes = [0; FETCHED_TOGETHER];
            for (hash, entry) in hashes.iter_mut().zip(group) {
                *hash = entry.hash;
            }
            index.fetch(&hashes[..group.len()]);
            for entry in group {
                let Packed { hash, sequence, floor, deadline, length, size, kind, .. } = *entry;
                let (subject, data) = (take(entry.subject_bytes), take(entry.data_bytes));
                let described =
                    Described { kind, hash, sequence, floor, deadline, offset, length, size, subject, data };
                apply(index, &described);
                // The walk that verified them found no overflow.
                offset = offset.saturating_add(length);
            }
        }
    }
}

impl Packed {
    fn of(hint: &HintRef<'_>, info: &SegmentInfo, hasher: SubjectHasher, texts: &mut Vec<u8>) -> Self {
        let start = texts.len();
        if hint.flags & entry::WHOLE_SUBJECT == 0 {
            texts.extend_from_slice(info.prefix.as_bytes());
        }
        texts.extend_from_slice(hint.subject);
        let hash = hasher.hash(&texts[start..]);
        let subject_bytes = to_u32(texts.len() - start);
        texts.extend_from_slice(hint.data);
        Self {
            hash,
            sequence: hint.sequence,
            floor: hint.floor,
            deadline: hint.deadline,
            length: hint.length,
            size: hint.size,
            subject_bytes,
            data_bytes: to_u32(hint.data.len()),
            kind: hint.kind,
        }
    }
}

/// Opens a hint file, if there is one, and says how long it is.
fn open(env: &Env, dir: &Path, info: &SegmentInfo) -> Option<(Arc<dyn File>, usize)> {
    let file = env.fs.open(&dir.join(hint_file(info.id)), OpenMode::Read).ok()?;
    let length = usize::try_from(file.len().ok()?).ok()?;
    Some((file, length))
}

/// Returns what there is of a hint file of this length; nothing if it cannot be read.
fn read(file: &dyn File, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let read = file.read_at(&mut bytes, 0).unwrap_or(0);
    bytes.truncate(read);
    bytes
}

/// Fewer bytes are verified sooner than a thread is made.
const WORTH_A_THREAD: usize = 96 << 10;
const HINT_BYTES_USUAL: usize = 24;
