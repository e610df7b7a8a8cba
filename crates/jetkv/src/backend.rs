//! The places where buckets live, as operations on streams. What a bucket means is not known here.

mod embedded;

pub(crate) use embedded::{Embedded, EmbeddedStream};

use crate::Sync;
use jetkv_engine::{CommitResult, EngineError, Purge, StoreStats, StreamState, SubjectState};
use jetkv_jetstream::{Content, Delivery, JetStreamError, Publish, Start, StreamSettings};
use jetkv_types::{Message, Sequence, StreamName, Subject, SubjectFilter, Timestamp};
use std::pin::Pin;
use std::task::{Context, Poll};

pub(crate) type Outcome<T> = Result<T, JetStreamError>;

/// A place that holds streams. One more variant will be a connection to a server or cluster.
#[derive(Debug, Clone)]
pub(crate) enum Backend {
    Embedded(Embedded),
}

/// One stream at its place.
#[derive(Debug, Clone)]
pub(crate) enum StreamHandle {
    Embedded(EmbeddedStream),
}

/// A batch on its way to be durable. It is done also if nobody waits for it.
#[derive(Debug)]
#[must_use]
pub(crate) enum InFlight {
    Embedded(jetkv_engine::Commit),
}

impl Backend {
    /// Returns what errors call this place.
    pub(crate) fn place(&self) -> &'static str {
        match self {
            Self::Embedded(_) => "embedded",
        }
    }

    /// Creates a stream; one of that name must not exist.
    pub(crate) async fn create_stream(&self, settings: &StreamSettings) -> Outcome<StreamHandle> {
        match self {
            Self::Embedded(store) => store.create_stream(settings).map(StreamHandle::Embedded),
        }
    }

    /// Replaces the settings of a stream; what this version gives no meaning is kept.
    pub(crate) async fn update_stream(&self, settings: StreamSettings) -> Outcome<StreamHandle> {
        match self {
            Self::Embedded(store) => store.update_stream(settings).map(StreamHandle::Embedded),
        }
    }

    /// Deletes a stream with all its messages.
    pub(crate) async fn delete_stream(&self, name: &StreamName) -> Outcome<()> {
        match self {
            Self::Embedded(store) => Ok(store.store().delete_stream(name)?),
        }
    }

    /// Finds a stream.
    pub(crate) async fn stream(&self, name: &StreamName) -> Outcome<StreamHandle> {
        match self {
            Self::Embedded(store) => store.stream(name).map(StreamHandle::Embedded),
        }
    }

    /// Lists the streams, sorted by name.
    pub(crate) async fn streams(&self) -> Outcome<Vec<StreamHandle>> {
        match self {
            Self::Embedded(store) => Ok(store.streams().into_iter().map(StreamHandle::Embedded).collect()),
        }
    }

    /// Returns the present time of the place.
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Embedded(store) => store.now(),
        }
    }

    /// Returns when writes at this place count as done.
    pub(crate) fn sync(&self) -> Sync {
        match self {
            Self::Embedded(store) => store.sync(),
        }
    }

    /// Returns everything that is known to be damaged.
    pub(crate) async fn damages(&self) -> Vec<jetkv_engine::Damage> {
        match self {
            Self::Embedded(store) => store.store().damages(),
        }
    }

    /// Reads and verifies everything.
    pub(crate) async fn check(
        &self,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<Vec<jetkv_engine::Damage>, EngineError> {
        match self {
            Self::Embedded(store) => store.store().check(progress),
        }
    }

    /// Gives up what is damaged.
    pub(crate) async fn repair(&self) -> Result<jetkv_engine::RepairReport, EngineError> {
        match self {
            Self::Embedded(store) => store.store().repair(),
        }
    }

    /// Gives dead space back.
    pub(crate) async fn compact(&self) -> Result<(), EngineError> {
        match self {
            Self::Embedded(store) => store.store().compact(),
        }
    }

    /// Does what is due, where nobody else does.
    pub(crate) fn run_upkeep(&self) -> Result<(), EngineError> {
        match self {
            Self::Embedded(store) => store.store().run_upkeep(),
        }
    }

    /// Returns figures of the whole place.
    pub(crate) async fn stats(&self) -> StoreStats {
        match self {
            Self::Embedded(store) => store.store().stats(),
        }
    }

    /// Stops cleanly.
    pub(crate) async fn close(&self) -> Result<(), EngineError> {
        match self {
            Self::Embedded(store) => store.store().close(),
        }
    }
}

impl StreamHandle {
    /// Returns the name of the stream.
    pub(crate) fn name(&self) -> &StreamName {
        match self {
            Self::Embedded(stream) => stream.0.name(),
        }
    }

    /// Returns when the stream was created.
    pub(crate) fn created(&self) -> Timestamp {
        match self {
            Self::Embedded(stream) => stream.0.created(),
        }
    }

    /// Returns the settings that hold now.
    pub(crate) async fn settings(&self) -> Outcome<StreamSettings> {
        match self {
            Self::Embedded(stream) => StreamSettings::from_engine(&stream.0.config()),
        }
    }

    /// Returns figures of the stream.
    pub(crate) async fn state(&self) -> Outcome<StreamState> {
        match self {
            Self::Embedded(stream) => Ok(stream.0.state()),
        }
    }

    /// Sends a batch on its way; all of it is stored, or nothing.
    pub(crate) fn publish(&self, batch: &[Publish<'_>]) -> Outcome<InFlight> {
        match self {
            Self::Embedded(stream) => jetkv_jetstream::publish(&stream.0, batch).map(InFlight::Embedded),
        }
    }

    /// Sends copies of messages on their way, with their sequences and times; all of them are stored, or nothing.
    pub(crate) fn restore(&self, messages: &[Message]) -> Outcome<InFlight> {
        match self {
            Self::Embedded(stream) => jetkv_jetstream::restore(&stream.0, messages).map(InFlight::Embedded),
        }
    }

    /// Leaves out all sequences before `next`.
    pub(crate) async fn advance(&self, next: Sequence) -> Outcome<()> {
        match self {
            Self::Embedded(stream) => Ok(stream.0.advance(next)?),
        }
    }

    /// Returns the message with this sequence.
    pub(crate) async fn get(&self, sequence: Sequence) -> Outcome<Option<Message>> {
        match self {
            Self::Embedded(stream) => Ok(stream.0.get(sequence)?),
        }
    }

    /// Returns the last message of a subject, markers included.
    pub(crate) async fn last(&self, subject: &Subject) -> Outcome<Option<Message>> {
        match self {
            Self::Embedded(stream) => Ok(stream.0.last(subject)?),
        }
    }

    /// Returns a page of the subjects that match, in token order, behind `after`.
    pub(crate) async fn subjects(
        &self,
        filter: &SubjectFilter,
        after: Option<&Subject>,
        limit: usize,
    ) -> Outcome<Vec<SubjectState>> {
        match self {
            Self::Embedded(stream) => Ok(stream.0.subjects(filter, after, limit)?),
        }
    }

    /// Removes messages and returns how many there were.
    pub(crate) async fn purge(&self, purge: &Purge) -> Outcome<u64> {
        match self {
            Self::Embedded(stream) => Ok(stream.0.purge(purge)?),
        }
    }

    /// Opens a delivery.
    pub(crate) async fn deliver(
        &self,
        filters: Vec<SubjectFilter>,
        start: Start,
        content: Content,
    ) -> Outcome<Delivery> {
        match self {
            Self::Embedded(stream) => Delivery::open(stream.0.clone(), filters, start, content),
        }
    }

    /// Returns what is known to be damaged in the stream.
    pub(crate) async fn damages(&self) -> Vec<jetkv_engine::Damage> {
        match self {
            Self::Embedded(stream) => stream.0.damages(),
        }
    }
}

impl InFlight {
    /// Waits on this thread, which does the work of the commit if nobody else does.
    pub(crate) fn wait(self) -> CommitResult {
        match self {
            Self::Embedded(commit) => commit.wait(),
        }
    }
}

impl Future for InFlight {
    type Output = CommitResult;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CommitResult> {
        match self.get_mut() {
            Self::Embedded(commit) => Pin::new(commit).poll(cx),
        }
    }
}
