//! Looking at many subjects or messages: what they need is read from memory for many of them before the first is needed, so
//! that the waits overlap.

use super::super::slots::Slot;
use super::super::subject_table::SubjectId;
use super::{FETCHED_TOGETHER, LastOf, StreamIndex};
use jetkv_types::Sequence;

impl StreamIndex {
    /// Shows the subjects that match the text of a filter, in token order, strictly behind `after`, at most `limit`.
    pub(crate) fn each_matching(
        &self,
        filter: &str,
        after: Option<&[u8]>,
        limit: usize,
        mut show: impl FnMut(&[u8], LastOf),
    ) {
        let mut ids = self.table.matching(filter, after).take(limit);
        let mut together = Vec::with_capacity(limit.min(FETCHED_TOGETHER));
        loop {
            together.clear();
            together.extend(ids.by_ref().take(FETCHED_TOGETHER));
            if together.is_empty() {
                return;
            }
            let touched = together.iter().map(|id| {
                let start = self.table.key(*id).first().copied().unwrap_or_default();
                self.table.known(*id).last ^ u64::from(start)
            });
            std::hint::black_box(touched.fold(0, |sum, touched| sum ^ touched));
            for id in &together {
                show(self.table.key(*id), self.last_of_id(*id));
            }
        }
    }

    /// Gives each of these subjects to `take`, in their order, when what is known of it is at hand.
    pub(crate) fn each_together(
        &self,
        mut ids: impl Iterator<Item = SubjectId>,
        mut take: impl FnMut(SubjectId),
    ) {
        let mut together = Vec::with_capacity(ids.size_hint().0.min(FETCHED_TOGETHER));
        loop {
            together.clear();
            together.extend(ids.by_ref().take(FETCHED_TOGETHER));
            if together.is_empty() {
                return;
            }
            let lasts = together.iter().map(|id| self.table.known(*id).last);
            std::hint::black_box(lasts.fold(0, |sum, last| sum ^ last));
            together.iter().for_each(|id| take(*id));
        }
    }

    /// Has memory fetch, all at once, where messages with these sequences stand; at most [`FETCHED_TOGETHER`] of them are
    /// worth it.
    pub(crate) fn fetch_sequences(&self, sequences: &[Sequence]) {
        let offsets = sequences.iter().filter_map(|sequence| self.slot(*sequence)).map(Slot::offset);
        std::hint::black_box(offsets.fold(0, |sum, offset| sum ^ offset));
    }

    /// Has memory fetch, all at once, what messages of subjects with these hashes will need; at most [`FETCHED_TOGETHER`] of
    /// them are worth it.
    pub(crate) fn fetch(&self, hashes: &[u64]) {
        let mut lasts = [0; FETCHED_TOGETHER];
        let mut count = 0;
        for (place, seen) in lasts.iter_mut().zip(self.table.fetch(hashes)) {
            *place = seen.last_below(self.next).unwrap_or_default();
            count += 1;
        }
        self.fetch_slots(&lasts[..count]);
    }

    /// Has memory fetch the slots of messages, all at once.
    fn fetch_slots(&self, sequences: &[Sequence]) {
        let mut places = [(0, 0); FETCHED_TOGETHER];
        for (place, sequence) in places.iter_mut().zip(sequences) {
            if let Some(segment) = self.segment_of(*sequence) {
                *place = (segment, self.segments[segment].guess(*sequence));
            }
        }
        let touch = |(segment, index): &(usize, usize)| {
            self.segments.get(*segment).map_or(0, |segment| segment.touch(*index))
        };
        std::hint::black_box(places[..sequences.len()].iter().map(touch).fold(0, |sum, found| sum ^ found));
    }

    /// As [`Self::fetch`], for subjects; of one alone there is nothing that could come together.
    pub(crate) fn fetch_subjects<'a>(&self, subjects: impl ExactSizeIterator<Item = &'a [u8]>) {
        let count = subjects.len().min(FETCHED_TOGETHER);
        if count > 1 {
            let (hasher, mut hashes) = (self.table.hasher(), [0; FETCHED_TOGETHER]);
            for (hash, subject) in hashes.iter_mut().zip(subjects) {
                *hash = hasher.hash(subject);
            }
            self.fetch(&hashes[..count]);
        }
    }
}
