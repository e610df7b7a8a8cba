//! A watcher as official clients make one: an ordered consumer that begins anew behind what it has seen whenever
//! something is missing.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use testkit::Rng;
use testkit::nats::{Client, DEFAULT_CONNECT, Frame, Message};

/// What a watcher asks for, and how it behaves.
#[derive(Debug, Clone)]
pub(super) struct Habits {
    number: u64,
    /// `all` or `last_per_subject`.
    pub(super) policy: &'static str,
    /// Below the bucket's subjects.
    pub(super) filter: &'static str,
    has_flow_control: bool,
    /// The subscription comes after the consumer.
    subscribes_late: bool,
    /// It stops reading after so many messages, now and then.
    dozes_after: Option<usize>,
    /// It drops its connection after so many messages.
    leaves_after: Option<usize>,
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) seq: u64,
    pub(super) subject: String,
    pub(super) size: usize,
    /// How many matching messages were still to come.
    pub(super) pending: u64,
}

/// Everything that a watcher saw.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) events: Vec<Seen>,
    /// How many messages the first consumer said were there when it was created.
    pub(super) initial: Option<u64>,
    /// How many events came before the watcher first began anew.
    pub(super) before_resuming: usize,
    pub(super) resumed: usize,
    /// Why it gave up, if it did.
    pub(super) fault: Option<String>,
}

pub(super) struct Follower<'a> {
    address: &'a str,
    bucket: &'a str,
    habits: &'a Habits,
    is_up: &'a AtomicBool,
    /// The sequence at which it is done, once that is known.
    last: &'a AtomicU64,
    /// How many watchers have their first consumer.
    created: &'a AtomicU64,
    account: Account,
    incarnations: u64,
}

/// Why an ordered consumer ended.
enum End {
    /// Everything was seen.
    Done,
    /// Something is missing, or the watcher left.
    Anew,
}

impl Habits {
    pub(super) fn draw(rng: &mut Rng, number: u64) -> Self {
        Self {
            number,
            policy: *rng.pick(&["all", "last_per_subject"]),
            filter: *rng.pick(&[">", ">", "c.*", "a"]),
            has_flow_control: rng.chance(2, 3),
            subscribes_late: rng.chance(1, 2),
            dozes_after: rng.chance(1, 2).then(|| 1 + rng.index(80)),
            leaves_after: rng.chance(1, 3).then(|| 20 + rng.index(120)),
        }
    }
}

#[cfg(test)]
impl Habits {
    /// Returns the habits of a watcher that causes no trouble.
    pub(super) fn simple(policy: &'static str, filter: &'static str) -> Self {
        Self {
            number: 0,
            policy,
            filter,
            has_flow_control: false,
            subscribes_late: false,
            dozes_after: None,
            leaves_after: None,
        }
    }
}

impl<'a> Follower<'a> {
    pub(super) fn new(
        address: &'a str,
        bucket: &'a str,
        habits: &'a Habits,
        is_up: &'a AtomicBool,
        last: &'a AtomicU64,
        created: &'a AtomicU64,
    ) -> Self {
        Self { address, bucket, habits, is_up, last, created, account: Account::default(), incarnations: 0 }
    }

    pub(super) fn follow(mut self) -> Account {
        let begun = Instant::now();
        while begun.elapsed() < LIMIT {
            if !self.is_up.load(Ordering::SeqCst) {
                std::thread::sleep(PAUSE);
                continue;
            }
            // Faults of the connection are what this is about; they only mean to begin anew.
            match self.once() {
                Ok(End::Done) => {
                    if self.account.resumed == 0 {
                        self.account.before_resuming = self.account.events.len();
                    }
                    return self.account;
                }
                Ok(End::Anew) => {}
                Err(_) => std::thread::sleep(PAUSE),
            }
            if self.account.resumed == 0 {
                self.account.before_resuming = self.account.events.len();
            }
            self.account.resumed += 1;
        }
        self.account.fault = Some(format!("not done after {} s", LIMIT.as_secs()));
        self.account
    }

    /// Creates a consumer behind what was seen, and reads what it delivers.
    fn once(&mut self) -> io::Result<End> {
        let mut client = Client::connect(self.address, DEFAULT_CONNECT)?;
        self.incarnations += 1;
        let name = format!("f{}x{}", self.habits.number, self.incarnations);
        // Consumers of earlier buckets live on for a while, and deliver to whoever listens where they do.
        let deliver = format!("_INBOX.follow.{}.{name}", self.bucket);
        if !self.habits.subscribes_late {
            client.subscribe(&deliver, None, "d")?;
        }
        let stream = format!("KV_{}", self.bucket);
        let filter = format!("$KV.{}.{}", self.bucket, self.habits.filter);
        let request = self.request(&stream, &filter, &deliver);
        let answer =
            client.request(&format!("$JS.API.CONSUMER.CREATE.{stream}.{name}.{filter}"), request.as_str())?;
        let created: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap_or_default();
        let Some(pending) = created["num_pending"].as_u64() else {
            return Err(io::Error::other(format!("no consumer: {created}")));
        };
        if self.account.initial.replace(self.account.initial.unwrap_or(pending)).is_none() {
            self.created.fetch_add(1, Ordering::SeqCst);
        }
        if self.habits.subscribes_late {
            client.subscribe(&deliver, None, "d")?;
        }
        self.read(&mut client, pending)
    }

    fn request(&self, stream: &str, filter: &str, deliver: &str) -> String {
        let start = match self.account.events.last() {
            None if self.account.initial.is_none() => {
                format!("\"deliver_policy\":\"{}\"", self.habits.policy)
            }
            seen => {
                let next = seen.map_or(1, |seen| seen.seq + 1);
                format!("\"deliver_policy\":\"by_start_sequence\",\"opt_start_seq\":{next}")
            }
        };
        let flow = if self.habits.has_flow_control { ",\"flow_control\":true" } else { "" };
        format!(
            "{{\"stream_name\":\"{stream}\",\"config\":{{{start},\"ack_policy\":\"none\",\"max_deliver\":1,\"mem_storage\":true,\"num_replicas\":1,\"filter_subject\":\"{filter}\",\"deliver_subject\":\"{deliver}\",\"idle_heartbeat\":{HEARTBEAT_NS}{flow}}}}}"
        )
    }

    fn read(&mut self, client: &mut Client, pending: u64) -> io::Result<End> {
        let (mut expected, mut read, mut left) = (1, 0_usize, pending);
        loop {
            // Nothing for this long means that heartbeats are missing too.
            let Some(frame) = client.next(SILENCE)? else { return Ok(End::Anew) };
            let Frame::Message(message) = frame else { continue };
            if let Some(status) = message.status() {
                if let Some(reply) = message.reply.as_deref().or(stalled(&message).as_deref()) {
                    client.publish(&String::from_utf8_lossy(reply), None, "".into())?;
                }
                let consumer =
                    message.header("Nats-Last-Consumer").and_then(|number| number.parse::<u64>().ok());
                if status.starts_with("100 Idle") && consumer.is_some_and(|number| number + 1 != expected) {
                    return Ok(End::Anew);
                }
                if left == 0 && self.is_done(&message) {
                    return Ok(End::Done);
                }
                continue;
            }
            let Some((consumer_seq, seen)) = delivery(&message) else {
                return Err(io::Error::other(format!("no delivery: {message:?}")));
            };
            if consumer_seq != expected {
                return Ok(End::Anew);
            }
            expected += 1;
            read += 1;
            left = seen.pending;
            self.account.events.push(seen);
            if self.habits.dozes_after.is_some_and(|after| read % after == 0) {
                std::thread::sleep(DOZE);
            }
            if self.habits.leaves_after.is_some_and(|after| read == after) {
                return Ok(End::Anew);
            }
        }
    }

    /// Returns whether the heartbeat says that the consumer has looked at the last message.
    fn is_done(&self, heartbeat: &Message) -> bool {
        let at = heartbeat.header("Nats-Last-Stream").and_then(|number| number.parse::<u64>().ok());
        at.is_some_and(|at| at >= self.last.load(Ordering::SeqCst))
    }
}

fn stalled(message: &Message) -> Option<Vec<u8>> {
    message.header("Nats-Consumer-Stalled").map(String::into_bytes)
}

/// Reads the reply subject of a delivery: the consumer's sequence, and what was seen.
fn delivery(message: &Message) -> Option<(u64, Seen)> {
    let reply = String::from_utf8_lossy(message.reply.as_deref()?).into_owned();
    let words: Vec<&str> = reply.split('.').collect();
    let ["$JS", "ACK", _, _, _, seq, consumer_seq, _, pending] = words.as_slice() else { return None };
    let seen = Seen {
        seq: seq.parse().ok()?,
        subject: String::from_utf8_lossy(&message.subject).into_owned(),
        size: message.payload.len(),
        pending: pending.parse().ok()?,
    };
    Some((consumer_seq.parse().ok()?, seen))
}

const HEARTBEAT_NS: u64 = 150_000_000;
const SILENCE: Duration = Duration::from_millis(1500);
const DOZE: Duration = Duration::from_millis(40);
const PAUSE: Duration = Duration::from_millis(5);
const LIMIT: Duration = Duration::from_secs(60);
