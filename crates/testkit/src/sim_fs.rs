//! A file system in memory that knows what would survive a power cut, and that fails where a test says so.
//!
//! Content is durable after `sync_data`, names are durable after `sync_dir`; [`SimFs::power_cut`] draws one of the
//! states a disk could be left in otherwise. See [`DiskModel`] for the two sets of rules about names.

mod cut;
mod damage;
mod disk;
mod fault;
mod handle;
mod inode;
mod names;

pub use disk::Counts;
pub use fault::{FaultKind, FaultMode};
pub use inode::SECTOR_BYTES;

use disk::{Disk, World};
use fault::{Op, Verdict};
use handle::{SimFile, SimLock};
use jetkv_engine::env::{DirEntry, File, Fs, Lock, OpenMode};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A simulated file system; clones share it.
///
/// The root directory always exists; relative paths start there too. After [`Self::power_cut`] or [`Self::kill`] this
/// value and all its handles are dead: every operation fails.
#[derive(Clone)]
pub struct SimFs {
    disk: Arc<Disk>,
}

/// Which names survive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskModel {
    /// A change of names is durable only after `sync_dir` of its directory, for a rename of both directories. At a cut
    /// any subset of the other changes may have happened, each in one step.
    Posix,
    /// Changes of names are journaled in order; any file sync or directory sync makes all earlier ones durable. At a
    /// cut the first few of the others have happened.
    Ext4Like,
}

impl SimFs {
    /// Returns an empty file system without a limit of space.
    #[must_use]
    pub fn new(model: DiskModel) -> Self {
        Self { disk: Arc::new(Disk::new(World::new(model), None)) }
    }

    /// Makes the operation numbered `op_index` fail, or the first one after it that `kind` can happen to.
    ///
    /// Each call on [`Fs`] and [`File`] is one operation, numbered from 0. Several faults may be planned.
    pub fn fail_at(&self, op_index: u64, kind: FaultKind, mode: FaultMode) {
        self.disk.state().plan.add(op_index, kind, mode);
    }

    /// Makes every operation from `op_index` on fail without effect, as if the power had gone just before it.
    ///
    /// The test then draws what is left with [`Self::power_cut`].
    pub fn cut_at(&self, op_index: u64) {
        self.disk.state().plan.cut_at = Some(op_index);
    }

    /// Forgets the planned faults and the planned cut; [`Self::fault_fired`] still tells of the past.
    pub fn clear_faults(&self) {
        self.disk.state().plan.clear();
    }

    /// Says whether a planned fault or cut has been met.
    #[must_use]
    pub fn fault_fired(&self) -> bool {
        self.disk.state().plan.fired
    }

    /// Returns the number of operations so far, the failed ones included; also after the end of this world.
    #[must_use]
    pub fn op_count(&self) -> u64 {
        self.disk.state().plan.op_count
    }

    /// Returns what has been done so far; also after the end of this world.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.disk.state().counts
    }

    /// Begins to note every operation for [`Self::trace`]; worlds made from this one note theirs as well.
    pub fn enable_trace(&self) {
        self.disk.state().plan.trace.get_or_insert_default();
    }

    /// Returns one line for each operation since [`Self::enable_trace`].
    #[must_use]
    pub fn trace(&self) -> Vec<String> {
        self.disk.state().plan.trace.clone().unwrap_or_default()
    }

    /// Limits the sum of the lengths of all files; a call that would grow a file above it fails with `StorageFull`
    /// and changes nothing. What lies there already stays. The limit holds in worlds made from this one.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.disk.state().living().capacity = bytes;
    }

    /// Returns the sum of the lengths of all files that have a name or an open handle.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.disk.state().living().used
    }

    /// Plants a bug: `sync_data` says it is done and does nothing. It stays in worlds made from this one.
    // The flag is the whole of the meaning, so a type of its own would say no more at the call.
    pub fn lie_about_sync(&self, lie: bool) {
        self.disk.state().living().lies_about_sync = lie;
    }

    /// Plants a bug: `sync_dir` says it is done and does nothing. It stays in worlds made from this one.
    pub fn lie_about_dir_sync(&self, lie: bool) {
        self.disk.state().living().lies_about_dir_sync = lie;
    }
}

impl Fs for SimFs {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        let op = match mode {
            OpenMode::Read | OpenMode::ReadWrite => Op::Open,
            OpenMode::CreateNew | OpenMode::Replace => Op::Create,
        };
        let mut state = self.disk.state();
        let inode = state.admit(op, || format!("{} {mode:?}", path.display()))?.open(path, mode)?;
        Ok(Arc::new(SimFile::new(&self.disk, inode, path, mode)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.disk.state();
        let detail = || format!("{} -> {}", from.display(), to.display());
        state.admit(Op::Rename, detail)?.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut state = self.disk.state();
        state.admit(Op::RemoveFile, || path.display().to_string())?.remove_file(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.disk.state();
        state.admit(Op::CreateDir, || path.display().to_string())?.names.create_dir_all(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.disk.state();
        let verdict = state.begin(Op::RemoveDir, || path.display().to_string())?;
        let world = state.world()?;
        match verdict {
            Verdict::Short(seed) => {
                world.remove_dir_partly(path, seed)?;
                Err(FaultKind::ShortWrite.error())
            }
            verdict => verdict.go().and_then(|()| world.remove_dir_all(path)),
        }
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.disk.state();
        state.admit(Op::SyncDir, || path.display().to_string())?.sync_dir(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let mut state = self.disk.state();
        state.admit(Op::List, || path.display().to_string())?.names.list(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        let mut state = self.disk.state();
        let taken = state.admit(Op::Lock, || path.display().to_string())?.lock(path)?;
        Ok(taken.map(|inode| -> Box<dyn Lock> { Box::new(SimLock::new(&self.disk, inode)) }))
    }
}

impl fmt::Debug for SimFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimFs").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
