//! All consumers of one stream.

mod by_consumer;
mod control;
mod create;
mod events;
mod members;
mod persist;
mod pump;
mod purge;
mod retention;
mod tail;
mod timers;
mod turn;
mod work_queue;

pub use control::Paused;
pub use create::{CreateAction, Created};

use super::cursor::Effort;
use super::limits::StreamRules;
use super::member::{Consumer, Door};
use super::sink::Sink;
use super::{ConsumerConfig, ConsumerError, ConsumerInfo};
use jetkv_engine::env::Entropy;
use jetkv_engine::{EngineError, Storage, Stream};
use jetkv_types::Timestamp;
use members::Members;
use retention::Outgoing;
use std::collections::{BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::Arc;
use std::task::{self, Poll};
use tail::Tail;

/// A handle of a consumer; it is never used for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConsumerKey {
    slot: u32,
    generation: u32,
}

/// Whether anybody listens at the deliver subject of a push consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interest {
    /// Somebody does.
    Present,
    /// Nobody does.
    Absent,
}

/// All consumers of one stream. See the [module](super) for how it is driven.
#[derive(Debug)]
pub struct ConsumerSet {
    stream: Stream,
    rules: StreamRules,
    entropy: Arc<dyn Entropy>,
    members: Members,
    tail: Tail,
    /// One entry for each consumer that waits for a time.
    timers: BTreeSet<(Timestamp, ConsumerKey)>,
    /// Consumers that may have something to deliver, taking turns.
    ready: VecDeque<ConsumerKey>,
    /// Consumers that delivered as many messages as may await their acks.
    held: BTreeSet<ConsumerKey>,
    /// What the stream said of removals when the held ones last got a turn.
    held_since: u64,
    /// What is on its way out of a stream that keeps messages for its consumers.
    outgoing: Outgoing,
}

impl ConsumerSet {
    /// Returns the set of a stream, empty.
    #[must_use]
    pub fn new(stream: Stream, rules: StreamRules, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            stream,
            rules,
            entropy,
            members: Members::default(),
            tail: Tail::default(),
            timers: BTreeSet::new(),
            ready: VecDeque::new(),
            held: BTreeSet::new(),
            held_since: 0,
            outgoing: Outgoing::default(),
        }
    }

    /// Takes new rules of the stream; they hold for what is created and changed from now on.
    pub fn configure(&mut self, rules: StreamRules) {
        let before = std::mem::replace(&mut self.rules, rules);
        self.change_retention(before.retention);
    }

    /// Returns the stream.
    #[must_use]
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Refuses a configuration that would be adjusted; see [`ConsumerConfig::check_exact`].
    ///
    /// # Errors
    /// `Pedantic`.
    pub fn check_exact(&self, config: &ConsumerConfig) -> Result<(), ConsumerError> {
        config.check_exact(&self.rules)
    }

    /// Returns how many consumers there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.members.count()
    }

    /// Returns the handle of the consumer with this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<ConsumerKey> {
        self.members.find(name)
    }

    /// Returns the names behind `after`, or all of them, in order.
    pub fn names<'a>(&'a self, after: Option<&'a str>) -> impl Iterator<Item = (&'a str, ConsumerKey)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.members.names_from(start)
    }

    /// Returns the configuration of a consumer, with defaults filled in.
    #[must_use]
    pub fn config(&self, key: ConsumerKey) -> Option<&Arc<ConsumerConfig>> {
        self.members.get(key).map(|consumer| &consumer.config)
    }

    /// Returns the figures of a consumer. Requests of clients that are gone, as `sink` knows, are dropped first.
    ///
    /// # Errors
    /// `NotFound`; `Engine` if the stream is gone.
    pub fn info(
        &mut self,
        key: ConsumerKey,
        now: Timestamp,
        sink: &mut dyn Sink,
    ) -> Result<ConsumerInfo, ConsumerError> {
        self.tail.tidy(&self.stream, &mut self.members);
        let seen = self.tail.seen();
        let consumer = self.members.get_mut(key).ok_or(ConsumerError::NotFound)?;
        if let Door::Pull(waiting) = &mut consumer.door {
            waiting.take_if(|waiter| !sink.has_interest(&waiter.reply));
        }
        consumer.settle_gone(&self.stream, now);
        consumer.cursor.refresh(&self.stream, &consumer.rules.filters, now, Effort::Full)?;
        let info =
            consumer.info(self.stream.config().storage, pending_now(&self.stream, consumer, seen)?, now);
        self.touch(key);
        self.judge_settled()?;
        Ok(info)
    }

    /// Is ready when the stream has something that [`Self::pump`] has not seen; at once if it has already. Pending without
    /// a consumer.
    ///
    /// # Errors
    /// `StreamDeleted` or `Closed` when nothing more will come.
    pub fn poll_ready(&self, cx: &mut task::Context<'_>) -> Poll<Result<(), EngineError>> {
        self.tail.poll_ready(cx)
    }

    /// Gives a consumer its turn in the next pump.
    fn wake(&mut self, key: ConsumerKey) {
        let Some(consumer) = self.members.get_mut(key) else { return };
        if !consumer.queued {
            consumer.queued = true;
            self.ready.push_back(key);
        }
    }

    /// Sets the timer of a consumer to what is due next.
    fn arm(&mut self, key: ConsumerKey, now: Timestamp) {
        if let Some(consumer) = self.members.get_mut(key) {
            timers::arm(&mut self.timers, consumer, now);
        }
    }
}

/// Returns how many messages a consumer has still to get, those included that the set has not seen yet.
fn pending_now(
    stream: &Stream,
    consumer: &Consumer,
    seen: jetkv_types::Sequence,
) -> Result<u64, EngineError> {
    let from = consumer.cursor.uncounted_from(seen);
    let unseen =
        if from < stream.bounds().end { stream.census(&consumer.rules.filters, from)?.count } else { 0 };
    Ok(consumer.cursor.pending().saturating_add(unseen))
}

impl Consumer {
    fn info(&self, storage: Storage, num_pending: u64, now: Timestamp) -> ConsumerInfo {
        let widen = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let (waiting, push) = match &self.door {
            Door::Push(push) => (0, Some(push.interest)),
            Door::Pull(waiting) => (waiting.len(), None),
        };
        ConsumerInfo {
            key: self.key,
            name: Arc::clone(&self.name),
            created: self.created,
            config: Arc::clone(&self.config),
            delivered: self.told_position(storage),
            ack_floor: self.floor(),
            num_ack_pending: widen(self.acks.as_ref().map_or(0, |acks| acks.pending_count())),
            num_redelivered: widen(self.acks.as_ref().map_or(0, |acks| acks.redelivered_count())),
            num_waiting: widen(waiting),
            num_pending,
            push,
            pause_remaining: self.paused_until(now).map(|until| until.since(now)),
            group: self.group_info(),
        }
    }
}

#[cfg(test)]
mod tests;
