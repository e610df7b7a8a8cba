//! Handing one message to the clients of one consumer, and keeping the books.

use super::limits::{BUSY_RETRY, PIN_LENGTH, TOKEN_LENGTH};
use super::member::{Consumer, Door};
use super::priority::Pin;
use super::sink::{Advisory, Delivery, Handover, Sink, Stamp};
use super::status::Status;
use super::waiting::Waiter;
use super::{Interest, Position, PriorityPolicy};
use jetkv_engine::env::Entropy;
use jetkv_types::{Message, Timestamp};
use std::sync::Arc;

/// What a delivery needs to know beside the consumer.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) stream_name: &'a str,
    pub(super) entropy: &'a dyn Entropy,
    pub(super) now: Timestamp,
}

/// A message that is offered to consumers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offered<'a> {
    pub(super) message: &'a Message,
    pub(super) stamp: &'a Stamp,
}

/// Whether a message found a taker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    Taken,
    /// Nobody can take anything now.
    Refused,
}

/// What becomes of a request whose turn it is.
enum Rank {
    Served,
    /// Others may get the message.
    Passed,
    /// It waits no longer.
    Gone,
}

impl Consumer {
    /// Offers a message; `pending` messages come after it.
    pub(super) fn offer(
        &mut self,
        cx: &Context<'_>,
        offered: Offered<'_>,
        pending: u64,
        sink: &mut dyn Sink,
    ) -> Offer {
        let message = offered.message;
        let attempt = match &self.acks {
            Some(acks) if acks.is_pending(message.sequence) => acks.deliveries(message.sequence) + 1,
            _ => 1,
        };
        if attempt == 1
            && let Some(pace) = &mut self.pace
            && pace.wait_for(message.sequence, message.time, cx.now).is_some()
        {
            return Offer::Refused;
        }
        match self.door {
            Door::Push(_) => self.push(cx, offered, attempt, pending, sink),
            Door::Pull(_) => self.serve_pull(cx, offered, attempt, pending, sink),
        }
    }

    fn push(
        &mut self,
        cx: &Context<'_>,
        offered: Offered<'_>,
        attempt: u64,
        pending: u64,
        sink: &mut dyn Sink,
    ) -> Offer {
        let delivery = self.delivery(&self.config.deliver_subject, offered, attempt, pending);
        let handover = sink.deliver(&delivery);
        if handover != Handover::Taken {
            return self.refused(handover, cx.now);
        }
        let is_measured =
            self.pace.is_some() || matches!(&self.door, Door::Push(push) if push.flow.is_some());
        let bytes = if is_measured { delivery.counted_bytes() } else { 0 };
        self.account(offered.message, attempt, bytes, cx.now);
        let Door::Push(push) = &mut self.door else { return Offer::Taken };
        push.sent = cx.now;
        if let Some(flow) = &mut push.flow
            && flow.sent(bytes)
        {
            let token = random_text(cx.entropy, TOKEN_LENGTH);
            let subject = format!("$JS.FC.{}.{}.{token}", cx.stream_name, self.name);
            let reply = flow.ask(subject.into());
            sink.status(&self.config.deliver_subject, &Status::FlowControl { reply });
        }
        Offer::Taken
    }

    /// Offers a message to the requests that wait, each in its turn.
    fn serve_pull(
        &mut self,
        cx: &Context<'_>,
        offered: Offered<'_>,
        attempt: u64,
        pending: u64,
        sink: &mut dyn Sink,
    ) -> Offer {
        let mut passed = 0;
        loop {
            let Door::Pull(waiting) = &mut self.door else { return Offer::Refused };
            if passed >= waiting.len() {
                // Who does not wait for more is told that there is nothing for it.
                for waiter in waiting.take_if(Waiter::is_content) {
                    sink.status(&waiter.reply, &Status::NoMessages);
                }
                return Offer::Refused;
            }
            match self.rank(cx, pending, sink) {
                Rank::Served => {}
                Rank::Passed => {
                    passed += 1;
                    continue;
                }
                Rank::Gone => continue,
            }
            let pin = self.pin_shown();
            let Door::Pull(waiting) = &mut self.door else { return Offer::Refused };
            let Some(waiter) = waiting.front() else { return Offer::Refused };
            let (limit, reply) = (waiter.bytes_left, std::mem::take(&mut waiter.reply));
            let delivery = self.delivery(&reply, offered, attempt, pending);
            let delivery = Delivery { pin: pin.as_deref(), ..delivery };
            let bytes = if limit.is_some() { delivery.counted_bytes() } else { 0 };
            let handover =
                if limit.is_some_and(|left| bytes > left) { None } else { Some(sink.deliver(&delivery)) };
            let Door::Pull(waiting) = &mut self.door else { return Offer::Refused };
            let Some(waiter) = waiting.front() else { return Offer::Refused };
            waiter.reply = reply;
            match handover {
                Some(Handover::Taken) => {
                    waiter.left = waiter.left.saturating_sub(1);
                    waiter.served += 1;
                    waiter.bytes_left = limit.map(|left| left - bytes);
                    if let Some(heartbeat) = &mut waiter.heartbeat {
                        heartbeat.next = cx.now.saturating_add(heartbeat.every);
                    }
                    let unserved = waiter.unserved();
                    if unserved.messages == 0 && unserved.bytes > 0 {
                        sink.status(&waiter.reply, &Status::BatchCompleted(unserved));
                    }
                    if unserved.messages == 0 || waiter.bytes_left == Some(0) {
                        waiting.pop();
                    } else {
                        waiting.rotate();
                    }
                    self.seen = cx.now;
                    self.account(offered.message, attempt, bytes, cx.now);
                    return Offer::Taken;
                }
                Some(Handover::Busy) => return self.refused(Handover::Busy, cx.now),
                // Its client is gone.
                Some(Handover::NoInterest) => drop(waiting.pop()),
                None => {
                    let status = Status::MessageSizeExceedsMaxBytes(waiter.unserved());
                    sink.status(&waiter.reply, &status);
                    waiting.pop();
                }
            }
        }
    }

    /// Returns the pin that the request whose turn it is gets with its message: an empty one if nobody is pinned, which a
    /// request that is no more than a number does not change.
    fn pin_shown(&self) -> Option<Arc<str>> {
        let shows = self.rules.priority == PriorityPolicy::PinnedClient;
        shows.then(|| self.pin.as_ref().map_or_else(|| Arc::from(""), |pin| Arc::clone(&pin.id)))
    }

    /// Says what becomes of the request whose turn it is; `pending` messages come after the next one.
    fn rank(&mut self, cx: &Context<'_>, pending: u64, sink: &mut dyn Sink) -> Rank {
        let Door::Pull(waiting) = &mut self.door else { return Rank::Gone };
        let Some(waiter) = waiting.front() else { return Rank::Gone };
        if waiter.expires.is_some_and(|at| at <= cx.now) {
            sink.status(&waiter.reply, &Status::RequestTimeout(waiter.unserved()));
            waiting.pop();
            return Rank::Gone;
        }
        let is_pinned = self.rules.priority == PriorityPolicy::PinnedClient && self.pin.is_some();
        let Some(claim) = &mut waiter.claim else {
            if is_pinned {
                // What is pinned to one client is for no other, not even for those that name no group.
                waiting.rotate();
                return Rank::Passed;
            }
            return Rank::Served;
        };
        if self.rules.priority != PriorityPolicy::PinnedClient {
            let unacked = self.acks.as_ref().map_or(0, |acks| acks.pending_count());
            if claim.is_met(pending.saturating_add(1), u64::try_from(unacked).unwrap_or(u64::MAX)) {
                return Rank::Served;
            }
            waiting.rotate();
            return Rank::Passed;
        }
        match &self.pin {
            Some(pin) if *pin.id == *claim.id => Rank::Served,
            Some(_) if claim.id.is_empty() => {
                waiting.rotate();
                Rank::Passed
            }
            None if claim.id.is_empty() => {
                if !sink.has_interest(&waiter.reply) {
                    waiting.pop();
                    return Rank::Gone;
                }
                let id: Arc<str> = random_text(cx.entropy, PIN_LENGTH).into();
                claim.id = (*id).into();
                let group = claim.group.clone();
                sink.advise(&Advisory::Pinned { name: &self.name, group: &group, id: &id });
                let until = cx.now.saturating_add(self.rules.pin_for);
                self.pin = Some(Box::new(Pin { id, group, since: cx.now, until }));
                Rank::Served
            }
            // It was pinned once.
            _ => {
                sink.status(&waiter.reply, &Status::WrongPin(waiter.unserved()));
                waiting.pop();
                Rank::Gone
            }
        }
    }

    fn delivery<'a>(&'a self, to: &'a str, offered: Offered<'a>, attempt: u64, pending: u64) -> Delivery<'a> {
        Delivery {
            consumer: self.key,
            to,
            message: offered.message,
            stamp: offered.stamp,
            content: self.rules.content,
            ack_prefix: &self.ack_prefix,
            attempt,
            consumer_seq: self.delivered.consumer_seq + 1,
            pending,
            pin: None,
        }
    }

    /// Notes a delivery.
    fn account(&mut self, message: &Message, attempt: u64, bytes: u64, now: Timestamp) {
        let sequence = message.sequence;
        self.delivered = Position {
            consumer_seq: self.delivered.consumer_seq + 1,
            stream_seq: self.delivered.stream_seq.max(sequence),
            last_active: Some(now),
        };
        self.dirty = true;
        self.has_moved = true;
        self.is_flowing = true;
        if let Some(acks) = &mut self.acks {
            acks.delivered(sequence, self.delivered.consumer_seq, now, self.rules.ack_wait(attempt));
        }
        if let Some(pace) = &mut self.pace {
            pace.delivered(message.time, bytes, now);
        }
    }

    fn refused(&mut self, handover: Handover, now: Timestamp) -> Offer {
        match handover {
            Handover::Taken => return Offer::Taken,
            Handover::NoInterest => self.set_interest(Interest::Absent, now),
            Handover::Busy => {
                self.retry_at = Some(now.saturating_add(BUSY_RETRY));
                self.is_flowing = false;
            }
        }
        Offer::Refused
    }

    /// Sends a heartbeat of a push consumer.
    pub(super) fn send_heartbeat(&mut self, now: Timestamp, sink: &mut dyn Sink) {
        let Door::Push(push) = &mut self.door else { return };
        push.sent = now;
        let status = Status::IdleHeartbeat {
            last_consumer: self.delivered.consumer_seq,
            last_stream: self.looked.max(self.delivered.stream_seq),
            stalled: push.flow.as_ref().and_then(|flow| flow.awaited()),
        };
        if sink.status(&self.config.deliver_subject, &status) == Handover::NoInterest {
            self.set_interest(Interest::Absent, now);
        }
    }
}

/// Returns a text of letters and digits that nobody can guess.
pub(super) fn random_text(entropy: &dyn Entropy, length: usize) -> String {
    let mut number = 0;
    let mut text = String::with_capacity(length);
    for place in 0..length {
        if place % 8 == 0 {
            number = entropy.next_u64();
        }
        let digit = usize::try_from(number % 62).unwrap_or_default();
        text.push(char::from(DIGITS[digit]));
        number /= 62;
    }
    text
}

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
