//! A cluster in which several servers answer: what one of them has acknowledged, the next request must not find undone,
//! whoever answers that one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use jetkv::blocking::{JetStream, KeyValue};
use jetkv::{ConnectOptions, KeyValueConfig, KvError, WatchOptions};
use places::{Account, Cluster};
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

/// Each takes a part of a second, and a cluster that answers too early is caught in a few of them.
const ROUNDS_DEFAULT: usize = 10;
/// So many at once that the servers are kept waiting for one another.
const CLIENTS: usize = 8;

#[test]
#[ignore = "needs the reference server"]
fn what_was_acknowledged_is_seen_by_whoever_is_asked_next() {
    let rounds = std::env::var("JETKV_ROUNDS").ok().and_then(|count| count.parse().ok());
    let cluster = Cluster::start().unwrap();
    let rounds = rounds.unwrap_or(ROUNDS_DEFAULT);
    let clients = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(|| stale(&cluster, rounds))).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect::<Vec<_>>()
    });
    let all: Vec<_> = clients.into_iter().flat_map(|stale| stale.0).collect();
    assert!(all.is_empty(), "what was not seen, and how often by a client: {all:#?}");
}

fn stale(cluster: &Cluster, rounds: usize) -> Stale {
    let account = Account::next();
    let (user, password) = account.login();
    let options = ConnectOptions::new(cluster.urls()).user_and_password(user, password);
    let options = options.timeout(Duration::from_secs(20));
    let js = patiently(|| JetStream::connect_with(options.clone()));
    let mut stale = Stale::default();
    for round in 0..rounds {
        // A cluster chooses the servers of a bucket, and its leader, anew for each name.
        stale.look_at(&js, &format!("b{}", round % 3));
    }
    stale
}

/// What was seen although something else was acknowledged.
#[derive(Default)]
struct Stale(BTreeMap<&'static str, usize>);

impl Stale {
    fn expect(&mut self, what: &'static str, is_seen: bool) {
        if !is_seen {
            *self.0.entry(what).or_default() += 1;
        }
    }

    fn look_at(&mut self, js: &JetStream, bucket: &str) {
        let config = KeyValueConfig::new(bucket).replicas(3).history(3);
        let kv = js.create_key_value(config.clone()).unwrap();
        self.expect("a new bucket is listed", js.key_value_names().unwrap() == [bucket]);
        self.expect("a new bucket is found", js.key_value(bucket).is_ok());
        for text in ["1", "2", "3"] {
            kv.put("k", text).unwrap();
        }
        self.expect("entries are read back", history(&kv) == ["1", "2", "3"]);
        let config = config.history(2).description("changed");
        js.update_key_value(config.clone()).unwrap();
        self.expect("a lower history cuts", history(&kv) == ["2", "3"]);
        self.expect("a changed bucket says so", kv.status().unwrap().config == config);
        kv.delete("k").unwrap();
        kv.purge_deletes(Duration::ZERO).unwrap();
        self.expect("removed markers are gone", history(&kv).is_empty());
        kv.put("k", "4").unwrap();
        kv.purge("k").unwrap();
        self.expect("a purge leaves its marker", history(&kv) == [""]);
        kv.put("k", "5").unwrap();
        kv.put("l", "6").unwrap();
        kv.empty().unwrap();
        self.expect("an emptied bucket has no history", history(&kv).is_empty());
        self.expect("an emptied bucket has no keys", kv.keys().unwrap().is_empty());
        kv.put("k", "7").unwrap();
        js.delete_key_value(bucket).unwrap();
        self.expect("a deleted bucket is not listed", js.key_value_names().unwrap().is_empty());
        let opened = js.key_value(bucket).map(drop);
        self.expect("a deleted bucket is not found", matches!(opened, Err(KvError::BucketNotFound { .. })));
        let put = kv.put("k", "8").map(drop);
        self.expect("a deleted bucket takes nothing", matches!(put, Err(KvError::BucketDeleted { .. })));
        let again = js.create_key_value(KeyValueConfig::new(bucket).replicas(3)).unwrap();
        self.expect("a bucket made again is empty", again.get("k").unwrap().is_none());
        self.expect("a bucket made again lists nothing", again.keys().unwrap().is_empty());
        self.expect("a bucket made again counts from 1", again.put("k", "9").unwrap() == 1);
        js.delete_key_value(bucket).unwrap();
    }
}

fn history(kv: &KeyValue) -> Vec<String> {
    let entries = kv.history_with(">", WatchOptions::new()).unwrap();
    entries.iter().map(|entry| entry.value_str().unwrap().to_owned()).collect()
}

/// Tries until it works: a cluster that has just been started has no leader yet.
fn patiently<T>(mut call: impl FnMut() -> Result<T, KvError>) -> T {
    for _ in 0..40 {
        match call() {
            Ok(value) => return value,
            Err(_) => thread::sleep(Duration::from_millis(500)),
        }
    }
    call().unwrap()
}
