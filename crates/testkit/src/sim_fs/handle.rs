//! Open files and locks: they keep their inode after its name is gone, and end with their world.

use super::disk::Disk;
use super::fault::{FaultKind, Op, Verdict};
use super::inode::InodeId;
use crate::rng::Rng;
use jetkv_engine::env::{File, Lock, OpenMode};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open file. The world counts it as a handle of `inode` from before it is made until it is dropped.
pub(super) struct SimFile {
    disk: Arc<Disk>,
    inode: InodeId,
    path: PathBuf,
    mode: OpenMode,
}

impl SimFile {
    pub(super) fn new(disk: &Arc<Disk>, inode: InodeId, path: &Path, mode: OpenMode) -> Self {
        Self { disk: Arc::clone(disk), inode, path: path.to_owned(), mode }
    }

    fn check_writable(&self) -> io::Result<()> {
        match self.mode {
            OpenMode::Read => Err(io::ErrorKind::PermissionDenied.into()),
            OpenMode::ReadWrite | OpenMode::CreateNew | OpenMode::Replace => Ok(()),
        }
    }
}

impl File for SimFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = self.disk.state();
        let detail = || format!("{} {offset}+{}", self.path.display(), buffer.len());
        let world = state.admit(Op::Read, detail)?;
        Ok(world.inodes[self.inode].read_at(buffer, offset))
    }

    fn write_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let verdict =
            state.begin(Op::Write, || format!("{} {offset}+{}", self.path.display(), data.len()))?;
        self.check_writable()?;
        let (part, outcome) = match verdict {
            Verdict::Short(seed) => {
                (&data[..Rng::new(seed).index(data.len())], Err(FaultKind::ShortWrite.error()))
            }
            verdict => {
                verdict.go()?;
                (data, Ok(()))
            }
        };
        state.world()?.write(self.inode, part, offset)?;
        state.counts.written_bytes += u64::try_from(part.len()).expect("a length fits 64 bits");
        outcome
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let verdict = state.begin(Op::SyncData, || self.path.display().to_string())?;
        let world = state.world()?;
        verdict.go().inspect_err(|_| world.inodes[self.inode].give_up_unsynced())?;
        world.sync_data(self.inode);
        Ok(())
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let world = state.admit(Op::SetLen, || format!("{} {bytes}", self.path.display()))?;
        self.check_writable()?;
        world.set_len(self.inode, bytes)
    }

    fn len(&self) -> io::Result<u64> {
        let mut state = self.disk.state();
        let world = state.admit(Op::Len, || self.path.display().to_string())?;
        Ok(world.inodes[self.inode].current_bytes())
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        if let Ok(world) = self.disk.state().world() {
            world.release(self.inode);
        }
    }
}

impl fmt::Debug for SimFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimFile").field("path", &self.path).field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// A held lock; like an open file, it keeps its inode.
pub(super) struct SimLock {
    disk: Arc<Disk>,
    inode: InodeId,
}

impl SimLock {
    pub(super) fn new(disk: &Arc<Disk>, inode: InodeId) -> Self {
        Self { disk: Arc::clone(disk), inode }
    }
}

impl Lock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        if let Ok(world) = self.disk.state().world() {
            world.unlock(self.inode);
        }
    }
}

impl fmt::Debug for SimLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimLock").field("inode", &self.inode).finish_non_exhaustive()
    }
}
