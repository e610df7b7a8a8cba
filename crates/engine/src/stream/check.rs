//! Checking: reads everything and compares it with what the index says.

use super::recover::read_header;
use super::{Stream, StreamInner};
use crate::damage::{Damage, DamageKind};
use crate::error::EngineError;
use crate::format::manifest::{MANIFEST_FILE, Manifest};
use crate::format::segment::segment_file;
use crate::segment_file::SegmentFile;
use std::sync::Arc;

/// What a check found.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) damages: Vec<Damage>,
    /// Why some files were not checked: nothing is known of what is in them, and another time the disk may give them.
    pub(crate) failed: Vec<EngineError>,
}

impl Stream {
    /// Reads every segment and returns everything that is damaged, with the bytes read reported to `progress` as they come.
    pub(crate) fn check(&self, progress: &mut dyn FnMut(u64)) -> Checked {
        self.inner.check(progress)
    }
}

impl Checked {
    fn note(&mut self, part: Result<Vec<Damage>, EngineError>) {
        match part {
            Ok(damages) => self.damages.extend(damages),
            Err(error) => self.failed.push(error),
        }
    }
}

impl StreamInner {
    fn check(&self, progress: &mut dyn FnMut(u64)) -> Checked {
        let _alone = self.compacting.lock();
        let mut checked = Checked::default();
        checked.note(self.check_manifest());
        let segments: Vec<_> = self
            .index
            .read()
            .segments
            .iter()
            .map(|segment| (Arc::clone(&segment.file), segment.end))
            .collect();
        for (file, end) in segments {
            checked.note(self.check_segment(&file, end));
            progress(u64::from(end));
        }
        let found = &mut checked.damages;
        for damage in &*found {
            self.note_damage(damage.clone());
        }
        // What was found when the stream was opened counts too: a file may be missing, a tail may have been torn.
        let known = self.damages.lock();
        found.extend(known.iter().filter(|damage| !found.contains(damage)).cloned().collect::<Vec<_>>());
        checked
    }

    fn check_segment(&self, file: &SegmentFile, end: u32) -> Result<Vec<Damage>, EngineError> {
        let mut found = Vec::new();
        let (_, scan) = self.scan_segment(file, end)?;
        if !self.is_in_place(file)? {
            self.mark_damaged(file.info.id);
            found.push(Damage {
                path: self.dir.join(segment_file(file.info.id)),
                offset: 0,
                length: 0,
                sequences: None,
                subject: None,
                kind: DamageKind::Metadata,
            });
        }
        for damage in scan.damages {
            let named = self.name_damage(file.info.id, &damage);
            self.mark_damaged(file.info.id);
            found.extend(named);
        }
        Ok(found)
    }

    /// Notes what is lost with a stretch of unknown entries, and returns an error that names it.
    pub(super) fn note_hole(&self, segment_id: u64, hole: &Damage) -> EngineError {
        let named = self.name_damage(segment_id, hole);
        self.mark_damaged(segment_id);
        named.iter().for_each(|damage| self.note_damage(damage.clone()));
        EngineError::Damaged(Arc::new(named.into_iter().next().unwrap_or_else(|| hole.clone())))
    }

    /// Says whether a segment has its own name, and a header that says so.
    fn is_in_place(&self, file: &SegmentFile) -> Result<bool, EngineError> {
        let header = read_header(&*file.file).map_err(EngineError::io("read", &file.path))?;
        let is_named = file.path == self.dir.join(segment_file(file.info.id));
        Ok(is_named && header.is_some_and(|header| header.info == file.info))
    }

    fn check_manifest(&self) -> Result<Vec<Damage>, EngineError> {
        let _log = self.log.lock();
        let copies =
            crate::copies::read(&*self.env.fs, &self.dir, MANIFEST_FILE, Manifest::open, |manifest| {
                manifest.generation
            })?;
        Ok(copies.damages)
    }

    /// Splits a stretch of unknown entries into the messages that the index knows there.
    fn name_damage(&self, segment_id: u64, damage: &Damage) -> Vec<Damage> {
        if damage.kind != DamageKind::Hole {
            return vec![damage.clone()];
        }
        let index = self.index.read();
        let Some(segment) = index.segments.iter().find(|segment| segment.info().id == segment_id) else {
            return vec![damage.clone()];
        };
        let inside =
            |offset: u32| (damage.offset..damage.offset + damage.length).contains(&u64::from(offset));
        let live = segment.slots().iter().enumerate().filter(|(_, slot)| inside(slot.offset()));
        let named = live.filter_map(|(at, slot)| {
            let sequence = segment.sequence_at(at)?;
            Some(Damage {
                offset: u64::from(slot.offset()),
                length: u64::from(slot.length()),
                sequences: Some((sequence, sequence)),
                subject: index.subject(slot.subject()?),
                kind: DamageKind::Record,
                ..damage.clone()
            })
        });
        let named: Vec<_> = named.collect();
        if named.is_empty() && index.holes.iter().any(|hole| hole.offset == damage.offset) {
            return vec![damage.clone()];
        }
        if named.is_empty() { vec![Damage { kind: DamageKind::Metadata, ..damage.clone() }] } else { named }
    }
}
