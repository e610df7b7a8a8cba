//! Hints: a second, short description of a segment's entries, in a file of its own.
//!
//! A hint file lets a stream open without reading its data, names what stood where data is damaged, and testifies what was
//! durable. It is never needed: without it the segment is read instead.
//!
//! After the header come blocks: `u32 checksum | u32 length | u32 durable_upto | u32 offset of first entry | entries`. The
//! checksum starts from salt and the block's own offset, as in a segment.

use super::entry::{HAS_DEADLINE, HAS_FLOOR, Kind};
use super::envelope::{self, Opened};
use super::fields::{Fields, Reader};
use super::segment::SegmentInfo;
use crate::convert::to_usize;
use jetkv_types::Sequence;

/// Entries described by one block, in their order. Its memory serves again for the next block.
#[derive(Debug, Default)]
pub(crate) struct HintBlock {
    sequence: Sequence,
    subject: Vec<u8>,
    /// The block from its first byte on, as far as it is known before it is sealed; empty without entries.
    bytes: Vec<u8>,
}

impl HintBlock {
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len().saturating_sub(BLOCK_HEADER_BYTES)
    }

    /// Adds the next entry; entries of a block follow each other without a gap.
    pub(crate) fn push(&mut self, base: Sequence, hint: &HintRef<'_>) {
        let bytes = &mut self.bytes;
        if bytes.is_empty() {
            bytes.resize(FIRST_OFFSET_AT, 0);
            bytes.put_u32(hint.offset);
            self.sequence = base;
        }
        bytes.put_u8(hint.kind.to_byte());
        bytes.put_u8(hint.flags);
        bytes.put_u32(hint.head_checksum);
        bytes.put_varint(hint.sequence - self.sequence);
        bytes.put_varint(u64::from(hint.length));
        bytes.put_varint(u64::from(hint.size));
        if let Some(deadline) = hint.deadline {
            bytes.put_u64(deadline);
        }
        if hint.flags & HAS_FLOOR != 0 {
            bytes.put_u64(hint.floor);
        }
        let shared = hint.subject.iter().zip(&self.subject).take_while(|(a, b)| a == b).count();
        bytes.put_varint(crate::convert::to_u64(shared));
        bytes.put_varint(crate::convert::to_u64(hint.subject.len() - shared));
        bytes.extend_from_slice(&hint.subject[shared..]);
        if !hint.kind.is_message() {
            bytes.put_block(hint.data);
        }
        self.sequence = hint.sequence;
        self.subject.clear();
        self.subject.extend_from_slice(hint.subject);
    }

    /// Returns the block as it goes to `offset` of the hint file.
    pub(crate) fn seal(&mut self, salt: u32, offset: u64, durable_upto: u32) -> &[u8] {
        seal_block(&mut self.bytes, salt, offset, durable_upto);
        &self.bytes
    }

    /// Starts a new block.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.subject.clear();
    }
}

/// Fills in what a block says of itself.
fn seal_block(block: &mut [u8], salt: u32, offset: u64, durable_upto: u32) {
    let length = crate::convert::to_u32(block.len() - BLOCK_HEADER_BYTES);
    block[4..8].copy_from_slice(&length.to_le_bytes());
    block[8..FIRST_OFFSET_AT].copy_from_slice(&durable_upto.to_le_bytes());
    let checksum = crc32c::crc32c_append(seed(salt, offset), &block[4..]);
    block[..4].copy_from_slice(&checksum.to_le_bytes());
}

/// The hints of a whole segment. Its memory serves again for the next one.
#[derive(Debug, Default)]
pub(crate) struct HintFile {
    /// The file, with room for its header, as far as blocks are full.
    bytes: Vec<u8>,
    /// Where these blocks begin.
    starts: Vec<usize>,
    last: HintBlock,
}

impl HintFile {
    /// Adds the next entry.
    pub(crate) fn push(&mut self, base: Sequence, hint: &HintRef<'_>) {
        self.last.push(base, hint);
        if self.last.len() > BLOCK_BYTES {
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        if self.bytes.is_empty() {
            self.bytes.resize(HEADER_BYTES, 0);
        }
        if !self.last.is_empty() {
            self.starts.push(self.bytes.len());
            self.bytes.extend_from_slice(&self.last.bytes);
            self.last.clear();
        }
    }

    /// Returns the complete file of the segment `info`, which is durable up to an offset.
    pub(crate) fn seal(&mut self, info: &SegmentInfo, durable_upto: u32) -> &[u8] {
        self.end_block();
        self.bytes[..HEADER_BYTES].copy_from_slice(&seal_header(info.stream_id, info.id, info.salt));
        let mut end = self.bytes.len();
        for start in self.starts.iter().rev() {
            let offset = crate::convert::to_u64(*start);
            seal_block(&mut self.bytes[*start..end], info.salt, offset, durable_upto);
            end = *start;
        }
        &self.bytes
    }

    /// Forgets every entry.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.starts.clear();
        self.last.clear();
    }
}

/// What a hint says of one entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HintRef<'a> {
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
    pub(crate) sequence: Sequence,
    pub(crate) offset: u32,
    pub(crate) length: u32,
    pub(crate) size: u32,
    pub(crate) head_checksum: u32,
    pub(crate) deadline: Option<u64>,
    pub(crate) floor: Sequence,
    /// As stored in the entry.
    pub(crate) subject: &'a [u8],
    /// Only for controls: the entry's data.
    pub(crate) data: &'a [u8],
}

/// What a hint file testifies as a whole, as far as it is intact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct HintSummary {
    /// Entries described: from the first of the segment on, without a gap.
    pub(crate) entry_count: usize,
    /// Messages among them.
    pub(crate) message_count: usize,
    /// Offset in the segment behind the last entry described.
    pub(crate) end: u32,
    /// All of the segment before this offset was on stable storage.
    pub(crate) durable_upto: u32,
    /// CRC-32C over the head checksums.
    pub(crate) digest: u32,
    /// Bytes of the hint file that are intact; what follows is worthless.
    pub(crate) intact_bytes: usize,
}

/// Returns the first bytes of a hint file.
pub(crate) fn seal_header(stream_id: u64, segment_id: u64, salt: u32) -> Vec<u8> {
    let mut body = Vec::new();
    body.put_u64(stream_id);
    body.put_u64(segment_id);
    body.put_u32(salt);
    envelope::seal(MAGIC, &body)
}

/// Length of [`seal_header`].
pub(crate) const HEADER_BYTES: usize = envelope::OVERHEAD + 20;

/// Reads which stream and segment a hint file says that it belongs to.
pub(crate) fn identity(bytes: &[u8]) -> Option<(u64, u64)> {
    let Opened::Valid { body, .. } = envelope::open(MAGIC, bytes) else { return None };
    let mut reader = Reader::new(body);
    Some((reader.u64()?, reader.u64()?))
}

/// Walks through the intact part of a hint file of the segment `info`.
pub(crate) fn walk(bytes: &[u8], info: &SegmentInfo, visit: &mut impl FnMut(&HintRef<'_>)) -> HintSummary {
    let mut summary = HintSummary { end: info.data_start, ..HintSummary::default() };
    let Opened::Valid { body, length } = envelope::open(MAGIC, bytes) else { return summary };
    let mut reader = Reader::new(body);
    let identity = (reader.u64(), reader.u64(), reader.u32());
    if identity != (Some(info.stream_id), Some(info.id), Some(info.salt)) {
        return summary;
    }
    summary.intact_bytes = length;
    while walk_block(bytes, info, &mut summary, visit).is_some() {}
    summary
}

fn walk_block(
    bytes: &[u8],
    info: &SegmentInfo,
    summary: &mut HintSummary,
    visit: &mut impl FnMut(&HintRef<'_>),
) -> Option<()> {
    let offset = summary.intact_bytes;
    let mut reader = Reader::new(bytes.get(offset..)?);
    let checksum = reader.u32()?;
    let length = to_usize(reader.u32()?);
    let (durable_upto, first_offset) = (reader.u32()?, reader.u32()?);
    let body = reader.take(length)?;
    let end = offset + BLOCK_HEADER_BYTES + length;
    let seed = seed(info.salt, crate::convert::to_u64(offset));
    if first_offset != summary.end || crc32c::crc32c_append(seed, &bytes[offset + 4..end]) != checksum {
        return None;
    }
    let (mut sequence, mut subject) = (info.base, Vec::new());
    let mut head_checksums = Vec::new();
    let mut body = Reader::new(body);
    while !body.is_empty() {
        // The checksum vouches for the block: a hint that cannot be read was written by a newer version.
        let hint = read_hint(&mut body, &mut sequence, summary.end, &mut subject)?;
        summary.end = summary.end.checked_add(hint.length)?;
        summary.entry_count += 1;
        summary.message_count += usize::from(hint.kind.is_message());
        head_checksums.extend_from_slice(&hint.head_checksum.to_le_bytes());
        visit(&hint);
    }
    summary.digest = crc32c::crc32c_append(summary.digest, &head_checksums);
    summary.durable_upto = summary.durable_upto.max(durable_upto);
    summary.intact_bytes = end;
    Some(())
}

fn read_hint<'a: 'b, 'b>(
    reader: &mut Reader<'a>,
    sequence: &mut Sequence,
    offset: u32,
    subject: &'b mut Vec<u8>,
) -> Option<HintRef<'b>> {
    let kind = Kind::from_byte(reader.u8()?)?;
    let flags = reader.u8()?;
    let head_checksum = reader.u32()?;
    *sequence = sequence.checked_add(reader.varint()?)?;
    let length = u32::try_from(reader.varint()?).ok()?;
    let size = u32::try_from(reader.varint()?).ok()?;
    let deadline = if flags & HAS_DEADLINE == 0 { None } else { Some(reader.u64()?) };
    let floor = if flags & HAS_FLOOR == 0 { *sequence } else { reader.u64()? };
    let shared = usize::try_from(reader.varint()?).ok()?;
    let suffix_length = usize::try_from(reader.varint()?).ok()?;
    if shared > subject.len() {
        return None;
    }
    subject.truncate(shared);
    subject.extend_from_slice(reader.take(suffix_length)?);
    let data = if kind.is_message() { &[][..] } else { reader.block()? };
    let sequence = *sequence;
    Some(HintRef {
        kind,
        flags,
        sequence,
        offset,
        length,
        size,
        head_checksum,
        deadline,
        floor,
        subject,
        data,
    })
}

fn seed(salt: u32, offset: u64) -> u32 {
    // Blocks are far smaller than 4 GiB apart from each other; the low half of the offset tells them apart.
    let low = u32::try_from(offset & 0xffff_ffff).unwrap_or_default();
    !salt ^ low.rotate_left(16)
}

const BLOCK_HEADER_BYTES: usize = 16;
/// Place of the last field of a block's header.
const FIRST_OFFSET_AT: usize = 12;
/// A block that has grown beyond this is followed by another.
const BLOCK_BYTES: usize = 64 << 10;
const MAGIC: [u8; 8] = *b"JETKVIDX";
