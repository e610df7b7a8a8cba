//! A watch as official clients make it: an ordered push consumer with flow control and heartbeats.

use super::bucket::Bucket;
use super::connection::{Connection, push_publish};
use super::wire::{Delivery, Message, json_number, number, text};
use crate::Outcome;
use std::io::Write;
use std::time::{Duration, Instant};

/// Where a watch begins.
#[derive(Debug, Clone, Copy)]
pub(super) enum From {
    /// With the newest value of every key.
    Newest,
    /// With what comes after it was made.
    Now,
}

/// How much of each message comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Headers and value.
    Whole,
    /// Headers, with the length of the value among them.
    HeadersOnly,
}

/// A watch with a connection of its own.
#[derive(Debug)]
pub(super) struct Watch {
    connection: Connection,
    consumer: String,
    prefix: Vec<u8>,
    received: u64,
    received_at: Instant,
    /// Messages that were waiting when it was made.
    pub(super) initial: u64,
}

impl Watch {
    /// Makes a watch called `name` on the keys that match `filter`. `control` carries the requests.
    pub(super) fn open(
        bucket: &Bucket,
        control: &mut Connection,
        name: &str,
        filter: &str,
        from: From,
        part: Part,
    ) -> Outcome<Self> {
        let mut connection = Connection::open(bucket.address)?;
        let inbox = format!("_INBOX.benchWatch0000000000000.{name}");
        write!(connection.output(), "SUB {inbox} 1\r\n")?;
        connection.round_trip()?;
        let subject = format!("{filter_prefix}{filter}", filter_prefix = bucket.prefix);
        let config = consumer_config(bucket, &inbox, &subject, from, part);
        let answer = control
            .request(&format!("$JS.API.CONSUMER.CREATE.{}.{name}.{subject}", bucket.stream), &config)?;
        Ok(Self {
            connection,
            consumer: format!("{}.{name}", bucket.stream),
            prefix: bucket.prefix.clone().into_bytes(),
            received: 0,
            received_at: Instant::now(),
            initial: json_number(&answer, "num_pending")?,
        })
    }

    /// Waits for what comes next, hands out every message of the bucket with its key, and answers flow control.
    pub(super) fn receive(
        &mut self,
        mut handle: impl FnMut(Instant, &[u8], &Message<'_>, Delivery) -> Outcome<()>,
    ) -> Outcome<()> {
        let (received, received_at, prefix) = (&mut self.received, &mut self.received_at, &self.prefix);
        self.connection.exchange(|now, message, out| {
            if let Some(status) = message.status() {
                if now.saturating_duration_since(*received_at) > QUIET_MAX {
                    return Err(format!("after {received} deliveries only heartbeats come").into());
                }
                return control_message(message, status, *received, out);
            }
            let delivery = Delivery::parse(message.reply)?;
            *received += 1;
            *received_at = now;
            if delivery.consumer_sequence != *received {
                let wanted = *received;
                return Err(
                    format!("delivery {} came instead of {wanted}", delivery.consumer_sequence).into()
                );
            }
            let key = message.subject.strip_prefix(&prefix[..]);
            handle(now, key.ok_or("a message of another bucket")?, message, delivery)
        })
    }

    /// Ends the watch.
    pub(super) fn close(self, control: &mut Connection) -> Outcome<()> {
        drop(self.connection);
        control.request(&format!("$JS.API.CONSUMER.DELETE.{}", self.consumer), "")?;
        Ok(())
    }
}

/// Returns the body of a request for a consumer like that of a watch in official clients.
pub(super) fn consumer_config(bucket: &Bucket, inbox: &str, filter: &str, from: From, part: Part) -> String {
    let policy = match from {
        From::Newest => "last_per_subject",
        From::Now => "new",
    };
    let headers_only = part == Part::HeadersOnly;
    format!(
        "{{\"stream_name\":\"{}\",\"config\":{{\"deliver_policy\":\"{policy}\",\"ack_policy\":\"none\",\
        \"ack_wait\":79200000000000,\"max_deliver\":1,\"filter_subject\":\"{filter}\",\"replay_policy\":\"instant\",\
        \"flow_control\":true,\"idle_heartbeat\":5000000000,\"headers_only\":{headers_only},\
        \"deliver_subject\":\"{inbox}\",\"num_replicas\":1,\"mem_storage\":true}}}}",
        bucket.stream
    )
}

fn control_message(message: &Message<'_>, status: &[u8], received: u64, out: &mut Vec<u8>) -> Outcome<()> {
    if status.starts_with(b"100 Flow") && !message.reply.is_empty() {
        push_publish(out, &[message.reply], b"", b"", b"");
        return Ok(());
    }
    if !status.starts_with(b"100 Idle") {
        return Err(format!("a watch ends with {}", text(status)).into());
    }
    let last = number(message.header(b"Nats-Last-Consumer").ok_or("a heartbeat without a position")?)?;
    if last != received {
        return Err(format!("the heartbeat says {last} deliveries, {received} came").into());
    }
    if let Some(stalled) = message.header(b"Nats-Consumer-Stalled") {
        push_publish(out, &[stalled], b"", b"", b"");
    }
    Ok(())
}

/// Whoever waits for a message so long waits for one that does not come.
const QUIET_MAX: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    fn control(headers: &[u8], reply: &[u8], received: u64) -> Outcome<String> {
        let message = Message { subject: b"inbox", sid: 1, reply, headers, payload: b"" };
        let mut out = Vec::new();
        control_message(&message, message.status().unwrap(), received, &mut out)?;
        Ok(text(&out))
    }

    #[test]
    fn flow_control_is_answered_and_gaps_are_seen() {
        let flow = b"NATS/1.0 100 FlowControl Request\r\n\r\n";
        assert_eq!(control(flow, b"$JS.FC.s.c.x", 3).unwrap(), "PUB $JS.FC.s.c.x 0\r\n\r\n");
        let idle = b"NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 3\r\nNats-Last-Stream: 5\r\n\r\n";
        assert_eq!(control(idle, b"", 3).unwrap(), "");
        assert!(control(idle, b"", 2).is_err());
        let stalled = b"NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 3\r\nNats-Consumer-Stalled: $JS.FC.a\r\n\r\n";
        assert_eq!(control(stalled, b"", 3).unwrap(), "PUB $JS.FC.a 0\r\n\r\n");
        assert!(control(b"NATS/1.0 409 Consumer Deleted\r\n\r\n", b"", 3).is_err());
    }
}
