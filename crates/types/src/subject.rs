//! Subjects: dot-separated lists of tokens that name messages.

use crate::limits::SUBJECT_BYTES_MAX;
use std::fmt;

/// A valid literal subject: non-empty tokens separated by `.`, no white space, no control character (PROTOCOL 1.12).
///
/// `*` and `>` may occur; here they are literal characters. A [`crate::SubjectFilter`] gives them their meaning.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject(Box<str>);

impl Subject {
    /// Checks `text` and takes it over.
    ///
    /// # Errors
    /// [`SubjectError`] says what is wrong and where.
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, SubjectError> {
        let text = text.into();
        check_tokens(&text)?;
        Ok(Self(text))
    }

    /// Returns the subject as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the subject as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Returns the tokens in order.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }
}

/// Checks everything that subjects and filters have in common.
pub(crate) fn check_tokens(text: &str) -> Result<(), SubjectError> {
    if text.is_empty() {
        return Err(SubjectError::Empty);
    }
    if text.len() > SUBJECT_BYTES_MAX {
        return Err(SubjectError::TooLong { bytes: text.len() });
    }
    let mut token_start = true;
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            b'.' if token_start => return Err(SubjectError::EmptyToken { offset }),
            b'.' => token_start = true,
            0..=b' ' | 0x7f => return Err(SubjectError::InvalidCharacter { byte, offset }),
            _ => token_start = false,
        }
    }
    if token_start {
        return Err(SubjectError::EmptyToken { offset: text.len() });
    }
    Ok(())
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &self.0)
    }
}

impl AsRef<str> for Subject {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Why a text is no subject or no subject filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubjectError {
    /// The text has no characters.
    #[error("a subject must not be empty")]
    Empty,
    /// Two dots follow each other, or a dot stands at an end.
    #[error("empty token at byte {offset}")]
    EmptyToken {
        /// Place of the dot (or of the end) that closes the empty token.
        offset: usize,
    },
    /// White space or a control character.
    #[error("byte 0x{byte:02x} at offset {offset} is not allowed in a subject")]
    InvalidCharacter {
        /// The byte found.
        byte: u8,
        /// Its place.
        offset: usize,
    },
    /// More than [`SUBJECT_BYTES_MAX`] bytes.
    #[error("{bytes} bytes are too long for a subject, at most {SUBJECT_BYTES_MAX} are allowed")]
    TooLong {
        /// The length found.
        bytes: usize,
    },
    /// `>` before the last token of a filter.
    #[error("`>` at byte {offset} is only allowed as the last token")]
    FullWildcardNotLast {
        /// Place of the `>`.
        offset: usize,
    },
}

#[cfg(test)]
mod tests;
