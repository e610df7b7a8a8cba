//! Deleting, pausing and resetting consumers, and the end of the stream.

use super::super::cursor::Cursor;
use super::super::member::{Consumer, Door};
use super::super::sink::{Advisory, Sink};
use super::super::status::Status;
use super::super::validate::check_group;
use super::super::{ConsumerError, ConsumerInfo, DeliverPolicy, Position};
use super::{ConsumerKey, ConsumerSet, pending_now};
use crate::Retention;
use jetkv_types::{Sequence, Timestamp, ZonedTimestamp};
use std::sync::Arc;
use std::time::Duration;

/// The outcome of a request to pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paused {
    /// Until when; `None` if the request named no time.
    pub until: Option<Timestamp>,
    /// How long that is; `None` if the consumer is not paused (any more).
    pub remaining: Option<Duration>,
}

impl ConsumerSet {
    /// Deletes a consumer. Those who wait for messages are told.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn delete(&mut self, key: ConsumerKey, sink: &mut dyn Sink) -> Result<(), ConsumerError> {
        let consumer = self.remove(key).ok_or(ConsumerError::NotFound)?;
        tell_waiting(&consumer, |_| Status::ConsumerDeleted, sink);
        Ok(())
    }

    /// Pauses a consumer, or lets it go on if `until` is over or absent.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn pause(
        &mut self,
        key: ConsumerKey,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Paused, ConsumerError> {
        let consumer = self.members.get_mut(key).ok_or(ConsumerError::NotFound)?;
        Arc::make_mut(&mut consumer.config).pause_until = until.map(ZonedTimestamp::utc);
        consumer.dirty = true;
        let remaining = consumer.paused_until(now).map(|until| until.since(now));
        // A consumer that has nothing to deliver is not even to look for it: clients can tell.
        let queued = consumer.acks.as_ref().is_some_and(|acks| acks.queued_count() > 0);
        let consumer = self.members.get(key).ok_or(ConsumerError::NotFound)?;
        if queued || pending_now(&self.stream, consumer, self.tail.seen())? > 0 {
            self.wake(key);
        }
        self.arm(key, now);
        Ok(Paused { until, remaining })
    }

    /// Takes the pin away from whoever has it; another client gets it with the next message.
    ///
    /// # Errors
    /// `NotFound`; `PriorityGroupInvalid` if no group can have that name; `PriorityGroupUnknown`.
    pub fn unpin(
        &mut self,
        key: ConsumerKey,
        group: &str,
        now: Timestamp,
        sink: &mut dyn Sink,
    ) -> Result<(), ConsumerError> {
        let consumer = self.members.get_mut(key).ok_or(ConsumerError::NotFound)?;
        if !consumer.config.priority_groups.iter().any(|known| known == group) {
            check_group(group)?;
            return Err(ConsumerError::PriorityGroupUnknown);
        }
        consumer.pin = None;
        sink.advise(&Advisory::Unpinned { name: &consumer.name, group, reason: "admin" });
        self.wake(key);
        self.arm(key, now);
        Ok(())
    }

    /// Lets a consumer begin anew: at `sequence`, or behind its ack floor; returns its figures and the first sequence.
    ///
    /// # Errors
    /// `NotFound`; `Reset` if its start policy does not permit that sequence; `Engine`.
    pub fn reset(
        &mut self,
        key: ConsumerKey,
        sequence: Option<Sequence>,
        now: Timestamp,
    ) -> Result<(ConsumerInfo, Sequence), ConsumerError> {
        let consumer = self.members.get_mut(key).ok_or(ConsumerError::NotFound)?;
        let first = match sequence.filter(|sequence| *sequence > 0) {
            Some(sequence) => {
                let config = &consumer.config;
                let refused = |reason| Err(ConsumerError::Reset { reason });
                match config.deliver_policy {
                    DeliverPolicy::ByStartSequence if sequence < config.opt_start_seq => {
                        return refused("below start seq");
                    }
                    DeliverPolicy::ByStartTime => {
                        let time = config.opt_start_time.map(|zoned| zoned.time).unwrap_or_default();
                        if sequence < self.stream.sequence_at(time)? {
                            return refused("below start time");
                        }
                    }
                    DeliverPolicy::All | DeliverPolicy::ByStartSequence => {}
                    _ => return refused("not allowed"),
                }
                sequence
            }
            None => consumer.floor().stream_seq + 1,
        };
        consumer.cursor = Cursor::at(&self.stream, &consumer.rules.filters, first)?;
        consumer.delivered = Position { consumer_seq: 0, stream_seq: first - 1, last_active: None };
        if let Some(acks) = &mut consumer.acks {
            acks.reset(consumer.delivered);
        }
        consumer.dirty = true;
        consumer.has_moved = true;
        consumer.filtered_since = first - 1;
        let filters = consumer.rules.filters.clone();
        let info = consumer.info(
            self.stream.config().storage,
            pending_now(&self.stream, consumer, self.tail.seen())?,
            now,
        );
        self.wake(key);
        self.arm(key, now);
        // What it leaves behind may be nobody's now.
        self.sweep_left(&filters)?;
        Ok((info, first))
    }

    /// Ends all consumers, because the stream is deleted. Those who wait for messages are told.
    pub fn stream_removed(&mut self, sink: &mut dyn Sink) {
        // Nothing is to be removed from what goes as a whole.
        self.rules.retention = Retention::Limits;
        for key in self.members.keys() {
            if let Some(consumer) = self.remove(key) {
                tell_waiting(&consumer, |_| Status::ConsumerDeleted, sink);
            }
        }
    }

    /// Tells those who wait for messages that the server stops; the consumers stay.
    pub fn shut_down(&mut self, sink: &mut dyn Sink) {
        for key in self.members.keys() {
            let Some(consumer) = self.members.get_mut(key) else { continue };
            tell_waiting(consumer, Status::ServerShutdown, sink);
            if let Door::Pull(waiting) = &mut consumer.door {
                waiting.take_if(|_| true);
            }
        }
    }

    /// Takes a consumer out.
    pub(super) fn remove(&mut self, key: ConsumerKey) -> Option<Box<Consumer>> {
        let consumer = self.members.remove(key)?;
        if let Some(armed) = consumer.armed {
            self.timers.remove(&(armed, key));
        }
        self.held.remove(&key);
        self.close_if_empty();
        // If the stream is gone, so are its messages.
        let _ = self.sweep_left(&consumer.rules.filters);
        Some(consumer)
    }
}

/// Sends a status to all requests that wait.
fn tell_waiting(
    consumer: &Consumer,
    status: impl Fn(super::super::status::Unserved) -> Status<'static>,
    sink: &mut dyn Sink,
) {
    if let Door::Pull(waiting) = &consumer.door {
        for waiter in waiting.iter() {
            sink.status(&waiter.reply, &status(waiter.unserved()));
        }
    }
}
