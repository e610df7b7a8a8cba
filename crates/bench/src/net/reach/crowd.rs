//! Many watches on few connections, each of a part of the bucket that is its own, and what they get.

use crate::Outcome;
use crate::net::connection::{Connection, push_publish};
use crate::net::wire::text;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

/// Connections with so many watches each.
pub(super) struct Crowd {
    connections: Vec<Connection>,
    watches_each: u64,
}

impl Crowd {
    /// Makes `count` watches.
    pub(super) fn gather(address: SocketAddr, count: u64) -> Outcome<Self> {
        let watches_each = count / CONNECTIONS;
        let connections = (0..CONNECTIONS)
            .map(|connection| open(address, connection * watches_each, watches_each))
            .collect::<Outcome<_>>()?;
        Ok(Self { connections, watches_each })
    }

    /// Reads until every watch has its events, and fails if one gets any others; returns how many watches have all.
    pub(super) fn collect(&mut self) -> Outcome<u64> {
        let mut complete = 0;
        for (number, connection) in (0..).zip(&mut self.connections) {
            let first = number * self.watches_each;
            let mut seen = vec![0; usize::try_from(self.watches_each)?];
            let mut missing = self.watches_each * u64::try_from(EVENTS.len())?;
            while missing > 0 {
                connection.exchange(|_, message, _| {
                    let watch =
                        message.sid.checked_sub(WATCH_SID).ok_or("an answer that nobody asked for")?;
                    let slot = seen.get_mut(usize::try_from(watch)?).ok_or("a watch that nobody made")?;
                    let event = EVENTS.get(*slot).ok_or("a watch got an event too many")?;
                    let expected = format!("{PREFIX}w{}.{event}", first + watch);
                    if message.subject != expected.as_bytes() || message.payload != event.as_bytes() {
                        return Err(format!("{} came instead of {expected}", text(message.subject)).into());
                    }
                    *slot += 1;
                    missing -= 1;
                    Ok(())
                })?;
            }
            // Fails if another message comes.
            connection.round_trip()?;
            complete += self.watches_each;
        }
        Ok(complete)
    }
}

/// Writes all events of the first `count` watches.
pub(super) fn write(address: SocketAddr, count: u64) -> Outcome<()> {
    let mut writer = Connection::open(address)?;
    write!(writer.output(), "SUB {ACKS} 1\r\n")?;
    writer.round_trip()?;
    for event in EVENTS {
        let (mut sent, mut acked) = (0, 0);
        while acked < count {
            while sent < count.min(acked + IN_FLIGHT) {
                let subject = format!("{PREFIX}w{sent}.{event}");
                let payload = event.as_bytes();
                push_publish(writer.output(), &[subject.as_bytes()], ACKS.as_bytes(), b"", payload);
                sent += 1;
            }
            writer.flush()?;
            writer.exchange(|_, message, _| {
                acked += 1;
                let refused = message.payload.starts_with(b"{\"error\"");
                if refused { Err(text(message.payload).into()) } else { Ok(()) }
            })?;
        }
    }
    Ok(())
}

/// Makes a connection with the watches from `first` on.
pub(super) fn open(address: SocketAddr, first: u64, count: u64) -> Outcome<Connection> {
    let mut connection = Connection::open_idle(address)?;
    write!(connection.output(), "SUB {ANSWERS}.{first} {ANSWERS_SID}\r\n")?;
    let (mut asked, mut answered) = (0, 0);
    while answered < count {
        while asked < count.min(answered + IN_FLIGHT) {
            ask(connection.output(), first, asked)?;
            asked += 1;
        }
        connection.flush()?;
        connection.exchange(|_, message, _| {
            answered += 1;
            let created = message.payload.windows(CREATED.len()).any(|part| part == CREATED);
            if created {
                Ok(())
            } else {
                Err(format!("instead of a watch came {}", text(message.payload)).into())
            }
        })?;
    }
    Ok(connection)
}

fn ask(out: &mut Vec<u8>, first: u64, number: u64) -> Outcome<()> {
    let (watch, threshold) = (first + number, THRESHOLD.as_nanos());
    let inbox = format!("_INBOX.reach.{watch}");
    write!(out, "SUB {inbox} {}\r\n", WATCH_SID + number)?;
    let config = format!(
        "{{\"stream_name\":\"{STREAM}\",\"config\":{{\"deliver_policy\":\"new\",\"ack_policy\":\"none\",\"max_deliver\":1,\
        \"filter_subject\":\"{PREFIX}w{watch}.>\",\"deliver_subject\":\"{inbox}\",\"inactive_threshold\":{threshold},\
        \"num_replicas\":1,\"mem_storage\":true}}}}"
    );
    let subject = format!("$JS.API.CONSUMER.CREATE.{STREAM}");
    push_publish(out, &[subject.as_bytes()], format!("{ANSWERS}.{first}").as_bytes(), b"", config.as_bytes());
    Ok(())
}

/// Connections of a crowd.
pub(super) const CONNECTIONS: u64 = 100;
/// How long a watch lives without a client.
pub(super) const THRESHOLD: Duration = Duration::from_secs(5);
pub(super) const STREAM: &str = "KV_reach";
pub(super) const BUCKET: &str = "reach";
const PREFIX: &str = "$KV.reach.";
/// What each watch gets, in this order.
const EVENTS: [&str; 2] = ["first", "second"];
const ANSWERS: &str = "_INBOX.reachAnswers";
const ACKS: &str = "_INBOX.reachAcks";
const ANSWERS_SID: u64 = 1;
const WATCH_SID: u64 = 2;
const IN_FLIGHT: u64 = 50;
const CREATED: &[u8] = b"\"deliver_subject\"";
