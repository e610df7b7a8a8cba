//! Hints read and verified ahead of their turn: while one segment goes into the index, another thread looks at the next.

use crate::convert::to_u64;
use crate::env::{Env, read_file};
use crate::format::entry;
use crate::format::hint::{self, HintSummary};
use crate::format::segment::{SegmentInfo, hint_file};
use crate::index::SubjectHasher;
use std::path::Path;
use std::thread::{Scope, ScopedJoinHandle};

/// The hints of one segment.
#[derive(Debug)]
pub(super) struct Hints {
    pub(super) bytes: Vec<u8>,
    pub(super) summary: HintSummary,
    /// Hashes of the subjects of all entries.
    pub(super) hashes: Vec<u64>,
}

/// Hints that are there, or will be.
pub(super) enum Ahead<'scope> {
    Ready(Hints),
    Soon(ScopedJoinHandle<'scope, Hints>),
}

impl<'scope> Ahead<'scope> {
    /// Reads the hints of `info`, and has a thread verify them if they are many. Files are read by the caller's thread, one
    /// after the other.
    pub(super) fn begin<'env>(
        scope: &'scope Scope<'scope, 'env>,
        env: &Env,
        dir: &Path,
        info: &SegmentInfo,
        hasher: SubjectHasher,
    ) -> Self {
        let bytes = read_bytes(env, dir, info);
        if bytes.len() < WORTH_A_THREAD {
            return Self::Ready(Hints::of(bytes, info, hasher));
        }
        let info = info.clone();
        Self::Soon(scope.spawn(move || Hints::of(bytes, &info, hasher)))
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
        Self::of(read_bytes(env, dir, info), info, hasher)
    }

    fn of(bytes: Vec<u8>, info: &SegmentInfo, hasher: SubjectHasher) -> Self {
        let mut hashes = Vec::with_capacity(bytes.len() / HINT_BYTES_USUAL);
        let mut subject = info.prefix.as_bytes().to_vec();
        let summary = hint::walk(&bytes, info, &mut |hint| {
            hashes.push(hasher.hash(whole_subject(&mut subject, info, hint.flags, hint.subject)));
        });
        Self { bytes, summary, hashes }
    }

    /// Says whether nothing in the file is worthless.
    pub(super) fn are_intact(&self) -> bool {
        self.summary.intact_bytes == self.bytes.len()
    }

    pub(super) fn intact_bytes(&self) -> u64 {
        to_u64(self.summary.intact_bytes)
    }
}

/// Returns what there is of a hint file.
fn read_bytes(env: &Env, dir: &Path, info: &SegmentInfo) -> Vec<u8> {
    read_file(&*env.fs, &dir.join(hint_file(info.id))).unwrap_or_default()
}

/// Returns a subject with the prefix of its segment, which `buffer` begins with.
pub(super) fn whole_subject<'a>(
    buffer: &'a mut Vec<u8>,
    info: &SegmentInfo,
    flags: u8,
    stored: &'a [u8],
) -> &'a [u8] {
    if flags & entry::WHOLE_SUBJECT != 0 {
        return stored;
    }
    buffer.truncate(info.prefix.len());
    buffer.extend_from_slice(stored);
    buffer
}

/// Fewer bytes are verified sooner than a thread is made.
const WORTH_A_THREAD: usize = 256 << 10;
const HINT_BYTES_USUAL: usize = 24;
