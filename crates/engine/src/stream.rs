//! API sketch.
#![allow(missing_docs, clippy::unimplemented, unused_variables, clippy::missing_errors_doc)]
use crate::*;
use jetkv_types::{Message, Operation, Sequence, StreamName, Subject, SubjectFilter, Timestamp};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// A stream, open. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stream {}

/// Figures of a stream, as of the last commit that is visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamState {
    pub messages: u64,
    /// Counted as the reference counts them.
    pub bytes: u64,
    pub first_sequence: Sequence,
    pub first_time: Timestamp,
    pub last_sequence: Sequence,
    pub last_time: Timestamp,
    pub subjects: u64,
    /// Bytes of all its files.
    pub disk_bytes: u64,
}

/// What is known of one subject without reading its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectState {
    pub subject: Subject,
    /// Sequence of its last message.
    pub sequence: Sequence,
    /// What the last message does.
    pub operation: Operation,
    /// Messages kept (history).
    pub messages: u64,
}

/// Which messages a selection takes of each subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Select {
    LastPerSubject,
    All,
}

/// A snapshot of sequences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Ascending.
    pub sequences: Vec<Sequence>,
    /// Last visible sequence of the stream at that moment: everything later comes after the snapshot.
    pub up_to: Sequence,
}

impl Stream {
    pub fn name(&self) -> &StreamName {
        unimplemented!()
    }
    pub fn config(&self) -> Arc<StreamConfig> {
        unimplemented!()
    }
    pub fn created(&self) -> Timestamp {
        unimplemented!()
    }
    pub fn state(&self) -> StreamState {
        unimplemented!()
    }
    pub fn last_sequence(&self) -> Sequence {
        unimplemented!()
    }
    /// Appends all of `batch` or nothing. Checks run at once; the `Commit` is done when the batch is as durable as `Sync` asks and visible.
    /// A refusal (WrongLastSequence, HasValue, LimitReached, ...) comes out of the `Commit` too, after what it saw is durable.
    pub fn append(&self, batch: &[Append<'_>]) -> Commit {
        unimplemented!()
    }
    /// The message with this sequence; None if it does not exist (any more).
    pub fn get(&self, sequence: Sequence) -> Result<Option<Message>, EngineError> {
        unimplemented!()
    }
    /// The last message of exactly this subject, markers included.
    pub fn last(&self, subject: &Subject) -> Result<Option<Message>, EngineError> {
        unimplemented!()
    }
    pub fn subject_state(&self, subject: &Subject) -> Result<Option<SubjectState>, EngineError> {
        unimplemented!()
    }
    /// Sequences of the messages kept of exactly this subject, ascending.
    pub fn revisions(&self, subject: &Subject) -> Result<Vec<Sequence>, EngineError> {
        unimplemented!()
    }
    /// A page of the subjects that match, in token order, strictly after `after`, at most `limit`. No file operation.
    pub fn subjects(
        &self,
        filter: &SubjectFilter,
        after: Option<&Subject>,
        limit: usize,
    ) -> Result<Vec<SubjectState>, EngineError> {
        unimplemented!()
    }
    /// How many subjects match (markers included).
    pub fn count_subjects(&self, filter: &SubjectFilter) -> Result<u64, EngineError> {
        unimplemented!()
    }
    /// Sequences (>= from) of matching messages as of now, ascending. Several filters: any may match, no duplicates. No file operation.
    pub fn select(
        &self,
        filters: &[SubjectFilter],
        which: Select,
        from: Sequence,
    ) -> Result<Selection, EngineError> {
        unimplemented!()
    }
    /// The first visible message with sequence >= from whose subject matches any filter. Uses recent messages in memory:
    /// one that was replaced meanwhile is still returned while it is recent.
    pub fn next(&self, filters: &[SubjectFilter], from: Sequence) -> Result<Option<Message>, EngineError> {
        unimplemented!()
    }
    /// Removes messages; durable when it returns. Returns how many were removed.
    pub fn purge(&self, purge: &Purge) -> Result<u64, EngineError> {
        unimplemented!()
    }
    /// Removes one message; durable when it returns. false if there is none.
    pub fn remove(&self, sequence: Sequence) -> Result<bool, EngineError> {
        unimplemented!()
    }
    /// Tells when matching messages become visible.
    pub fn listen(&self, filters: &[SubjectFilter]) -> Listener {
        unimplemented!()
    }
    pub fn damages(&self) -> Vec<Damage> {
        unimplemented!()
    }
}

/// A commit on its way. Dropping it does not take the write back.
#[derive(Debug)]
#[must_use]
pub struct Commit {}
impl Commit {
    /// Blocks until done; does the write and sync on this thread if nobody else does.
    pub fn wait(self) -> CommitResult {
        unimplemented!()
    }
}
/// Done by a thread of the store; needs no runtime.
impl Future for Commit {
    type Output = CommitResult;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CommitResult> {
        unimplemented!()
    }
}

/// Tells when a matching message becomes visible.
#[derive(Debug)]
pub struct Listener {}
impl Listener {
    /// Ready with the last visible matching sequence once one above `seen` is there; Err(StreamDeleted | Closed) when the stream ends.
    pub fn poll_beyond(&self, cx: &mut Context<'_>, seen: Sequence) -> Poll<Result<Sequence, EngineError>> {
        unimplemented!()
    }
    /// The same, blocking; None after `timeout` (None = for ever).
    pub fn wait_beyond(
        &self,
        seen: Sequence,
        timeout: Option<Duration>,
    ) -> Result<Option<Sequence>, EngineError> {
        unimplemented!()
    }
}
