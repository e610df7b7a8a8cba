//! A file system that lies, to see whether a test notices.

use jetkv_engine::env::{DirEntry, File, Fs, Lock, OpenMode, read_file};
use parking_lot::Mutex;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the file system does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FsBug {
    /// Syncs of files whose name contains this text do nothing.
    SkipSyncOf(&'static str),
    /// Every third sync of a file does nothing.
    SkipSomeSyncs,
    /// A sync of a file is told as done at once, and done with the next one.
    SyncLate,
    /// Syncs of directories do nothing.
    SkipDirSync,
    /// Renaming a file copies its bytes over the old content of the other name.
    RenameByCopy,
    /// Writing this text panics, with half of it written.
    PanicOnWriteOf(&'static str),
}

/// A file system with a planted bug, in front of a good one.
#[derive(Debug)]
pub struct BuggyFs {
    inner: Arc<dyn Fs>,
    lies: Arc<Lies>,
}

#[derive(Debug)]
struct Lies {
    bug: FsBug,
    sync_count: AtomicU64,
    late: Mutex<Option<Arc<dyn File>>>,
}

impl BuggyFs {
    /// Returns `inner` as a file system with that bug.
    #[must_use]
    pub fn new(inner: Arc<dyn Fs>, bug: FsBug) -> Self {
        Self { inner, lies: Arc::new(Lies { bug, sync_count: AtomicU64::new(0), late: Mutex::default() }) }
    }
}

impl Fs for BuggyFs {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        let inner = self.inner.open(path, mode)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Arc::new(BuggyFile { inner, name, lies: Arc::clone(&self.lies) }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.lies.bug != FsBug::RenameByCopy || self.inner.list(from).is_ok() {
            return self.inner.rename(from, to);
        }
        let bytes = read_file(&*self.inner, from)?;
        self.inner.open(to, OpenMode::Replace)?.write_at(&bytes, 0)?;
        self.inner.remove_file(from)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_file(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.inner.create_dir_all(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_dir_all(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        if self.lies.bug == FsBug::SkipDirSync { Ok(()) } else { self.inner.sync_dir(path) }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.inner.list(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        self.inner.lock(path)
    }
}

#[derive(Debug)]
struct BuggyFile {
    inner: Arc<dyn File>,
    name: String,
    lies: Arc<Lies>,
}

impl File for BuggyFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.inner.read_at(buffer, offset)
    }

    #[expect(clippy::panic, reason = "the panic is the bug")]
    fn write_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        if let FsBug::PanicOnWriteOf(text) = self.lies.bug
            && let Some(at) = data.windows(text.len()).position(|found| found == text.as_bytes())
        {
            self.inner.write_at(&data[..at + text.len() / 2], offset)?;
            panic!("asked to write {text:?}");
        }
        self.inner.write_at(data, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        let count = self.lies.sync_count.fetch_add(1, Ordering::Relaxed);
        match self.lies.bug {
            FsBug::SkipSyncOf(text) if self.name.contains(text) => Ok(()),
            FsBug::SkipSomeSyncs if count % 3 == 2 => Ok(()),
            FsBug::SyncLate => match self.lies.late.lock().replace(Arc::clone(&self.inner)) {
                Some(late) => late.sync_data(),
                None => Ok(()),
            },
            _ => self.inner.sync_data(),
        }
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.inner.set_len(bytes)
    }

    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }
}
