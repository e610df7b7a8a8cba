//! A stream as plain maps: what every implementation of one must do, without files and without cleverness.

mod refusal;

pub use refusal::Refusal;

use jetkv_engine::{Append, Discard, Keeping, Limit, Purge, Rollup, StreamConfig, Ttl};
use jetkv_types::{Headers, MarkerReason, Message, Operation, Sequence, Subject, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A stream and its messages, small enough to copy: a test that must allow for several outcomes keeps a copy of each.
#[derive(Debug, Clone)]
pub struct Model {
    /// The configuration as it is now.
    pub config: StreamConfig,
    messages: BTreeMap<Sequence, Stored>,
    next: Sequence,
    last_time: Timestamp,
}

#[derive(Debug, Clone)]
struct Stored {
    message: Message,
    life: Life,
}

/// How long a message lives.
#[derive(Debug, Clone, Copy)]
enum Life {
    ByAge,
    Until(Timestamp),
    Forever,
}

impl Model {
    /// Returns an empty stream.
    #[must_use]
    pub fn new(config: StreamConfig) -> Self {
        let next = config.first_sequence.unwrap_or(1).max(1);
        Self { config, messages: BTreeMap::new(), next, last_time: Timestamp::ZERO }
    }

    /// Returns the live messages in the order of their sequences.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.values().map(|stored| &stored.message)
    }

    /// Returns how many messages are live.
    #[must_use]
    pub fn count(&self) -> u64 {
        to_u64(self.messages.len())
    }

    /// Returns the bytes of the live messages, counted as limits count them (PROTOCOL 4.1).
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.messages().map(counted_bytes).sum()
    }

    /// Returns the last sequence that was ever used, 0 if there is none.
    #[must_use]
    pub fn last_sequence(&self) -> Sequence {
        self.next - 1
    }

    /// Returns the first live sequence, or the next one if there is none; 0 if there never was one.
    #[must_use]
    pub fn first_sequence(&self) -> Sequence {
        if self.next == 1 { 0 } else { self.messages.keys().next().copied().unwrap_or(self.next) }
    }

    /// Returns the live messages of one subject, oldest first.
    #[must_use]
    pub fn revisions(&self, subject: &Subject) -> Vec<Sequence> {
        let mine = self.messages().filter(|message| message.subject == *subject);
        mine.map(|message| message.sequence).collect()
    }

    /// Returns the last message of a subject.
    #[must_use]
    pub fn last(&self, subject: &Subject) -> Option<&Message> {
        self.messages().rev().find(|message| message.subject == *subject)
    }

    /// Returns the subjects that have messages.
    #[must_use]
    pub fn subjects(&self) -> BTreeSet<&Subject> {
        self.messages().map(|message| &message.subject).collect()
    }

    /// Stores all of a batch at the time `now`, or nothing. Limits of the whole stream follow with
    /// [`Self::enforce_limits`].
    ///
    /// # Errors
    /// The refusal of the first message that cannot be stored.
    pub fn append(&mut self, batch: &[Append<'_>], now: Timestamp) -> Result<(), Refusal> {
        let now = now.max(self.last_time);
        let mut after = self.clone();
        for append in batch {
            if append.keeping == Keeping::Passed {
                refusal::check(&after, append)?;
                after.next += 1;
                continue;
            }
            after.append_one(append, now)?;
            after.last_time = now;
        }
        *self = after;
        Ok(())
    }

    fn append_one(&mut self, append: &Append<'_>, now: Timestamp) -> Result<(), Refusal> {
        refusal::check(self, append)?;
        let sequence = self.next;
        let message = Message {
            subject: append.subject.clone(),
            sequence,
            time: now,
            operation: append.operation,
            headers: append.headers.clone(),
            payload: append.payload.to_vec().into(),
        };
        let given_up = self.beyond_history(append.subject, 1);
        self.check_limits(&message, append.rollup, &given_up)?;
        let displaced = match append.rollup {
            Rollup::None => given_up,
            Rollup::Subject => self.revisions(append.subject),
            Rollup::Stream => self.messages.keys().copied().collect(),
        };
        self.drop_all(&displaced);
        let life = match append.ttl {
            Ttl::Stream => Life::ByAge,
            Ttl::After(span) => Life::Until(now.saturating_add(span)),
            Ttl::Never => Life::Forever,
        };
        self.messages.insert(sequence, Stored { message, life });
        self.next += 1;
        Ok(())
    }

    fn check_limits(&self, message: &Message, rollup: Rollup, given_up: &[Sequence]) -> Result<(), Refusal> {
        // A roll-up makes its own room.
        let refuses = self.config.discard == Discard::NewPerSubject && rollup == Rollup::None;
        if refuses && !given_up.is_empty() {
            return Err(Refusal::Limit(Limit::MessagesPerSubject));
        }
        if self.config.discard == Discard::Old {
            return Ok(());
        }
        let freed: u64 =
            given_up.iter().map(|sequence| counted_bytes(&self.messages[sequence].message)).sum();
        // What replaces a message of its subject need not find room for one more, only for what it has more in bytes.
        let (replaces, bytes) = (!given_up.is_empty(), counted_bytes(message));
        if !replaces && self.config.messages_max.is_some_and(|max| self.count() + 1 > max) {
            return Err(Refusal::Limit(Limit::Messages));
        }
        let is_smaller = replaces && bytes <= freed;
        if !is_smaller && self.config.bytes_max.is_some_and(|max| self.bytes() + bytes > max) {
            return Err(Refusal::Limit(Limit::Bytes));
        }
        Ok(())
    }

    /// Returns the oldest messages of a subject, as many as must go when so many are to come.
    fn beyond_history(&self, subject: &Subject, coming: usize) -> Vec<Sequence> {
        let mut revisions = self.revisions(subject);
        let max = self.config.messages_per_subject_max.and_then(|max| usize::try_from(max).ok());
        let keep = max.map_or(usize::MAX, |max| max.saturating_sub(coming));
        revisions.truncate(revisions.len().saturating_sub(keep));
        revisions
    }

    /// Drops the oldest messages beyond the limits of the stream, if that is its policy; says whether any went.
    pub fn enforce_limits(&mut self) -> bool {
        let before = self.messages.len();
        while self.config.discard == Discard::Old
            && (self.config.messages_max.is_some_and(|max| self.count() > max)
                || self.config.bytes_max.is_some_and(|max| self.bytes() > max))
        {
            self.messages.pop_first();
        }
        self.messages.len() < before
    }

    /// Removes messages; returns how many.
    pub fn purge(&mut self, purge: &Purge) -> u64 {
        let goes = |message: &&Message| {
            purge.filter.as_ref().is_none_or(|filter| filter.matches(message.subject.as_str()))
                && purge.below.is_none_or(|below| message.sequence < below)
        };
        let mut victims: Vec<_> = self.messages().filter(goes).map(|message| message.sequence).collect();
        let keep = usize::try_from(purge.keep.unwrap_or(0)).unwrap_or(usize::MAX);
        victims.truncate(victims.len().saturating_sub(keep));
        self.drop_all(&victims);
        to_u64(victims.len())
    }

    /// Removes one message; says whether there was one.
    pub fn remove(&mut self, sequence: Sequence) -> bool {
        self.messages.remove(&sequence).is_some()
    }

    /// Drops what the configuration no longer allows.
    pub fn trim(&mut self) {
        let subjects: Vec<_> = self.subjects().into_iter().cloned().collect();
        for subject in subjects {
            self.drop_all(&self.beyond_history(&subject, 0));
        }
        self.enforce_limits();
    }

    /// Removes the messages whose time has come, and returns the state after each step on the way: one for each marker
    /// that a subject gets, one for everything that goes without.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Self> {
        let age_max = self.config.age_max.unwrap_or(Duration::MAX);
        let is_due = |stored: &Stored| match stored.life {
            Life::Forever => false,
            Life::ByAge => stored.message.time.saturating_add(age_max) <= now,
            Life::Until(deadline) => deadline <= now || stored.message.time.saturating_add(age_max) <= now,
        };
        let due: Vec<Message> = self
            .messages
            .values()
            .filter(|stored| is_due(stored))
            .map(|stored| stored.message.clone())
            .collect();
        let (mut steps, mut silent) = (Vec::new(), Vec::new());
        let before = self.clone();
        for message in &due {
            // A marker stands for a subject of which nothing is left.
            let stays = |stored: &Stored| {
                stored.message.subject == message.subject
                    && !due.iter().any(|gone| gone.sequence == stored.message.sequence)
            };
            let is_last = before.last(&message.subject).is_some_and(|last| last.sequence == message.sequence)
                && !before.messages.values().any(stays);
            let server = matches!(message.operation, Operation::Purge | Operation::Marker(_));
            match self.config.limit_marker.clone().filter(|_| is_last && !server) {
                Some(marker) => {
                    match self.append(&[marker_of(&message.subject, &marker.headers, marker.ttl)], now) {
                        Ok(()) => steps.push(self.clone()),
                        Err(_) => silent.push(message.sequence),
                    }
                }
                None => silent.push(message.sequence),
            }
        }
        // Limits count what goes without a marker as still there.
        let mut limited = self.clone();
        let enforced = limited.enforce_limits();
        if !silent.is_empty() {
            self.drop_all(&silent);
            steps.push(self.clone());
        }
        if !steps.is_empty() && enforced {
            self.keep_only(&limited);
            steps.push(self.clone());
        }
        steps
    }

    /// Drops what `other` does not hold.
    pub fn keep_only(&mut self, other: &Self) {
        self.messages.retain(|sequence, _| other.messages.contains_key(sequence));
    }

    fn drop_all(&mut self, sequences: &[Sequence]) {
        for sequence in sequences {
            self.messages.remove(sequence);
        }
    }
}

fn marker_of<'a>(subject: &'a Subject, headers: &'a Headers, ttl: Duration) -> Append<'a> {
    Append {
        headers,
        operation: Operation::Marker(MarkerReason::MaxAge),
        ttl: Ttl::After(ttl),
        rollup: Rollup::Subject,
        ..Append::put(subject, b"")
    }
}

/// Size of a message as limits count it.
fn counted_bytes(message: &Message) -> u64 {
    let block = message.headers.as_block().len();
    let headers = if block == 0 { 0 } else { 4 + block };
    to_u64(22 + message.subject.as_bytes().len() + message.payload.len() + headers + 8)
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).expect("a count fits 64 bits")
}
