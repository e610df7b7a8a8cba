//! A cluster of three reference servers whose nodes are killed while clients write, compare and set, and watch: no acknowledged
//! write is lost, every key changes as one history, every watcher sees each revision once and in order.
//!
//! `JETKV_KILLS=100` kills more often than ten times.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use jetkv::blocking::{JetStream, KeyValue};
use jetkv::{ConnectOptions, ErrorKind, KeyValueConfig, Revision, WatchEvent, WatchOptions};
use places::{Account, Cluster};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

const STREAM: &str = "KV_b";

#[test]
#[ignore = "needs the reference server"]
fn kills_of_nodes_lose_nothing_and_show_nothing_twice() {
    let kills: usize = std::env::var("JETKV_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(10);
    let mut cluster = Cluster::start().unwrap();
    let account = Account::next();
    let connect = || connect(&cluster.urls(), &account);
    let first = connect();
    let config = KeyValueConfig::new("b").history(64).replicas(3);
    let bucket = patiently(|| first.create_key_value(config.clone()));
    bucket.put("counter", "0").unwrap();
    let (stop, last) = (AtomicBool::new(false), AtomicU64::new(0));
    let open = |js: &JetStream| js.key_value("b").unwrap();
    let clients: Vec<_> = (0..6).map(|_| connect()).collect();
    let (written, counted, watched) = thread::scope(|scope| {
        let (stop, last) = (&stop, &last);
        let writers: Vec<_> = (0..2)
            .map(|number| {
                let kv = open(&clients[number]);
                scope.spawn(move || write(&kv, number, stop))
            })
            .collect();
        let counters: Vec<_> = (2..4)
            .map(|number| {
                let kv = open(&clients[number]);
                scope.spawn(move || count(&kv, stop))
            })
            .collect();
        let watchers: Vec<_> = (4..6)
            .map(|number| {
                let kv = open(&clients[number]);
                scope.spawn(move || watch(&kv, last))
            })
            .collect();
        for kill in 0..kills {
            let place = whole(&cluster, &account);
            let leader = place.strip_prefix("node").unwrap().parse::<usize>().unwrap();
            // The leader every second time, else one of the others.
            let node = if kill % 2 == 0 { leader } else { (leader + 1 + kill / 2 % 2) % cluster.len() };
            cluster.kill(node);
            thread::sleep(Duration::from_millis(1500));
            cluster.restart(node).unwrap();
        }
        whole(&cluster, &account);
        stop.store(true, Ordering::SeqCst);
        let written: BTreeMap<_, _> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        let counted: Vec<_> = counters.into_iter().map(|counter| counter.join().unwrap()).collect();
        last.store(patiently(|| bucket.put("end", "")), Ordering::SeqCst);
        let watched: Vec<_> = watchers.into_iter().map(|watcher| watcher.join().unwrap()).collect();
        (written, counted, watched)
    });
    println!(
        "{kills} kills, {} writes acknowledged, {:?} increments",
        written.len(),
        counted.iter().map(Vec::len).collect::<Vec<_>>()
    );
    assert!(written.len() > kills && counted.iter().any(|acks| !acks.is_empty()));

    // What was acknowledged is there, at its revision.
    for (key, revision) in &written {
        let entry = patiently(|| bucket.entry(key)).unwrap_or_else(|| panic!("{key} at {revision} is lost"));
        assert!(entry.revision >= *revision, "{key} is at {}, acknowledged was {revision}", entry.revision);
    }
    for seen in &watched {
        let revisions: Vec<_> = seen.iter().map(|(revision, ..)| *revision).collect();
        assert!(revisions.is_sorted_by(|left, right| left < right), "a revision came twice or out of order");
        let by_revision: HashMap<_, _> =
            seen.iter().map(|(revision, key, _)| (*revision, key.as_str())).collect();
        for (key, revision) in &written {
            assert_eq!(
                by_revision.get(revision),
                Some(&key.as_str()),
                "a watcher missed {key} at {revision}"
            );
        }
        // The counter is one history: each value is one more than the one before, whoever wrote it.
        let history: Vec<_> = seen.iter().filter(|(_, key, _)| key == "counter").collect();
        for pair in history.windows(2) {
            let number = |text: &str| text.parse::<u64>().unwrap();
            assert_eq!(number(&pair[1].2), number(&pair[0].2) + 1, "{:?} follows {:?}", pair[1], pair[0]);
        }
        for (revision, value) in counted.iter().flatten() {
            let found = history.iter().find(|(found, ..)| found == revision);
            assert_eq!(found.map(|(.., text)| text), Some(value), "an acknowledged increment is missing");
        }
    }
    assert_eq!(watched[0], watched[1], "two watchers saw different histories");
}

fn connect(urls: &str, account: &Account) -> JetStream {
    let (user, password) = account.login();
    let options = ConnectOptions::new(urls).user_and_password(user, password);
    patiently(|| JetStream::connect_with(options.clone().timeout(Duration::from_secs(10))))
}

/// Tries until it works: what is done here may be done twice.
fn patiently<T>(mut call: impl FnMut() -> Result<T, jetkv::KvError>) -> T {
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

/// Waits until the stream has a leader and all replicas, and returns the leader.
fn whole(cluster: &Cluster, account: &Account) -> String {
    for _ in 0..240 {
        if let Some(place) = cluster.placement(account, STREAM)
            && place.is_whole
            && let Some(leader) = place.leader
        {
            return leader;
        }
        thread::sleep(Duration::from_millis(250));
    }
    panic!("the cluster does not become whole:\n{}", cluster.logs());
}

/// Writes a new key each time; returns what was acknowledged.
fn write(kv: &KeyValue, writer: usize, stop: &AtomicBool) -> Vec<(String, Revision)> {
    let mut acked = Vec::new();
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let key = format!("w{writer}.{number}");
        match kv.put(&key, number.to_string()) {
            Ok(revision) => acked.push((key, revision)),
            // It may have been done; nobody was promised anything.
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
        }
        thread::sleep(Duration::from_millis(3));
    }
    acked
}

/// Adds one by compare and set; returns the revisions and values that were acknowledged.
fn count(kv: &KeyValue, stop: &AtomicBool) -> Vec<(Revision, String)> {
    let mut acked = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(7));
        let entry = match kv.get("counter") {
            Ok(entry) => entry.unwrap(),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
                continue;
            }
        };
        let next = (entry.value_str().unwrap().parse::<u64>().unwrap() + 1).to_string();
        match kv.update("counter", &next, entry.revision) {
            Ok(revision) => acked.push((revision, next)),
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Unavailable), "{error}");
            }
        }
    }
    acked
}

/// Follows everything up to the revision that `last` names in the end.
fn watch(kv: &KeyValue, last: &AtomicU64) -> Vec<(Revision, String, String)> {
    let mut watcher = patiently(|| kv.watch_all_with(WatchOptions::new().include_history()));
    let mut seen = Vec::new();
    loop {
        if let Some(WatchEvent::Entry(entry)) = watcher.next_timeout(Duration::from_millis(200)).unwrap() {
            seen.push((entry.revision, entry.key.clone(), entry.value_str().unwrap().to_owned()));
        }
        let end = last.load(Ordering::SeqCst);
        if end > 0 && seen.last().is_some_and(|(revision, ..)| *revision >= end) {
            return seen;
        }
    }
}
