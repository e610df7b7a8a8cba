//! Mirrors and sources: copying from another stream of the account as long as both are there (PROTOCOL 4.9, 4.10).

mod plan;
mod position;

pub(crate) use plan::Plan;

use super::handle::StreamHandle;
use super::state::JetStream;
use jetkv_engine::{EngineError, Stream};
use jetkv_jetstream::{Place, Source, copy};
use jetkv_types::{Message, Sequence};
use parking_lot::Mutex;
use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// One origin of a stream, and the task that copies from it; dropping it ends the task.
#[derive(Debug)]
pub(crate) struct Copier {
    source: Source,
    progress: Arc<Mutex<Progress>>,
    task: tokio::task::JoinHandle<()>,
}

/// How far a copy has come.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    /// Messages of the origin that are still to come.
    pub(crate) lag: u64,
    /// When the origin was seen last; `None` before the first time.
    pub(crate) contact: Option<Instant>,
}

impl Copier {
    /// Begins to copy.
    pub(crate) fn start(jetstream: &Arc<JetStream>, target: &Arc<StreamHandle>, plan: Plan) -> Self {
        let progress = Arc::new(Mutex::new(Progress::default()));
        let source = plan.source().clone();
        let work = Work {
            jetstream: Arc::downgrade(jetstream),
            target: target.stream.clone(),
            plan: Arc::new(plan),
            progress: Arc::clone(&progress),
        };
        Self { source, progress, task: tokio::spawn(work.run()) }
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
    target: Stream,
    plan: Arc<Plan>,
    progress: Arc<Mutex<Progress>>,
}

/// What a step came to.
enum Stepped {
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
            let origin = jetstream.find(&self.plan.source().name).map(|handle| handle.stream.clone());
            drop(jetstream);
            if let Some(origin) = origin {
                let from = match next {
                    Some(next) => next,
                    None => self.first(&origin).await,
                };
                next = Some(self.follow(&origin, from).await);
            }
            if self.target.has_ended() {
                return;
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn first(&self, origin: &Stream) -> Sequence {
        let (plan, target, origin) = (Arc::clone(&self.plan), self.target.clone(), origin.clone());
        let found = tokio::task::spawn_blocking(move || position::next(&plan, &target, &origin)).await;
        found.unwrap_or(1)
    }

    /// Copies until one of the streams is gone; returns where to go on.
    async fn follow(&self, origin: &Stream, mut next: Sequence) -> Sequence {
        let listener = origin.listen(self.plan.filters());
        loop {
            let step = {
                let (plan, target, origin) = (Arc::clone(&self.plan), self.target.clone(), origin.clone());
                tokio::task::spawn_blocking(move || step(&plan, &target, &origin, next)).await
            };
            let Ok((stepped, reached)) = step else { return next };
            next = reached;
            self.note(origin, next);
            match stepped {
                Stepped::More => {}
                Stepped::Gone => return next,
                Stepped::Refused => tokio::time::sleep(RETRY).await,
                Stepped::UpTo(seen) => {
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
        *self.progress.lock() = Progress { lag, contact: Some(Instant::now()) };
    }
}

/// Copies a bounded number of messages; returns where to go on.
fn step(plan: &Plan, target: &Stream, origin: &Stream, from: Sequence) -> (Stepped, Sequence) {
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
            Err(_) => return (Stepped::Gone, from),
        }
    }
    let done = next;
    match store(target, &copies, plan.place()) {
        Stored::All if copies.is_empty() => (Stepped::UpTo(seen), done.max(from)),
        Stored::All => (Stepped::More, done),
        Stored::Gone => (Stepped::Gone, from),
        Stored::Only(count) => {
            // Those that are stored must not be copied again.
            let next = count.checked_sub(1).map_or(from, |last| copies[last].sequence + 1);
            (Stepped::Refused, next)
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
fn store(target: &Stream, copies: &[Message], place: Place) -> Stored {
    if copies.is_empty() || copy(target, copies, place).wait().is_ok() {
        return Stored::All;
    }
    for (count, message) in copies.iter().enumerate() {
        match copy(target, std::slice::from_ref(message), place).wait() {
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
