//! Removing: controls say what is dead. They are committed with the front locked, so that nothing comes in between.

use super::StreamInner;
use super::log::Log;
use super::writer::{Control, Writer};
use crate::append::Purge;
use crate::config::{Discard, StreamConfig};
use crate::convert::{to_u32, to_u64};
use crate::error::EngineError;
use crate::format::entry::{BATCH_CONTINUES, FIXED_BYTES, HAS_FLOOR, Head, Kind};
use crate::format::fields::{Fields, Reader};
use crate::index::{SegmentIndex, StreamIndex};
use crate::planted::{self, Bug};
use crate::wakes;
use jetkv_types::limits::SEQUENCE_MAX;
use jetkv_types::{Sequence, SubjectFilter};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl StreamInner {
    /// Runs `work` with everything committed and nothing able to come in between, commits what it queued, and checks
    /// that this succeeded.
    pub(crate) fn exclusively<T>(
        &self,
        work: impl FnOnce(&mut Log, &mut Writer) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let _wakes = wakes::hold();
        let _turn = self.turn();
        let mut log = self.log.lock();
        let mut writer = self.writer.lock();
        if let Some(error) = &writer.stopped {
            return Err(error.clone());
        }
        // What others had queued has answered them, whatever came of it; only a stream that stopped concerns us too.
        let _ = self.commit_locked(&mut log, &mut writer);
        let outcome = match &writer.stopped {
            Some(error) => Err(error.clone()),
            None => work(&mut log, &mut writer)
                .and_then(|value| self.commit_locked(&mut log, &mut writer).map(|()| value)),
        };
        drop(writer);
        drop(log);
        // Rounds of others may have been done on the way.
        self.wake_waiters();
        outcome
    }

    /// Removes messages by request.
    pub(crate) fn purge(&self, purge: &Purge) -> Result<u64, EngineError> {
        let removed = self.exclusively(|_, writer| {
            let index = self.index.read();
            let (controls, count) = plan_purge(&index, purge);
            drop(index);
            self.queue_controls(writer, &controls);
            Ok(count)
        })?;
        if removed > 0 {
            self.listeners.forget_recent();
            self.shared.upkeep.poke();
        }
        Ok(removed)
    }

    /// Removes one message by request.
    pub(crate) fn remove(&self, sequence: Sequence) -> Result<bool, EngineError> {
        let removed = self.exclusively(|_, writer| {
            let index = self.index.read();
            let controls = plan_removal(&index, &[sequence]);
            drop(index);
            self.queue_controls(writer, &controls);
            Ok(!controls.is_empty())
        })?;
        if removed {
            self.listeners.forget_recent();
        }
        Ok(removed)
    }

    /// Leaves out all sequences before `next`; does nothing if they are used up already.
    pub(crate) fn advance(&self, next: Sequence) -> Result<(), EngineError> {
        if next > SEQUENCE_MAX {
            return Err(EngineError::SequenceOutOfRange { sequence: next });
        }
        self.exclusively(|_, writer| {
            if next > writer.next {
                let floor = self.index.read().floor;
                writer.next = next;
                self.begin_segment(writer, floor);
                // Any entry carries the next sequence; a floor that changes nothing is the shortest.
                self.queue_controls(writer, &[Control::StreamFloor(floor)]);
            }
            Ok(())
        })
    }

    /// Takes a new configuration; what it no longer allows is removed in the same step.
    pub(crate) fn configure(&self, config: StreamConfig) -> Result<(), EngineError> {
        self.exclusively(|log, writer| {
            // The manifest tells the floor and the next sequence: what they rest on must not be lost after it.
            self.sync_locked(log, writer)?;
            let before = std::mem::replace(&mut log.manifest.config, crate::format::config::encode(&config));
            self.describe_state(log);
            let written = if planted::is(Bug::KeepConfigInMemory) { Ok(()) } else { log.write_manifest() };
            if let Err(error) = written {
                // Whether it took effect will be known after the next manifest, which says the old one again.
                log.manifest.config = before;
                log.manifest_stale = true;
                return Err(error);
            }
            let config = Arc::new(config);
            *self.config.write() = Arc::clone(&config);
            let index = self.index.read();
            if writer.begins {
                // The header of a segment holds the configuration, and where entries begin depends on its size.
                self.begin_segment(writer, index.floor);
            }
            let controls = plan_trim(&index, &config);
            drop(index);
            self.queue_controls(writer, &controls);
            // The controls are all that the limits ask for; what is left is counted when they are applied.
            if !controls.is_empty() {
                (writer.messages, writer.bytes) = (0, 0);
            }
            Ok(())
        })?;
        self.shared.upkeep.poke();
        Ok(())
    }

    /// Queues controls as batches; each batch is all there or not after a crash.
    pub(crate) fn queue_controls(&self, writer: &mut Writer, controls: &[Control]) {
        // Nothing is stored, so the time of the last message stays: a copy that comes next may be older than this.
        let time = writer.last_time;
        for batch in controls.chunks(CONTROLS_PER_BATCH) {
            let floor = self.index.read().floor;
            let segment_bytes_max =
                self.shared.options.segment_bytes_max.max(self.shared.options.segment_bytes_min);
            if writer.end > segment_bytes_max && !writer.begins {
                self.begin_segment(writer, floor);
            }
            writer.open_chunk(FIXED_BYTES);
            for (position, control) in batch.iter().enumerate() {
                self.queue_control(writer, control, time, position + 1 < batch.len());
            }
            writer.end_batch();
        }
        // What they remove is counted when they are applied, and nothing can be appended before that.
    }

    fn queue_control(&self, writer: &mut Writer, control: &Control, now: u64, continues: bool) {
        let mut data = Vec::new();
        let (subject, floor): (&[u8], _) = match control {
            Control::StreamFloor(floor) => (&[], *floor),
            Control::SubjectFloor(subject, floor) => (subject, *floor),
            Control::Drop(sequences) => {
                let mut before = 0;
                for sequence in sequences {
                    data.put_varint(sequence - before);
                    before = *sequence;
                }
                (&[], 0)
            }
        };
        // Segments made from now on hold nothing that this control kills; it says so for compaction.
        if !matches!(control, Control::Drop(_)) {
            data.put_u64(self.next_segment_id.load(std::sync::atomic::Ordering::Relaxed));
        }
        let prefix = writer.segment.prefix.clone();
        let (stored, whole) = Writer::stored_subject(&prefix, subject);
        let head = Head {
            kind: control.kind(),
            flags: HAS_FLOOR | whole | if continues { BATCH_CONTINUES } else { 0 },
            sequence: writer.next,
            durable_upto: writer.synced_end,
            time: now,
            deadline: None,
            floor,
            subject: stored,
            header_length: 0,
            data_length: to_u32(data.len()),
        };
        writer.push_entry(&head, &[&data], 0);
    }

    /// Drops the oldest messages beyond the limits of the stream, together with the queued messages that exceed them.
    pub(crate) fn enforce_stream_limits(&self, writer: &mut Writer) {
        let config = self.config();
        if config.discard != Discard::Old || writer.is_idle() {
            return;
        }
        let excess_messages = config.messages_max.map_or(0, |max| writer.messages.saturating_sub(max));
        let excess_bytes = config.bytes_max.map_or(0, |max| writer.bytes.saturating_sub(max));
        if excess_messages == 0 && excess_bytes == 0 {
            return;
        }
        let Some(floor) = self.front_floor(writer, excess_messages, excess_bytes) else { return };
        let now = writer.last_time;
        self.queue_control(writer, &Control::StreamFloor(floor), now, false);
        writer.queued_floor = floor;
        writer.end_batch();
    }

    /// Finds how far the front must go; messages that queued ones displace anyway do not count.
    fn front_floor(&self, writer: &mut Writer, mut messages: u64, mut bytes: u64) -> Option<Sequence> {
        let index = self.index.read();
        let mut queued: BTreeMap<Sequence, u32> = BTreeMap::new();
        for (_, subject) in writer.queued_subjects() {
            let live =
                subject.messages.as_slice().iter().filter(|(sequence, _)| *sequence >= writer.queued_floor);
            queued.extend(live.copied());
        }
        let committed =
            index.live_from(index.first().max(writer.queued_floor)).filter_map(|(sequence, id)| {
                let displaced =
                    writer.queued(index.table.key(id)).is_some_and(|queued| sequence < queued.floor);
                (!displaced && !writer.is_dropped(sequence)).then(|| (sequence, index.size_of(sequence)))
            });
        let mut floor = None;
        let (mut gone_messages, mut gone_bytes) = (0, 0);
        for (sequence, size) in committed.chain(queued) {
            if messages == 0 && bytes == 0 {
                break;
            }
            messages = messages.saturating_sub(1);
            bytes = bytes.saturating_sub(u64::from(size));
            gone_messages += 1;
            gone_bytes += u64::from(size);
            floor = Some(sequence + 1);
        }
        drop(index);
        writer.messages = writer.messages.saturating_sub(gone_messages);
        writer.bytes = writer.bytes.saturating_sub(gone_bytes);
        floor
    }
}

/// Returns the sequences in the data of a drop.
pub(crate) fn dropped_sequences(data: &[u8]) -> Vec<Sequence> {
    let (mut reader, mut sequence, mut sequences) = (Reader::new(data), 0_u64, Vec::new());
    while let Some(difference) = reader.varint() {
        sequence = sequence.saturating_add(difference);
        sequences.push(sequence);
    }
    sequences
}

/// Counts a control in the index of its segment.
pub(crate) fn note_control(
    segment: &mut SegmentIndex,
    kind: Kind,
    floor: Sequence,
    length: u32,
    data: &[u8],
) {
    match kind {
        Kind::SubjectFloor => segment.note_control(length, Some((floor, floor_barrier(data))), &[]),
        Kind::Drop => segment.note_control(length, None, &dropped_sequences(data)),
        // What a floor of the stream says stands in the manifest too.
        Kind::StreamFloor | Kind::Message(_) => segment.note_control(length, None, &[]),
    }
}

/// Returns the id in the data of a floor: segments with this id or a higher one hold nothing that the floor kills.
pub(crate) fn floor_barrier(data: &[u8]) -> u64 {
    Reader::new(data).u64().unwrap_or(u64::MAX)
}

fn plan_purge(index: &StreamIndex, purge: &Purge) -> (Vec<Control>, u64) {
    let below = purge.below.unwrap_or(index.next).min(index.next);
    let filter = purge.filter.as_ref().filter(|filter| filter.as_str() != ">");
    let Some(filter) = filter else {
        let live = || {
            index.live_from(index.first()).map(|(sequence, _)| sequence).take_while(|found| *found < below)
        };
        let count = to_u64(live().count());
        let goes = count.saturating_sub(purge.keep.unwrap_or(0));
        let floor = live().nth(usize::try_from(goes).unwrap_or(usize::MAX)).unwrap_or(below);
        let controls = if goes == 0 { Vec::new() } else { vec![Control::StreamFloor(floor)] };
        return (controls, goes);
    };
    let mut victims = matching_sequences(index, filter);
    victims.retain(|sequence| *sequence < below);
    victims.sort_unstable();
    let keep = usize::try_from(purge.keep.unwrap_or(0)).unwrap_or(usize::MAX);
    victims.truncate(victims.len().saturating_sub(keep));
    let controls = plan_removal(index, &victims);
    (controls, to_u64(victims.len()))
}

fn matching_sequences(index: &StreamIndex, filter: &SubjectFilter) -> Vec<Sequence> {
    index.table.matching(filter.as_str(), None).flat_map(|id| index.revisions(id)).collect()
}

/// Plans the removal of live messages, given in any order.
///
/// Whenever the oldest messages of a subject go, or its last one, a floor of the subject says so too: dead messages that
/// are still in older segments were hidden by the floor of a message that may be gone soon.
pub(crate) fn plan_removal(index: &StreamIndex, sequences: &[Sequence]) -> Vec<Control> {
    let mut by_subject: BTreeMap<_, Vec<Sequence>> = BTreeMap::new();
    for sequence in sequences {
        if let Some(id) = index.subject_of(*sequence) {
            by_subject.entry(id).or_default().push(*sequence);
        }
    }
    let (mut controls, mut dropped) = (Vec::new(), Vec::new());
    for (id, mut going) in by_subject {
        going.sort_unstable();
        let last = index.last_of_id(id).sequence;
        let oldest_staying = index.revisions(id).find(|found| going.binary_search(found).is_err());
        let floor = oldest_staying.unwrap_or(last + 1);
        if planted::is(Bug::RemoveWithoutFloor) {
            dropped.extend(going);
            continue;
        }
        dropped.extend(going.into_iter().filter(|sequence| *sequence > floor));
        controls.push(Control::SubjectFloor(index.table.key(id).into(), floor));
    }
    if !dropped.is_empty() {
        dropped.sort_unstable();
        controls.extend(dropped.chunks(DROPS_PER_CONTROL).map(|part| Control::Drop(part.to_vec())));
    }
    controls
}

/// Plans what goes when a configuration with tighter limits takes effect.
fn plan_trim(index: &StreamIndex, config: &StreamConfig) -> Vec<Control> {
    let mut controls = Vec::new();
    let mut trimmed = BTreeSet::new();
    if let Some(max) = config.messages_per_subject_max {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        for id in index.table.iter_prefix(&[]) {
            let count = index.revisions(id).count();
            if let Some(floor) = index.revisions(id).nth(count.saturating_sub(max)).filter(|_| count > max) {
                trimmed.extend(index.revisions(id).take_while(|sequence| *sequence < floor));
                controls.push(Control::SubjectFloor(index.table.key(id).into(), floor));
            }
        }
    }
    if config.discard == Discard::Old {
        // What the history gives up makes room for the rest.
        let trimmed_bytes: u64 = trimmed.iter().map(|sequence| u64::from(index.size_of(*sequence))).sum();
        let mut messages = index.messages - to_u64(trimmed.len());
        let (mut bytes, mut floor) = (index.bytes - trimmed_bytes, None);
        let exceeds = |messages: u64, bytes: u64| {
            config.messages_max.is_some_and(|max| messages > max)
                || config.bytes_max.is_some_and(|max| bytes > max)
        };
        let staying = index.live_from(index.first()).filter(|(sequence, _)| !trimmed.contains(sequence));
        for (sequence, _) in staying {
            if !exceeds(messages, bytes) {
                break;
            }
            messages -= 1;
            bytes -= u64::from(index.size_of(sequence));
            floor = Some(sequence + 1);
        }
        controls.extend(floor.map(Control::StreamFloor));
    }
    controls
}

/// Controls that become durable together.
const CONTROLS_PER_BATCH: usize = 1024;
/// Sequences in one drop.
const DROPS_PER_CONTROL: usize = 1024;
