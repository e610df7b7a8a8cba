//! Answers that wait for a commit, in the order of their requests.

use super::context::Ctx;
use jetkv_engine::{Commit, CommitResult};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What sends the answer once the commit is done.
pub(crate) type Answer = Box<dyn FnOnce(&mut Ctx<'_>, CommitResult) + Send>;

/// The answers that one connection's requests wait for. A connection stops reading while it [is full](Self::is_full).
#[derive(Default)]
pub(crate) struct Pending {
    waiting: VecDeque<(Commit, Answer)>,
}

impl Pending {
    /// Adds a commit and what to do when it is done.
    pub(crate) fn push(&mut self, commit: Commit, answer: Answer) {
        self.waiting.push_back((commit, answer));
    }

    /// Answers everything at the front that is done; ready when nothing waits. If not, the task is woken when the front is done.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, ctx: &mut Ctx<'_>) -> Poll<()> {
        while let Some((commit, _)) = self.waiting.front_mut() {
            let Poll::Ready(result) = Pin::new(commit).poll(cx) else { return Poll::Pending };
            if let Some((_, answer)) = self.waiting.pop_front() {
                answer(ctx, result);
            }
        }
        Poll::Ready(())
    }

    /// Says whether so many answers wait that no more requests should be read.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= WAITING_MAX
    }

    /// Says whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// Most answers that wait on one connection before it stops reading.
const WAITING_MAX: usize = 16_384;
