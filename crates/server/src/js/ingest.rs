//! Messages that streams capture: handing them over, and answering when they are safe.

use super::context::Ctx;
use super::handle::{Facts, StreamHandle};
use super::in_place::InPlace;
use super::pending::Pending;
use super::publish::Handled;
use super::run::{Run, Target};
use super::state::JetStream;
use crate::router::Msg;
use crate::span::{SpanKind, SpanOutcome};
use jetkv_engine::{Commit, CommitResult, EngineError, Purge, Storage, Sync};
use jetkv_jetstream::{Accepted, Incoming, PublishError, Retention};
use jetkv_types::{Sequence, Subject, SubjectError, Timestamp};
use jetkv_wire::header;
use jetkv_wire::pub_ack::{self, Outcome, PubAck};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::task::block_in_place;
use tokio::time::Instant;

/// A message on its way into a stream, and who wants to know.
///
/// It must be polled until it is ready, also when nobody waits for the answer: polling is what has it written.
#[derive(Debug)]
pub(crate) struct Waiting {
    jetstream: Arc<JetStream>,
    handle: Arc<StreamHandle>,
    accepted: Accepted,
    reply: Option<Box<[u8]>>,
    republish: Option<Republish>,
    /// Size of the message.
    bytes: u64,
    /// When it came, if that is wanted.
    began: Option<Timestamp>,
}

/// A message that is published again once it is stored.
#[derive(Debug)]
struct Republish {
    subject: Subject,
    destination: Subject,
    headers: Box<[u8]>,
    payload: Box<[u8]>,
    before: Sequence,
}

impl JetStream {
    /// Hands a message to the stream that captures its subject, or puts it into the run.
    pub(crate) fn ingest<'a>(
        self: &Arc<Self>,
        ctx: &mut Ctx<'_>,
        pending: &mut Pending,
        run: &mut Run<'a>,
        text: &str,
        msg: &Msg<'a>,
    ) -> Handled {
        let found = run.target_of(text);
        let found = found.or_else(|| Some(Rc::new(Target::new(self, self.capturing(text)?))));
        let Some(target) = found else { return Handled::No };
        let Target { handle, facts, .. } = &*target;
        let reply = if facts.settings.no_ack { None } else { msg.reply };
        let mapped = facts.transform.as_ref().and_then(|transform| transform.apply(text));
        let subject = match mapped.unwrap_or_else(|| Subject::new(text)) {
            Ok(subject) => subject,
            // Nobody can subscribe to it either, so nobody responds (PROTOCOL 6.1).
            Err(SubjectError::EmptyToken { .. } | SubjectError::Empty) => return Handled::No,
            Err(_) => {
                refuse(ctx, handle, &PublishError::MalformedSubject, reply);
                return Handled::Yes;
            }
        };
        let bytes = msg.headers.len() + msg.payload.len();
        if let Err(error) = self.admit(ctx, facts, &subject, msg) {
            refuse(ctx, handle, &error, reply);
            return Handled::Yes;
        }
        let incoming = Incoming { subject: &subject, headers: msg.headers, payload: msg.payload };
        let ready = if facts.republish.is_none() { handle.ingest.ready(&incoming) } else { None };
        if let Some(ready) = ready {
            let taken = (msg.payload, reply, bytes);
            run.push(ctx, pending, &target, (subject, ready), taken);
            return Handled::Yes;
        }
        run.hand_over(ctx, pending);
        match self.take_in(handle, facts, &incoming) {
            Ok(Accepted::Staged) => ctx.reply(reply, b"", b""),
            Ok(accepted) => {
                let republish = self.republish(handle, facts, subject, &accepted, msg);
                pending.push(Waiting {
                    jetstream: Arc::clone(self),
                    accepted,
                    reply: reply.map(Box::from),
                    republish,
                    handle: Arc::clone(handle),
                    bytes: crate::convert::to_u64(bytes),
                    began: self.begin_span(),
                });
            }
            Err(error) => refuse(ctx, handle, &error, reply),
        }
        Handled::Yes
    }

    /// Hands a message of the server's own to the stream that captures its subject, if there is one; nobody waits for it.
    fn ingest_own(&self, text: &str, msg: &Msg<'_>) {
        let Some(handle) = self.capturing(text) else { return };
        let facts = handle.facts();
        let mapped = facts.transform.as_ref().and_then(|transform| transform.apply(text));
        let Ok(subject) = mapped.unwrap_or_else(|| Subject::new(text)) else { return };
        let incoming = Incoming { subject: &subject, headers: msg.headers, payload: msg.payload };
        // What that stream does not take it does not take; its state tells.
        let accepted = self.take_in(&handle, &facts, &incoming);
        if let Ok(Accepted::Stored { commit, .. } | Accepted::Passed { commit, .. }) = accepted {
            tokio::spawn(commit);
        }
    }

    /// Refuses what there is no room for, and what the user must not do.
    fn admit(
        &self,
        ctx: &Ctx<'_>,
        facts: &Facts,
        subject: &Subject,
        msg: &Msg<'_>,
    ) -> Result<(), PublishError> {
        let memory = facts.settings.storage == Storage::Memory;
        if self.is_used_up(memory, msg.headers.len() + msg.payload.len() + subject.as_bytes().len()) {
            return Err(PublishError::NoRoom);
        }
        if msg.headers.is_empty() { Ok(()) } else { check_rollup(ctx, &facts.settings.subjects, msg) }
    }

    fn take_in(
        &self,
        handle: &StreamHandle,
        facts: &Facts,
        incoming: &Incoming<'_>,
    ) -> Result<Accepted, PublishError> {
        let now = self.store.now();
        match facts.settings.retention {
            Retention::Interest => {
                handle.consumers.with_wants(|wants| handle.ingest.publish(incoming, now, wants))
            }
            Retention::Limits | Retention::WorkQueue => handle.ingest.publish(incoming, now, &mut |_| true),
        }
    }

    fn republish(
        &self,
        handle: &StreamHandle,
        facts: &Facts,
        subject: Subject,
        accepted: &Accepted,
        msg: &Msg<'_>,
    ) -> Option<Republish> {
        let destination = facts.republish.as_ref()?.apply(subject.as_str())?.ok()?;
        let Accepted::Stored { commit, .. } = accepted else { return None };
        let sequence = commit.sequences().ok()?.last;
        let before = handle.previous(&subject, sequence);
        let (headers, payload) = (msg.headers.into(), msg.payload.into());
        Some(Republish { subject, destination, headers, payload, before })
    }
}

/// A roll-up removes what its user may not have the right to write: all of a stream, or all that a literal wildcard
/// matches (RELIABILITY 2).
fn check_rollup(
    ctx: &Ctx<'_>,
    subjects: &[jetkv_types::SubjectFilter],
    msg: &Msg<'_>,
) -> Result<(), PublishError> {
    let Some(permissions) = ctx.permissions else { return Ok(()) };
    let Some(word) = header::get(msg.headers, b"Nats-Rollup") else { return Ok(()) };
    let permitted = if word.eq_ignore_ascii_case(b"all") {
        subjects.iter().all(|subject| permissions.may_publish_all(subject.as_str().as_bytes()))
    } else {
        permissions.may_publish_all(msg.subject)
    };
    if permitted { Ok(()) } else { Err(PublishError::RollupNotPermitted) }
}

pub(super) fn refuse(ctx: &mut Ctx<'_>, handle: &StreamHandle, error: &PublishError, reply: Option<&[u8]>) {
    handle.count_refused();
    if reply.is_some() {
        let mut body = Vec::new();
        pub_ack::write_error(&mut body, handle.stream.name().as_str(), &super::errors::of_publish(error));
        ctx.reply(reply, b"", &body);
    }
}

/// Looks whether a commit is done, or does it.
pub(super) fn poll_commit(
    jetstream: &JetStream,
    commit: &mut Commit,
    in_place: Option<&mut InPlace>,
    cx: &mut Context<'_>,
) -> Poll<CommitResult> {
    // Without a sync in it, a commit is one write, which is cheaper done here than handed over.
    if jetstream.store.options().sync != Sync::Always {
        return Poll::Ready(commit.settle());
    }
    // A sync takes as long here as elsewhere, but two threads need not be woken for it. Other tasks go on meanwhile.
    if let Some(in_place) = in_place.filter(|_| commit.is_free()) {
        let begun = Instant::now();
        if let Some(outcome) = block_in_place(|| commit.settle_if_free()) {
            in_place.note(begun.elapsed());
            return Poll::Ready(outcome);
        }
    }
    Pin::new(commit).poll(cx)
}

impl Waiting {
    /// Waits to tell that a message was refused: what that rests on must be safe first.
    pub(super) fn refused(
        jetstream: &Arc<JetStream>,
        handle: &Arc<StreamHandle>,
        commit: Commit,
        reply: Option<&[u8]>,
        bytes: u64,
    ) -> Self {
        Self {
            jetstream: Arc::clone(jetstream),
            handle: Arc::clone(handle),
            accepted: Accepted::Stored { commit, id: None, also_purge: None },
            reply: reply.map(Box::from),
            republish: None,
            bytes,
            began: jetstream.begin_span(),
        }
    }

    /// Returns the size of the message that it waits for.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Answers if the message is safe, or was refused.
    pub(super) fn poll(
        &mut self,
        in_place: Option<&mut InPlace>,
        cx: &mut Context<'_>,
        ctx: &mut Ctx<'_>,
    ) -> Poll<()> {
        let commit = match &mut self.accepted {
            Accepted::Stored { commit, .. }
            | Accepted::Passed { commit, .. }
            | Accepted::BatchStored { commit, .. }
            | Accepted::Duplicate { settled: commit, .. } => commit,
            Accepted::Staged => return Poll::Ready(()),
        };
        let Poll::Ready(outcome) = poll_commit(&self.jetstream, commit, in_place, cx) else {
            return Poll::Pending;
        };
        let messages = match &self.accepted {
            Accepted::BatchStored { count, .. } => crate::convert::to_u64(*count),
            _ => 1,
        };
        let stream = self.handle.stream.name().as_str();
        let kind = SpanKind::Publish { stream, messages, bytes: self.bytes };
        self.jetstream.end_span(self.began, kind, SpanOutcome::of(&outcome));
        match outcome {
            Ok(committed) => self.acknowledge(ctx, committed.last),
            Err(error) => self.give_up(ctx, error),
        }
        Poll::Ready(())
    }

    fn give_up(&self, ctx: &mut Ctx<'_>, error: EngineError) {
        match &self.accepted {
            Accepted::Stored { id: Some(id), .. } | Accepted::Passed { id: Some(id), .. } => {
                self.handle.ingest.forget(std::slice::from_ref(id))
            }
            Accepted::BatchStored { ids, .. } => self.handle.ingest.forget(ids),
            _ => {}
        }
        refuse(ctx, &self.handle, &PublishError::from(error), self.reply.as_deref());
    }

    fn acknowledge(&self, ctx: &mut Ctx<'_>, sequence: Sequence) {
        let (outcome, sequence) = match &self.accepted {
            Accepted::Duplicate { sequence, .. } => (Outcome::Duplicate, *sequence),
            Accepted::BatchStored { id, count, .. } => {
                (Outcome::Batch { id, count: crate::convert::to_u64(*count) }, sequence)
            }
            Accepted::Stored { also_purge, .. } => {
                if let Some(filter) = also_purge {
                    let purge = Purge { filter: Some(filter.clone()), below: Some(sequence), keep: None };
                    // The message itself is stored; what is older and cannot be removed now stays.
                    let _ = block_in_place(|| self.handle.stream.purge(&purge));
                }
                (Outcome::Stored, sequence)
            }
            Accepted::Passed { replaces, .. } => {
                if let Some(replaces) = replaces {
                    let purge = Purge { below: Some(sequence), ..replaces.clone() };
                    // As below, what cannot be removed now stays.
                    let _ = block_in_place(|| self.handle.stream.purge(&purge));
                    self.handle.settle_purge(&self.jetstream, ctx, purge.filter.as_ref());
                }
                self.handle.note_passed(self.jetstream.store.now());
                (Outcome::Stored, sequence)
            }
            Accepted::Staged => return,
        };
        if let Some(republish) = &self.republish {
            republish.publish(&self.jetstream, ctx, &self.handle, sequence);
        }
        if self.reply.is_none() {
            return;
        }
        let (stream, domain) =
            (self.handle.stream.name().as_str(), self.jetstream.settings.domain.as_deref());
        let mut body = Vec::with_capacity(64);
        PubAck { stream, domain, seq: sequence, outcome }.write(&mut body);
        ctx.reply(self.reply.as_deref(), b"", &body);
    }
}

impl Republish {
    fn publish(
        &self,
        jetstream: &Arc<JetStream>,
        ctx: &mut Ctx<'_>,
        handle: &StreamHandle,
        sequence: Sequence,
    ) {
        let facts = handle.facts();
        let headers_only = facts.settings.republish.as_ref().is_some_and(|republish| republish.headers_only);
        // It is gone already if others replaced it at once; then its time is of no use to anybody.
        let time = handle.stream.get(sequence).ok().flatten().map(|stored| stored.time).unwrap_or_default();
        let mut block = self.headers.to_vec();
        // What the publisher said under these names stays before them.
        header::append(&mut block, b"Nats-Stream", handle.stream.name().as_str().as_bytes());
        header::append(&mut block, b"Nats-Subject", self.subject.as_bytes());
        header::append_u64(&mut block, b"Nats-Sequence", sequence);
        header::append(&mut block, b"Nats-Time-Stamp", time.to_string().as_bytes());
        header::append_u64(&mut block, b"Nats-Last-Sequence", self.before);
        if headers_only {
            let size = crate::convert::to_u64(self.payload.len());
            header::append_u64(&mut block, b"Nats-Msg-Size", size);
        }
        let payload = if headers_only { &[][..] } else { &self.payload };
        let subject = self.destination.as_bytes();
        let msg = Msg { subject, reply: None, headers: &block, payload };
        ctx.publisher.deliver(&ctx.account.router, &msg);
        jetstream.ingest_own(self.destination.as_str(), &msg);
    }
}
