//! The back of a stream: its files. Whoever holds the lock on it is the only one that writes them.

use super::writer::Chunk;
use crate::config::Sync;
use crate::convert::{to_u32, to_u64, to_usize};
use crate::env::{Env, File, OpenMode};
use crate::error::EngineError;
use crate::format::entry;
use crate::format::hint::{self, HintBlock, HintRef};
use crate::format::manifest::{End, Extent, ListedSegment, MANIFEST_FILE, Manifest};
use crate::format::segment::{SegmentHeader, SegmentInfo, hint_file, segment_file};
use crate::planted::{self, Bug};
use crate::segment_file::SegmentFile;
use crate::store::Shared;
use jetkv_types::Sequence;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The files of a stream.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) env: Env,
    pub(crate) shared: Arc<Shared>,
    pub(crate) dir: PathBuf,
    /// What the manifest on disk says, or will say when it is written next.
    pub(crate) manifest: Manifest,
    /// Whether the manifest on disk is older than that.
    pub(crate) manifest_stale: bool,
    pub(crate) open: Option<OpenSegment>,
}

/// The segment that entries are appended to.
#[derive(Debug)]
pub(crate) struct OpenSegment {
    pub(crate) file: Arc<SegmentFile>,
    /// Length of the file: zeros follow the entries.
    allocated: u32,
    /// Offset behind the last entry.
    pub(crate) end: u32,
    /// All before this offset is on stable storage.
    pub(crate) synced_end: u32,
    pub(crate) digest: u32,
    pub(crate) next_sequence: Sequence,
    hints: Option<HintWriter>,
    /// A sync failed: the system may have forgotten what it should have saved, so another one would prove nothing.
    sync_failed: Option<EngineError>,
}

#[derive(Debug)]
struct HintWriter {
    file: Arc<dyn File>,
    offset: u64,
    block: HintBlock,
}

impl OpenSegment {
    /// Takes a segment up again behind its last entry.
    pub(crate) fn resume(file: Arc<SegmentFile>, end: End, hints: Option<(Arc<dyn File>, u64)>) -> Self {
        Self {
            file,
            allocated: end.offset,
            end: end.offset,
            synced_end: end.offset,
            digest: end.digest,
            next_sequence: end.next_sequence,
            hints: hints.map(|(file, offset)| HintWriter { file, offset, block: HintBlock::default() }),
            sync_failed: None,
        }
    }

    fn end(&self) -> End {
        End { offset: self.end, next_sequence: self.next_sequence, digest: self.digest }
    }
}

impl Log {
    /// Writes a chunk behind the last entry; as durable as the store's sync mode asks when it returns.
    ///
    /// # Errors
    /// `StorageFull` if nothing of it is in the file; anything else if that is unknown.
    pub(crate) fn write_chunk(&mut self, chunk: &Chunk) -> Result<(), EngineError> {
        if let Some(info) = &chunk.begins {
            self.begin_segment(info.clone())?;
        }
        let mode = self.shared.options.sync;
        let mode = if planted::is(Bug::AcknowledgeUnsynced) { Sync::Os } else { mode };
        let shared = Arc::clone(&self.shared);
        let Some(open) = &mut self.open else { return Err(EngineError::Closed) };
        open.check_synced()?;
        let end = chunk.offset + to_u32(chunk.bytes.len());
        // Zeros ahead of need spare each sync a change of the length. Without syncs they would be written for nothing.
        if mode == Sync::Always {
            open.allocate(end, &shared)?;
        }
        open.write(chunk, &shared)?;
        open.next_sequence = chunk.next;
        for queued in &chunk.entries {
            open.note(queued.at + chunk.offset, chunk, queued.at, queued.size);
        }
        open.end = end;
        if mode == Sync::Always {
            open.sync(&shared)?;
            open.flush_hints();
        } else if open.hints.as_ref().is_some_and(|hints| hints.block.len() >= HINT_BYTES_MAX) {
            open.flush_hints();
        }
        Ok(())
    }

    /// Closes the open segment and makes the next one.
    fn begin_segment(&mut self, info: SegmentInfo) -> Result<(), EngineError> {
        self.seal_open()?;
        let mut header = SegmentHeader { info, config: self.manifest.config.clone() };
        let bytes = header.seal();
        let path = self.dir.join(segment_file(header.info.id));
        let create = |path: &Path, bytes: &[u8]| {
            let file = self.env.fs.open(path, OpenMode::Replace).map_err(EngineError::io("create", path))?;
            file.write_at(bytes, 0).map_err(EngineError::io("write", path))?;
            Ok::<_, EngineError>(file)
        };
        let made = self.with_reserve(|| {
            let file = create(&path, &bytes)?;
            file.sync_data().map_err(EngineError::io("sync", &path))?;
            let info = &header.info;
            let hint_header = hint::seal_header(info.stream_id, info.id, info.salt);
            // Hints are worth having, not worth failing for.
            let hints = create(&self.dir.join(hint_file(info.id)), &hint_header).ok();
            self.env.fs.sync_dir(&self.dir).map_err(EngineError::io("sync", &self.dir))?;
            Ok((file, hints))
        });
        let (file, hints) = made?;
        self.manifest.segments.push(ListedSegment { info: header.info.clone(), extent: Extent::Open });
        if let Err(error) = self.write_manifest() {
            self.manifest.segments.pop();
            // The manifest may have reached the disk; the next one says again that the segment is not there.
            self.manifest_stale = true;
            return Err(error);
        }
        let start = End { offset: header.info.data_start, next_sequence: header.info.base, digest: 0 };
        let file = Arc::new(SegmentFile::new(header.info, path, file));
        let hints = hints.map(|file| (file, to_u64(hint::HEADER_BYTES)));
        self.open = Some(OpenSegment::resume(file, start, hints));
        Ok(())
    }

    /// Makes the open segment the last word on itself: synced, cut to its entries, and listed with its end.
    pub(crate) fn seal_open(&mut self) -> Result<(), EngineError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        // The full segment is synced before the next one exists, so recovery never meets a gap.
        open.finish(&self.shared)?;
        let end = open.end();
        self.open = None;
        if let Some(last) = self.manifest.segments.last_mut() {
            last.extent = Extent::Sealed(end);
            self.manifest_stale = true;
        }
        Ok(())
    }

    /// Leaves the mark of a clean stop.
    pub(crate) fn close(&mut self) -> Result<(), EngineError> {
        if let Some(mut open) = self.open.take() {
            open.finish(&self.shared)?;
            let extent = Extent::Clean(open.end());
            if let Some(last) = self.manifest.segments.last_mut().filter(|last| last.extent != extent) {
                last.extent = extent;
                self.manifest_stale = true;
            }
        }
        if self.manifest_stale { self.write_manifest() } else { Ok(()) }
    }

    /// Syncs what was written since the last sync.
    pub(crate) fn sync(&mut self) -> Result<(), EngineError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        if open.synced_end < open.end {
            open.sync(&self.shared)?;
        }
        open.flush_hints();
        Ok(())
    }

    /// Writes the manifest; durable when it returns.
    pub(crate) fn write_manifest(&mut self) -> Result<(), EngineError> {
        self.manifest.generation += 1;
        let bytes = self.manifest.seal();
        self.with_reserve(|| crate::copies::write(&self.env, &self.dir, MANIFEST_FILE, &bytes))?;
        self.manifest_stale = false;
        Ok(())
    }

    /// Runs an operation; if the disk is full, once more with the space kept back for that.
    pub(crate) fn with_reserve<T>(
        &self,
        operation: impl Fn() -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        self.shared.reserve.used_for(operation)
    }
}

impl OpenSegment {
    /// Makes sure that the file reaches to `end`, with zeros, so that a sync need not change its length.
    fn allocate(&mut self, end: u32, shared: &Shared) -> Result<(), EngineError> {
        if end <= self.allocated {
            return Ok(());
        }
        let step = (self.end / 2).clamp(ALLOCATE_BYTES_MIN, ALLOCATE_BYTES_MAX);
        let wanted = end
            .checked_next_multiple_of(ALLOCATE_BYTES_MIN)
            .unwrap_or(end)
            .max(self.end.saturating_add(step));
        let extend = || {
            let mut at = self.allocated;
            while at < wanted {
                let zeros = &ZEROS[..to_usize(wanted - at).min(ZEROS.len())];
                let outcome = self.file.file.write_at(zeros, u64::from(at));
                outcome.map_err(EngineError::io("extend", &self.file.path))?;
                at += to_u32(zeros.len());
            }
            Ok(())
        };
        let outcome = match extend() {
            Err(EngineError::StorageFull { .. }) if shared.reserve.release() => extend(),
            outcome => outcome,
        };
        if let Err(error) = outcome {
            self.cut_back()?;
            return Err(error);
        }
        self.allocated = wanted;
        Ok(())
    }

    fn write(&mut self, chunk: &Chunk, shared: &Shared) -> Result<(), EngineError> {
        let write = || {
            let outcome = self.file.file.write_at(&chunk.bytes, u64::from(chunk.offset));
            outcome.map_err(EngineError::io("write", &self.file.path))
        };
        let outcome = match write() {
            Err(EngineError::StorageFull { .. }) if shared.reserve.release() => write(),
            outcome => outcome,
        };
        if let Err(error @ EngineError::StorageFull { .. }) = outcome {
            // Nothing of a refused write may be found later.
            self.cut_back()?;
            return Err(error);
        }
        outcome
    }

    /// Cuts the file behind its last entry.
    fn cut_back(&mut self) -> Result<(), EngineError> {
        self.file.file.set_len(u64::from(self.end)).map_err(EngineError::io("cut", &self.file.path))?;
        self.allocated = self.end;
        Ok(())
    }

    fn sync(&mut self, shared: &Shared) -> Result<(), EngineError> {
        self.check_synced()?;
        shared.counters.syncs.fetch_add(1, Ordering::Relaxed);
        let synced = shared.sync_meter.measure(|| self.file.file.sync_data());
        if let Err(error) = synced.map_err(EngineError::io("sync", &self.file.path)) {
            self.sync_failed = Some(error.clone());
            return Err(error);
        }
        self.synced_end = self.end;
        Ok(())
    }

    /// Fails after a failed sync, with the same error.
    fn check_synced(&self) -> Result<(), EngineError> {
        self.sync_failed.clone().map_or(Ok(()), Err)
    }

    fn finish(&mut self, shared: &Shared) -> Result<(), EngineError> {
        self.cut_back()?;
        self.sync(shared)?;
        self.flush_hints();
        if let Some(hints) = &self.hints {
            // Unsynced hints would be found incomplete at worst.
            let _ = hints.file.sync_data();
        }
        Ok(())
    }

    /// Takes an entry into the digest and the hints.
    fn note(&mut self, offset: u32, chunk: &Chunk, at: u32, size: u32) {
        let bytes = &chunk.bytes[to_usize(at)..];
        let Some(head) = entry::own_head(bytes, self.file.info.base) else { return };
        let checksum = [bytes[0], bytes[1], bytes[2], bytes[3]];
        self.digest = crc32c::crc32c_append(self.digest, &checksum);
        let Some(hints) = &mut self.hints else { return };
        let length = head.entry_length();
        hints.block.push(
            self.file.info.base,
            &HintRef {
                kind: head.kind,
                flags: head.flags,
                sequence: head.sequence,
                offset,
                length: to_u32(length),
                size,
                head_checksum: u32::from_le_bytes(checksum),
                deadline: head.deadline,
                floor: head.floor,
                subject: head.subject,
                data: &bytes[length - to_usize(head.data_length)..length],
            },
        );
    }

    /// Writes the hints of what was committed. They testify that it was durable, so they follow the sync.
    fn flush_hints(&mut self) {
        let Some(hints) = self.hints.as_mut().filter(|hints| !hints.block.is_empty()) else { return };
        let block = hints.block.seal(self.file.info.salt, hints.offset, self.synced_end);
        if hints.file.write_at(block, hints.offset).is_ok() {
            hints.offset += to_u64(block.len());
            hints.block.clear();
        } else {
            // A gap makes all later hints worthless; recovery reads the segment instead.
            self.hints = None;
        }
    }
}

/// What files are extended with; no memory has to be had for it.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

const ALLOCATE_BYTES_MIN: u32 = 16 << 10;
const ALLOCATE_BYTES_MAX: u32 = 4 << 20;
/// Hints are held back up to this size where they do not testify anything.
const HINT_BYTES_MAX: usize = 64 << 10;
