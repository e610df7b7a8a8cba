//! The content of one file: what reads show, what is durable, and the changes in between.

use std::io;
use std::sync::Arc;

/// The unit in which a disk keeps or loses what was written.
pub const SECTOR_BYTES: usize = 512;

/// The place of an inode in its world; never used again for another one.
pub(super) type InodeId = usize;

/// One file, with or without a name.
///
/// Both contents are shared between worlds until one of them changes its own.
#[derive(Debug, Clone, Default)]
pub(super) struct Inode {
    pub(super) current: Arc<Vec<u8>>,
    pub(super) durable: Arc<Vec<u8>>,
    /// What leads from `durable` to `current`, in order.
    pub(super) unsynced: Vec<Change>,
    /// Whether a directory has a name for it now; the durable names may differ.
    pub(super) named: bool,
    pub(super) handle_count: u32,
}

/// A change of content that is not yet durable.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// `data` was written at `offset`.
    Write { offset: usize, data: Arc<[u8]>, standing: Standing },
    /// The file was cut or extended to this length.
    SetLen(usize),
}

/// Whether a sync will still save a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The next sync saves it.
    Waiting,
    /// A sync of it has failed, so the system takes it for saved and never tries again.
    GivenUp,
}

impl Inode {
    pub(super) fn current_bytes(&self) -> u64 {
        u64::try_from(self.current.len()).expect("a length fits 64 bits")
    }

    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> usize {
        let rest = usize::try_from(offset).ok().and_then(|start| self.current.get(start..));
        let rest = rest.unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        read
    }

    pub(super) fn write(&mut self, data: &[u8], offset: usize) {
        if !data.is_empty() {
            put(Arc::make_mut(&mut self.current), data, offset);
            self.unsynced.push(Change::Write { offset, data: data.into(), standing: Standing::Waiting });
        }
    }

    pub(super) fn set_len(&mut self, bytes: usize) {
        if bytes != self.current.len() {
            Arc::make_mut(&mut self.current).resize(bytes, 0);
            self.unsynced.push(Change::SetLen(bytes));
        }
    }

    /// Makes the content durable, except for what an earlier failed sync has given up.
    pub(super) fn sync(&mut self) {
        if self.unsynced.is_empty() {
            return;
        }
        let durable = Arc::make_mut(&mut self.durable);
        for change in self.unsynced.drain(..) {
            match change {
                Change::Write { offset, data, standing: Standing::Waiting } => put(durable, &data, offset),
                Change::Write { offset, data, standing: Standing::GivenUp } => {
                    durable.resize(durable.len().max(offset + data.len()), 0);
                }
                Change::SetLen(bytes) => durable.resize(bytes, 0),
            }
        }
    }

    /// Notes that a sync has failed.
    pub(super) fn give_up_unsynced(&mut self) {
        for change in &mut self.unsynced {
            if let Change::Write { standing, .. } = change {
                *standing = Standing::GivenUp;
            }
        }
    }

    /// Makes exactly what reads show durable, whatever happened before.
    pub(super) fn settle(&mut self) {
        self.unsynced.clear();
        self.durable = Arc::clone(&self.current);
    }
}

/// Writes `data` at `offset`, with zeros up to there if the content is shorter.
pub(super) fn put(content: &mut Vec<u8>, data: &[u8], offset: usize) {
    let end = offset + data.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(data);
}

/// Returns the end of `length` bytes at `offset`, if a file may be that long.
pub(super) fn end_of(offset: u64, length: usize) -> io::Result<usize> {
    let start = usize::try_from(offset).ok();
    let end = start.and_then(|start| start.checked_add(length)).filter(|&end| end <= FILE_BYTES_MAX);
    end.ok_or_else(|| io::ErrorKind::FileTooLarge.into())
}

/// More than any test needs, less than would exhaust the memory of the machine by mistake.
const FILE_BYTES_MAX: usize = 1 << 31;
