//! Keeping durable consumers: out as plain data, and back.

use super::super::acks::Acks;
use super::super::cursor::Cursor;
use super::super::member::{Consumer, Door};
use super::super::pace::Pace;
use super::super::rules::Rules;
use super::super::snapshot::ConsumerSnapshot;
use super::super::{ConsumerError, Interest, Position};
use super::{ConsumerKey, ConsumerSet};
use crate::Retention;
use jetkv_types::Timestamp;
use jetkv_types::limits::SEQUENCE_MAX;
use std::sync::Arc;

impl ConsumerSet {
    /// Says whether a consumer is to be stored: it is durable, or has been. A client that leaves the durable name out of a
    /// change hardly means that its consumer may be lost.
    #[must_use]
    pub fn is_kept(&self, key: ConsumerKey) -> bool {
        self.members.get(key).is_some_and(|consumer| consumer.is_kept)
    }

    /// Returns the consumers to be stored that changed since their last [`Self::snapshot`].
    pub fn changed(&self) -> impl Iterator<Item = ConsumerKey> {
        let is_changed = |consumer: &&Consumer| consumer.dirty && consumer.is_kept;
        self.members.iter().filter(is_changed).map(|consumer| consumer.key)
    }

    /// Returns a consumer as plain data; from now on it counts as unchanged.
    pub fn snapshot(&mut self, key: ConsumerKey) -> Option<ConsumerSnapshot> {
        let consumer = self.members.get_mut(key)?;
        consumer.dirty = false;
        if let Some(acks) = &mut consumer.acks {
            acks.forget_gone(|sequence| self.stream.is_live(sequence));
        }
        Some(plain(consumer))
    }

    /// Returns all consumers as plain data, in the order of their names, for a backup.
    #[must_use]
    pub fn snapshots(&self) -> Vec<ConsumerSnapshot> {
        self.members.keys().into_iter().filter_map(|key| self.members.get(key)).map(plain).collect()
    }

    /// Says that a snapshot could not be stored: the consumer counts as changed again.
    pub fn keep_changed(&mut self, key: ConsumerKey) {
        if let Some(consumer) = self.members.get_mut(key) {
            consumer.dirty = true;
        }
    }

    /// Takes a consumer out of a backup, which may come from anywhere: its configuration is checked like that of a new one,
    /// and what cannot be true of a consumer of this stream is left out.
    ///
    /// # Errors
    /// What [`super::super::ConsumerConfig::normalized`] finds, `TooManyConsumers`, `Exists`, `Engine`.
    pub fn reinstate(
        &mut self,
        snapshot: &ConsumerSnapshot,
        now: Timestamp,
    ) -> Result<ConsumerKey, ConsumerError> {
        if self.rules.max_consumers.is_some_and(|max| self.members.count() >= max) {
            return Err(ConsumerError::TooManyConsumers);
        }
        let config = snapshot.config.clone();
        let lifetime = config.lifetime();
        let config = config.normalized(lifetime, &self.stream.config(), &self.rules)?;
        let mut snapshot = ConsumerSnapshot { config, ..snapshot.clone() };
        // A consumer may begin behind the last message, but not where sequences end.
        let cap = |number: u64| number.min(SEQUENCE_MAX);
        let delivered = Position {
            consumer_seq: cap(snapshot.delivered.consumer_seq),
            stream_seq: cap(snapshot.delivered.stream_seq),
            ..snapshot.delivered
        };
        let floor = Position {
            consumer_seq: snapshot.ack_floor.consumer_seq.min(delivered.consumer_seq),
            stream_seq: snapshot.ack_floor.stream_seq.min(delivered.stream_seq),
            ..snapshot.ack_floor
        };
        (snapshot.delivered, snapshot.ack_floor) = (delivered, floor);
        snapshot.is_kept |= self.rules.retention != Retention::Limits;
        // What was acknowledged of what came before is not known for sure.
        snapshot.filtered_since = snapshot.filtered_since.max(delivered.stream_seq);
        snapshot.pending.retain_mut(|ack| {
            ack.redeliveries = cap(ack.redeliveries);
            (floor.stream_seq + 1..=delivered.stream_seq).contains(&ack.stream_seq)
                && (1..=delivered.consumer_seq).contains(&ack.consumer_seq)
        });
        let key = self.restore(&snapshot, now)?;
        self.keep_changed(key);
        Ok(key)
    }

    /// Takes a consumer back; nobody listens to it yet. It goes on behind its last delivery.
    ///
    /// # Errors
    /// `Exists` if there is one with its name; `FilterInvalid` for a configuration that was never checked; `Engine`.
    pub fn restore(
        &mut self,
        snapshot: &ConsumerSnapshot,
        now: Timestamp,
    ) -> Result<ConsumerKey, ConsumerError> {
        if self.members.find(&snapshot.name).is_some() {
            return Err(ConsumerError::Exists);
        }
        let config = snapshot.config.clone();
        let rules = Rules::of(&config)?;
        self.tail.open(&self.stream);
        let next = snapshot.delivered.stream_seq + 1;
        let cursor = match Cursor::at(&self.stream, &rules.filters, next) {
            Ok(cursor) => cursor,
            Err(error) => {
                self.close_if_empty();
                return Err(error.into());
            }
        };
        let acks = rules.acks.awaits().then(|| {
            let mut acks = Acks::new(snapshot.ack_floor);
            acks.import(&snapshot.pending, |attempt| rules.ack_wait(attempt));
            Box::new(acks)
        });
        let replay_until = rules.replays.then(|| self.stream.last_sequence());
        let pace = Pace::new(rules.rate, replay_until);
        let key = self.members.next_key().ok_or(ConsumerError::TooManyConsumers)?;
        let mut consumer = Consumer {
            key,
            name: snapshot.name.as_str().into(),
            created: snapshot.created,
            ack_prefix: format!("$JS.ACK.{}.{}.", self.stream.name(), snapshot.name).into(),
            cursor,
            delivered: snapshot.delivered,
            looked: 0,
            has_moved: true,
            acks,
            door: Door::new(&config, Interest::Absent, now),
            pace: pace.map(Box::new),
            seen: now,
            retry_at: None,
            is_flowing: true,
            armed: None,
            removals: 0,
            pin: None,
            queued: false,
            dirty: false,
            is_kept: snapshot.is_kept,
            filtered_since: snapshot.filtered_since,
            judged: 0,
            config: Arc::new(config),
            rules,
        };
        if self.rules.retention != Retention::Limits {
            consumer.set_keeping(Some(snapshot.given_up.iter().copied().collect()));
        }
        self.enlist(consumer, now);
        Ok(key)
    }
}

fn plain(consumer: &Consumer) -> ConsumerSnapshot {
    ConsumerSnapshot {
        name: consumer.name.to_string(),
        created: consumer.created,
        config: (*consumer.config).clone(),
        is_kept: consumer.is_kept,
        delivered: consumer.delivered,
        ack_floor: consumer.floor(),
        pending: consumer.acks.as_ref().map(|acks| acks.export()).unwrap_or_default(),
        given_up: consumer.acks.as_ref().map(|acks| acks.given_up()).unwrap_or_default(),
        filtered_since: consumer.filtered_since,
    }
}
