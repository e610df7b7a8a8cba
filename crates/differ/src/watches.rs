//! Watches under trouble: the initial set exact, then everything in order, none twice, none missing, through slow
//! reading, lost connections and killed servers.
//!
//! The bucket keeps every revision, so what a watcher must have seen is exactly what the bucket holds.

mod follower;
mod judge;

use crate::DifferError;
use crate::kills::{broken, connect, read_all};
use compat::{Launch, Program, Server};
use follower::{Follower, Habits};
use std::fmt::{self, Display};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use testkit::Rng;
use testkit::nats::{Client, DEFAULT_CONNECT, Request};

/// How many rounds; each has another mix of trouble.
#[derive(Debug, Clone, Copy)]
pub struct WatchPlan {
    /// How many rounds.
    pub rounds: u64,
    /// What they are made of.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct WatchReport {
    /// How many watchers were followed.
    pub watchers: usize,
    /// How many events they saw; all of them right.
    pub events: usize,
    /// How often a watcher began anew where it had been.
    pub resumed: usize,
    /// How often the server was killed.
    pub kills: usize,
}

impl WatchPlan {
    /// Runs the rounds and judges what each watcher saw.
    ///
    /// # Errors
    /// [`DifferError::Broken`] with the first event that is wrong or missing; those of the server.
    pub fn run(&self, program: &Program, launch: &Launch) -> Result<WatchReport, DifferError> {
        let mut server = program.launch(launch)?;
        let mut rng = Rng::new(self.seed);
        let mut report = WatchReport::default();
        for round in 0..self.rounds {
            self.round(&mut server, round, &mut rng, &mut report)
                .map_err(|error| broken(format!("seed {} round {round}: {error}", self.seed)))?;
        }
        Ok(report)
    }

    fn round(
        &self,
        server: &mut Server,
        round: u64,
        rng: &mut Rng,
        report: &mut WatchReport,
    ) -> Result<(), DifferError> {
        let bucket = format!("w{round}");
        let address = server.address().to_string();
        create_bucket(server, &bucket)?;
        let before = rng.below(60);
        put(&mut connect(server)?, &bucket, before, &mut rng.fork(), &AtomicBool::new(true))?;
        let kills = round % 2 == 1;
        let habits: Vec<_> = (0..WATCHERS).map(|number| Habits::draw(rng, number)).collect();
        let (is_up, last, created) = (AtomicBool::new(true), AtomicU64::new(u64::MAX), AtomicU64::new(0));
        let mut wrote = Ok(());
        let mut restarted = Ok(());
        let seen = std::thread::scope(|scope| {
            let mut threads = Vec::new();
            for habits in &habits {
                let (address, bucket, is_up, last, created) = (&address, &bucket, &is_up, &last, &created);
                let follower = Follower::new(address, bucket, habits, is_up, last, created);
                threads.push(scope.spawn(move || follower.follow()));
            }
            // What is written from here on comes when every watcher has its first consumer.
            for _ in 0..TRIES {
                if created.load(Ordering::SeqCst) == WATCHERS {
                    break;
                }
                std::thread::sleep(PAUSE);
            }
            let mut writer_rng = rng.fork();
            let writer = {
                let (address, bucket, is_up) = (&address, &bucket, &is_up);
                let count = 200 + rng.below(600);
                scope.spawn(move || write(address, bucket, count, &mut writer_rng, is_up))
            };
            if kills {
                std::thread::sleep(Duration::from_millis(30 + rng.below(150)));
                is_up.store(false, Ordering::SeqCst);
                restarted = server.kill_and_restart();
                is_up.store(true, Ordering::SeqCst);
                report.kills += 1;
            }
            wrote = writer.join().unwrap_or_else(|_| Err(broken("the writer panicked".to_owned())));
            // Who has seen the last message has seen everything, or has a gap.
            let end = connect(server).and_then(|mut client| last_sequence(&mut client, &bucket));
            last.store(end.unwrap_or(0), Ordering::SeqCst);
            threads.into_iter().map(|thread| thread.join().unwrap_or_default()).collect::<Vec<_>>()
        });
        restarted?;
        wrote?;
        let log = read_all(&mut connect(server)?, &format!("KV_{bucket}"))?;
        for (seen, habits) in seen.iter().zip(&habits) {
            judge::judge(seen, habits, before, &log)
                .map_err(|problem| broken(format!("{habits:?}: {problem}")))?;
            report.watchers += 1;
            report.events += seen.events.len();
            report.resumed += seen.resumed;
        }
        Ok(())
    }
}

/// Creates a bucket that keeps every revision.
fn create_bucket(server: &Server, bucket: &str) -> Result<(), DifferError> {
    let config = format!(
        "{{\"name\":\"KV_{bucket}\",\"subjects\":[\"$KV.{bucket}.>\"],\"allow_direct\":true,\"num_replicas\":1}}"
    );
    let answer = connect(server)?.request(&format!("$JS.API.STREAM.CREATE.KV_{bucket}"), config.as_str());
    match answer.map(|answer| String::from_utf8_lossy(&answer.payload).into_owned()) {
        Ok(text) if !text.contains("\"error\"") => Ok(()),
        other => Err(broken(format!("cannot create the bucket: {other:?}"))),
    }
}

/// Writes over as many connections as it takes. What was not acknowledged may be stored or not; the log tells.
fn write(
    address: &str,
    bucket: &str,
    count: u64,
    rng: &mut Rng,
    is_up: &AtomicBool,
) -> Result<(), DifferError> {
    let mut left = count;
    for _ in 0..TRIES {
        if is_up.load(Ordering::SeqCst)
            && let Ok(mut client) = Client::connect(address, DEFAULT_CONNECT)
        {
            let part = left.min(50);
            if put(&mut client, bucket, part, rng, is_up).is_ok() {
                left -= part;
            }
        }
        if left == 0 {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    Err(broken("the writer could not write".to_owned()))
}

/// Puts values and markers, some of them large, with an acknowledgement for each.
fn put(
    client: &mut Client,
    bucket: &str,
    count: u64,
    rng: &mut Rng,
    is_up: &AtomicBool,
) -> Result<(), DifferError> {
    let mut replies = Vec::new();
    for _ in 0..count {
        let subject = format!("$KV.{bucket}.{}", rng.pick(KEYS));
        let is_marker = rng.chance(1, 8);
        let size = if rng.chance(1, 10) { 40_000 } else { 20 };
        let payload = if is_marker { Vec::new() } else { vec![b'v'; rng.index(size)] };
        let headers: &[u8] = if is_marker { b"NATS/1.0\r\nKV-Operation: DEL\r\n\r\n" } else { b"" };
        let sent = client.begin(&subject, Request { headers, payload: &payload });
        replies.push(sent.map_err(|error| broken(format!("cannot put: {error}")))?);
        if !is_up.load(Ordering::SeqCst) {
            break;
        }
    }
    for reply in replies {
        client.answer(&reply).map_err(|error| broken(format!("a put was not answered: {error}")))?;
    }
    Ok(())
}

fn last_sequence(client: &mut Client, bucket: &str) -> Result<u64, DifferError> {
    let answer = client.request(&format!("$JS.API.STREAM.INFO.KV_{bucket}"), "");
    let answer = answer.map_err(|error| broken(format!("no stream info: {error}")))?;
    let answer: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap_or_default();
    answer["state"]["last_seq"].as_u64().ok_or_else(|| broken(format!("no last sequence in {answer}")))
}

impl Display for WatchReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { watchers, events, resumed, kills } = self;
        write!(
            formatter,
            "{watchers} watchers saw {events} events, none missing, none twice; {resumed} resumptions, {kills} kills"
        )
    }
}

pub(crate) const KEYS: &[&str] = &["a", "b", "c.d", "c.e", "f"];
const WATCHERS: u64 = 6;
const TRIES: usize = 4000;
const PAUSE: Duration = Duration::from_millis(5);
