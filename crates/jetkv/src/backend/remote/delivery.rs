//! A watch of a stream on a server: a task reads ahead a little, the caller takes from it.

use super::link::Link;
use super::ordered::{Next, Ordered};
use super::runtime::Runtime;
use crate::backend::{Fault, block};
use jetkv_engine::EngineError;
use jetkv_jetstream::{Step, Waited};
use jetkv_types::Sequence;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;

/// A reader that runs by itself and waits while nobody takes what it has.
#[derive(Debug)]
pub(crate) struct RemoteDelivery {
    steps: mpsc::Receiver<Result<Step, Fault>>,
    taken: Option<Result<Step, Fault>>,
    /// How far the reader has come, which is ahead of what was taken.
    read: Arc<AtomicU64>,
    reached: Sequence,
    link: Arc<Link>,
    /// The watch lives on when the handles of its bucket are gone.
    _runtime: Arc<Runtime>,
}

impl RemoteDelivery {
    pub(super) fn start(reader: Ordered, link: Arc<Link>, runtime: Arc<Runtime>) -> Self {
        let (ahead, steps) = mpsc::channel(AHEAD_MAX);
        let reached = reader.reached();
        runtime.detach(read(reader, ahead));
        Self { steps, taken: None, read: reached, reached: 0, link, _runtime: runtime }
    }

    /// Returns what is next, if it is there.
    pub(crate) fn step(&mut self) -> Result<Step, Fault> {
        if self.link.is_closed() {
            return Err(EngineError::Closed.into());
        }
        if let Some(step) = self.taken.take() {
            return step;
        }
        // Noted after everything before it was handed over, and looked at before it is known that nothing is left of that.
        let read = self.read.load(Ordering::Acquire);
        match self.steps.try_recv() {
            Ok(step) => step,
            Err(mpsc::error::TryRecvError::Empty) => {
                self.reached = self.reached.max(read);
                Ok(Step::Idle)
            }
            Err(mpsc::error::TryRecvError::Disconnected) => Err(EngineError::Closed.into()),
        }
    }

    /// Returns how far the delivery has come for certain.
    pub(crate) fn reached(&self) -> Sequence {
        self.reached
    }

    /// Is ready when [`Self::step`] has something.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        if self.taken.is_some() {
            return Poll::Ready(Ok(()));
        }
        self.steps.poll_recv(cx).map(|step| {
            self.taken = Some(step.unwrap_or_else(|| Err(EngineError::Closed.into())));
            Ok(())
        })
    }

    /// Waits on this thread until [`Self::step`] has something, at most `timeout`.
    pub(crate) fn wait_ready(&mut self, timeout: Option<Duration>) -> Result<Waited, Fault> {
        match block::on(timeout, |cx| self.poll_ready(cx)) {
            Some(ready) => ready.map(|()| Waited::Ready),
            None => Ok(Waited::TimedOut),
        }
    }
}

/// Reads until nobody takes any more, or nothing can come any more.
async fn read(mut reader: Ordered, ahead: mpsc::Sender<Result<Step, Fault>>) {
    loop {
        let next = tokio::select! {
            next = reader.next() => next,
            () = ahead.closed() => break,
        };
        let step = next.map(|next| match next {
            Next::Message(message, pending) => Step::Message { message, pending },
            Next::EndOfInitial => Step::EndOfInitial,
        });
        let is_over = step.is_err() && !reader.goes_on();
        if ahead.send(step).await.is_err() || is_over {
            break;
        }
    }
    reader.end().await;
}

/// How many messages are read ahead. A caller that takes none lets the server stop after these and its window.
const AHEAD_MAX: usize = 256;
