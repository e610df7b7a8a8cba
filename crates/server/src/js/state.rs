//! All streams of an account.

use super::allowance::Allowance;
use super::captures::Captures;
use super::consumers::{InterestQueue, Keeper};
use super::handle::{StreamHandle, consumer_rules};
use super::scrub::Scrub;
use super::transfer::Transfers;
use crate::account::Account;
use crate::convert::to_u64;
use crate::router::{Origin, Publisher};
use crate::span::{Span, SpanKind, SpanOutcome, Spans};
use jetkv_engine::env::Entropy;
use jetkv_engine::{Draft, EngineError, Storage, Store, Stream, StreamConfig};
use jetkv_jetstream::consumer::{ConsumerError, ConsumerSet, ConsumerSnapshot};
use jetkv_jetstream::{JetStreamError, StreamSettings};
use jetkv_types::{StreamName, SubjectFilter, Timestamp};
use parking_lot::{Mutex, RwLock};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// The streams of an account, and what answers for them.
#[derive(Debug)]
pub(crate) struct JetStream {
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) interest: Arc<InterestQueue>,
    /// What looks for trouble and tells of it.
    pub(super) watch: Mutex<Vec<tokio::task::JoinHandle<()>>>,
    pub(crate) transfers: Transfers,
    /// How far the search for damage has come.
    pub(super) scrub: Mutex<Scrub>,
    pub(super) memory_allowance: Allowance,
    pub(super) file_allowance: Allowance,
    account: Weak<Account>,
    entropy: Arc<dyn Entropy>,
    streams: RwLock<BTreeMap<StreamName, Arc<StreamHandle>>>,
    captures: RwLock<Captures>,
    /// Held while streams come, change and go.
    changes: Mutex<()>,
    /// Requests, and those that failed, since the server started.
    requests: AtomicU64,
    failures: AtomicU64,
}

/// What an operator said about the streams of an account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// Name of the account.
    pub(crate) account: Box<str>,
    /// Name of the server, shown as the leader of every stream.
    pub(crate) server_name: Box<str>,
    /// `$JS.<domain>.API.>` works like `$JS.API.>`.
    pub(crate) domain: Option<Box<str>>,
    /// Whether requests with unknown JSON fields are refused.
    pub(crate) strict: bool,
    /// Most streams; `None` is no limit.
    pub(crate) streams_max: Option<u64>,
    /// Most bytes in files, for all streams; `None` is no limit.
    pub(crate) file_bytes_max: Option<u64>,
    /// Most bytes in memory, for all streams; `None` is no limit.
    pub(crate) memory_bytes_max: Option<u64>,
    /// What the account itself may have in memory and in files, which is what it is told.
    pub(crate) own_limits: (Option<u64>, Option<u64>),
    /// Most consumers of a stream that says nothing itself.
    pub(crate) default_max_consumers: Option<u64>,
    /// Longest window of deduplication.
    pub(crate) duplicate_window_max: Option<std::time::Duration>,
    /// Whether streams must have `max_bytes`.
    pub(crate) max_bytes_required: bool,
    /// Where it goes what took how long.
    pub(crate) spans: Spans,
}

/// Whether settings may be adjusted to those of an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adjust {
    Silently,
    /// What would have to be adjusted is refused.
    Never,
}

/// Why a stream is not created, changed or deleted; the number is the reference's (PROTOCOL 9.1).
#[derive(Debug)]
pub(crate) enum StreamProblem {
    /// There is no such stream (10059).
    NotFound,
    /// There is one with another configuration (10058).
    Exists,
    /// Another stream has one of its subjects (10065).
    Overlap,
    /// The account has enough streams (10027).
    TooMany,
    /// It reserves more than there is (10047, 10028).
    NoRoom { memory: bool },
    /// Replicas need a cluster (10074).
    Replicas,
    /// The origin answers directly, its mirror does not, and the request wants nothing adjusted (10157).
    MirrorNotDirect,
    /// The settings break a rule.
    Settings(JetStreamError),
    /// The store failed.
    Engine(EngineError),
}

impl From<JetStreamError> for StreamProblem {
    fn from(error: JetStreamError) -> Self {
        match error {
            JetStreamError::Engine(error) => Self::Engine(error),
            other => Self::Settings(other),
        }
    }
}

impl From<EngineError> for StreamProblem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::StreamNotFound { .. } => Self::NotFound,
            other => Self::Engine(other),
        }
    }
}

impl JetStream {
    /// Takes over the streams of a store. One whose settings cannot be read stays where it is and is named.
    pub(crate) fn new(
        store: Store,
        settings: Settings,
        account: &Arc<Account>,
        entropy: Arc<dyn Entropy>,
    ) -> (Self, Vec<JetStreamError>) {
        let (mut streams, mut captures, mut unreadable) = (BTreeMap::new(), Captures::default(), Vec::new());
        for stream in store.streams() {
            if is_internal(stream.name()) {
                continue;
            }
            match StreamHandle::new(stream, &settings, Arc::clone(&entropy)) {
                Ok(handle) => {
                    let handle = Arc::new(handle);
                    captures.add(&handle.facts().settings.subjects, &handle);
                    streams.insert(handle.stream.name().clone(), handle);
                }
                Err(error) => unreadable.push(error),
            }
        }
        let jetstream = Self {
            keeper: Arc::new(Keeper::new(store.clone())),
            interest: Arc::default(),
            watch: Mutex::default(),
            transfers: Transfers::default(),
            scrub: Mutex::default(),
            memory_allowance: Allowance::default(),
            file_allowance: Allowance::default(),
            account: Arc::downgrade(account),
            entropy,
            store,
            settings,
            streams: RwLock::new(streams),
            captures: RwLock::new(captures),
            changes: Mutex::new(()),
            requests: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        };
        (jetstream, unreadable)
    }

    /// Takes durable consumers back, lets clients find the streams, and begins what has to go on by itself.
    pub(crate) fn start(self: &Arc<Self>, account: &Account) {
        // What cannot be read is in the damage that the store reports.
        for (stream, snapshot) in self.keeper.all().unwrap_or_default() {
            if let Some(handle) = self.find(&stream) {
                handle.consumers.restore(&handle, &snapshot, self);
            }
        }
        // From here on clients can make consumers of the same names.
        account.set_jetstream(Arc::clone(self));
        for handle in self.matching(None) {
            self.begin(&handle);
        }
        // Now everybody is there who may need a message.
        for handle in self.matching(None) {
            handle.consumers.sweep();
        }
    }

    /// Returns the account that the streams belong to.
    pub(crate) fn account(&self) -> Option<Arc<Account>> {
        self.account.upgrade()
    }

    /// Ends what goes on by itself.
    pub(crate) fn stop(&self) {
        self.watch.lock().drain(..).for_each(|task| task.abort());
        self.transfers.stop();
        let account = self.account();
        let mut publisher = Publisher::new(Origin::Server, 1);
        for handle in self.matching(None) {
            handle.stop_copiers();
            if let Some(account) = &account {
                handle.consumers.shut_down(&mut publisher, handle.place(self, account));
            }
            handle.consumers.keep(&self.keeper, handle.stream.name().as_str());
        }
    }

    /// Finds the stream that takes messages of `subject`.
    pub(crate) fn capturing(&self, subject: &str) -> Option<Arc<StreamHandle>> {
        self.captures.read().find(subject).cloned()
    }

    /// Finds a stream by its name.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<StreamHandle>> {
        self.streams.read().get(name).cloned()
    }

    /// Returns all streams that have a subject which overlaps `filter`, or all, by name.
    pub(crate) fn matching(&self, filter: Option<&SubjectFilter>) -> Vec<Arc<StreamHandle>> {
        let overlaps = |handle: &Arc<StreamHandle>| {
            let facts = handle.facts();
            filter.is_none_or(|filter| facts.settings.subjects.iter().any(|each| each.overlaps(filter)))
        };
        self.streams.read().values().filter(|handle| overlaps(handle)).cloned().collect()
    }

    /// Creates a stream; one that is there with the same settings is as good as new.
    pub(crate) fn create(
        self: &Arc<Self>,
        settings: &StreamSettings,
        strictness: Adjust,
    ) -> Result<Arc<StreamHandle>, StreamProblem> {
        let _turn = self.changes.lock();
        let settings = self.fit_to_origins(settings.clone(), strictness)?;
        let config = settings.to_engine_for_server()?;
        if settings.replicas > 1 {
            return Err(StreamProblem::Replicas);
        }
        if let Some(handle) = self.streams.read().get(&settings.name) {
            let present = &handle.facts().settings;
            return if is_same(present, &StreamSettings::from_engine(&config)?) {
                Ok(Arc::clone(handle))
            } else {
                Err(StreamProblem::Exists)
            };
        }
        if is_internal(&settings.name) {
            return Err(StreamProblem::Exists);
        }
        self.check_overlap(&settings)?;
        self.check_room(&settings, None)?;
        // A deletion or a restore that was cut short may have left consumers of an earlier stream of that name.
        self.keeper.forget(settings.name.as_str(), None)?;
        let handle = self.enlist(self.store.create_stream(config)?)?;
        self.begin(&handle);
        Ok(handle)
    }

    /// Lets messages and requests find a stream.
    fn enlist(&self, stream: Stream) -> Result<Arc<StreamHandle>, StreamProblem> {
        let handle = Arc::new(StreamHandle::new(stream, &self.settings, Arc::clone(&self.entropy))?);
        self.captures.write().add(&handle.facts().settings.subjects, &handle);
        self.streams.write().insert(handle.stream.name().clone(), Arc::clone(&handle));
        Ok(handle)
    }

    /// Begins what a stream does by itself.
    fn begin(self: &Arc<Self>, handle: &Arc<StreamHandle>) {
        handle.start_copiers(self);
        handle.start_consumers(&self.account, &self.keeper);
    }

    /// Checks the consumers of a backup against a stream that was put back; returns them as they will be, or the name of one
    /// that cannot be, and why.
    pub(crate) fn check_consumers(
        &self,
        stream: &Stream,
        settings: &StreamSettings,
        consumers: &[ConsumerSnapshot],
    ) -> Result<Vec<ConsumerSnapshot>, (String, ConsumerError)> {
        let rules = consumer_rules(settings, &self.settings);
        let mut set = ConsumerSet::new(stream.clone(), rules, Arc::clone(&self.entropy));
        for consumer in consumers {
            let added = set.reinstate(consumer, self.store.now());
            added.map_err(|error| (consumer.name.clone(), error))?;
        }
        Ok(set.snapshots())
    }

    /// Takes in a stream that was put back, with consumers that were checked. All of it is durable when this returns.
    pub(crate) fn adopt(
        self: &Arc<Self>,
        draft: Draft,
        settings: &StreamSettings,
        consumers: &[ConsumerSnapshot],
    ) -> Result<Arc<StreamHandle>, StreamProblem> {
        let _turn = self.changes.lock();
        if self.streams.read().contains_key(&settings.name) {
            return Err(StreamProblem::Exists);
        }
        self.check_overlap(settings)?;
        self.check_room(settings, None)?;
        let name = settings.name.as_str();
        self.keeper.forget(name, None)?;
        // They come first: without their stream they mean nothing, and a stream that is there is there with them.
        for consumer in consumers.iter().filter(|consumer| consumer.is_kept) {
            self.keeper.store(name, consumer)?;
        }
        let handle = self.enlist(draft.publish()?)?;
        for consumer in consumers {
            handle.consumers.restore(&handle, consumer, self);
        }
        self.begin(&handle);
        Ok(handle)
    }

    /// Gives a stream other settings.
    pub(crate) fn update(
        self: &Arc<Self>,
        settings: &StreamSettings,
        strictness: Adjust,
    ) -> Result<Arc<StreamHandle>, StreamProblem> {
        let _turn = self.changes.lock();
        let settings = self.fit_to_origins(settings.clone(), strictness)?;
        let handle = self.streams.read().get(&settings.name).cloned().ok_or(StreamProblem::NotFound)?;
        let present = Arc::clone(&handle.facts());
        let wanted = settings.after(&present.settings);
        if wanted.replicas > 1 {
            return Err(StreamProblem::Replicas);
        }
        wanted.check_update_of(&present.settings)?;
        let config: StreamConfig = wanted.to_engine_for_server()?;
        self.check_overlap(&wanted)?;
        self.check_room(&wanted, Some(&present.settings))?;
        self.store.update_stream(config)?;
        handle.refresh(&self.settings)?;
        let mut captures = self.captures.write();
        captures.remove(&handle);
        captures.add(&handle.facts().settings.subjects, &handle);
        drop(captures);
        let facts = handle.facts();
        if (&facts.settings.mirror, &facts.settings.sources)
            != (&present.settings.mirror, &present.settings.sources)
        {
            handle.start_copiers(self);
        }
        Ok(handle)
    }

    /// Deletes a stream with all that belongs to it.
    pub(crate) fn delete(&self, name: &str) -> Result<Arc<StreamHandle>, StreamProblem> {
        let _turn = self.changes.lock();
        let handle = self.find(name).ok_or(StreamProblem::NotFound)?;
        self.captures.write().remove(&handle);
        self.streams.write().remove(handle.stream.name());
        handle.give_up_copies(self);
        self.store.delete_stream(handle.stream.name())?;
        Ok(handle)
    }

    /// Says whether the streams of the account have used up the memory, or the disk, that they may take, when one more message
    /// of at most so many bytes comes.
    pub(crate) fn is_used_up(&self, memory: bool, bytes: usize) -> bool {
        let (most, allowance) = if memory {
            (self.settings.memory_bytes_max, &self.memory_allowance)
        } else {
            (self.settings.file_bytes_max, &self.file_allowance)
        };
        most.is_some_and(|most| allowance.is_used_up(most, to_u64(bytes), || self.usage(memory).0))
    }

    /// Says whether a stream that is being put back, and has so many bytes, takes more than there is.
    pub(crate) fn is_used_up_by(&self, memory: bool, bytes: u64) -> bool {
        let most = if memory { self.settings.memory_bytes_max } else { self.settings.file_bytes_max };
        most.is_some_and(|most| self.usage(memory).0.saturating_add(bytes) > most)
    }

    /// Returns the bytes that messages in memory, or in files, take, and how many are reserved.
    pub(crate) fn usage(&self, memory: bool) -> (u64, u64) {
        let (mut used, mut reserved) = (0, 0);
        for handle in self.streams.read().values() {
            let facts = handle.facts();
            if (facts.settings.storage == Storage::Memory) == memory {
                used += handle.stream.bytes();
                reserved += facts.settings.max_bytes.unwrap_or(0);
            }
        }
        (used, reserved)
    }

    /// Returns a new identifier of 22 letters and digits.
    pub(crate) fn new_id(&self) -> String {
        let mut id = String::with_capacity(22);
        let mut random = 0;
        for place in 0..22_usize {
            if place.is_multiple_of(8) {
                random = self.entropy.next_u64();
            }
            let digit = usize::try_from(random % 62).unwrap_or_default();
            id.push(char::from(DIGITS[digit]));
            random /= 62;
        }
        id
    }

    /// Notes when something begins, if that is wanted.
    pub(super) fn begin_span(&self) -> Option<Timestamp> {
        self.settings.spans.begin(|| self.store.now())
    }

    /// Tells of something that ends now, if its beginning was noted.
    pub(super) fn end_span(&self, began: Option<Timestamp>, kind: SpanKind<'_>, outcome: SpanOutcome) {
        let Some(began) = began else { return };
        let ended = self.store.now();
        self.settings.spans.end(&Span { kind, account: &self.settings.account, began, ended, outcome });
    }

    /// Counts a request.
    pub(crate) fn count(&self, failed: bool) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if failed {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns how many requests there were, and how many failed.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.requests.load(Ordering::Relaxed), self.failures.load(Ordering::Relaxed))
    }

    fn check_overlap(&self, settings: &StreamSettings) -> Result<(), StreamProblem> {
        let overlaps = |handle: &Arc<StreamHandle>| {
            let facts = handle.facts();
            facts.settings.name != settings.name
                && facts
                    .settings
                    .subjects
                    .iter()
                    .any(|theirs| settings.subjects.iter().any(|ours| ours.overlaps(theirs)))
        };
        if self.streams.read().values().any(overlaps) { Err(StreamProblem::Overlap) } else { Ok(()) }
    }

    /// Refuses what cannot be kept: too many streams, or more reserved than there is.
    pub(crate) fn check_room(
        &self,
        settings: &StreamSettings,
        present: Option<&StreamSettings>,
    ) -> Result<(), StreamProblem> {
        let streams = self.streams.read();
        let most = self.settings.streams_max;
        if present.is_none() && most.is_some_and(|most| to_u64(streams.len()) >= most) {
            return Err(StreamProblem::TooMany);
        }
        let memory = settings.storage == jetkv_engine::Storage::Memory;
        let most = if memory { self.settings.memory_bytes_max } else { self.settings.file_bytes_max };
        let (Some(most), Some(wanted)) = (most, settings.max_bytes) else { return Ok(()) };
        let others = streams.values().filter_map(|handle| {
            let facts = handle.facts();
            let same = facts.settings.storage == settings.storage && facts.settings.name != settings.name;
            facts.settings.max_bytes.filter(|_| same)
        });
        let reserved = others.fold(wanted, u64::saturating_add);
        if reserved > most { Err(StreamProblem::NoRoom { memory }) } else { Ok(()) }
    }
}

/// Says whether a stream is the server's own, which clients do not see.
pub(crate) fn is_internal(name: &StreamName) -> bool {
    name.as_str().starts_with(INTERNAL_PREFIX)
}

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What the names of the server's own streams begin with.
pub(crate) const INTERNAL_PREFIX: &str = "$jetkv-";

/// Compares settings as a client means them: the reference's own words among the metadata do not count.
fn is_same(left: &StreamSettings, right: &StreamSettings) -> bool {
    let words = |settings: &StreamSettings| {
        let mut metadata = settings.metadata.clone();
        metadata.retain(|word, _| !word.starts_with("_nats."));
        metadata
    };
    let bare = |settings: &StreamSettings| StreamSettings {
        metadata: words(settings),
        other: BTreeMap::new(),
        first_sequence: settings.first_sequence_shown(),
        ..settings.clone()
    };
    bare(left) == bare(right)
}
