//! Discarding messages that nobody waits for any more, on the way of the appends: nothing stands still for it.

use super::control::plan_removal;
use super::round::Round;
use super::writer::Writer;
use super::{Commit, Stream, StreamInner};
use crate::append::Committed;
use crate::error::EngineError;
use jetkv_types::Sequence;
use std::sync::Arc;

impl Stream {
    /// Removes messages that nobody counts on any more; those that are gone already do not matter. The commit is done when
    /// they are durably gone; its sequences mean nothing. [`Stream::removals`] does not count them.
    ///
    /// Where a purge locks the stream, this shares the next write and sync with whatever else is queued.
    ///
    /// # Errors
    /// Out of the commit, as [`Stream::purge`].
    pub fn discard(&self, sequences: &[Sequence]) -> Commit {
        let inner = &self.inner;
        let mut writer = inner.writer.lock();
        let outcome = inner.queue_discard(&mut writer, sequences);
        let round = writer.last_round().unwrap_or_else(|| Arc::new(Round::done()));
        drop(writer);
        Commit::new(Arc::clone(inner), round, outcome)
    }
}

impl StreamInner {
    fn queue_discard(&self, writer: &mut Writer, sequences: &[Sequence]) -> Result<Committed, EngineError> {
        if let Some(error) = &writer.stopped {
            return Err(error.clone());
        }
        let (going, controls) = {
            let index = self.index.read();
            let is_left = |sequence: &Sequence| {
                let Some(id) = index.subject_of(*sequence) else { return false };
                let is_displaced =
                    || writer.queued(index.table.key(id)).is_some_and(|queued| *sequence < queued.floor);
                *sequence >= writer.queued_floor && !writer.is_dropped(*sequence) && !is_displaced()
            };
            let mut going: Vec<_> = sequences.iter().copied().filter(is_left).collect();
            going.sort_unstable();
            going.dedup();
            let bytes: u64 = going.iter().map(|sequence| u64::from(index.size_of(*sequence))).sum();
            writer.messages = writer.messages.saturating_sub(crate::convert::to_u64(going.len()));
            writer.bytes = writer.bytes.saturating_sub(bytes);
            let controls = plan_removal(&index, &going);
            (going, controls)
        };
        // What was committed meanwhile kills at most what goes anyway: floors only hide what is older than what stays.
        self.queue_controls(writer, &controls);
        writer.note_dropped(&going);
        Ok(Committed { first: writer.next, last: writer.next - 1 })
    }
}
