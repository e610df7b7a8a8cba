//! Where deliveries and statuses go.

use super::decimal::{Digits, Numbers};
use super::status::Status;
use super::{ConsumerKey, Position};
use crate::Content;
use crate::header_names::MESSAGE_SIZE;
use jetkv_engine::Damage;
use jetkv_types::{Message, Sequence, Timestamp};

/// Takes what a [`super::ConsumerSet`] gives; a server writes it to connections.
///
/// A call must not call back into the set.
pub trait Sink {
    /// Hands a message to whoever listens at `delivery.to`.
    ///
    /// Anything but [`Handover::Taken`] means that nobody got it: it will be offered again.
    fn deliver(&mut self, delivery: &Delivery<'_>) -> Handover;

    /// Hands a status to whoever listens at `to`; it is lost if nobody does.
    fn status(&mut self, to: &str, status: &Status<'_>) -> Handover;

    /// Says whether anybody listens at a reply subject; requests of clients that are gone make room for others.
    fn has_interest(&mut self, subject: &str) -> bool;

    /// Reports something that others may want to know.
    fn advise(&mut self, advisory: &Advisory<'_>) {
        let _ = advisory;
    }
}

/// Whether a sink found a taker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Handover {
    /// Somebody has it.
    Taken,
    /// Nobody listens.
    NoInterest,
    /// Somebody listens and cannot take more now; [`super::ConsumerSet::resume`] or a short time later it is tried again.
    Busy,
}

/// A message on its way to a client (PROTOCOL 5.4, 5.6).
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The consumer.
    pub consumer: ConsumerKey,
    /// Where it goes: the deliver subject, or the reply of a pull request. The client sees the message's own subject.
    pub to: &'a str,
    /// The message as it is stored.
    pub message: &'a Message,
    /// Its numbers as text.
    pub(super) stamp: &'a Stamp,
    /// How much of it is delivered; with [`Content::HeadersOnly`], the header `Nats-Msg-Size` is appended.
    pub content: Content,
    /// `$JS.ACK.<stream>.<consumer>.`
    pub ack_prefix: &'a str,
    /// How often the message has been delivered, this time included.
    pub attempt: u64,
    /// The number of this delivery.
    pub consumer_seq: u64,
    /// How many messages are to come after this one.
    pub pending: u64,
    /// The pin of the client, for a header `Nats-Pin-Id` that is appended.
    pub pin: Option<&'a str>,
}

/// What every acknowledgement subject of a message says of it, as text: made once for all consumers that get it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    sequence: Digits,
    time: Digits,
}

impl Stamp {
    pub(super) const EMPTY: Self = Self { sequence: Digits::NONE, time: Digits::NONE };

    pub(super) fn of(message: &Message) -> Self {
        Self { sequence: Digits::of(message.sequence), time: Digits::of(message.time.as_nanos()) }
    }
}

impl Delivery<'_> {
    /// Appends the reply subject, by which the client acknowledges and learns the figures.
    pub fn write_ack_subject(&self, into: &mut Vec<u8>) {
        let mut numbers = Numbers::new();
        numbers.put(self.attempt);
        numbers.put_point();
        numbers.put_digits(&self.stamp.sequence);
        numbers.put_point();
        numbers.put(self.consumer_seq);
        numbers.put_point();
        numbers.put_digits(&self.stamp.time);
        numbers.put_point();
        numbers.put(self.pending);
        into.extend_from_slice(self.ack_prefix.as_bytes());
        into.extend_from_slice(numbers.text());
    }

    /// Returns the length of the reply subject.
    #[must_use]
    pub fn ack_subject_len(&self) -> usize {
        let digits: usize = self.ack_numbers().into_iter().map(decimal_len).sum();
        self.ack_prefix.len() + digits + 4
    }

    /// Returns the bytes that limits count: subject, reply, headers and body, as the client gets them.
    #[must_use]
    pub fn counted_bytes(&self) -> u64 {
        let headers = self.message.headers.as_block().len();
        let payload = self.message.payload.len();
        let content = match self.content {
            Content::Full => headers + payload,
            Content::HeadersOnly => {
                // `Name: size` and a line end, in a block that is made if there is none.
                let line = MESSAGE_SIZE.len() + 2 + decimal_len(widen(payload)) + 2;
                line + if headers == 0 { EMPTY_BLOCK } else { headers }
            }
        };
        widen(self.message.subject.as_bytes().len() + self.ack_subject_len() + content)
    }

    fn ack_numbers(&self) -> [u64; 5] {
        let time = self.message.time.as_nanos();
        [self.attempt, self.message.sequence, self.consumer_seq, time, self.pending]
    }
}

/// Something that happened to a consumer, for advisories and logs (PROTOCOL 2.2).
#[derive(Debug)]
pub enum Advisory<'a> {
    /// The consumer was away for too long and is deleted.
    Abandoned {
        /// The consumer.
        consumer: ConsumerKey,
        /// Its name.
        name: &'a str,
        /// Whether it may be stored.
        is_kept: bool,
    },
    /// A message was delivered as often as allowed.
    MaxDeliveries {
        /// The consumer's name.
        name: &'a str,
        /// The message.
        stream_seq: Sequence,
        /// How often.
        deliveries: u64,
    },
    /// A client refused a message.
    Naked {
        /// The consumer's name.
        name: &'a str,
        /// The delivery.
        at: Position,
        /// How often it was delivered.
        deliveries: u64,
    },
    /// A client gave a message up.
    Terminated {
        /// The consumer's name.
        name: &'a str,
        /// The delivery.
        at: Position,
        /// How often it was delivered.
        deliveries: u64,
        /// What the client said.
        reason: &'a str,
    },
    /// An ack that is part of the sample.
    Acknowledged {
        /// The consumer's name.
        name: &'a str,
        /// The delivery.
        at: Position,
        /// How often it was delivered.
        deliveries: u64,
        /// When it was delivered last.
        delivered: Timestamp,
    },
    /// A client was pinned.
    Pinned {
        /// The consumer's name.
        name: &'a str,
        /// The group of the client.
        group: &'a str,
        /// The pin.
        id: &'a str,
    },
    /// No client is pinned any more.
    Unpinned {
        /// The consumer's name.
        name: &'a str,
        /// The group.
        group: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// A pause is over.
    Resumed {
        /// The consumer's name.
        name: &'a str,
    },
    /// Messages that the consumer may have wanted cannot be read; it goes on behind them.
    Lost {
        /// The consumer's name.
        name: &'a str,
        /// What is damaged.
        damage: &'a Damage,
    },
}

/// Appends a number in decimal.
pub(super) fn write_decimal(number: u64, into: &mut Vec<u8>) {
    into.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn decimal_len(number: u64) -> usize {
    let digits = number.checked_ilog10().map_or(1, |log| log + 1);
    usize::try_from(digits).unwrap_or_default()
}

fn widen(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// `NATS/1.0`, a line end, and an empty line.
const EMPTY_BLOCK: usize = 12;

#[cfg(test)]
mod tests;
