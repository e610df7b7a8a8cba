//! What took how long, for whoever traces the server. Without such a one nothing is measured.

use jetkv_engine::SyncObserver;
use jetkv_types::Timestamp;
use std::fmt::Debug;
use std::io;
use std::sync::{Arc, OnceLock};

/// Takes what was done. It is called on the threads that serve connections and that sync: it must not block.
pub trait SpanSink: Debug + Send + Sync {
    /// Takes one span.
    fn take(&self, span: &Span<'_>);
}

/// Something that was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<'a> {
    /// What it was.
    pub kind: SpanKind<'a>,
    /// The account.
    pub account: &'a str,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Whether it came to something.
    pub outcome: SpanOutcome,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind<'a> {
    /// A request to the JetStream API; direct gets are none.
    Request {
        /// Such as `STREAM.CREATE`.
        operation: &'a str,
        /// The same with what it is about: `STREAM.CREATE.KV_app`.
        subject: &'a str,
    },
    /// Messages of one connection that became durable together, from the first one on.
    Publish {
        /// The stream.
        stream: &'a str,
        /// How many there were.
        messages: u64,
        /// Bytes of them; of an atomic batch only of the last one.
        bytes: u64,
    },
    /// A sync of a segment.
    Sync,
}

/// Whether something succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanOutcome {
    /// It did.
    Done,
    /// It was refused, or failed.
    Failed,
}

impl SpanOutcome {
    pub(crate) fn of<T, E>(result: &Result<T, E>) -> Self {
        if result.is_ok() { Self::Done } else { Self::Failed }
    }
}

/// Where spans go, once somebody wants them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spans(Arc<OnceLock<Arc<dyn SpanSink>>>);

impl Spans {
    /// Sends spans there from now on; the first sink stays.
    pub(crate) fn send_to(&self, sink: Arc<dyn SpanSink>) {
        let _ = self.0.set(sink);
    }

    /// Reads the clock if somebody wants to know when something begins.
    pub(crate) fn begin(&self, now: impl FnOnce() -> Timestamp) -> Option<Timestamp> {
        self.0.get().map(|_| now())
    }

    /// Tells of something whose beginning was noted.
    pub(crate) fn end(&self, span: &Span<'_>) {
        if let Some(sink) = self.0.get() {
            sink.take(span);
        }
    }
}

/// Makes spans of the syncs of an account's store.
#[derive(Debug)]
pub(crate) struct SyncSpans {
    pub(crate) account: Box<str>,
    pub(crate) spans: Spans,
}

impl SyncObserver for SyncSpans {
    fn synced(&self, began: Timestamp, ended: Timestamp, outcome: Result<(), &io::Error>) {
        let (account, outcome) = (&*self.account, SpanOutcome::of(&outcome));
        self.spans.end(&Span { kind: SpanKind::Sync, account, began, ended, outcome });
    }
}
