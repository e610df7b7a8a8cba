//! The threads of a connection: callers may be in any runtime or in none, so the connection brings its own.

use crate::backend::Fault;
use jetkv_engine::EngineError;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// One thread that drives a connection and everything that is under way on it.
#[derive(Debug)]
pub(crate) struct Runtime(Option<tokio::runtime::Runtime>);

/// Something that is under way. It is done also if nobody waits for it.
#[derive(Debug)]
pub(crate) struct Pending<T>(oneshot::Receiver<Result<T, Fault>>);

impl Runtime {
    pub(crate) fn start() -> io::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).thread_name("jetkv-remote").enable_all().build().map(Some).map(Self)
    }

    /// Begins `work`.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Fault>> + Send + 'static,
    ) -> Pending<T> {
        let (done, outcome) = oneshot::channel();
        self.detach(async move {
            done.send(work.await).ok();
        });
        Pending(outcome)
    }

    /// Begins `work` that nobody waits for.
    pub(crate) fn detach(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            runtime.spawn(work);
        }
    }
}

impl Drop for Runtime {
    /// The last handle may go inside another runtime, where waiting for threads is not allowed.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl<T> Pending<T> {
    /// Returns what is done already.
    pub(crate) fn ready(outcome: Result<T, Fault>) -> Self {
        let (done, pending) = oneshot::channel();
        done.send(outcome).ok();
        Self(pending)
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T, Fault>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = Pin::new(&mut self.get_mut().0).poll(cx);
        // The work is dropped unfinished only when the threads stop.
        outcome.map(|outcome| outcome.unwrap_or_else(|_| Err(EngineError::Closed.into())))
    }
}
