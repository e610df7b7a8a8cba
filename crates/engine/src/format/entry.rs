//! Entries of a segment: messages, and controls that say which messages are dead.
//!
//! ```text
//!  0  u32 head checksum, over 4..end of subject
//!  4  u32 whole checksum, over 8..end of data
//!  8  u32 length of data        12 u16 length of subject
//! 14  u8  kind                  15 u8  flags
//! 16  u32 sequence - base sequence of the segment
//! 20  u32 durable_upto: all before this offset of the segment was on stable storage when this was encoded
//! 24  u64 time in ns
//! 32  [u64 deadline] [u64 floor] [u32 length of header block]  as flags say
//!     subject, without the prefix that the segment's header names unless WHOLE_SUBJECT
//!     data: header block, payload
//! ```
//! Both checksums start from the segment's salt mixed with the entry's offset, so that a copy of an entry in any other
//! place, or from any other segment, never passes.

use super::fields::{Fields, Reader};
use crate::convert::{to_u32, to_usize};
use jetkv_types::{MarkerReason, Operation, Sequence};

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A message of the stream.
    Message(Operation),
    /// All messages with a sequence below `floor` are dead.
    StreamFloor,
    /// All messages of the subject with a sequence below `floor` are dead.
    SubjectFloor,
    /// The messages whose sequences stand in the data (varints, differences) are dead.
    Drop,
}

impl Kind {
    pub(crate) fn to_byte(self) -> u8 {
        match self {
            Self::Message(Operation::Put) => 1,
            Self::Message(Operation::Delete) => 2,
            Self::Message(Operation::Purge) => 3,
            Self::Message(Operation::Marker(MarkerReason::MaxAge)) => 4,
            Self::Message(Operation::Marker(MarkerReason::Purge)) => 5,
            Self::Message(Operation::Marker(MarkerReason::Remove)) => 6,
            Self::StreamFloor => 16,
            Self::SubjectFloor => 17,
            Self::Drop => 18,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Message(Operation::Put),
            2 => Self::Message(Operation::Delete),
            3 => Self::Message(Operation::Purge),
            4 => Self::Message(Operation::Marker(MarkerReason::MaxAge)),
            5 => Self::Message(Operation::Marker(MarkerReason::Purge)),
            6 => Self::Message(Operation::Marker(MarkerReason::Remove)),
            16 => Self::StreamFloor,
            17 => Self::SubjectFloor,
            18 => Self::Drop,
            _ => return None,
        })
    }

    pub(crate) fn is_message(self) -> bool {
        matches!(self, Self::Message(_))
    }
}

/// The batch goes on with the next entry; without it the batch is complete.
pub(crate) const BATCH_CONTINUES: u8 = 0x01;
/// A header block stands before the payload.
pub(crate) const HAS_HEADERS: u8 = 0x02;
/// The message has a deadline of its own; [`NEVER`] exempts it from the stream's age limit.
pub(crate) const HAS_DEADLINE: u8 = 0x04;
/// The floor is not the entry's own sequence.
pub(crate) const HAS_FLOOR: u8 = 0x08;
/// The payload is `u32 length` and an LZ4 block.
pub(crate) const COMPRESSED: u8 = 0x10;
/// The subject stands there whole.
pub(crate) const WHOLE_SUBJECT: u8 = 0x20;
const KNOWN_FLAGS: u8 = 0x3f;

/// Deadline of a message that never expires.
pub(crate) const NEVER: u64 = u64::MAX;

/// Bytes of the part of an entry that is always there.
pub(crate) const FIXED_BYTES: usize = 32;

/// The place of an entry, which its checksums start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) salt: u32,
    pub(crate) offset: u32,
}

impl Place {
    /// Two places in one segment never give the same seed, and CRC is a bijection of its seed.
    fn seed(self) -> u32 {
        self.salt ^ self.offset.rotate_left(16)
    }
}

/// Everything in an entry but its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
    pub(crate) sequence: Sequence,
    pub(crate) durable_upto: u32,
    pub(crate) time: u64,
    /// Own deadline, if there is one.
    pub(crate) deadline: Option<u64>,
    /// All messages of the subject (of the stream, for a stream floor) below are dead.
    pub(crate) floor: Sequence,
    /// As stored: see [`WHOLE_SUBJECT`].
    pub(crate) subject: &'a [u8],
    pub(crate) header_length: u32,
    pub(crate) data_length: u32,
}

/// An entry found in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) head: Head<'a>,
    /// Header block and payload, as stored.
    pub(crate) data: &'a [u8],
    /// Bytes of the whole entry.
    pub(crate) length: u32,
}

/// Why bytes are no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Nothing was written here: zeros, or the end of the file.
    Blank,
    /// The head cannot be trusted; nothing is known.
    Head,
    /// The head is intact and says how long the entry is; its data is not, or is cut off.
    Data { length: u32 },
}

impl Head<'_> {
    /// Returns the size of the entry in the file.
    pub(crate) fn entry_length(&self) -> usize {
        self.data_start() + to_usize(self.data_length)
    }

    fn data_start(&self) -> usize {
        extension_bytes(self.flags) + FIXED_BYTES + self.subject.len()
    }
}

fn extension_bytes(flags: u8) -> usize {
    let of = |flag, bytes| if flags & flag == 0 { 0 } else { bytes };
    of(HAS_DEADLINE, 8) + of(HAS_FLOOR, 8) + of(HAS_HEADERS, 4)
}

/// Appends an entry to `buffer`; its data is `parts` one after the other, `head.data_length` in all.
pub(crate) fn encode(buffer: &mut Vec<u8>, place: Place, base: Sequence, head: &Head<'_>, parts: &[&[u8]]) {
    let start = buffer.len();
    buffer.reserve(head.entry_length());
    buffer.put_u64(0);
    buffer.put_u32(head.data_length);
    // Subjects are checked against their limit when they are made.
    buffer.put_u16(u16::try_from(head.subject.len()).unwrap_or(u16::MAX));
    buffer.put_u8(head.kind.to_byte());
    buffer.put_u8(head.flags);
    // A segment is closed before its sequences exceed 32 bits.
    buffer.put_u32(u32::try_from(head.sequence - base).unwrap_or(u32::MAX));
    buffer.put_u32(head.durable_upto);
    buffer.put_u64(head.time);
    if let Some(deadline) = head.deadline {
        buffer.put_u64(deadline);
    }
    if head.flags & HAS_FLOOR != 0 {
        buffer.put_u64(head.floor);
    }
    if head.flags & HAS_HEADERS != 0 {
        buffer.put_u32(head.header_length);
    }
    buffer.extend_from_slice(head.subject);
    let head_end = buffer.len();
    for part in parts {
        buffer.extend_from_slice(part);
    }
    let whole = crc32c::crc32c_append(place.seed(), &buffer[start + 8..]);
    buffer[start + 4..start + 8].copy_from_slice(&whole.to_le_bytes());
    let head_checksum = crc32c::crc32c_append(place.seed(), &buffer[start + 4..head_end]);
    buffer[start..start + 4].copy_from_slice(&head_checksum.to_le_bytes());
}

/// Reads the entry at the start of `bytes`, which stand at `place`.
pub(crate) fn decode(bytes: &[u8], place: Place, base: Sequence) -> Result<Entry<'_>, Unreadable> {
    let head = decode_head(bytes, place, base)?;
    let length = to_u32(head.entry_length());
    let whole = bytes.get(..to_usize(length)).ok_or(Unreadable::Data { length })?;
    let expected = u32::from_le_bytes([whole[4], whole[5], whole[6], whole[7]]);
    if crc32c::crc32c_append(place.seed(), &whole[8..]) != expected {
        return Err(Unreadable::Data { length });
    }
    Ok(Entry { head, data: &whole[head.data_start()..], length })
}

/// Reads only the head of the entry at the start of `bytes`.
pub(crate) fn decode_head(bytes: &[u8], place: Place, base: Sequence) -> Result<Head<'_>, Unreadable> {
    let is_intact = |head: &[u8], checksum| crc32c::crc32c_append(place.seed(), &head[4..]) == checksum;
    parse_head(bytes, base, is_intact).ok_or_else(|| blank_or_head(bytes))
}

/// Reads the head of an entry that this process has just encoded and that no file was in between.
pub(crate) fn own_head(bytes: &[u8], base: Sequence) -> Option<Head<'_>> {
    parse_head(bytes, base, |_, _| true)
}

/// Reads a head if it is well formed and `is_intact` says of its bytes and its checksum that they go together.
fn parse_head(bytes: &[u8], base: Sequence, is_intact: impl FnOnce(&[u8], u32) -> bool) -> Option<Head<'_>> {
    let mut reader = Reader::new(bytes.get(..FIXED_BYTES)?);
    let head_checksum = reader.u32()?;
    reader.u32()?;
    let data_length = reader.u32()?;
    let subject_length = usize::from(reader.u16()?);
    let kind = Kind::from_byte(reader.u8()?)?;
    let flags = reader.u8()?;
    let delta = reader.u32()?;
    let durable_upto = reader.u32()?;
    let time = reader.u64()?;
    let head_end = FIXED_BYTES + extension_bytes(flags) + subject_length;
    let head_bytes = bytes.get(..head_end)?;
    if flags & !KNOWN_FLAGS != 0 || !is_intact(head_bytes, head_checksum) {
        return None;
    }
    let mut rest = Reader::new(&head_bytes[FIXED_BYTES..]);
    let sequence = base.checked_add(u64::from(delta))?;
    let deadline = if flags & HAS_DEADLINE == 0 { None } else { Some(rest.u64()?) };
    let floor = if flags & HAS_FLOOR == 0 { sequence } else { rest.u64()? };
    let header_length = if flags & HAS_HEADERS == 0 { 0 } else { rest.u32()? };
    let subject = rest.take(subject_length)?;
    let fits = header_length <= data_length;
    fits.then_some(Head {
        kind,
        flags,
        sequence,
        durable_upto,
        time,
        deadline,
        floor,
        subject,
        header_length,
        data_length,
    })
}

fn blank_or_head(bytes: &[u8]) -> Unreadable {
    let probe = &bytes[..bytes.len().min(FIXED_BYTES)];
    if probe.iter().all(|&byte| byte == 0) { Unreadable::Blank } else { Unreadable::Head }
}

/// Tries to read an entry whose head has exactly one flipped bit, and returns it mended. The whole checksum vouches for
/// the result a second time.
pub(crate) fn mend_head(bytes: &[u8], place: Place, base: Sequence) -> Option<Vec<u8>> {
    // Heads beyond this are rare, and flipping every bit of a long subject costs the square of its length.
    let mut start = bytes[..bytes.len().min(MENDED_BYTES_MAX)].to_vec();
    for bit in 0..start.len() * 8 {
        start[bit / 8] ^= 1 << (bit % 8);
        if let Ok(head) = decode_head(&start, place, base)
            && let (data_start, Some(rest)) = (head.data_start(), bytes.get(start.len()..))
            && bit / 8 < data_start
        {
            let length = head.entry_length();
            let mut whole = start.clone();
            whole.extend_from_slice(&rest[..length.saturating_sub(whole.len()).min(rest.len())]);
            whole.truncate(length);
            if decode(&whole, place, base).is_ok() {
                return Some(whole);
            }
        }
        start[bit / 8] ^= 1 << (bit % 8);
    }
    None
}

/// Returns the byte in which one flipped bit explains why the whole checksum of a readable head does not fit.
///
/// Half-written data practically never looks like that: the bits of a checksum error tell where a single flip was.
pub(crate) fn flipped_byte(bytes: &[u8], place: Place) -> Option<usize> {
    let expected = Reader::new(bytes.get(4..)?).u32()?;
    let covered = bytes.get(8..)?;
    let error = expected ^ crc32c::crc32c_append(place.seed(), covered);
    // A flip n bits before the end leaves this register after n steps.
    let mut register = 1_u32;
    let bits_before_end = (1..=covered.len() * 8).find(|_| {
        register = if register & 1 == 0 { register >> 1 } else { register >> 1 ^ CASTAGNOLI };
        register == error
    })?;
    Some(8 + (covered.len() * 8 - bits_before_end) / 8)
}

/// The polynomial of CRC-32C, lowest bit first.
const CASTAGNOLI: u32 = 0x82f6_3b78;
const MENDED_BYTES_MAX: usize = FIXED_BYTES + 20 + 256;

#[cfg(test)]
mod tests;
