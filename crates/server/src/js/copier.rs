//! Mirrors and sources: copying from another stream of the account as long as both are there (PROTOCOL 4.9, 4.10).

mod plan;
mod position;

pub(crate) use plan::Plan;

use super::consumers::Keeper;
use super::handle::StreamHandle;
use super::state::JetStream;
use jetkv_engine::{Commit, EngineError, Stream};
use jetkv_jetstream::{Place, Retention, Source, copy};
use jetkv_types::{Message, Sequence};
use parking_lot::Mutex;
use position::Position;
use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// One origin of a stream, and the task that copies from it; dropping it ends the task.
#[derive(Debug)]
pub(crate) struct Copier {
    source: Source,
    hold: Arc<str>,
    progress: Arc<Mutex<Progress>>,
    task: tokio::task::JoinHandle<()>,
}

/// How far a copy has come.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    /// Messages of the origin that are still to come.
    pub(crate) lag: u64,
    /// The sequence in the origin of the last message that a source copied; 0 for none, and for a mirror, whose own
    /// sequences tell it.
    pub(crate) copied: Sequence,
    /// Whether there was no origin when it was looked for last.
    pub(crate) is_missing: bool,
    /// When the origin was seen last; `None` before the first time.
    pub(crate) contact: Option<Instant>,
}

impl Copier {
    /// Begins to copy.
    pub(crate) fn start(jetstream: &Arc<JetStream>, target: &Arc<StreamHandle>, plan: Plan) -> Self {
        let progress = Arc::new(Mutex::new(Progress::default()));
        let source = plan.source().clone();
        let hold: Arc<str> = format!("{} {}", target.stream.name(), plan.id()).into();
        let work = Work {
            jetstream: Arc::downgrade(jetstream),
            target: Target { stream: target.stream.clone(), handle: Arc::downgrade(target) },
            plan: Arc::new(plan),
            progress: Arc::clone(&progress),
            hold: Arc::clone(&hold),
        };
        if let Some(origin) = jetstream.find(&source.name) {
            // Nothing goes there before it is known how far the copy has come.
            work.hold(&origin, 0);
        }
        Self { source, hold, progress, task: tokio::spawn(work.run()) }
    }

    /// Returns the name under which the origin keeps messages for it.
    pub(crate) fn hold(&self) -> &Arc<str> {
        &self.hold
    }

    /// Returns what it copies from.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// Returns how far it has come.
    pub(crate) fn progress(&self) -> Progress {
        *self.progress.lock()
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Work {
    jetstream: Weak<JetStream>,
    target: Target,
    plan: Arc<Plan>,
    progress: Arc<Mutex<Progress>>,
    hold: Arc<str>,
}

/// The stream that is copied to.
#[derive(Debug, Clone)]
struct Target {
    stream: Stream,
    handle: Weak<StreamHandle>,
}

impl Target {
    /// Hands copies over, those aside that nobody wants.
    fn copy(&self, copies: &[Message], place: Place) -> Commit {
        match self.handle.upgrade() {
            Some(handle) => handle.consumers.with_wants(|wants| copy(&self.stream, copies, place, wants)),
            None => copy(&self.stream, copies, place, &mut |_| true),
        }
    }

    /// Says whether copies stay until a limit is reached.
    fn keeps_all(&self) -> bool {
        let retention = |handle: Arc<StreamHandle>| handle.facts().settings.retention;
        self.handle.upgrade().is_none_or(|handle| retention(handle) == Retention::Limits)
    }
}

/// The stream that is copied from.
#[derive(Debug)]
struct Origin {
    stream: Stream,
    handle: Weak<StreamHandle>,
}

/// A bounded number of messages that were looked at.
struct Step {
    outcome: Outcome,
    /// Where to go on.
    next: Sequence,
    /// The sequence in the origin of the last message that was copied; 0 for none.
    copied: Sequence,
}

/// What a step came to.
enum Outcome {
    /// There is more to copy.
    More,
    /// Everything up to this sequence is copied.
    UpTo(Sequence),
    /// The stream took nothing; it may later.
    Refused,
    /// One of the streams is gone.
    Gone,
}

impl Work {
    async fn run(self) {
        let mut next = None;
        loop {
            // The origin may come later than the copy, or come anew.
            let Some(jetstream) = self.jetstream.upgrade() else { return };
            let origin = jetstream.find(&self.plan.source().name);
            let keeper = Arc::clone(&jetstream.keeper);
            drop(jetstream);
            self.progress.lock().is_missing = origin.is_none();
            if let Some(handle) = origin {
                let origin = handle.stream.clone();
                let from = match next {
                    Some(next) => next,
                    None => self.first(&origin, &keeper).await,
                };
                self.hold(&handle, from);
                let origin = Origin { stream: origin, handle: Arc::downgrade(&handle) };
                drop(handle);
                next = Some(self.follow(&origin, from, &keeper).await);
            }
            if self.target.stream.has_ended() {
                return;
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn first(&self, origin: &Stream, keeper: &Arc<Keeper>) -> Sequence {
        let (plan, target, origin) = (Arc::clone(&self.plan), self.target.stream.clone(), origin.clone());
        let keeper = Arc::clone(keeper);
        let found =
            tokio::task::spawn_blocking(move || position::find(&plan, &target, &origin, &keeper)).await;
        let Ok(Position { next, copied }) = found else { return 1 };
        self.note_copied(copied);
        next
    }

    /// Has the origin keep what is not copied, if it keeps messages for those who need them.
    fn hold(&self, origin: &StreamHandle, next: Sequence) {
        origin.consumers.hold(&self.hold, self.plan.filters(), next);
    }

    /// Copies until one of the streams is gone; returns where to go on.
    async fn follow(&self, origin: &Origin, mut next: Sequence, keeper: &Arc<Keeper>) -> Sequence {
        let listener = origin.stream.listen(self.plan.filters());
        loop {
            let step = {
                let (plan, target) = (Arc::clone(&self.plan), self.target.clone());
                let (origin, keeper) = (origin.stream.clone(), Arc::clone(keeper));
                tokio::task::spawn_blocking(move || {
                    let step = step(&plan, &target, &origin, next);
                    // What is copied may be gone from the copy before the origin is asked again.
                    if step.next > next && plan.place() == Place::New && !target.keeps_all() {
                        let name = target.stream.name().as_str();
                        // Without it some messages are copied twice after a crash; none is lost.
                        let _ = keeper.store_copied(name, plan.id(), step.next - 1);
                    }
                    step
                })
                .await
            };
            let Ok(step) = step else { return next };
            if step.next > next
                && let Some(handle) = origin.handle.upgrade()
            {
                handle.consumers.advance(&self.hold, step.next);
            }
            next = step.next;
            self.note_copied(step.copied);
            self.note(&origin.stream, next);
            match step.outcome {
                Outcome::More => {}
                Outcome::Gone => return next,
                Outcome::Refused => tokio::time::sleep(RETRY).await,
                Outcome::UpTo(seen) => {
                    let wait = poll_fn(|cx| listener.poll_beyond(cx, seen));
                    // Now and then somebody looks, so that the time of the last contact is honest.
                    match tokio::time::timeout(CONTACT, wait).await {
                        Ok(Ok(_)) | Err(_) => {}
                        Ok(Err(_)) => return next,
                    }
                }
            }
        }
    }

    fn note(&self, origin: &Stream, next: Sequence) {
        let lag = origin.count_from(self.plan.filters(), next).unwrap_or(0);
        let mut progress = self.progress.lock();
        (progress.lag, progress.contact) = (lag, Some(Instant::now()));
    }

    fn note_copied(&self, copied: Sequence) {
        if self.plan.place() == Place::New && copied > 0 {
            self.progress.lock().copied = copied;
        }
    }
}

/// Copies a bounded number of messages.
fn step(plan: &Plan, target: &Target, origin: &Stream, from: Sequence) -> Step {
    let seen = origin.last_sequence();
    let (mut next, mut bytes, mut copies) = (from, 0, Vec::new());
    while copies.len() < STEP_MESSAGES && bytes < STEP_BYTES {
        match origin.first_matching(plan.filters(), next) {
            Ok(Some(message)) => {
                next = message.sequence + 1;
                bytes += message.payload.len() + message.headers.as_block().len();
                copies.extend(plan.copy_of(message));
            }
            Ok(None) => break,
            // A damaged message cannot be copied; those behind it can.
            Err(EngineError::Damaged(damage)) => {
                next = damage.sequences.map_or(next, |(_, last)| last.max(next)) + 1;
                if next > seen {
                    break;
                }
            }
            Err(_) => return Step { outcome: Outcome::Gone, next: from, copied: 0 },
        }
    }
    let last = |count: usize| count.checked_sub(1).map_or(0, |last| copies[last].sequence);
    match store(target, &copies, plan.place()) {
        Stored::All if copies.is_empty() => {
            Step { outcome: Outcome::UpTo(seen), next: next.max(from), copied: 0 }
        }
        Stored::All => Step { outcome: Outcome::More, next, copied: last(copies.len()) },
        Stored::Gone => Step { outcome: Outcome::Gone, next: from, copied: 0 },
        Stored::Only(count) => {
            // Those that are stored must not be copied again.
            let copied = last(count);
            Step { outcome: Outcome::Refused, next: if copied == 0 { from } else { copied + 1 }, copied }
        }
    }
}

enum Stored {
    All,
    /// So many; the next one was refused for now.
    Only(usize),
    Gone,
}

/// Stores copies: all at once, or one by one if one of them is refused.
fn store(target: &Target, copies: &[Message], place: Place) -> Stored {
    if copies.is_empty() || target.copy(copies, place).wait().is_ok() {
        return Stored::All;
    }
    for (count, message) in copies.iter().enumerate() {
        match target.copy(std::slice::from_ref(message), place).wait() {
            // What is too large for this stream stays out of it for ever.
            Ok(_) | Err(EngineError::MessageTooLarge { .. }) => {}
            Err(EngineError::StreamDeleted { .. } | EngineError::Closed) => return Stored::Gone,
            Err(_) => return Stored::Only(count),
        }
    }
    Stored::All
}

const STEP_MESSAGES: usize = 256;
const STEP_BYTES: usize = 1 << 20;
const RETRY: Duration = Duration::from_millis(250);
const CONTACT: Duration = Duration::from_secs(5);
