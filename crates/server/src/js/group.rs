//! Messages of one connection that are committed together, and their acknowledgements.

use super::context::Ctx;
use super::handle::StreamHandle;
use super::in_place::InPlace;
use super::ingest::{poll_commit, refuse};
use super::state::JetStream;
use crate::convert::to_u64;
use crate::span::{SpanKind, SpanOutcome};
use jetkv_engine::Commit;
use jetkv_jetstream::PublishError;
use jetkv_types::{Sequence, Timestamp};
use jetkv_wire::pub_ack::{Outcome, PubAck};
use std::sync::Arc;
use std::task::{Context, Poll};

/// Messages of one stream in one round of its commits: they wait as one, and nothing is allocated for each of them.
#[derive(Debug)]
pub(crate) struct Group {
    jetstream: Arc<JetStream>,
    handle: Arc<StreamHandle>,
    commit: Commit,
    /// Each message's sequence, and where its reply subject ends; an empty one is nobody's.
    messages: Vec<(Sequence, usize)>,
    replies: Vec<u8>,
    /// Bytes of the messages.
    bytes: u64,
    /// When the first came, if that is wanted.
    began: Option<Timestamp>,
}

impl Group {
    /// Returns a group without messages; its commit was not refused.
    pub(super) fn new(jetstream: Arc<JetStream>, handle: Arc<StreamHandle>, commit: Commit) -> Self {
        let began = jetstream.begin_span();
        Self { jetstream, handle, commit, messages: Vec::new(), replies: Vec::new(), bytes: 0, began }
    }

    /// Says whether a message waits for the same.
    pub(super) fn takes(&self, handle: &Arc<StreamHandle>, commit: &Commit) -> bool {
        Arc::ptr_eq(&self.handle, handle) && self.commit.is_done_with(commit)
    }

    /// Adds a message that is done with its commit.
    pub(super) fn add(&mut self, sequence: Sequence, reply: Option<&[u8]>, bytes: u64) {
        self.bytes += bytes;
        self.replies.extend_from_slice(reply.unwrap_or_default());
        self.messages.push((sequence, self.replies.len()));
    }

    /// Returns the bytes of the messages.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns how many messages there are.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Answers all of them if they are safe, or were refused.
    pub(super) fn poll(
        &mut self,
        in_place: Option<&mut InPlace>,
        cx: &mut Context<'_>,
        ctx: &mut Ctx<'_>,
    ) -> Poll<()> {
        let Poll::Ready(outcome) = poll_commit(&self.jetstream, &mut self.commit, in_place, cx) else {
            return Poll::Pending;
        };
        let kind = SpanKind::Publish {
            stream: self.handle.stream.name().as_str(),
            messages: to_u64(self.messages.len()),
            bytes: self.bytes,
        };
        self.jetstream.end_span(self.began, kind, SpanOutcome::of(&outcome));
        let error = outcome.err().map(PublishError::from);
        let (stream, domain) =
            (self.handle.stream.name().as_str(), self.jetstream.settings.domain.as_deref());
        let (mut start, mut body) = (0, Vec::new());
        for &(seq, end) in &self.messages {
            let reply = &self.replies[start..end];
            start = end;
            if reply.is_empty() {
                continue;
            }
            if let Some(error) = &error {
                refuse(ctx, &self.handle, error, Some(reply));
                continue;
            }
            body.clear();
            PubAck { stream, domain, seq, outcome: Outcome::Stored }.write(&mut body);
            ctx.reply(Some(reply), b"", &body);
        }
        Poll::Ready(())
    }
}
