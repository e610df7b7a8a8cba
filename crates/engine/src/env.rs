//! The world outside: file system, clock and randomness as traits, so that tests can cut the power, fill the disk and stop time.
//!
//! Nothing else in this crate touches a file, reads a clock or draws a random number.

mod mem_fs;
mod system;

pub use mem_fs::MemFs;
pub use system::{OsEntropy, StdFs, SystemClock};

use jetkv_types::Timestamp;
use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The three doors to the outside world that a store uses.
#[derive(Debug, Clone)]
pub struct Env {
    /// Where files live.
    pub fs: Arc<dyn Fs>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where random numbers come from.
    pub entropy: Arc<dyn Entropy>,
}

impl Env {
    /// Returns the real machine: its files, its clock, its randomness.
    #[must_use]
    pub fn system() -> Self {
        Self { fs: Arc::new(StdFs), clock: Arc::new(SystemClock), entropy: Arc::new(OsEntropy::new()) }
    }

    /// Returns the real clock and randomness over files that live in memory only.
    #[must_use]
    pub fn memory() -> Self {
        Self { fs: Arc::new(MemFs::new()), ..Self::system() }
    }
}

/// A file system, as little of it as the engine needs.
///
/// Durability contract: file content is durable after [`File::sync_data`]; a name (created, renamed, removed) is durable
/// after [`Fs::sync_dir`] on its directory. Nothing else is durable.
pub trait Fs: Send + Sync + Debug {
    /// Opens the file at `path`; fails with `NotFound` or `AlreadyExists` as `mode` says.
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>>;
    /// Renames a file or directory in one step; an existing file at `to` is replaced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes the name of a file; handles that are open go on working.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Creates a directory and the missing ones above it; an existing one is no error.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory with everything in it.
    fn remove_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a directory durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Lists a directory in the order of names; fails with `NotFound` if there is none.
    fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>>;
    /// Takes an exclusive lock on the file at `path`, creating it; `None` if another process or handle holds it.
    /// The lock ends when the value is dropped or the process dies. While it is held, the file may tell the number of the
    /// process, as a decimal text.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>>;
}

/// An open file; all methods may be called from several threads.
pub trait File: Send + Sync + Debug {
    /// Reads at `offset`, returns the number of bytes read: less than asked for only at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes all of `data` at `offset`, extending the file if needed. After an error any part may have been written.
    fn write_at(&self, data: &[u8], offset: u64) -> io::Result<()>;
    /// Makes the content (and the length) durable. After an error nothing is known about what is durable.
    fn sync_data(&self) -> io::Result<()>;
    /// Cuts or extends the file with zeros.
    fn set_len(&self, bytes: u64) -> io::Result<()>;
    /// Returns the length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Says whether the file has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
}

/// An exclusive lock on a file; dropping it releases the lock.
pub trait Lock: Send + Sync + Debug {}

/// How [`Fs::open`] treats what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// The file must exist; it is only read.
    Read,
    /// The file must exist; it is read and written.
    ReadWrite,
    /// The file must not exist; it is read and written.
    CreateNew,
    /// An existing file is emptied, a missing one is created; it is read and written.
    Replace,
}

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirEntry {
    /// The name without the path.
    pub name: String,
    /// What carries the name.
    pub kind: EntryKind,
}

/// What a name in a directory stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// Anything else: links, sockets, devices. The engine leaves them alone.
    Other,
}

/// A clock that tells the time of day; it may step backwards.
pub trait Clock: Send + Sync + Debug {
    /// Returns the present time.
    fn now(&self) -> Timestamp;
}

/// A source of random numbers for identities and salts; it need not be cryptographic.
pub trait Entropy: Send + Sync + Debug {
    /// Returns the next number.
    fn next_u64(&self) -> u64;
}

/// Reads `length` bytes at `offset`.
///
/// # Errors
/// `UnexpectedEof` if the file is shorter.
pub fn read_exact_at(file: &dyn File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; length];
    if file.read_at(&mut buffer, offset)? == length {
        Ok(buffer)
    } else {
        Err(io::Error::from(io::ErrorKind::UnexpectedEof))
    }
}

/// Reads a whole file.
///
/// # Errors
/// As [`Fs::open`] and [`File::read_at`].
pub fn read_file(fs: &dyn Fs, path: &Path) -> io::Result<Vec<u8>> {
    let file = fs.open(path, OpenMode::Read)?;
    let length = usize::try_from(file.len()?).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    let mut buffer = vec![0; length];
    let read = file.read_at(&mut buffer, 0)?;
    buffer.truncate(read);
    Ok(buffer)
}
