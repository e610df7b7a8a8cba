//! A turn at a stream's files: whatever ends it, nobody is left waiting.

use super::round::Round;
use super::{StreamInner, commit};
use crate::error::EngineError;
use std::sync::Arc;

/// Work on the stream by this thread. If it ends in a panic, nobody knows what was half done: the stream is poisoned then.
/// It is made before the locks are taken, so that it ends after them.
#[derive(Debug)]
#[must_use = "a turn lasts as long as this lives"]
pub(super) struct Turn<'a> {
    stream: &'a StreamInner,
    /// Whether the others wait for this thread to commit.
    leads: bool,
    /// Whether a panic was under way already, which then has nothing to do with the stream.
    panicking: bool,
}

/// The answer owed to everybody in a round. If nothing else is said by then, it is that the stream is poisoned.
#[derive(Debug)]
pub(super) struct Owed<'a> {
    stream: &'a StreamInner,
    round: Arc<Round>,
}

/// The duty to see that a round is done, as others sleep until it is. Should its thread end in a panic before, a thread of
/// the store has it.
#[derive(Debug)]
#[must_use = "the duty lasts as long as this lives"]
pub(super) struct Duty<'a> {
    stream: &'a Arc<StreamInner>,
    round: &'a Round,
}

impl StreamInner {
    /// Begins work on the stream.
    pub(super) fn turn(&self) -> Turn<'_> {
        Turn { stream: self, leads: false, panicking: std::thread::panicking() }
    }

    /// Begins to commit for everybody, once no other thread does; `None` if `is_done` says that this is not needed any
    /// more.
    pub(super) fn lead(&self, is_done: impl Fn() -> bool) -> Option<Turn<'_>> {
        let mut committing = self.committing.lock();
        while committing.busy && !is_done() {
            self.committed.wait(&mut committing);
        }
        if is_done() {
            return None;
        }
        committing.busy = true;
        Some(Turn { stream: self, leads: true, panicking: std::thread::panicking() })
    }

    /// Begins to commit for everybody, unless another thread does.
    pub(super) fn lead_if_free(&self) -> Option<Turn<'_>> {
        let mut committing = self.committing.lock();
        if std::mem::replace(&mut committing.busy, true) {
            return None;
        }
        Some(Turn { stream: self, leads: true, panicking: std::thread::panicking() })
    }

    /// Takes over the duty to answer a round.
    pub(super) fn owe(&self, round: &Arc<Round>) -> Owed<'_> {
        Owed { stream: self, round: Arc::clone(round) }
    }

    /// Takes over the duty to see that a round is done.
    pub(super) fn duty<'a>(self: &'a Arc<Self>, round: &'a Round) -> Duty<'a> {
        Duty { stream: self, round }
    }

    fn panicked(&self) -> EngineError {
        EngineError::Poisoned { stream: self.name.clone(), reason: commit::PANICKED.into() }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() && !self.panicking {
            self.stream.poison_with(&self.stream.panicked());
        }
        if self.leads {
            self.stream.committing.lock().busy = false;
            self.stream.committed.notify_all();
        }
    }
}

impl Owed<'_> {
    /// Says that nobody else need do anything for the round: its answer is on the way.
    pub(super) fn decide(&self) {
        self.round.decide();
    }

    /// Answers everybody in the round.
    pub(super) fn pay(self, outcome: Result<(), EngineError>) {
        self.round.finish(outcome);
    }
}

impl Drop for Owed<'_> {
    fn drop(&mut self) {
        if self.round.outcome().is_none() {
            self.round.finish(Err(self.stream.panicked()));
        }
    }
}

impl Drop for Duty<'_> {
    fn drop(&mut self) {
        if self.round.outcome().is_none() {
            self.stream.schedule_commit();
        }
    }
}
