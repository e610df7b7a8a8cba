//! Puts, gets and compare-and-sets: how each is written, and what its answer must be.

use super::bucket::Bucket;
use super::connection::push_publish;
use super::wire::{Message, acked_sequence, number, push_number, text};
use crate::Outcome;
use crate::data::Random;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Puts every key once.
    Load,
    /// Creates every key once, if it is not there.
    Create,
    /// Deletes every key once: a marker takes its place.
    Delete,
    /// Puts random keys.
    Put,
    /// Gets random keys, directly.
    Get,
    /// Puts random keys if they are still at the revision that was acknowledged last.
    CompareAndSet,
    /// Nine gets for each put.
    Mixed,
}

/// The requests of one connection. Each of its slots has at most one request under way, and writes keys that no other
/// slot of any connection writes.
#[derive(Debug)]
pub(super) struct Requests<'a> {
    bucket: &'a Bucket,
    kind: Kind,
    /// Number of the first slot of this connection, among those of all connections.
    first: u64,
    /// Slots of all connections.
    stride: u64,
    /// Slots of this connection.
    window: u64,
    random: Random,
    slots: Vec<Slot>,
    inbox: Vec<u8>,
    /// The beginning of the answer to a get of a message that was stored without headers.
    expected: Vec<u8>,
    subject: Vec<u8>,
    reply: Vec<u8>,
    headers: Vec<u8>,
    value: Vec<u8>,
    writes: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    round: u64,
    /// Of the request that is under way.
    token: Option<u64>,
    key: u64,
    /// Of a get: the revision that it must find at least.
    least: u64,
    is_get: bool,
}

impl<'a> Requests<'a> {
    /// Prepares connection `lane` of `lanes` with `window` slots each.
    pub(super) fn new(bucket: &'a Bucket, kind: Kind, lane: u64, lanes: u64, window: u64) -> Outcome<Self> {
        let stride = lanes * window;
        if bucket.keys < stride {
            return Err(format!("{} keys are too few for {stride} requests in flight", bucket.keys).into());
        }
        Ok(Self {
            bucket,
            kind,
            first: lane * window,
            stride,
            window,
            random: Random::new(1_000 + lane),
            slots: vec![Slot::default(); usize::try_from(window)?],
            inbox: format!("_INBOX.benchConnection{lane:07}.").into_bytes(),
            expected: format!("NATS/1.0\r\nNats-Stream: {}\r\nNats-Subject: ", bucket.stream).into_bytes(),
            subject: Vec::new(),
            reply: Vec::new(),
            headers: Vec::new(),
            value: Vec::new(),
            writes: 0,
        })
    }

    /// Returns the subject to subscribe to for the answers.
    pub(super) fn inbox(&self) -> String {
        format!("{}*", text(&self.inbox))
    }

    /// Returns how many requests may be under way.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Returns how many writes were acknowledged.
    pub(super) fn writes(&self) -> u64 {
        self.writes
    }

    /// Appends the next request of a free slot to `out`; returns `false` if there is none left.
    pub(super) fn ask(&mut self, number: usize, out: &mut Vec<u8>) -> Outcome<bool> {
        let slot = self.slots.get_mut(number).ok_or("no such slot")?;
        let first = self.first + u64::try_from(number)?;
        slot.is_get = match self.kind {
            Kind::Get => true,
            Kind::Mixed => self.random.below(10) != 0,
            Kind::Load | Kind::Create | Kind::Delete | Kind::Put | Kind::CompareAndSet => false,
        };
        slot.key = match (self.kind, slot.is_get) {
            (Kind::Load | Kind::Create | Kind::Delete, _) => first + self.stride * slot.round,
            (_, true) => self.random.below(self.bucket.keys),
            (_, false) => {
                first + self.stride * self.random.below((self.bucket.keys - first).div_ceil(self.stride))
            }
        };
        if slot.key >= self.bucket.keys {
            return Ok(false);
        }
        // Every request has a reply subject of its own, as with official clients.
        let token = slot.round * self.window + u64::try_from(number)?;
        slot.token = Some(token);
        slot.round += 1;
        self.reply.clear();
        self.reply.extend_from_slice(&self.inbox);
        push_number(&mut self.reply, token);

        let key = self.bucket.data.key(slot.key);
        let place = self.bucket.place(slot.key);
        let (prefix, name) = (place.prefix.as_bytes(), key.as_str().as_bytes());
        slot.least = self.bucket.revision(slot.key)?;
        if slot.is_get {
            let subject = [DIRECT_GET, place.stream.as_bytes(), b".", prefix, name];
            push_publish(out, &subject, &self.reply, b"", b"");
            return Ok(true);
        }
        self.headers.clear();
        key.write_value(slot.round, self.bucket.value_bytes, &mut self.value);
        match self.kind {
            Kind::CompareAndSet | Kind::Create => {
                self.headers.extend_from_slice(EXPECTED);
                push_number(&mut self.headers, slot.least);
                self.headers.extend_from_slice(b"\r\n\r\n");
            }
            Kind::Delete => {
                self.headers.extend_from_slice(DELETED);
                self.value.clear();
            }
            Kind::Load | Kind::Put | Kind::Get | Kind::Mixed => {}
        }
        push_publish(out, &[prefix, name], &self.reply, &self.headers, &self.value);
        Ok(true)
    }

    /// Checks an answer and returns the slot that it frees.
    pub(super) fn answer(&mut self, message: &Message<'_>) -> Outcome<usize> {
        let token = message.subject.strip_prefix(&self.inbox[..]).ok_or("an answer to somebody else")?;
        let token = number(token)?;
        let place = usize::try_from(token % self.window)?;
        let slot = self.slots[place];
        if self.slots[place].token.take() != Some(token) {
            return Err(format!("an answer to request {token}, which is not under way").into());
        }
        if !slot.is_get {
            if message.status().is_some() {
                return Err(format!("a put is answered with {}", text(message.headers)).into());
            }
            self.writes += 1;
            let stream = &self.bucket.place(slot.key).stream;
            self.bucket.acked(slot.key, acked_sequence(message.payload, stream)?)?;
            return Ok(place);
        }
        let key = self.bucket.data.key(slot.key);
        self.subject.clear();
        self.subject.extend_from_slice(self.bucket.place(slot.key).prefix.as_bytes());
        self.subject.extend_from_slice(key.as_str().as_bytes());
        let revision = self.revision(message)?;
        if !key.owns_sized(message.payload, self.bucket.value_bytes) || revision < slot.least {
            let (headers, bytes) = (text(message.headers), message.payload.len());
            return Err(format!(
                "the get of {} at revision {} or later found {bytes} bytes and {headers}",
                text(&self.subject),
                slot.least
            )
            .into());
        }
        Ok(place)
    }

    /// Returns the revision in the answer to a get of the current subject. Headers of the usual form are compared as a
    /// whole, because looking for each costs more than the rest of the check.
    fn revision(&self, message: &Message<'_>) -> Outcome<u64> {
        let usual = message
            .headers
            .strip_prefix(&self.expected[..])
            .and_then(|rest| rest.strip_prefix(&self.subject[..])?.strip_prefix(b"\r\nNats-Sequence: "));
        if let Some(rest) = usual {
            let end = rest.iter().position(|byte| *byte == b'\r').ok_or("a header without an end")?;
            return number(&rest[..end]);
        }
        let found = message.header(b"Nats-Subject").filter(|subject| *subject == self.subject);
        match (found, message.header(b"Nats-Sequence")) {
            (Some(_), Some(sequence)) => number(sequence),
            _ => Err(format!("the get of {} found {}", text(&self.subject), text(message.headers)).into()),
        }
    }
}

const DIRECT_GET: &[u8] = b"$JS.API.DIRECT.GET.";
const DELETED: &[u8] = b"NATS/1.0\r\nKV-Operation: DEL\r\n\r\n";
const EXPECTED: &[u8] = b"NATS/1.0\r\nNats-Expected-Last-Subject-Sequence: ";

#[cfg(test)]
mod tests;
