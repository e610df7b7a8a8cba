//! The present of the stream: new messages, each read once and matched to the consumers that want it.

use super::super::PriorityPolicy;
use super::super::deliver::Offered;
use super::super::limits::{BATCH, BATCHES_MAX};
use super::super::sink::Stamp;
use super::ConsumerKey;
use super::by_consumer::{ByConsumer, Match};
use super::members::Members;
use super::purge::rolled_up;
use jetkv_engine::{EngineError, Listener, Stream};
use jetkv_types::{Message, Sequence, SubjectFilter, Timestamp};
use std::task::{Context, Poll};

/// How far the set has seen the stream, and what of it is still to be handed out.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// As long as there are consumers, so that the engine keeps recent messages at hand.
    listener: Option<Listener>,
    /// Every message below was matched.
    next: Sequence,
    batch: Vec<Message>,
    /// One for each message of the batch; empty where nobody wants it.
    stamps: Vec<Stamp>,
    /// Places in the batch, each with a consumer that wants the message.
    matches: Vec<Match>,
    /// The match that comes next.
    at: usize,
    /// What the stream said of removals when the batch was read.
    removals: u64,
    owners: Vec<u32>,
    by_consumer: ByConsumer,
}

impl Tail {
    /// Begins to follow the stream.
    pub(super) fn open(&mut self, stream: &Stream) {
        if self.listener.is_none() {
            self.listener = Some(stream.listen(&[SubjectFilter::all()]));
            self.next = stream.bounds().end;
        }
    }

    /// Stops following the stream.
    pub(super) fn close(&mut self) {
        *self = Self::default();
    }

    /// Returns the sequence before which everything was matched.
    pub(super) fn seen(&self) -> Sequence {
        self.next
    }

    pub(super) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), EngineError>> {
        match &self.listener {
            Some(listener) => listener.poll_beyond(cx, self.next.saturating_sub(1)).map_ok(drop),
            None => Poll::Pending,
        }
    }

    /// Says whether everything that was matched was handed out.
    pub(super) fn is_done(&self) -> bool {
        self.at >= self.matches.len()
    }

    /// Says whether the stream has something that was not matched yet.
    pub(super) fn has_new(&self, stream: &Stream) -> bool {
        self.listener.is_some() && self.next < stream.bounds().end
    }

    /// Reads and matches the next messages. They join those that are not handed out yet, so that every delivery counts all
    /// that is to come, unless there are too many.
    /// A message that cannot be read sends those who want it back to the log, where they meet it by themselves; it returns
    /// their handles, and those of consumers that may go on now that there is more.
    pub(super) fn fetch(
        &mut self,
        stream: &Stream,
        members: &mut Members,
        now: Timestamp,
    ) -> Result<Vec<ConsumerKey>, EngineError> {
        let mut behind = Vec::new();
        if !self.has_new(stream) {
            return Ok(behind);
        }
        if self.is_done() {
            self.batch.clear();
            self.stamps.clear();
            self.matches.clear();
            self.at = 0;
            self.removals = stream.removals();
        } else if self.batch.len() + BATCH > BATCHES_MAX * BATCH {
            return Ok(behind);
        }
        let (known, matched) = (self.batch.len(), self.matches.len());
        let followed = stream.follow(self.next, BATCH, &mut self.batch)?;
        self.next = followed.next;
        for damage in &followed.damaged {
            let (Some((sequence, _)), Some(subject)) = (damage.sequences, &damage.subject) else { continue };
            self.owners.clear();
            members.filters.matching(subject.as_str(), &mut self.owners);
            for &owner in &self.owners {
                let Some(consumer) = members.owner_mut(owner) else { continue };
                consumer.cursor.observe(sequence);
                consumer.cursor.leave_tail();
                behind.push(consumer.key);
            }
        }
        // What an interrupted reading left in the batch, nobody was matched with.
        self.stamps.resize(known, Stamp::EMPTY);
        for (place, message) in self.batch.iter().enumerate().skip(known) {
            if !message.headers.as_block().is_empty() {
                rolled_up(members, stream, message, now);
            }
            self.owners.clear();
            members.filters.matching(message.subject.as_str(), &mut self.owners);
            self.stamps.push(if self.owners.is_empty() { Stamp::EMPTY } else { Stamp::of(message) });
            for &owner in &self.owners {
                let Some(consumer) = members.owner_mut(owner) else { continue };
                // All of the batch is counted before any of it is delivered: what is delivered tells what is to come.
                consumer.cursor.observe(message.sequence);
                if consumer.cursor.is_at_tail() {
                    self.matches.push((place, consumer.key));
                } else if consumer.rules.priority == PriorityPolicy::Overflow {
                    // Its requests may wait for nothing but more messages.
                    behind.push(consumer.key);
                }
            }
        }
        // One consumer after the other, each in the order of the stream: what a delivery needs of its consumer and of the
        // way to its client is at hand from the one before.
        self.by_consumer.sort(&mut self.matches, matched);
        Ok(behind)
    }

    /// Leaves out what went since it was read, so that nobody is told that it is to come.
    pub(super) fn tidy(&mut self, stream: &Stream, members: &mut Members) {
        let removals = stream.removals();
        if self.is_done() || self.removals == removals {
            return;
        }
        self.removals = removals;
        self.matches.drain(..self.at);
        self.at = 0;
        let batch = &self.batch;
        let mut known: Vec<Option<bool>> = vec![None; batch.len()];
        self.matches.retain(|(place, key)| {
            let (Some(message), Some(known)) = (batch.get(*place), known.get_mut(*place)) else {
                return false;
            };
            let is_live = *known.get_or_insert_with(|| stream.is_live(message.sequence));
            if !is_live && let Some(consumer) = members.get_mut(*key) {
                consumer.cursor.miss_new(message.sequence);
            }
            is_live
        });
    }

    /// Returns the next message with a consumer that may want it.
    pub(super) fn next_match(&mut self) -> Option<(Offered<'_>, ConsumerKey)> {
        let &(place, key) = self.matches.get(self.at)?;
        self.at += 1;
        let offered = Offered { message: self.batch.get(place)?, stamp: self.stamps.get(place)? };
        Some((offered, key))
    }
}
