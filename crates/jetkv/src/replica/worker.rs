//! The thread of a replica: it makes the way to the source, follows it as long as that works, and begins again.

use super::ReplicaSource;
use super::follow::Follow;
use super::keep::Keep;
use super::shared::{Shared, filling};
use crate::backend::block_on;
use crate::{JetStream, KeyValue, KvError};
use jetkv_jetstream::{Content, Start, StreamSettings};
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What the thread works with.
#[derive(Debug)]
pub(super) struct Worker {
    shared: Arc<Shared>,
    source: ReplicaSource,
    keep: Keep,
    check_interval: Duration,
    /// The place that has the source, once it is open.
    place: Option<JetStream>,
}

/// Why following has ended.
#[derive(Debug)]
pub(super) enum End {
    /// The replica is no longer wanted.
    Stopped,
    /// What is kept cannot be continued: it is filled anew, and until then reads give this error.
    Anew(KvError),
    /// There is no such bucket.
    Missing(KvError),
    /// Another try may work.
    Failed(KvError),
}

impl Worker {
    pub(super) fn new(
        shared: Arc<Shared>,
        source: ReplicaSource,
        keep: Keep,
        check_interval: Duration,
    ) -> Self {
        Self { shared, source, keep, check_interval, place: None }
    }

    pub(super) fn start(self) -> io::Result<JoinHandle<Result<(), KvError>>> {
        let shared = Arc::clone(&self.shared);
        let started = thread::Builder::new().name("jetkv-replica".into()).spawn(|| self.run())?;
        shared.runs_on(started.thread().clone());
        Ok(started)
    }

    fn run(mut self) -> Result<(), KvError> {
        // Whatever ends this thread, also a panic: nobody reads on without knowing.
        let _ended = Ended(Arc::clone(&self.shared));
        let (mut pause, mut misses) = (PAUSE_MIN, 0);
        loop {
            let comparisons = self.shared.facts().comparisons;
            let end = match self.follow() {
                Ok(never) => match never {},
                Err(end) => end,
            };
            if self.shared.facts().comparisons > comparisons {
                (pause, misses) = (PAUSE_MIN, 0);
            }
            self.shared.facts().compared = None;
            match end {
                End::Stopped => break,
                End::Anew(error) => self.begin_anew(error),
                End::Missing(error) => {
                    misses += 1;
                    pause = pause.max(MISS_PAUSE);
                    // A server that is just starting may not know all of its streams yet.
                    if misses >= MISSES_MAX {
                        self.lose_source(error);
                    }
                }
                End::Failed(error) => {
                    misses = 0;
                    self.fail(error);
                }
            }
            if block_on(
                Some(pause),
                |_| if self.shared.is_stopped() { Poll::Ready(()) } else { Poll::Pending },
            )
            .is_some()
            {
                break;
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
        self.disconnect();
        self.keep.close()
    }

    /// Follows the source until that ends.
    fn follow(&mut self) -> Result<std::convert::Infallible, End> {
        let place = self.place()?;
        let bucket = self.wait(place.key_value(&self.keep.names().bucket))?.map_err(end_of)?;
        let source = bucket.stream().clone();
        let failed = |fault| end_of(bucket.explain(None, fault));
        let settings = self.wait(source.settings())?.map_err(failed)?;
        let last = self.wait(source.state())?.map_err(failed)?.last_sequence;
        self.prepare(&bucket, &settings, last)?;
        let from = self.keep.content().map_or(0, |content| content.position()).saturating_add(1);
        let filters = self.keep.filters().to_vec();
        let delivery = self.wait(source.deliver(filters, Start::BySequence(from), Content::Full))?;
        let delivery = delivery.map_err(failed)?;
        self.heard(last);
        let mut follow =
            Follow::new(&self.shared, &mut self.keep, &place, &bucket, delivery, self.check_interval);
        follow.run()
    }

    /// Sees to it that what is kept is a beginning of what the source is now.
    fn prepare(&mut self, source: &KeyValue, settings: &StreamSettings, last: u64) -> Result<(), End> {
        let origin = format!("{}@{}", source.bucket(), source.stream().created());
        let bucket = || source.bucket().to_owned();
        let Some(content) = self.keep.content() else {
            let mut facts = self.shared.facts();
            facts.fills += 1;
            let was_deleted = std::mem::take(&mut facts.is_deleted);
            drop(facts);
            if was_deleted {
                self.shared.show(Err(filling(source.bucket())), 0);
            }
            return self.keep.begin(origin, settings).map_err(End::Failed);
        };
        if content.origin() != origin {
            return Err(End::Anew(KvError::BucketDeleted { bucket: bucket() }));
        }
        let after = content.position();
        if last < after {
            return Err(End::Anew(KvError::WatchGap { bucket: bucket(), after, last }));
        }
        if content.is_complete() {
            // After a time without a source this is the same one again.
            self.shared.facts().is_deleted = false;
            self.shared.show(Ok(content.bucket().clone()), after);
        }
        self.keep.configure(settings).map_err(End::Failed)
    }

    /// Returns the place of the source, and opens it if need be.
    #[cfg_attr(
        not(feature = "remote"),
        expect(clippy::infallible_destructuring_match, reason = "there is only one way then")
    )]
    fn place(&mut self) -> Result<JetStream, End> {
        if let Some(place) = &self.place {
            return Ok(place.clone());
        }
        let place = match self.source.clone() {
            ReplicaSource::Open(place) => place,
            #[cfg(feature = "remote")]
            ReplicaSource::Connect(options) => {
                self.wait(JetStream::connect_with(*options))?.map_err(End::Failed)?
            }
        };
        self.shared.facts().source = Some(place.clone());
        self.place = Some(place.clone());
        Ok(place)
    }

    fn begin_anew(&mut self, error: KvError) {
        self.shared.facts().is_deleted = false;
        // Nobody reads what is going away.
        let refusal = if self.keep.content().is_some_and(|content| content.is_complete()) {
            error.clone()
        } else {
            filling(self.shared.bucket())
        };
        self.shared.show(Err(refusal), 0);
        let forgotten = self.keep.forget();
        self.fail(forgotten.err().unwrap_or(error));
    }

    fn lose_source(&self, error: KvError) {
        let mut facts = self.shared.facts();
        facts.is_deleted = true;
        facts.error = Some(error.clone());
        drop(facts);
        self.shared.show(Err(error), self.shared.position());
    }

    fn fail(&mut self, error: KvError) {
        if matches!(error, KvError::Closed) {
            self.disconnect();
        }
        self.shared.facts().error = Some(error);
        self.shared.wake();
    }

    /// Closes the connection that the replica has made itself.
    fn disconnect(&mut self) {
        let place = self.place.take();
        match &self.source {
            ReplicaSource::Open(_) => drop(place),
            #[cfg(feature = "remote")]
            ReplicaSource::Connect(_) => {
                self.shared.facts().source = None;
                if let Some(place) = place {
                    pollster::block_on(place.backend().leave());
                }
            }
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "how old a word is has nothing to do with the store's time"
    )]
    fn heard(&self, last: u64) {
        let mut facts = self.shared.facts();
        facts.source_revision = Some(last);
        facts.word = Some(std::time::Instant::now());
    }

    /// Waits for something, unless the replica is stopped first.
    fn wait<T>(&self, work: impl Future<Output = T>) -> Result<T, End> {
        let mut work = std::pin::pin!(work);
        let waited = block_on(None, |cx| {
            if self.shared.is_stopped() {
                return Poll::Ready(None);
            }
            work.as_mut().poll(cx).map(Some)
        });
        waited.flatten().ok_or(End::Stopped)
    }
}

/// Gives an error of the source its meaning for the replica.
pub(super) fn end_of(error: KvError) -> End {
    match error {
        KvError::BucketNotFound { .. } | KvError::BucketDeleted { .. } => End::Missing(error),
        KvError::WatchGap { .. } => End::Anew(error),
        error => End::Failed(error),
    }
}

struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.stop();
        self.0.show(Err(KvError::Closed), self.0.position());
    }
}

/// So often in a row a bucket must be missing until it counts as deleted.
const MISSES_MAX: u32 = 3;
const MISS_PAUSE: Duration = Duration::from_millis(300);
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);
