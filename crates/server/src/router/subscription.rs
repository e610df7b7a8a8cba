//! One subscription of one connection.

use super::publisher::Msg;
use crate::auth::Patterns;
use crate::conn::Outbound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// A subscription. Its subject is a valid pattern.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// Subject, queue and sid, one after the other.
    text: Box<[u8]>,
    subject_end: usize,
    queue_end: usize,
    client: Arc<Outbound>,
    /// Subjects that match but must not be delivered.
    denied: Option<Arc<Patterns>>,
    /// Written under the lock of `client` only.
    delivered: AtomicU64,
    /// After so many deliveries it ends; 0 is never.
    delivered_max: AtomicU64,
    ended: AtomicBool,
    /// Its place in the list of its node; the trie's, written under its lock only.
    place: AtomicUsize,
}

/// What a subscription is made of.
#[derive(Debug)]
pub(crate) struct SubscriptionSpec<'a> {
    /// A valid pattern.
    pub(crate) subject: &'a [u8],
    /// The queue group.
    pub(crate) queue: Option<&'a [u8]>,
    /// The client's name for it.
    pub(crate) sid: &'a [u8],
    /// Subjects that match but must not be delivered.
    pub(crate) denied: Option<Arc<Patterns>>,
}

/// What became of one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Whether the message is in the connection's buffer now.
    pub(crate) taken: bool,
    /// Whether the connection's task sleeps and must be woken.
    pub(crate) wake: bool,
    /// Whether this was the last message of the subscription.
    pub(crate) ended: bool,
    /// Whether the connection is far behind.
    pub(crate) crowded: bool,
    /// Whether it was refused because more waits there than it may.
    pub(crate) busy: bool,
}

impl Delivery {
    const REFUSED: Self = Self { taken: false, wake: false, ended: false, crowded: false, busy: false };
    const BUSY: Self = Self { busy: true, ..Self::REFUSED };
}

impl Subscription {
    pub(crate) fn new(spec: SubscriptionSpec<'_>, client: Arc<Outbound>) -> Self {
        let queue = spec.queue.unwrap_or_default();
        Self {
            text: [spec.subject, queue, spec.sid].concat().into(),
            subject_end: spec.subject.len(),
            queue_end: spec.subject.len() + queue.len(),
            client,
            denied: spec.denied,
            delivered: AtomicU64::new(0),
            delivered_max: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            place: AtomicUsize::new(0),
        }
    }

    /// Returns the pattern.
    pub(crate) fn subject(&self) -> &[u8] {
        &self.text[..self.subject_end]
    }

    /// Returns the queue group.
    pub(crate) fn queue(&self) -> Option<&[u8]> {
        let queue = &self.text[self.subject_end..self.queue_end];
        (!queue.is_empty()).then_some(queue)
    }

    /// Returns the client's name for it.
    pub(crate) fn sid(&self) -> &[u8] {
        &self.text[self.queue_end..]
    }

    /// Returns the connection that subscribed.
    pub(crate) fn client(&self) -> &Arc<Outbound> {
        &self.client
    }

    /// Returns how many messages it got.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Returns after how many messages it ends.
    pub(crate) fn delivered_max(&self) -> Option<u64> {
        match self.delivered_max.load(Ordering::Relaxed) {
            0 => None,
            max => Some(max),
        }
    }

    pub(super) fn place(&self) -> usize {
        self.place.load(Ordering::Relaxed)
    }

    pub(super) fn set_place(&self, place: usize) {
        self.place.store(place, Ordering::Relaxed);
    }

    pub(super) fn ends_in_rest(&self) -> bool {
        let subject = self.subject();
        subject == b">" || subject.ends_with(b".>")
    }

    /// Says whether it gets no more messages.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Lets it get no more messages.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Lets it end after `max` messages since the beginning; says whether it had so many already.
    pub(crate) fn end_after(&self, max: u64) -> bool {
        self.client.locked(|_| {
            self.delivered_max.store(max, Ordering::Relaxed);
            self.delivered() >= max
        })
    }

    /// Puts a message into the connection's buffer, without waking its task, unless more than `waiting_max` bytes wait there.
    pub(crate) fn deliver(&self, msg: &Msg<'_>, waiting_max: u64) -> Delivery {
        if self.denied.as_ref().is_some_and(|denied| denied.matches(msg.subject)) {
            return Delivery::REFUSED;
        }
        self.client.locked(|buffer| {
            if self.is_ended() {
                return Delivery::REFUSED;
            }
            if buffer.pending() > waiting_max {
                return Delivery::BUSY;
            }
            let appended = buffer.append_msg(self.sid(), msg);
            if !appended.taken {
                return Delivery { wake: appended.wake, ..Delivery::REFUSED };
            }
            let delivered = self.delivered() + 1;
            self.delivered.store(delivered, Ordering::Relaxed);
            let ended = self.delivered_max().is_some_and(|max| delivered >= max);
            if ended {
                self.end();
                buffer.note_ended(self.sid());
            }
            Delivery { taken: true, wake: appended.wake, ended, crowded: appended.crowded, busy: false }
        })
    }
}
