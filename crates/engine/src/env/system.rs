//! The real machine behind the traits of [`crate::env`]; the only place that may call the standard library for it.
#![expect(
    clippy::disallowed_methods,
    reason = "this module is the one door to the real file system and clock"
)]

use super::{Clock, DirEntry, Entropy, EntryKind, File, Fs, Lock, OpenMode};
use jetkv_types::Timestamp;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The file system of the machine. Files get mode 0600, directories 0700; files that are symbolic links are refused.
#[derive(Debug, Clone, Copy)]
pub struct StdFs;

impl Fs for StdFs {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        let mut options = fs::OpenOptions::new();
        options.read(true).write(mode != OpenMode::Read).mode(0o600);
        match mode {
            OpenMode::Read | OpenMode::ReadWrite => {}
            OpenMode::CreateNew => drop(options.create_new(true)),
            OpenMode::Replace => drop(options.create(true).truncate(true)),
        }
        refuse_link(path)?;
        Ok(Arc::new(StdFile(options.open(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        fs::File::open(path)?.sync_all()
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let kind = if kind.is_file() {
                EntryKind::File
            } else if kind.is_dir() {
                EntryKind::Directory
            } else {
                EntryKind::Other
            };
            // Our own names are ASCII; a name that is not Unicode is not ours and is left alone.
            if let Ok(name) = entry.file_name().into_string() {
                entries.push(DirEntry { name, kind });
            }
        }
        entries.sort();
        Ok(entries)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        refuse_link(path)?;
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
        match file.try_lock() {
            Ok(()) => {
                // The number only helps people to find the holder, so a full disk is no reason to refuse.
                let number = std::process::id().to_string();
                let _ = file.set_len(0).and_then(|()| file.write_all_at(number.as_bytes(), 0));
                Ok(Some(Box::new(StdLock { file })))
            }
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Refuses a symbolic link in the place of a file: a store makes none, and writing through one would change somebody else's file.
fn refuse_link(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a symbolic link, which is not followed"))
        }
        // What is wrong otherwise is told by what follows.
        _ => Ok(()),
    }
}

#[derive(Debug)]
struct StdFile(fs::File);

impl File for StdFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match self.0.read_at(&mut buffer[done..], offset + to_u64(done)) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn write_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(data, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}

#[derive(Debug)]
struct StdLock {
    // The operating system releases the lock when the process ends.
    file: fs::File,
}

impl Lock for StdLock {}

impl Drop for StdLock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        // Closing alone would not do: a process that another thread is just about to start has the handle, too, until it runs
        // its own program, and would keep the lock as long.
        let _ = self.file.unlock();
    }
}

/// The wall clock of the machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_nanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }
}

/// Random numbers for identities: the standard library's random hash keys, counted through.
#[derive(Debug)]
pub struct OsEntropy {
    keys: RandomState,
    drawn_count: AtomicU64,
}

impl OsEntropy {
    /// Takes fresh keys from the operating system.
    #[must_use]
    pub fn new() -> Self {
        Self { keys: RandomState::new(), drawn_count: AtomicU64::new(0) }
    }
}

impl Default for OsEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for OsEntropy {
    fn next_u64(&self) -> u64 {
        self.keys.hash_one(self.drawn_count.fetch_add(1, Ordering::Relaxed))
    }
}

fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
