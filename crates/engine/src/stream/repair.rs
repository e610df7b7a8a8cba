//! Repair: gives up what cannot be read, on request, and sets the damaged files aside.

use super::StreamInner;
use super::compact::{OldFiles, Room};
use super::control::plan_removal;
use super::log::Log;
use crate::damage::Damage;
use crate::env::EntryKind;
use crate::error::EngineError;
use crate::format::segment::segment_id;
use crate::wakes;
use std::path::PathBuf;

impl StreamInner {
    /// Removes unreadable messages, rewrites the segments that held them, and returns what was given up and where the old
    /// files are now.
    pub(crate) fn repair(&self, damages: &[Damage]) -> Result<(Vec<Damage>, Vec<PathBuf>), EngineError> {
        let _wakes = wakes::hold();
        let _alone = self.compacting.lock();
        let mut unreadable = Vec::new();
        let live: Vec<_> = {
            let index = self.index.read();
            let damaged = index.segments.iter().filter(|segment| segment.damaged);
            let slots = damaged.flat_map(|segment| {
                (0..segment.slots().len()).filter_map(|at| index.locate(segment.sequence_at(at)?))
            });
            slots.collect()
        };
        for place in live {
            match self.read_at(&place) {
                Err(EngineError::Damaged(_)) => unreadable.push(place.sequence),
                outcome => drop(outcome?),
            }
        }
        unreadable.sort_unstable();
        self.exclusively(|log, writer| {
            let index = self.index.read();
            let controls = plan_removal(&index, &unreadable);
            let open_damaged = log.open.is_some() && index.segments.last().is_some_and(|last| last.damaged);
            let floor = index.floor;
            drop(index);
            if open_damaged {
                self.seal_locked(log, writer)?;
                self.begin_segment(writer, floor);
            }
            self.queue_controls(writer, &controls);
            Ok(())
        })?;
        let (mut quarantined, mut room) = (Vec::new(), Room::default());
        while let Some(at) = self.next_damaged() {
            quarantined.extend(self.rewrite(at..at + 1, OldFiles::Quarantine, &mut room)?);
        }
        self.index.write().holes.clear();
        self.damages.lock().clear();
        // The copies of the manifest are written anew with everything that was found.
        let mut log = self.log.lock();
        // The manifest tells the floor and the next sequence: what they rest on must not be lost after it.
        self.sync_locked(&mut log, &mut self.writer.lock())?;
        self.describe_state(&mut log);
        log.write_manifest()?;
        quarantined.extend(self.set_unlisted_aside(&log)?);
        let given_up = damages.iter().filter(|damage| damage.kind.affects_data()).cloned().collect();
        Ok((given_up, quarantined))
    }

    /// Moves segment files aside that nothing refers to: what stood under the name of another one is among them.
    fn set_unlisted_aside(&self, log: &Log) -> Result<Vec<PathBuf>, EngineError> {
        let index = self.index.read();
        let in_use = |path: &PathBuf| index.segments.iter().any(|segment| segment.file.path == *path);
        let listed = |id: u64| log.manifest.segments.iter().any(|listed| listed.info.id == id);
        let mut moved = Vec::new();
        for entry in self.env.fs.list(&self.dir).map_err(EngineError::io("list", &self.dir))? {
            let path = self.dir.join(&entry.name);
            let unused = segment_id(&entry.name).is_some_and(|id| !listed(id)) && !in_use(&path);
            if unused && entry.kind == EntryKind::File {
                moved.push(crate::copies::quarantine_file(&self.env, &path, &self.shared.quarantine)?);
            }
        }
        Ok(moved)
    }

    fn next_damaged(&self) -> Option<usize> {
        self.index.read().segments.iter().position(|segment| segment.damaged)
    }
}
