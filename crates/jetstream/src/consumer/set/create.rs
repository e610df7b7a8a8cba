//! Creating and changing consumers.

use super::super::acks::Acks;
use super::super::cursor::{Cursor, Effort};
use super::super::deliver::random_text;
use super::super::limits::NAME_LENGTH;
use super::super::member::{Consumer, Door};
use super::super::pace::Pace;
use super::super::rules::Rules;
use super::super::{ConsumerConfig, ConsumerError, ConsumerInfo, Interest, Position, start, update};
use super::{ConsumerKey, ConsumerSet, pending_now};
use crate::Retention;
use jetkv_types::{Sequence, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a create request may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CreateAction {
    /// Create, or change what is there.
    CreateOrUpdate,
    /// Create; what is there must be the same.
    Create,
    /// Change what is there.
    Update,
}

/// The outcome of a create request.
#[derive(Debug, Clone)]
pub struct Created {
    /// The consumer, before its first delivery if it is new.
    pub info: ConsumerInfo,
    /// Whether it was not there before.
    pub is_new: bool,
    /// Whether it is to be stored.
    pub is_kept: bool,
}

impl ConsumerSet {
    /// Creates a consumer, or changes the one with its name. `interest` says whether somebody listens at the deliver
    /// subject of `config` now.
    ///
    /// Deliveries begin with the next [`Self::pump`]; the figures are those before.
    ///
    /// # Errors
    /// What [`ConsumerConfig::normalized`] finds, `TooManyConsumers`, `Exists`, `DoesNotExist`, `Update`, `NameInUse`;
    /// `Engine` if the stream is gone or too damaged to tell where to begin.
    pub fn create(
        &mut self,
        config: ConsumerConfig,
        action: CreateAction,
        interest: Interest,
        now: Timestamp,
    ) -> Result<Created, ConsumerError> {
        let known = self.members.find(&config.name).and_then(|key| self.members.get(key));
        // For one that is there, what it has been decides about the defaults, not what it becomes.
        let lifetime = known.map_or_else(|| config.lifetime(), |known| known.config.lifetime());
        let known = known.map(|known| known.key);
        let config = config.normalized(lifetime, &self.stream.config(), &self.rules)?;
        match (known, action) {
            (Some(key), action) => self.change(key, config, action, interest, now),
            (None, CreateAction::Update) => Err(ConsumerError::DoesNotExist),
            (None, _) => self.add(config, interest, now),
        }
    }

    fn add(
        &mut self,
        config: ConsumerConfig,
        interest: Interest,
        now: Timestamp,
    ) -> Result<Created, ConsumerError> {
        if self.rules.max_consumers.is_some_and(|max| self.members.count() >= max) {
            return Err(ConsumerError::TooManyConsumers);
        }
        // The configuration of one that has its name from here stays without a name.
        let mut name = config.name.clone();
        while name.is_empty() || self.members.find(&name).is_some() {
            name = random_text(&*self.entropy, NAME_LENGTH);
        }
        let rules = Rules::of(&config)?;
        self.check_added(&config, &rules)?;
        // The set follows the stream before the consumer finds its place, so that nothing comes between.
        self.tail.open(&self.stream);
        let start = match start::find(&self.stream, &config, &rules.filters) {
            Ok(start) => start,
            Err(error) => {
                self.close_if_empty();
                return Err(error);
            }
        };
        let replay_until = rules.replays.then(|| self.stream.last_sequence());
        let begin =
            Position { consumer_seq: 0, stream_seq: start.first.saturating_sub(1), last_active: None };
        let pace = Pace::new(rules.rate, replay_until);
        let key = self.members.next_key().ok_or(ConsumerError::TooManyConsumers)?;
        let mut consumer = Consumer {
            key,
            name: name.as_str().into(),
            created: now,
            ack_prefix: format!("$JS.ACK.{}.{name}.", self.stream.name()).into(),
            cursor: start.cursor,
            delivered: begin,
            looked: 0,
            has_moved: begin.stream_seq > 0,
            acks: rules.acks.awaits().then(|| Box::new(Acks::new(begin))),
            door: Door::new(&config, interest, now),
            pace: pace.map(Box::new),
            seen: now,
            retry_at: None,
            is_flowing: true,
            armed: None,
            removals: 0,
            pin: None,
            queued: false,
            dirty: true,
            is_kept: config.is_durable(),
            filtered_since: 0,
            judged: begin.stream_seq,
            config: Arc::new(config),
            rules,
        };
        if self.rules.retention != Retention::Limits {
            consumer.set_keeping(Some(BTreeSet::new()));
        }
        let info = consumer.info(
            self.stream.config().storage,
            pending_now(&self.stream, &consumer, self.tail.seen())?,
            now,
        );
        let is_kept = consumer.is_kept;
        self.enlist(consumer, now);
        Ok(Created { info, is_new: true, is_kept })
    }

    /// Takes a consumer in.
    pub(super) fn enlist(&mut self, consumer: Consumer, now: Timestamp) {
        let key = consumer.key;
        self.members.insert(Box::new(consumer));
        self.wake(key);
        self.arm(key, now);
    }

    fn change(
        &mut self,
        key: ConsumerKey,
        mut config: ConsumerConfig,
        action: CreateAction,
        interest: Interest,
        now: Timestamp,
    ) -> Result<Created, ConsumerError> {
        self.check_changed(key, &config, &Rules::of(&config)?)?;
        let consumer = self.members.get_mut(key).ok_or(ConsumerError::NotFound)?;
        // A pause is begun and ended by requests of its own.
        config.pause_until = consumer.config.pause_until;
        if config != *consumer.config {
            if action == CreateAction::Create {
                return Err(ConsumerError::Exists);
            }
            let present = match &consumer.door {
                Door::Push(push) => push.interest,
                Door::Pull(_) => Interest::Absent,
            };
            update::check(&consumer.config, &config, present)?;
            let rules = Rules::of(&config)?;
            let moves = config.deliver_subject != consumer.config.deliver_subject;
            let old_filters =
                (rules.filters != consumer.rules.filters).then(|| consumer.rules.filters.clone());
            if old_filters.is_some() {
                let next: Sequence = consumer.delivered.stream_seq + 1;
                consumer.cursor = Cursor::at(&self.stream, &rules.filters, next)?;
                consumer.filtered_since = next - 1;
            }
            match &mut consumer.pace {
                Some(pace) => pace.set_rate(rules.rate),
                None => consumer.pace = Pace::new(rules.rate, None).map(Box::new),
            }
            consumer.rules = rules;
            consumer.is_kept |= config.is_durable();
            consumer.config = Arc::new(config);
            consumer.dirty = true;
            if moves {
                consumer.set_interest(interest, now);
            }
            if let Some(old) = old_filters {
                let new = consumer.rules.filters.clone();
                self.members.replace_filters(key, &old, &new);
                self.sweep_left(&old)?;
            }
            self.wake(key);
            self.arm(key, now);
        }
        // What went since the figures were reckoned is not to come any more.
        self.tail.tidy(&self.stream, &mut self.members);
        let consumer = self.members.get_mut(key).ok_or(ConsumerError::NotFound)?;
        consumer.cursor.refresh(&self.stream, &consumer.rules.filters, now, Effort::Full)?;
        let info = consumer.info(
            self.stream.config().storage,
            pending_now(&self.stream, consumer, self.tail.seen())?,
            now,
        );
        Ok(Created { info, is_new: false, is_kept: consumer.is_kept })
    }

    /// Stops following the stream when nobody wants it any more.
    pub(super) fn close_if_empty(&mut self) {
        if self.members.count() == 0 {
            self.tail.close();
        }
    }
}
