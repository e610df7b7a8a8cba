//! Replicas beyond a connection: equal to their source after twenty random disconnections and restarts of either side, with
//! changes of every kind meanwhile.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use compat::{Door, Launch, Peers, Program};
use jetkv::blocking::{JetStream, KeyValue, Replica};
use jetkv::env::Env;
use jetkv::{
    ConnectOptions, Entry, Headers, KeyValueConfig, KvError, OpenOptions, ReplicaOptions, ReplicaState, Sync,
    WatchOptions, Write, WriteOptions,
};
use places::Served;
use std::time::{Duration, Instant};
use testkit::Rng;

const ROUNDS: usize = 20;
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
#[ignore = "takes half a minute"]
fn a_replica_of_our_server_is_equal_to_it_after_twenty_interruptions() {
    let mut server = Served::start_in_real_time().unwrap();
    let env = Env { clock: server.clock(), ..Env::system() };
    let address = server.url().strip_prefix("nats://").unwrap().parse().unwrap();
    let mut world = World::new(address, env, 7, Refills::Never);
    for round in 0..ROUNDS {
        world.round(round, || server.restart().unwrap());
        server.advance(Duration::from_secs(3));
        world.assert_equal();
    }
    world.report("jetkv serve");
}

#[test]
#[ignore = "needs the reference server"]
fn a_replica_of_the_reference_is_equal_to_it_after_twenty_interruptions() {
    let program = Program::reference(&Peers::in_target()).unwrap();
    let mut server = program.launch(&Launch::default()).unwrap();
    let mut world = World::new(server.address(), Env::system(), 8, Refills::AfterKills);
    for round in 0..ROUNDS {
        world.round(round, || server.kill_and_restart().unwrap());
        world.assert_equal();
    }
    world.report("nats-server");
}

#[test]
fn a_replica_closes_while_its_source_is_away() {
    let server = Served::start().unwrap();
    let source = JetStream::connect(&server.url()).unwrap();
    source.create_key_value(KeyValueConfig::new("b")).unwrap().put("k", "1").unwrap();
    let door = Door::to(server.url().strip_prefix("nats://").unwrap().parse().unwrap()).unwrap();
    // Whatever waits for an answer waits for ever.
    let options = options(&door.url()).timeout(Duration::from_secs(3600));
    let replica = Replica::open(options, "b", ReplicaOptions::new()).unwrap();
    replica.wait_current(Some(PATIENCE)).unwrap();
    door.lock();
    assert!(soon(|| replica.status().state == ReplicaState::Disconnected), "{:?}", replica.status());
    assert_eq!(replica.get("k").unwrap().unwrap().revision, 1);
    replica.close().unwrap();
}

/// Whether a replica may have to be filled anew.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refills {
    Never,
    /// A nats-server that was killed may come back with messages that had been removed; its past is another one then.
    AfterKills,
}

/// A bucket, and two replicas of it behind a door.
struct World {
    refills: Refills,
    door: Door,
    env: Env,
    source: KeyValue,
    whole: Kept,
    part: Kept,
    rng: Rng,
    writes: u64,
    comparisons: u64,
}

/// A replica, and the directory that it comes back from.
struct Kept {
    directory: tempfile::TempDir,
    filters: &'static [&'static str],
    replica: Option<Replica>,
    openings: u64,
}

impl World {
    fn new(server: std::net::SocketAddr, env: Env, seed: u64, refills: Refills) -> Self {
        let door = Door::to(server).unwrap();
        let js = JetStream::connect_with(options(&format!("nats://{server}"))).unwrap();
        let config = KeyValueConfig::new("b").history(3).limit_marker_ttl(Duration::from_secs(1));
        let source = js.create_key_value(config).unwrap();
        let kept = |filters: &'static [&'static str]| Kept {
            directory: tempfile::tempdir().unwrap(),
            filters,
            replica: None,
            openings: 0,
        };
        let (whole, part) = (kept(&[]), kept(&["a.*", "x"]));
        let mut world =
            Self { refills, door, env, source, whole, part, rng: Rng::new(seed), writes: 0, comparisons: 0 };
        world.open();
        world
    }

    /// Interrupts something, and changes the source before, while and after.
    fn round(&mut self, round: usize, restart: impl FnOnce()) {
        self.change();
        match round % 5 {
            0 => self.door.cut(),
            1 => {
                self.door.lock();
                self.change();
                self.door.unlock();
            }
            2 => {
                self.end_replicas();
                self.change();
                self.open();
            }
            3 => restart(),
            // Everything at once.
            _ => {
                self.door.lock();
                self.end_replicas();
                self.change();
                restart();
                self.change();
                self.open();
                self.door.unlock();
            }
        }
        self.change();
    }

    fn open(&mut self) {
        for kept in [&mut self.whole, &mut self.part] {
            let store = OpenOptions::new().sync(Sync::Os).env(self.env.clone());
            let options_of = ReplicaOptions::new()
                .directory(kept.directory.path())
                .filters(kept.filters.iter().copied())
                .check_interval(Duration::from_millis(250))
                .store(store);
            kept.replica = Some(Replica::open(options(&self.door.url()), "b", options_of).unwrap());
            kept.openings += 1;
        }
    }

    fn end_replicas(&mut self) {
        for kept in [&mut self.whole, &mut self.part] {
            let replica = kept.replica.take().unwrap();
            self.comparisons += replica.status().comparisons;
            // Whether it is closed or only dropped makes no difference.
            if self.rng.chance(1, 2) {
                replica.close().unwrap();
            }
        }
    }

    /// Makes changes; some leave no marker behind.
    fn change(&mut self) {
        for _ in 0..30 {
            let key = format!("{}.{}", self.rng.pick(&["a", "b"]), self.rng.below(12));
            let source = self.source.clone();
            self.writes += 1;
            let value = self.writes.to_string();
            let options = WriteOptions::new().header("Number", &value);
            match self.rng.below(16) {
                0 => patiently(|| source.delete(&key)),
                1 => patiently(|| source.purge(&key)),
                2 | 3 => {
                    patiently(|| source.put_with(&key, &value, options.clone().ttl(Duration::from_secs(1))))
                }
                4 => patiently(|| source.purge_deletes(Duration::ZERO)),
                5 if self.rng.chance(1, 8) => patiently(|| source.empty()),
                6 => patiently(|| {
                    let writes = vec![Write::put(&key, value.clone()), Write::put("x", value.clone())];
                    source.batch(writes).map(|revisions| revisions[0])
                }),
                _ => patiently(|| source.put_with(&key, &value, options.clone())),
            };
        }
    }

    /// Checks that the replicas have everything that was acknowledged, and are then, or soon if something expires, as the source.
    fn assert_equal(&mut self) {
        let last = patiently(|| self.source.status()).last_revision;
        for kept in [&self.whole, &self.part] {
            let replica = kept.replica.as_ref().unwrap();
            let waited = replica.wait_for(last, Some(PATIENCE));
            waited.unwrap_or_else(|error| panic!("{error}, {:?}", replica.status()));
            let waited = replica.wait_current(Some(PATIENCE));
            waited.unwrap_or_else(|error| panic!("{error}, {:?}", replica.status()));
            let (mut theirs, mut mine) = (Vec::new(), Vec::new());
            let is_equal = soon(|| {
                let filters: &[&str] = if kept.filters.is_empty() { &[">"] } else { kept.filters };
                theirs = patiently(|| {
                    all(filters, |filter| self.source.history_with(filter, WatchOptions::new()))
                });
                mine = all(&[">"], |filter| replica.history_with(filter, WatchOptions::new())).unwrap();
                mine == theirs
            });
            assert!(is_equal, "{:?}\n{mine:#?}\n{theirs:#?}", replica.status());
            // It was filled once and for all when it was opened for the first time.
            if self.refills == Refills::Never {
                assert_eq!(replica.status().fills, u64::from(kept.openings == 1), "{:?}", replica.status());
            }
            let keys: Vec<_> = theirs.iter().map(|entry| entry.key.as_str()).collect();
            for key in keys {
                let newest = theirs.iter().rfind(|entry| entry.key == key).cloned();
                assert_eq!(replica.entry(key).unwrap().map(comparable), newest);
            }
        }
    }

    #[expect(clippy::print_stdout, reason = "figures for whoever reads along")]
    fn report(mut self, place: &str) {
        self.end_replicas();
        println!(
            "{place}: two replicas equal after {ROUNDS} interruptions, {} changes, {} comparisons",
            self.writes, self.comparisons
        );
    }
}

fn options(url: &str) -> ConnectOptions {
    ConnectOptions::new(url).heartbeat(Duration::from_millis(250)).timeout(Duration::from_secs(10))
}

/// Returns what matches any of the filters, in the order of revisions.
fn all(filters: &[&str], read: impl Fn(&str) -> Result<Vec<Entry>, KvError>) -> Result<Vec<Entry>, KvError> {
    let mut entries = Vec::new();
    for filter in filters {
        entries.extend(read(filter)?.into_iter().map(comparable));
    }
    entries.sort_by_key(|entry| entry.revision);
    Ok(entries)
}

/// Connections do not keep the order of headers.
fn comparable(entry: Entry) -> Entry {
    let mut pairs: Vec<_> = entry.headers.iter().collect();
    pairs.sort_unstable();
    let headers = Headers::from_pairs(pairs).unwrap();
    Entry { delta: 0, headers, ..entry }
}

/// Tries until it works: the server may be on its way up.
fn patiently<T>(mut call: impl FnMut() -> Result<T, KvError>) -> T {
    for _ in 0..60 {
        match call() {
            Ok(value) => return value,
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
    call().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a wait for other threads")]
fn soon(mut is_met: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while !is_met() {
        if began.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    true
}
