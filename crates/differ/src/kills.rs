//! `kill -9` under load: whatever was acknowledged is there after the restart, where the acknowledgement said.

use crate::DifferError;
use compat::{Launch, Program, Server};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Display};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use testkit::Rng;
use testkit::nats::{Client, DEFAULT_CONNECT, Request};

/// How hard a server is tried.
#[derive(Debug, Clone, Copy)]
pub struct KillPlan {
    /// How many connections write.
    pub writers: u64,
    /// How often the server is killed.
    pub kills: u64,
    /// How many puts each connection keeps under way.
    pub in_flight: usize,
    /// What the pauses between kills, the keys and the sizes are made of.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct KillReport {
    /// How often the server was killed.
    pub kills: u64,
    /// How many puts were acknowledged; all of them were found again.
    pub acked: usize,
    /// How many messages were there that nobody had been told of.
    pub unacked: usize,
}

/// A put that was acknowledged: its sequence, subject and body.
type Acked = (u64, String, String);

impl KillPlan {
    /// Writes, kills, restarts and reads back, as often as planned.
    ///
    /// # Errors
    /// [`DifferError::Broken`] if an acknowledged put is not there, or a sequence was given twice; those of the server.
    pub fn run(&self, program: &Program, launch: &Launch) -> Result<KillReport, DifferError> {
        let mut server = program.launch(launch)?;
        let mut rng = Rng::new(self.seed);
        create_stream(&server)?;
        let mut acked: BTreeMap<u64, (String, String)> = BTreeMap::new();
        for round in 0..self.kills {
            for (seq, subject, body) in self.write_until_killed(&mut server, round, &mut rng)? {
                if let Some(other) = acked.insert(seq, (subject.clone(), body.clone())) {
                    return Err(broken(format!("{seq} was given to {subject} {body} after {other:?}")));
                }
            }
            check(&server, &acked)?;
        }
        let stored = check(&server, &acked)?;
        Ok(KillReport { kills: self.kills, acked: acked.len(), unacked: stored - acked.len() })
    }

    /// Lets all writers write, kills the server after a while and starts it again; returns what was acknowledged.
    fn write_until_killed(
        &self,
        server: &mut Server,
        round: u64,
        rng: &mut Rng,
    ) -> Result<Vec<Acked>, DifferError> {
        let address = server.address().to_string();
        let (is_over, count) = (AtomicBool::new(false), AtomicU64::new(0));
        let seeds: Vec<_> = (0..self.writers).map(|_| rng.next_u64()).collect();
        let pause = Duration::from_millis(20 + rng.below(200));
        let mut acked = Vec::new();
        std::thread::scope(|scope| {
            let mut writers = Vec::new();
            for (writer, seed) in seeds.into_iter().enumerate() {
                let (address, is_over, count) = (&address, &is_over, &count);
                let name = format!("{round}.{writer}");
                writers.push(scope.spawn(move || self.write(address, &name, seed, is_over, count)));
            }
            std::thread::sleep(pause);
            // A kill before anything was acknowledged shows nothing; a server that syncs each put may be slow.
            for _ in 0..WAITS_MAX {
                if count.load(Ordering::SeqCst) > ACKS_MIN {
                    break;
                }
                std::thread::sleep(WAIT);
            }
            server.kill();
            is_over.store(true, Ordering::SeqCst);
            for writer in writers {
                // A writer does not panic; if it did, its puts would only be missing from the check.
                acked.extend(writer.join().unwrap_or_default());
            }
        });
        server.kill_and_restart()?;
        Ok(acked)
    }

    /// Puts numbered values until the connection ends; returns those that were acknowledged.
    fn write(
        &self,
        address: &str,
        name: &str,
        seed: u64,
        is_over: &AtomicBool,
        count: &AtomicU64,
    ) -> Vec<Acked> {
        let mut rng = Rng::new(seed);
        let mut acked = Vec::new();
        let Ok(mut client) = Client::connect(address, DEFAULT_CONNECT) else { return acked };
        let mut waiting = VecDeque::new();
        for number in 0_u64.. {
            let subject = format!("log.{}", rng.below(KEYS));
            let filling = "x".repeat(rng.index(300));
            let body = format!("{name}.{number} {filling}");
            let headers: &[u8] = if rng.chance(1, 4) { b"NATS/1.0\r\nA: b\r\n\r\n" } else { b"" };
            let Ok(reply) = client.begin(&subject, Request { headers, payload: body.as_bytes() }) else {
                break;
            };
            waiting.push_back((reply, subject, body));
            if waiting.len() < self.in_flight {
                continue;
            }
            if !take_ack(&mut client, &mut waiting, &mut acked) || is_over.load(Ordering::SeqCst) {
                break;
            }
            count.fetch_add(1, Ordering::SeqCst);
        }
        // Acknowledgements that are already on their way count too.
        while take_ack(&mut client, &mut waiting, &mut acked) {}
        acked
    }
}

/// Waits for the oldest acknowledgement; returns whether there was one.
fn take_ack(
    client: &mut Client,
    waiting: &mut VecDeque<(String, String, String)>,
    acked: &mut Vec<Acked>,
) -> bool {
    let Some((reply, subject, body)) = waiting.pop_front() else { return false };
    let Ok(answer) = client.answer(&reply) else { return false };
    if let Some(seq) = sequence(&answer.payload) {
        acked.push((seq, subject, body));
    }
    true
}

/// Returns the sequence that an acknowledgement names; `None` for a refusal.
pub(crate) fn sequence(ack: &[u8]) -> Option<u64> {
    let ack: serde_json::Value = serde_json::from_slice(ack).ok()?;
    ack.get("error").is_none().then(|| ack["seq"].as_u64()).flatten()
}

fn create_stream(server: &Server) -> Result<(), DifferError> {
    let config = r#"{"name":"LOG","subjects":["log.>"],"allow_direct":true,"num_replicas":1}"#;
    let answer = connect(server)?.request("$JS.API.STREAM.CREATE.LOG", config);
    let answer = answer.map_err(|error| broken(format!("cannot create the stream: {error}")))?;
    match String::from_utf8_lossy(&answer.payload) {
        text if text.contains("\"error\"") => Err(broken(format!("cannot create the stream: {text}"))),
        _ => Ok(()),
    }
}

pub(crate) fn connect(server: &Server) -> Result<Client, DifferError> {
    Client::connect(&server.address().to_string(), DEFAULT_CONNECT).map_err(|source| {
        DifferError::Connection { what: "connect", side: server.program().name().to_owned(), source }
    })
}

/// Reads the whole stream and looks for everything that was acknowledged; returns how many messages there are.
fn check(server: &Server, acked: &BTreeMap<u64, (String, String)>) -> Result<usize, DifferError> {
    let mut client = connect(server)?;
    let stored = read_all(&mut client, "LOG")?;
    for (seq, expected) in acked {
        let found = stored.get(seq).map(|(subject, _, body)| (subject.clone(), body.clone()));
        if found.as_ref() != Some(expected) {
            return Err(broken(format!("acknowledged: {seq} {expected:?}; found {found:?}")));
        }
    }
    Ok(stored.len())
}

/// A stored message: subject, header block, body.
pub type Stored = (String, String, String);

/// Reads every message of a stream by batched direct gets.
pub(crate) fn read_all(client: &mut Client, stream: &str) -> Result<BTreeMap<u64, Stored>, DifferError> {
    let mut stored = BTreeMap::new();
    let failed = |error: std::io::Error| broken(format!("cannot read {stream}: {error}"));
    let inbox = format!("_INBOX.read.{stream}");
    client.subscribe(&inbox, None, "read").map_err(failed)?;
    let mut from = 1;
    loop {
        let body = format!("{{\"batch\":1000,\"seq\":{from}}}");
        let subject = format!("$JS.API.DIRECT.GET.{stream}");
        client.publish(&subject, Some(&inbox), body.as_str().into()).map_err(failed)?;
        loop {
            let message = client.next_message("read", READ_LIMIT).map_err(failed)?;
            let message =
                message.ok_or_else(|| broken(format!("{stream}: the batch from {from} does not end")))?;
            match message.status() {
                Some(status)
                    if status.starts_with("204")
                        && message.header("Nats-Num-Pending").as_deref() != Some("0") =>
                {
                    break;
                }
                Some(status) if status.starts_with("204") || status.starts_with("404") => {
                    client.unsubscribe("read", None).map_err(failed)?;
                    return Ok(stored);
                }
                Some(status) => return Err(broken(format!("cannot read {stream}: {status}"))),
                None => {}
            }
            let seq = message.header("Nats-Sequence").and_then(|seq| seq.parse().ok());
            let seq: u64 = seq.ok_or_else(|| broken(format!("no sequence in {message:?}")))?;
            let subject = message.header("Nats-Subject").unwrap_or_default();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let headers = message.headers.as_deref().map(text).unwrap_or_default();
            stored.insert(seq, (subject, headers, text(&message.payload)));
            from = seq + 1;
        }
    }
}

pub(crate) fn broken(text: String) -> DifferError {
    DifferError::Broken(text)
}

impl Display for KillReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, acked, unacked } = self;
        write!(formatter, "{kills} kills, {acked} acknowledged puts, none lost; {unacked} more were stored")
    }
}

const ACKS_MIN: u64 = 50;
const WAITS_MAX: usize = 1000;
const WAIT: Duration = Duration::from_millis(5);
const KEYS: u64 = 20;
const READ_LIMIT: Duration = Duration::from_secs(10);
