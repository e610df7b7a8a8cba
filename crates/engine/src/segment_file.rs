//! An open segment file, shared by everybody who reads it; it stays readable after its name is gone.

mod missing;

pub(crate) use missing::MissingFile;

use crate::block_cache::{BlockCache, Blocks, Held, Span};
use crate::convert::to_usize;
use crate::damage::{Damage, DamageKind};
use crate::env::File;
use crate::error::EngineError;
use crate::format::entry::{self, COMPRESSED, Kind, Place, WHOLE_SUBJECT};
use crate::format::segment::SegmentInfo;
use crate::index::Location;
use crate::stream::Peeked;
use bytes::Bytes;
use jetkv_types::{Headers, Message, Sequence, Subject, Timestamp};
use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

/// A segment's file and what is needed to read entries from it.
#[derive(Debug)]
pub(crate) struct SegmentFile {
    pub(crate) info: SegmentInfo,
    pub(crate) path: PathBuf,
    pub(crate) file: Arc<dyn File>,
    blocks: Blocks,
}

impl SegmentFile {
    pub(crate) fn new(info: SegmentInfo, path: PathBuf, file: Arc<dyn File>) -> Self {
        Self { info, path, file, blocks: Blocks::default() }
    }

    /// Reads and verifies the message at a place; the sequence must be the expected one.
    ///
    /// # Errors
    /// `Damaged` if the bytes are not the message that was written there, `Io` if they cannot be read.
    pub(crate) fn read(&self, offset: u32, length: u32, sequence: Sequence) -> Result<Message, EngineError> {
        let damaged = || self.damaged(offset, length, sequence, None);
        let is_it = |message: &Message| message.sequence == sequence;
        let mut near = [0; NEAR_BYTES];
        let Some(short) = near.get_mut(..to_usize(length)) else {
            let bytes = Bytes::from(self.read_bytes(offset, length)?);
            return self
                .decode(&bytes, offset, |part| bytes.slice_ref(part))
                .filter(is_it)
                .ok_or_else(damaged);
        };
        // A short entry needs no memory of its own, only what the message keeps of it.
        let read = self.file.read_at(short, u64::from(offset));
        let read = read.map_err(EngineError::io("read", &self.path))?;
        self.decode(&short[..read], offset, Bytes::copy_from_slice).filter(is_it).ok_or_else(damaged)
    }

    /// Does what [`Self::read`] does, out of the cache if it can.
    pub(crate) fn read_cached(&self, at: &Location, cache: &Arc<BlockCache>) -> Result<Message, EngineError> {
        if let Some(held) = self.held(at, cache) {
            let message = self.decode(held.bytes(), at.offset, Bytes::copy_from_slice);
            if let Some(message) = message.filter(|message| message.sequence == at.sequence) {
                return Ok(message);
            }
            drop(held);
            cache.forget(&self.span(at));
        }
        self.read(at.offset, at.length, at.sequence)
    }

    /// Returns a message where the cache has it, to be verified.
    pub(crate) fn held<'a>(&self, at: &Location, cache: &'a Arc<BlockCache>) -> Option<Held<'a>> {
        cache.find(&self.span(at))
    }

    /// Shows a message to `look` without allocating, out of `held` if that has it, else out of `buffer`; it is verified
    /// first, and its sequence must be the expected one, and its subject if one is given.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn peek<T>(
        &self,
        at: &Location,
        subject: Option<&[u8]>,
        (held, cache): (Option<Held<'_>>, &Arc<BlockCache>),
        buffer: &mut Vec<u8>,
        look: impl FnOnce(&Peeked<'_>) -> T,
    ) -> Result<T, EngineError> {
        let span = self.span(at);
        if let Some(held) = held {
            if let Some(peeked) = self.view(held.bytes(), at, subject) {
                return Ok(look(&peeked));
            }
            // What is not as it was written is read from the file, which tells what is damaged.
            drop(held);
            cache.forget(&span);
        } else if cache.gather(&span, buffer) {
            if let Some(peeked) = self.view(buffer, at, subject) {
                return Ok(look(&peeked));
            }
            cache.forget(&span);
        }
        let length = to_usize(at.length);
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        let read = self
            .file
            .read_at(&mut buffer[..length], u64::from(at.offset))
            .map_err(EngineError::io("read", &self.path))?;
        let peeked = self.view(&buffer[..read], at, subject);
        let damaged = || self.damaged(at.offset, at.length, at.sequence, None);
        peeked.map(|peeked| look(&peeked)).ok_or_else(damaged)
    }

    fn span(&self, at: &Location) -> Span<'_> {
        Span {
            blocks: &self.blocks,
            file: &*self.file,
            offset: at.offset,
            length: at.length,
            committed: at.committed,
        }
    }

    /// Takes bytes as the message that stands at a place, with this subject if one is given; `None` if they are anything else.
    fn view<'a>(&'a self, bytes: &'a [u8], at: &Location, subject: Option<&[u8]>) -> Option<Peeked<'a>> {
        let entry = entry::decode(bytes, self.place(at.offset), self.info.base).ok()?;
        let head = &entry.head;
        let Kind::Message(operation) = head.kind else { return None };
        let prefix = if head.flags & WHOLE_SUBJECT == 0 { self.info.prefix.as_bytes() } else { &[] };
        let names = |subject: &[u8]| subject.strip_prefix(prefix).is_some_and(|rest| rest == head.subject);
        if head.sequence != at.sequence || !subject.is_none_or(names) {
            return None;
        }
        let (headers, payload) = entry.data.split_at_checked(to_usize(head.header_length))?;
        let payload = if head.flags & COMPRESSED == 0 {
            Cow::Borrowed(payload)
        } else {
            Cow::Owned(decompress(payload)?.to_vec())
        };
        let (sequence, time) = (head.sequence, Timestamp::from_nanos(head.time));
        Some(Peeked { sequence, time, operation, headers, payload })
    }

    /// Takes bytes from this place as a message; `None` if they are anything else. `keep` makes parts of them last.
    pub(crate) fn decode(&self, bytes: &[u8], offset: u32, keep: impl Fn(&[u8]) -> Bytes) -> Option<Message> {
        let entry = entry::decode(bytes, self.place(offset), self.info.base).ok()?;
        let Kind::Message(operation) = entry.head.kind else { return None };
        let subject = self.subject_of(entry.head.flags, entry.head.subject)?;
        let (sequence, time) = (entry.head.sequence, Timestamp::from_nanos(entry.head.time));
        let (block, payload) = entry.data.split_at_checked(to_usize(entry.head.header_length))?;
        let headers =
            if block.is_empty() { Headers::none() } else { Headers::from_block(keep(block)).ok()? };
        let compressed = entry.head.flags & COMPRESSED != 0;
        let payload = if compressed { decompress(payload)? } else { keep(payload) };
        Some(Message { subject, sequence, time, operation, headers, payload })
    }

    /// Reads only when a message was stored.
    pub(crate) fn read_time(
        &self,
        offset: u32,
        length: u32,
        sequence: Sequence,
    ) -> Result<Timestamp, EngineError> {
        self.read(offset, length, sequence).map(|message| message.time)
    }

    /// Returns what there is of `length` bytes.
    pub(crate) fn read_bytes(&self, offset: u32, length: u32) -> Result<Vec<u8>, EngineError> {
        let mut bytes = vec![0; self.expected(offset, length)?];
        let read = self.file.read_at(&mut bytes, u64::from(offset));
        bytes.truncate(read.map_err(EngineError::io("read", &self.path))?);
        Ok(bytes)
    }

    /// Does what [`Self::read_bytes`] does, in memory that served before.
    pub(crate) fn read_into<'a>(
        &self,
        buffer: &'a mut Vec<u8>,
        offset: u32,
        length: u32,
    ) -> Result<&'a [u8], EngineError> {
        let length = self.expected(offset, length)?;
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        let read = self.file.read_at(&mut buffer[..length], u64::from(offset));
        Ok(&buffer[..read.map_err(EngineError::io("read", &self.path))?])
    }

    /// Returns for how many of so many bytes memory is worth having.
    fn expected(&self, offset: u32, length: u32) -> Result<usize, EngineError> {
        let (offset, mut length) = (u64::from(offset), u64::from(length));
        if length > TRUSTED_BYTES {
            // Damage may claim any length; what the file does not have takes no memory.
            let file_length = self.file.len().map_err(EngineError::io("read", &self.path))?;
            length = length.min(file_length.saturating_sub(offset));
        }
        Ok(usize::try_from(length).unwrap_or_default())
    }

    pub(crate) fn place(&self, offset: u32) -> Place {
        Place { salt: self.info.salt, offset }
    }

    /// Returns the whole subject of an entry.
    pub(crate) fn subject_of(&self, flags: u8, stored: &[u8]) -> Option<Subject> {
        let stored = std::str::from_utf8(stored).ok()?;
        let prefix = if flags & WHOLE_SUBJECT == 0 { &*self.info.prefix } else { "" };
        let mut text = String::with_capacity(prefix.len() + stored.len());
        text.push_str(prefix);
        text.push_str(stored);
        Subject::new(text).ok()
    }

    /// Returns the error that names this place.
    pub(crate) fn damaged(
        &self,
        offset: u32,
        length: u32,
        sequence: Sequence,
        subject: Option<Subject>,
    ) -> EngineError {
        EngineError::Damaged(Arc::new(Damage {
            path: self.path.clone(),
            offset: u64::from(offset),
            length: u64::from(length),
            sequences: Some((sequence, sequence)),
            subject,
            kind: DamageKind::Record,
        }))
    }
}

fn decompress(block: &[u8]) -> Option<Bytes> {
    let (length, block) = block.split_at_checked(4)?;
    let length = to_usize(u32::from_le_bytes(length.try_into().ok()?));
    // No byte of a block stands for more than 255, so a forged length takes no more memory than that.
    if length > jetkv_types::limits::MESSAGE_BYTES_MAX.min(block.len().saturating_mul(255)) {
        return None;
    }
    lz4_flex::block::decompress(block, length).ok().map(Bytes::from)
}

/// Returns the payload as `u32 length` and LZ4 block if that is smaller.
pub(crate) fn compress(payload: &[u8]) -> Option<Vec<u8>> {
    if payload.len() < COMPRESS_BYTES_MIN {
        return None;
    }
    let mut out = crate::convert::to_u32(payload.len()).to_le_bytes().to_vec();
    out.append(&mut lz4_flex::block::compress(payload));
    (out.len() < payload.len()).then_some(out)
}

/// Memory for so much is taken without a look at the length of the file.
const TRUSTED_BYTES: u64 = 256 << 10;
/// Entries up to this length are read into the stack.
const NEAR_BYTES: usize = 512;
/// Shorter payloads never become smaller by enough to matter.
const COMPRESS_BYTES_MIN: usize = 64;
