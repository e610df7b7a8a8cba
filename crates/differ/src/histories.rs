//! Conditional writes and reads of many clients, with kills: there must be one order that explains all of them.
//!
//! The stream keeps every message, so its log is that order; what is checked is that each answer agrees with it.

mod check;
mod clients;

pub use check::{Call, Effect, check};

use crate::DifferError;
use crate::kills::{broken, connect, read_all};
use clients::Client;
use compat::{Launch, Program};
use std::fmt::{self, Display};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use testkit::Rng;

/// How many histories, of whom.
#[derive(Debug, Clone, Copy)]
pub struct HistoryPlan {
    /// How many clients.
    pub clients: u64,
    /// How many histories; in every second one the server is killed.
    pub histories: u64,
    /// How many calls each client makes in a history.
    pub calls: usize,
    /// What the calls are made of.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct HistoryReport {
    /// How many histories had an order.
    pub histories: u64,
    /// How often the server was killed.
    pub kills: u64,
    /// How many calls were answered.
    pub answered: usize,
    /// How many were not, so that nobody knew what they had done.
    pub unknown: usize,
}

impl HistoryPlan {
    /// Runs the histories and checks each.
    ///
    /// # Errors
    /// [`DifferError::Broken`] with the calls that no order explains; those of the server.
    pub fn run(&self, program: &Program, launch: &Launch) -> Result<HistoryReport, DifferError> {
        let mut server = program.launch(launch)?;
        let mut rng = Rng::new(self.seed);
        let mut report = HistoryReport::default();
        for number in 0..self.histories {
            let bucket = format!("h{number}");
            create_bucket(&server, &bucket)?;
            let (clock, is_up) = (AtomicU64::new(0), AtomicBool::new(true));
            let address = server.address().to_string();
            let seeds: Vec<_> = (0..self.clients).map(|_| rng.next_u64()).collect();
            let kills = number % 2 == 1;
            let pause = Duration::from_millis(rng.below(60));
            let mut restarted = Ok(());
            let calls: Vec<Call> = std::thread::scope(|scope| {
                let mut threads = Vec::new();
                for (client, seed) in (1..).zip(seeds) {
                    let (address, bucket, clock, is_up) = (&address, &bucket, &clock, &is_up);
                    threads.push(scope.spawn(move || {
                        Client::new(client, address, bucket, clock, is_up, seed).calls(self.calls)
                    }));
                }
                if kills {
                    std::thread::sleep(pause);
                    is_up.store(false, Ordering::SeqCst);
                    restarted = server.kill_and_restart();
                    is_up.store(true, Ordering::SeqCst);
                    report.kills += 1;
                }
                threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
            });
            restarted?;
            let log = read_all(&mut connect(&server)?, &format!("KV_{bucket}"))?;
            check(&calls, &log).map_err(|problem| broken(format!("history {number}: {problem}")))?;
            report.histories += 1;
            report.unknown += calls.iter().filter(|call| call.effect == Effect::Unknown).count();
            report.answered += calls.iter().filter(|call| call.effect != Effect::Unknown).count();
        }
        Ok(report)
    }
}

/// Creates a bucket that keeps every revision.
fn create_bucket(server: &compat::Server, bucket: &str) -> Result<(), DifferError> {
    let config = format!(
        "{{\"name\":\"KV_{bucket}\",\"subjects\":[\"$KV.{bucket}.>\"],\"allow_direct\":true,\"num_replicas\":1,\"allow_rollup_hdrs\":true}}"
    );
    let answer = connect(server)?.request(&format!("$JS.API.STREAM.CREATE.KV_{bucket}"), config.as_str());
    match answer.map(|answer| String::from_utf8_lossy(&answer.payload).into_owned()) {
        Ok(text) if !text.contains("\"error\"") => Ok(()),
        other => Err(broken(format!("cannot create the bucket: {other:?}"))),
    }
}

impl Display for HistoryReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { histories, kills, answered, unknown } = self;
        write!(
            formatter,
            "{histories} histories with {kills} kills are linearizable: {answered} calls answered, {unknown} not"
        )
    }
}
