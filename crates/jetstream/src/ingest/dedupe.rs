//! Message ids that were seen within the duplicate window (PROTOCOL 3.9).

use super::known::MESSAGE_ID;
use jetkv_engine::Stream;
use jetkv_types::{Sequence, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// The ids of a stream. What was stored before the server started is read back when the first id comes.
#[derive(Debug, Default)]
pub(super) struct Ids {
    read_back: bool,
    by_id: HashMap<Box<str>, Sequence>,
    /// Oldest first.
    by_time: VecDeque<Remembered>,
    /// The one with the highest sequence, however old.
    newest: Option<Remembered>,
}

/// An id, and what it stands for.
#[derive(Debug, Clone)]
pub(super) struct Remembered {
    pub(super) id: Box<str>,
    pub(super) sequence: Sequence,
    pub(super) time: Timestamp,
}

impl Ids {
    /// Forgets what is older than the window, and reads back what was stored before.
    pub(super) fn prepare(&mut self, stream: &Stream, now: Timestamp, window: Duration) {
        if !self.read_back {
            self.read_back = true;
            self.read_from(stream, now, window);
        }
        while self.by_time.len() > IDS_MAX
            || self.by_time.front().is_some_and(|oldest| now.since(oldest.time) >= window)
        {
            let Some(oldest) = self.by_time.pop_front() else { return };
            if self.by_id.get(&oldest.id) == Some(&oldest.sequence) {
                self.by_id.remove(&oldest.id);
            }
        }
    }

    pub(super) fn find(&self, id: &str) -> Option<Sequence> {
        self.by_id.get(id).copied()
    }

    /// Returns the id of the message with this sequence if it is the newest one that has an id, gone or not.
    pub(super) fn id_of(&self, sequence: Sequence) -> Option<Box<str>> {
        self.newest.as_ref().filter(|newest| newest.sequence == sequence).map(|newest| newest.id.clone())
    }

    pub(super) fn insert(&mut self, remembered: Remembered) {
        self.by_id.insert(remembered.id.clone(), remembered.sequence);
        self.newest = Some(remembered.clone());
        self.by_time.push_back(remembered);
    }

    pub(super) fn forget(&mut self, ids: &[Box<str>]) {
        for id in ids {
            self.by_id.remove(id);
        }
    }

    fn read_from(&mut self, stream: &Stream, now: Timestamp, window: Duration) {
        let since = Timestamp::from_nanos(
            now.as_nanos().saturating_sub(u64::try_from(window.as_nanos()).unwrap_or(u64::MAX)),
        );
        // What cannot be read cannot be recognised; it is reported where it is read.
        let Ok(mut sequence) = stream.sequence_at(since) else { return };
        let all = [jetkv_types::SubjectFilter::all()];
        while let Ok(Some(message)) = stream.first_matching(&all, sequence) {
            sequence = message.sequence + 1;
            if let Some(id) = message.headers.get(MESSAGE_ID) {
                self.insert(Remembered { id: id.into(), sequence: message.sequence, time: message.time });
            }
        }
    }
}

/// The oldest ids go when there are more.
const IDS_MAX: usize = 1 << 20;
