//! Names of streams.

use crate::limits::STREAM_NAME_BYTES_MAX;
use std::borrow::Borrow;
use std::fmt;

/// A valid stream name: 1 to 255 bytes without white space, control characters, `.`, `*`, `>`, `/` and `\` (PROTOCOL 2.5).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName(Box<str>);

impl StreamName {
    /// Checks `text` and takes it over.
    ///
    /// # Errors
    /// [`StreamNameError`] names the offending character or the length.
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, StreamNameError> {
        let text = text.into();
        if text.is_empty() {
            return Err(StreamNameError::Empty);
        }
        if text.len() > STREAM_NAME_BYTES_MAX {
            return Err(StreamNameError::TooLong { bytes: text.len() });
        }
        let forbidden =
            |c: char| c.is_control() || c.is_whitespace() || matches!(c, '.' | '*' | '>' | '/' | '\\');
        match text.chars().find(|&c| forbidden(c)) {
            Some(character) => Err(StreamNameError::InvalidCharacter { character, name: text }),
            None => Ok(Self(text)),
        }
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for StreamName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &self.0)
    }
}

/// Why a text is no stream name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamNameError {
    /// The text has no characters.
    #[error("a stream name must not be empty")]
    Empty,
    /// More than [`STREAM_NAME_BYTES_MAX`] bytes.
    #[error("stream name of {bytes} bytes is too long, at most {STREAM_NAME_BYTES_MAX} are allowed")]
    TooLong {
        /// The length found.
        bytes: usize,
    },
    /// A character that a stream name must not hold.
    #[error("stream name {name:?} must not contain {character:?}")]
    InvalidCharacter {
        /// The first offending character.
        character: char,
        /// The text that was given.
        name: Box<str>,
    },
}

#[cfg(test)]
mod tests;
