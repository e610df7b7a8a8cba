//! Operations of one read that concern the same stream and follow each other: messages go into it together, and what is asked
//! for is looked up together.

use super::context::Ctx;
use super::handle::{Facts, StreamHandle};
use super::pending::Pending;
use super::state::JetStream;
use crate::router::Msg;
use jetkv_jetstream::Ready;
use jetkv_types::Subject;
use std::rc::Rc;
use std::sync::Arc;

/// Messages and requests that wait for those behind them, and the streams that they are for.
///
/// Whatever else is done must not overtake them: [`Self::finish`] comes first. Requests do not wait for messages, as they see
/// what is committed; messages wait for the requests before them.
#[derive(Debug, Default)]
pub(crate) struct Run<'a> {
    target: Option<Rc<Target>>,
    messages: Vec<Member<'a>>,
    bytes: usize,
    /// The stream that requests ask, by its name.
    reader: Option<(&'a str, Arc<StreamHandle>)>,
    /// Subjects whose newest messages are asked for, and where each answer goes.
    gets: (Vec<&'a [u8]>, Vec<&'a [u8]>),
    /// Requests that are not counted yet.
    asked: u64,
}

/// A stream that takes messages, as it was when the first of them came.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) jetstream: Arc<JetStream>,
    pub(super) handle: Arc<StreamHandle>,
    pub(super) facts: Arc<Facts>,
    /// What all of its subjects begin with, if it captures everything that does.
    prefix: Option<Box<str>>,
}

#[derive(Debug)]
struct Member<'a> {
    subject: Subject,
    ready: Ready,
    payload: &'a [u8],
    reply: Option<&'a [u8]>,
    /// Size of the message.
    bytes: u64,
}

impl<'a> Run<'a> {
    /// Returns the stream that took the message before, if it takes this one for certain: it captures everything below a
    /// prefix, and the subject is below it.
    pub(super) fn target_of(&self, text: &str) -> Option<Rc<Target>> {
        let target = self.target.as_ref()?;
        let rest = text.strip_prefix(&**target.prefix.as_ref()?)?;
        (!rest.is_empty()).then(|| Rc::clone(target))
    }

    /// Adds a message for a stream; those for another one are handed over first.
    pub(super) fn push(
        &mut self,
        ctx: &mut Ctx<'_>,
        pending: &mut Pending,
        target: &Rc<Target>,
        (subject, ready): (Subject, Ready),
        (payload, reply, bytes): (&'a [u8], Option<&'a [u8]>, usize),
    ) {
        self.answer(ctx);
        let fits = self.target.as_ref().is_some_and(|known| Arc::ptr_eq(&known.handle, &target.handle));
        if !fits {
            self.hand_over(ctx, pending);
            self.target = Some(Rc::clone(target));
        }
        self.bytes += bytes;
        let bytes = crate::convert::to_u64(bytes);
        self.messages.push(Member { subject, ready, payload, reply, bytes });
        if self.messages.len() >= MESSAGES_MAX || self.bytes >= BYTES_MAX {
            self.hand_over(ctx, pending);
        }
    }

    /// Says whether requests ask the stream of this name already.
    pub(super) fn reads(&self, name: &str) -> bool {
        self.reader.as_ref().is_some_and(|(known, _)| *known == name)
    }

    /// Lets requests ask a stream that answers them.
    pub(super) fn read_from(&mut self, name: &'a str, handle: Arc<StreamHandle>) {
        self.reader = Some((name, handle));
    }

    /// Counts a request that asks this stream.
    pub(super) fn count_get(&mut self) {
        self.asked += 1;
    }

    /// Returns the stream that requests ask.
    pub(super) fn reader(&self) -> Option<&StreamHandle> {
        self.reader.as_ref().map(|(_, handle)| &**handle)
    }

    /// Asks for the newest message of a literal subject.
    pub(super) fn push_get(&mut self, ctx: &mut Ctx<'_>, subject: &'a str, reply: &'a [u8]) {
        self.gets.0.push(subject.as_bytes());
        self.gets.1.push(reply);
        if self.gets.0.len() >= GETS_MAX {
            self.answer(ctx);
        }
    }

    /// Answers all requests; of one that is answered elsewhere it is only known that it asks.
    pub(super) fn answer(&mut self, ctx: &mut Ctx<'_>) {
        let (subjects, replies) = &mut self.gets;
        if let Some((_, handle)) = self.reader.as_ref().filter(|_| self.asked > 0) {
            handle.count_gets(std::mem::take(&mut self.asked));
            handle.settle_retention();
            let (router, publisher) = (&ctx.account.router, &mut *ctx.publisher);
            handle.direct_last(subjects, &mut |at, msg| {
                publisher.deliver(router, &Msg { subject: replies[at], ..*msg });
            });
        }
        subjects.clear();
        replies.clear();
    }

    /// Does everything that waits, and forgets the streams: what comes next may change them.
    pub(crate) fn finish(&mut self, ctx: &mut Ctx<'_>, pending: &mut Pending) {
        self.hand_over(ctx, pending);
        self.target = None;
        self.reader = None;
    }

    /// Answers all requests and hands all messages over; their commits join those that the connection waits for.
    pub(super) fn hand_over(&mut self, ctx: &mut Ctx<'_>, pending: &mut Pending) {
        self.answer(ctx);
        let (Some(target), false) = (&self.target, self.messages.is_empty()) else { return };
        let Target { jetstream, handle, .. } = &**target;
        let messages = self.messages.iter().map(|each| (&each.subject, &each.ready, each.payload));
        let commits = handle.ingest.publish_each(messages);
        let mut left = &self.messages[..];
        for commit in commits {
            let count = commit.sequences().map_or(1, |done| done.last - done.first + 1);
            let count = usize::try_from(count).unwrap_or(usize::MAX).min(left.len());
            let (done, behind) = left.split_at(count);
            left = behind;
            if commit.sequences().is_ok() {
                let answers = done.iter().map(|each| (each.reply, each.bytes));
                pending.push_plain(jetstream, handle, commit, answers);
            } else if let Some(refused) = done.first() {
                pending.push_refused(jetstream, handle, commit, refused.reply, refused.bytes);
            }
        }
        debug_assert!(left.is_empty(), "every message is in a commit");
        self.messages.clear();
        self.bytes = 0;
    }
}

impl Target {
    pub(super) fn new(jetstream: &Arc<JetStream>, handle: Arc<StreamHandle>) -> Self {
        let facts = handle.facts();
        let prefix = match &facts.settings.subjects[..] {
            [filter] if filter.is_subtree() => Some(filter.literal_prefix().into()),
            _ => None,
        };
        Self { jetstream: Arc::clone(jetstream), handle, facts, prefix }
    }
}

/// Most requests that are answered together.
const GETS_MAX: usize = 64;
/// Most messages that are handed over together.
const MESSAGES_MAX: usize = 256;
/// With so many bytes no more are added.
const BYTES_MAX: usize = 1 << 20;
