//! Pull requests that wait for messages, in turn (PROTOCOL 5.7).

use super::priority::Claim;
use super::status::Unserved;
use jetkv_types::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// The waiting requests of one consumer.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    queue: VecDeque<Waiter>,
    /// Nothing expires and no heartbeat is due before this time.
    quiet_until: Option<Timestamp>,
    /// Requests that do not want to wait for more once they got something, or at all.
    impatient: usize,
}

/// A pull request that waits.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) reply: Box<str>,
    /// Messages that it still wants, at least 1.
    pub(super) left: u64,
    /// Messages that it got.
    pub(super) served: u64,
    /// Bytes that it may still get.
    pub(super) bytes_left: Option<u64>,
    pub(super) no_wait: bool,
    pub(super) expires: Option<Timestamp>,
    pub(super) heartbeat: Option<Heartbeat>,
    /// What it needs to be served, where requests are ranked.
    pub(super) claim: Option<Box<Claim>>,
    /// Its place: smaller ones come first.
    pub(super) place: u8,
}

/// When a waiting client gets a sign of life.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heartbeat {
    pub(super) every: Duration,
    pub(super) next: Timestamp,
}

impl Waiter {
    pub(super) fn unserved(&self) -> Unserved {
        Unserved { messages: self.left, bytes: self.bytes_left.unwrap_or(0) }
    }

    /// Says whether it got something, or waits for no time at all, and does not want to be kept waiting for more.
    pub(super) fn is_content(&self) -> bool {
        self.no_wait && (self.served > 0 || self.expires.is_none())
    }

    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }

    /// Returns when something is due next.
    fn due(&self) -> Option<Timestamp> {
        let heartbeat = self.heartbeat.map(|heartbeat| heartbeat.next);
        self.expires.into_iter().chain(heartbeat).min()
    }
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Says whether any request is to be answered as soon as there is nothing more.
    pub(super) fn has_impatient(&self) -> bool {
        self.impatient > 0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Waiter> {
        self.queue.iter()
    }

    /// Returns how many messages all requests together still want.
    pub(super) fn wanted(&self) -> u64 {
        self.queue.iter().fold(0, |sum: u64, waiter| sum.saturating_add(waiter.left))
    }

    pub(super) fn add(&mut self, waiter: Waiter) {
        let due = waiter.due();
        self.quiet_until = self.quiet_until.into_iter().chain(due).min();
        self.impatient += usize::from(waiter.no_wait);
        let at = self.queue.partition_point(|other| other.place <= waiter.place);
        self.queue.insert(at, waiter);
    }

    /// Returns the request whose turn it is.
    pub(super) fn front(&mut self) -> Option<&mut Waiter> {
        self.queue.front_mut()
    }

    /// Takes the request whose turn it is out.
    pub(super) fn pop(&mut self) -> Option<Waiter> {
        let waiter = self.queue.pop_front()?;
        self.impatient -= usize::from(waiter.no_wait);
        Some(waiter)
    }

    /// Gives the turn to the next request of the same place.
    pub(super) fn rotate(&mut self) {
        let Some(place) = self.queue.front().map(|waiter| waiter.place) else { return };
        let peers = self.queue.partition_point(|other| other.place <= place);
        if peers == self.queue.len() {
            self.queue.rotate_left(1);
        } else if peers > 1
            && let Some(front) = self.queue.pop_front()
        {
            self.queue.insert(peers - 1, front);
        }
    }

    /// Takes all requests out for which `goes` says so, in order.
    pub(super) fn take_if(&mut self, mut goes: impl FnMut(&Waiter) -> bool) -> Vec<Waiter> {
        if !self.queue.iter().any(&mut goes) {
            return Vec::new();
        }
        let (gone, kept): (Vec<_>, Vec<_>) = self.queue.drain(..).partition(goes);
        self.queue = kept.into();
        self.impatient = self.queue.iter().filter(|waiter| waiter.no_wait).count();
        gone
    }

    /// Says whether the time of any request is over.
    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.quiet_until.is_some_and(|at| at <= now)
            && self.queue.iter().any(|waiter| waiter.has_expired(now))
    }

    /// Takes all requests out whose time is over.
    pub(super) fn take_expired(&mut self, now: Timestamp) -> Vec<Waiter> {
        if self.quiet_until.is_none_or(|at| at > now) {
            return Vec::new();
        }
        self.take_if(|waiter| waiter.has_expired(now))
    }

    /// Returns the replies of all requests that are due a heartbeat, which counts as sent.
    pub(super) fn take_heartbeats(&mut self, now: Timestamp) -> Vec<Box<str>> {
        if self.quiet_until.is_none_or(|at| at > now) {
            return Vec::new();
        }
        let mut due = Vec::new();
        for waiter in &mut self.queue {
            if let Some(heartbeat) = waiter.heartbeat.as_mut().filter(|heartbeat| heartbeat.next <= now) {
                heartbeat.next = now.saturating_add(heartbeat.every);
                due.push(waiter.reply.clone());
            }
        }
        self.quiet_until = self.queue.iter().filter_map(Waiter::due).min();
        due
    }

    /// Returns a time before which nothing is due.
    pub(super) fn quiet_until(&self) -> Option<Timestamp> {
        self.quiet_until.filter(|_| !self.queue.is_empty())
    }
}
