//! Reads files, follows includes, asks the environment; keeps the bounds of all of that.

use super::error::SyntaxError;
use super::parse::Parser;
use super::tree::{Map, Node};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Where texts come from.
#[derive(Clone, Copy)]
pub struct Sources<'s> {
    /// Reads a file, at most [`FILE_BYTES_MAX`] and one of it; a pipe is a file, too.
    pub read: &'s dyn Fn(&Path) -> io::Result<Vec<u8>>,
    /// The environment: variables that the configuration does not define.
    pub variables: &'s dyn Fn(&str) -> Option<String>,
}

/// Reads the file at `path` with everything that it includes.
///
/// # Errors
/// What is wrong with the text, or with reading it.
pub(in crate::config) fn load(path: &Path, sources: Sources<'_>) -> Result<Map, SyntaxError> {
    let file: Arc<str> = path.to_string_lossy().into();
    let mut loader = Loader { sources, files: 0, bytes: 0, includes: 0, asked: Vec::new() };
    let map = loader.file(&file)?;
    if map.entries.is_empty() { Err(SyntaxError::Empty(file.to_string())) } else { Ok(map) }
}

/// What all files of a configuration share.
pub(super) struct Loader<'s> {
    sources: Sources<'s>,
    /// Files read so far.
    files: u32,
    /// Bytes read so far.
    bytes: usize,
    /// Includes that are open, each inside the one before.
    includes: u32,
    /// Variables of the environment that are being read, each for the one before.
    asked: Vec<String>,
}

impl Loader<'_> {
    /// Reads the file that `from` includes as `path`; the path counts from the directory of `from`, even with a leading slash.
    pub(super) fn include(&mut self, path: &str, from: &str) -> Result<Map, SyntaxError> {
        let directory = Path::new(from).parent().unwrap_or(Path::new(""));
        let file = directory.join(path.trim_start_matches('/'));
        if self.includes == INCLUDES_MAX {
            return Err(bound(path, format!("includes nest deeper than {INCLUDES_MAX} levels")));
        }
        self.includes += 1;
        let read = self.file(&file.to_string_lossy());
        self.includes -= 1;
        read.map_err(|cause| SyntaxError::Include { path: path.to_owned(), cause: Box::new(cause) })
    }

    /// Returns the value of a variable of the environment, which is read like a value in a file.
    pub(super) fn variable(&mut self, name: &str) -> Result<Option<Arc<Node>>, SyntaxError> {
        if self.asked.len() == ASKED_MAX || self.asked.iter().any(|each| each == name) {
            return Err(SyntaxError::VariableCycle(name.to_owned()));
        }
        let Some(text) = (self.sources.variables)(name) else { return Ok(None) };
        self.count(&format!("${name}"), text.len())?;
        self.asked.push(name.to_owned());
        let line = format!("{VARIABLE_KEY}={text}");
        let read = Parser::new(&line, format!("${name}").into(), self).run();
        self.asked.pop();
        Ok(read?.get(VARIABLE_KEY).map(|entry| Arc::clone(&entry.node)))
    }

    /// Fails if a value has become too heavy, as by variables that hold each other many times.
    pub(super) fn check_weight(&self, weight: u32) -> Result<(), SyntaxError> {
        if weight > WEIGHT_MAX {
            return Err(bound("configuration", format!("more than {WEIGHT_MAX} values")));
        }
        Ok(())
    }

    fn file(&mut self, path: &str) -> Result<Map, SyntaxError> {
        let text = self.read(path)?;
        Parser::new(&text, path.into(), self).run()
    }

    fn read(&mut self, path: &str) -> Result<String, SyntaxError> {
        let bytes = (self.sources.read)(Path::new(path))
            .map_err(|error| SyntaxError::Read { path: path.to_owned(), cause: io_cause(&error) })?;
        self.count(path, bytes.len())?;
        let text = String::from_utf8(bytes).map_err(|_| bound(path, "is not valid UTF-8"))?;
        if text.contains('\0') { Err(bound(path, "holds a zero byte")) } else { Ok(text) }
    }

    fn count(&mut self, path: &str, bytes: usize) -> Result<(), SyntaxError> {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.files > FILES_MAX || self.bytes > FILE_BYTES_MAX {
            let text = format!("more than {FILES_MAX} files or {FILE_BYTES_MAX} bytes of configuration");
            return Err(bound(path, text));
        }
        Ok(())
    }
}

impl fmt::Debug for Loader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader")
            .field("files", &self.files)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Sources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}

fn bound(path: &str, text: impl Into<String>) -> SyntaxError {
    SyntaxError::Bound { path: path.to_owned(), text: text.into() }
}

/// Spells what people meet most as the reference does.
fn io_cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "is a directory".into(),
        _ => error.to_string(),
    }
}

/// Most files of one configuration; values from the environment count as files.
const FILES_MAX: u32 = 1_000;

/// Most bytes of all files of a configuration together.
pub const FILE_BYTES_MAX: usize = 16 << 20;

/// How deep includes may nest.
const INCLUDES_MAX: u32 = 16;

/// How many variables of the environment may refer to each other in a row.
const ASKED_MAX: usize = 16;

/// Most values and texts, see [`Node`].
const WEIGHT_MAX: u32 = 1 << 20;

/// The key under which a value of the environment is parsed.
const VARIABLE_KEY: &str = "value";
