//! What removals do to the positions of consumers: what is gone counts as delivered and acknowledged.

use super::super::cursor::Effort;
use super::super::member::Consumer;
use super::super::{AckPolicy, ConsumerError, Position};
use super::ConsumerSet;
use super::members::Members;
use jetkv_engine::{EngineError, Stream};
use jetkv_types::{Message, Sequence, SubjectFilter, Timestamp};

/// How far a purge reaches into what a consumer wants, as the reference judges it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// All that the consumer wants: it goes on at the first message that the purge could have removed and did not.
    Whole,
    /// A part of it: the consumer goes on where the stream begins.
    Part,
}

impl ConsumerSet {
    /// Lets go of messages that were removed one by one, and counts what is left.
    ///
    /// # Errors
    /// `Engine` if the stream is gone.
    pub fn removed(&mut self, now: Timestamp) -> Result<(), ConsumerError> {
        for key in self.members.keys() {
            let Some(consumer) = self.members.get_mut(key) else { continue };
            consumer.settle_gone(&self.stream, now);
            consumer.cursor.refresh(&self.stream, &consumer.rules.filters, now, Effort::Paid)?;
            self.touch(key);
            self.wake(key);
            self.arm(key, now);
        }
        Ok(self.judge_settled()?)
    }

    /// Brings positions up to date after a purge of the subjects that match `filter`, or of all.
    ///
    /// # Errors
    /// `Engine` if the stream is gone.
    pub fn purged(&mut self, filter: Option<&SubjectFilter>, now: Timestamp) -> Result<(), ConsumerError> {
        let bounds = self.stream.bounds();
        let first_left = match filter {
            Some(filter) => first_match(&self.stream, filter)?.unwrap_or(bounds.end),
            None => bounds.first,
        };
        for key in self.members.keys() {
            let seen = self.tail.seen();
            let Some(consumer) = self.members.get_mut(key) else { continue };
            if let Some(reach) = reach_of(filter, &consumer.rules.filters) {
                let first = if reach == Reach::Whole { first_left } else { bounds.first };
                consumer.move_to(first, reach, &self.stream, now);
                consumer.cursor.skip_seen(seen);
            }
            consumer.settle_gone(&self.stream, now);
            self.touch(key);
            self.wake(key);
            self.arm(key, now);
        }
        Ok(self.judge_settled()?)
    }
}

/// Brings positions up to date after a message that took the place of all others of its subject, or of the stream.
pub(super) fn rolled_up(members: &mut Members, stream: &Stream, message: &Message, now: Timestamp) {
    let rollup = message.headers.get(crate::header_names::ROLLUP);
    let subject = SubjectFilter::new(message.subject.as_str());
    let Some(filter) = (match (rollup, subject) {
        (Some("sub"), Ok(subject)) => Some(Some(subject)),
        (Some("all"), _) => Some(None),
        _ => None,
    }) else {
        return;
    };
    let stream_first = stream.bounds().first;
    for key in members.keys() {
        let Some(consumer) = members.get_mut(key) else { continue };
        match reach_of(filter.as_ref(), &consumer.rules.filters) {
            Some(Reach::Whole) if filter.is_some() => {
                consumer.move_to(message.sequence, Reach::Whole, stream, now);
            }
            Some(reach) => consumer.move_to(stream_first.min(message.sequence), reach, stream, now),
            None => {}
        }
    }
}

/// Says how far a purge reaches; `None` if the consumer does not mind.
fn reach_of(purged: Option<&SubjectFilter>, wanted: &[SubjectFilter]) -> Option<Reach> {
    let Some(purged) = purged else { return Some(Reach::Whole) };
    if wanted.iter().all(|filter| filter.is_subset_of(purged)) {
        return Some(Reach::Whole);
    }
    wanted.iter().any(|filter| purged.is_subset_of(filter)).then_some(Reach::Part)
}

fn first_match(stream: &Stream, filter: &SubjectFilter) -> Result<Option<Sequence>, EngineError> {
    stream.first_sequence(std::slice::from_ref(filter), 0)
}

impl Consumer {
    /// Goes on at `first` if it has not come so far.
    fn move_to(&mut self, first: Sequence, reach: Reach, stream: &Stream, now: Timestamp) {
        if self.rules.acks == AckPolicy::All {
            // As everywhere, what is gone takes those before it along; only then is the rest told apart.
            self.settle_gone(stream, now);
        }
        let before = first.saturating_sub(1);
        self.has_moved = true;
        // What was looked at and not wanted counts from now on.
        let reached = before.max(self.looked);
        if self.delivered.stream_seq < reached {
            self.delivered.stream_seq = reached;
            self.dirty = true;
        }
        let Some(acks) = &mut self.acks else { return };
        let is_gone =
            |sequence: Sequence| sequence <= before || reach == Reach::Part && !stream.is_live(sequence);
        if acks.floor.stream_seq < first && acks.purge(before, is_gone, &self.delivered) {
            acks.floor.last_active = Some(now);
            self.dirty = true;
        }
        if acks.pending_count() == 0 {
            let Position { consumer_seq, stream_seq, .. } = self.delivered;
            acks.floor = Position { consumer_seq, stream_seq, ..acks.floor };
        }
    }
}
