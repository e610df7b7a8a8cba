//! Compaction: what is live in a run of segments moves into a new one, and the old files go.
//!
//! Order: live entries are copied; everything that killed the rest is made durable; the new segment and its hints are
//! synced; the manifest names it in the place of the old ones; reads change over; the old files are removed.

use super::StreamInner;
use super::control::{dropped_sequences, floor_barrier, note_control};
use super::log::Log;
use super::recover::hint_file_bytes;
use super::scan::{self, Found, Known, Scan};
use super::writer::Writer;
use crate::convert::{to_u32, to_usize};
use crate::env::{OpenMode, read_file};
use crate::error::EngineError;
use crate::format::entry::{self, BATCH_CONTINUES, HAS_FLOOR, Head, Kind, Place, WHOLE_SUBJECT};
use crate::format::hint;
use crate::format::manifest::{End, Extent, ListedSegment};
use crate::format::segment::{SegmentHeader, SegmentInfo, hint_file, segment_file};
use crate::index::{Placed, SegmentIndex, StreamIndex};
use crate::planted::{self, Bug};
use crate::segment_file::SegmentFile;
use crate::wakes;
use jetkv_types::Sequence;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What becomes of the files that are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OldFiles {
    Remove,
    /// Moved aside, because they are damaged.
    Quarantine,
}

impl StreamInner {
    /// Rewrites what is worth it; says whether anything was done.
    pub(crate) fn compact_due(&self) -> Result<bool, EngineError> {
        let _wakes = wakes::hold();
        let Some(_alone) = self.compacting.try_lock() else { return Ok(false) };
        if self.writer.lock().stopped.is_some() {
            return Ok(false);
        }
        let Some(range) = self.due_range() else { return Ok(false) };
        self.rewrite(range, OldFiles::Remove)?;
        Ok(true)
    }

    /// Rewrites every segment that has anything dead in it.
    pub(crate) fn compact_all(&self) -> Result<(), EngineError> {
        let _wakes = wakes::hold();
        let _alone = self.compacting.lock();
        self.exclusively(|log, writer| {
            let index = self.index.read();
            let wasteful = index.segments.last().is_some_and(|last| last.live_bytes < last.used_bytes());
            if wasteful && log.open.is_some() {
                self.seal_locked(log, writer)?;
                self.begin_segment(writer, index.floor);
            }
            Ok(())
        })?;
        let wasteful = |segment: &SegmentIndex| !segment.damaged && segment.live_bytes < segment.used_bytes();
        let ids: Vec<u64> = {
            // With the lock, the segment that is open now is the last one in the index.
            let log = self.log.lock();
            let open = log.open.as_ref().map(|open| open.file.info.id);
            let index = self.index.read();
            let sealed = index.segments.iter().filter(|segment| Some(segment.info().id) != open);
            sealed.filter(|segment| wasteful(segment)).map(|segment| segment.info().id).collect()
        };
        for id in ids {
            let at = self.index.read().segments.iter().position(|segment| segment.info().id == id);
            if let Some(at) = at {
                self.rewrite(at..at + 1, OldFiles::Remove)?;
            }
        }
        Ok(())
    }

    /// Closes the open segment; if that fails, nothing is known about what is durable, and the stream stops.
    pub(crate) fn seal_locked(&self, log: &mut Log, writer: &mut Writer) -> Result<(), EngineError> {
        let outcome = log.seal_open();
        if let Err(error) = &outcome {
            let reason = super::commit::describe(error).into();
            writer.stopped = Some(EngineError::Poisoned { stream: self.name.clone(), reason });
        }
        outcome
    }

    /// Picks a segment of which nothing or little is needed any more, or the worst one if the stream as a whole wastes too much, or a
    /// run of small ones.
    fn due_range(&self) -> Option<Range<usize>> {
        let log = self.log.lock();
        let open = log.open.as_ref().map(|open| open.file.info.id);
        let index = self.index.read();
        let options = &self.shared.options;
        let sealed_count = index.segments.iter().filter(|segment| Some(segment.info().id) != open).count();
        let sealed = &index.segments[..sealed_count];
        let dead = |segment: &SegmentIndex| {
            segment.used_bytes().saturating_sub(segment.live_bytes + segment.control_bytes)
        };
        let single = |at: usize| Some(at..at + 1);
        let worth_it = |(at, segment): &(usize, &SegmentIndex)| {
            let gone = dead(segment) + if *at == 0 { segment.control_bytes } else { 0 };
            let needed = || {
                let mut others = index.segments.iter().enumerate().filter(|(other, _)| other != at);
                others.any(|(_, other)| segment.reaches_into(other))
            };
            let empty = segment.live_count == 0 && (segment.control_bytes == 0 || *at == 0 || !needed());
            !segment.damaged && (empty || gone * 4 > segment.used_bytes() * 3)
        };
        if let Some((at, _)) = sealed.iter().enumerate().find(worth_it) {
            return single(at);
        }
        let used: u64 = index.segments.iter().map(SegmentIndex::used_bytes).sum();
        let live: u64 = index.segments.iter().map(|segment| segment.live_bytes + segment.control_bytes).sum();
        // The longer one waits, the less is left to be copied: what is dead may be half of what is live, and the segment with
        // most of it goes first, with those beside it that are nearly as bad.
        let wasteful = used > live + live / 2 + u64::from(options.segment_bytes_min);
        if wasteful || self.shared.reserve.is_released() {
            let share = |at: usize| {
                let segment = &sealed[at];
                let gone = dead(segment) + if at == 0 { segment.control_bytes } else { 0 };
                if segment.damaged { 0 } else { gone * 1000 / segment.used_bytes().max(1) }
            };
            let worst = (0..sealed.len()).max_by_key(|at| share(*at));
            if let Some(worst) = worst.filter(|at| share(*at) >= DEAD_PER_MILLE_MIN) {
                let least = DEAD_PER_MILLE_MIN.max(share(worst) / 4 * 3);
                let room = u64::from(options.segment_bytes_max).min(used / 4);
                return Some(widen(worst, sealed, |at| share(at) >= least, room));
            }
        }
        let small = |segment: &SegmentIndex| {
            !segment.damaged && segment.used_bytes() < u64::from(options.segment_bytes_min) / 4
        };
        // Sequences in a segment are counted from its base in 32 bits.
        let near =
            |from: usize, segment: &SegmentIndex| segment.info().base - sealed[from].info().base < 1 << 31;
        let run = |at: usize| {
            let run = sealed[at..].iter().take(MERGED_SEGMENTS_MAX);
            run.take_while(|segment| small(segment) && near(at, segment)).count()
        };
        let start = (0..sealed.len()).find(|at| run(*at) >= MERGED_SEGMENTS_MIN)?;
        Some(start..start + run(start))
    }

    /// Moves what is live in a run of closed segments into a new one.
    pub(crate) fn rewrite(
        &self,
        range: Range<usize>,
        old_files: OldFiles,
    ) -> Result<Vec<PathBuf>, EngineError> {
        let _turn = self.turn();
        let (old, floor) = {
            let index = self.index.read();
            let old: Vec<_> = index.segments[range.clone()]
                .iter()
                .map(|segment| (Arc::clone(&segment.file), segment.end))
                .collect();
            (old, index.floor)
        };
        let Some((first, _)) = old.first() else { return Ok(Vec::new()) };
        let replaces = old.iter().map(|(file, _)| file.info.id).collect();
        let (info, config) = {
            // With the lock, no control can be on its way that this segment's id would wrongly vouch for, and the
            // configuration is the one that the place of the first entry was reckoned with.
            let log = self.log.lock();
            (self.plan_segment(first.info.base, floor, replaces), log.manifest.config.clone())
        };
        let mut copy = Copy { info: &info, bytes: Vec::new(), entries: Vec::new(), digest: 0 };
        for (file, end) in &old {
            self.copy_segment(&mut copy, file, *end, &range)?;
        }
        let Copy { bytes, entries, digest, .. } = copy;
        // Nothing refers to the new files yet, so nobody has to wait for their syncs.
        let header = SegmentHeader { info: info.clone(), config };
        let made =
            if entries.is_empty() { None } else { Some(self.make_segment(&header, &bytes, &entries)?) };
        let mut log = self.log.lock();
        // What killed the messages that are left behind must not be lost after them.
        if let Err(error) = self.sync_locked(&mut log, &mut self.writer.lock()) {
            self.forget_segment(&info);
            return Err(error);
        }
        let end = End {
            offset: info.data_start + to_u32(bytes.len()),
            next_sequence: next_sequence(&log, &old),
            digest,
        };
        let ids: Vec<u64> = old.iter().map(|(file, _)| file.info.id).collect();
        let before = log.manifest.segments.clone();
        let at = before.iter().position(|listed| ids.contains(&listed.info.id)).unwrap_or_default();
        log.manifest.segments.retain(|listed| !ids.contains(&listed.info.id));
        if made.is_some() {
            log.manifest
                .segments
                .insert(at, ListedSegment { info: info.clone(), extent: Extent::Sealed(end) });
        }
        self.describe_state(&mut log);
        if planted::is(Bug::RemoveOldFilesFirst) {
            self.discard_files(&old, old_files)?;
        }
        if let Err(error) = log.write_manifest() {
            // Either manifest may be on disk: the old files stay until one says otherwise.
            log.manifest.segments = before;
            log.manifest_stale = true;
            return Err(error);
        }
        {
            let mut index = self.index.write();
            let rewritten = made.map(|file| rewritten_index(&index, &range, file, &entries, end.offset));
            index.replace_segments(range, rewritten);
        }
        self.shared.counters.compactions.fetch_add(1, Ordering::Relaxed);
        self.counters.compactions.fetch_add(1, Ordering::Relaxed);
        drop(log);
        self.discard_files(&old, old_files)
    }

    fn copy_segment(
        &self,
        copy: &mut Copy<'_>,
        file: &SegmentFile,
        end: u32,
        range: &Range<usize>,
    ) -> Result<(), EngineError> {
        let (bytes, scan) = self.scan_segment(file, end)?;
        for found in &scan.entries {
            let index = self.index.read();
            let wanted = match found.kind {
                Kind::Message(_) => {
                    let here =
                        index.locate(found.sequence).is_some_and(|place| place.file.info.id == file.info.id);
                    here.then(Vec::new)
                }
                Kind::StreamFloor => None,
                Kind::SubjectFloor => needed_floor(&index, range, found).then(|| found.data.clone()),
                Kind::Drop => needed_drop(&index, range, found),
            };
            drop(index);
            let Some(control_data) = wanted else { continue };
            // Hints may know of entries that the file has no longer.
            let place = to_usize(found.offset)..to_usize(found.offset + found.length);
            let entry =
                entry::decode(bytes.get(place).unwrap_or_default(), file.place(found.offset), file.info.base);
            match entry {
                Ok(entry) if entry.head.kind.is_message() => copy.push(file, &entry.head, found, entry.data),
                Ok(entry) => copy.push(file, &entry.head, found, &control_data),
                // What a control says is known from its hint as well.
                Err(_) if !found.kind.is_message() => copy.push(file, &found.as_head(), found, &control_data),
                Err(_) => {
                    let damage = file.damaged(found.offset, found.length, found.sequence, None);
                    self.mark_damaged(file.info.id);
                    if let EngineError::Damaged(damage) = &damage {
                        let subject = file.subject_of(found.flags, &found.subject);
                        self.note_damage(crate::Damage { subject, ..(**damage).clone() });
                    }
                    return Err(damage);
                }
            }
        }
        Ok(())
    }

    /// Reads a whole segment up to its committed end, or as much as there is of it.
    pub(crate) fn scan_segment(&self, file: &SegmentFile, end: u32) -> Result<(Vec<u8>, Scan), EngineError> {
        let bytes = file.read_bytes(0, end)?;
        let hint_bytes =
            read_file(&*self.env.fs, &self.dir.join(hint_file(file.info.id))).unwrap_or_default();
        let mut hints = Vec::new();
        hint::walk(&hint_bytes, &file.info, &mut |hint| hints.push(Found::of_hint(hint)));
        let next = self.index.read().next;
        let storage = self.config.read().storage;
        let known = Known { hints: &hints, durable_upto: end, storage, sealed: Some((end, next)) };
        let scan = scan::scan(file, &bytes, &known);
        Ok((bytes, scan))
    }

    pub(crate) fn mark_damaged(&self, segment_id: u64) {
        let mut index = self.index.write();
        if let Some(segment) = index.segments.iter_mut().find(|segment| segment.info().id == segment_id) {
            segment.damaged = true;
        }
    }

    fn make_segment(
        &self,
        header: &SegmentHeader,
        entries_bytes: &[u8],
        entries: &[Found],
    ) -> Result<Arc<SegmentFile>, EngineError> {
        let mut header = header.clone();
        let mut bytes = header.seal();
        let info = &header.info;
        bytes.extend_from_slice(entries_bytes);
        let write = |path: &Path, bytes: &[u8]| {
            let file = self.env.fs.open(path, OpenMode::Replace).map_err(EngineError::io("create", path))?;
            file.write_at(bytes, 0).map_err(EngineError::io("write", path))?;
            if !planted::is(Bug::CompactWithoutSync) {
                file.sync_data().map_err(EngineError::io("sync", path))?;
            }
            Ok::<_, EngineError>(file)
        };
        let path = self.dir.join(segment_file(info.id));
        let hints = hint_file_bytes(info, entries, to_u32(bytes.len()));
        let hint_path = self.dir.join(hint_file(info.id));
        let made = self.shared.reserve.used_for(|| {
            let file = write(&path, &bytes)?;
            write(&hint_path, &hints)?;
            self.env.fs.sync_dir(&self.dir).map_err(EngineError::io("sync", &self.dir))?;
            Ok(file)
        });
        match made {
            Ok(file) => Ok(Arc::new(SegmentFile { info: header.info, path, file })),
            Err(error) => {
                self.forget_segment(info);
                Err(error)
            }
        }
    }

    /// Removes the files of a segment that nothing refers to; what cannot be removed now is when the stream is opened.
    fn forget_segment(&self, info: &SegmentInfo) {
        let _ = self.env.fs.remove_file(&self.dir.join(segment_file(info.id)));
        let _ = self.env.fs.remove_file(&self.dir.join(hint_file(info.id)));
    }

    fn discard_files(
        &self,
        old: &[(Arc<SegmentFile>, u32)],
        how: OldFiles,
    ) -> Result<Vec<PathBuf>, EngineError> {
        let mut moved = Vec::new();
        for (file, _) in old {
            let hints = self.dir.join(hint_file(file.info.id));
            for path in [&file.path, &hints] {
                let outcome = match how {
                    OldFiles::Remove => {
                        self.env.fs.remove_file(path).map_err(EngineError::io("remove", path))
                    }
                    OldFiles::Quarantine => {
                        let to = crate::copies::quarantine_file(&self.env, path, &self.shared.quarantine);
                        to.map(|to| moved.push(to))
                    }
                };
                match outcome {
                    Err(EngineError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
                    // No manifest lists them any more: opening the stream removes what is left now.
                    Err(_) if how == OldFiles::Remove => {}
                    outcome => outcome?,
                }
            }
        }
        Ok(moved)
    }
}

/// The entries of the new segment.
struct Copy<'a> {
    info: &'a SegmentInfo,
    bytes: Vec<u8>,
    entries: Vec<Found>,
    digest: u32,
}

impl Copy<'_> {
    fn push(&mut self, file: &SegmentFile, head: &Head<'_>, found: &Found, data: &[u8]) {
        let mut whole = Vec::new();
        if head.flags & WHOLE_SUBJECT == 0 {
            whole.extend_from_slice(file.info.prefix.as_bytes());
        }
        whole.extend_from_slice(head.subject);
        let (subject, whole_flag) = Writer::stored_subject(&self.info.prefix, &whole);
        let offset = self.info.data_start + to_u32(self.bytes.len());
        let moved = Head {
            // Each moved entry stands for itself: its batch was complete long ago.
            flags: head.flags & !(BATCH_CONTINUES | WHOLE_SUBJECT) | whole_flag,
            durable_upto: offset,
            subject,
            data_length: to_u32(data.len()),
            ..*head
        };
        debug_assert!(moved.floor == moved.sequence || moved.flags & HAS_FLOOR != 0);
        let at = self.bytes.len();
        let place = Place { salt: self.info.salt, offset };
        entry::encode(&mut self.bytes, place, self.info.base, &moved, &[data]);
        let checksum = [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2], self.bytes[at + 3]];
        self.digest = crc32c::crc32c_append(self.digest, &checksum);
        self.entries.push(Found {
            flags: moved.flags,
            offset,
            length: to_u32(self.bytes.len() - at),
            head_checksum: u32::from_le_bytes(checksum),
            subject: subject.to_vec(),
            data: if head.kind.is_message() { Vec::new() } else { data.to_vec() },
            ..found.clone()
        });
    }
}

/// Says whether a floor of a subject may still hide something in another segment.
fn needed_floor(index: &StreamIndex, range: &Range<usize>, found: &Found) -> bool {
    let barrier = floor_barrier(&found.data);
    let others = index.segments.iter().enumerate().filter(|(at, _)| !range.contains(at));
    others.into_iter().any(|(_, other)| other.has_dead(found.floor, barrier))
        && !planted::is(Bug::DropFloorsEarly)
}

/// Returns the part of a drop that concerns messages in other segments.
fn needed_drop(index: &StreamIndex, range: &Range<usize>, found: &Found) -> Option<Vec<u8>> {
    use crate::format::fields::Fields;
    let elsewhere = |sequence: &Sequence| {
        let others = index.segments.iter().enumerate().filter(|(at, _)| !range.contains(at));
        others.into_iter().any(|(_, other)| other.find(*sequence).is_some())
    };
    let (mut data, mut before) = (Vec::new(), 0);
    for sequence in dropped_sequences(&found.data).into_iter().filter(elsewhere) {
        data.put_varint(sequence - before);
        before = sequence;
    }
    (!data.is_empty() && !planted::is(Bug::DropRemovalsEarly)).then_some(data)
}

/// Returns the sequence behind everything that the old segments could hold.
fn next_sequence(log: &Log, old: &[(Arc<SegmentFile>, u32)]) -> Sequence {
    let ends = log.manifest.segments.iter().filter_map(|listed| match listed.extent {
        Extent::Sealed(end) | Extent::Clean(end)
            if old.iter().any(|(file, _)| file.info.id == listed.info.id) =>
        {
            Some(end.next_sequence)
        }
        _ => None,
    });
    ends.max().unwrap_or_default()
}

fn rewritten_index(
    index: &StreamIndex,
    range: &Range<usize>,
    file: Arc<SegmentFile>,
    entries: &[Found],
    end: u32,
) -> SegmentIndex {
    let mut rewritten = SegmentIndex::with_capacity(file, entries.len());
    for found in entries {
        let Kind::Message(operation) = found.kind else {
            note_control(&mut rewritten, found.kind, found.floor, found.length, &found.data);
            continue;
        };
        let placed = Placed {
            sequence: found.sequence,
            offset: found.offset,
            length: found.length,
            size: found.size,
            operation,
        };
        let subject = index.segments[range.clone()]
            .iter()
            .find_map(|old| old.find(found.sequence).and_then(|at| old.slots()[at].subject()));
        match subject {
            Some(subject) => rewritten.push(&placed, subject),
            None => rewritten.push_dead(&placed),
        }
    }
    rewritten.end = end;
    rewritten
}

/// Takes in what stands beside a segment as long as it is `wanted` and all that is live fits into `room`: the syncs of a
/// rewriting are paid once.
fn widen(worst: usize, sealed: &[SegmentIndex], wanted: impl Fn(usize) -> bool, room: u64) -> Range<usize> {
    let (mut range, mut live) = (worst..worst + 1, sealed[worst].live_bytes);
    let mut fits = |at: usize, from: usize| {
        let near = sealed[at.max(from)].info().base - sealed[at.min(from)].info().base < 1 << 31;
        let fits = near && wanted(at) && live + sealed[at].live_bytes <= room;
        if fits {
            live += sealed[at].live_bytes;
        }
        fits
    };
    while range.end < sealed.len() && range.len() < REWRITTEN_MAX && fits(range.end, range.start) {
        range.end += 1;
    }
    while range.start > 0 && range.len() < REWRITTEN_MAX && fits(range.start - 1, range.end - 1) {
        range.start -= 1;
    }
    range
}

/// Segments that are rewritten together.
const REWRITTEN_MAX: usize = 8;
/// A segment with less that is dead is not worth its rewriting.
const DEAD_PER_MILLE_MIN: u64 = 250;
/// A run of at least so many small segments is merged.
const MERGED_SEGMENTS_MIN: usize = 4;
const MERGED_SEGMENTS_MAX: usize = 64;
