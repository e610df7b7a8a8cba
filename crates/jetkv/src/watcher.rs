//! Watchers: what is there now, a mark, and every change.

use crate::backend::{AnyDelivery, Fault};
use crate::error::Context as ErrorContext;
use crate::names::BucketNames;
use crate::{Entry, KvError, Revision};
use futures_core::Stream;
use jetkv_engine::EngineError;
use jetkv_jetstream::{Content, JetStreamError, Start, Step, Waited};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// What a watch yields, and of which entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WatchOptions {
    /// Begin with every entry that is kept, not only the last of each key.
    pub include_history: bool,
    /// Leave markers out.
    pub ignore_deletes: bool,
    /// Begin with what comes from now on.
    pub updates_only: bool,
    /// Leave values out; header `Nats-Msg-Size` tells their size.
    pub meta_only: bool,
    /// Begin with the first entry at or behind this revision, at least 1. One more than the last revision seen continues a
    /// watch without a gap.
    pub resume_from: Option<Revision>,
}

impl WatchOptions {
    /// Returns the defaults: the last entry of each key, markers and values included, then changes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins with every entry that is kept.
    #[must_use]
    pub fn include_history(self) -> Self {
        Self { include_history: true, ..self }
    }

    /// Leaves markers out.
    #[must_use]
    pub fn ignore_deletes(self) -> Self {
        Self { ignore_deletes: true, ..self }
    }

    /// Begins with what comes from now on.
    #[must_use]
    pub fn updates_only(self) -> Self {
        Self { updates_only: true, ..self }
    }

    /// Leaves values out.
    #[must_use]
    pub fn meta_only(self) -> Self {
        Self { meta_only: true, ..self }
    }

    /// Begins with the first entry at or behind `revision`.
    #[must_use]
    pub fn resume_from(self, revision: Revision) -> Self {
        Self { resume_from: Some(revision), ..self }
    }

    pub(crate) fn delivery(&self) -> Result<(Start, Content), KvError> {
        let invalid = |option: &str, reason: &str| {
            Err(KvError::InvalidOption { option: option.into(), reason: reason.into() })
        };
        let start = match (self.include_history, self.updates_only, self.resume_from) {
            (_, _, Some(0)) => return invalid("resume_from 0", "revisions begin with 1"),
            (_, true, Some(_)) => return invalid("resume_from", "it contradicts updates_only"),
            (true, true, None) => return invalid("include_history", "it contradicts updates_only"),
            (_, false, Some(revision)) => Start::BySequence(revision),
            (true, false, None) => Start::All,
            (false, true, None) => Start::New,
            (false, false, None) => Start::LastPerSubject,
        };
        Ok((start, if self.meta_only { Content::HeadersOnly } else { Content::Full }))
    }
}

/// What a watcher yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchEvent {
    /// An entry: one that was there, or a change.
    Entry(Entry),
    /// Everything that was there when the watch began has been yielded. It comes exactly once, also if there was nothing.
    EndOfInitial,
}

/// A watch of some keys. It yields in the order of revisions, none twice and none missing.
///
/// It holds a position, not entries: one that is slow costs no memory and slows nobody down. What it has not read when its
/// limits remove it, it does not see; the newer entry of that key it does.
///
/// After [`KvError::Damaged`], which stands for an entry that cannot be read, it goes on; after any other error it ends, and
/// a new watch can [resume](WatchOptions::resume_from).
#[derive(Debug)]
pub struct Watcher {
    delivery: Option<AnyDelivery>,
    names: Arc<BucketNames>,
    deletes: Deletes,
    place: &'static str,
}

/// Whether a watcher yields markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deletes {
    Shown,
    Ignored,
}

impl Watcher {
    pub(crate) fn new(
        delivery: AnyDelivery,
        names: Arc<BucketNames>,
        deletes: Deletes,
        place: &'static str,
    ) -> Self {
        Self { delivery: Some(delivery), names, deletes, place }
    }

    /// Waits for the next event; `None` after [`Self::stop`] and after an error that ended the watch.
    pub async fn next(&mut self) -> Option<Result<WatchEvent, KvError>> {
        std::future::poll_fn(|cx| self.poll_next_event(cx)).await
    }

    /// Returns the next event if it is there already; `None` if not, or after [`Self::stop`].
    ///
    /// # Errors
    /// As the items of [`Self::next`].
    pub fn try_next(&mut self) -> Result<Option<WatchEvent>, KvError> {
        loop {
            let Some(delivery) = &mut self.delivery else { return Ok(None) };
            match delivery.step() {
                Ok(Step::Idle) => return Ok(None),
                Ok(Step::EndOfInitial) => return Ok(Some(WatchEvent::EndOfInitial)),
                Ok(Step::Message { message, .. })
                    if self.deletes == Deletes::Ignored && message.operation.is_marker() => {}
                Ok(Step::Message { message, pending }) => {
                    return Ok(Some(WatchEvent::Entry(Entry::of(&self.names, message, pending))));
                }
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    /// Polls for the next event, for hand-written futures; see [`Self::next`].
    pub fn poll_next_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<WatchEvent, KvError>>> {
        loop {
            if let Some(event) = self.try_next().transpose() {
                return Poll::Ready(Some(event));
            }
            let Some(delivery) = &mut self.delivery else { return Poll::Ready(None) };
            match delivery.poll_ready(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(self.failed(error)))),
            }
        }
    }

    /// Ends the watch: nothing is yielded any more.
    pub fn stop(&mut self) {
        self.delivery = None;
    }

    /// Waits on this thread, at most `timeout`, until [`Self::try_next`] is worth another try.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> Result<Waited, KvError> {
        let Some(delivery) = &mut self.delivery else { return Ok(Waited::Ready) };
        delivery.wait_ready(timeout).map_err(|error| self.failed(error))
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.delivery.is_none()
    }

    /// Names the error, and ends the watch if it cannot go on behind it.
    fn failed(&mut self, error: Fault) -> KvError {
        if !matches!(error, Fault::Stream(JetStreamError::Engine(EngineError::Damaged(_)))) {
            self.delivery = None;
        }
        ErrorContext { bucket: &self.names.bucket, key: None, place: self.place }.explain(error)
    }
}

impl Stream for Watcher {
    type Item = Result<WatchEvent, KvError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_next_event(cx)
    }
}
