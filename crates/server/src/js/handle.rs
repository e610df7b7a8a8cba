//! A stream as the server knows it.

use super::consumers::{self, Consumers, Keeper, Place};
use super::context::Ctx;
use super::copier::{Copier, Plan, Progress};
use super::state::{JetStream, Settings};
use crate::account::Account;
use jetkv_engine::Stream;
use jetkv_engine::env::Entropy;
use jetkv_jetstream::consumer::StreamRules;
use jetkv_jetstream::{self as streams, Ingest, JetStreamError, Source, StreamSettings, SubjectMapping};
use jetkv_types::{Sequence, Subject, SubjectFilter, Timestamp};
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// A stream, what it says about itself, and what takes its messages in.
#[derive(Debug)]
pub(crate) struct StreamHandle {
    pub(crate) stream: Stream,
    pub(crate) ingest: Ingest,
    facts: RwLock<Arc<Facts>>,
    /// Whether all of it was purged before it had a message: the reference begins at 1 then, and not at 0.
    purged_empty: AtomicBool,
    /// When a message was passed last, in nanoseconds: it was not kept, and yet counts as the last one.
    passed_at: AtomicU64,
    /// The last sequences of subjects that are published again, as far as they are not visible yet.
    latest: Mutex<HashMap<Subject, Sequence>>,
    /// What copies into this stream, the mirror or the sources in their order.
    copiers: Mutex<Vec<Copier>>,
    pub(crate) consumers: Consumers,
    /// Requests for messages, and messages that were refused, since the stream was opened.
    gets: AtomicU64,
    refused: AtomicU64,
    /// What drives the consumers.
    driver: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

/// What the settings of a stream mean, worked out once.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) settings: StreamSettings,
    /// How subjects are rewritten on their way in.
    pub(crate) transform: Option<SubjectMapping>,
    /// How stored messages are published again.
    pub(crate) republish: Option<SubjectMapping>,
}

impl StreamHandle {
    /// Takes over a stream of the engine.
    pub(crate) fn new(
        stream: Stream,
        server: &Settings,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, JetStreamError> {
        let facts = Facts::of(&stream)?;
        let rules = consumer_rules(&facts.settings, server);
        Ok(Self {
            ingest: Ingest::new(stream.clone()),
            facts: RwLock::new(Arc::new(facts)),
            purged_empty: AtomicBool::new(false),
            passed_at: AtomicU64::new(0),
            latest: Mutex::default(),
            copiers: Mutex::default(),
            consumers: Consumers::new(stream.clone(), rules, entropy),
            gets: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            driver: Mutex::default(),
            stream,
        })
    }

    pub(crate) fn facts(&self) -> Arc<Facts> {
        Arc::clone(&self.facts.read())
    }

    /// Returns the sequence of the message of `subject` before the one with `sequence`, which was queued a moment ago.
    pub(crate) fn previous(&self, subject: &Subject, sequence: Sequence) -> Sequence {
        let mut latest = self.latest.lock();
        let visible = self.stream.last_sequence();
        latest.retain(|_, queued| *queued > visible);
        latest.insert(subject.clone(), sequence).unwrap_or_else(|| {
            let known = self.stream.subject_state(subject).ok().flatten();
            known.map_or(0, |state| state.sequence)
        })
    }

    /// Begins to copy from what the settings name; what copied before ends.
    pub(crate) fn start_copiers(self: &Arc<Self>, jetstream: &Arc<JetStream>) {
        let facts = self.facts();
        let mirror = facts.settings.mirror.iter().map(|mirror| Plan::new(mirror, streams::Place::Kept));
        let sources = facts.settings.sources.iter().map(|source| Plan::new(source, streams::Place::New));
        let mut copiers = self.copiers.lock();
        let before = std::mem::take(&mut *copiers);
        copiers.extend(mirror.chain(sources).map(|plan| Copier::start(jetstream, self, plan)));
        let still: Vec<_> = copiers.iter().map(|copier| Arc::clone(copier.hold())).collect();
        drop(copiers);
        release(jetstream, before, &still);
    }

    /// Ends all copying for good: origins keep nothing for it any more.
    pub(crate) fn give_up_copies(&self, jetstream: &JetStream) {
        let before = std::mem::take(&mut *self.copiers.lock());
        release(jetstream, before, &[]);
    }

    /// Ends all copying.
    pub(crate) fn stop_copiers(&self) {
        self.copiers.lock().clear();
    }

    /// Returns what is copied from, and how far that has come.
    pub(crate) fn origins(&self) -> Vec<(Source, Progress)> {
        self.copiers.lock().iter().map(|copier| (copier.source().clone(), copier.progress())).collect()
    }

    /// Says whether messages may be read without a consumer.
    pub(crate) fn answers_directly(&self) -> bool {
        let facts = self.facts.read();
        facts.settings.allow_direct || facts.settings.mirror_direct
    }

    /// Remembers that all of it was purged; it matters if there was nothing yet.
    pub(crate) fn note_purge(&self) {
        self.purged_empty.store(true, Ordering::Relaxed);
    }

    /// Returns the sequence that is shown as the first of a stream that never had a message.
    pub(crate) fn first_sequence_unused(&self) -> Sequence {
        let is_said = self.facts.read().settings.first_sequence.is_some();
        Sequence::from(is_said || self.purged_empty.load(Ordering::Relaxed))
    }

    /// Counts requests for messages.
    pub(crate) fn count_gets(&self, count: u64) {
        self.gets.fetch_add(count, Ordering::Relaxed);
    }

    /// Counts a message that was refused.
    pub(crate) fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how many requests for messages there were, and how many messages were refused.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.gets.load(Ordering::Relaxed), self.refused.load(Ordering::Relaxed))
    }

    /// Notes that a message was answered and not kept.
    pub(crate) fn note_passed(&self, now: Timestamp) {
        self.passed_at.fetch_max(now.as_nanos(), Ordering::Relaxed);
    }

    /// Returns when a message was passed last, since the server started; zero for never.
    pub(crate) fn passed_at(&self) -> Timestamp {
        Timestamp::from_nanos(self.passed_at.load(Ordering::Relaxed))
    }

    /// Returns how many consumers there are.
    pub(crate) fn consumer_count(&self) -> usize {
        self.consumers.count()
    }

    /// Returns what its consumers need to know of their surroundings.
    pub(crate) fn place<'a>(&'a self, jetstream: &'a JetStream, account: &'a Account) -> Place<'a> {
        let (router, stream) = (&account.router, self.stream.name().as_str());
        Place { router, jetstream, stream, now: jetstream.store.now() }
    }

    /// Waits until what consumers acknowledged is gone, if the stream keeps it for them only: who looks now sees what an
    /// acknowledgement means.
    pub(crate) fn settle_retention(&self) {
        if self.consumers.has_leaving() {
            tokio::task::block_in_place(|| self.consumers.settle());
        }
    }

    /// Begins to drive the consumers.
    pub(crate) fn start_consumers(self: &Arc<Self>, account: &Weak<Account>, keeper: &Arc<Keeper>) {
        let task = consumers::run(Weak::clone(account), Arc::downgrade(self), Arc::clone(keeper));
        *self.driver.lock() = Some(tokio::spawn(task));
    }

    /// Lets consumers take note of a message that was removed.
    pub(crate) fn settle_removal(&self, jetstream: &JetStream, ctx: &mut Ctx<'_>) {
        let place = self.place(jetstream, ctx.account);
        // If the stream is gone, so are they.
        let _ = self.consumers.act(ctx.publisher, place, |set, _| set.removed(place.now));
    }

    /// Lets consumers take note of a purge of the subjects that match, or of all.
    pub(crate) fn settle_purge(
        &self,
        jetstream: &JetStream,
        ctx: &mut Ctx<'_>,
        filter: Option<&SubjectFilter>,
    ) {
        let place = self.place(jetstream, ctx.account);
        // If the stream is gone, so are they.
        let _ = self.consumers.act(ctx.publisher, place, |set, _| set.purged(filter, place.now));
    }

    /// Reads the settings again after they changed.
    pub(crate) fn refresh(&self, server: &Settings) -> Result<(), JetStreamError> {
        let facts = Arc::new(Facts::of(&self.stream)?);
        self.consumers.configure(consumer_rules(&facts.settings, server));
        *self.facts.write() = facts;
        self.ingest.refresh();
        Ok(())
    }
}

impl Drop for StreamHandle {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.get_mut().take() {
            driver.abort();
        }
    }
}

/// Ends copies; their origins keep messages only for those that are `still` there.
fn release(jetstream: &JetStream, copiers: Vec<Copier>, still: &[Arc<str>]) {
    for copier in copiers {
        let origin = jetstream.find(&copier.source().name);
        let hold = Arc::clone(copier.hold());
        drop(copier);
        if let Some(origin) = origin.filter(|_| !still.contains(&hold)) {
            origin.consumers.let_go(&hold);
        }
    }
}

pub(crate) fn consumer_rules(settings: &StreamSettings, server: &Settings) -> StreamRules {
    let most = settings.max_consumers.or(server.default_max_consumers);
    StreamRules {
        retention: settings.retention,
        max_consumers: most.and_then(|most| usize::try_from(most).ok()),
        max_ack_pending: settings.consumer_limits.max_ack_pending.and_then(|most| i64::try_from(most).ok()),
        inactive_threshold: settings.consumer_limits.inactive_threshold,
    }
}

impl Facts {
    fn of(stream: &Stream) -> Result<Self, JetStreamError> {
        let settings = StreamSettings::from_engine(&stream.config())?;
        // Both were checked when they came.
        let transform = settings
            .subject_transform
            .as_ref()
            .and_then(|rule| SubjectMapping::new(&rule.source, &rule.destination).ok());
        let republish = settings
            .republish
            .as_ref()
            .and_then(|rule| SubjectMapping::new(&rule.source, &rule.destination).ok());
        Ok(Self { settings, transform, republish })
    }
}
