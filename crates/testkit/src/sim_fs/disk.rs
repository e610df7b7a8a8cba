//! The state behind a file system and its handles: one world of inodes and names, and what happened to it.

use super::DiskModel;
use super::fault::{Op, Plan, Verdict, power_off};
use super::inode::{Inode, InodeId, end_of};
use super::names::{DirId, Names, Node, Slot};
use crate::rng::Rng;
use jetkv_engine::env::OpenMode;
use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// How often the operations were called, the failed calls included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Calls of `File::sync_data`.
    pub sync_data: u64,
    /// Calls of `Fs::sync_dir`.
    pub sync_dir: u64,
    /// Calls of `File::write_at`.
    pub writes: u64,
    /// Calls of `File::read_at`.
    pub reads: u64,
    /// Bytes that were written; a short write counts with the part that was.
    pub written_bytes: u64,
}

/// What a file system, its clones and its handles share.
#[derive(Debug)]
pub(super) struct Disk {
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) plan: Plan,
    pub(super) counts: Counts,
    /// `None` after the end of this world.
    world: Option<World>,
}

/// Everything that lies on the disk and in the page cache above it.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) model: DiskModel,
    pub(super) names: Names,
    pub(super) inodes: Vec<Inode>,
    /// Inodes without name and handle whose durable content a durable name may still lead to.
    pub(super) orphans: Vec<InodeId>,
    pub(super) locked: BTreeSet<InodeId>,
    /// The sum of the current lengths of all inodes.
    pub(super) used: u64,
    pub(super) capacity: Option<u64>,
    pub(super) lies_about_sync: bool,
    pub(super) lies_about_dir_sync: bool,
}

impl Disk {
    pub(super) fn new(world: World, trace: Option<Vec<String>>) -> Self {
        let plan = Plan::new(trace);
        Self { state: Mutex::new(State { plan, counts: Counts::default(), world: Some(world) }) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl State {
    /// Counts an operation and says what becomes of it; fails in a world that has ended.
    pub(super) fn begin(&mut self, op: Op, detail: impl FnOnce() -> String) -> io::Result<Verdict> {
        self.world()?;
        match op {
            Op::Read => self.counts.reads += 1,
            Op::Write => self.counts.writes += 1,
            Op::SyncData => self.counts.sync_data += 1,
            Op::SyncDir => self.counts.sync_dir += 1,
            _ => {}
        }
        self.plan.next(op, detail)
    }

    /// As [`Self::begin`], for operations that are done or not, nothing between.
    pub(super) fn admit(&mut self, op: Op, detail: impl FnOnce() -> String) -> io::Result<&mut World> {
        self.begin(op, detail)?.go()?;
        self.world()
    }

    pub(super) fn world(&mut self) -> io::Result<&mut World> {
        self.world.as_mut().ok_or_else(power_off)
    }

    /// Returns the world for the use of a test, which must not have ended it.
    pub(super) fn living(&mut self) -> &mut World {
        self.world.as_mut().expect("this world was ended by a power cut or a kill")
    }

    /// Ends this world for all who share it.
    pub(super) fn end(&mut self) -> World {
        self.world.take().expect("this world was ended by a power cut or a kill")
    }
}

impl World {
    pub(super) fn new(model: DiskModel) -> Self {
        Self {
            model,
            names: Names::default(),
            inodes: Vec::new(),
            orphans: Vec::new(),
            locked: BTreeSet::new(),
            used: 0,
            capacity: None,
            lies_about_sync: false,
            lies_about_dir_sync: false,
        }
    }

    /// Opens a file and counts a handle for it.
    pub(super) fn open(&mut self, path: &Path, mode: OpenMode) -> io::Result<InodeId> {
        let slot = self.names.slot(path)?;
        let inode = match (mode, self.names.get(&slot)) {
            (OpenMode::CreateNew, Some(_)) => return Err(io::ErrorKind::AlreadyExists.into()),
            (_, Some(Node::Directory(_))) => return Err(io::ErrorKind::IsADirectory.into()),
            (OpenMode::Read | OpenMode::ReadWrite, Some(Node::File(inode))) => inode,
            (OpenMode::Replace, Some(Node::File(inode))) => {
                self.set_len(inode, 0)?;
                inode
            }
            (OpenMode::Read | OpenMode::ReadWrite, None) => return Err(io::ErrorKind::NotFound.into()),
            (OpenMode::CreateNew | OpenMode::Replace, None) => self.create(slot),
        };
        self.inodes[inode].handle_count += 1;
        Ok(inode)
    }

    pub(super) fn create(&mut self, slot: Slot) -> InodeId {
        let inode = self.inodes.len();
        self.inodes.push(Inode { named: true, ..Inode::default() });
        self.names.change(Node::File(inode), None, Some(slot));
        inode
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let (from_slot, to_slot) = (self.names.slot(from)?, self.names.slot(to)?);
        let node = self.names.get(&from_slot).ok_or(io::ErrorKind::NotFound)?;
        let replaced = self.names.get(&to_slot);
        if from_slot == to_slot {
            return Ok(());
        }
        match (node, replaced) {
            (Node::Directory(_), _) if to.starts_with(from) => return Err(io::ErrorKind::InvalidInput.into()),
            (_, None) | (Node::File(_), Some(Node::File(_))) => {}
            (Node::File(_), Some(Node::Directory(_))) => return Err(io::ErrorKind::IsADirectory.into()),
            (Node::Directory(_), Some(Node::File(_))) => return Err(io::ErrorKind::NotADirectory.into()),
            (Node::Directory(_), Some(Node::Directory(dir))) => {
                if !self.names.current.entries(dir).is_empty() {
                    return Err(io::ErrorKind::DirectoryNotEmpty.into());
                }
            }
        }
        self.names.change(node, Some(from_slot), Some(to_slot));
        if let Some(Node::File(inode)) = replaced {
            self.unname(inode);
        }
        Ok(())
    }

    pub(super) fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        let slot = self.names.slot(path)?;
        match self.names.get(&slot).ok_or(io::ErrorKind::NotFound)? {
            Node::File(_) => self.remove(slot),
            Node::Directory(_) => return Err(io::ErrorKind::IsADirectory.into()),
        }
        Ok(())
    }

    /// Removes a directory entry by entry, as the real call does, so that a cut may leave some of them.
    pub(super) fn remove_dir_all(&mut self, path: &Path) -> io::Result<()> {
        for slot in self.slots_below(path)? {
            self.remove(slot);
        }
        Ok(())
    }

    /// Removes the first few of the entries that [`Self::remove_dir_all`] would remove, never all.
    pub(super) fn remove_dir_partly(&mut self, path: &Path, seed: u64) -> io::Result<()> {
        let slots = self.slots_below(path)?;
        let removed_count = Rng::new(seed).index(slots.len());
        for slot in slots.into_iter().take(removed_count) {
            self.remove(slot);
        }
        Ok(())
    }

    pub(super) fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        let dir = self.names.find_dir(path)?;
        if self.lies_about_dir_sync {
            return Ok(());
        }
        match self.model {
            DiskModel::Posix => self.names.sync_dir(dir),
            DiskModel::Ext4Like => self.names.sync_all(),
        }
        self.drop_orphans();
        Ok(())
    }

    /// Takes the lock of the file at `path` and counts a handle for it; `None` if it is taken.
    pub(super) fn lock(&mut self, path: &Path) -> io::Result<Option<InodeId>> {
        let slot = self.names.slot(path)?;
        let inode = match self.names.get(&slot) {
            Some(Node::File(inode)) => inode,
            Some(Node::Directory(_)) => return Err(io::ErrorKind::IsADirectory.into()),
            None => self.create(slot),
        };
        if !self.locked.insert(inode) {
            return Ok(None);
        }
        self.inodes[inode].handle_count += 1;
        Ok(Some(inode))
    }

    pub(super) fn unlock(&mut self, inode: InodeId) {
        self.locked.remove(&inode);
        self.release(inode);
    }

    pub(super) fn write(&mut self, inode: InodeId, data: &[u8], offset: u64) -> io::Result<()> {
        let end = end_of(offset, data.len())?;
        let length = self.inodes[inode].current.len();
        self.resize(length, if data.is_empty() { length } else { length.max(end) })?;
        self.inodes[inode].write(data, end - data.len());
        Ok(())
    }

    pub(super) fn set_len(&mut self, inode: InodeId, bytes: u64) -> io::Result<()> {
        let bytes = end_of(bytes, 0)?;
        self.resize(self.inodes[inode].current.len(), bytes)?;
        self.inodes[inode].set_len(bytes);
        Ok(())
    }

    pub(super) fn sync_data(&mut self, inode: InodeId) {
        if self.lies_about_sync {
            return;
        }
        self.inodes[inode].sync();
        if self.model == DiskModel::Ext4Like {
            self.names.sync_all();
            self.drop_orphans();
        }
    }

    /// Takes back a handle.
    pub(super) fn release(&mut self, inode: InodeId) {
        self.inodes[inode].handle_count -= 1;
        self.free_if_unused(inode);
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        if let Some(node) = self.names.get(&slot) {
            self.names.change(node, Some(slot), None);
            if let Node::File(inode) = node {
                self.unname(inode);
            }
        }
    }

    fn unname(&mut self, inode: InodeId) {
        self.inodes[inode].named = false;
        self.free_if_unused(inode);
    }

    fn free_if_unused(&mut self, inode: InodeId) {
        let unused = &mut self.inodes[inode];
        if !unused.named && unused.handle_count == 0 {
            self.used -= unused.current_bytes();
            unused.current = std::sync::Arc::default();
            self.orphans.push(inode);
        }
    }

    /// Lets go of nameless files once no durable name can lead to them.
    pub(super) fn drop_orphans(&mut self) {
        if self.names.pending.is_empty() {
            for inode in self.orphans.drain(..) {
                self.inodes[inode] = Inode::default();
            }
        }
    }

    /// Accounts for a change of length, if there is room for it.
    fn resize(&mut self, from: usize, to: usize) -> io::Result<()> {
        let wide = |length: usize| u64::try_from(length).expect("a length fits 64 bits");
        let used = self.used - wide(from) + wide(to);
        if to > from && self.capacity.is_some_and(|capacity| used > capacity) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.used = used;
        Ok(())
    }

    /// Returns the places of everything below `path`, each directory after what it holds, `path` last.
    fn slots_below(&self, path: &Path) -> io::Result<Vec<Slot>> {
        let top = self.names.slot(path)?;
        let Node::Directory(dir) = self.names.get(&top).ok_or(io::ErrorKind::NotFound)? else {
            return Err(io::ErrorKind::NotADirectory.into());
        };
        let mut slots = vec![top];
        let mut left: Vec<DirId> = vec![dir];
        while let Some(dir) = left.pop() {
            for (name, node) in self.names.current.entries(dir) {
                slots.push(Slot { dir, name });
                if let Node::Directory(below) = node {
                    left.push(below);
                }
            }
        }
        slots.reverse();
        Ok(slots)
    }
}
