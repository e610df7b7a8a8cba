//! The content of a snapshot: an archive of named entries (PROTOCOL 2.7).

use crate::varint;
use bytes::{Buf, Bytes, BytesMut};

/// One entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `state.json`, `consumers/<name>`, or the subject of a message.
    pub name: String,
    /// When a message was stored, in nanoseconds since 1970; 0 for other entries.
    pub time: i64,
    /// Sequence of a message; 0 for other entries.
    pub sequence: u64,
    /// Header block of a message.
    pub headers: Bytes,
    /// Body of a message, or JSON.
    pub payload: Bytes,
}

/// Why bytes are no archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// It does not begin as one; servers before 2.14 made others.
    #[error("not a snapshot of a server of version 2.14 or later")]
    NoArchive,
    /// An entry cannot be read.
    #[error("corrupt snapshot entry")]
    Corrupt,
    /// An entry is larger than any message.
    #[error("snapshot entry is too large")]
    TooLarge,
    /// The archive ends before its end mark.
    #[error("snapshot is cut off")]
    CutOff,
}

/// Appends what every archive begins with.
pub fn write_start(out: &mut Vec<u8>) {
    out.extend_from_slice(MAGIC);
}

/// Appends an entry.
pub fn write_entry(entry: &Entry, out: &mut Vec<u8>) {
    let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    varint::push(out, length(entry.name.as_bytes()));
    varint::push(out, zig_zag(entry.time));
    varint::push(out, entry.sequence);
    varint::push(out, length(&entry.headers));
    varint::push(out, length(&entry.payload));
    out.extend_from_slice(entry.name.as_bytes());
    out.extend_from_slice(&entry.headers);
    out.extend_from_slice(&entry.payload);
}

/// Appends the end mark.
pub fn write_end(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0; 5]);
}

/// Reads an archive piece by piece, holding at most one entry.
#[derive(Debug, Default)]
pub struct Reader {
    begun: bool,
    ended: bool,
    input: BytesMut,
}

impl Reader {
    /// Takes bytes of the archive.
    pub fn push(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// Returns the next entry that is complete.
    ///
    /// # Errors
    /// [`ArchiveError`]; the archive cannot be read on.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, ArchiveError> {
        if !self.begun {
            let known = self.input.len().min(MAGIC.len());
            if self.input[..known] != MAGIC[..known] {
                return Err(ArchiveError::NoArchive);
            }
            if known < MAGIC.len() {
                return Ok(None);
            }
            self.input.advance(MAGIC.len());
            self.begun = true;
        }
        if self.ended {
            return Ok(None);
        }
        let mut rest = &self.input[..];
        let mut numbers = [0; 5];
        for number in &mut numbers {
            match varint::read(&mut rest) {
                Some(value) => *number = value,
                // The longest varint has ten bytes.
                None if rest.len() >= 10 => return Err(ArchiveError::Corrupt),
                None => return Ok(None),
            }
        }
        let [name, time, sequence, headers, payload] = numbers;
        if numbers == [0; 5] {
            self.ended = true;
            return Ok(None);
        }
        let length = |bytes: u64| usize::try_from(bytes).ok().filter(|bytes| *bytes <= ENTRY_BYTES_MAX);
        let lengths = (length(name), length(headers), length(payload));
        let (Some(name), Some(headers), Some(payload)) = lengths else { return Err(ArchiveError::TooLarge) };
        if name + headers + payload > ENTRY_BYTES_MAX {
            return Err(ArchiveError::TooLarge);
        }
        let head = self.input.len() - rest.len();
        if rest.len() < name + headers + payload {
            return Ok(None);
        }
        self.input.advance(head);
        let name = self.input.split_to(name);
        let name = String::from_utf8(name.to_vec()).map_err(|_| ArchiveError::Corrupt)?;
        let headers = self.input.split_to(headers).freeze();
        let payload = self.input.split_to(payload).freeze();
        Ok(Some(Entry { name, time: un_zig_zag(time), sequence, headers, payload }))
    }

    /// Says whether the end mark has come; what follows it is of no interest.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Says that nothing more comes.
    ///
    /// # Errors
    /// [`ArchiveError::CutOff`] if the end mark did not come.
    pub fn finish(self) -> Result<(), ArchiveError> {
        if self.ended { Ok(()) } else { Err(ArchiveError::CutOff) }
    }
}

fn zig_zag(number: i64) -> u64 {
    (number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned()
}

fn un_zig_zag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

const MAGIC: &[u8] = b"NATSARC1";
/// More than any message can have.
const ENTRY_BYTES_MAX: usize = 72 << 20;

#[cfg(test)]
mod tests;
