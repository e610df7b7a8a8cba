//! Files that live in memory: the storage of memory streams, behind the same interface as the real ones.

use super::{DirEntry, EntryKind, File, Fs, Lock, OpenMode};
use parking_lot::{Mutex, RwLock};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file system in memory; it is gone with the value. Syncs succeed and do nothing.
#[derive(Debug, Default)]
pub struct MemFs {
    names: Mutex<Names>,
    locked: Arc<Mutex<BTreeSet<PathBuf>>>,
}

#[derive(Debug, Default)]
struct Names {
    files: BTreeMap<PathBuf, Arc<MemFile>>,
    directories: BTreeSet<PathBuf>,
}

impl MemFs {
    /// Returns an empty file system.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Fs for MemFs {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        let mut names = self.names.lock();
        let found = names.files.get(path).cloned();
        match (mode, found) {
            (OpenMode::Read | OpenMode::ReadWrite, Some(file)) => Ok(file),
            (OpenMode::Replace, Some(file)) => {
                file.content.write().clear();
                Ok(file)
            }
            (OpenMode::CreateNew, Some(_)) => Err(io::ErrorKind::AlreadyExists.into()),
            (OpenMode::Read | OpenMode::ReadWrite, None) => Err(io::ErrorKind::NotFound.into()),
            (OpenMode::CreateNew | OpenMode::Replace, None) => {
                if path.parent().is_some_and(|parent| !names.directories.contains(parent)) {
                    return Err(io::ErrorKind::NotFound.into());
                }
                let file = Arc::new(MemFile::default());
                names.files.insert(path.to_owned(), Arc::clone(&file));
                Ok(file)
            }
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut names = self.names.lock();
        if let Some(file) = names.files.remove(from) {
            names.files.insert(to.to_owned(), file);
            return Ok(());
        }
        if !names.directories.remove(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let moved = |path: &Path| path.strip_prefix(from).ok().map(|rest| to.join(rest));
        names.directories =
            names.directories.iter().map(|path| moved(path).unwrap_or_else(|| path.clone())).collect();
        names.directories.insert(to.to_owned());
        let files = std::mem::take(&mut names.files);
        names.files = files.into_iter().map(|(path, file)| (moved(&path).unwrap_or(path), file)).collect();
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.names.lock().files.remove(path).map(|_| ()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.names.lock().directories.extend(path.ancestors().map(Path::to_owned));
        Ok(())
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut names = self.names.lock();
        names.directories.retain(|known| !known.starts_with(path));
        names.files.retain(|known, _| !known.starts_with(path));
        Ok(())
    }

    fn sync_dir(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let names = self.names.lock();
        if !names.directories.contains(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let entry = |found: &PathBuf, kind| {
            let name = (found.parent() == Some(path)).then(|| found.file_name()?.to_str()).flatten()?;
            Some(DirEntry { name: name.to_owned(), kind })
        };
        let files = names.files.keys().filter_map(|found| entry(found, EntryKind::File));
        let directories = names.directories.iter().filter_map(|found| entry(found, EntryKind::Directory));
        let mut entries: Vec<_> = files.chain(directories).collect();
        entries.sort();
        Ok(entries)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        if !self.locked.lock().insert(path.to_owned()) {
            return Ok(None);
        }
        Ok(Some(Box::new(MemLock { path: path.to_owned(), locked: Arc::clone(&self.locked) })))
    }
}

#[derive(Debug, Default)]
struct MemFile {
    content: RwLock<Vec<u8>>,
}

impl File for MemFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let content = self.content.read();
        let available = content.get(place(offset)?..).unwrap_or_default();
        let read = available.len().min(buffer.len());
        buffer[..read].copy_from_slice(&available[..read]);
        Ok(read)
    }

    fn write_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        let mut content = self.content.write();
        let (start, end) = (place(offset)?, place(offset)? + data.len());
        if content.len() < end {
            content.resize(end, 0);
        }
        content[start..end].copy_from_slice(data);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        let bytes = place(bytes)?;
        let mut content = self.content.write();
        content.resize(bytes, 0);
        content.shrink_to(bytes);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        u64::try_from(self.content.read().len()).map_err(|_| io::ErrorKind::FileTooLarge.into())
    }
}

#[derive(Debug)]
struct MemLock {
    path: PathBuf,
    locked: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Lock for MemLock {}

impl Drop for MemLock {
    fn drop(&mut self) {
        self.locked.lock().remove(&self.path);
    }
}

fn place(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge.into())
}
