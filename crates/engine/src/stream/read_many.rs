//! Reading several messages at a time: what stands close together in a file is read in one go.

use super::{Stream, StreamInner};
use crate::convert::{to_u32, to_u64, to_usize};
use crate::error::EngineError;
use crate::index::{FETCHED_TOGETHER, Location, StreamIndex};
use bytes::Bytes;
use jetkv_types::{Message, Sequence};
use std::sync::Arc;

impl Stream {
    /// Reads the messages with these sequences; each outcome is that of [`Self::get`].
    ///
    /// It is fastest for ascending sequences. Messages of one call may share their bytes, so that one that is kept keeps
    /// up to 64 KiB of its neighbours.
    ///
    /// # Errors
    /// `StreamDeleted`, `Closed`; what concerns one message is its outcome.
    pub fn get_many(
        &self,
        sequences: &[Sequence],
    ) -> Result<Vec<Result<Option<Message>, EngineError>>, EngineError> {
        self.inner.check_readable()?;
        let mut places = Vec::with_capacity(sequences.len());
        {
            let index = self.inner.index.read();
            for some in sequences.chunks(FETCHED_TOGETHER) {
                if are_scattered(some) {
                    index.fetch_sequences(some);
                }
                places.extend(some.iter().map(|sequence| locate(&index, *sequence)));
            }
        }
        let mut outcomes = Vec::with_capacity(places.len());
        let mut rest = places.as_slice();
        while let Some(first) = rest.first() {
            let length = match first {
                Ok(Some(place)) => run_length(place, rest),
                _ => 1,
            };
            let (run, behind) = rest.split_at(length);
            self.inner.read_run(run, &mut outcomes);
            rest = behind;
        }
        Ok(outcomes)
    }
}

/// Says whether the slots of ascending sequences lie in lines of the processor's cache of their own; where they follow each
/// other, it fetches them ahead by itself.
fn are_scattered(sequences: &[Sequence]) -> bool {
    let (Some(first), Some(last)) = (sequences.first(), sequences.last()) else { return false };
    last.saturating_sub(*first) / SCATTERED >= to_u64(sequences.len())
}

/// Finds a message as [`Stream::get`] does.
pub(super) fn locate(index: &StreamIndex, sequence: Sequence) -> Result<Option<Location>, EngineError> {
    let place = index.locate(sequence);
    let hole = match &place {
        // What was lost behind it may have said that it is dead.
        Some(_) => index.hole_after(Some(sequence)),
        None => index
            .holes
            .iter()
            .find(|hole| hole.sequences.is_none_or(|(first, last)| (first..=last).contains(&sequence))),
    };
    match hole {
        Some(hole) => Err(EngineError::Damaged(Arc::clone(hole))),
        None => Ok(place),
    }
}

/// Returns how many of the places, of which `first` is the first, are read together.
fn run_length(first: &Location, places: &[Result<Option<Location>, EngineError>]) -> usize {
    let mut end = first.offset + first.length;
    let follows = |place: &&Result<Option<Location>, EngineError>| {
        let Ok(Some(place)) = place else { return false };
        let is_near = Arc::ptr_eq(&place.file, &first.file)
            && place.offset >= end
            && place.offset - end <= GAP_BYTES_MAX
            && place.offset + place.length - first.offset <= RUN_BYTES_MAX;
        end = if is_near { place.offset + place.length } else { end };
        is_near
    };
    1 + places.iter().skip(1).take_while(follows).count()
}

impl StreamInner {
    fn read_run(
        &self,
        run: &[Result<Option<Location>, EngineError>],
        outcomes: &mut Vec<Result<Option<Message>, EngineError>>,
    ) {
        if let [Ok(Some(only))] = run {
            outcomes.push(self.read_cached(only).map(Some));
            return;
        }
        let shared = match run {
            [Ok(Some(first)), .., Ok(Some(last))] => {
                let length = last.offset + last.length - first.offset;
                first
                    .file
                    .read_bytes(first.offset, length)
                    .ok()
                    .map(|bytes| (first.offset, Bytes::from(bytes)))
            }
            _ => None,
        };
        for place in run {
            outcomes.push(match place {
                Ok(Some(place)) => {
                    let found = shared.as_ref().and_then(|(start, bytes)| cut_out(place, *start, bytes));
                    // What is not as it was written is read once more by itself, which names the damage.
                    found.map_or_else(|| self.read_at(place), Ok).map(Some)
                }
                Ok(None) => Ok(None),
                Err(error) => Err(error.clone()),
            });
        }
    }
}

/// Takes a message out of bytes that were read from `start` on.
fn cut_out(place: &Location, start: u32, bytes: &Bytes) -> Option<Message> {
    let from = to_usize(place.offset - start);
    let to = from + to_usize(place.length);
    let own = (to_u32(bytes.len()) >= to_u32(to)).then(|| bytes.slice(from..to))?;
    place
        .file
        .decode(&own, place.offset, |part| own.slice_ref(part))
        .filter(|message| message.sequence == place.sequence)
}

/// Sequences that are on average so far apart are fetched together.
const SCATTERED: u64 = 8;
/// So many bytes that nobody asked for are read rather than asking the operating system once more.
const GAP_BYTES_MAX: u32 = 2_048;
/// So many bytes are read at most at a time.
const RUN_BYTES_MAX: u32 = 65_536;
