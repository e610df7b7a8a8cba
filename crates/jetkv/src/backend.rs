//! The places where buckets live, as operations on streams. What a bucket means is not known here.

mod block;
mod delivery;
mod embedded;
mod fault;
#[cfg(feature = "remote")]
mod remote;
mod snapshot;

pub(crate) use block::on as block_on;
pub(crate) use delivery::AnyDelivery;
pub(crate) use embedded::{Embedded, EmbeddedStream};
pub(crate) use fault::Fault;
#[cfg(feature = "remote")]
pub(crate) use remote::{Pending, Remote, RemoteDelivery, RemoteError, RemoteStream, Restore};
pub(crate) use snapshot::{AnySnapshot, SnapshotMessages};

use crate::limits::SCAN_KEYS;
use crate::{KvError, Sync};
use jetkv_engine::{Committed, Purge, StreamState, SubjectState};
use jetkv_jetstream::{Content, Delivery, Publish, Start, StreamSettings};
use jetkv_types::{Message, Sequence, StreamName, Subject, SubjectFilter, Timestamp};
use std::pin::Pin;
use std::task::{Context, Poll};

pub(crate) type Outcome<T> = Result<T, Fault>;

/// A place that holds streams.
#[derive(Debug, Clone)]
pub(crate) enum Backend {
    Embedded(Embedded),
    #[cfg(feature = "remote")]
    Remote(Remote),
}

/// One stream at its place.
#[derive(Debug, Clone)]
pub(crate) enum StreamHandle {
    Embedded(EmbeddedStream),
    #[cfg(feature = "remote")]
    Remote(RemoteStream),
}

/// Whether a listing tells how many messages each subject has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counts {
    Wanted,
    /// They may be wrong: where they cost a request of their own, nobody asks.
    Unneeded,
}

/// How the way to a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contact {
    /// Whether the place can be reached now.
    pub(crate) is_there: bool,
    /// How often it was reached anew.
    pub(crate) times: u64,
}

/// A batch on its way to be durable. It is done also if nobody waits for it.
#[derive(Debug)]
#[must_use]
pub(crate) enum InFlight {
    Embedded(jetkv_engine::Commit),
    #[cfg(feature = "remote")]
    Remote(Pending<Committed>),
}

impl Backend {
    /// Returns what errors call this place.
    pub(crate) fn place(&self) -> &'static str {
        match self {
            Self::Embedded(_) => "embedded",
            #[cfg(feature = "remote")]
            Self::Remote(_) => "remote",
        }
    }

    /// Creates a stream; one of that name must not exist.
    pub(crate) async fn create_stream(&self, settings: &StreamSettings) -> Outcome<StreamHandle> {
        match self {
            Self::Embedded(store) => store.create_stream(settings).map(StreamHandle::Embedded),
            #[cfg(feature = "remote")]
            Self::Remote(place) => place.create_stream(settings).await.map(StreamHandle::Remote),
        }
    }

    /// Replaces the settings of a stream; what this version gives no meaning is kept.
    pub(crate) async fn update_stream(&self, settings: StreamSettings) -> Outcome<StreamHandle> {
        match self {
            Self::Embedded(store) => store.update_stream(settings).map(StreamHandle::Embedded),
            #[cfg(feature = "remote")]
            Self::Remote(place) => place.update_stream(settings).await.map(StreamHandle::Remote),
        }
    }

    /// Deletes a stream with all its messages.
    pub(crate) async fn delete_stream(&self, name: &StreamName) -> Outcome<()> {
        match self {
            Self::Embedded(store) => Ok(store.store().delete_stream(name)?),
            #[cfg(feature = "remote")]
            Self::Remote(place) => place.delete_stream(name.clone()).await,
        }
    }

    /// Finds a stream.
    pub(crate) async fn stream(&self, name: &StreamName) -> Outcome<StreamHandle> {
        match self {
            Self::Embedded(store) => store.stream(name).map(StreamHandle::Embedded),
            #[cfg(feature = "remote")]
            Self::Remote(place) => place.stream(name.clone()).await.map(StreamHandle::Remote),
        }
    }

    /// Returns the names of all streams, sorted.
    pub(crate) async fn stream_names(&self) -> Outcome<Vec<StreamName>> {
        match self {
            Self::Embedded(store) => {
                Ok(store.streams().iter().map(|stream| stream.0.name().clone()).collect())
            }
            #[cfg(feature = "remote")]
            Self::Remote(place) => place.stream_names().await,
        }
    }

    /// Returns when writes at this place count as done; `None` if the place does not tell.
    pub(crate) fn sync(&self) -> Option<Sync> {
        match self {
            Self::Embedded(store) => Some(store.sync()),
            #[cfg(feature = "remote")]
            Self::Remote(_) => None,
        }
    }

    /// Returns the store in this process, for what only that has; `option` is what was asked for.
    #[cfg_attr(not(feature = "remote"), expect(unused_variables, reason = "a store in this process has it"))]
    pub(crate) fn store(&self, option: &'static str) -> Result<&jetkv_engine::Store, KvError> {
        match self {
            Self::Embedded(store) => Ok(store.store()),
            #[cfg(feature = "remote")]
            Self::Remote(_) => Err(KvError::Unsupported { option: option.into(), place: self.place() }),
        }
    }

    /// Returns the id of the server that is connected, if there is one.
    pub(crate) fn server_id(&self) -> Option<String> {
        match self {
            Self::Embedded(_) => None,
            #[cfg(feature = "remote")]
            Self::Remote(place) => place.server_id(),
        }
    }

    /// Says how the way to the place is.
    pub(crate) fn contact(&self) -> Contact {
        match self {
            Self::Embedded(_) => Contact { is_there: true, times: 0 },
            #[cfg(feature = "remote")]
            Self::Remote(place) => place.contact(),
        }
    }

    /// Stops cleanly.
    pub(crate) async fn close(&self) -> Outcome<()> {
        match self {
            Self::Embedded(store) => Ok(store.store().close()?),
            #[cfg(feature = "remote")]
            Self::Remote(place) => place.close().await,
        }
    }

    /// Closes a connection, without waiting for a server that is away.
    #[cfg(feature = "remote")]
    pub(crate) async fn leave(&self) {
        if let Self::Remote(place) = self {
            place.leave().await;
        }
    }
}

impl StreamHandle {
    /// Returns the name of the stream.
    pub(crate) fn name(&self) -> &StreamName {
        match self {
            Self::Embedded(stream) => stream.0.name(),
            #[cfg(feature = "remote")]
            Self::Remote(stream) => stream.name(),
        }
    }

    /// Returns when the stream was created.
    pub(crate) fn created(&self) -> Timestamp {
        match self {
            Self::Embedded(stream) => stream.0.created(),
            #[cfg(feature = "remote")]
            Self::Remote(stream) => stream.created(),
        }
    }

    /// Returns the settings that hold now.
    pub(crate) async fn settings(&self) -> Outcome<StreamSettings> {
        match self {
            Self::Embedded(stream) => Ok(StreamSettings::from_engine(&stream.0.config())?),
            #[cfg(feature = "remote")]
            Self::Remote(stream) => stream.settings().await,
        }
    }

    /// Returns figures of the stream.
    pub(crate) async fn state(&self) -> Outcome<StreamState> {
        match self {
            Self::Embedded(stream) => Ok(stream.0.state()),
            #[cfg(feature = "remote")]
            Self::Remote(stream) => stream.state().await,
        }
    }

    /// Sends a batch on its way; all of it is stored, or nothing.
    pub(crate) fn publish(&self, batch: &[Publish<'_>]) -> Outcome<InFlight> {
        match self {
            Self::Embedded(stream) => Ok(InFlight::Embedded(jetkv_jetstream::publish(&stream.0, batch)?)),
            #[cfg(feature = "remote")]
            Self::Remote(stream) => stream.publish(batch).map(InFlight::Remote),
        }
    }

    /// Sends copies of messages on their way, with their sequences and times; all of them are stored, or nothing.
    pub(crate) fn restore(&self, messages: &[Message]) -> Outcome<InFlight> {
        match self {
            Self::Embedded(stream) => Ok(InFlight::Embedded(jetkv_jetstream::restore(&stream.0, messages)?)),
            #[cfg(feature = "remote")]
            Self::Remote(_) => Err(RemoteError::unsupported(RESTORE).into()),
        }
    }

    /// Leaves out all sequences before `next`.
    pub(crate) async fn advance(&self, next: Sequence) -> Outcome<()> {
        match self {
            Self::Embedded(stream) => Ok(stream.0.advance(next)?),
            #[cfg(feature = "remote")]
            Self::Remote(_) => Err(RemoteError::unsupported(RESTORE).into()),
        }
    }

    /// Returns the message with this sequence.
    pub(crate) async fn get(&self, sequence: Sequence) -> Outcome<Option<Message>> {
        match self {
            Self::Embedded(stream) => Ok(stream.0.get(sequence)?),
            #[cfg(feature = "remote")]
            Self::Remote(stream) => stream.get(sequence).await,
        }
    }

    /// Returns the last message of a subject, markers included.
    pub(crate) async fn last(&self, subject: &Subject) -> Outcome<Option<Message>> {
        match self {
            Self::Embedded(stream) => Ok(stream.0.last(subject)?),
            #[cfg(feature = "remote")]
            Self::Remote(stream) => stream.last(subject).await,
        }
    }

    /// Returns a page of the subjects that match, in token order, behind `after`.
    #[cfg_attr(not(feature = "remote"), expect(unused_variables, reason = "the engine counts for nothing"))]
    pub(crate) async fn subjects(
        &self,
        filter: &SubjectFilter,
        after: Option<&Subject>,
        limit: usize,
        counts: Counts,
    ) -> Outcome<Vec<SubjectState>> {
        match self {
            Self::Embedded(stream) => Ok(stream.0.subjects(filter, after, limit)?),
            #[cfg(feature = "remote")]
            Self::Remote(stream) => stream.subjects(filter, after, limit, counts).await,
        }
    }

    /// Returns how many subjects match, where that is known without visiting them.
    pub(crate) async fn count_subjects(&self, filter: &SubjectFilter) -> Outcome<Option<u64>> {
        match self {
            Self::Embedded(stream) => Ok(Some(stream.0.count_subjects(filter)?)),
            #[cfg(feature = "remote")]
            Self::Remote(_) => Ok(None),
        }
    }

    /// Returns the sequence of the last message that matches any of `filters`, 0 if there is none.
    pub(crate) async fn last_matching(&self, filters: &[SubjectFilter]) -> Outcome<Sequence> {
        let mut last = 0;
        for filter in filters {
            let found = match self {
                Self::Embedded(stream) => stream.0.last_matching(filter)?.map(|message| message.sequence),
                #[cfg(feature = "remote")]
                Self::Remote(stream) => stream.last_matching(filter).await?,
            };
            last = last.max(found.unwrap_or(0));
        }
        Ok(last)
    }

    /// Removes messages and returns how many there were.
    pub(crate) async fn purge(&self, purge: &Purge) -> Outcome<u64> {
        match self {
            Self::Embedded(stream) => Ok(stream.0.purge(purge)?),
            #[cfg(feature = "remote")]
            Self::Remote(stream) => stream.purge(purge).await,
        }
    }

    /// Opens a delivery.
    pub(crate) async fn deliver(
        &self,
        filters: Vec<SubjectFilter>,
        start: Start,
        content: Content,
    ) -> Outcome<AnyDelivery> {
        match self {
            Self::Embedded(stream) => {
                Ok(AnyDelivery::Embedded(Delivery::open(stream.0.clone(), filters, start, content)?))
            }
            #[cfg(feature = "remote")]
            Self::Remote(stream) => stream.deliver(filters, start, content).await.map(AnyDelivery::Remote),
        }
    }

    /// Holds on to what is there now.
    pub(crate) async fn snapshot(&self) -> Outcome<AnySnapshot> {
        match self {
            Self::Embedded(stream) => {
                let settings = StreamSettings::from_engine(&stream.0.config())?;
                let frozen = stream.0.freeze()?;
                let state = frozen.state().clone();
                Ok(AnySnapshot { settings, state, messages: SnapshotMessages::Embedded(Box::new(frozen)) })
            }
            #[cfg(feature = "remote")]
            Self::Remote(stream) => stream.snapshot().await,
        }
    }

    /// Returns the present time of the place.
    pub(crate) async fn now(&self) -> Outcome<Timestamp> {
        match self {
            Self::Embedded(stream) => Ok(stream.now()),
            #[cfg(feature = "remote")]
            Self::Remote(stream) => stream.now().await,
        }
    }

    /// Returns how many subjects to ask for at a time when all are walked: where a page costs as much as the whole, all.
    pub(crate) fn walk_page(&self) -> usize {
        match self {
            Self::Embedded(_) => SCAN_KEYS,
            #[cfg(feature = "remote")]
            Self::Remote(_) => usize::MAX,
        }
    }

    /// Returns what is known to be damaged in the stream.
    pub(crate) async fn damages(&self) -> Vec<jetkv_engine::Damage> {
        match self {
            Self::Embedded(stream) => stream.0.damages(),
            #[cfg(feature = "remote")]
            Self::Remote(_) => Vec::new(),
        }
    }
}

impl InFlight {
    /// Waits on this thread, which does the work of the commit if nobody else does.
    pub(crate) fn wait(self) -> Outcome<Committed> {
        match self {
            Self::Embedded(commit) => Ok(commit.wait()?),
            #[cfg(feature = "remote")]
            Self::Remote(pending) => pollster::block_on(pending),
        }
    }
}

impl Future for InFlight {
    type Output = Outcome<Committed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome<Committed>> {
        match self.get_mut() {
            Self::Embedded(commit) => Pin::new(commit).poll(cx).map_err(Fault::from),
            #[cfg(feature = "remote")]
            Self::Remote(pending) => Pin::new(pending).poll(cx),
        }
    }
}

/// What the remote place calls what only an embedded one can.
#[cfg(feature = "remote")]
const RESTORE: &str = "restoring single entries with their revisions";
