//! Header blocks: kept byte for byte as they came, read on demand.

use crate::limits::HEADER_BLOCK_BYTES_MAX;
use bytes::Bytes;
use std::fmt;

/// A header block as on the wire (`NATS/1.0`, lines `Name: value`, an empty line), or nothing at all.
///
/// Names are case-sensitive and may repeat; the space after the colon is optional (PROTOCOL 1.10).
#[derive(Clone, PartialEq, Eq, Default, Hash)]
pub struct Headers(Bytes);

impl Headers {
    /// Returns headers without any line; they take no space in a message.
    #[must_use]
    pub const fn none() -> Self {
        Self(Bytes::new())
    }

    /// Builds a block from names and values.
    ///
    /// # Errors
    /// [`HeaderError`] for a name or value that would break the block, or a block that is too large.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, HeaderError> {
        let mut block = Vec::new();
        for (name, value) in pairs {
            if name.is_empty() || name.bytes().any(|b| b <= b' ' || b == b':' || b == 0x7f) {
                return Err(HeaderError::InvalidName { name: name.into() });
            }
            if value.bytes().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
                return Err(HeaderError::InvalidValue { name: name.into() });
            }
            if block.is_empty() {
                block.extend_from_slice(FIRST_LINE);
            }
            block.extend_from_slice(name.as_bytes());
            block.extend_from_slice(b": ");
            block.extend_from_slice(value.as_bytes());
            block.extend_from_slice(b"\r\n");
        }
        if !block.is_empty() {
            block.extend_from_slice(b"\r\n");
        }
        check_size(block.len())?;
        Ok(Self(block.into()))
    }

    /// Takes a block over as it is; an empty one means no headers.
    ///
    /// # Errors
    /// [`HeaderError`] if it does not start with `NATS/1.0`, does not end with an empty line, or is too large.
    pub fn from_block(block: Bytes) -> Result<Self, HeaderError> {
        check_size(block.len())?;
        let well_formed = block.is_empty()
            || block.starts_with(b"NATS/1.0")
                && block.ends_with(b"\r\n\r\n")
                && std::str::from_utf8(&block).is_ok();
        if well_formed { Ok(Self(block)) } else { Err(HeaderError::Malformed) }
    }

    /// Says whether a message may come in with these headers: each line has a name, none is empty, and there are no control
    /// characters but tabs. What is stored is read without asking.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let text = std::str::from_utf8(&self.0).unwrap_or_default();
        let Some(lines) = text.strip_suffix("\r\n\r\n") else { return self.0.is_empty() };
        let is_control = |byte: u8| byte < b' ' && byte != b'\t' || byte == 0x7f;
        let mut lines = lines.split("\r\n");
        let has_clean_first = lines.next().is_some_and(|line| !line.bytes().any(is_control));
        has_clean_first
            && lines
                .all(|line| line.find(':').is_some_and(|colon| colon > 0) && !line.bytes().any(is_control))
    }

    /// Returns the whole block, empty if there are no headers.
    #[must_use]
    pub fn as_block(&self) -> &Bytes {
        &self.0
    }

    /// Says whether there is no header.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns names and values in their order, white space around values trimmed.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let text = std::str::from_utf8(&self.0).unwrap_or_default();
        text.split("\r\n")
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name, value.trim()))
    }

    /// Returns the first value of `name`, spelled exactly so.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find_map(|(found, value)| (found == name).then_some(value))
    }

    /// Returns the last value of `name`; of repeated ones the last was added by the server (PROTOCOL 1.10).
    #[must_use]
    pub fn get_last(&self, name: &str) -> Option<&str> {
        self.iter().filter_map(|(found, value)| (found == name).then_some(value)).last()
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

fn check_size(bytes: usize) -> Result<(), HeaderError> {
    if bytes > HEADER_BLOCK_BYTES_MAX { Err(HeaderError::TooLarge { bytes }) } else { Ok(()) }
}

const FIRST_LINE: &[u8] = b"NATS/1.0\r\n";

/// Why bytes or pairs make no header block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The name is empty or holds white space, a control character or a colon.
    #[error("invalid header name {name:?}")]
    InvalidName {
        /// The name given.
        name: Box<str>,
    },
    /// The value holds a line break or a NUL.
    #[error("the value of header {name:?} must not hold a line break or a NUL")]
    InvalidValue {
        /// The name of the header.
        name: Box<str>,
    },
    /// More than [`HEADER_BLOCK_BYTES_MAX`] bytes.
    #[error("header block of {bytes} bytes is too large, at most {HEADER_BLOCK_BYTES_MAX} are allowed")]
    TooLarge {
        /// The size found.
        bytes: usize,
    },
    /// The block does not start with `NATS/1.0`, does not end with an empty line, or is not UTF-8.
    #[error("malformed header block")]
    Malformed,
}

#[cfg(test)]
mod tests;
