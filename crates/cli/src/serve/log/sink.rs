//! Where log lines end: standard error, or a file that is set aside when it is large.

use jetkv_server::options::LogOptions;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Where lines go. Failures are no reason to stop: a server whose standard error is closed goes on.
#[derive(Debug)]
pub(crate) enum Sink {
    /// Standard error.
    Stderr,
    /// A file.
    File(LogFile),
    /// A test reads along.
    #[cfg(test)]
    Test(std::sync::mpsc::SyncSender<Vec<u8>>),
}

/// A file that is appended to.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    limits: Rotation,
}

/// When the file is set aside, and how many of those are kept.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rotation {
    /// Size in bytes at which the file is set aside; `None` is never.
    pub(crate) size_limit: Option<u64>,
    /// Most files that were set aside and are kept; `None` is all.
    pub(crate) files_max: Option<u32>,
}

impl From<&LogOptions> for Rotation {
    fn from(options: &LogOptions) -> Self {
        Self { size_limit: options.size_limit, files_max: options.files_max }
    }
}

impl Sink {
    /// Opens a file, or makes it.
    ///
    /// # Errors
    /// Of the system.
    pub(crate) fn file(path: &Path, limits: Rotation) -> io::Result<Self> {
        let file = open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self::File(LogFile { path: path.to_owned(), file, bytes, limits }))
    }

    /// Writes lines; what cannot be written is lost.
    pub(super) fn write(&mut self, lines: &[u8]) {
        match self {
            Self::Stderr => drop(io::stderr().write_all(lines)),
            Self::File(file) => file.write(lines),
            #[cfg(test)]
            Self::Test(to) => drop(to.send(lines.to_vec())),
        }
    }

    /// Opens the file again under its name.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        match self {
            Self::File(log) => {
                log.file = open(&log.path)?;
                log.bytes = log.file.metadata()?.len();
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl LogFile {
    fn write(&mut self, lines: &[u8]) {
        if self.file.write_all(lines).is_err() {
            return;
        }
        self.bytes = self.bytes.saturating_add(u64::try_from(lines.len()).unwrap_or(u64::MAX));
        if self.limits.size_limit.is_some_and(|limit| self.bytes >= limit) {
            // If it does not work the file goes on growing, and the next line tries again.
            self.set_aside().ok();
        }
    }

    /// Moves the file to the first free name `<file>.<n>` behind the highest one, removes the oldest, begins anew.
    fn set_aside(&mut self) -> io::Result<()> {
        let mut aside = self.set_aside_before()?;
        let next = aside.last().map_or(1, |last| last.saturating_add(1));
        #[expect(clippy::disallowed_methods, reason = "the log is no part of the store")]
        fs::rename(&self.path, self.numbered(next))?;
        self.file = open(&self.path)?;
        self.bytes = 0;
        aside.push(next);
        let kept = self.limits.files_max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
        for old in aside.iter().take(aside.len().saturating_sub(kept)) {
            #[expect(clippy::disallowed_methods, reason = "the log is no part of the store")]
            fs::remove_file(self.numbered(*old))?;
        }
        Ok(())
    }

    /// Returns the numbers of the files that were set aside, the oldest first.
    fn set_aside_before(&self) -> io::Result<Vec<u64>> {
        let directory = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut found = Vec::new();
        #[expect(clippy::disallowed_methods, reason = "the log is no part of the store")]
        for entry in fs::read_dir(directory)? {
            let entry = entry?.file_name();
            let rest = entry.to_str().and_then(|entry| entry.strip_prefix(&name)?.strip_prefix('.'));
            found.extend(rest.and_then(|number| number.parse::<u64>().ok()));
        }
        found.sort_unstable();
        Ok(found)
    }

    fn numbered(&self, number: u64) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(format!(".{number}"));
        path.into()
    }
}

fn open(path: &Path) -> io::Result<File> {
    #[expect(clippy::disallowed_methods, reason = "the log is no part of the store")]
    OpenOptions::new().create(true).append(true).open(path)
}
