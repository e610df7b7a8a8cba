//! One consumer: what it is, what it waits for, and what holds it back.

use super::acks::Acks;
use super::cursor::Cursor;
use super::flow::Flow;
use super::pace::Pace;
use super::priority::{GroupInfo, Pin};
use super::rules::Rules;
use super::waiting::Waiting;
use super::{ConsumerConfig, ConsumerKey, DeliverPolicy, Interest, Position};
use jetkv_engine::{Storage, Stream};
use jetkv_types::{Sequence, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A consumer of a set.
#[derive(Debug)]
pub(super) struct Consumer {
    pub(super) key: ConsumerKey,
    pub(super) name: Arc<str>,
    pub(super) created: Timestamp,
    pub(super) config: Arc<ConsumerConfig>,
    pub(super) rules: Rules,
    /// `$JS.ACK.<stream>.<consumer>.`
    pub(super) ack_prefix: Box<str>,
    pub(super) cursor: Cursor,
    pub(super) delivered: Position,
    /// The last sequence of the stream when this consumer last found nothing more to deliver.
    pub(super) looked: Sequence,
    /// Whether `delivered` has been anything but the beginning of the stream.
    pub(super) has_moved: bool,
    /// Where deliveries await acks.
    pub(super) acks: Option<Box<Acks>>,
    pub(super) door: Door,
    pub(super) pace: Option<Box<Pace>>,
    /// When a client was last seen; while there is interest, it is seen all the time.
    pub(super) seen: Timestamp,
    /// When a busy way out is tried again.
    pub(super) retry_at: Option<Timestamp>,
    /// Whether the last message that was offered found a taker: then several are read at a time.
    pub(super) is_flowing: bool,
    /// The time for which the set has a timer.
    pub(super) armed: Option<Timestamp>,
    /// What the stream said of removals when messages that await acks were last looked after.
    pub(super) removals: u64,
    /// The client that gets everything, where there is one.
    pub(super) pin: Option<Box<Pin>>,
    /// Whether it waits for its turn.
    pub(super) queued: bool,
    /// Whether a snapshot would differ from the last one.
    pub(super) dirty: bool,
    /// Whether it is stored: it is durable, or has been, or its stream keeps messages for it.
    pub(super) is_kept: bool,
    /// The filters hold for what comes behind this sequence.
    pub(super) filtered_since: Sequence,
    /// Where a stream keeps messages for its consumers, and this one settles some without acks: all up to here were looked at.
    pub(super) judged: Sequence,
}

/// The way to the clients.
#[derive(Debug)]
pub(super) enum Door {
    /// Deliveries go to one subject.
    Push(Push),
    /// Deliveries go to those who ask.
    Pull(Waiting),
}

/// The way out of a push consumer.
#[derive(Debug)]
pub(super) struct Push {
    pub(super) interest: Interest,
    /// When something was sent last, or when a heartbeat would have been.
    pub(super) sent: Timestamp,
    pub(super) flow: Option<Box<Flow>>,
}

/// What holds a consumer back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// Nothing.
    Open,
    /// Something that only an event or a timer changes.
    Closed,
}

impl Door {
    /// Returns the way out of a new consumer.
    pub(super) fn new(config: &ConsumerConfig, interest: Interest, now: Timestamp) -> Self {
        if config.is_push() {
            let flow = config.flow_control.then(|| Box::new(Flow::new()));
            Self::Push(Push { interest, sent: now, flow })
        } else {
            Self::Pull(Waiting::default())
        }
    }
}

impl Consumer {
    /// Says whether anything may be delivered now.
    pub(super) fn gate(&self, now: Timestamp) -> Gate {
        let is_open = match &self.door {
            Door::Push(push) => {
                push.interest == Interest::Present
                    && !push.flow.as_ref().is_some_and(|flow| flow.is_stalled())
            }
            Door::Pull(waiting) => !waiting.is_empty(),
        };
        let is_held = self.paused_until(now).is_some()
            || self.retry_at.is_some_and(|at| at > now)
            || self.pace.as_ref().is_some_and(|pace| pace.wait(now).is_some());
        if is_open && !is_held { Gate::Open } else { Gate::Closed }
    }

    /// Says whether so many deliveries await their acks that no new message may be delivered.
    pub(super) fn is_full(&self) -> bool {
        match (&self.acks, self.rules.max_ack_pending) {
            (Some(acks), Some(max)) => acks.pending_count() >= max,
            _ => false,
        }
    }

    /// Says whether a message that has just become visible may be delivered before anything else.
    pub(super) fn takes_new(&self, now: Timestamp) -> bool {
        let has_older = self.acks.as_ref().is_some_and(|acks| acks.queued_count() > 0);
        // Requests that do not wait are answered when there is nothing more, which a turn of its own finds out.
        let is_asked = matches!(&self.door, Door::Pull(waiting) if waiting.has_impatient());
        !has_older && !is_asked && !self.is_full() && self.gate(now) == Gate::Open
    }

    /// Returns until when it is paused, if it is.
    pub(super) fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.config.pause_until.map(|zoned| zoned.time).filter(|until| *until > now)
    }

    /// Returns when something is due next, whatever events come; `None` for never.
    pub(super) fn next_deadline(&self, now: Timestamp) -> Option<Timestamp> {
        let acks = self.acks.as_ref().and_then(|acks| acks.next_deadline());
        let pace = self.pace.as_ref().and_then(|pace| pace.wait(now));
        let pause = self.paused_until(now);
        let (door, inactive) = match &self.door {
            Door::Push(push) if push.interest == Interest::Present => {
                (self.rules.heartbeat.map(|every| push.sent.saturating_add(every)), None)
            }
            Door::Push(_) => (None, self.rules.inactive),
            Door::Pull(waiting) => (waiting.quiet_until(), self.rules.inactive),
        };
        let inactive = inactive.map(|span| self.seen.saturating_add(span));
        let pin = self.pin.as_ref().map(|pin| pin.until);
        [acks, pace, pause, door, inactive, pin, self.retry_at].into_iter().flatten().min()
    }

    /// Returns what is told of its group.
    pub(super) fn group_info(&self) -> Option<GroupInfo> {
        let group = self.config.priority_groups.first()?.clone();
        let pinned = self.pin.as_ref().map(|pin| (Arc::clone(&pin.id), pin.since));
        Some(GroupInfo { group, pinned })
    }

    /// Says whether nobody has been there for as long as the consumer waits.
    pub(super) fn is_abandoned(&self, now: Timestamp) -> bool {
        let is_alone = match &self.door {
            Door::Push(push) => push.interest == Interest::Absent,
            Door::Pull(waiting) => waiting.is_empty(),
        };
        is_alone && self.is_overdue(now)
    }

    /// Says whether no client was seen for as long as the consumer waits.
    pub(super) fn is_overdue(&self, now: Timestamp) -> bool {
        self.rules.inactive.is_some_and(|span| now.since(self.seen) >= span)
    }

    /// Says whether a delivery may have changed what is due next; a heartbeat only moves away.
    pub(super) fn needs_arming(&self) -> bool {
        self.acks.is_some()
            || self.pace.is_some()
            || matches!(self.door, Door::Pull(_))
            || !self.cursor.is_at_tail()
    }

    /// Returns the last delivery as the reference tells it: where nothing is on disk and nothing was delivered, it tells how
    /// far it has looked.
    pub(super) fn told_position(&self, storage: Storage) -> Position {
        let in_memory = self.config.mem_storage || storage == Storage::Memory;
        let looked = if in_memory && !self.has_moved { self.looked } else { 0 };
        Position { stream_seq: self.delivered.stream_seq.max(looked), ..self.delivered }
    }

    /// Returns everything up to which deliveries are acknowledged.
    pub(super) fn floor(&self) -> Position {
        match &self.acks {
            Some(acks) => acks.floor,
            None => Position { last_active: None, ..self.delivered },
        }
    }

    /// Lets go of messages that await acks and are gone, if any went since the last time.
    pub(super) fn note_removals(&mut self, stream: &Stream, now: Timestamp) {
        let awaits = self.acks.as_ref().is_some_and(|acks| acks.pending_count() > 0);
        let removals = if awaits { stream.removals() } else { self.removals };
        if removals != self.removals {
            self.removals = removals;
            self.settle_gone(stream, now);
        }
    }

    /// Lets go of messages that await acks and are gone.
    pub(super) fn settle_gone(&mut self, stream: &Stream, now: Timestamp) {
        let Some(acks) = &mut self.acks else { return };
        for sequence in acks.gone(|sequence| stream.is_live(sequence)) {
            // As if the client had acknowledged it, with all that this means for the ones before.
            acks.settle_as(self.rules.acks, sequence, &self.delivered);
            acks.floor.last_active = Some(now);
            self.dirty = true;
        }
    }

    /// Says whether a message that matches is to be delivered, now or again, or was never acknowledged.
    pub(super) fn waits_for(&self, sequence: Sequence) -> bool {
        let awaits = |acks: &Acks| acks.is_pending(sequence) || acks.has_given_up(sequence);
        sequence > self.delivered.stream_seq || self.acks.as_deref().is_some_and(awaits)
    }

    /// Says whether it passes messages without a word: where nothing is acknowledged, or what was replaced is left out.
    pub(super) fn passes_silently(&self) -> bool {
        self.acks.is_none() || self.config.deliver_policy == DeliverPolicy::LastPerSubject
    }

    /// Begins to note what becomes of deliveries, or ends it; `given_up` is what was given up before.
    pub(super) fn set_keeping(&mut self, given_up: Option<BTreeSet<Sequence>>) {
        self.is_kept |= given_up.is_some();
        if let Some(acks) = &mut self.acks {
            acks.set_keeping(given_up);
        }
    }

    /// Notes that interest in the deliver subject came or went.
    pub(super) fn set_interest(&mut self, interest: Interest, now: Timestamp) {
        let Door::Push(push) = &mut self.door else { return };
        if push.interest == interest {
            return;
        }
        push.interest = interest;
        self.seen = now;
        if let Some(every) = self.rules.heartbeat.filter(|_| interest == Interest::Present) {
            // Heartbeats go on in their rhythm.
            let missed = now.since(push.sent).as_nanos() / every.as_nanos().max(1);
            let missed = u32::try_from(missed).unwrap_or(u32::MAX);
            push.sent = push.sent.saturating_add(every.saturating_mul(missed));
        }
    }
}
