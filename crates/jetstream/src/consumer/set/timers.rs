//! What time brings: heartbeats, expiries, redeliveries, the end of pauses, and the end of consumers.

use super::super::Interest;
use super::super::member::{Consumer, Door};
use super::super::sink::{Advisory, Sink};
use super::super::status::Status;
use super::{ConsumerKey, ConsumerSet};
use jetkv_types::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;

/// Sets the timer of a consumer to what is due next.
pub(super) fn arm(timers: &mut BTreeSet<(Timestamp, ConsumerKey)>, consumer: &mut Consumer, now: Timestamp) {
    // What is due now was done just before.
    let due = consumer.next_deadline(now).map(|due| due.max(now.saturating_add(Duration::from_nanos(1))));
    // A timer that goes off too early does no harm, and deliveries need not touch it.
    let is_fine = match (consumer.armed, due) {
        (Some(armed), Some(due)) => armed <= due && armed > now,
        (armed, None) => armed.is_none_or(|armed| armed > now),
        (None, Some(_)) => false,
    };
    if is_fine {
        return;
    }
    if let Some(armed) = consumer.armed.take() {
        timers.remove(&(armed, consumer.key));
    }
    if let Some(due) = due {
        consumer.armed = Some(due);
        timers.insert((due, consumer.key));
    }
}

impl ConsumerSet {
    /// Does everything that is due at `now`.
    pub(super) fn run_timers(&mut self, now: Timestamp, sink: &mut dyn Sink) {
        while let Some(&(at, key)) = self.timers.first() {
            if at > now {
                break;
            }
            self.timers.pop_first();
            let seen = self.tail.seen();
            let Some(consumer) = self.members.get_mut(key) else { continue };
            consumer.armed = None;
            if consumer.is_overdue(now)
                && let Door::Pull(waiting) = &mut consumer.door
            {
                waiting.take_if(|waiter| !sink.has_interest(&waiter.reply));
            }
            if consumer.is_abandoned(now) {
                let (name, is_kept) = (&*consumer.name, consumer.is_kept);
                sink.advise(&Advisory::Abandoned { consumer: key, name, is_kept });
                self.remove(key);
                continue;
            }
            if consumer.tick(seen, now, sink) {
                self.wake(key);
            }
            self.arm(key, now);
        }
    }
}

impl Consumer {
    /// Does what is due; says whether there may be something to deliver.
    fn tick(&mut self, seen: jetkv_types::Sequence, now: Timestamp, sink: &mut dyn Sink) -> bool {
        let mut is_ready = self.retry_at.take_if(|at| *at <= now).is_some();
        // Whoever was held back by a pause or a pace may go on now; it costs little to look.
        is_ready |= self.pace.is_some() || self.config.pause_until.is_some();
        is_ready |= self.expire_acks(now, sink);
        if let Some(pin) = self.pin.take_if(|pin| pin.until <= now) {
            sink.advise(&Advisory::Unpinned { name: &self.name, group: &pin.group, reason: "timeout" });
            is_ready = true;
        }
        match &mut self.door {
            Door::Push(push) if push.interest == Interest::Present => {
                let every = self.rules.heartbeat;
                if every.is_some_and(|every| push.sent.saturating_add(every) <= now) {
                    // Each tells what was looked at when the one before was sent, or something was delivered.
                    self.send_heartbeat(now, sink);
                    if let Some(sequence) = self.cursor.looked_at(seen) {
                        self.looked = self.looked.max(sequence);
                    }
                }
            }
            Door::Push(_) => {}
            Door::Pull(waiting) => {
                if waiting.has_expired(now) {
                    self.seen = now;
                    // Whoever does not wait for more is told now, also if unacknowledged messages hold more back.
                    for waiter in waiting.take_if(|waiter| waiter.has_expired(now) || waiter.is_content()) {
                        let status = match waiter.has_expired(now) {
                            true => Status::RequestTimeout(waiter.unserved()),
                            false => Status::NoMessages,
                        };
                        sink.status(&waiter.reply, &status);
                    }
                }
                let status = Status::IdleHeartbeat {
                    last_consumer: self.delivered.consumer_seq,
                    last_stream: self.delivered.stream_seq,
                    stalled: None,
                };
                for reply in waiting.take_heartbeats(now) {
                    sink.status(&reply, &status);
                }
                if !waiting.is_empty() {
                    self.seen = now;
                }
            }
        }
        is_ready
    }

    /// Queues what is due again; says whether anything is.
    fn expire_acks(&mut self, now: Timestamp, sink: &mut dyn Sink) -> bool {
        let Some(acks) = &mut self.acks else { return false };
        let due = acks.expire(now);
        self.dirty |= !due.is_empty();
        for &sequence in &due {
            let deliveries = acks.deliveries(sequence);
            if self.rules.is_exhausted(deliveries) {
                acks.give_up(sequence);
                let name = &self.name;
                sink.advise(&Advisory::MaxDeliveries { name, stream_seq: sequence, deliveries });
            }
        }
        !due.is_empty()
    }
}
