//! Deliveries that await their acks, and those that are due again (PROTOCOL 5.6).

use super::limits::REDELIVERED_MAX;
use super::pull::PullRequest;
use super::snapshot::PendingAck;
use super::{AckPolicy, Position};
use jetkv_types::{Sequence, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// A message of a client about a delivery.
#[derive(Debug, Clone, Copy)]
pub struct Ack<'a> {
    /// The message, from the reply subject of the delivery.
    pub stream_seq: Sequence,
    /// The number of the delivery, from there as well.
    pub consumer_seq: u64,
    /// What the client says.
    pub kind: &'a AckKind,
    /// Where messages go that it asks for with [`AckKind::Next`].
    pub reply: Option<&'a str>,
}

/// What a client says about a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AckKind {
    /// It is done.
    Ack,
    /// It is to be delivered again, at once or after a time.
    Nak {
        /// The time to wait.
        delay: Option<Duration>,
    },
    /// It is being worked on: the time for the ack begins anew.
    Progress,
    /// It is never to be delivered again.
    Term {
        /// Why, as the client put it.
        reason: String,
    },
    /// It is done, and the client asks for more.
    Next(PullRequest),
}

/// What became of what a client said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckOutcome {
    /// It was taken, also if nothing awaited it any more.
    Taken,
    /// Nothing so far in the stream was delivered yet: it means nothing.
    NotDelivered,
}

/// The deliveries of one consumer that await their acks.
#[derive(Debug, Default)]
pub(super) struct Acks {
    pending: BTreeMap<Sequence, Pending>,
    deadlines: BTreeSet<(Timestamp, Sequence)>,
    /// How often messages were delivered again; kept for those that were given up.
    redelivered: HashMap<Sequence, u64>,
    /// Due again, in this order; those that are no longer queued are left out.
    queue: VecDeque<Sequence>,
    queued: usize,
    pub(super) floor: Position,
    /// What a stream must know that keeps messages for its consumers; absent where it keeps them anyway.
    keeps: Option<Box<Keeps>>,
}

/// What became of deliveries, for a stream that keeps messages for its consumers.
#[derive(Debug, Default)]
struct Keeps {
    /// Settled since somebody asked last.
    settled: Vec<Sequence>,
    /// Delivered as often as allowed and never settled: these stay, and a late ack is welcome.
    given_up: BTreeSet<Sequence>,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    consumer_seq: u64,
    delivered: Timestamp,
    /// When it is due again; `None` while it is queued.
    deadline: Option<Timestamp>,
}

/// A delivery that was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) consumer_seq: u64,
    pub(super) deliveries: u64,
    pub(super) delivered: Timestamp,
}

impl Acks {
    pub(super) fn new(floor: Position) -> Self {
        Self { floor, ..Self::default() }
    }

    pub(super) fn pending_count(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn redelivered_count(&self) -> usize {
        self.redelivered.len()
    }

    pub(super) fn is_pending(&self, sequence: Sequence) -> bool {
        self.pending.contains_key(&sequence)
    }

    /// Notes from now on what becomes of deliveries, or not any more; `given_up` is what was given up before.
    pub(super) fn set_keeping(&mut self, given_up: Option<BTreeSet<Sequence>>) {
        self.keeps = given_up.map(|given_up| Box::new(Keeps { settled: Vec::new(), given_up }));
    }

    /// Returns what was settled since the last time.
    pub(super) fn take_settled(&mut self) -> Vec<Sequence> {
        self.keeps.as_mut().map(|keeps| std::mem::take(&mut keeps.settled)).unwrap_or_default()
    }

    /// Says whether a message was delivered as often as allowed and never settled.
    pub(super) fn has_given_up(&self, sequence: Sequence) -> bool {
        self.keeps.as_ref().is_some_and(|keeps| keeps.given_up.contains(&sequence))
    }

    /// Returns what was delivered as often as allowed and never settled.
    pub(super) fn given_up(&self) -> Vec<Sequence> {
        self.keeps.as_ref().map(|keeps| keeps.given_up.iter().copied().collect()).unwrap_or_default()
    }

    /// Forgets what was given up and is not live.
    pub(super) fn forget_gone(&mut self, is_live: impl Fn(Sequence) -> bool) {
        if let Some(keeps) = &mut self.keeps {
            keeps.given_up.retain(|sequence| is_live(*sequence));
        }
    }

    /// Notes that a message was settled that could not be read: it stays where it is.
    pub(super) fn keep_lost(&mut self, sequence: Sequence) {
        if let Some(keeps) = &mut self.keeps {
            keeps.settled.retain(|settled| *settled != sequence);
            keeps.given_up.insert(sequence);
        }
    }

    fn note_settled(&mut self, sequence: Sequence) {
        if let Some(keeps) = &mut self.keeps {
            keeps.given_up.remove(&sequence);
            keeps.settled.push(sequence);
        }
    }

    /// Returns how many messages are due again.
    pub(super) fn queued_count(&self) -> usize {
        self.queued
    }

    /// Returns how often a message has been delivered.
    pub(super) fn deliveries(&self, sequence: Sequence) -> u64 {
        1 + self.redelivered.get(&sequence).copied().unwrap_or(0)
    }

    /// Notes a delivery, the first one or a further one of a message.
    pub(super) fn delivered(
        &mut self,
        sequence: Sequence,
        consumer_seq: u64,
        now: Timestamp,
        wait: Duration,
    ) {
        let deadline = now.saturating_add(wait);
        match self.pending.get_mut(&sequence) {
            Some(pending) => {
                // The number of the first delivery stays: the floor counts by it.
                pending.delivered = now;
                self.queued -= usize::from(pending.deadline.is_none());
                if let Some(old) = pending.deadline.replace(deadline) {
                    self.deadlines.remove(&(old, sequence));
                }
                *self.redelivered.entry(sequence).or_insert(0) += 1;
            }
            None => {
                let pending = Pending { consumer_seq, delivered: now, deadline: Some(deadline) };
                self.pending.insert(sequence, pending);
            }
        }
        self.deadlines.insert((deadline, sequence));
    }

    /// Returns the message that is due again first.
    pub(super) fn due(&mut self) -> Option<Sequence> {
        while let Some(&sequence) = self.queue.front() {
            if self.pending.get(&sequence).is_some_and(|pending| pending.deadline.is_none()) {
                return Some(sequence);
            }
            self.queue.pop_front();
        }
        None
    }

    /// Returns when something is due again, if nothing is queued.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Queues everything that is due again at `now`; returns the sequences, ascending.
    pub(super) fn expire(&mut self, now: Timestamp) -> Vec<Sequence> {
        let mut due = Vec::new();
        while let Some(&(at, sequence)) = self.deadlines.first() {
            if at > now {
                break;
            }
            self.deadlines.pop_first();
            due.push(sequence);
        }
        due.sort_unstable();
        for &sequence in &due {
            self.enqueue(sequence);
        }
        due
    }

    /// Queues a message that is pending; says whether it is.
    pub(super) fn enqueue(&mut self, sequence: Sequence) -> bool {
        let Some(pending) = self.pending.get_mut(&sequence) else { return false };
        // Without a deadline it is queued already.
        if let Some(deadline) = pending.deadline.take() {
            self.deadlines.remove(&(deadline, sequence));
            self.queued += 1;
            self.queue.push_back(sequence);
            self.tidy_queue();
        }
        true
    }

    /// Leaves out what is not queued any more, before it becomes more than what is.
    fn tidy_queue(&mut self) {
        if self.queue.len() <= 2 * self.queued + 16 {
            return;
        }
        let mut seen = BTreeSet::new();
        let pending = &self.pending;
        self.queue.retain(|sequence| {
            pending.get(sequence).is_some_and(|found| found.deadline.is_none()) && seen.insert(*sequence)
        });
    }

    /// Lets a pending message wait until `deadline`; says whether it is pending.
    pub(super) fn postpone(&mut self, sequence: Sequence, deadline: Timestamp) -> bool {
        let Some(pending) = self.pending.get_mut(&sequence) else { return false };
        match pending.deadline.replace(deadline) {
            Some(old) => {
                self.deadlines.remove(&(old, sequence));
            }
            None => self.queued -= 1,
        }
        self.deadlines.insert((deadline, sequence));
        true
    }

    /// Settles one delivery; `delivered` is the last one of the consumer.
    pub(super) fn settle(&mut self, sequence: Sequence, delivered: &Position) -> Option<Settled> {
        let deliveries = self.deliveries(sequence);
        let Some(pending) = self.forget(sequence) else {
            if self.has_given_up(sequence) {
                self.note_settled(sequence);
            }
            return None;
        };
        self.note_settled(sequence);
        self.redelivered.remove(&sequence);
        if self.pending.is_empty() {
            self.floor.consumer_seq = delivered.consumer_seq;
            self.floor.stream_seq = delivered.stream_seq;
        } else if pending.consumer_seq == self.floor.consumer_seq + 1 {
            self.floor.consumer_seq = pending.consumer_seq;
            self.floor.stream_seq = sequence;
            if let Some((next, pending)) = self.pending.range(sequence..).next() {
                self.floor.consumer_seq = self.floor.consumer_seq.max(pending.consumer_seq.saturating_sub(1));
                self.floor.stream_seq = next - 1;
            }
        }
        Some(Settled { consumer_seq: pending.consumer_seq, deliveries, delivered: pending.delivered })
    }

    /// Settles a pending delivery as an ack of it would, by the policy.
    pub(super) fn settle_as(&mut self, policy: AckPolicy, sequence: Sequence, delivered: &Position) {
        match (policy, self.pending.get(&sequence)) {
            (AckPolicy::All, Some(pending)) => drop(self.settle_up_to(sequence, pending.consumer_seq)),
            _ => drop(self.settle(sequence, delivered)),
        }
    }

    /// Settles everything up to a delivery; tells of that delivery, if it was pending.
    ///
    /// One that is not, as it was given up, settles those before it and leaves the floor where it is: so does the reference, and
    /// by its number, that of the last delivery, a floor would be above what others still await.
    pub(super) fn settle_up_to(&mut self, sequence: Sequence, consumer_seq: u64) -> Option<Settled> {
        if consumer_seq <= self.floor.consumer_seq || sequence <= self.floor.stream_seq {
            return None;
        }
        let deliveries = self.deliveries(sequence);
        let delivered = self.pending.get(&sequence).map(|pending| pending.delivered);
        if delivered.is_some() {
            self.floor.consumer_seq = consumer_seq;
            self.floor.stream_seq = sequence;
        }
        while let Some((&first, _)) = self.pending.first_key_value() {
            if first > sequence {
                break;
            }
            self.forget(first);
            self.note_settled(first);
            self.redelivered.remove(&first);
        }
        if let Some(keeps) = &mut self.keeps {
            let staying = keeps.given_up.split_off(&(sequence + 1));
            keeps.settled.extend(std::mem::replace(&mut keeps.given_up, staying));
        }
        delivered.map(|delivered| Settled { consumer_seq, deliveries, delivered })
    }

    /// Gives a message up that was delivered as often as allowed; how often stays known.
    pub(super) fn give_up(&mut self, sequence: Sequence) {
        self.forget(sequence);
        if let Some(keeps) = &mut self.keeps {
            keeps.given_up.insert(sequence);
        }
        if self.redelivered.len() > REDELIVERED_MAX {
            self.redelivered.retain(|sequence, _| self.pending.contains_key(sequence));
        }
    }

    /// Returns pending messages that are not live.
    pub(super) fn gone(&self, is_live: impl Fn(Sequence) -> bool) -> Vec<Sequence> {
        self.pending.keys().copied().filter(|sequence| !is_live(*sequence)).collect()
    }

    /// Raises the floor to `before`, and lets go of what `is_gone`; says whether that was anything.
    ///
    /// The floor counts what is let go as acknowledged, even if an earlier delivery still awaits its ack: so does the
    /// reference.
    pub(super) fn purge(
        &mut self,
        before: Sequence,
        is_gone: impl Fn(Sequence) -> bool,
        delivered: &Position,
    ) -> bool {
        self.floor.stream_seq = self.floor.stream_seq.max(before);
        let gone = self.gone(|sequence| !is_gone(sequence));
        for &sequence in &gone {
            if let Some(pending) = self.forget(sequence) {
                self.floor.consumer_seq = self.floor.consumer_seq.max(pending.consumer_seq);
            }
            self.redelivered.remove(&sequence);
        }
        self.floor.consumer_seq = self.floor.consumer_seq.min(delivered.consumer_seq);
        !gone.is_empty()
    }

    /// Begins anew behind `floor`.
    pub(super) fn reset(&mut self, floor: Position) {
        let keeps = self.keeps.take().map(|_| Box::default());
        *self = Self { keeps, ..Self::new(floor) };
    }

    /// Returns what is pending, in the order of the stream.
    pub(super) fn export(&self) -> Vec<PendingAck> {
        let entry = |(sequence, pending): (&Sequence, &Pending)| PendingAck {
            stream_seq: *sequence,
            consumer_seq: pending.consumer_seq,
            delivered: pending.delivered,
            redeliveries: self.redelivered.get(sequence).copied().unwrap_or(0),
        };
        self.pending.iter().map(entry).collect()
    }

    /// Takes back what was pending; `wait` says how long the ack of a delivery may take.
    pub(super) fn import(&mut self, pending: &[PendingAck], wait: impl Fn(u64) -> Duration) {
        for ack in pending {
            let deadline = ack.delivered.saturating_add(wait(ack.redeliveries + 1));
            let entry = Pending {
                consumer_seq: ack.consumer_seq,
                delivered: ack.delivered,
                deadline: Some(deadline),
            };
            if self.pending.insert(ack.stream_seq, entry).is_none() {
                self.deadlines.insert((deadline, ack.stream_seq));
            }
            if ack.redeliveries > 0 {
                self.redelivered.insert(ack.stream_seq, ack.redeliveries);
            }
        }
    }

    fn forget(&mut self, sequence: Sequence) -> Option<Pending> {
        let pending = self.pending.remove(&sequence)?;
        match pending.deadline {
            Some(deadline) => {
                self.deadlines.remove(&(deadline, sequence));
            }
            None => self.queued -= 1,
        }
        Some(pending)
    }
}

impl AckPolicy {
    /// Says whether deliveries await acks.
    pub(super) fn awaits(self) -> bool {
        self != Self::None
    }
}
