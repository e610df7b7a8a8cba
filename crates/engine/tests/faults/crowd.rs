//! Many threads at once on one stream: nothing is lost, nothing goes back, nobody waits for ever.

use crate::world::{config, put, subject, text};
use jetkv_engine::{Append, EngineError, Expect, Purge, Select, Store, StoreOptions, Stream, Upkeep};
use jetkv_types::SubjectFilter;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Long enough for the slowest machine; only a deadlock reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Panics if `work` hangs.
fn watched(work: impl FnOnce() + Send + 'static) {
    let (done, watch) = channel();
    let worker = thread::spawn(move || {
        work();
        let _ = done.send(());
    });
    match watch.recv_timeout(PATIENCE) {
        Err(RecvTimeoutError::Timeout) => panic!("threads wait for each other"),
        Ok(()) | Err(RecvTimeoutError::Disconnected) => worker.join().unwrap(),
    }
}

fn number(stream: &Stream, key: &str) -> (u64, u64) {
    let last = stream.last(&subject(key)).unwrap();
    last.map_or((0, 0), |message| (message.sequence, text(&message).parse().unwrap()))
}

/// Adds one to a number by compare-and-set; returns how often it took.
fn count_up(stream: &Stream) -> u64 {
    let key = subject("S.counter");
    for attempt in 1.. {
        let (sequence, value) = number(stream, "S.counter");
        let value = (value + 1).to_string();
        let append =
            Append { expect: Expect::LastOfSubject(sequence), ..Append::put(&key, value.as_bytes()) };
        match stream.append(&[append]).wait() {
            Ok(_) => return attempt,
            Err(EngineError::WrongLastSequence { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    0
}

fn storm() {
    let options = StoreOptions {
        upkeep: Upkeep::Manual,
        segment_bytes_min: 4 << 10,
        segment_bytes_max: 64 << 10,
        ..StoreOptions::default()
    };
    let store = Store::memory(options).unwrap();
    let stream = store.create_stream(config("S", 3)).unwrap();
    let (stop, counted, written) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let going = || !stop.load(Ordering::Relaxed);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while going() {
                    count_up(&stream);
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for writer in 0..3 {
            let (stream, written) = (&stream, &written);
            scope.spawn(move || {
                for n in 1.. {
                    if !going() {
                        return;
                    }
                    let key = format!("S.w.{writer}");
                    let sequence = put(stream, &key, n.to_string().as_bytes()).unwrap();
                    // A writer reads its own write.
                    assert_eq!(number(stream, &key), (sequence, n));
                    put(stream, &format!("S.purged.{}", n % 50), b"0").unwrap();
                    written.fetch_add(2, Ordering::Relaxed);
                }
            });
        }
        scope.spawn(|| {
            let mut seen = [(0, 0); 3];
            while going() {
                for (writer, seen) in seen.iter_mut().enumerate() {
                    let now = number(&stream, &format!("S.w.{writer}"));
                    assert!(now >= *seen && (now.0 > seen.0) == (now.1 > seen.1), "{now:?} after {seen:?}");
                    *seen = now;
                }
                let filter = [SubjectFilter::new("S.w.*").unwrap()];
                let selection = stream.select(&filter, Select::LastPerSubject, 0).unwrap();
                assert!(selection.sequences.iter().all(|sequence| *sequence <= selection.up_to));
            }
        });
        scope.spawn(|| {
            while going() {
                let filter = Some(SubjectFilter::new("S.purged.>").unwrap());
                stream.purge(&Purge { filter, ..Purge::default() }).unwrap();
            }
        });
        scope.spawn(|| {
            while going() {
                store.compact().unwrap();
                store.run_upkeep().unwrap();
            }
        });
        // The work is measured, not the time: every kind of thread gets somewhere.
        while counted.load(Ordering::Relaxed) < 3_000 || written.load(Ordering::Relaxed) < 6_000 {
            thread::yield_now();
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(number(&stream, "S.counter").1, counted.load(Ordering::Relaxed));
    assert_eq!(store.check(&mut |_, _| {}).unwrap(), []);
    println!("{} counted, {} written", counted.into_inner(), written.into_inner());
}

#[test]
fn threads_that_do_everything_at_once_agree() {
    watched(storm);
}
