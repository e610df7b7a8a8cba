//! Statuses that consumers send: a status line, sometimes headers, never a body (PROTOCOL 5.5, 5.7).

use super::sink::write_decimal;
use crate::duration;
use jetkv_types::Sequence;
use std::time::Duration;

/// A status message. All but the first two end a pull request that gets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status<'a> {
    /// Nothing was delivered for a while.
    IdleHeartbeat {
        /// The last delivery.
        last_consumer: u64,
        /// How far the consumer has looked.
        last_stream: Sequence,
        /// Where an answer to flow control is awaited.
        stalled: Option<&'a str>,
    },
    /// The client is to answer, at `reply`, when it has processed what came before.
    FlowControl {
        /// Where the answer goes.
        reply: &'a str,
    },
    /// There is nothing (more), and the client does not want to wait.
    NoMessages,
    /// Others wait for what there is.
    RequestsPending,
    /// The time of the request is over.
    RequestTimeout(Unserved),
    /// The next message is larger than what the request still permits.
    MessageSizeExceedsMaxBytes(Unserved),
    /// As many messages as asked for were delivered, with bytes to spare.
    BatchCompleted(Unserved),
    /// The server stops.
    ServerShutdown(Unserved),
    /// Too many requests wait.
    ExceededMaxWaiting,
    /// More messages than the consumer permits.
    ExceededMaxRequestBatch(u64),
    /// More time than the consumer permits.
    ExceededMaxRequestExpires(Duration),
    /// More bytes than the consumer permits.
    ExceededMaxRequestMaxBytes(u64),
    /// Another client is pinned.
    PinMismatch,
    /// The pin of the request is not that of the pinned client any more.
    WrongPin(Unserved),
    /// The consumer, or its stream, is deleted.
    ConsumerDeleted,
    /// The consumer is not one to be pulled from.
    PushBased,
    /// The request makes no sense.
    BadRequest(&'a str),
    /// A message that was to be delivered cannot be read. The delivery that it would have been is counted, so that clients
    /// which count see a gap.
    RecordDamaged {
        /// Its place in the stream; the last one of a stretch that is lost.
        sequence: Sequence,
        /// Its subject, if it is known.
        subject: Option<&'a str>,
    },
}

/// What a request asked for and did not get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unserved {
    /// Messages.
    pub messages: u64,
    /// Bytes; 0 if it named no limit.
    pub bytes: u64,
}

impl Status<'_> {
    /// Returns the subject that the client answers to.
    #[must_use]
    pub fn reply(&self) -> Option<&str> {
        match self {
            Self::FlowControl { reply } => Some(reply),
            _ => None,
        }
    }

    /// Appends the whole header block.
    pub fn write_block(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(b"NATS/1.0 ");
        self.write_line(into);
        into.extend_from_slice(b"\r\n");
        match self {
            Self::IdleHeartbeat { last_consumer, last_stream, stalled } => {
                write_header("Nats-Last-Consumer", *last_consumer, into);
                write_header("Nats-Last-Stream", *last_stream, into);
                if let Some(subject) = stalled {
                    into.extend_from_slice(b"Nats-Consumer-Stalled: ");
                    into.extend_from_slice(subject.as_bytes());
                    into.extend_from_slice(b"\r\n");
                }
            }
            Self::RequestTimeout(unserved)
            | Self::MessageSizeExceedsMaxBytes(unserved)
            | Self::BatchCompleted(unserved)
            | Self::WrongPin(unserved)
            | Self::ServerShutdown(unserved) => {
                write_header("Nats-Pending-Messages", unserved.messages, into);
                write_header("Nats-Pending-Bytes", unserved.bytes, into);
            }
            Self::RecordDamaged { sequence, subject } => {
                write_header("Nats-Sequence", *sequence, into);
                if let Some(subject) = subject {
                    into.extend_from_slice(b"Nats-Subject: ");
                    into.extend_from_slice(subject.as_bytes());
                    into.extend_from_slice(b"\r\n");
                }
            }
            _ => {}
        }
        into.extend_from_slice(b"\r\n");
    }

    /// Appends code and description.
    fn write_line(&self, into: &mut Vec<u8>) {
        let text = match self {
            Self::IdleHeartbeat { .. } => "100 Idle Heartbeat",
            Self::FlowControl { .. } => "100 FlowControl Request",
            Self::NoMessages => "404 No Messages",
            Self::RequestsPending => "408 Requests Pending",
            Self::RequestTimeout(_) => "408 Request Timeout",
            Self::MessageSizeExceedsMaxBytes(_) => "409 Message Size Exceeds MaxBytes",
            Self::BatchCompleted(_) => "409 Batch Completed",
            Self::ServerShutdown(_) => "409 Server Shutdown",
            Self::ExceededMaxWaiting => "409 Exceeded MaxWaiting",
            Self::ExceededMaxRequestBatch(_) => "409 Exceeded MaxRequestBatch of ",
            Self::ExceededMaxRequestExpires(_) => "409 Exceeded MaxRequestExpires of ",
            Self::ExceededMaxRequestMaxBytes(_) => "409 Exceeded MaxRequestMaxBytes of ",
            Self::PinMismatch => "423 Nats-Pin-Id mismatch",
            Self::WrongPin(_) => "423 Nats-Wrong-Pin-Id",
            Self::ConsumerDeleted => "409 Consumer Deleted",
            Self::PushBased => "409 Consumer is push based",
            Self::BadRequest(_) => "400 Bad Request - ",
            Self::RecordDamaged { .. } => "500 Record Damaged",
        };
        into.extend_from_slice(text.as_bytes());
        match self {
            Self::ExceededMaxRequestBatch(limit) | Self::ExceededMaxRequestMaxBytes(limit) => {
                write_decimal(*limit, into);
            }
            Self::ExceededMaxRequestExpires(limit) => {
                into.extend_from_slice(duration::format(*limit).as_bytes());
            }
            Self::BadRequest(reason) => into.extend_from_slice(reason.as_bytes()),
            _ => {}
        }
    }
}

fn write_header(name: &str, number: u64, into: &mut Vec<u8>) {
    into.extend_from_slice(name.as_bytes());
    into.extend_from_slice(b": ");
    write_decimal(number, into);
    into.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
