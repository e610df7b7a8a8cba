//! Directories: which names there are, which are durable, and the changes in between.

use super::inode::InodeId;
use jetkv_engine::env::{DirEntry, EntryKind};
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The place of a directory in both trees; never used again for another one.
pub(super) type DirId = usize;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    File(InodeId),
    Directory(DirId),
}

/// The place of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) dir: DirId,
    pub(super) name: Arc<str>,
}

/// All names of a world.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) current: Tree,
    pub(super) durable: Tree,
    /// What leads from `durable` to `current`, in order.
    pub(super) pending: Vec<NameChange>,
}

/// A set of directories, the root first. Directories that nothing leads to any more stay, empty or not.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    dirs: Vec<BTreeMap<Arc<str>, Node>>,
}

/// A change of names that is not yet durable: a creation has no `from`, a removal no `to`, a rename both.
#[derive(Debug, Clone)]
pub(super) struct NameChange {
    pub(super) node: Node,
    pub(super) from: Option<Slot>,
    pub(super) to: Option<Slot>,
    /// What the name at `to` stood for before.
    pub(super) replaced: Option<Node>,
    from_is_synced: bool,
    to_is_synced: bool,
}

impl Names {
    /// Returns what `path` stands for; fails with `NotFound` or `NotADirectory`.
    pub(super) fn find(&self, path: &Path) -> io::Result<Node> {
        let mut node = ROOT;
        for component in path.components() {
            let Some(name) = name_of(component)? else { continue };
            let Node::Directory(dir) = node else { return Err(io::ErrorKind::NotADirectory.into()) };
            node = self.current.get(dir, name).ok_or(io::ErrorKind::NotFound)?;
        }
        Ok(node)
    }

    /// Returns the directory at `path`.
    pub(super) fn find_dir(&self, path: &Path) -> io::Result<DirId> {
        match self.find(path)? {
            Node::Directory(dir) => Ok(dir),
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// Returns the place of the last name of `path`, which need not exist; the directory above must.
    pub(super) fn slot(&self, path: &Path) -> io::Result<Slot> {
        let last = path.components().next_back().ok_or(io::ErrorKind::InvalidInput)?;
        let name = name_of(last)?.ok_or(io::ErrorKind::IsADirectory)?;
        let dir = self.find_dir(path.parent().unwrap_or(Path::new("")))?;
        Ok(Slot { dir, name: name.into() })
    }

    pub(super) fn get(&self, slot: &Slot) -> Option<Node> {
        self.current.get(slot.dir, &slot.name)
    }

    /// Changes names now, durably later.
    pub(super) fn change(&mut self, node: Node, from: Option<Slot>, to: Option<Slot>) {
        let replaced = to.as_ref().and_then(|to| self.get(to));
        let change = NameChange { node, from, to, replaced, from_is_synced: false, to_is_synced: false };
        self.current.apply(&change);
        self.pending.push(change);
    }

    /// Creates a directory and the missing ones above it.
    pub(super) fn create_dir_all(&mut self, path: &Path) -> io::Result<()> {
        let mut dir = ROOT_DIR;
        for component in path.components() {
            let Some(name) = name_of(component)? else { continue };
            dir = match self.current.get(dir, name) {
                Some(Node::Directory(found)) => found,
                Some(Node::File(_)) => return Err(io::ErrorKind::NotADirectory.into()),
                None => {
                    let new = self.current.dirs.len();
                    self.current.dirs.push(BTreeMap::new());
                    self.durable.dirs.push(BTreeMap::new());
                    self.change(Node::Directory(new), None, Some(Slot { dir, name: name.into() }));
                    new
                }
            };
        }
        Ok(())
    }

    pub(super) fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let kind = |node: &Node| match node {
            Node::File(_) => EntryKind::File,
            Node::Directory(_) => EntryKind::Directory,
        };
        let entry = |(name, node): (&Arc<str>, &Node)| DirEntry { name: name.to_string(), kind: kind(node) };
        Ok(self.current.dirs[self.find_dir(path)?].iter().map(entry).collect())
    }

    /// Makes the changes in `dir` durable; a rename only if its other directory was synced as well.
    pub(super) fn sync_dir(&mut self, dir: DirId) {
        for change in &mut self.pending {
            change.from_is_synced |= change.from.as_ref().is_some_and(|slot| slot.dir == dir);
            change.to_is_synced |= change.to.as_ref().is_some_and(|slot| slot.dir == dir);
        }
        let synced = self.pending.iter().map(NameChange::is_synced).collect();
        self.commit(synced);
    }

    /// Makes all names durable.
    pub(super) fn sync_all(&mut self) {
        for change in self.pending.drain(..) {
            self.durable.apply(&change);
        }
    }

    /// Makes the changes chosen durable, and with them those that they cannot be without.
    pub(super) fn commit(&mut self, mut chosen: Vec<bool>) {
        if !chosen.contains(&true) {
            return;
        }
        self.durable = loop {
            let mut tree = self.durable.clone();
            match self.apply_chosen(&mut tree, &chosen) {
                Ok(()) => break tree,
                Err(needed) => chosen[needed] = true,
            }
        };
        let mut chosen = chosen.into_iter();
        self.pending.retain(|_| !chosen.next().unwrap_or(false));
    }

    /// Applies the changes chosen, or returns an earlier one that is needed first.
    fn apply_chosen(&self, tree: &mut Tree, chosen: &[bool]) -> Result<(), usize> {
        for (index, change) in self.pending.iter().enumerate().filter(|(index, _)| chosen[*index]) {
            let needed = self.pending[..index].iter().enumerate().find(|(earlier, before)| {
                !chosen[*earlier] && before.is_rename() && change.needs_rename(before, tree)
            });
            if let Some((earlier, _)) = needed {
                return Err(earlier);
            }
            tree.apply(change);
        }
        Ok(())
    }
}

impl NameChange {
    pub(super) fn is_rename(&self) -> bool {
        self.from.is_some() && self.to.is_some()
    }

    fn is_synced(&self) -> bool {
        (self.from.is_none() || self.from_is_synced) && (self.to.is_none() || self.to_is_synced)
    }

    /// Says whether a file would have two names or none if this change were made and the rename `before` it were not.
    fn needs_rename(&self, before: &NameChange, tree: &Tree) -> bool {
        let overwrites = |slot: &Option<Slot>, expected: Option<Node>| {
            let occupant = slot.as_ref().and_then(|slot| tree.get(slot.dir, &slot.name));
            occupant == Some(before.node) && occupant != expected && before.from == *slot
        };
        (self.is_rename() && self.node == before.node)
            || overwrites(&self.from, Some(self.node))
            || overwrites(&self.to, self.replaced)
    }
}

impl Tree {
    pub(super) fn get(&self, dir: DirId, name: &str) -> Option<Node> {
        self.dirs[dir].get(name).copied()
    }

    pub(super) fn apply(&mut self, change: &NameChange) {
        if let Some(slot) = &change.from {
            self.dirs[slot.dir].remove(&slot.name);
        }
        if let Some(slot) = &change.to {
            self.dirs[slot.dir].insert(Arc::clone(&slot.name), change.node);
        }
    }

    /// Returns the names in a directory, in order.
    pub(super) fn entries(&self, dir: DirId) -> Vec<(Arc<str>, Node)> {
        self.dirs[dir].iter().map(|(name, node)| (Arc::clone(name), *node)).collect()
    }

    /// Returns all files that can be reached, with their full paths.
    pub(super) fn files(&self) -> Vec<(PathBuf, InodeId)> {
        let mut files = Vec::new();
        self.visit(&mut |dir_path, name, inode| files.push((dir_path.join(name), inode)));
        files.sort();
        files
    }

    /// Calls `found` with the directory, the name and the inode of every file that can be reached.
    pub(super) fn visit(&self, found: &mut dyn FnMut(&Path, &str, InodeId)) {
        let mut left = vec![(PathBuf::from("/"), ROOT_DIR)];
        while let Some((path, dir)) = left.pop() {
            for (name, node) in &self.dirs[dir] {
                match node {
                    Node::File(inode) => found(&path, name, *inode),
                    Node::Directory(below) => left.push((path.join(&**name), *below)),
                }
            }
        }
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self { dirs: vec![BTreeMap::new()] }
    }
}

/// Returns the name in a path component, `None` for the root and for `.`.
fn name_of(component: Component<'_>) -> io::Result<Option<&str>> {
    match component {
        Component::Normal(name) => name.to_str().map(Some).ok_or_else(|| io::ErrorKind::InvalidInput.into()),
        Component::RootDir | Component::CurDir => Ok(None),
        Component::ParentDir | Component::Prefix(_) => Err(io::ErrorKind::InvalidInput.into()),
    }
}

const ROOT_DIR: DirId = 0;
const ROOT: Node = Node::Directory(ROOT_DIR);
