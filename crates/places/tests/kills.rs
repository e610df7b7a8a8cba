//! A cluster of three reference servers whose nodes are killed while clients write, compare and set, and watch: no acknowledged
//! write is lost, the calls on each key have one order, every watcher sees each revision once and in order.
//!
//! `JETKV_KILLS=100` kills more often than ten times.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use differ::{Call, Effect, Stored, check};
use jetkv::blocking::{JetStream, KeyValue};
use jetkv::{
    ConnectOptions, Entry, ErrorKind, KeyValueConfig, KvError, Revision, WatchEvent, WatchOptions,
    WriteOptions,
};
use places::{Account, Cluster};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use testkit::Rng;

const STREAM: &str = "KV_b";
const KILLS_DEFAULT: usize = 10;
const CALLERS: usize = 3;
const WATCHERS: usize = 2;
/// Few enough that clients meet, and so many that no history of 64 overflows while a watcher connects anew: what a bucket no longer
/// keeps nobody can see.
const KEYS: u64 = 40;

#[test]
#[ignore = "needs the reference server"]
fn kills_of_nodes_lose_nothing_and_show_nothing_twice() {
    let kills =
        std::env::var("JETKV_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(KILLS_DEFAULT);
    let mut cluster = Cluster::start().unwrap();
    let account = Account::next();
    let connect = || connect(&cluster.urls(), &account);
    let first = connect();
    let bucket = patiently(|| first.create_key_value(KeyValueConfig::new("b").history(64).replicas(3)));
    whole(&cluster, &account);
    let clients: Vec<_> = (0..CALLERS + 1 + WATCHERS).map(|_| connect()).collect();
    let (clock, stop, end) = (AtomicU64::new(0), AtomicBool::new(false), AtomicU64::new(0));
    let open = |number: usize| patiently(|| clients[number].key_value("b"));
    let (calls, watched) = thread::scope(|scope| {
        let (clock, stop, end) = (&clock, &stop, &end);
        let mut callers: Vec<_> = (0..CALLERS)
            .map(|number| {
                let caller = Caller::new(open(number), number, clock);
                scope.spawn(move || caller.compare_and_set(stop))
            })
            .collect();
        let writer = Caller::new(open(CALLERS), CALLERS, clock);
        callers.push(scope.spawn(move || writer.put_new_keys(stop)));
        let watchers: Vec<_> = (CALLERS + 1..clients.len())
            .map(|number| {
                let kv = open(number);
                scope.spawn(move || watch(&kv, end))
            })
            .collect();
        for kill in 0..kills {
            let leader = whole(&cluster, &account);
            // The leader every second time, else one of the others.
            let node = if kill % 2 == 0 { leader } else { (leader + 1 + kill / 2 % 2) % cluster.len() };
            cluster.kill(node);
            // Long enough for another leader, and for work that the dead node does not know of.
            thread::sleep(Duration::from_millis(1500));
            cluster.restart(node).unwrap();
        }
        whole(&cluster, &account);
        stop.store(true, Ordering::SeqCst);
        let calls: Vec<_> = callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect();
        let options = || WriteOptions::new().header(MARK, "the end");
        end.store(patiently(|| bucket.put_with("end", "", options())), Ordering::SeqCst);
        let watched: Vec<_> = watchers.into_iter().map(|watcher| watcher.join().unwrap()).collect();
        (calls, watched)
    });
    let count = |is: fn(&Effect) -> bool| calls.iter().filter(|call| is(&call.effect)).count();
    println!(
        "{kills} kills: {} writes acknowledged, {} refused, {} reads, {} calls without an answer, {} revisions watched",
        count(|effect| matches!(effect, Effect::Wrote(_))),
        count(|effect| matches!(effect, Effect::Refused(_))),
        count(|effect| matches!(effect, Effect::Read(_))),
        count(|effect| matches!(effect, Effect::Unknown)),
        watched[0].len(),
    );
    assert!(count(|effect| matches!(effect, Effect::Wrote(_))) > 20 * kills);

    for seen in &watched {
        let revisions: Vec<_> = seen.iter().map(|entry| entry.revision).collect();
        assert!(revisions.is_sorted_by(|left, right| left < right), "a revision came twice or out of order");
    }
    let seen_by = |number: usize| watched[number].iter().map(|entry| (entry.revision, entry));
    let (left, right): (BTreeMap<_, _>, BTreeMap<_, _>) = (seen_by(0).collect(), seen_by(1).collect());
    let differs =
        left.keys().chain(right.keys()).find(|revision| left.get(*revision) != right.get(*revision));
    if let Some(revision) = differs {
        panic!("two watchers saw {revision} as {:?} and {:?}", left.get(revision), right.get(revision));
    }
    // What was seen is everything there ever was, so it is the order that must explain every answer.
    let log: BTreeMap<_, _> = watched[0].iter().map(|entry| (entry.revision, stored(entry))).collect();
    let mut calls = calls;
    calls.extend(log.iter().filter(|(_, (_, headers, _))| headers.contains("the end")).map(
        |(revision, _)| {
            let (from, to) = (u64::MAX - 1, u64::MAX);
            let (key, write) = ("end".into(), Some("the end".into()));
            Call { from, to, key, write, expected: None, effect: Effect::Wrote(*revision) }
        },
    ));
    check(&calls, &log).unwrap();
    // And it is still there: a history of 64 is cut only at its old end.
    let stored_now = patiently(|| bucket.history_with(">", WatchOptions::new()));
    let kept: BTreeMap<_, _> = stored_now.iter().map(|entry| (entry.revision, stored(entry))).collect();
    assert!(kept.iter().all(|(revision, stored)| log.get(revision) == Some(stored)));
    for (revision, (key, ..)) in &log {
        let newer = log.range(revision + 1..).filter(|(_, (other, ..))| other == key).count();
        assert!(kept.contains_key(revision) || newer >= 64, "{key} at {revision} is lost");
    }
}

fn connect(urls: &str, account: &Account) -> JetStream {
    let (user, password) = account.login();
    let options = ConnectOptions::new(urls)
        .user_and_password(user, password)
        .timeout(Duration::from_secs(10))
        .heartbeat(Duration::from_millis(500));
    patiently(|| JetStream::connect_with(options.clone()))
}

/// Tries until it works: what is done here may be done twice.
fn patiently<T>(mut call: impl FnMut() -> Result<T, KvError>) -> T {
    let mut tries = 0;
    loop {
        match call() {
            Ok(value) => return value,
            Err(error) if tries == 60 => panic!("{error}"),
            Err(_) => tries += 1,
        }
        thread::sleep(Duration::from_millis(500));
    }
}

/// Waits until the stream has a leader and all replicas, and returns the number of the leader.
fn whole(cluster: &Cluster, account: &Account) -> usize {
    for _ in 0..240 {
        if let Some(place) = cluster.placement(account, STREAM)
            && place.is_whole
            && let Some(leader) = place.leader
        {
            return leader.strip_prefix("node").unwrap().parse().unwrap();
        }
        thread::sleep(Duration::from_millis(250));
    }
    panic!("the cluster does not become whole:\n{}", cluster.logs());
}

/// A client that notes what it calls and what it is told.
struct Caller<'a> {
    kv: KeyValue,
    number: usize,
    clock: &'a AtomicU64,
    rng: Rng,
    calls: Vec<Call>,
    writes: u64,
}

impl<'a> Caller<'a> {
    fn new(kv: KeyValue, number: usize, clock: &'a AtomicU64) -> Self {
        let seed = u64::try_from(number).unwrap() + 1;
        Self { kv, number, clock, rng: Rng::new(seed), calls: Vec::new(), writes: 0 }
    }

    /// Reads keys that others write, and writes them if they are where they were read, or where they were at another time.
    fn compare_and_set(mut self, stop: &AtomicBool) -> Vec<Call> {
        let mut other = 0;
        while !stop.load(Ordering::SeqCst) {
            let key = format!("c.{}", self.rng.below(KEYS));
            let Some(read) = self.read(&key) else { continue };
            let expected = if self.rng.chance(9, 10) { read } else { other };
            other = read;
            self.write(&key, Some(expected));
            thread::sleep(Duration::from_millis(10));
        }
        self.calls
    }

    fn put_new_keys(mut self, stop: &AtomicBool) -> Vec<Call> {
        while !stop.load(Ordering::SeqCst) {
            let key = format!("w.{}", self.writes);
            self.write(&key, None);
            thread::sleep(Duration::from_millis(3));
        }
        self.calls
    }

    fn read(&mut self, key: &str) -> Option<Revision> {
        let from = self.clock.fetch_add(1, Ordering::SeqCst);
        let entry = self.kv.entry(key);
        let effect = match entry {
            Ok(entry) => Effect::Read(entry.map_or(0, |entry| entry.revision)),
            Err(error) => unknown(&error),
        };
        self.note(Call { from, to: 0, key: key.into(), write: None, expected: None, effect });
        match effect {
            Effect::Read(revision) => Some(revision),
            _ => None,
        }
    }

    fn write(&mut self, key: &str, expected: Option<Revision>) {
        self.writes += 1;
        let mark = format!("{}-{}", self.number, self.writes);
        let options = WriteOptions::new().header(MARK, &mark);
        let from = self.clock.fetch_add(1, Ordering::SeqCst);
        let written = match expected {
            Some(expected) => self.kv.update_with(key, &mark, expected, options),
            None => self.kv.put_with(key, &mark, options),
        };
        let effect = match written {
            Ok(revision) => Effect::Wrote(revision),
            Err(KvError::WrongRevision { found, .. }) => Effect::Refused(found),
            Err(error) => unknown(&error),
        };
        self.note(Call { from, to: 0, key: key.into(), write: Some(mark), expected, effect });
    }

    fn note(&mut self, call: Call) {
        self.calls.push(Call { to: self.clock.fetch_add(1, Ordering::SeqCst), ..call });
    }
}

/// It may have been done; nobody was promised anything.
fn unknown(error: &KvError) -> Effect {
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    Effect::Unknown
}

/// Follows everything up to the revision that `end` names in the end.
fn watch(kv: &KeyValue, end: &AtomicU64) -> Vec<Entry> {
    let mut watcher = patiently(|| kv.watch_all_with(WatchOptions::new().include_history()));
    let mut seen: Vec<Entry> = Vec::new();
    loop {
        if let Some(WatchEvent::Entry(entry)) = watcher.next_timeout(Duration::from_millis(200)).unwrap() {
            seen.push(Entry { delta: 0, ..entry });
        }
        let end = end.load(Ordering::SeqCst);
        if end > 0 && seen.last().is_some_and(|entry| entry.revision >= end) {
            return seen;
        }
    }
}

fn stored(entry: &Entry) -> Stored {
    let mark = entry.headers.get(MARK).unwrap_or_default();
    (entry.key.clone(), format!("{MARK}: {mark}\n"), entry.value_str().unwrap().to_owned())
}

/// By this header a write is found again.
const MARK: &str = "X-Id";
