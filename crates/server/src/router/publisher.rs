//! One task's way into the routers.

use super::cache::RouteCache;
use super::subscription::{Delivery, Subscription};
use super::table::Router;
use crate::conn::Outbound;
use std::sync::Arc;

/// A message on its way to subscribers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Msg<'a> {
    /// What the MSG line shows: where the message was published to, or the subject it is stored under (PROTOCOL 1.9).
    pub(crate) subject: &'a [u8],
    /// Where answers go.
    pub(crate) reply: Option<&'a [u8]>,
    /// The header block, or empty.
    pub(crate) headers: &'a [u8],
    /// The body.
    pub(crate) payload: &'a [u8],
}

/// What one task keeps to publish: its last routes, and whom it has to wake.
///
/// Receivers are not woken before [`Self::flush`], which must follow each batch of messages; it also runs on drop.
#[derive(Debug)]
pub(crate) struct Publisher {
    origin: Origin,
    cache: RouteCache,
    wakes: Vec<Arc<Outbound>>,
    ended: Vec<Arc<Subscription>>,
    random: u64,
    crowded: bool,
    /// Deliveries since the last flush.
    deliveries: usize,
}

/// Who publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The server itself.
    Server,
    /// A connection that also gets its own messages.
    Connection,
    /// The connection of this number, which does not want its own messages (`echo:false`).
    WithoutEcho(u64),
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Routed {
    /// How many connections got it; one that subscribes twice counts twice.
    pub(crate) delivered: usize,
    /// Whether any subscription matched, even if it did not get the message.
    pub(crate) matched: bool,
}

impl Publisher {
    /// Returns a publisher; `seed` makes the choice among members of queue groups.
    pub(crate) fn new(origin: Origin, seed: u64) -> Self {
        Self {
            origin,
            cache: RouteCache::default(),
            wakes: Vec::new(),
            ended: Vec::new(),
            random: seed | 1,
            crowded: false,
            deliveries: 0,
        }
    }

    /// Says who publishes from now on.
    pub(crate) fn set_origin(&mut self, origin: Origin) {
        self.origin = origin;
    }

    /// Sends a message to all who subscribe to its subject.
    pub(crate) fn deliver(&mut self, router: &Router, msg: &Msg<'_>) -> Routed {
        self.deliver_as(router, msg.subject, msg)
    }

    /// Sends a message to all who subscribe to `route`; they see the message's own subject.
    pub(crate) fn deliver_as(&mut self, router: &Router, route: &[u8], msg: &Msg<'_>) -> Routed {
        let Self { origin, cache, wakes, ended, random, crowded, deliveries } = self;
        let matches = cache.route(router, route);
        let mut hand = Hand { origin: *origin, wakes, ended, crowded };
        let mut delivered = matches.plain().iter().filter(|each| hand.over(each, msg)).count();
        for group in matches.groups() {
            // From a random member on, the first that takes it.
            let start = next_index(random, group.len());
            let (before, from) = group.split_at(start);
            delivered += usize::from(from.iter().chain(before).any(|each| hand.over(each, msg)));
        }
        *deliveries += delivered;
        let matched = !matches.is_empty();
        if !self.ended.is_empty() {
            self.ended.drain(..).for_each(|each| router.remove(&each));
        }
        Routed { delivered, matched }
    }

    /// Sends a message to one plain subscription of one connection alone; says whether it had one that took it.
    pub(crate) fn deliver_to(&mut self, router: &Router, connection: u64, msg: &Msg<'_>) -> bool {
        let Self { cache, wakes, ended, crowded, .. } = self;
        let matches = cache.route(router, msg.subject);
        let mut hand = Hand { origin: Origin::Server, wakes, ended, crowded };
        let mut own = matches.plain().iter().filter(|each| each.client().id() == connection);
        let taken = own.any(|each| hand.over(each, msg));
        if !self.ended.is_empty() {
            self.ended.drain(..).for_each(|each| router.remove(&each));
        }
        taken
    }

    /// As [`Self::deliver_as`], unless a connection that subscribes to `route` has more than `waiting_max` bytes waiting to be
    /// written: then nobody gets the message, and there is no outcome.
    pub(crate) fn deliver_within(
        &mut self,
        router: &Router,
        route: &[u8],
        waiting_max: u64,
        msg: &Msg<'_>,
    ) -> Option<Routed> {
        let Self { origin, cache, wakes, ended, crowded, deliveries, .. } = self;
        let matches = cache.route(router, route);
        if let Some(only) = matches.only() {
            let mut hand = Hand { origin: *origin, wakes, ended, crowded };
            let handed = hand.over_within(only, msg, waiting_max);
            if handed == Handed::Busy {
                return None;
            }
            let delivered = usize::from(handed == Handed::Taken);
            *deliveries += delivered;
            if !self.ended.is_empty() {
                self.ended.drain(..).for_each(|each| router.remove(&each));
            }
            return Some(Routed { delivered, matched: true });
        }
        self.has_room(router, route, waiting_max).then(|| self.deliver_as(router, route, msg))
    }

    /// Says whether all connections that subscribe to `route` have at most `bytes_max` waiting to be written.
    fn has_room(&mut self, router: &Router, route: &[u8], bytes_max: u64) -> bool {
        let matches = self.cache.route(router, route);
        let mut members = matches.plain().iter().chain(matches.groups().flatten());
        members.all(|each| each.client().locked(|buffer| buffer.pending()) <= bytes_max)
    }

    /// Returns how many deliveries were made since the last [`Self::flush`].
    pub(crate) fn deliveries(&self) -> usize {
        self.deliveries
    }

    /// Wakes all who got messages since the last time.
    pub(crate) fn flush(&mut self) {
        self.deliveries = 0;
        self.wakes.drain(..).for_each(|each| each.wake());
    }

    /// Says whether a receiver was far behind since the last time this was asked.
    pub(crate) fn take_crowded(&mut self) -> bool {
        std::mem::take(&mut self.crowded)
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Hands one message to subscriptions, and notes whom to wake and what to remove.
struct Hand<'a> {
    origin: Origin,
    wakes: &'a mut Vec<Arc<Outbound>>,
    ended: &'a mut Vec<Arc<Subscription>>,
    crowded: &'a mut bool,
}

/// What became of a message at one subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handed {
    Taken,
    Refused,
    /// More waits there than it may.
    Busy,
}

impl Hand<'_> {
    fn over(&mut self, to: &Arc<Subscription>, msg: &Msg<'_>) -> bool {
        self.over_within(to, msg, u64::MAX) == Handed::Taken
    }

    fn over_within(&mut self, to: &Arc<Subscription>, msg: &Msg<'_>, waiting_max: u64) -> Handed {
        if self.origin == Origin::WithoutEcho(to.client().id()) {
            return Handed::Refused;
        }
        let delivery = to.deliver(msg, waiting_max);
        *self.crowded |= delivery.crowded;
        if delivery.wake {
            self.wakes.push(Arc::clone(to.client()));
        }
        if delivery.ended {
            self.ended.push(Arc::clone(to));
        }
        match delivery {
            Delivery { busy: true, .. } => Handed::Busy,
            Delivery { taken: true, .. } => Handed::Taken,
            Delivery { .. } => Handed::Refused,
        }
    }
}

/// Draws a place in a list of `length`, by the xorshift generator of Marsaglia.
fn next_index(random: &mut u64, length: usize) -> usize {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    let length = u64::try_from(length.max(1)).unwrap_or(1);
    usize::try_from((*random >> 16) % length).unwrap_or(0)
}

#[cfg(test)]
mod tests;
