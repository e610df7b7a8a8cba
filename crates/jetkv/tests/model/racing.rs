//! Real threads: compare-and-set on one key, and watchers beside a writer.

use jetkv::blocking::{JetStream, KeyValue, Watcher};
use jetkv::{KeyValueConfig, KvError, OpenOptions, Operation, Storage, WatchEvent, WatchOptions};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use testkit::Rng;

/// What one call did, between two readings of a counter that all threads share.
#[derive(Debug, Clone, Copy)]
struct Call {
    from: u64,
    to: u64,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The key was read, at this revision; 0 if it had no value.
    Read { revision: u64 },
    /// The write won: it expected one revision and made the other.
    Won { expected: Option<u64>, revision: u64, operation: Operation },
    /// The write lost against the revision found.
    Lost { expected: u64, found: u64 },
}

fn compare_and_set(kv: &KeyValue, clock: &AtomicU64, seed: u64) -> Vec<Call> {
    let mut rng = Rng::new(seed);
    let mut calls = Vec::new();
    let mut call = |run: &mut dyn FnMut() -> Kind| {
        let from = clock.fetch_add(1, Ordering::SeqCst);
        let kind = run();
        let to = clock.fetch_add(1, Ordering::SeqCst);
        calls.push(Call { from, to, kind });
    };
    for _ in 0..CALLS {
        let mut read = None;
        call(&mut || {
            read = kv.get("k").unwrap();
            Kind::Read { revision: read.as_ref().map_or(0, |entry| entry.revision) }
        });
        call(&mut || match &read {
            None => match kv.create("k", "1") {
                Ok(revision) => Kind::Won { expected: None, revision, operation: Operation::Put },
                Err(KvError::KeyExists { revision: found, .. }) => Kind::Lost { expected: 0, found },
                Err(error) => panic!("{error}"),
            },
            Some(entry) => {
                let expected = entry.revision;
                let number: u64 = entry.value_str().unwrap().parse().unwrap();
                let deletes = rng.chance(1, 10);
                let done = if deletes {
                    kv.delete_if("k", expected)
                } else {
                    kv.update("k", (number + 1).to_string(), expected)
                };
                let operation = if deletes { Operation::Delete } else { Operation::Put };
                match done {
                    Ok(revision) => Kind::Won { expected: Some(expected), revision, operation },
                    Err(KvError::WrongRevision { expected, found, .. }) => Kind::Lost { expected, found },
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    calls
}

/// Checks that all calls of all threads have one order that explains them.
fn check_order(calls: &[Call], kv: &KeyValue) {
    let mut won = BTreeMap::new();
    for call in calls {
        if let Kind::Won { revision, .. } = call.kind {
            assert!(won.insert(revision, *call).is_none(), "revision {revision} has two winners");
        }
    }
    // Nobody else writes, so each winner builds on the one before, and deletes leave nothing to count on.
    let (mut last, mut number, mut has_value) = (0, 0, false);
    for (&revision, call) in &won {
        let Kind::Won { expected, operation, .. } = call.kind else { continue };
        assert_eq!(revision, last + 1, "a revision that nobody made");
        match expected {
            Some(expected) => assert!(has_value && expected == last, "{call:?} after {last}"),
            None => assert!(!has_value, "{call:?} created over a value"),
        }
        has_value = operation == Operation::Put;
        number = if expected.is_none() { 1 } else { number + 1 };
        last = revision;
    }
    let value = kv.get("k").unwrap().map(|entry| entry.value_str().unwrap().to_owned());
    assert_eq!(value, has_value.then(|| number.to_string()));
    for call in calls {
        // What was done before a call began is seen by it, and nothing that began after its end.
        let done = won.iter().rev().find(|(_, other)| other.to < call.from).map_or(0, |(at, _)| *at);
        let begun = won.iter().rev().find(|(_, other)| other.from < call.to).map_or(0, |(at, _)| *at);
        let is_marker = |at: u64| {
            at == 0 || matches!(won[&at].kind, Kind::Won { operation, .. } if operation.is_marker())
        };
        match call.kind {
            Kind::Read { revision: 0 } => {
                assert!((done..=begun).any(is_marker), "{call:?} sees nothing between {done} and {begun}");
            }
            Kind::Read { revision } => {
                assert!((done..=begun).contains(&revision) && !is_marker(revision), "{call:?} after {done}");
            }
            Kind::Lost { expected, found } => {
                assert!((done..=begun).contains(&found) && found != expected, "{call:?} after {done}");
            }
            Kind::Won { revision, .. } => assert!(revision > done, "{call:?} after {done}"),
        }
    }
}

fn compare_and_set_is_linearizable(js: &JetStream, storage: Storage) {
    let kv = js.create_key_value(KeyValueConfig::new("b").history(2).storage(storage)).unwrap();
    let clock = Arc::new(AtomicU64::new(0));
    let threads = (0..THREADS).map(|seed| {
        let (kv, clock) = (kv.clone(), Arc::clone(&clock));
        std::thread::spawn(move || compare_and_set(&kv, &clock, seed))
    });
    let threads: Vec<_> = threads.collect();
    let calls: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    check_order(&calls, &kv);
}

#[test]
fn compare_and_set_is_linearizable_in_files() {
    let dir = tempfile::tempdir().unwrap();
    let js = JetStream::open(dir.path()).unwrap();
    compare_and_set_is_linearizable(&js, Storage::File);
    js.close().unwrap();
}

#[test]
fn compare_and_set_is_linearizable_in_memory() {
    compare_and_set_is_linearizable(&JetStream::memory().unwrap(), Storage::Memory);
}

/// Reads until the writer is done and nothing is left; checks order, content and the place of the mark.
fn read_all(mut watcher: Watcher, is_done: &AtomicBool, pause: u64) -> Vec<u64> {
    let (mut seen, mut marks) = (Vec::new(), 0);
    loop {
        let was_done = is_done.load(Ordering::SeqCst);
        match watcher.next_timeout(Duration::from_millis(20)).unwrap() {
            Some(WatchEvent::EndOfInitial) => marks += 1,
            Some(WatchEvent::Entry(entry)) => {
                assert_eq!(entry.value_str().unwrap(), entry.revision.to_string());
                assert!(seen.last().is_none_or(|last| *last < entry.revision), "{seen:?}, {entry:?}");
                seen.push(entry.revision);
                (0..pause).for_each(|_| std::thread::yield_now());
            }
            None if was_done => break,
            None => {}
        }
    }
    assert_eq!(marks, 1);
    seen
}

/// Watches while another thread writes; every revision that is kept at the end was delivered.
fn watch_beside_a_writer(history: u32, recent_bytes: usize) {
    let js = pollster::block_on(jetkv::JetStream::memory_with(OpenOptions::new().recent_bytes(recent_bytes)));
    let js = JetStream::from(js.unwrap());
    let kv = js.create_key_value(KeyValueConfig::new("b").history(history)).unwrap();
    let is_done = Arc::new(AtomicBool::new(false));
    let writer = {
        let (kv, is_done) = (kv.clone(), Arc::clone(&is_done));
        std::thread::spawn(move || {
            for revision in 1..=WRITES {
                let put =
                    kv.put(WATCHED[usize::try_from(revision).unwrap() % WATCHED.len()], revision.to_string());
                assert_eq!(put.unwrap(), revision);
            }
            is_done.store(true, Ordering::SeqCst);
        })
    };
    let readers = [(">", 0), ("a.*", 0), ("a.*", 30), (">", 60), ("*.b", 5)].map(|(filter, pause)| {
        let (kv, is_done) = (kv.clone(), Arc::clone(&is_done));
        let options = WatchOptions::new().include_history();
        let reader =
            std::thread::spawn(move || read_all(kv.watch_with(filter, options).unwrap(), &is_done, pause));
        (filter, reader)
    });
    writer.join().unwrap();
    for (filter, reader) in readers {
        let seen = reader.join().unwrap();
        let kept = kv.history_with(filter, WatchOptions::new()).unwrap();
        let missed = kept.iter().find(|entry| seen.binary_search(&entry.revision).is_err());
        assert!(missed.is_none(), "{filter} missed {missed:?}");
    }
}

#[test]
fn watchers_beside_a_writer_miss_nothing_that_is_kept() {
    for history in [1, 5, 64] {
        for recent_bytes in [0, 400, 1 << 20] {
            watch_beside_a_writer(history, recent_bytes);
        }
    }
}

const THREADS: u64 = 8;
const CALLS: usize = 150;
const WRITES: u64 = 2_000;
const WATCHED: [&str; 4] = ["a.b", "a.c", "c.b", "d"];
