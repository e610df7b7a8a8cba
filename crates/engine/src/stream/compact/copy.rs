//! The entries of a new segment: what is live in old ones, each with the place that it came from.

use super::super::writer::Writer;
use crate::convert::to_u32;
use crate::format::entry::{self, BATCH_CONTINUES, HAS_FLOOR, Head, Kind, Place, WHOLE_SUBJECT};
use crate::format::hint::{HintFile, HintRef};
use crate::format::segment::SegmentInfo;
use crate::index::Placed;
use crate::segment_file::SegmentFile;
use jetkv_types::{Operation, Sequence};

/// A segment in the making.
#[derive(Debug)]
pub(super) struct Copy<'a> {
    info: &'a SegmentInfo,
    pub(super) bytes: Vec<u8>,
    pub(super) moved: Vec<Moved>,
    pub(super) hints: HintFile,
    pub(super) digest: u32,
    subject: Vec<u8>,
}

/// An entry of the new segment, as far as the index has to know it.
#[derive(Debug)]
pub(super) enum Moved {
    /// A message, and the slot that it had: the segment's place in the index, and the slot's in the segment.
    Message(Placed, Slot),
    /// Anything else.
    Control { kind: Kind, floor: Sequence, length: u32, data: Vec<u8> },
}

/// Place of a segment in the index, and place of a slot in the segment.
pub(super) type Slot = (usize, usize);

impl<'a> Copy<'a> {
    pub(super) fn new(info: &'a SegmentInfo) -> Self {
        Self {
            info,
            bytes: Vec::new(),
            moved: Vec::new(),
            hints: HintFile::default(),
            digest: 0,
            subject: Vec::new(),
        }
    }

    /// Has room for so many more messages and bytes.
    pub(super) fn expect(&mut self, messages: usize, bytes: usize) {
        self.moved.reserve(messages);
        self.bytes.reserve(bytes);
    }

    /// Copies a message of so many bytes as limits count them.
    pub(super) fn push_message(
        &mut self,
        file: &SegmentFile,
        head: &Head<'_>,
        data: &[u8],
        (operation, size): (Operation, u32),
        from: Slot,
    ) {
        let (offset, length) = self.push(file, head, data, size);
        let placed = Placed { sequence: head.sequence, offset, length, size, operation };
        self.moved.push(Moved::Message(placed, from));
    }

    /// Copies a control with what it has to say from now on.
    pub(super) fn push_control(&mut self, file: &SegmentFile, head: &Head<'_>, data: Vec<u8>) {
        let (_, length) = self.push(file, head, &data, 0);
        self.moved.push(Moved::Control { kind: head.kind, floor: head.floor, length, data });
    }

    /// Encodes an entry of `file` anew; returns its offset and its length.
    fn push(&mut self, file: &SegmentFile, head: &Head<'_>, data: &[u8], size: u32) -> (u32, u32) {
        let same = head.flags & WHOLE_SUBJECT == 0 && file.info.prefix == self.info.prefix;
        let (subject, whole_flag) = if same {
            (head.subject, 0)
        } else {
            self.subject.clear();
            if head.flags & WHOLE_SUBJECT == 0 {
                self.subject.extend_from_slice(file.info.prefix.as_bytes());
            }
            self.subject.extend_from_slice(head.subject);
            Writer::stored_subject(&self.info.prefix, &self.subject)
        };
        let at = self.bytes.len();
        let offset = self.info.data_start + to_u32(at);
        let moved = Head {
            // Each moved entry stands for itself: its batch was complete long ago.
            flags: head.flags & !(BATCH_CONTINUES | WHOLE_SUBJECT) | whole_flag,
            durable_upto: offset,
            subject,
            data_length: to_u32(data.len()),
            ..*head
        };
        debug_assert!(moved.floor == moved.sequence || moved.flags & HAS_FLOOR != 0);
        let place = Place { salt: self.info.salt, offset };
        entry::encode(&mut self.bytes, place, self.info.base, &moved, &[data]);
        let checksum = [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2], self.bytes[at + 3]];
        self.digest = crc32c::crc32c_append(self.digest, &checksum);
        let length = to_u32(self.bytes.len() - at);
        let hint = HintRef {
            kind: moved.kind,
            flags: moved.flags,
            sequence: moved.sequence,
            offset,
            length,
            size,
            head_checksum: u32::from_le_bytes(checksum),
            deadline: moved.deadline,
            floor: moved.floor,
            subject,
            data: if moved.kind.is_message() { &[] } else { data },
        };
        self.hints.push(self.info.base, &hint);
        (offset, length)
    }
}
