//! Files and directories as a process sees them, and beside that what a power cut leaves of them.
//!
//! Written sectors are kept apart until their file is synced, and names until their directory is; a cut keeps a random part of both.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::mem;
use testkit::Rng;

/// The number of a file or directory; it is never used again.
pub(crate) type NodeId = u64;

/// The number of the root.
pub(crate) const ROOT: NodeId = 1;

/// What a disk keeps or loses as a whole.
const SECTOR_BYTES: usize = 512;

/// When names become durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskModel {
    /// By the sync of their directory, as POSIX says; without it any of them may be lost.
    Posix,
    /// By any sync, in their order, as a journal does.
    Journal,
}

/// Why an operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotFound,
    Exists,
    NotEmpty,
    WrongKind,
    /// The disk takes nothing more.
    Dead,
}

/// A file or directory.
#[derive(Debug, Default, Clone)]
pub(crate) struct Node {
    pub(crate) mode: u32,
    pub(crate) content: Content,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    File(File),
    Directory(Directory),
}

#[derive(Debug, Default, Clone)]
pub(crate) struct File {
    pub(crate) bytes: Vec<u8>,
    durable: Vec<u8>,
    /// Numbers of the sectors that were written since the last sync.
    dirty: BTreeSet<usize>,
}

#[derive(Debug, Default, Clone)]
pub(crate) struct Directory {
    pub(crate) names: BTreeMap<OsString, NodeId>,
    durable: BTreeMap<OsString, NodeId>,
}

/// A change of names that is not durable yet.
#[derive(Debug, Clone)]
enum Change {
    Set { directory: NodeId, name: OsString, node: NodeId },
    Remove { directory: NodeId, name: OsString },
    Rename { from: (NodeId, OsString), to: (NodeId, OsString), node: NodeId },
}

/// The disk.
#[derive(Debug)]
pub(crate) struct Disk {
    model: DiskModel,
    nodes: BTreeMap<NodeId, Node>,
    next: NodeId,
    changes: Vec<Change>,
    is_dead: bool,
    syncs: u64,
}

impl Disk {
    pub(crate) fn new(model: DiskModel) -> Self {
        let root = Node { mode: 0o755, content: Content::Directory(Directory::default()) };
        let nodes = BTreeMap::from([(ROOT, root)]);
        Self { model, nodes, next: ROOT + 1, changes: Vec::new(), is_dead: false, syncs: 0 }
    }

    /// From now on nothing is taken any more, until the power comes back.
    pub(crate) fn die(&mut self) {
        self.is_dead = true;
    }

    pub(crate) fn syncs(&self) -> u64 {
        self.syncs
    }

    pub(crate) fn node(&self, id: NodeId) -> Result<&Node, Refusal> {
        self.nodes.get(&id).ok_or(Refusal::NotFound)
    }

    pub(crate) fn set_mode(&mut self, id: NodeId, mode: u32) -> Result<(), Refusal> {
        self.nodes.get_mut(&id).ok_or(Refusal::NotFound)?.mode = mode;
        Ok(())
    }

    pub(crate) fn find(&self, directory: NodeId, name: &OsStr) -> Result<NodeId, Refusal> {
        self.directory(directory)?.names.get(name).copied().ok_or(Refusal::NotFound)
    }

    pub(crate) fn directory(&self, id: NodeId) -> Result<&Directory, Refusal> {
        match &self.node(id)?.content {
            Content::Directory(directory) => Ok(directory),
            Content::File(_) => Err(Refusal::WrongKind),
        }
    }

    pub(crate) fn file(&self, id: NodeId) -> Result<&File, Refusal> {
        match &self.node(id)?.content {
            Content::File(file) => Ok(file),
            Content::Directory(_) => Err(Refusal::WrongKind),
        }
    }

    /// Makes a file or directory and gives it a name.
    pub(crate) fn make(&mut self, directory: NodeId, name: &OsStr, node: Node) -> Result<NodeId, Refusal> {
        self.require_power()?;
        if self.find(directory, name).is_ok() {
            return Err(Refusal::Exists);
        }
        let id = self.next;
        self.names_of(directory)?.insert(name.to_owned(), id);
        self.next += 1;
        self.nodes.insert(id, node);
        self.changes.push(Change::Set { directory, name: name.to_owned(), node: id });
        Ok(id)
    }

    pub(crate) fn remove(&mut self, directory: NodeId, name: &OsStr) -> Result<(), Refusal> {
        self.require_power()?;
        let id = self.find(directory, name)?;
        if self.directory(id).is_ok_and(|directory| !directory.names.is_empty()) {
            return Err(Refusal::NotEmpty);
        }
        self.names_of(directory)?.remove(name);
        self.changes.push(Change::Remove { directory, name: name.to_owned() });
        Ok(())
    }

    pub(crate) fn rename(&mut self, from: (NodeId, &OsStr), to: (NodeId, &OsStr)) -> Result<(), Refusal> {
        self.require_power()?;
        let node = self.find(from.0, from.1)?;
        self.names_of(from.0)?.remove(from.1);
        self.names_of(to.0)?.insert(to.1.to_owned(), node);
        let owned = |place: (NodeId, &OsStr)| (place.0, place.1.to_owned());
        self.changes.push(Change::Rename { from: owned(from), to: owned(to), node });
        Ok(())
    }

    pub(crate) fn write(&mut self, id: NodeId, offset: usize, bytes: &[u8]) -> Result<(), Refusal> {
        self.require_power()?;
        let file = self.file_mut(id)?;
        let end = offset + bytes.len();
        if file.bytes.len() < end {
            file.bytes.resize(end, 0);
        }
        file.bytes.get_mut(offset..end).ok_or(Refusal::WrongKind)?.copy_from_slice(bytes);
        file.dirty.extend(offset / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES));
        Ok(())
    }

    pub(crate) fn resize(&mut self, id: NodeId, length: usize) -> Result<(), Refusal> {
        self.require_power()?;
        let file = self.file_mut(id)?;
        file.bytes.resize(length, 0);
        file.dirty.insert(length / SECTOR_BYTES);
        Ok(())
    }

    /// Makes the bytes of a file durable, and with a journal every name.
    pub(crate) fn sync_file(&mut self, id: NodeId) -> Result<(), Refusal> {
        self.require_power()?;
        self.syncs += 1;
        self.file_mut(id)?.sync();
        if self.model == DiskModel::Journal {
            self.settle(|_| true);
        }
        Ok(())
    }

    /// Makes the names of a directory durable, and with a journal every name.
    pub(crate) fn sync_directory(&mut self, id: NodeId) -> Result<(), Refusal> {
        self.require_power()?;
        self.syncs += 1;
        match self.model {
            DiskModel::Journal => self.settle(|_| true),
            DiskModel::Posix => self.settle(|change| change.concerns(id)),
        }
        Ok(())
    }

    /// Cuts the power and brings it back: a random part of what was not durable is gone, the rest is durable now.
    pub(crate) fn cut(&mut self, rng: &mut Rng) {
        self.is_dead = false;
        let count = self.changes.len();
        let mut kept: Vec<bool> = match (rng.below(4), self.model) {
            (0, _) => vec![false; count],
            (1, _) => vec![true; count],
            (2, DiskModel::Posix) => (0..count).map(|_| rng.chance(1, 2)).collect(),
            _ => {
                let length = rng.index(count + 1);
                (0..count).map(|index| index < length).collect()
            }
        };
        kept.reverse();
        self.settle(|_| kept.pop().unwrap_or_default());
        self.changes.clear();
        for node in self.nodes.values_mut() {
            match &mut node.content {
                Content::File(file) => file.cut(rng),
                Content::Directory(directory) => directory.names = directory.durable.clone(),
            }
        }
        self.forget_the_nameless();
    }

    fn require_power(&self) -> Result<(), Refusal> {
        if self.is_dead { Err(Refusal::Dead) } else { Ok(()) }
    }

    fn file_mut(&mut self, id: NodeId) -> Result<&mut File, Refusal> {
        match self.nodes.get_mut(&id).map(|node| &mut node.content) {
            Some(Content::File(file)) => Ok(file),
            Some(Content::Directory(_)) => Err(Refusal::WrongKind),
            None => Err(Refusal::NotFound),
        }
    }

    fn names_of(&mut self, id: NodeId) -> Result<&mut BTreeMap<OsString, NodeId>, Refusal> {
        self.directory_mut(id).map(|directory| &mut directory.names).ok_or(Refusal::NotFound)
    }

    fn directory_mut(&mut self, id: NodeId) -> Option<&mut Directory> {
        match self.nodes.get_mut(&id).map(|node| &mut node.content) {
            Some(Content::Directory(directory)) => Some(directory),
            _ => None,
        }
    }

    /// Makes those changes durable that `is_kept` chooses, in their order; the others stay.
    fn settle(&mut self, mut is_kept: impl FnMut(&Change) -> bool) {
        for change in mem::take(&mut self.changes) {
            if !is_kept(&change) {
                self.changes.push(change);
                continue;
            }
            match change {
                Change::Set { directory, name, node } => self.name_durably(directory, name, node),
                Change::Remove { directory, name } => {
                    if let Some(directory) = self.directory_mut(directory) {
                        directory.durable.remove(&name);
                    }
                }
                Change::Rename { from, to, node } => {
                    if let Some(directory) = self.directory_mut(from.0)
                        && directory.durable.get(&from.1) == Some(&node)
                    {
                        directory.durable.remove(&from.1);
                    }
                    self.name_durably(to.0, to.1, node);
                }
            }
        }
    }

    fn name_durably(&mut self, directory: NodeId, name: OsString, node: NodeId) {
        if let Some(directory) = self.directory_mut(directory) {
            directory.durable.insert(name, node);
        }
    }

    /// Drops what no name leads to any more.
    fn forget_the_nameless(&mut self) {
        let mut found = BTreeSet::from([ROOT]);
        let mut open = vec![ROOT];
        while let Some(id) = open.pop() {
            let Ok(directory) = self.directory(id) else { continue };
            for node in directory.names.values() {
                if found.insert(*node) {
                    open.push(*node);
                }
            }
        }
        self.nodes.retain(|id, _| found.contains(id));
    }
}

impl Change {
    fn concerns(&self, id: NodeId) -> bool {
        match self {
            Self::Set { directory, .. } | Self::Remove { directory, .. } => *directory == id,
            Self::Rename { from, to, .. } => from.0 == id || to.0 == id,
        }
    }
}

impl File {
    fn sync(&mut self) {
        self.durable.resize(self.bytes.len(), 0);
        for sector in mem::take(&mut self.dirty) {
            self.keep(sector);
        }
    }

    fn cut(&mut self, rng: &mut Rng) {
        let dirty: Vec<usize> = mem::take(&mut self.dirty).into_iter().collect();
        let kept: Vec<usize> = match rng.below(3) {
            0 => Vec::new(),
            1 => dirty,
            _ => dirty.into_iter().filter(|_| rng.chance(1, 2)).collect(),
        };
        // The length is written apart from the bytes, and may be newer or older than they.
        if !kept.is_empty() || rng.chance(1, 3) {
            let (old, new) = (self.durable.len(), self.bytes.len());
            if new > old || rng.chance(1, 2) {
                self.durable.resize(new, 0);
            }
        }
        for sector in kept {
            self.keep(sector);
        }
        self.bytes = self.durable.clone();
    }

    /// Makes a sector durable, as far as the durable length reaches.
    fn keep(&mut self, sector: usize) {
        let start = sector * SECTOR_BYTES;
        let end = (start + SECTOR_BYTES).min(self.bytes.len()).min(self.durable.len());
        if let (Some(from), Some(to)) = (self.bytes.get(start..end), self.durable.get_mut(start..end)) {
            to.copy_from_slice(from);
        }
    }
}

impl Node {
    pub(crate) fn new_file(mode: u32) -> Self {
        Self { mode, content: Content::File(File::default()) }
    }

    pub(crate) fn new_directory(mode: u32) -> Self {
        Self { mode, content: Content::Directory(Directory::default()) }
    }

    pub(crate) fn size(&self) -> usize {
        match &self.content {
            Content::File(file) => file.bytes.len(),
            Content::Directory(_) => 0,
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::File(File::default())
    }
}

#[cfg(test)]
mod tests;
