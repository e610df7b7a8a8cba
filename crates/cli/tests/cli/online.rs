//! Backups of a directory that a server has, while clients write (RELIABILITY, row 24).

use crate::program::Place;
use crate::serve::running::Running;
use jetkv::blocking::JetStream;
use jetkv::{Operation, Revision};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What a writer did: the key, and the value if it was no deletion, by revision.
type Done = BTreeMap<Revision, (String, Option<String>)>;

const HISTORY: usize = 3;

/// Writes until it is told to stop; `acked` is the last revision that was acknowledged.
fn write(address: &str, writer: usize, stop: &AtomicBool, acked: &AtomicU64) -> Done {
    let js = JetStream::connect(address).unwrap();
    let kv = js.key_value("app").unwrap();
    let mut done = Done::new();
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let key = format!("k{}", (number * 7 + writer) % 20);
        let (revision, value) = if number % 11 == 10 {
            (kv.delete(&key).unwrap(), None)
        } else {
            let value = format!("{writer}-{number}");
            (kv.put(&key, &value).unwrap(), Some(value))
        };
        acked.fetch_max(revision, Ordering::SeqCst);
        done.insert(revision, (key, value));
    }
    js.close().unwrap();
    done
}

/// What a bucket holds after all writes up to a revision.
fn state_at(done: &Done, last: Revision) -> BTreeMap<Revision, (String, Option<String>)> {
    let mut by_key: BTreeMap<&str, Vec<Revision>> = BTreeMap::new();
    for (revision, (key, _)) in done.range(..=last) {
        let kept = by_key.entry(key).or_default();
        kept.push(*revision);
        if kept.len() > HISTORY {
            kept.remove(0);
        }
    }
    let kept = by_key.into_values().flatten();
    kept.map(|revision| (revision, done[&revision].clone())).collect()
}

#[test]
fn a_backup_under_load_is_an_exact_prefix_and_comes_back() {
    let place = Place::empty();
    place.ok(&["add", "app", "--history", &HISTORY.to_string()]);
    place.ok(&["add", "quiet"]);
    place.ok(&["put", "quiet", "k", "v"]);
    let server = Running::start(&place, &["serve", "--port", "0"]);
    let address = format!("nats://{}", server.address());
    let (stop, acked) = (AtomicBool::new(false), AtomicU64::new(0));
    let (done, moments) = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                let (address, stop, acked) = (&address, &stop, &acked);
                scope.spawn(move || write(address, writer, stop, acked))
            })
            .collect();
        let mut moments = Vec::new();
        for number in 0..4 {
            // Some writes lie between two backups.
            let wanted = acked.load(Ordering::SeqCst) + 30;
            while acked.load(Ordering::SeqCst) < wanted {
                std::thread::yield_now();
            }
            let before = acked.load(Ordering::SeqCst);
            let saved = place.json(&["backup", "--output", &format!("backup{number}")]).remove(0);
            assert_eq!(saved["buckets"], serde_json::json!(["app", "quiet"]));
            moments.push(before);
        }
        stop.store(true, Ordering::SeqCst);
        let done: Done = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        (done, moments)
    });
    drop(server);
    for (number, before) in moments.into_iter().enumerate() {
        let (file, store) = (format!("backup{number}"), format!("restored{number}"));
        let text = std::fs::read_to_string(place.file(&file)).unwrap();
        let settings: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        let last = settings["bucket_config"]["last_revision"].as_u64().unwrap();
        // Everything acknowledged before the command is in it.
        assert!(last >= before, "{last} is before {before}");
        place.ok(&["--store", &store, "restore", &file]);
        let js = JetStream::open(place.file(&store)).unwrap();
        let kv = js.key_value("app").unwrap();
        let found = kv.history_with(">", jetkv::WatchOptions::new().include_history()).unwrap();
        let found: BTreeMap<_, _> = found
            .into_iter()
            .map(|entry| {
                let value = entry.value_str().unwrap().to_owned();
                (entry.revision, (entry.key, (entry.operation == Operation::Put).then_some(value)))
            })
            .collect();
        assert_eq!(found, state_at(&done, last), "backup {number} at {last}");
        assert_eq!(kv.status().unwrap().last_revision, last);
        js.close().unwrap();
    }
}
