//! The workloads, in sessions: each begins with new servers, and gives every step to each server in turn.

use super::bucket::{Bucket, Shape};
use super::load::Load;
use super::memory::{self, Filters};
use super::program::Sync;
use super::requests::Kind;
use super::server::{Signal, Tracing};
use super::site::Site;
use super::sizes::{LEAST_KEYS, Sizes};
use super::watch::Part;
use super::{core, curves, large, official, once, watchers};
use crate::Outcome;
use crate::gauge::percentile;
use crate::phases::{micros, per_op};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// One workload on one server, with the name by which `--steps` picks it.
pub(super) type Step = (&'static str, fn(&mut Site, &Sizes) -> Outcome<()>);

/// Workloads that share servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Session {
    /// Puts that are acknowledged when the operating system has them, gets, watches, listings.
    Plain,
    /// Puts that are acknowledged when they are on stable storage.
    Synced,
    /// How often the disk is asked to keep such puts.
    Syncs,
    /// Keys that are created and deleted.
    Once,
    /// Watches by few and by many.
    Fans,
    /// What an official client reaches.
    Official,
    /// What connections take that do nothing. What they leave to the server would hide the memory of watches.
    Connections,
    /// What watches take that do nothing.
    Watches,
    /// A large bucket: memory, disk, listings, and the time until a server is ready again.
    Restart,
    /// Few clients and many.
    Clients,
    /// Short values and long ones.
    Values,
    /// Watches that do not match what is put.
    Strangers,
    /// Few buckets and many.
    Buckets,
}

impl Session {
    /// Every session.
    pub(super) const ALL: [Self; 13] = [
        Self::Plain,
        Self::Synced,
        Self::Syncs,
        Self::Once,
        Self::Fans,
        Self::Official,
        Self::Connections,
        Self::Watches,
        Self::Restart,
        Self::Clients,
        Self::Values,
        Self::Strangers,
        Self::Buckets,
    ];

    /// Those of a run that names none: the raw generator at one size.
    pub(super) const DEFAULT: [Self; 7] =
        [Self::Plain, Self::Synced, Self::Syncs, Self::Once, Self::Fans, Self::Connections, Self::Watches];

    /// Returns how its servers are to treat puts.
    pub(super) fn sync(self) -> Sync {
        if matches!(self, Self::Synced | Self::Syncs) { Sync::Always } else { Sync::Os }
    }

    /// Returns whether their syncs are counted.
    pub(super) fn tracing(self) -> Tracing {
        if self == Self::Syncs { Tracing::Syncs } else { Tracing::Off }
    }

    /// Returns its workloads: all of them, or those that are picked, and what they need.
    pub(super) fn steps(self, picked: Option<&[String]>) -> Vec<Step> {
        let needed = |name: &str| matches!(name, "load" | "fill");
        let wanted = |name: &str| picked.is_none_or(|picked| picked.iter().any(|each| each == name));
        let mut steps = self.all_steps().to_vec();
        steps.retain(|(name, _)| needed(name) || wanted(name));
        steps
    }

    fn all_steps(self) -> &'static [Step] {
        match self {
            Self::Plain => &[
                ("load", load),
                ("put", put),
                ("get", get),
                ("cas", compare_and_set),
                ("mixed", mixed),
                ("fan-out", fan_out),
                ("paced", paced),
                ("initial", initial),
                ("keys", keys),
                ("subtree", subtree),
                ("history", history),
                ("core", publish_subscribe),
                // Their times depend most on what else the machine does, so there are more turns.
                ("put-single", put_single),
                ("get-single", get_single),
                ("cas-single", compare_and_set_single),
                ("put-single", put_single),
                ("get-single", get_single),
                ("cas-single", compare_and_set_single),
                ("put-single", put_single),
                ("get-single", get_single),
                ("cas-single", compare_and_set_single),
                ("put-single", put_single),
                ("get-single", get_single),
                ("cas-single", compare_and_set_single),
                ("put-single", put_single),
                ("get-single", get_single),
                ("cas-single", compare_and_set_single),
            ],
            Self::Synced => &[
                ("put", put_synced),
                ("put-single", put_synced_single),
                ("put-single", put_synced_single),
                ("put-single", put_synced_single),
            ],
            Self::Syncs => &[("syncs", count_syncs)],
            Self::Connections => &[("connections", idle_connections)],
            Self::Watches => &[("fill", fill), ("watches", idle_watches)],
            Self::Once => &[("once", once::create_and_delete)],
            Self::Fans => &[("fans", fans)],
            Self::Official => &[("official", official::run)],
            Self::Restart => &[
                ("load", large::load),
                ("initial", initial),
                ("keys", keys),
                ("subtree", subtree),
                ("half", large::half),
                ("all", large::all),
                ("kill", after_kill),
                ("stop", after_stop),
            ],
            Self::Clients => &[("fill", fill), ("clients", curves::clients)],
            Self::Values => &[("values", curves::values)],
            Self::Strangers => &[("fill", fill), ("strangers", curves::strangers)],
            Self::Buckets => &[("buckets", curves::buckets)],
        }
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Synced => "synced",
            Self::Syncs => "syncs",
            Self::Connections => "connections",
            Self::Watches => "watches",
            Self::Restart => "restart",
            Self::Once => "once",
            Self::Fans => "fans",
            Self::Official => "official",
            Self::Clients => "clients",
            Self::Values => "values",
            Self::Strangers => "strangers",
            Self::Buckets => "buckets",
        })
    }
}

impl FromStr for Session {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|session| session.to_string() == text);
        found.ok_or_else(|| format!("there is no session {text:?}"))
    }
}

fn fill(site: &mut Site, _: &Sizes) -> Outcome<()> {
    site.fill().map(drop)
}

fn load(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    site.requests("first put of each key, 1,000 in flight", windowed(Kind::Load, sizes))?;
    site.push_room("the bucket after its load")
}

fn put(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    site.requests("put, 1,000 in flight", windowed(Kind::Put, sizes))?;
    site.push_room("the bucket after these puts")
}

fn get(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    site.requests("get, 1,000 in flight", windowed(Kind::Get, sizes))
}

fn compare_and_set(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    site.requests("compare-and-set, 1,000 in flight", windowed(Kind::CompareAndSet, sizes))
}

fn mixed(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    site.requests("90 % get, 10 % put, 1,000 in flight", windowed(Kind::Mixed, sizes))
}

fn put_single(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    site.requests("put, one in flight", single(Kind::Put, sizes))
}

fn get_single(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    site.requests("get, one in flight", single(Kind::Get, sizes))
}

fn compare_and_set_single(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    site.requests("compare-and-set, one in flight", single(Kind::CompareAndSet, sizes))
}

fn put_synced(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    site.requests(SYNCED_WINDOWED, windowed(Kind::Put, sizes))
}

fn put_synced_single(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    site.requests(SYNCED_SINGLE, single(Kind::Put, sizes))
}

fn count_syncs(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    for (work, load) in
        [(SYNCED_WINDOWED, windowed(Kind::Put, sizes)), (SYNCED_SINGLE, single(Kind::Put, sizes))]
    {
        let before = site.server.syncs()?;
        let done = load.run(&site.bucket)?;
        let syncs = site.server.syncs()? - before;
        site.wrote(done.writes, 0)?;
        site.push(work, "syncs/put", per_op(syncs, done.writes));
    }
    Ok(())
}

fn fan_out(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    fan_out_by(site, sizes.watchers, sizes.fan_out)
}

/// One watcher, and many more than usual, of fewer puts so that the deliveries are about as many.
fn fans(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    for watchers in FANS {
        let puts = (sizes.fan_out * sizes.watchers / watchers).clamp(FAN_PUTS_MIN, sizes.fan_out);
        fan_out_by(site, watchers, puts)?;
    }
    Ok(())
}

fn fan_out_by(site: &mut Site, watchers: u64, puts: u64) -> Outcome<()> {
    // Each key is put once: a watcher of a bucket of history 1 may skip what was overwritten before it came to it.
    let bucket = Bucket::create(site.server.address(), &format!("fan_out{watchers}"), Shape::of(puts))?;
    let meter = site.meter()?;
    let (done, wall) =
        watchers::fan_out(&bucket, watchers, Load::windowed(Kind::Load, u64::MAX, Duration::MAX))?;
    let spent = meter.stop()?;
    bucket.check(done.writes, 1)?;
    let deliveries = per_op(puts * watchers, 1);
    let work = format!("watch by {watchers} behind 1,000 puts in flight");
    site.push(&work, "deliveries/s", deliveries / wall.as_secs_f64());
    site.push(&work, "server CPU with the puts, µs/delivery", micros(spent.server) / deliveries);
    site.push(&work, "generator CPU, µs/delivery", micros(spent.generator) / deliveries);
    Ok(())
}

fn paced(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    let times = watchers::paced(&site.bucket, sizes.watchers, PACED_PUTS, PACE)?;
    site.wrote(PACED_PUTS, 0)?;
    let work = format!("watch by {}, 1,000 puts/s, put to event", sizes.watchers);
    site.push(&work, "p50, µs", micros(percentile(&times, 50)));
    site.push(&work, "p99, µs", micros(percentile(&times, 99)));
    Ok(())
}

fn initial(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    let work = format!("initial values of {} keys", sizes.keys);
    listings(site, sizes.lists, &work, Part::Whole, Whose::All)
}

fn keys(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    let work = format!("list of {} keys, headers only", sizes.keys);
    listings(site, sizes.lists, &work, Part::HeadersOnly, Whose::All)
}

fn subtree(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    let work = format!("list of a subtree of 1,000 among {} keys", sizes.keys);
    listings(site, SUBTREES, &work, Part::HeadersOnly, Whose::Group)
}

/// Which keys are listed.
#[derive(Debug, Clone, Copy)]
enum Whose {
    All,
    /// Those of the group of another key each time.
    Group,
}

fn listings(site: &mut Site, times: u64, work: &str, part: Part, whose: Whose) -> Outcome<()> {
    let meter = site.meter()?;
    let (mut walls, mut listed) = (Vec::new(), 0);
    let data = site.bucket.data;
    for number in 0..times {
        let (filter, expected) = match whose {
            Whose::All => (">".to_owned(), site.bucket.keys),
            Whose::Group => {
                let index = number % site.bucket.keys;
                (format!("{}>", data.prefix(index)), data.group_len(index))
            }
        };
        walls.push(watchers::list(&site.bucket, &format!("l{number}"), &filter, part, expected)?);
        listed += expected;
    }
    let spent = meter.stop()?;
    walls.sort_unstable();
    site.push(work, "p50, ms", micros(percentile(&walls, 50)) / 1e3);
    site.push(work, "server CPU, µs/key", micros(spent.server) / per_op(listed, 1));
    Ok(())
}

fn history(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    let shape = Shape { history: HISTORY, ..Shape::of(HISTORY_KEYS) };
    let bucket = Bucket::create(site.server.address(), "history", shape)?;
    let fill = HISTORY_KEYS * (HISTORY + HISTORY / 4);
    let filled = Load::windowed(Kind::Put, fill, Duration::MAX).run(&bucket)?;
    let meter = site.meter()?;
    let done = windowed(Kind::Put, sizes).run(&bucket)?;
    let spent = meter.stop()?;
    bucket.check(filled.writes + done.writes, HISTORY)?;
    site.push_requests("put into a history of 64, 1,000 in flight", &done, spent);
    Ok(())
}

fn publish_subscribe(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    let meter = site.meter()?;
    let wall = core::publish_subscribe(site.server.address(), sizes.messages)?;
    let spent = meter.stop()?;
    let messages = per_op(sizes.messages, 1);
    site.push(CORE, "messages/s", messages / wall.as_secs_f64());
    site.push(CORE, "server CPU, µs/message", micros(spent.server) / messages);
    site.push(CORE, "generator CPU, µs/message", micros(spent.generator) / messages);
    Ok(())
}

fn idle_connections(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    let before = site.server.resident()?;
    let mut connections = Vec::new();
    for (name, count) in
        [("the first idle connections", sizes.idle.div_ceil(10)), ("idle connections", sizes.idle)]
    {
        memory::connect(site.server.address(), &mut connections, count)?;
        let more = site.server.resident()?.saturating_sub(before);
        site.push(&format!("{name}: {count}"), "resident memory, bytes each", per_op(more, count));
    }
    Ok(())
}

fn idle_watches(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    let before = site.server.resident()?;
    let meter = site.meter()?;
    let connection = memory::watch(&site.bucket, 0..sizes.watches, Filters::Subtrees)?;
    let spent = meter.stop()?;
    let more = site.server.resident()?.saturating_sub(before);
    drop(connection);
    let work = format!("{} watches", sizes.watches);
    site.push(&work, "resident memory, bytes each", per_op(more, sizes.watches));
    site.push(&work, "server CPU to make one, µs", micros(spent.server) / per_op(sizes.watches, 1));
    Ok(())
}

fn after_kill(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    restart(site, sizes, "ready after kill -9", Signal::Kill)
}

fn after_stop(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    restart(site, sizes, "ready after a clean stop", Signal::Terminate)
}

/// Ready is a server that answers a get rightly; it must then have every key.
fn restart(site: &mut Site, sizes: &Sizes, what: &str, signal: Signal) -> Outcome<()> {
    let (bucket, key) = (&site.bucket, site.bucket.data.key(0));
    let subject = format!("$JS.API.DIRECT.GET.{}.{}{}", bucket.stream, bucket.prefix, key.as_str());
    let ready = site.server.restart(signal, |address| {
        let value = super::connection::Connection::open(address)?.request(&subject, "")?;
        if key.owns(&value) { Ok(()) } else { Err("the first key has a wrong value".into()) }
    })?;
    site.wrote(0, 1)?;
    let resident = site.server.resident()?;
    let work = format!("{what}, {} keys", sizes.keys);
    site.push(&work, "ms", micros(ready) / 1e3);
    site.push(&work, "resident memory, MB", per_op(resident, 1_000_000));
    Ok(())
}

/// 1,000 requests in flight, as long as the sizes say.
pub(super) fn windowed(kind: Kind, sizes: &Sizes) -> Load {
    Load::windowed(kind, sizes.requests, sizes.time_max())
}

fn single(kind: Kind, sizes: &Sizes) -> Load {
    Load::one_in_flight(kind, sizes.single, sizes.time_max())
}

const SYNCED_WINDOWED: &str = "put, synced before the ack, 1,000 in flight";
const SYNCED_SINGLE: &str = "put, synced before the ack, one in flight";
const CORE: &str = "publish and subscribe, 128 bytes, no stream";
/// No key twice: a watcher may skip what was overwritten.
const PACED_PUTS: u64 = LEAST_KEYS;
const PACE: Duration = Duration::from_millis(1);
const FANS: [u64; 3] = [1, 64, 1_000];
/// As many as are in flight.
const FAN_PUTS_MIN: u64 = 1_000;
const SUBTREES: u64 = 20;
const HISTORY_KEYS: u64 = 1_000;
const HISTORY: u64 = 64;
