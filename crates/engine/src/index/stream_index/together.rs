//! Looking at many subjects or messages: what they need is read from memory for many of them before the first is needed, so
//! that the waits overlap.

use super::super::slots::Slot;
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

    /// Has memory fetch, all at once, where messages with these sequences stand; at most [`FETCHED_TOGETHER`] of them are
    /// worth it.
    pub(crate) fn fetch_sequences(&self, sequences: &[Sequence]) {
        let offsets = sequences.iter().filter_map(|sequence| self.slot(*sequence)).map(Slot::offset);
        std::hint::black_box(offsets.fold(0, |sum, offset| sum ^ offset));
    }
}
