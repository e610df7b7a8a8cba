//! Messages of streams: as the API shows them, as they are delivered, and the headers that go out.

use super::error::RemoteError;
use async_nats::{HeaderMap, HeaderValue};
use bytes::Bytes;
use jetkv_jetstream::{header_names as names, operation_of};
use jetkv_types::{Headers, Message, Subject, Timestamp};
use jetkv_wire::ack::AckReply;
use jetkv_wire::api::StoredMessage;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StringDeserializer};

/// Takes a message as the API shows it, header block byte for byte.
pub(super) fn stored(message: StoredMessage) -> Result<Message, RemoteError> {
    let headers = block(message.hdrs);
    Ok(Message {
        subject: subject(&message.subject)?,
        sequence: message.seq,
        time: message.time,
        operation: operation_of(&headers),
        headers,
        payload: message.data.into(),
    })
}

/// Takes a message that a consumer delivers; `reply` are its numbers.
pub(super) fn delivered(message: async_nats::Message, reply: &AckReply<'_>) -> Result<Message, RemoteError> {
    let headers = message.headers.as_ref().map(ordered).unwrap_or_default();
    Ok(Message {
        subject: subject(&message.subject)?,
        sequence: reply.stream_seq,
        time: Timestamp::from_nanos(reply.timestamp),
        operation: operation_of(&headers),
        headers,
        payload: message.payload,
    })
}

/// Takes the answer to a direct get.
pub(super) fn direct(message: async_nats::Message) -> Result<Message, RemoteError> {
    let missing = || RemoteError::unexpected("a direct get", "headers are missing");
    let map = message.headers.as_ref().ok_or_else(missing)?;
    // The server adds its headers behind those of the message, so its own ones are the last of their name.
    let last = |name: &str| map.get_all(name).last().map(HeaderValue::as_str);
    let sequence = last("Nats-Sequence").and_then(|text| text.parse().ok()).ok_or_else(missing)?;
    let time = last("Nats-Time-Stamp").and_then(|text| text.parse().ok()).ok_or_else(missing)?;
    let subject = subject(last("Nats-Subject").ok_or_else(missing)?)?;
    let pairs = pairs(map);
    let own = |name: &str| !DIRECT_HEADERS.contains(&name);
    let headers = Headers::from_pairs(pairs.into_iter().filter(|(name, _)| own(name))).unwrap_or_default();
    Ok(Message {
        subject,
        sequence,
        time,
        operation: operation_of(&headers),
        headers,
        payload: message.payload,
    })
}

/// Makes the client's headers from a block, so that it arrives byte for byte.
///
/// The client keeps headers by name, in no order, and writes value by value as they are. All lines behind the first are
/// therefore handed over as a part of the first one's value, by the one way that does not look for line breaks in it. Should the
/// client close that way, headers of different names lose their order, and nothing else.
pub(super) fn header_map(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::new();
    let mut pairs = headers.iter();
    let Some((name, value)) = pairs.next() else { return map };
    let mut lines = value.to_owned();
    for (name, value) in pairs {
        for part in ["\r\n", name, ": ", value] {
            lines.push_str(part);
        }
    }
    let as_it_is: StringDeserializer<ValueError> = lines.into_deserializer();
    match HeaderValue::deserialize(as_it_is) {
        Ok(lines) => map.insert(name, lines),
        Err(_) => headers.iter().for_each(|(name, value)| map.append(name, value)),
    }
    map
}

/// Puts headers into an order: the client has lost theirs. Names that this library writes stand where it writes them, others
/// by name; values of one name keep their order.
fn ordered(map: &HeaderMap) -> Headers {
    Headers::from_pairs(pairs(map)).unwrap_or_default()
}

fn pairs(map: &HeaderMap) -> Vec<(&str, &str)> {
    let mut pairs: Vec<(&str, &str)> = map
        .iter()
        .flat_map(|(name, values)| values.iter().map(|value| (name.as_ref(), value.as_str())))
        .collect();
    pairs.sort_by(|(left, _), (right, _)| (rank(left), left).cmp(&(rank(right), right)));
    pairs
}

fn rank(name: &str) -> u8 {
    match name {
        names::KV_OPERATION | names::MARKER_REASON => 0,
        names::ROLLUP => 1,
        names::TTL => 3,
        names::MESSAGE_SIZE => 4,
        _ => 2,
    }
}

/// Takes a header block of whoever wrote it; one that is no text or no block is mended as far as it can be.
fn block(bytes: Vec<u8>) -> Headers {
    let block = Bytes::from(bytes);
    Headers::from_block(block.clone()).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(&block);
        let lines = text.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        Headers::from_pairs(lines.map(|(name, value)| (name, value.trim()))).unwrap_or_default()
    })
}

fn subject(text: &str) -> Result<Subject, RemoteError> {
    Subject::new(text).map_err(|error| RemoteError::unexpected("a read", error))
}

/// What the server adds to the answer to a direct get (PROTOCOL 2.9).
const DIRECT_HEADERS: [&str; 6] = [
    "Nats-Stream",
    "Nats-Subject",
    "Nats-Sequence",
    "Nats-Time-Stamp",
    "Nats-Num-Pending",
    "Nats-Last-Sequence",
];

#[cfg(test)]
mod tests;
