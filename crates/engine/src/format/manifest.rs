//! The manifest of a stream: its configuration and every segment that belongs to it. It is replaced as a whole, in two copies.

use super::envelope::{self, Opened};
use super::fields::{Fields, Reader};
use super::segment::SegmentInfo;
use jetkv_types::Sequence;

/// What a manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) stream_id: u64,
    /// Counts up with every replacement; of two copies the higher one holds.
    pub(crate) generation: u64,
    pub(crate) created: u64,
    pub(crate) next_segment_id: u64,
    /// All messages below were dead when this was written.
    pub(crate) stream_floor: Sequence,
    /// No message had this sequence or a higher one when this was written.
    pub(crate) next_sequence: Sequence,
    /// As [`super::config`] writes it.
    pub(crate) config: Vec<u8>,
    /// In the order of their sequences; only the last one may be open.
    pub(crate) segments: Vec<ListedSegment>,
}

/// A segment in a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedSegment {
    pub(crate) info: SegmentInfo,
    pub(crate) extent: Extent,
}

/// How far a segment goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Entries end here; no more will follow.
    Sealed(End),
    /// Entries ended here when the stream was last closed properly; more may have followed since.
    Clean(End),
    /// Entries are still being appended.
    Open,
}

/// Where the entries of a segment end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// Offset behind the last entry.
    pub(crate) offset: u32,
    /// First sequence that the segment cannot hold.
    pub(crate) next_sequence: Sequence,
    /// CRC-32C over the head checksums of all entries in order.
    pub(crate) digest: u32,
}

impl Manifest {
    pub(crate) fn seal(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for number in [
            self.stream_id,
            self.generation,
            self.created,
            self.next_segment_id,
            self.stream_floor,
            self.next_sequence,
        ] {
            body.put_u64(number);
        }
        body.put_block(&self.config);
        body.put_u32(crate::convert::to_u32(self.segments.len()));
        for segment in &self.segments {
            segment.info.encode(&mut body);
            let (tag, end) = match segment.extent {
                Extent::Open => (0, None),
                Extent::Clean(end) => (1, Some(end)),
                Extent::Sealed(end) => (2, Some(end)),
            };
            body.put_u8(tag);
            if let Some(end) = end {
                body.put_u32(end.offset);
                body.put_u64(end.next_sequence);
                body.put_u32(end.digest);
            }
        }
        envelope::seal(MAGIC, &body)
    }

    /// Reads a manifest.
    pub(crate) fn open(bytes: &[u8]) -> Read<Self> {
        match envelope::open(MAGIC, bytes) {
            // Bytes behind it are nothing that a replacement as a whole leaves.
            Opened::Valid { body, length } if length == bytes.len() => {
                Self::decode(body).map_or(Read::Invalid, Read::Valid)
            }
            Opened::Valid { .. } => Read::Invalid,
            Opened::Newer { version } => Read::Newer { version },
            Opened::Invalid => Read::Invalid,
        }
    }

    fn decode(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let (stream_id, generation) = (reader.u64()?, reader.u64()?);
        let (created, next_segment_id) = (reader.u64()?, reader.u64()?);
        let (stream_floor, next_sequence) = (reader.u64()?, reader.u64()?);
        let config = reader.block()?.to_vec();
        let mut segments = Vec::new();
        for _ in 0..reader.u32()? {
            let info = SegmentInfo::decode(&mut reader)?;
            let tag = reader.u8()?;
            let extent = if tag == 0 {
                Extent::Open
            } else {
                let end = End { offset: reader.u32()?, next_sequence: reader.u64()?, digest: reader.u32()? };
                match tag {
                    1 => Extent::Clean(end),
                    2 => Extent::Sealed(end),
                    _ => return None,
                }
            };
            segments.push(ListedSegment { info, extent });
        }
        reader.is_empty().then_some(Self {
            stream_id,
            generation,
            created,
            next_segment_id,
            stream_floor,
            next_sequence,
            config,
            segments,
        })
    }
}

/// What reading a copy of a manifest or catalog gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read<T> {
    Valid(T),
    Newer { version: u16 },
    Invalid,
}

const MAGIC: [u8; 8] = *b"JETKVMAN";
/// File name of a manifest, without the copy's suffix.
pub(crate) const MANIFEST_FILE: &str = "manifest";
