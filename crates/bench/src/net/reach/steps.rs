//! The steps: each brings a server into a state that it should bear, and notes what it costs.

use super::Stage;
use super::board::Goal;
use super::crowd::{self, BUCKET, CONNECTIONS, Crowd, STREAM, THRESHOLD};
use crate::Outcome;
use crate::net::bucket::{Bucket, Shape};
use crate::net::connection::{Connection, push_publish};
use crate::net::load::Load;
use crate::net::memory;
use crate::net::requests::Kind;
use crate::net::wire::json_number;
use crate::phases::per_op;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Subscribers that never read, 20 and then 200 of them, while 100 MB are published to each.
pub(super) fn readers(stage: &mut Stage<'_>) -> Outcome<()> {
    let address = stage.server.address();
    let before = stage.server.resident()?;
    let mut dead = Vec::new();
    let mut publisher = Connection::open(address)?;
    for count in [20, 200] {
        while dead.len() < count {
            let mut reader = Connection::open_idle(address)?;
            write!(reader.output(), "SUB dead 1\r\n")?;
            reader.round_trip()?;
            dead.push(reader);
        }
        let value = vec![b'x'; 100_000];
        for _ in 0..1_000 {
            push_publish(publisher.output(), &[b"dead"], b"", b"", &value);
            publisher.round_trip()?;
        }
        let work = format!("{count} subscribers that do not read, 100 MB for each");
        stage.memory(&work, stage.server.peak()?, before, Goal::AtMost(300.0))?;
    }
    Ok(())
}

/// Subscriptions on one connection.
pub(super) fn subscriptions(stage: &mut Stage<'_>) -> Outcome<()> {
    let before = stage.server.resident()?;
    let mut stream = TcpStream::connect(stage.server.address())?;
    stream.write_all(b"CONNECT {\"verbose\":false}\r\n")?;
    let (mut sent, mut refused) = (0_u64, 0_u64);
    while sent < stage.sizes.subscriptions {
        let mut lines = Vec::new();
        for number in sent..sent + SUBSCRIPTIONS_AT_ONCE {
            write!(lines, "SUB reach.{number} {number}\r\n")?;
        }
        lines.extend_from_slice(b"PING\r\n");
        stream.write_all(&lines)?;
        sent += SUBSCRIPTIONS_AT_ONCE;
        refused += until_pong(&mut stream)?;
    }
    let work = format!("{sent} subscriptions on one connection");
    stage.note(&work, "refused", count(refused)?, Goal::None);
    stage.memory(&work, stage.server.resident()?, before, Goal::AtMost(60.0))
}

/// Reads up to the PONG, and counts the errors before it.
fn until_pong(stream: &mut TcpStream) -> Outcome<u64> {
    let (mut found, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    while !found.ends_with(b"PONG\r\n") {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Err("the server closed the connection".into());
        }
        found.extend_from_slice(buffer.get(..read).unwrap_or_default());
    }
    Ok(u64::try_from(found.windows(4).filter(|part| part == b"-ERR").count())?)
}

/// Connections that do nothing.
pub(super) fn idle(stage: &mut Stage<'_>) -> Outcome<()> {
    let before = stage.server.resident()?;
    let (mut connections, many) = (Vec::new(), stage.sizes.idle);
    memory::connect(stage.server.address(), &mut connections, many)?;
    let grown = stage.server.resident()?.saturating_sub(before);
    stage.note(&format!("{many} idle connections"), "kB each", per_op(grown, many) / 1e3, Goal::AtMost(10.0));
    Ok(())
}

/// Watches, each of which gets exactly its events.
pub(super) fn watches(stage: &mut Stage<'_>) -> Outcome<()> {
    let address = stage.server.address();
    Bucket::create(address, BUCKET, Shape::of(1))?;
    let (before, many) = (stage.server.resident()?, stage.sizes.watches);
    let mut crowd = Crowd::gather(address, many)?;
    let grown = stage.server.resident()?.saturating_sub(before);
    let work = format!("{many} watches on {CONNECTIONS} connections");
    stage.note(&work, "kB each", per_op(grown, many) / 1e3, Goal::None);
    let started = Instant::now();
    let complete = std::thread::scope(|scope| -> Outcome<u64> {
        let writer = scope.spawn(move || crowd::write(address, many));
        let complete = crowd.collect();
        writer.join().map_err(|_| "the writer panicked")??;
        complete
    })?;
    stage.note(&work, "with exactly their events", count(complete)?, Goal::Exactly(count(many)?));
    stage.note(&work, "s until all have theirs", started.elapsed().as_secs_f64(), Goal::None);
    Ok(())
}

/// A bucket of many keys.
pub(super) fn keys(stage: &mut Stage<'_>) -> Outcome<()> {
    let many = stage.sizes.keys;
    let bucket = Bucket::create(stage.server.address(), BUCKET, Shape::of(many))?;
    let done = Load::windowed(Kind::Load, u64::MAX, Duration::MAX).run(&bucket)?;
    bucket.check(done.writes, 1)?;
    stage.memory(&format!("{many} keys"), stage.server.resident()?, 0, Goal::AtMost(150.0))
}

/// Watches whose clients are killed, or freeze.
pub(super) fn gone(stage: &mut Stage<'_>) -> Outcome<()> {
    let address = stage.server.address();
    Bucket::create(address, BUCKET, Shape::of(1))?;
    let mut control = Connection::open(address)?;
    let many = stage.sizes.watches;
    // What the server keeps for the next crowd is no leak.
    drop(Crowd::gather(address, many)?);
    until_nobody_is_left(&mut control, GONE_MAX)?;
    let (resident, descriptors) = (stage.server.resident()?, stage.server.descriptors()?);
    for (way, goal) in [("killed", THRESHOLD + GRACE), ("frozen", PING_TWICE + THRESHOLD + GRACE)] {
        let crowd = Crowd::gather(address, many)?;
        let kept = (way == "frozen").then_some(crowd);
        let time = until_nobody_is_left(&mut control, GONE_MAX)?;
        let work = format!("{many} watches of clients that are {way}");
        let goal = Goal::AtMost(goal.as_secs_f64());
        stage.note(
            &work,
            "s until none is left",
            time.map_or(f64::INFINITY, |time| time.as_secs_f64()),
            goal,
        );
        let before = per_op(resident, 1_000_000);
        let now = per_op(stage.server.resident()?, 1_000_000);
        stage.note(&work, "% more memory than before", (now / before - 1.0) * 100.0, Goal::AtMost(5.0));
        let opened = count(stage.server.descriptors()?)? - count(descriptors)?;
        if time.is_some() {
            stage.note(&work, "more open files than before", opened, Goal::AtMost(0.0));
        }
        drop(kept);
        if time.is_none() {
            until_nobody_is_left(&mut control, GONE_MAX)?;
        }
    }
    Ok(())
}

/// Clients that connect, watch, vanish and come again, 262 in a second.
pub(super) fn storm(stage: &mut Stage<'_>) -> Outcome<()> {
    let address = stage.server.address();
    Bucket::create(address, BUCKET, Shape::of(1))?;
    let mut control = Connection::open(address)?;
    let descriptors = stage.server.descriptors()?;
    let started = Instant::now();
    for number in 0..STORM_PER_SECOND * STORM_SECONDS {
        let due = Duration::from_nanos(number * 1_000_000_000 / STORM_PER_SECOND);
        std::thread::sleep(due.saturating_sub(started.elapsed()));
        drop(crowd::open(address, number, 1)?);
    }
    let took = started.elapsed().as_secs_f64();
    let work = format!("{STORM_PER_SECOND} reconnects a second for {STORM_SECONDS} s");
    let rate = count(STORM_PER_SECOND * STORM_SECONDS)? / took;
    stage.note(&work, "reached, in a second", rate, Goal::None);
    let time = until_nobody_is_left(&mut control, GONE_MAX)?;
    let time = time.map_or(f64::INFINITY, |time| time.as_secs_f64());
    stage.note(&work, "s until no watch is left", time, Goal::AtMost((THRESHOLD + GRACE).as_secs_f64()));
    let opened = count(stage.server.descriptors()?)? - count(descriptors)?;
    stage.note(&work, "more open files than before", opened, Goal::AtMost(0.0));
    Ok(())
}

/// Waits until the bucket has no consumer; `None` if that takes longer than `limit`.
fn until_nobody_is_left(control: &mut Connection, limit: Duration) -> Outcome<Option<Duration>> {
    let started = Instant::now();
    while started.elapsed() < limit {
        let info = control.request(&format!("$JS.API.STREAM.INFO.{STREAM}"), "")?;
        if json_number(&info, "consumer_count")? == 0 {
            return Ok(Some(started.elapsed()));
        }
        std::thread::sleep(POLL);
    }
    Ok(None)
}

fn count(number: u64) -> Outcome<f64> {
    Ok(f64::from(u32::try_from(number)?))
}

impl Stage<'_> {
    fn note(&mut self, work: &str, measure: &'static str, value: f64, goal: Goal) {
        self.board.note(self.column, work, measure, value, goal);
    }

    fn memory(&mut self, work: &str, now: u64, before: u64, goal: Goal) -> Outcome<()> {
        self.note(work, "memory, MB", per_op(now.saturating_sub(before), 1_000_000), goal);
        Ok(())
    }
}

const SUBSCRIPTIONS_AT_ONCE: u64 = 1_000;
/// By default two missed pings, 30 s apart, end a connection of jetkv.
const PING_TWICE: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(1);
const GONE_MAX: Duration = Duration::from_secs(100);
const POLL: Duration = Duration::from_millis(50);
const STORM_PER_SECOND: u64 = 262;
const STORM_SECONDS: u64 = 20;
