//! Making a manifest out of nothing but segments, and standing in for segments that only their names tell of.

use super::ahead::Hints;
use super::files::Headers;
use super::{Position, Recovery};
use crate::convert::to_u32;
use crate::error::EngineError;
use crate::format::entry;
use crate::format::manifest::{End, Extent, ListedSegment, Manifest};
use crate::format::segment::{SegmentInfo, segment_id};
use std::collections::BTreeSet;

/// What the segments of a stream tell when no manifest does.
pub(super) struct Rebuilt {
    pub(super) manifest: Manifest,
    /// Segments that files are named after, of which nothing can be read.
    pub(super) lost: Vec<u64>,
}

/// Makes a manifest out of the headers of the segments; `None` if there is none.
pub(super) fn rebuild_manifest(id: u64, headers: &Headers) -> Option<Rebuilt> {
    let known: Vec<_> =
        headers.files.values().flatten().filter(|header| header.info.stream_id == id).collect();
    let exists = |id: &u64| known.iter().any(|header| header.info.id == *id);
    let replaced = |id: u64| {
        known
            .iter()
            .any(|header| header.info.replaces.contains(&id) && !header.info.replaces.iter().all(exists))
    };
    let mut segments: Vec<_> = known
        .iter()
        // A rewritten segment counts once what it replaces is gone; before that it may be incomplete.
        .filter(|header| header.info.replaces.is_empty() || !header.info.replaces.iter().all(exists))
        .filter(|header| !replaced(header.info.id))
        .map(|header| ListedSegment { info: header.info.clone(), extent: Extent::Open })
        .collect();
    segments.sort_by_key(|segment| (segment.info.base, segment.info.id));
    let explained = |id: &u64| exists(id) || known.iter().any(|header| header.info.replaces.contains(id));
    let named: BTreeSet<u64> = headers
        .files
        .keys()
        .filter_map(|name| segment_id(name))
        .chain(headers.hints.iter().copied())
        .collect();
    let newest = known.iter().max_by_key(|header| header.info.id)?;
    let manifest = Manifest {
        stream_id: id,
        generation: 0,
        created: known.iter().map(|header| header.info.created).min()?,
        next_segment_id: headers.next_id,
        stream_floor: 0,
        next_sequence: segments.iter().map(|segment| segment.info.base).max()?,
        config: newest.config.clone(),
        segments,
    };
    Some(Rebuilt { manifest, lost: named.into_iter().filter(|id| !explained(id)).collect() })
}

impl Recovery {
    /// Puts a stand-in for a segment whose place among the others is unknown before all of them: any message may have
    /// been in it, so it is a hole as long as the stream.
    pub(super) fn list_lost(
        &mut self,
        manifest: &mut Manifest,
        id: u64,
        headers: &Headers,
    ) -> Result<(), EngineError> {
        let count = self.shared.options.segment_bytes_max / to_u32(entry::FIXED_BYTES);
        let next_sequence = self.index.next.max(manifest.next_sequence) + u64::from(count);
        let info = SegmentInfo {
            stream_id: manifest.stream_id,
            id,
            base: 0,
            salt: 0,
            data_start: 0,
            created: 0,
            stream_floor: 0,
            replaces: Vec::new(),
            prefix: "".into(),
        };
        let end = End { offset: to_u32(entry::FIXED_BYTES), next_sequence, digest: 0 };
        let listed = ListedSegment { info, extent: Extent::Sealed(end) };
        let mut hints = Hints::read(&self.env, &self.dir, &listed.info, self.index.table.hasher());
        self.load(&listed, Position::Followed, headers, &mut hints)?;
        if let Some(stand_in) = self.index.segments.pop() {
            self.index.segments.insert(0, stand_in);
        }
        manifest.segments.insert(0, listed);
        Ok(())
    }
}
