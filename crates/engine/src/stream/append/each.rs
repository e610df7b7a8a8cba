//! Appending messages that came together, each by itself: what they need in common is looked up once.

use super::super::round::Round;
use super::super::writer::Writer;
use super::super::{Commit, StreamInner};
use super::{Fate, Seen, fetch};
use crate::append::Append;
use crate::index::FETCHED_TOGETHER;
use crate::wakes;
use std::slice;
use std::sync::Arc;

impl StreamInner {
    /// Queues messages one after the other, or finds out why not.
    pub(crate) fn append_each(self: &Arc<Self>, messages: &[Append<'_>]) -> Vec<Commit> {
        let _wakes = wakes::hold();
        self.read_expected(messages);
        let mut writer = self.writer.lock();
        let mut commits = Vec::new();
        for some in messages.chunks(FETCHED_TOGETHER) {
            if writer.stopped.is_some() || writer.full || self.shared.reserve.is_released() {
                // What has to be done first, or said instead, is the same for each of them.
                for append in some {
                    let outcome = self.queue_batch(&mut writer, slice::from_ref(append), Fate::Kept);
                    self.note_commit(&mut commits, &writer, outcome);
                }
                continue;
            }
            let config = self.config();
            let now = self.env.clock.now().as_nanos();
            // Let go of between some and the next, so that nobody waits long for it.
            let index = self.index.read();
            fetch(&index, some);
            let seen = Seen { config: &config, index: &index, now };
            for append in some {
                let outcome = self.queue_seen(&mut writer, &seen, slice::from_ref(append), Fate::Kept);
                self.note_commit(&mut commits, &writer, outcome);
            }
        }
        commits
    }

    /// Adds a message to the commit before, if it is done together with that; or as one of its own.
    fn note_commit(
        self: &Arc<Self>,
        commits: &mut Vec<Commit>,
        writer: &Writer,
        outcome: crate::append::CommitResult,
    ) {
        let round = writer.last_round().unwrap_or_else(|| Arc::new(Round::done()));
        if let (Some(before), Ok(committed)) = (commits.last_mut(), &outcome)
            && before.extend(&round, *committed)
        {
            return;
        }
        commits.push(Commit::new(Arc::clone(self), round, outcome));
    }
}
