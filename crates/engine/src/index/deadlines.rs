//! Which messages have a deadline of their own, and which is due next.

use crate::format::entry::NEVER;
use jetkv_types::Sequence;
use std::collections::{BTreeSet, HashMap};

/// Own deadlines of live messages, by time and by sequence.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    by_time: BTreeSet<(u64, Sequence)>,
    by_sequence: HashMap<Sequence, u64>,
}

impl Deadlines {
    pub(crate) fn insert(&mut self, sequence: Sequence, deadline: u64) {
        self.by_sequence.insert(sequence, deadline);
        if deadline != NEVER {
            self.by_time.insert((deadline, sequence));
        }
    }

    pub(crate) fn remove(&mut self, sequence: Sequence) {
        if self.by_sequence.is_empty() {
            return;
        }
        if let Some(deadline) = self.by_sequence.remove(&sequence) {
            self.by_time.remove(&(deadline, sequence));
        }
    }

    /// Says whether the message is exempt from the age limit of the stream.
    pub(crate) fn never_expires(&self, sequence: Sequence) -> bool {
        self.by_sequence.get(&sequence) == Some(&NEVER)
    }

    /// Returns the earliest deadline.
    pub(crate) fn earliest(&self) -> Option<u64> {
        self.by_time.first().map(|(deadline, _)| *deadline)
    }

    /// Returns messages whose deadline is `now` or earlier, in the order of deadlines.
    pub(crate) fn due(&self, now: u64) -> impl Iterator<Item = Sequence> + '_ {
        self.by_time.iter().take_while(move |(deadline, _)| *deadline <= now).map(|(_, sequence)| *sequence)
    }

    /// Bytes of memory, estimated from the sizes of the entries.
    pub(crate) fn memory_bytes(&self) -> u64 {
        crate::convert::to_u64(self.by_time.len() * 24 + self.by_sequence.capacity() * 17)
    }
}
