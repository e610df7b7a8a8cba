//! Damage to files at rest: what a failing disk, a bad cable or a careless hand does while no store is open.
//!
//! These calls are no operations: they are not numbered, meet no faults and no space limit. Each that changes
//! something first makes the whole world durable as it is, as a clean unmount would. They panic if a path that
//! must exist does not.

use super::SimFs;
use super::disk::World;
use super::inode::InodeId;
use super::names::Node;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl SimFs {
    /// Returns the absolute paths of all files, in order.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        let files = self.disk.state().living().names.current.files();
        files.into_iter().map(|(path, _)| path).collect()
    }

    /// Returns what the file at `path` holds.
    #[must_use]
    pub fn read(&self, path: impl AsRef<Path>) -> Vec<u8> {
        let mut state = self.disk.state();
        let world = state.living();
        let inode = world.file_at(path.as_ref());
        world.inodes[inode].current.to_vec()
    }

    /// Puts `content` into the file at `path`; creates it if only the name is missing.
    pub fn overwrite(&self, path: impl AsRef<Path>, content: Vec<u8>) {
        self.damage(|world| {
            let slot = world.names.slot(path.as_ref()).expect("the directory of the damaged file must exist");
            let inode = match world.names.get(&slot) {
                Some(_) => world.file_at(path.as_ref()),
                None => world.create(slot),
            };
            world.used -= world.inodes[inode].current_bytes();
            world.inodes[inode].current = Arc::new(content);
            world.used += world.inodes[inode].current_bytes();
        });
    }

    /// Flips one bit of the file at `path`; bit 0 is the lowest of the first byte.
    pub fn flip_bit(&self, path: impl AsRef<Path>, bit_index: u64) {
        let byte = usize::try_from(bit_index / 8).expect("the bit must lie in the file");
        self.change_content(path.as_ref(), |content| content[byte] ^= 1 << (bit_index % 8));
    }

    /// Cuts the file at `path` to `bytes`, or extends it with zeros.
    pub fn truncate(&self, path: impl AsRef<Path>, bytes: u64) {
        let bytes = usize::try_from(bytes).expect("the length must fit the memory");
        self.change_content(path.as_ref(), |content| content.resize(bytes, 0));
    }

    /// Adds `data` to the end of the file at `path`.
    pub fn append(&self, path: impl AsRef<Path>, data: &[u8]) {
        self.change_content(path.as_ref(), |content| content.extend_from_slice(data));
    }

    /// Removes the file at `path`.
    pub fn delete(&self, path: impl AsRef<Path>) {
        self.damage(|world| world.remove_file(path.as_ref()).expect("the damaged file must exist"));
    }

    /// Lets two files change places.
    pub fn swap(&self, one: impl AsRef<Path>, other: impl AsRef<Path>) {
        let (first, second) = (self.read(&one), self.read(&other));
        self.overwrite(one, second);
        self.overwrite(other, first);
    }

    /// Puts the content of the file at `from` into the file at `to`, creating it if needed.
    pub fn copy(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) {
        let content = self.read(from);
        self.overwrite(to, content);
    }

    fn change_content(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut content = self.read(path);
        change(&mut content);
        self.overwrite(path, content);
    }

    fn damage(&self, change: impl FnOnce(&mut World)) {
        let mut state = self.disk.state();
        change(state.living());
        state.living().settle();
    }
}

impl World {
    fn file_at(&self, path: &Path) -> InodeId {
        let node = self.names.find(path).ok();
        let inode = node.and_then(|node| if let Node::File(inode) = node { Some(inode) } else { None });
        assert!(inode.is_some(), "there is no file at {}", path.display());
        inode.expect("checked above")
    }

    fn settle(&mut self) {
        self.names.sync_all();
        for inode in &mut self.inodes {
            inode.settle();
        }
    }
}
