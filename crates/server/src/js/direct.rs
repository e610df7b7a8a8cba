//! Direct get: a stream's messages without a consumer, answered on the connection that asks (PROTOCOL 2.9).

use super::handle::StreamHandle;
use crate::router::Msg;
use jetkv_engine::{EngineError, Storage};
use jetkv_types::{Message, Sequence, Subject, SubjectFilter, Timestamp};
use jetkv_wire::header;
use std::cell::Cell;

/// What a request asks for, checked.
#[derive(Debug)]
pub(crate) enum Ask {
    /// The message with this sequence.
    Sequence(Sequence),
    /// The newest message that matches.
    Last(SubjectFilter),
    /// The first message from here on that matches.
    Next(Vec<SubjectFilter>, From),
    /// So many messages from here on that match.
    Batch { filters: Vec<SubjectFilter>, from: From, count: u64, bytes_max: u64 },
    /// The newest message of each subject that matches.
    LastOfEach { filters: Vec<SubjectFilter>, from: Sequence, up_to: UpTo, count: u64, bytes_max: u64 },
}

/// Where a search begins.
#[derive(Debug, Clone, Copy)]
pub(crate) enum From {
    Sequence(Sequence),
    Time(Timestamp),
}

/// As of when the newest messages are meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum UpTo {
    Now,
    Sequence(Sequence),
    Time(Timestamp),
}

/// The end of an answer that is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    NotFound,
    NoResults,
    TooMany,
}

/// Whether the answer carries headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Whole,
    /// `no_hdr`: the body alone.
    Body,
}

impl StreamHandle {
    /// Answers a request by calling `send` for each message and status.
    pub(crate) fn direct_get(&self, ask: &Ask, form: Form, send: &mut dyn FnMut(&Msg<'_>)) {
        let outcome = match ask {
            Ask::Sequence(sequence) => self.stream.get(*sequence).map(|found| self.one(found, form, send)),
            Ask::Last(filter) => self.last(filter).map(|found| self.one(found, form, send)),
            Ask::Next(filters, from) => self
                .start(*from)
                .and_then(|from| self.stream.first_matching(filters, from))
                .map(|found| self.one(found, form, send)),
            Ask::Batch { filters, from, count, bytes_max } => {
                self.start(*from).and_then(|from| self.batch(filters, from, (*count, *bytes_max), form, send))
            }
            Ask::LastOfEach { filters, from, up_to, count, bytes_max } => {
                self.last_of_each(filters, *from, *up_to, (*count, *bytes_max), send)
            }
        };
        match outcome {
            Ok(None) => {}
            Ok(Some(status)) => send_status(status, send),
            Err(error) => send_failure(&error, send),
        }
    }

    /// Answers the most frequent requests, for the newest messages of literal subjects: each is copied once, from where it
    /// was read to into the buffers of those who get it. `send` is told which request it answers.
    pub(crate) fn direct_last(&self, subjects: &[&[u8]], send: &mut dyn FnMut(usize, &Msg<'_>)) {
        self.stream.peek_last_each(subjects, |at, outcome| {
            let mut send = |msg: &Msg<'_>| send(at, msg);
            match outcome {
                Ok(Some(found)) => {
                    let head = Head { subject: subjects[at], sequence: found.sequence, time: found.time };
                    self.with_block(found.headers, &head, None, |block| {
                        send(&Msg { subject: b"", reply: None, headers: block, payload: &found.payload });
                    });
                }
                Ok(None) => send_status(Status::NotFound, &mut send),
                Err(error) => send_failure(&error, &mut send),
            }
        });
    }

    /// Returns the last message of a subject. A literal one is the common case; a filter whose text was stored literally,
    /// wildcards included, is found as one that matches.
    pub(super) fn last(&self, filter: &SubjectFilter) -> Result<Option<Message>, EngineError> {
        if !filter.is_literal() {
            return self.stream.last_matching(filter);
        }
        match Subject::new(filter.as_str()) {
            Ok(subject) => self.stream.last(&subject),
            Err(_) => Ok(None),
        }
    }

    fn is_in_memory(&self) -> bool {
        self.facts().settings.storage == Storage::Memory
    }

    fn start(&self, from: From) -> Result<Sequence, EngineError> {
        match from {
            From::Sequence(sequence) => Ok(sequence),
            From::Time(time) => self.stream.sequence_at(time),
        }
    }

    fn one(&self, found: Option<Message>, form: Form, send: &mut dyn FnMut(&Msg<'_>)) -> Option<Status> {
        let Some(message) = found else { return Some(Status::NotFound) };
        self.send(&message, form, None, send);
        None
    }

    fn batch(
        &self,
        filters: &[SubjectFilter],
        from: Sequence,
        (count, bytes_max): (u64, u64),
        form: Form,
        send: &mut dyn FnMut(&Msg<'_>),
    ) -> Result<Option<Status>, EngineError> {
        let mut pending = self.stream.count_from(filters, from)?;
        let (mut next, mut before, mut sent, mut bytes) = (from, 0, 0, 0_u64);
        while sent < count && bytes < bytes_max {
            let Some(message) = self.stream.first_matching(filters, next)? else { break };
            // Where no header tells what is left, the reference does not count it down either.
            if form == Form::Whole {
                pending = pending.saturating_sub(1);
            }
            self.send(&message, form, Some((pending, before)), send);
            (next, before, sent) = (message.sequence + 1, message.sequence, sent + 1);
            bytes += size(&message);
        }
        if sent == 0 && count > 0 {
            return Ok(Some(Status::NotFound));
        }
        send_end(pending, before, None, send);
        Ok(None)
    }

    fn last_of_each(
        &self,
        filters: &[SubjectFilter],
        from: Sequence,
        up_to: UpTo,
        (count, bytes_max): (u64, u64),
        send: &mut dyn FnMut(&Msg<'_>),
    ) -> Result<Option<Status>, EngineError> {
        let last = self.stream.last_sequence();
        let up_to = match up_to {
            UpTo::Now => last,
            // What has not happened yet has no results in the reference's files, and does not matter in its memory.
            UpTo::Sequence(sequence) if sequence > last && !self.is_in_memory() => {
                return Ok(Some(Status::NoResults));
            }
            UpTo::Sequence(sequence) => sequence,
            // What was stored at that very moment does not count.
            UpTo::Time(time) => self.stream.sequence_at(time)?.saturating_sub(1),
        };
        let Some(mut sequences) = self.stream.last_per_subject(filters, up_to, SUBJECTS_MAX)? else {
            return Ok(Some(Status::TooMany));
        };
        if sequences.is_empty() {
            return Ok(Some(Status::NoResults));
        }
        sequences.retain(|sequence| *sequence >= from);
        let mut pending = crate::convert::to_u64(sequences.len());
        let (mut before, mut sent, mut bytes) = (0, 0, 0_u64);
        for sequence in sequences {
            if sent >= count || bytes >= bytes_max {
                break;
            }
            pending -= 1;
            // What went since is left out; what came instead is beyond this moment.
            let Some(message) = self.stream.get(sequence)? else { continue };
            // The reference sends headers also to those who do not want them: without them nobody knows whose value it is.
            self.send(&message, Form::Whole, Some((pending, before)), send);
            (before, sent) = (sequence, sent + 1);
            bytes += size(&message);
        }
        send_end(pending, before, Some(up_to), send);
        Ok(None)
    }

    fn send(
        &self,
        message: &Message,
        form: Form,
        place: Option<(u64, Sequence)>,
        send: &mut dyn FnMut(&Msg<'_>),
    ) {
        let payload = &message.payload;
        if form == Form::Body {
            return send(&Msg { subject: b"", reply: None, headers: b"", payload });
        }
        let head =
            Head { subject: message.subject.as_bytes(), sequence: message.sequence, time: message.time };
        self.with_block(message.headers.as_block(), &head, place, |block| {
            send(&Msg { subject: b"", reply: None, headers: block, payload });
        });
    }

    /// Makes the header block of an answer, in a buffer that is used again.
    fn with_block(
        &self,
        stored: &[u8],
        head: &Head<'_>,
        place: Option<(u64, Sequence)>,
        act: impl FnOnce(&[u8]),
    ) {
        let mut block = BLOCK.take();
        block.clear();
        block.reserve(stored.len() + head.subject.len() + 256);
        block.extend_from_slice(stored);
        let (mut text, mut digits) = ([0; Timestamp::TEXT_BYTES_MAX], itoa::Buffer::new());
        let lines: [(&[u8], &[u8]); 4] = [
            (b"Nats-Stream", self.stream.name().as_str().as_bytes()),
            (b"Nats-Subject", head.subject),
            (b"Nats-Sequence", digits.format(head.sequence).as_bytes()),
            (b"Nats-Time-Stamp", head.time.to_text(&mut text).as_bytes()),
        ];
        header::append_all(&mut block, &lines);
        if let Some((pending, before)) = place {
            header::append_u64(&mut block, b"Nats-Num-Pending", pending);
            header::append_u64(&mut block, b"Nats-Last-Sequence", before);
        }
        act(&block);
        if block.capacity() <= BLOCK_BYTES_MAX {
            BLOCK.set(block);
        }
    }
}

/// What an answer says of a message.
struct Head<'a> {
    subject: &'a [u8],
    sequence: Sequence,
    time: Timestamp,
}

thread_local! {
    static BLOCK: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A larger buffer is given back at once.
const BLOCK_BYTES_MAX: usize = 64 << 10;

fn size(message: &Message) -> u64 {
    crate::convert::to_u64(
        message.subject.as_bytes().len() + message.headers.as_block().len() + message.payload.len(),
    )
}

fn send_end(pending: u64, last: Sequence, up_to: Option<Sequence>, send: &mut dyn FnMut(&Msg<'_>)) {
    let mut block = Vec::new();
    header::push_status(&mut block, 204, "EOB");
    header::append(&mut block, b"Nats-Num-Pending", pending.to_string().as_bytes());
    header::append(&mut block, b"Nats-Last-Sequence", last.to_string().as_bytes());
    if let Some(up_to) = up_to {
        header::append(&mut block, b"Nats-UpTo-Sequence", up_to.to_string().as_bytes());
    }
    send(&Msg { subject: b"", reply: None, headers: &block, payload: b"" });
}

/// Sends a status without a body.
pub(crate) fn send_status(status: Status, send: &mut dyn FnMut(&Msg<'_>)) {
    let (code, text) = match status {
        Status::NotFound => (404, "Message Not Found"),
        Status::NoResults => (404, "No Results"),
        Status::TooMany => (413, "Too Many Results"),
    };
    let mut block = Vec::new();
    header::push_status(&mut block, code, text);
    send(&Msg { subject: b"", reply: None, headers: &block, payload: b"" });
}

/// Says that there is no telling: every official client makes an error of a status that is neither 404 nor 408.
pub(crate) fn send_failure(error: &EngineError, send: &mut dyn FnMut(&Msg<'_>)) {
    let mut block = Vec::new();
    match error {
        EngineError::Damaged(damage) => {
            header::push_status(&mut block, 500, "Record Damaged");
            if let Some((first, _)) = damage.sequences {
                header::append(&mut block, b"Nats-Sequence", first.to_string().as_bytes());
            }
            if let Some(subject) = &damage.subject {
                header::append(&mut block, b"Nats-Subject", subject.as_bytes());
            }
        }
        EngineError::StreamDeleted { .. } | EngineError::Closed => {
            header::push_status(&mut block, 503, "Stream Unavailable");
        }
        _ => header::push_status(&mut block, 500, "Storage Failed"),
    }
    send(&Msg { subject: b"", reply: None, headers: &block, payload: b"" });
}

/// Most subjects whose newest messages are given in one answer.
const SUBJECTS_MAX: usize = 1_024;
