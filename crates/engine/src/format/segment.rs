//! The header of a segment file. The manifest repeats it, so that either may be lost.

use super::envelope::{self, Opened};
use super::fields::{Fields, Reader};
use jetkv_types::Sequence;

/// What identifies a segment and is needed to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SegmentInfo {
    pub(crate) stream_id: u64,
    /// Counts up within a stream; it is the file's name.
    pub(crate) id: u64,
    /// No message in the segment has a lower sequence.
    pub(crate) base: Sequence,
    /// Random; checksums of entries start from it.
    pub(crate) salt: u32,
    /// Offset of the first entry.
    pub(crate) data_start: u32,
    /// When the segment was made.
    pub(crate) created: u64,
    /// All messages of the stream below were dead when the segment was made.
    pub(crate) stream_floor: Sequence,
    /// Segments whose content was moved here; only for a compacted segment.
    pub(crate) replaces: Vec<u64>,
    /// Subjects in the segment stand without this text.
    pub(crate) prefix: Box<str>,
}

/// A segment header: the identity, and the configuration at the time as a last resort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) info: SegmentInfo,
    pub(crate) config: Vec<u8>,
}

impl SegmentInfo {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for number in [self.stream_id, self.id, self.base, self.created, self.stream_floor] {
            out.put_u64(number);
        }
        out.put_u32(self.salt);
        out.put_u32(self.data_start);
        out.put_u32(crate::convert::to_u32(self.replaces.len()));
        for id in &self.replaces {
            out.put_u64(*id);
        }
        out.put_block(self.prefix.as_bytes());
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        let (stream_id, id, base) = (reader.u64()?, reader.u64()?, reader.u64()?);
        let (created, stream_floor) = (reader.u64()?, reader.u64()?);
        let (salt, data_start) = (reader.u32()?, reader.u32()?);
        let mut replaces = Vec::new();
        for _ in 0..reader.u32()? {
            replaces.push(reader.u64()?);
        }
        let prefix = reader.text()?.into();
        Some(Self { stream_id, id, base, salt, data_start, created, stream_floor, replaces, prefix })
    }
}

impl SegmentHeader {
    /// Where the identity stands in a segment file.
    pub(crate) const IDENTITY_OFFSET: usize = envelope::BODY_OFFSET;

    /// Fills in where the first entry goes and returns the bytes before it.
    pub(crate) fn seal(&mut self) -> Vec<u8> {
        let bytes = envelope::seal(MAGIC, &self.body());
        let end = bytes.len().next_multiple_of(ALIGNMENT);
        self.info.data_start = crate::convert::to_u32(end);
        let mut bytes = envelope::seal(MAGIC, &self.body());
        bytes.resize(end, 0);
        bytes
    }

    fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        self.info.encode(&mut body);
        body.put_block(&self.config);
        body
    }

    /// Reads the header at the start of a segment file.
    pub(crate) fn open(bytes: &[u8]) -> Option<Self> {
        let Opened::Valid { body, .. } = envelope::open(MAGIC, bytes) else { return None };
        let mut reader = Reader::new(body);
        let info = SegmentInfo::decode(&mut reader)?;
        let config = reader.block()?.to_vec();
        reader.is_empty().then_some(Self { info, config })
    }
}

/// File name of a segment.
pub(crate) fn segment_file(id: u64) -> String {
    format!("{id:010}.seg")
}

/// File name of a segment's hints.
pub(crate) fn hint_file(id: u64) -> String {
    format!("{id:010}.idx")
}

/// Reads the id out of the name of a hint file.
pub(crate) fn hint_id(name: &str) -> Option<u64> {
    name.strip_suffix(".idx")?.parse().ok()
}

/// Reads the id out of a segment's file name.
pub(crate) fn segment_id(name: &str) -> Option<u64> {
    name.strip_suffix(".seg")?.parse().ok()
}

const MAGIC: [u8; 8] = *b"JETKVSEG";
/// Entries begin at a multiple of this.
const ALIGNMENT: usize = 64;
/// Longest header that is looked for.
pub(crate) const HEADER_BYTES_MAX: usize = 1 << 20;
