//! Requests with so many in flight: each answer is followed by the next request, until enough were asked.

use super::bucket::Bucket;
use super::connection::Connection;
use super::requests::{Kind, Requests};
use crate::Outcome;
use crate::gauge::percentile;
use std::io::Write;
use std::time::{Duration, Instant};

/// How many requests of what kind, over how many connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// What is asked for.
    pub(super) kind: Kind,
    /// Connections, each with a thread.
    pub(super) connections: u64,
    /// Requests under way on each connection.
    pub(super) window: u64,
    /// Requests at most; some kinds have their own end.
    pub(super) requests: u64,
    /// No request is begun after so long.
    pub(super) time_max: Duration,
}

/// What was done.
#[derive(Debug)]
pub(super) struct Done {
    /// Requests that were answered, all of them rightly.
    pub(super) requests: u64,
    /// Those of them that wrote.
    pub(super) writes: u64,
    /// From the first request to the last answer.
    pub(super) wall: Duration,
    latencies: Vec<Duration>,
}

impl Load {
    /// One request after the other on one connection.
    pub(super) fn one_in_flight(kind: Kind, requests: u64, time_max: Duration) -> Self {
        Self { kind, connections: 1, window: 1, requests, time_max }
    }

    /// 1,000 requests in flight over four connections.
    pub(super) fn windowed(kind: Kind, requests: u64, time_max: Duration) -> Self {
        Self { kind, connections: 4, window: 250, requests, time_max }
    }

    /// Does it; a wrong answer ends it with an error.
    pub(super) fn run(self, bucket: &Bucket) -> Outcome<Done> {
        let mut lanes = Vec::new();
        for lane in 0..self.connections {
            let requests = Requests::new(bucket, self.kind, lane, self.connections, self.window)?;
            let mut connection = Connection::open(bucket.address)?;
            write!(connection.output(), "SUB {} 1\r\n", requests.inbox())?;
            connection.round_trip()?;
            lanes.push((connection, requests));
        }
        let limit = self.requests.div_ceil(self.connections);
        let started = Instant::now();
        // A time beyond what the clock can tell is no limit.
        let end = started.checked_add(self.time_max);
        let results = std::thread::scope(|scope| -> Outcome<Vec<(Vec<Duration>, u64)>> {
            let threads: Vec<_> = lanes
                .into_iter()
                .map(|(connection, requests)| scope.spawn(move || lane(connection, requests, limit, end)))
                .collect();
            threads.into_iter().map(|thread| thread.join().map_err(|_| "a connection panicked")?).collect()
        })?;
        let wall = started.elapsed();
        let writes = results.iter().map(|(_, writes)| writes).sum();
        let mut latencies: Vec<Duration> = results.into_iter().flat_map(|(times, _)| times).collect();
        latencies.sort_unstable();
        Ok(Done { requests: u64::try_from(latencies.len())?, writes, wall, latencies })
    }
}

impl Done {
    /// Returns a percentile of the times from request to answer.
    pub(super) fn percentile(&self, percent: usize) -> Duration {
        percentile(&self.latencies, percent)
    }
}

/// Returns the latencies and the number of writes of one connection.
fn lane(
    mut connection: Connection,
    mut requests: Requests<'_>,
    limit: u64,
    end: Option<Instant>,
) -> Outcome<(Vec<Duration>, u64)> {
    let (mut asked, mut under_way) = (0, 0_u64);
    let mut times = Vec::new();
    let mut begun = Vec::new();
    let now = Instant::now();
    while asked < limit && requests.slots() > begun.len() {
        if !requests.ask(begun.len(), connection.output())? {
            break;
        }
        begun.push(now);
        asked += 1;
        under_way += 1;
    }
    connection.flush()?;
    while under_way > 0 {
        connection.exchange(|now, message, out| {
            let slot = requests.answer(message)?;
            times.push(now - begun[slot]);
            under_way -= 1;
            if asked < limit && end.is_none_or(|end| now < end) && requests.ask(slot, out)? {
                begun[slot] = now;
                asked += 1;
                under_way += 1;
            }
            Ok(())
        })?;
    }
    Ok((times, requests.writes()))
}
