//! Files that the user names: everything of the store itself goes through the library.

use crate::exit::{Failure, Stop};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Opens a file of the user.
#[expect(clippy::disallowed_methods, reason = "a file of the user, not of the store")]
pub(crate) fn open(path: &Path) -> Result<File, Stop> {
    File::open(path).map_err(|error| Failure::io(format!("cannot open {}", path.display()), &error).into())
}

/// Where lines are read from.
pub(crate) struct Input {
    reader: Box<dyn BufRead>,
    /// How messages name it.
    pub(crate) name: String,
    /// Its size, if that is known beforehand.
    pub(crate) bytes: Option<u64>,
}

impl Input {
    /// Opens `path`; `-` or nothing stands for standard input.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Stop> {
        match path.filter(|path| *path != Path::new("-")) {
            None => Ok(Self {
                reader: Box::new(BufReader::new(io::stdin().lock())),
                name: "standard input".into(),
                bytes: None,
            }),
            Some(path) => {
                let file = open(path)?;
                let bytes = file.metadata().ok().filter(fs::Metadata::is_file).map(|data| data.len());
                let reader = Box::new(BufReader::with_capacity(BUFFER_BYTES, file));
                Ok(Self { reader, name: path.display().to_string(), bytes })
            }
        }
    }

    /// Reads `text`, which is part of the program.
    pub(crate) fn built_in(name: &str, text: &'static str) -> Self {
        let bytes = u64::try_from(text.len()).ok();
        Self { reader: Box::new(text.as_bytes()), name: name.into(), bytes }
    }

    /// Waits until there is something to read, or nothing more will come.
    pub(crate) fn wait(&mut self) -> Result<(), Stop> {
        let failed = self.reader.fill_buf().err();
        failed.map_or(Ok(()), |error| Err(self.cannot_read(&error)))
    }

    /// Reads the next line into `line`; false at the end.
    pub(crate) fn next_line(&mut self, line: &mut Vec<u8>) -> Result<bool, Stop> {
        match read_line(&mut self.reader, line) {
            Ok(read) => Ok(read),
            Err(error) => Err(self.cannot_read(&error)),
        }
    }

    fn cannot_read(&self, error: &io::Error) -> Stop {
        Failure::io(format!("cannot read {}", self.name), error).into()
    }
}

/// Reads one line, without its end, into `line`; false if there is none.
pub(crate) fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = reader.take(LINE_BYTES_MAX).read_until(b'\n', line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if u64::try_from(read).is_ok_and(|read| read == LINE_BYTES_MAX) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("line longer than {LINE_BYTES_MAX} bytes"),
        ));
    }
    Ok(read > 0)
}

/// Reads the whole of standard input.
pub(crate) fn read_stdin() -> Result<Vec<u8>, Stop> {
    let mut value = Vec::new();
    io::stdin()
        .lock()
        .take(VALUE_BYTES_MAX + 1)
        .read_to_end(&mut value)
        .map_err(|error| Failure::io("cannot read the value from standard input", &error))?;
    if u64::try_from(value.len()).is_ok_and(|bytes| bytes > VALUE_BYTES_MAX) {
        let text =
            format!("the value on standard input is larger than {}", crate::size::human(VALUE_BYTES_MAX));
        return Err(Failure::usage(text).into());
    }
    Ok(value)
}

/// A file that appears under its name only when it is complete; until then an earlier one stays.
pub(crate) struct NewFile {
    to: BufWriter<File>,
    path: PathBuf,
    partial: PathBuf,
}

impl NewFile {
    #[expect(clippy::disallowed_methods, reason = "a file of the user, not of the store")]
    pub(crate) fn create(path: &Path) -> Result<Self, Stop> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let file = File::create(&partial)
            .map_err(|error| Failure::io(format!("cannot create {}", partial.display()), &error))?;
        Ok(Self { to: BufWriter::with_capacity(BUFFER_BYTES, file), path: path.into(), partial })
    }

    /// Turns a failed write into what is reported.
    pub(crate) fn cannot_write(&self, error: &io::Error) -> Stop {
        Failure::io(format!("cannot write {}", self.partial.display()), error).into()
    }

    /// Brings the file to the disk and gives it its name.
    #[expect(clippy::disallowed_methods, reason = "a file of the user, not of the store")]
    pub(crate) fn finish(mut self) -> Result<(), Stop> {
        // Data first, then the name: a power cut leaves the old file or the whole new one.
        let result = self.to.flush().and_then(|()| self.to.get_ref().sync_all());
        result.map_err(|error| self.cannot_write(&error))?;
        fs::rename(&self.partial, &self.path)
            .and_then(|()| sync_directory(&self.path))
            .map_err(|error| Failure::io(format!("cannot create {}", self.path.display()), &error).into())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[expect(clippy::disallowed_methods, reason = "a file of the user, not of the store")]
impl Drop for NewFile {
    fn drop(&mut self) {
        // After `finish` there is nothing under this name any more.
        fs::remove_file(&self.partial).ok();
    }
}

/// Makes a rename durable where directories can be synced.
#[expect(clippy::disallowed_methods, reason = "a file of the user, not of the store")]
fn sync_directory(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

/// Removes a directory that this program made.
#[expect(clippy::disallowed_methods, reason = "a directory of this command, not of the store")]
pub(crate) fn remove_directory(path: &Path) {
    // Only a scratch directory: what cannot be removed is left to the user.
    fs::remove_dir_all(path).ok();
}

/// Largest value that any bucket takes, and some room to be told by the library that it is too large.
const VALUE_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Longest line that is read: a value of the largest size in JSON, and its fields.
const LINE_BYTES_MAX: u64 = 512 * 1024 * 1024;
const BUFFER_BYTES: usize = 256 * 1024;
