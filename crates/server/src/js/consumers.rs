//! The consumers of a stream, as the server drives them: events from connections, a task for what happens by itself.

mod archive;
mod convert;
mod interest;
mod keep;
mod out;

pub(crate) use archive::{archived, unarchived};
pub(crate) use convert::{Details, action_of, info_of, request_config};
pub(crate) use interest::InterestQueue;
pub(crate) use keep::Keeper;
pub(crate) use out::Out;

use super::handle::StreamHandle;
use super::state::JetStream;
use crate::account::Account;
use crate::router::{InterestChange, Origin, Publisher, Router, Target, WatchId};
use jetkv_engine::env::Entropy;
use jetkv_engine::{Commit, Stream};
use jetkv_jetstream::consumer::{
    ConsumerConfig, ConsumerError, ConsumerKey, ConsumerSet, ConsumerSnapshot, CreateAction, Created,
    Interest, StreamRules,
};
use jetkv_types::{Sequence, Subject, SubjectFilter, Timestamp};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{self, Poll};
use std::time::Duration;
use tokio::sync::Notify;

/// All consumers of one stream.
#[derive(Debug)]
pub(crate) struct Consumers {
    state: Mutex<State>,
    /// Changes of interest that nobody has acted upon yet.
    changes: Mutex<Vec<(ConsumerKey, InterestChange)>>,
    /// Rings when the task has something to do before it wakes by itself.
    bell: Notify,
    /// When the task wakes by itself.
    wakes_at: AtomicU64,
    /// Whether messages are on their way out of the stream.
    has_leaving: AtomicBool,
    /// Held by who waits for these; taken before the state.
    settling: Mutex<()>,
}

#[derive(Debug)]
struct State {
    set: ConsumerSet,
    /// Messages delivered since the stream was opened.
    deliveries: u64,
    /// Under which names the router watches where they deliver.
    watches: HashMap<ConsumerKey, (WatchId, Target)>,
    /// Messages on their way out of the stream, because no consumer needs them any more.
    leaving: Vec<Commit>,
    /// Whether some could not be removed.
    is_unswept: bool,
    /// Stored consumers that deleted themselves.
    gone: Vec<String>,
}

/// How a consumer is created.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CreateMode {
    pub(crate) action: CreateAction,
    /// Whether to refuse what would have to be adjusted.
    pub(crate) pedantic: bool,
}

/// What consumers need of their account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) router: &'a Router,
    pub(crate) jetstream: &'a JetStream,
    /// Name of the stream.
    pub(crate) stream: &'a str,
    pub(crate) now: Timestamp,
}

impl Consumers {
    pub(crate) fn new(stream: Stream, rules: StreamRules, entropy: Arc<dyn Entropy>) -> Self {
        let set = ConsumerSet::new(stream, rules, entropy);
        Self {
            state: Mutex::new(State {
                set,
                deliveries: 0,
                watches: HashMap::new(),
                leaving: Vec::new(),
                is_unswept: false,
                gone: Vec::new(),
            }),
            changes: Mutex::default(),
            bell: Notify::new(),
            wakes_at: AtomicU64::new(u64::MAX),
            has_leaving: AtomicBool::new(false),
            settling: Mutex::default(),
        }
    }

    /// Returns how many there are.
    pub(crate) fn count(&self) -> usize {
        self.state.lock().set.count()
    }

    /// Returns how many messages they were given since the stream was opened.
    pub(crate) fn deliveries(&self) -> u64 {
        self.state.lock().deliveries
    }

    /// Takes new rules of the stream.
    pub(crate) fn configure(&self, rules: StreamRules) {
        let mut state = self.state.lock();
        state.set.configure(rules);
        self.discard(&mut state);
        drop(state);
        self.bell.notify_one();
    }

    /// Notes a change of interest; called by the router, which is locked meanwhile.
    pub(super) fn note(&self, key: ConsumerKey, change: InterestChange) {
        self.changes.lock().push((key, change));
        self.bell.notify_one();
    }

    /// Creates or changes a consumer.
    pub(crate) fn create(
        &self,
        handle: &Arc<StreamHandle>,
        config: ConsumerConfig,
        mode: CreateMode,
        place: Place<'_>,
    ) -> Result<Created, ConsumerError> {
        let to = target_of(&config);
        let mut state = self.state.lock();
        if mode.pedantic {
            state.set.check_exact(&config)?;
        }
        let interest = match &to {
            Some(to) if place.router.has_interest_in(to) => Interest::Present,
            _ => Interest::Absent,
        };
        let created = state.set.create(config, mode.action, interest, place.now)?;
        self.discard(&mut state);
        let key = created.info.key;
        let watched = state.watches.get(&key).map(|(_, watched)| watched);
        if let Some(to) = to.filter(|to| watched != Some(to)) {
            let id = place.jetstream.interest.register(handle, key);
            if let Some((old, watched)) = state.watches.insert(key, (id, to.clone())) {
                place.jetstream.interest.forget(old);
                place.router.unwatch_interest(&watched, old);
            }
            // Somebody may have subscribed since the look above.
            if place.router.watch_interest(&to, id) && interest == Interest::Absent {
                state.set.interest(key, Interest::Present, place.now);
            }
        }
        drop(state);
        self.bell.notify_one();
        Ok(created)
    }

    /// Takes a durable consumer back after a restart. One that cannot be taken back is left out, and stays stored.
    pub(crate) fn restore(
        &self,
        handle: &Arc<StreamHandle>,
        snapshot: &ConsumerSnapshot,
        jetstream: &JetStream,
    ) {
        let Some(account) = jetstream.account() else { return };
        let place = handle.place(jetstream, &account);
        let mut state = self.state.lock();
        let Ok(key) = state.set.restore(snapshot, place.now) else { return };
        let Some(to) = target_of(&snapshot.config) else { return };
        let id = place.jetstream.interest.register(handle, key);
        state.watches.insert(key, (id, to.clone()));
        if place.router.watch_interest(&to, id) {
            state.set.interest(key, Interest::Present, place.now);
        }
    }

    /// Runs `act` on the set with a way to send, then delivers what may be delivered.
    pub(crate) fn act<T>(
        &self,
        publisher: &mut Publisher,
        place: Place<'_>,
        act: impl FnOnce(&mut ConsumerSet, &mut Out<'_>) -> T,
    ) -> T {
        let mut state = self.state.lock();
        let mut out = Out::new(publisher, place);
        let result = act(&mut state.set, &mut out);
        self.pump(&mut state, &mut out, place);
        result
    }

    /// Runs `look` on the set. Nothing is delivered.
    pub(crate) fn look<T>(
        &self,
        publisher: &mut Publisher,
        place: Place<'_>,
        look: impl FnOnce(&mut ConsumerSet, &mut Out<'_>) -> T,
    ) -> T {
        let mut state = self.state.lock();
        let result = look(&mut state.set, &mut Out::new(publisher, place));
        self.discard(&mut state);
        result
    }

    /// Delivers a bounded part of what may be delivered; the task does the rest.
    fn pump(&self, state: &mut State, out: &mut Out<'_>, place: Place<'_>) {
        self.take_changes(state, place.now);
        // A stream that is gone has nothing to deliver; its task notices.
        let next = state.set.pump(place.now, BUDGET, out).ok().flatten();
        state.deliveries += out.take_deliveries();
        self.forget_abandoned(state, out, place);
        self.discard(state);
        if next.is_some_and(|next| next.as_nanos() < self.wakes_at.load(Ordering::Acquire)) {
            self.bell.notify_one();
        }
    }

    fn take_changes(&self, state: &mut State, now: Timestamp) {
        let changes = std::mem::take(&mut *self.changes.lock());
        for (key, change) in changes {
            let interest = match change {
                InterestChange::Appeared => Interest::Present,
                InterestChange::Gone => Interest::Absent,
            };
            state.set.interest(key, interest, now);
        }
    }

    /// Stops watching for consumers that deleted themselves.
    fn forget_abandoned(&self, state: &mut State, out: &mut Out<'_>, place: Place<'_>) {
        for (key, stored) in out.take_abandoned() {
            unwatch(state, key, place);
            state.gone.extend(stored);
        }
    }

    /// Deletes a consumer; says whether it was stored.
    pub(crate) fn delete(
        &self,
        name: &str,
        publisher: &mut Publisher,
        place: Place<'_>,
    ) -> Result<bool, ConsumerError> {
        let mut state = self.state.lock();
        let key = state.set.find(name).ok_or(ConsumerError::NotFound)?;
        let durable = state.set.is_kept(key);
        state.set.delete(key, &mut Out::new(publisher, place))?;
        unwatch(&mut state, key, place);
        self.discard(&mut state);
        Ok(durable)
    }

    /// Ends all consumers with their stream.
    pub(crate) fn end(&self, publisher: &mut Publisher, place: Place<'_>) {
        let mut state = self.state.lock();
        state.set.stream_removed(&mut Out::new(publisher, place));
        let keys: Vec<_> = state.watches.keys().copied().collect();
        keys.into_iter().for_each(|key| unwatch(&mut state, key, place));
        drop(state);
        self.bell.notify_one();
    }

    /// Tells those who wait that the server stops.
    pub(crate) fn shut_down(&self, publisher: &mut Publisher, place: Place<'_>) {
        self.state.lock().set.shut_down(&mut Out::new(publisher, place));
    }

    /// Stores durable consumers that changed.
    pub(crate) fn keep(&self, keeper: &Keeper, stream: &str) {
        let (snapshots, gone): (Vec<_>, Vec<_>) = {
            let mut state = self.state.lock();
            let keys: Vec<_> = state.set.changed().collect();
            let snapshots = keys.into_iter().filter_map(|key| Some((key, state.set.snapshot(key)?)));
            (snapshots.collect(), std::mem::take(&mut state.gone))
        };
        // An acknowledgement that is stored has done its work: what it removed does not come back.
        self.settle();
        for name in gone {
            let is_back = self.state.lock().set.find(&name).is_some();
            if !is_back && keeper.forget(stream, Some(&name)).is_err() {
                self.state.lock().gone.push(name);
            }
        }
        for (key, snapshot) in snapshots {
            if keeper.store(stream, &snapshot).is_err() {
                self.state.lock().set.keep_changed(key);
            }
        }
    }

    /// Returns all of them as plain data.
    pub(crate) fn snapshots(&self) -> Vec<ConsumerSnapshot> {
        self.state.lock().set.snapshots()
    }

    fn has_changed(&self) -> bool {
        let state = self.state.lock();
        !state.gone.is_empty() || state.set.changed().next().is_some()
    }
}

/// Streams that keep messages only for their consumers (PROTOCOL 4.8).
impl Consumers {
    /// Runs `publish` with a way to ask whether anybody wants a subject; nobody comes or goes meanwhile.
    pub(crate) fn with_wants<T>(&self, publish: impl FnOnce(&mut dyn FnMut(&Subject) -> bool) -> T) -> T {
        let mut state = self.state.lock();
        publish(&mut |subject| state.set.wants(subject))
    }

    /// Keeps messages for a copy that has everything before `next`.
    pub(crate) fn hold(&self, name: &str, filters: &[SubjectFilter], next: Sequence) {
        self.state.lock().set.hold(name, filters, next);
    }

    /// Notes how far such a copy has come.
    pub(crate) fn advance(&self, name: &str, next: Sequence) {
        let mut state = self.state.lock();
        // If the stream is gone, so are its messages.
        let _ = state.set.advance(name, next);
        self.discard(&mut state);
    }

    /// Keeps nothing any more for a copy.
    pub(crate) fn let_go(&self, name: &str) {
        let mut state = self.state.lock();
        let _ = state.set.let_go(name);
        self.discard(&mut state);
    }

    /// Removes what was acknowledged before the server stopped and is still there.
    pub(crate) fn sweep(&self) {
        let mut state = self.state.lock();
        state.is_unswept = state.set.sweep().is_err();
        self.discard(&mut state);
    }

    /// Has the stream remove what no consumer needs; nobody waits for that here.
    fn discard(&self, state: &mut State) {
        let Some(commit) = state.set.discard() else { return };
        let mut failed = false;
        let mut is_open = |commit: &mut Commit| match Pin::new(commit)
            .poll(&mut task::Context::from_waker(task::Waker::noop()))
        {
            Poll::Pending => true,
            Poll::Ready(outcome) => {
                failed |= outcome.is_err();
                false
            }
        };
        state.leaving.retain_mut(&mut is_open);
        let mut commit = commit;
        let is_covered = state.leaving.last().is_some_and(|last| last.is_done_with(&commit));
        if !is_covered && is_open(&mut commit) {
            state.leaving.push(commit);
        }
        state.is_unswept |= failed;
        self.has_leaving.store(!state.leaving.is_empty(), Ordering::Release);
    }

    /// Says whether messages are on their way out of the stream.
    pub(crate) fn has_leaving(&self) -> bool {
        self.has_leaving.load(Ordering::Acquire)
    }

    /// Waits until all messages that are on their way out are gone; blocks.
    pub(crate) fn settle(&self) {
        if !self.has_leaving() {
            return;
        }
        // Who comes while another waits must not take what that one took for gone.
        let _settling = self.settling.lock();
        let leaving = std::mem::take(&mut self.state.lock().leaving);
        let mut failed = false;
        for mut commit in leaving {
            failed |= commit.settle().is_err();
        }
        let mut state = self.state.lock();
        state.is_unswept |= failed;
        self.has_leaving.store(!state.leaving.is_empty(), Ordering::Release);
    }
}

fn unwatch(state: &mut State, key: ConsumerKey, place: Place<'_>) {
    if let Some((id, target)) = state.watches.remove(&key) {
        place.jetstream.interest.forget(id);
        place.router.unwatch_interest(&target, id);
    }
}

/// Returns who must be there for a consumer to deliver; `None` for those that are asked.
fn target_of(config: &ConsumerConfig) -> Option<Target> {
    let (subject, group) = (config.deliver_subject.as_str(), config.deliver_group.as_str());
    (!subject.is_empty()).then(|| Target::new(subject, group))
}

/// Delivers new messages, sends heartbeats, deletes what is abandoned, and stores what changed, until the stream is gone.
pub(crate) async fn run(account: Weak<Account>, handle: Weak<StreamHandle>, keeper: Arc<Keeper>) {
    let mut publisher = Publisher::new(Origin::Server, keeper.seed());
    let mut kept = tokio::time::Instant::now();
    let mut swept = kept;
    loop {
        let Some((account, handle)) = account.upgrade().zip(handle.upgrade()) else { return };
        let Some(jetstream) = account.jetstream().cloned() else { return };
        let consumers = &handle.consumers;
        let now = jetstream.store.now();
        let place = handle.place(&jetstream, &account);
        let is_unswept;
        let next = {
            let mut state = consumers.state.lock();
            consumers.take_changes(&mut state, now);
            let mut out = Out::new(&mut publisher, place);
            let next = match state.set.pump(now, BUDGET, &mut out) {
                Ok(next) => next,
                Err(_) if handle.stream.has_ended() => return,
                Err(_) => Some(now.saturating_add(RETRY)),
            };
            state.deliveries += out.take_deliveries();
            consumers.forget_abandoned(&mut state, &mut out, place);
            if state.is_unswept && swept.elapsed() >= SWEEP_AGAIN {
                swept = tokio::time::Instant::now();
                state.is_unswept = state.set.sweep().is_err();
            }
            consumers.discard(&mut state);
            is_unswept = state.is_unswept;
            next
        };
        publisher.flush();
        let dirty = consumers.has_changed();
        if dirty && kept.elapsed() >= KEEP_EVERY {
            kept = tokio::time::Instant::now();
            let (handle, keeper) = (Arc::clone(&handle), Arc::clone(&keeper));
            let name = handle.stream.name().clone();
            // It ends by itself; what it could not store it tries again.
            let _ = tokio::task::spawn_blocking(move || handle.consumers.keep(&keeper, name.as_str())).await;
        }
        let mut wait = next.map_or(Duration::MAX, |next| next.since(now));
        if dirty {
            wait = wait.min(KEEP_EVERY);
        }
        if is_unswept {
            wait = wait.min(SWEEP_AGAIN);
        }
        if wait.is_zero() {
            tokio::task::yield_now().await;
            continue;
        }
        consumers.wakes_at.store(next.map_or(u64::MAX, Timestamp::as_nanos), Ordering::Release);
        // A handle of its own would keep the stream alive while nothing happens.
        drop(jetstream);
        drop(account);
        let ready = poll_fn(|cx| consumers.state.lock().set.poll_ready(cx));
        tokio::select! {
            outcome = ready => if outcome.is_err() { return },
            () = consumers.bell.notified() => {}
            () = tokio::time::sleep(wait.min(SLEEP_MAX)) => {}
        }
    }
}

/// Messages that are delivered before others get their turn.
const BUDGET: usize = 1_024;
/// How often durable consumers are stored while they change.
const KEEP_EVERY: Duration = Duration::from_millis(200);
/// How long a stream that could not remove messages is left alone.
const SWEEP_AGAIN: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(100);
const SLEEP_MAX: Duration = Duration::from_secs(3_600);
