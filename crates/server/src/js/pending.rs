//! Answers that wait for a commit, in the order of their requests.

use super::context::Ctx;
use super::ingest::Waiting;
use std::collections::VecDeque;
use std::task::{Context, Poll};

/// The answers that one connection's requests wait for. A connection stops reading while it [is full](Self::is_full).
#[derive(Debug, Default)]
pub(crate) struct Pending {
    waiting: VecDeque<Waiting>,
}

impl Pending {
    /// Adds a message that is on its way.
    pub(crate) fn push(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    /// Answers everything at the front that is done; ready when nothing waits. If not, the task is woken when the front is done.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, ctx: &mut Ctx<'_>) -> Poll<()> {
        while let Some(front) = self.waiting.front_mut() {
            if front.poll(cx, ctx).is_pending() {
                return Poll::Pending;
            }
            self.waiting.pop_front();
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
