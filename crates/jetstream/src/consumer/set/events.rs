//! What clients do: come and go, ask, acknowledge, answer.

use super::super::acks::{Ack, AckKind, AckOutcome, Acks, Settled};
use super::super::member::{Consumer, Door};
use super::super::pull::PullRequest;
use super::super::sink::{Advisory, Sink};
use super::super::status::Status;
use super::super::{AckPolicy, Interest, Position};
use super::{ConsumerKey, ConsumerSet, pending_now};
use jetkv_engine::env::Entropy;
use jetkv_types::Timestamp;

impl ConsumerSet {
    /// Notes that somebody, or nobody any more, listens at the deliver subject of a consumer.
    pub fn interest(&mut self, key: ConsumerKey, interest: Interest, now: Timestamp) {
        if let Some(consumer) = self.members.get_mut(key) {
            consumer.set_interest(interest, now);
            self.wake(key);
            self.arm(key, now);
        }
    }

    /// Tries again what a sink had no room for.
    pub fn resume(&mut self, key: ConsumerKey) {
        if let Some(consumer) = self.members.get_mut(key)
            && consumer.retry_at.take().is_some()
        {
            self.wake(key);
        }
    }

    /// Takes an answer to a flow control request, sent to `subject`.
    pub fn flow_answer(&mut self, key: ConsumerKey, subject: &str) {
        let Some(consumer) = self.members.get_mut(key) else { return };
        if let Door::Push(push) = &mut consumer.door
            && push.flow.as_mut().is_some_and(|flow| flow.answered(subject))
        {
            self.wake(key);
        }
    }

    /// Drops the pull requests that wait for a reply subject at which nobody listens any more.
    pub fn reply_lost(&mut self, key: ConsumerKey, reply: &str, now: Timestamp) {
        if let Some(consumer) = self.members.get_mut(key)
            && let Door::Pull(waiting) = &mut consumer.door
            && !waiting.take_if(|waiter| *waiter.reply == *reply).is_empty()
        {
            consumer.seen = now;
            self.arm(key, now);
        }
    }

    /// Takes a pull request whose messages go to `reply`. What it gets at once is a status, if anything; messages come with
    /// the next [`Self::pump`].
    pub fn pull(
        &mut self,
        key: ConsumerKey,
        reply: &str,
        request: &PullRequest,
        now: Timestamp,
        sink: &mut dyn Sink,
    ) {
        let seen = self.tail.seen();
        let Some(consumer) = self.members.get_mut(key) else { return };
        let Door::Pull(waiting) = &mut consumer.door else {
            sink.status(reply, &Status::PushBased);
            return;
        };
        let waiter = match request.check(reply, &consumer.rules, now) {
            Ok(waiter) => waiter,
            Err(status) => {
                sink.status(reply, &status);
                return;
            }
        };
        if let (Some(pin), Some(claim)) = (&mut consumer.pin, &waiter.claim)
            && !claim.id.is_empty()
        {
            if *claim.id != *pin.id {
                sink.status(reply, &Status::PinMismatch);
                return;
            }
            pin.until = now.saturating_add(consumer.rules.pin_for);
        }
        consumer.seen = now;
        for expired in waiting.take_expired(now) {
            sink.status(&expired.reply, &Status::RequestTimeout(expired.unserved()));
        }
        if waiter.no_wait {
            let wanted = waiting.wanted();
            let queued = consumer.acks.as_ref().map_or(0, |acks| acks.queued_count());
            // If the stream cannot tell, the request waits and the pump says why.
            let pending = pending_now(&self.stream, consumer, seen).unwrap_or_default();
            let there = pending.saturating_add(u64::try_from(queued).unwrap_or(u64::MAX));
            if there == 0 && waiter.expires.is_none() && request.over().is_none() {
                sink.status(reply, &Status::NoMessages);
                return;
            }
            if there > 0 && there < wanted {
                sink.status(reply, &Status::RequestsPending);
                return;
            }
        }
        let Door::Pull(waiting) = &mut consumer.door else { return };
        if waiting.len() >= consumer.rules.max_waiting {
            waiting.take_if(|waiter| !sink.has_interest(&waiter.reply));
        }
        if waiting.len() >= consumer.rules.max_waiting {
            // A client that gets heartbeats notices by itself that there are none.
            if waiter.heartbeat.is_none() {
                sink.status(reply, &Status::ExceededMaxWaiting);
            }
            return;
        }
        if let Some(status) = request.over() {
            sink.status(reply, &status);
            return;
        }
        waiting.add(waiter);
        self.wake(key);
        self.arm(key, now);
    }

    /// Says whether a consumer awaits acks: else nobody listens for them.
    #[must_use]
    pub fn awaits_acks(&self, key: ConsumerKey) -> bool {
        self.members.get(key).is_some_and(|consumer| consumer.acks.is_some())
    }

    /// Says whether a consumer asks for flow control: else nobody listens for answers.
    #[must_use]
    pub fn controls_flow(&self, key: ConsumerKey) -> bool {
        self.members.get(key).is_some_and(|consumer| consumer.config.flow_control)
    }

    /// Takes what a client says about a delivery. Policies that await no acks do not mind.
    pub fn ack(
        &mut self,
        key: ConsumerKey,
        ack: &Ack<'_>,
        now: Timestamp,
        sink: &mut dyn Sink,
    ) -> AckOutcome {
        let Some(consumer) = self.members.get_mut(key) else { return AckOutcome::Taken };
        let outcome = consumer.take_ack(ack, &*self.entropy, now, sink);
        self.touch(key);
        // If the stream is gone, so are its messages.
        let _ = self.judge_settled();
        if let (AckKind::Next(request), Some(reply)) = (ack.kind, ack.reply) {
            self.pull(key, reply, request, now, sink);
        }
        self.wake(key);
        self.arm(key, now);
        outcome
    }
}

impl Consumer {
    fn take_ack(
        &mut self,
        ack: &Ack<'_>,
        entropy: &dyn Entropy,
        now: Timestamp,
        sink: &mut dyn Sink,
    ) -> AckOutcome {
        let Ack { stream_seq, consumer_seq, .. } = *ack;
        if matches!(self.door, Door::Pull(_)) {
            self.seen = now;
        }
        let Some(acks) = &mut self.acks else { return AckOutcome::Taken };
        if stream_seq > self.delivered.stream_seq {
            return AckOutcome::NotDelivered;
        }
        if matches!(ack.kind, AckKind::Ack | AckKind::Next(_) | AckKind::Term { .. }) {
            acks.floor.last_active = Some(now);
        }
        self.dirty = true;
        let name = &*self.name;
        let at = Position { consumer_seq, stream_seq, last_active: None };
        let deliveries = acks.deliveries(stream_seq);
        match ack.kind {
            AckKind::Ack | AckKind::Next(_) => {
                let settled = settle(acks, self.rules.acks, at, &self.delivered);
                let is_sampled = self.rules.sample.is_some_and(|percent| entropy.next_u64() % 100 < percent);
                if let Some(Settled { deliveries, delivered, .. }) = settled.filter(|_| is_sampled) {
                    sink.advise(&Advisory::Acknowledged { name, at, deliveries, delivered });
                }
            }
            AckKind::Term { reason } => {
                if settle(acks, self.rules.acks, at, &self.delivered).is_some() {
                    sink.advise(&Advisory::Terminated { name, at, deliveries, reason });
                }
            }
            AckKind::Progress => {
                acks.postpone(stream_seq, now.saturating_add(self.rules.ack_wait(deliveries)));
            }
            AckKind::Nak { delay } => {
                if !acks.is_pending(stream_seq) {
                    return AckOutcome::Taken;
                }
                sink.advise(&Advisory::Naked { name, at, deliveries });
                if self.rules.is_exhausted(deliveries) && delay.is_none() {
                    acks.give_up(stream_seq);
                    sink.advise(&Advisory::MaxDeliveries { name, stream_seq, deliveries });
                    return AckOutcome::Taken;
                }
                match delay {
                    Some(delay) => acks.postpone(stream_seq, now.saturating_add(*delay)),
                    None => acks.enqueue(stream_seq),
                };
            }
        }
        AckOutcome::Taken
    }
}

/// Settles one delivery, or all up to it.
fn settle(acks: &mut Acks, policy: AckPolicy, at: Position, delivered: &Position) -> Option<Settled> {
    match policy {
        AckPolicy::All => acks.settle_up_to(at.stream_seq, at.consumer_seq),
        _ => acks.settle(at.stream_seq, delivered),
    }
}
