//! What a server has to keep for those who do nothing: connections and watches.

use super::bucket::Bucket;
use super::connection::{Connection, push_publish};
use super::watch::{From, Part, consumer_config};
use super::wire::text;
use crate::Outcome;
use std::io::Write;
use std::net::SocketAddr;
use std::ops::Range;

/// Opens connections until there are `count`.
pub(super) fn connect(address: SocketAddr, connections: &mut Vec<Connection>, count: u64) -> Outcome<()> {
    while u64::try_from(connections.len())? < count {
        connections.push(Connection::open_idle(address)?);
    }
    Ok(())
}

/// What watches are on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Filters {
    /// Each on a subtree that has keys.
    Subtrees,
    /// Each on a subtree that has none and gets none.
    NoKey,
}

/// Makes watches with these numbers on one connection, and returns the connection, which keeps them.
pub(super) fn watch(bucket: &Bucket, numbers: Range<u64>, filters: Filters) -> Outcome<Connection> {
    let mut connection = Connection::open(bucket.address)?;
    write!(connection.output(), "SUB {ANSWERS}.* {ANSWERS_SID}\r\n")?;
    connection.round_trip()?;
    let (mut asked, mut answered) = (numbers.start, numbers.start);
    while answered < numbers.end {
        while asked < numbers.end.min(answered + IN_FLIGHT) {
            ask(bucket, connection.output(), asked, filters)?;
            asked += 1;
        }
        connection.flush()?;
        connection.exchange(|_, message, _| {
            if message.sid == ANSWERS_SID {
                if !message.payload.starts_with(CREATED) {
                    return Err(format!("instead of a watch came {}", text(message.payload)).into());
                }
                answered += 1;
            } else if message.status().is_none_or(|status| !status.starts_with(b"100 ")) {
                return Err("a watch of an unchanged bucket got a message".into());
            }
            Ok(())
        })?;
    }
    Ok(connection)
}

fn ask(bucket: &Bucket, out: &mut Vec<u8>, number: u64, filters: Filters) -> Outcome<()> {
    let inbox = format!("_INBOX.benchIdle00000000000000.{number}");
    let filter = match filters {
        Filters::Subtrees => format!("{}{}>", bucket.prefix, bucket.data.prefix(number % bucket.keys)),
        Filters::NoKey => format!("{}none.{number}.>", bucket.prefix),
    };
    write!(out, "SUB {inbox} {}\r\n", ANSWERS_SID + 1 + number)?;
    let subject = format!("$JS.API.CONSUMER.CREATE.{}.idle{number}.{filter}", bucket.stream);
    let reply = format!("{ANSWERS}.{number}");
    let config = consumer_config(bucket, &inbox, &filter, From::Now, Part::Whole);
    push_publish(out, &[subject.as_bytes()], reply.as_bytes(), b"", config.as_bytes());
    Ok(())
}

const ANSWERS: &str = "_INBOX.benchAnswers00000000000";
const ANSWERS_SID: u64 = 1;
const CREATED: &[u8] = b"{\"type\":\"io.nats.jetstream.api.v1.consumer_create_response\",\"stream_name\"";
const IN_FLIGHT: u64 = 50;
