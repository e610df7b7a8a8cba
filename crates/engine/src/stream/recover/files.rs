//! The files of a stream's directory: which are there, which one is a listed segment, and what becomes of the others.

use super::Recovery;
use crate::convert::to_usize;
use crate::damage::{Damage, DamageKind};
use crate::env::{EntryKind, File, OpenMode, read_file};
use crate::error::EngineError;
use crate::format::hint;
use crate::format::manifest::Manifest;
use crate::format::segment::{
    HEADER_BYTES_MAX, SegmentHeader, SegmentInfo, hint_file, hint_id, segment_file, segment_id,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

/// What the directory holds, whatever the manifest says.
pub(super) struct Headers {
    /// Files by name, with their header if it can be read.
    pub(super) files: BTreeMap<String, Option<SegmentHeader>>,
    /// Ids of the segments that have hints here.
    pub(super) hints: BTreeSet<u64>,
    /// Higher than every id that a file carries.
    pub(super) next_id: u64,
}

impl Recovery {
    /// Reads the headers of all segment files, and removes what an interrupted replacement left behind.
    pub(super) fn segment_headers(&self) -> Result<Headers, EngineError> {
        let mut headers = Headers { files: BTreeMap::new(), hints: BTreeSet::new(), next_id: 1 };
        for entry in self.env.fs.list(&self.dir).map_err(EngineError::io("list", &self.dir))? {
            if entry.kind != EntryKind::File {
                continue;
            }
            let path = self.dir.join(&entry.name);
            if entry.name.ends_with(".tmp") {
                self.env.fs.remove_file(&path).map_err(EngineError::io("remove", &path))?;
            }
            if let Some(id) = hint_id(&entry.name) {
                headers.next_id = headers.next_id.max(id.saturating_add(1));
                headers.hints.insert(id);
            }
            let Some(id) = segment_id(&entry.name) else { continue };
            headers.next_id = headers.next_id.max(id.saturating_add(1));
            let file = self.env.fs.open(&path, OpenMode::Read).map_err(EngineError::io("open", &path))?;
            headers.files.insert(entry.name, read_header(&*file).map_err(EngineError::io("read", &path))?);
        }
        Ok(headers)
    }

    /// Finds the file of a segment by its identity, then by its name.
    pub(super) fn find_file(&mut self, info: &SegmentInfo, headers: &Headers) -> Option<PathBuf> {
        let name = segment_file(info.id);
        let is_it =
            |header: &Option<SegmentHeader>| header.as_ref().is_some_and(|header| header.info == *info);
        let own = headers.files.get(&name);
        if own.is_some_and(is_it) {
            return Some(self.dir.join(name));
        }
        if let Some((other, _)) = headers.files.iter().find(|(_, header)| is_it(header)) {
            self.damages.push(self.damage_of(&name, DamageKind::Metadata));
            return Some(self.dir.join(other));
        }
        // Without a readable header, the name and the manifest say what it is; the salt will show whether that is true.
        own.filter(|header| header.is_none())?;
        self.damages.push(self.damage_of(&name, DamageKind::Metadata));
        Some(self.dir.join(name))
    }

    /// Removes segments that no manifest lists: made, and replaced or never used. What cannot be explained is set aside
    /// and told.
    pub(super) fn remove_unlisted(
        &mut self,
        manifest: &Manifest,
        headers: &Headers,
    ) -> Result<(), EngineError> {
        let ids: BTreeSet<u64> = manifest.segments.iter().map(|segment| segment.info.id).collect();
        let named = |name: &String| segment_id(name).is_some_and(|id| ids.contains(&id));
        let orphans: Vec<u64> = headers.hints.difference(&ids).copied().collect();
        if !headers.files.keys().all(named) || !orphans.is_empty() {
            // The manifest that does not list them must be the one that a power cut leaves.
            self.env.fs.sync_dir(&self.dir).map_err(EngineError::io("sync", &self.dir))?;
        }
        for (name, header) in &headers.files {
            let listed = |info: &SegmentInfo| manifest.segments.iter().any(|segment| segment.info == *info);
            let path = self.dir.join(name);
            match header {
                Some(header) if listed(&header.info) => {}
                Some(header) if header.info.stream_id == manifest.stream_id && !named(name) => {
                    self.env.fs.remove_file(&path).map_err(EngineError::io("remove", &path))?;
                }
                _ if named(name) => {}
                _ => self.set_aside(name)?,
            }
        }
        for id in orphans {
            let path = self.dir.join(hint_file(id));
            let bytes = read_file(&*self.env.fs, &path).unwrap_or_default();
            // What does not say that it is hints of a segment that is gone stays where it is.
            if hint::identity(&bytes) == Some((manifest.stream_id, id)) {
                // It is tried again by the next opening.
                let _ = self.env.fs.remove_file(&path);
            }
        }
        Ok(())
    }

    /// Moves a file that nothing explains into the quarantine, and tells of it.
    fn set_aside(&mut self, name: &str) -> Result<(), EngineError> {
        let path = self.dir.join(name);
        let length = self.env.fs.open(&path, OpenMode::Read).and_then(|file| file.len()).unwrap_or_default();
        let path = crate::copies::quarantine_file(&self.env, &path, &self.shared.quarantine)?;
        let told = self.damage_of(name, DamageKind::UnexplainedTail);
        self.damages.push(Damage { path, length, ..told });
        Ok(())
    }
}

/// Reads the header of a segment file; `None` if there is none that is intact.
pub(in crate::stream) fn read_header(file: &dyn File) -> io::Result<Option<SegmentHeader>> {
    let length = usize::try_from(file.len()?).unwrap_or(usize::MAX).min(HEADER_BYTES_MAX);
    for reach in [HEADER_PROBE_BYTES, length] {
        let mut bytes = vec![0; reach.min(length)];
        let read = file.read_at(&mut bytes, 0)?;
        if let Some(header) = SegmentHeader::open(&bytes[..read]) {
            return Ok(Some(header));
        }
        if reach >= length {
            break;
        }
    }
    Ok(None)
}

/// Says whether the content of a file begins with the header of this segment, and with all of it; one flipped bit in the
/// identity is no reason to think that more was touched.
pub(super) fn is_begun_by(bytes: &[u8], info: &SegmentInfo) -> bool {
    let mut identity = Vec::new();
    info.encode(&mut identity);
    let found = bytes.get(SegmentHeader::IDENTITY_OFFSET..).unwrap_or_default();
    let flipped: u32 =
        identity.iter().zip(found).map(|(expected, found)| (expected ^ found).count_ones()).sum();
    bytes.len() >= to_usize(info.data_start) && found.len() >= identity.len() && flipped <= 1
}

const HEADER_PROBE_BYTES: usize = 4096;
