//! The entries of a new segment: what is live in old ones, each with the place that it came from.

use super::super::StreamInner;
use super::super::writer::Writer;
use crate::config::Storage;
use crate::convert::{to_u32, to_usize};
use crate::env::{File, OpenMode};
use crate::error::EngineError;
use crate::format::entry::{self, BATCH_CONTINUES, HAS_FLOOR, Head, Kind, Place, WHOLE_SUBJECT};
use crate::format::hint::{HintFile, HintRef};
use crate::format::segment::{SegmentHeader, SegmentInfo, hint_file, segment_file};
use crate::index::{Placed, Slot};
use crate::planted::{self, Bug};
use crate::segment_file::SegmentFile;
use jetkv_types::{Operation, Sequence};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A segment in the making. Its file takes it in pieces, so that they stay in the cache of the processor; nothing of it is
/// durable, and nothing refers to it, before the whole of it is made.
#[derive(Debug)]
pub(super) struct Copy<'a> {
    stream: &'a StreamInner,
    pub(super) info: SegmentInfo,
    path: PathBuf,
    /// The file, once anything is in it.
    file: Option<Arc<dyn File>>,
    /// Offset of the first byte that is not in the file yet.
    written: u32,
    digest: u32,
    room: &'a mut Room,
}

/// Memory that serves for one rewriting after the other.
#[derive(Debug, Default)]
pub(crate) struct Room {
    /// What was read of an old segment.
    pub(super) window: Vec<u8>,
    /// Live messages of an old segment: where the slot stands among its slots, and the slot.
    pub(super) live: Vec<(u32, Slot)>,
    /// What was not written yet of the new segment.
    bytes: Vec<u8>,
    hints: HintFile,
    moved: Vec<Moved>,
    subject: Vec<u8>,
}

/// A segment that is made, and durable.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) file: Arc<SegmentFile>,
    pub(super) end: u32,
    pub(super) digest: u32,
}

/// An entry of the new segment, as far as the index has to know it.
#[derive(Debug)]
pub(super) enum Moved {
    /// A message, and the slot that it had.
    Message(Placed, From),
    /// Anything else.
    Control(Box<MovedControl>),
}

/// An entry that is no message.
#[derive(Debug)]
pub(super) struct MovedControl {
    pub(super) kind: Kind,
    pub(super) floor: Sequence,
    pub(super) length: u32,
    pub(super) data: Vec<u8>,
}

/// Where a message was.
#[derive(Debug, Clone, Copy)]
pub(super) struct From {
    /// Place of the segment in the index.
    pub(super) segment: u32,
    /// Place of the slot in the segment.
    pub(super) slot: u32,
}

impl Room {
    /// Returns what was moved into the segment that was made last.
    pub(super) fn moved(&self) -> &[Moved] {
        &self.moved
    }
}

impl<'a> Copy<'a> {
    /// Begins a segment with its header.
    pub(super) fn new(stream: &'a StreamInner, mut header: SegmentHeader, room: &'a mut Room) -> Self {
        room.bytes.clear();
        // An entry may exceed this; short ones never make it grow.
        room.bytes.reserve(to_usize(PIECE_BYTES_MAX) * 2);
        room.bytes.extend_from_slice(&header.seal());
        room.hints.clear();
        room.moved.clear();
        let path = stream.dir.join(segment_file(header.info.id));
        Self { stream, info: header.info, path, file: None, written: 0, digest: 0, room }
    }

    /// Returns how much is read or written at once, except where a single entry exceeds it.
    pub(super) fn piece_bytes(&self) -> u32 {
        // Small segments, as tests have them, come in pieces, too.
        (self.stream.shared.options.segment_bytes_min / 4).min(PIECE_BYTES_MAX)
    }

    pub(super) fn room(&mut self) -> &mut Room {
        self.room
    }

    /// Copies a message of so many bytes as limits count them.
    pub(super) fn push_message(
        &mut self,
        file: &SegmentFile,
        head: &Head<'_>,
        data: &[u8],
        (operation, size): (Operation, u32),
        from: From,
    ) -> Result<(), EngineError> {
        let (offset, length) = self.push(file, head, data, size)?;
        let placed = Placed { sequence: head.sequence, offset, length, size, operation };
        self.room.moved.push(Moved::Message(placed, from));
        Ok(())
    }

    /// Copies a control with what it has to say from now on.
    pub(super) fn push_control(
        &mut self,
        file: &SegmentFile,
        head: &Head<'_>,
        data: Vec<u8>,
    ) -> Result<(), EngineError> {
        let (_, length) = self.push(file, head, &data, 0)?;
        let control = MovedControl { kind: head.kind, floor: head.floor, length, data };
        self.room.moved.push(Moved::Control(Box::new(control)));
        Ok(())
    }

    /// Encodes an entry of `file` anew; returns its offset and its length.
    fn push(
        &mut self,
        file: &SegmentFile,
        head: &Head<'_>,
        data: &[u8],
        size: u32,
    ) -> Result<(u32, u32), EngineError> {
        if self.room.bytes.len() >= to_usize(self.piece_bytes()) {
            self.write()?;
        }
        let Room { bytes, hints, subject: whole, .. } = &mut *self.room;
        let same = head.flags & WHOLE_SUBJECT == 0 && file.info.prefix == self.info.prefix;
        let (subject, whole_flag) = if same {
            (head.subject, 0)
        } else {
            whole.clear();
            if head.flags & WHOLE_SUBJECT == 0 {
                whole.extend_from_slice(file.info.prefix.as_bytes());
            }
            whole.extend_from_slice(head.subject);
            Writer::stored_subject(&self.info.prefix, whole)
        };
        let at = bytes.len();
        let offset = self.written + to_u32(at);
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
        entry::encode(bytes, place, self.info.base, &moved, &[data]);
        let checksum = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        self.digest = crc32c::crc32c_append(self.digest, &checksum);
        let length = to_u32(bytes.len() - at);
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
        hints.push(self.info.base, &hint);
        Ok((offset, length))
    }

    /// Puts into the file what is not in it yet. Nobody may rely on it: it is not synced.
    fn write(&mut self) -> Result<(), EngineError> {
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(create(self.stream, &self.path)?),
        };
        let bytes = &mut self.room.bytes;
        file.write_at(bytes, u64::from(self.written)).map_err(EngineError::io("write", &self.path))?;
        self.written += to_u32(bytes.len());
        bytes.clear();
        Ok(())
    }

    /// Makes the segment and its hints durable; `None` if nothing was copied.
    pub(super) fn finish(mut self) -> Result<Option<Made>, EngineError> {
        if self.room.moved.is_empty() {
            return Ok(None);
        }
        self.write()?;
        let Some(file) = self.file.take() else { return Ok(None) };
        // A file in memory grew by more than it needs.
        if self.stream.config.read().storage == Storage::Memory {
            file.set_len(u64::from(self.written)).map_err(EngineError::io("shorten", &self.path))?;
        }
        sync(&*file, &self.path)?;
        let hint_path = self.stream.dir.join(hint_file(self.info.id));
        let hints = create(self.stream, &hint_path)?;
        let bytes = self.room.hints.seal(&self.info, self.written);
        hints.write_at(bytes, 0).map_err(EngineError::io("write", &hint_path))?;
        sync(&*hints, &hint_path)?;
        let dir = &self.stream.dir;
        self.stream.env.fs.sync_dir(dir).map_err(EngineError::io("sync", dir))?;
        let file = Arc::new(SegmentFile::new(self.info, self.path, file));
        Ok(Some(Made { file, end: self.written, digest: self.digest }))
    }
}

fn create(stream: &StreamInner, path: &Path) -> Result<Arc<dyn File>, EngineError> {
    stream.env.fs.open(path, OpenMode::Replace).map_err(EngineError::io("create", path))
}

fn sync(file: &dyn File, path: &Path) -> Result<(), EngineError> {
    if planted::is(Bug::CompactWithoutSync) {
        return Ok(());
    }
    file.sync_data().map_err(EngineError::io("sync", path))
}

/// Two pieces, one that is read and one that is written, have room in the second cache of a processor.
const PIECE_BYTES_MAX: u32 = 256 << 10;
