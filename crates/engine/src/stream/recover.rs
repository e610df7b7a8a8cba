//! Opening a stream: from its manifest and hints after a clean stop, by reading what hints do not cover after a crash.
//!
//! Recovery changes no byte of a segment. A segment with a torn tail is closed at its last complete batch and left as it
//! is; what follows goes into a new one.

mod ahead;
mod files;
mod rebuild;
mod run;

pub(super) use files::read_header;

use super::commit::apply_entry;
use super::create::NewStream;
use super::log::{Log, OpenSegment};
use super::scan::{self, Found, Known, Scan};
use crate::config::Storage;
use crate::convert::{to_u32, to_u64, to_usize, to_usize_wide};
use crate::damage::{Damage, DamageKind};
use crate::env::{Env, OpenMode};
use crate::error::EngineError;
use crate::format::config;
use crate::format::entry::{self, Head};
use crate::format::hint::{self, HintFile, HintRef};
use crate::format::manifest::{End, Extent, ListedSegment, MANIFEST_FILE, Manifest, Read};
use crate::format::segment::{SegmentInfo, hint_file, segment_file};
use crate::index::{SegmentIndex, StreamIndex};
use crate::planted::{self, Bug};
use crate::segment_file::{MissingFile, SegmentFile};
use crate::store::Shared;
use ahead::{Ahead, Hints};
use files::{Headers, is_begun_by};
use rebuild::{Rebuilt, rebuild_manifest};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens the stream in `dir`.
///
/// # Errors
/// `Damaged` if nothing there says what the stream is; `NewerFormat`; `Io` if files cannot be read.
pub(crate) fn open(shared: Arc<Shared>, env: Env, dir: &Path, id: u64) -> Result<NewStream, EngineError> {
    let mut recovery =
        Recovery { shared, env, dir: dir.to_owned(), index: StreamIndex::new(1), damages: Vec::new() };
    let (Rebuilt { mut manifest, lost }, mut manifest_stale) = recovery.read_manifest(id)?;
    let config = config::decode(&manifest.config).ok_or_else(|| recovery.unknown_stream())?;
    let headers = recovery.segment_headers()?;
    recovery.index = StreamIndex::new(1);
    let (open, changed) = recovery.load_all(&mut manifest.segments, &headers)?;
    manifest_stale |= changed;
    for id in lost {
        recovery.list_lost(&mut manifest, id, &headers)?;
    }
    let next_segment_id = headers.next_id.max(manifest.next_segment_id);
    recovery.remove_unlisted(&manifest, &headers)?;
    let Recovery { shared, env, dir, mut index, damages } = recovery;
    index.next = index.next.max(manifest.next_sequence);
    let floors = manifest.segments.iter().map(|segment| segment.info.stream_floor);
    if !planted::is(Bug::ForgetStreamFloor) {
        index.apply_stream_floor(floors.fold(manifest.stream_floor, u64::max));
    }
    index.refresh_first();
    let log = Log {
        env: env.clone(),
        shared: Arc::clone(&shared),
        dir: dir.clone(),
        manifest,
        manifest_stale,
        open,
    };
    Ok(NewStream { config, env, shared, log, index, damages, next_segment_id })
}

struct Recovery {
    shared: Arc<Shared>,
    env: Env,
    dir: PathBuf,
    index: StreamIndex,
    damages: Vec<Damage>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// Another segment was begun behind it.
    Followed,
    Last,
}

struct Loaded {
    extent: Extent,
    open: Option<OpenSegment>,
}

impl Recovery {
    /// Reads the manifest, or makes one out of what else there is; says whether the one on disk is not like it.
    fn read_manifest(&mut self, id: u64) -> Result<(Rebuilt, bool), EngineError> {
        let read = |bytes: &[u8]| match Manifest::open(bytes) {
            // A manifest of another stream is as good as none.
            Read::Valid(manifest) if manifest.stream_id != id => Read::Invalid,
            other => other,
        };
        let copies = crate::copies::read(&*self.env.fs, &self.dir, MANIFEST_FILE, read, |manifest| {
            manifest.generation
        })?;
        crate::copies::set_aside(&self.env, &copies.damages, &self.shared.quarantine)?;
        let stale = !copies.damages.is_empty();
        self.damages.extend(copies.damages);
        if let Some(manifest) = copies.newest {
            return Ok((Rebuilt { manifest, lost: Vec::new() }, stale));
        }
        let headers = self.segment_headers()?;
        let rebuilt = rebuild_manifest(id, &headers).ok_or_else(|| self.unknown_stream())?;
        self.damages.push(self.damage_of(MANIFEST_FILE, DamageKind::Metadata));
        Ok((rebuilt, true))
    }

    fn unknown_stream(&self) -> EngineError {
        EngineError::Damaged(Arc::new(self.damage_of(MANIFEST_FILE, DamageKind::MissingFile)))
    }

    fn damage_of(&self, name: &str, kind: DamageKind) -> Damage {
        Damage { path: self.dir.join(name), offset: 0, length: 0, sequences: None, subject: None, kind }
    }

    /// Loads all segments in order; returns the one that is appended to, if any, and whether what is listed has changed.
    fn load_all(
        &mut self,
        segments: &mut [ListedSegment],
        headers: &Headers,
    ) -> Result<(Option<OpenSegment>, bool), EngineError> {
        let (mut open, mut changed) = (None, false);
        let hasher = self.index.table.hasher();
        std::thread::scope(|scope| {
            let (env, dir) = (self.env.clone(), self.dir.clone());
            self.index.table.reserve(messages_max(segments));
            let mut ahead = Ahead::begin(scope, &env, &dir, segments, hasher);
            let count = segments.len();
            for (number, listed) in (1..).zip(segments) {
                let Some(mut hints) = ahead.next() else { break };
                let place = if number == count { Position::Last } else { Position::Followed };
                let loaded = self.load(listed, place, headers, &mut hints)?;
                ahead.give_back(hints);
                changed |= listed.extent != loaded.extent;
                listed.extent = loaded.extent;
                open = loaded.open;
            }
            ahead.finish();
            self.index.table.shrink();
            Ok((open, changed))
        })
    }

    fn load(
        &mut self,
        listed: &ListedSegment,
        position: Position,
        headers: &Headers,
        hints: &mut Hints,
    ) -> Result<Loaded, EngineError> {
        let info = &listed.info;
        let Some(path) = self.find_file(info, headers) else { return self.load_missing(listed, hints) };
        let mode = OpenMode::ReadWrite;
        let file = self.env.fs.open(&path, mode).map_err(EngineError::io("open", &path))?;
        let length = file.len().map_err(EngineError::io("read", &path))?;
        let file = Arc::new(SegmentFile::new(info.clone(), path, file));
        let summary = hints.summary;
        let complete =
            |end: &End| summary.end == end.offset && summary.digest == end.digest && hints.are_intact();
        let trusted = match listed.extent {
            Extent::Sealed(end) => complete(&end) && length >= u64::from(end.offset),
            Extent::Clean(end) => complete(&end) && length == u64::from(end.offset),
            Extent::Open => false,
        };
        let trusted = trusted || planted::is(Bug::TrustStaleHints) && summary.entry_count > 0;
        if !trusted {
            let torn = !hints.are_intact();
            let lost = match listed.extent {
                // Of a segment that was closed they were synced as a whole.
                Extent::Sealed(end) => summary.end < end.offset || torn,
                // What was appended since the clean stop has hints that a cut may have torn.
                Extent::Clean(end) => summary.end < end.offset || torn && length == u64::from(end.offset),
                Extent::Open => false,
            };
            if lost {
                self.damages.push(self.damage_of(&hint_file(info.id), DamageKind::Metadata));
            }
            return self.load_by_scan(file, listed, position, hints);
        }
        let last = self.apply_hints(&file, hints);
        let time = last.and_then(|(offset, length)| last_time(&file, offset, length));
        self.index.last_time = self.index.last_time.max(time.unwrap_or(0));
        let open = match listed.extent {
            Extent::Clean(end) => {
                let hint_path = self.dir.join(hint_file(info.id));
                let file_of_hints = self.env.fs.open(&hint_path, OpenMode::ReadWrite).ok();
                let resumed = file_of_hints.map(|file| (file, hints.intact_bytes()));
                Some(OpenSegment::resume(file, end, resumed))
            }
            Extent::Sealed(_) | Extent::Open => None,
        };
        if let Extent::Sealed(end) | Extent::Clean(end) = listed.extent {
            self.index.next = self.index.next.max(end.next_sequence);
        }
        Ok(Loaded { extent: listed.extent, open })
    }

    /// Applies the hints of a segment that is taken as they describe it; returns the place of the last entry.
    fn apply_hints(&mut self, file: &Arc<SegmentFile>, hints: &mut Hints) -> Option<(u32, u32)> {
        let slots = std::mem::take(&mut hints.slots);
        run::apply(&mut self.index, SegmentIndex::with_unclaimed(Arc::clone(file), slots), hints);
        hints.last
    }

    fn load_missing(&mut self, listed: &ListedSegment, hints: &Hints) -> Result<Loaded, EngineError> {
        let info = &listed.info;
        let path = self.dir.join(segment_file(info.id));
        self.damages.push(self.damage_of(&segment_file(info.id), DamageKind::MissingFile));
        let file = Arc::new(SegmentFile::new(info.clone(), path, Arc::new(MissingFile)));
        self.load_by_scan(file, listed, Position::Followed, hints)
    }

    fn load_by_scan(
        &mut self,
        file: Arc<SegmentFile>,
        listed: &ListedSegment,
        position: Position,
        known: &Hints,
    ) -> Result<Loaded, EngineError> {
        let (hint_bytes, summary) = (&known.bytes[..], known.summary);
        let hint_path = self.dir.join(hint_file(file.info.id));
        let path = file.path.clone();
        let length = file.file.len().map_err(EngineError::io("read", &path))?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        let read = file.file.read_at(&mut bytes, 0).map_err(EngineError::io("read", &path))?;
        bytes.truncate(read);
        let mut hints = Vec::with_capacity(summary.entry_count);
        hint::walk(hint_bytes, &file.info, &mut |hint| hints.push(Found::of_hint(hint)));
        let sealed = match listed.extent {
            Extent::Sealed(end) => Some((end.offset, end.next_sequence)),
            Extent::Clean(_) | Extent::Open => None,
        };
        let clean_upto = if let Extent::Clean(end) = listed.extent { end.offset } else { 0 };
        let written = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| to_u32(last + 1));
        // A segment is synced as a whole before the next one is begun.
        let followed =
            if position == Position::Followed && sealed.is_none() { written.max(summary.end) } else { 0 };
        let durable_upto = summary.durable_upto.max(clean_upto).max(followed);
        let mut scan =
            scan::scan(&file, &bytes, &Known { hints: &hints, durable_upto, storage: Storage::File, sealed });
        if sealed.is_none() && !planted::is(Bug::ShowUnsynced) {
            // What is shown from now on must not be lost by a power cut that comes before the next write. After a failed
            // sync the system may hold it in memory and think it saved: the same bytes are written once more.
            let unsure = to_usize(durable_upto.min(scan.end))..to_usize(scan.end);
            if !unsure.is_empty() && unsure.end <= bytes.len() {
                let offset = u64::from(durable_upto);
                file.file.write_at(&bytes[unsure], offset).map_err(EngineError::io("write", &path))?;
            }
            file.file.sync_data().map_err(EngineError::io("sync", &path))?;
        }
        let whole = clean_upto > 0 && summary.end == clean_upto && known.are_intact();
        if sealed.is_none() && scan.intact_count == 0 && !whole && !is_begun_by(&bytes, &file.info) {
            // Its header was durable before anything could follow it: whatever took that has taken the entries too, and a
            // power cut may have taken the hints of the newest ones.
            self.lose_unsealed(&file, &mut scan);
        }
        let damaged = !scan.damages.is_empty();
        if scan.torn_bytes > 0 && sealed.is_none() {
            self.damages.push(Damage {
                length: scan.torn_bytes,
                offset: u64::from(scan.end),
                path,
                ..self.damage_of("", DamageKind::UnexplainedTail)
            });
        }
        if !damaged && (summary.end != scan.end || !known.are_intact()) {
            let mut before = hint_bytes;
            if listed.extent != Extent::Open && !before.is_empty() {
                // Whole blocks may be missing from them; they are evidence all the same.
                crate::copies::quarantine_file(&self.env, &hint_path, &self.shared.quarantine)?;
                before = &[];
            }
            self.rewrite_hints(&file.info, &scan.entries, scan.end, &hint_path, before)?;
        } else if !damaged && sealed.is_none() {
            // From now on the segment is closed, and hints of a closed segment are durable as a whole.
            if let Ok(hints) = self.env.fs.open(&hint_path, OpenMode::ReadWrite) {
                hints.sync_data().map_err(EngineError::io("sync", &hint_path))?;
            }
        }
        let holes = scan.damages.iter().filter(|damage| damage.kind == DamageKind::Hole).cloned();
        self.index.holes.extend(holes.map(Arc::new));
        self.damages.extend(scan.damages);
        self.index.segments.push(SegmentIndex::with_capacity(Arc::clone(&file), scan.entries.len()));
        let mut subject = file.info.prefix.as_bytes().to_vec();
        for found in &scan.entries {
            apply_hint(&mut self.index, &file.info, &found.as_hint(), found.time, &mut subject);
        }
        if let Some(segment) = self.index.segments.last_mut() {
            segment.damaged = damaged;
            segment.end = segment.end.max(scan.end);
        }
        let end = End { offset: scan.end, next_sequence: scan.next_sequence, digest: scan.digest };
        let extent = match listed.extent {
            Extent::Sealed(_) => listed.extent,
            Extent::Clean(_) | Extent::Open => Extent::Sealed(end),
        };
        self.index.next = self.index.next.max(scan.next_sequence);
        Ok(Loaded { extent, open: None })
    }

    /// Gives up what a segment held behind its known entries, when nothing in it tells where it ended.
    fn lose_unsealed(&self, file: &SegmentFile, scan: &mut Scan) {
        let first = scan.next_sequence;
        // No more can have been lost than entries fit into a segment; their sequences are never used again.
        let count = self.shared.options.segment_bytes_max / to_u32(entry::FIXED_BYTES);
        scan.next_sequence = first + u64::from(count);
        let (offset, length) = (u64::from(scan.end), to_u64(entry::FIXED_BYTES));
        // Listed with an end behind that, the segment shows the hole whenever it is opened.
        scan.end += to_u32(entry::FIXED_BYTES);
        scan.damages.push(Damage {
            path: file.path.clone(),
            offset,
            length,
            sequences: Some((first, scan.next_sequence - 1)),
            ..self.damage_of("", DamageKind::Hole)
        });
    }

    /// Writes complete hints for a segment that was read, so that it need not be read next time.
    fn rewrite_hints(
        &self,
        info: &SegmentInfo,
        entries: &[Found],
        durable_upto: u32,
        path: &Path,
        before: &[u8],
    ) -> Result<(), EngineError> {
        let incomplete_only = hint::walk(before, info, &mut |_| {}).intact_bytes == before.len();
        if !before.is_empty() && !incomplete_only {
            crate::copies::quarantine_file(&self.env, path, &self.shared.quarantine)?;
        }
        let mut hints = HintFile::default();
        entries.iter().for_each(|found| hints.push(info.base, &found.as_hint()));
        let bytes = hints.seal(info, durable_upto);
        let temporary = path.with_extension("idx.tmp");
        let write = || {
            let file = self.env.fs.open(&temporary, OpenMode::Replace)?;
            file.write_at(bytes, 0)?;
            file.sync_data()?;
            self.env.fs.rename(&temporary, path)?;
            self.env.fs.sync_dir(&self.dir)
        };
        // Hints are worth having, not worth failing for: without them the segment is read again.
        let _: io::Result<()> = write();
        Ok(())
    }
}

fn apply_hint(
    index: &mut StreamIndex,
    info: &SegmentInfo,
    hint: &HintRef<'_>,
    time: u64,
    subject: &mut Vec<u8>,
) {
    let whole = whole_subject(subject, info, hint.flags, hint.subject);
    let head = Head {
        kind: hint.kind,
        flags: hint.flags,
        sequence: hint.sequence,
        durable_upto: 0,
        time,
        deadline: hint.deadline,
        floor: hint.floor,
        subject: hint.subject,
        header_length: 0,
        data_length: 0,
    };
    apply_entry(index, &head, whole, (hint.offset, hint.length, hint.size), hint.data);
}

/// Returns a subject with the prefix of its segment, which `buffer` begins with.
fn whole_subject<'a>(buffer: &'a mut Vec<u8>, info: &SegmentInfo, flags: u8, stored: &'a [u8]) -> &'a [u8] {
    if flags & entry::WHOLE_SUBJECT != 0 {
        return stored;
    }
    buffer.truncate(info.prefix.len());
    buffer.extend_from_slice(stored);
    buffer
}

/// Returns how many messages the segments can hold, by what is listed of them.
fn messages_max(segments: &[ListedSegment]) -> usize {
    let of = |listed: &ListedSegment| match listed.extent {
        Extent::Sealed(end) | Extent::Clean(end) => {
            let sequences = end.next_sequence.saturating_sub(listed.info.base);
            sequences.min(u64::from(end.offset) / to_u64(entry::FIXED_BYTES))
        }
        Extent::Open => 0,
    };
    to_usize_wide(segments.iter().map(of).sum())
}

fn last_time(file: &SegmentFile, offset: u32, length: u32) -> Option<u64> {
    let bytes = file.read_bytes(offset, length).ok()?;
    entry::decode_head(&bytes, file.place(offset), file.info.base).ok().map(|head| head.time)
}
