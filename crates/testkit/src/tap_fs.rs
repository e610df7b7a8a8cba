//! A file system in front of another one that asks a test before it goes on: to wait, to refuse, or to let others run first.

use jetkv_engine::env::{DirEntry, File, Fs, Lock, OpenMode};
use parking_lot::{Condvar, Mutex};
use std::fmt::{self, Debug, Formatter};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// A store takes its directory.
    Lock,
    /// A file is read.
    Read,
    /// The content of a file is made durable.
    Sync,
}

type Tap = dyn Fn(Call, &Path) -> io::Result<()> + Send + Sync;

/// A file system that does what `inner` does, once the tap has returned.
pub struct TapFs {
    inner: Arc<dyn Fs>,
    tap: Arc<Tap>,
}

impl TapFs {
    /// Has `tap` called before each [`Call`] with the path that it concerns; an error of the tap becomes the call's outcome.
    pub fn new(
        inner: impl Fs + 'static,
        tap: impl Fn(Call, &Path) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self { inner: Arc::new(inner), tap: Arc::new(tap) }
    }

    /// Has each sync wait as long as the gate is shut.
    pub fn gated(inner: impl Fs + 'static, gate: &Gate) -> Self {
        let gate = gate.clone();
        Self::new(inner, move |call, _| {
            if call == Call::Sync {
                gate.pass();
            }
            Ok(())
        })
    }
}

impl Debug for TapFs {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapFs").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl Fs for TapFs {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        let inner = self.inner.open(path, mode)?;
        Ok(Arc::new(TapFile { inner, path: path.to_owned(), tap: Arc::clone(&self.tap) }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
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
        self.inner.sync_dir(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.inner.list(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        (self.tap)(Call::Lock, path)?;
        self.inner.lock(path)
    }
}

struct TapFile {
    inner: Arc<dyn File>,
    path: PathBuf,
    tap: Arc<Tap>,
}

impl Debug for TapFile {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapFile")
            .field("inner", &self.inner)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl File for TapFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        (self.tap)(Call::Read, &self.path)?;
        self.inner.read_at(buffer, offset)
    }

    fn write_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        self.inner.write_at(data, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        (self.tap)(Call::Sync, &self.path)?;
        self.inner.sync_data()
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.inner.set_len(bytes)
    }

    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }
}

/// Holds up who passes while it is shut; clones are the same gate. It is open at first.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    shared: Arc<(Mutex<Held>, Condvar)>,
}

#[derive(Debug, Default)]
struct Held {
    is_shut: bool,
    waiting_count: u32,
}

/// Opens the gate when it goes, also at the end of a test that fails.
#[derive(Debug)]
pub struct Shut(Gate);

impl Drop for Shut {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Gate {
    /// Shuts the gate until what is returned goes.
    #[must_use]
    pub fn shut(&self) -> Shut {
        self.set(true);
        Shut(self.clone())
    }

    /// Waits as long as the gate is shut.
    pub fn pass(&self) {
        let (held, changed) = &*self.shared;
        let mut held = held.lock();
        held.waiting_count += 1;
        changed.notify_all();
        changed.wait_while(&mut held, |held| held.is_shut);
        held.waiting_count -= 1;
    }

    /// Waits until somebody is held up.
    pub fn wait_for_one(&self) {
        let (held, changed) = &*self.shared;
        changed.wait_while(&mut held.lock(), |held| !(held.is_shut && held.waiting_count > 0));
    }

    fn set(&self, is_shut: bool) {
        let (held, changed) = &*self.shared;
        held.lock().is_shut = is_shut;
        changed.notify_all();
    }
}
