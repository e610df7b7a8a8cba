//! Compaction: what is live in a run of segments moves into a new one, and the old files go.
//!
//! Order: live entries are copied; everything that killed the rest is made durable; the new segment and its hints are
//! synced; the manifest names it in the place of the old ones; reads change over; the old files are removed.

mod copy;
mod pick;

pub(crate) use copy::Room;

use super::StreamInner;
use super::control::{dropped_sequences, floor_barrier, note_control};
use super::log::Log;
use super::scan::{self, Found, Known, Scan};
use super::writer::Writer;
use crate::convert::{to_u32, to_usize};
use crate::damage::{Damage, DamageKind};
use crate::env::read_file;
use crate::error::EngineError;
use crate::format::entry::{self, Entry, Kind};
use crate::format::hint;
use crate::format::manifest::{End, Extent, ListedSegment};
use crate::format::segment::{SegmentHeader, SegmentInfo, hint_file, segment_file};
use crate::index::{SegmentIndex, Slot, StreamIndex};
use crate::planted::{self, Bug};
use crate::segment_file::SegmentFile;
use crate::wakes;
use copy::{Copy, From, Made, Moved};
use jetkv_types::{Operation, Sequence};
use std::ops::Range;
use std::path::PathBuf;
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
    pub(crate) fn compact_due(&self, room: &mut Room) -> Result<bool, EngineError> {
        let _wakes = wakes::hold();
        let Some(_alone) = self.compacting.try_lock() else { return Ok(false) };
        if self.writer.lock().stopped.is_some() {
            return Ok(false);
        }
        let Some(range) = self.due_range() else { return Ok(false) };
        self.rewrite(range, OldFiles::Remove, room)?;
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
        let mut room = Room::default();
        for id in ids {
            let at = self.index.read().segments.iter().position(|segment| segment.info().id == id);
            if let Some(at) = at {
                self.rewrite(at..at + 1, OldFiles::Remove, &mut room)?;
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

    /// Moves what is live in a run of closed segments into a new one.
    pub(crate) fn rewrite(
        &self,
        range: Range<usize>,
        old_files: OldFiles,
        room: &mut Room,
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
        // Nothing refers to the new files yet, so nobody has to wait for their syncs.
        let header = SegmentHeader { info: info.clone(), config };
        let made = self.make_segment(&header, &old, (&range, old_files), room)?;
        let mut log = self.log.lock();
        // What killed the messages that are left behind must not be lost after them.
        if let Err(error) = self.sync_locked(&mut log, &mut self.writer.lock()) {
            self.forget_segment(&info);
            return Err(error);
        }
        let ids: Vec<u64> = old.iter().map(|(file, _)| file.info.id).collect();
        let before = log.manifest.segments.clone();
        let at = before.iter().position(|listed| ids.contains(&listed.info.id)).unwrap_or_default();
        log.manifest.segments.retain(|listed| !ids.contains(&listed.info.id));
        if let Some(made) = &made {
            let next_sequence = next_sequence(&before, &old);
            let end = End { offset: made.end, next_sequence, digest: made.digest };
            log.manifest.segments.insert(at, ListedSegment { info, extent: Extent::Sealed(end) });
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
            let rewritten = made.map(|made| rewritten_index(&index, made, room.moved()));
            index.replace_segments(range, rewritten);
        }
        self.shared.counters.compactions.fetch_add(1, Ordering::Relaxed);
        self.counters.compactions.fetch_add(1, Ordering::Relaxed);
        drop(log);
        self.discard_files(&old, old_files)
    }

    /// Makes the segment that takes the place of a run of old ones, durable when this returns; `None` if nothing in them is
    /// needed any more.
    fn make_segment(
        &self,
        header: &SegmentHeader,
        old: &[(Arc<SegmentFile>, u32)],
        (range, old_files): (&Range<usize>, OldFiles),
        room: &mut Room,
    ) -> Result<Option<Made>, EngineError> {
        // What a full disk interrupts is done again from the start: what came of a failed sync is not known.
        let made = self.shared.reserve.used_for(|| {
            let mut copy = Copy::new(self, header.clone(), room);
            for (at, segment) in range.clone().zip(old) {
                self.copy_segment(&mut copy, segment, at, (range, old_files))?;
            }
            copy.finish()
        });
        if made.is_err() {
            self.forget_segment(&header.info);
        }
        made
    }

    /// Copies what is live in the segment at this place of the index, and the controls that are still needed.
    fn copy_segment(
        &self,
        copy: &mut Copy<'_>,
        (file, end): &(Arc<SegmentFile>, u32),
        at: usize,
        (range, old_files): (&Range<usize>, OldFiles),
    ) -> Result<(), EngineError> {
        let unread = if self.note_live(copy.room(), at) { copy_live(copy, file, at)? } else { Some(0) };
        let Some(unread) = unread else { return Ok(()) };
        self.copy_scanned(copy, (file, *end), (at, unread), (range, old_files))
    }

    /// Notes the live slots of a segment; says whether it holds nothing but messages, none of them known to be damaged.
    fn note_live(&self, room: &mut Room, at: usize) -> bool {
        let index = self.index.read();
        let segment = index.segments.get(at).filter(|found| found.control_bytes == 0 && !found.damaged);
        let Some(segment) = segment else { return false };
        let slots = segment.slots().iter().enumerate().filter(|(_, slot)| slot.subject().is_some());
        room.live.clear();
        room.live.reserve(usize::try_from(segment.live_count).unwrap_or_default());
        room.live.extend(slots.map(|(place, slot)| (to_u32(place), *slot)));
        true
    }

    /// Copies what a look at the whole segment finds from an offset on.
    fn copy_scanned(
        &self,
        copy: &mut Copy<'_>,
        (file, end): (&SegmentFile, u32),
        (at, from): (usize, u32),
        (range, old_files): (&Range<usize>, OldFiles),
    ) -> Result<(), EngineError> {
        let (bytes, scan) = self.scan_segment(file, end)?;
        // What stands in a stretch of which nothing is known may live, or say what is dead; only a repair gives it up.
        let is_lost = |damage: &&Damage| {
            damage.kind == DamageKind::Hole && damage.offset + damage.length > u64::from(from)
        };
        if let Some(hole) = scan.damages.iter().find(is_lost).filter(|_| old_files == OldFiles::Remove) {
            return Err(self.note_hole(file.info.id, hole));
        }
        for found in scan.entries.iter().filter(|found| found.offset >= from) {
            let wanted = self.wanted(found, at, range);
            if wanted == Wanted::Nothing {
                continue;
            }
            // Hints may know of entries that the file has no longer.
            let stored = to_usize(found.offset)..to_usize(found.offset + found.length);
            let stored = bytes.get(stored).unwrap_or_default();
            let entry = entry::decode(stored, file.place(found.offset), file.info.base);
            match (wanted, entry) {
                (Wanted::Message(place, operation), Ok(entry)) => {
                    let from = From { segment: to_u32(at), slot: to_u32(place) };
                    copy.push_message(file, &entry.head, entry.data, (operation, found.size), from)?;
                }
                (Wanted::Control(data), Ok(entry)) => copy.push_control(file, &entry.head, data)?,
                // What a control says is known from its hint as well.
                (Wanted::Control(data), Err(_)) => copy.push_control(file, &found.as_head(), data)?,
                (_, Err(_)) => {
                    let damage = file.damaged(found.offset, found.length, found.sequence, None);
                    self.mark_damaged(file.info.id);
                    if let EngineError::Damaged(damage) = &damage {
                        let subject = file.subject_of(found.flags, &found.subject);
                        self.note_damage(Damage { subject, ..(**damage).clone() });
                    }
                    return Err(damage);
                }
                (Wanted::Nothing, _) => {}
            }
        }
        Ok(())
    }

    /// Says what is still needed of an entry of the segment at this place of the index.
    fn wanted(&self, found: &Found, at: usize, range: &Range<usize>) -> Wanted {
        let index = self.index.read();
        let control = |data: Option<Vec<u8>>| data.map_or(Wanted::Nothing, Wanted::Control);
        match found.kind {
            Kind::Message(operation) => {
                let place = index.segments.get(at).and_then(|segment| {
                    let place = segment.find(found.sequence)?;
                    segment.slots()[place].subject().map(|_| place)
                });
                place.map_or(Wanted::Nothing, |place| Wanted::Message(place, operation))
            }
            Kind::StreamFloor => Wanted::Nothing,
            Kind::SubjectFloor => control(needed_floor(&index, range, found).then(|| found.data.clone())),
            Kind::Drop => control(needed_drop(&index, range, found)),
        }
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

/// Copies the messages that were noted as live from where the index says that they are; what is dead is not looked at.
/// Returns the offset of the first one that cannot be read, which ends it.
fn copy_live(copy: &mut Copy<'_>, file: &SegmentFile, at: usize) -> Result<Option<u32>, EngineError> {
    let mut window = std::mem::take(&mut copy.room().window);
    let live = std::mem::take(&mut copy.room().live);
    let outcome = copy_windows(copy, file, at, (&live, &mut window));
    (copy.room().window, copy.room().live) = (window, live);
    outcome
}

fn copy_windows(
    copy: &mut Copy<'_>,
    file: &SegmentFile,
    at: usize,
    (mut live, window): (&[(u32, Slot)], &mut Vec<u8>),
) -> Result<Option<u32>, EngineError> {
    let piece = copy.piece_bytes();
    let end_of = |slot: &Slot| slot.offset().saturating_add(slot.length());
    while let Some((_, first)) = live.first() {
        let start = first.offset();
        let fits = |slot: &Slot| (start..=start.saturating_add(piece)).contains(&end_of(slot));
        let count = live.iter().take_while(|(_, slot)| fits(slot)).count().max(1);
        let (together, rest) = live.split_at(count);
        let end = together.last().map_or(start, |(_, last)| end_of(last));
        let bytes = file.read_into(window, start, end - start)?;
        for (place, slot) in together {
            let stored = to_usize(slot.offset() - start)..to_usize(end_of(slot) - start);
            let entry = entry::decode(
                bytes.get(stored).unwrap_or_default(),
                file.place(slot.offset()),
                file.info.base,
            );
            let sequence = file.info.base + u64::from(slot.delta());
            let is_it = |entry: &Entry<'_>| entry.head.kind.is_message() && entry.head.sequence == sequence;
            let Some(entry) = entry.ok().filter(is_it) else { return Ok(Some(slot.offset())) };
            let from = From { segment: to_u32(at), slot: *place };
            copy.push_message(file, &entry.head, entry.data, (slot.operation(), slot.size()), from)?;
        }
        live = rest;
    }
    Ok(None)
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
fn next_sequence(listed: &[ListedSegment], old: &[(Arc<SegmentFile>, u32)]) -> Sequence {
    let ends = listed.iter().filter_map(|listed| match listed.extent {
        Extent::Sealed(end) | Extent::Clean(end)
            if old.iter().any(|(file, _)| file.info.id == listed.info.id) =>
        {
            Some(end.next_sequence)
        }
        _ => None,
    });
    ends.max().unwrap_or_default()
}

fn rewritten_index(index: &StreamIndex, made: Made, moved: &[Moved]) -> SegmentIndex {
    let mut rewritten = SegmentIndex::with_capacity(made.file, moved.len());
    for moved in moved {
        match moved {
            Moved::Control(control) => {
                note_control(&mut rewritten, control.kind, control.floor, control.length, &control.data);
            }
            // It may have died meanwhile.
            Moved::Message(placed, from) => {
                let slots = index.segments[to_usize(from.segment)].slots();
                match slots[to_usize(from.slot)].subject() {
                    Some(subject) => rewritten.push(placed, subject),
                    None => rewritten.push_dead(placed),
                }
            }
        }
    }
    rewritten.end = made.end;
    rewritten
}

/// What is still needed of an entry.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Nothing,
    /// A message, with its slot.
    Message(usize, Operation),
    /// A control with this data.
    Control(Vec<u8>),
}
