//! A stream as it was at one moment, for backups: writers go on, and what they replace stays readable here.

use super::read::figures;
use super::{Stream, StreamInner, StreamState};
use crate::error::EngineError;
use crate::index::{Location, Slot};
use crate::segment_file::SegmentFile;
use jetkv_types::{Message, Sequence};
use std::collections::VecDeque;
use std::sync::Arc;

/// The live messages of a stream at one moment, to be read once in the order of their sequences.
///
/// It holds twelve bytes for each message and keeps the segment files open, so that neither a write nor a compaction nor the
/// deletion of the stream takes anything away. Their space on disk is free again when this is dropped.
#[derive(Debug)]
pub struct Frozen {
    stream: Arc<StreamInner>,
    state: StreamState,
    parts: VecDeque<Part>,
    /// How many messages of the first part were read.
    done: usize,
}

/// What lives in one segment.
#[derive(Debug)]
struct Part {
    file: Arc<SegmentFile>,
    places: Box<[Place]>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    delta: u32,
    offset: u32,
    length: u32,
}

impl Stream {
    /// Holds on to all messages that are live now. It reads no message but the first.
    ///
    /// # Errors
    /// `Damaged` if it cannot be known which messages there are; `StreamDeleted`, `Closed`.
    pub fn freeze(&self) -> Result<Frozen, EngineError> {
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        if let Some(hole) = index.hole_after(None) {
            return Err(EngineError::Damaged(Arc::clone(hole)));
        }
        let parts = index.segments.iter().filter(|segment| segment.live_count > 0).map(|segment| {
            let live = segment.slots().iter().filter(|slot| slot.subject().is_some());
            let place =
                |slot: &Slot| Place { delta: slot.delta(), offset: slot.offset(), length: slot.length() };
            Part { file: Arc::clone(&segment.file), places: live.map(place).collect() }
        });
        let parts = parts.collect();
        let state = figures(index);
        Ok(Frozen { stream: Arc::clone(&self.inner), state, parts, done: 0 })
    }
}

impl Frozen {
    /// Returns the figures of the stream at that moment.
    #[must_use]
    pub fn state(&self) -> &StreamState {
        &self.state
    }

    /// Returns the next message, `None` after the last one.
    ///
    /// # Errors
    /// `Damaged` for a message that cannot be read; the ones behind it can. `Io`.
    pub fn next_message(&mut self) -> Result<Option<Message>, EngineError> {
        let (file, place) = loop {
            let Some(part) = self.parts.front() else { return Ok(None) };
            if let Some(place) = part.places.get(self.done) {
                break (Arc::clone(&part.file), *place);
            }
            self.parts.pop_front();
            self.done = 0;
        };
        self.done += 1;
        let sequence: Sequence = file.info.base + u64::from(place.delta);
        let Place { offset, length, .. } = place;
        let place = Location { file, sequence, offset, length, committed: offset + length };
        self.stream.read_at(&place).map(Some)
    }
}
