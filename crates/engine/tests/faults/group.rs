//! Shared syncs: many writers, few syncs, in every mode what it says.

use crate::world::{clock, config, open, put, small, subject, text};
use jetkv_engine::env::Env;
use jetkv_engine::{Store, StoreOptions, Stream, Sync, Upkeep};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;
use testkit::{Call, DiskModel, ManualClock, SimFs, TapFs};

const THREADS: u64 = 64;

/// A file system whose syncs let everybody else run first, as a slow disk does.
fn slow(fs: SimFs) -> TapFs {
    TapFs::new(fs, |call, _| {
        if call == Call::Sync {
            (0..2 * THREADS).for_each(|_| thread::yield_now());
        }
        Ok(())
    })
}

/// Has all threads write, and returns the number of puts.
fn crowd(stream: &Stream, puts_each: u64) -> u64 {
    let barrier = Barrier::new(usize::try_from(THREADS).unwrap());
    thread::scope(|scope| {
        for writer in 0..THREADS {
            let (stream, barrier) = (stream.clone(), &barrier);
            scope.spawn(move || {
                barrier.wait();
                for n in 0..puts_each {
                    put(&stream, &format!("S.{writer}"), n.to_string().as_bytes()).unwrap();
                }
            });
        }
    });
    for writer in 0..THREADS {
        let last = stream.last(&subject(&format!("S.{writer}"))).unwrap().unwrap();
        assert_eq!(text(&last), (puts_each - 1).to_string());
    }
    THREADS * puts_each
}

fn assert_shared(store: &Store, puts: u64) {
    let syncs = store.stats().sync_count;
    println!("{syncs} syncs for {puts} puts: one for {}", puts / syncs);
    assert!(syncs * 20 <= puts, "{syncs} syncs for {puts} puts");
}

/// Segments that are not full in the middle of a test.
fn roomy(sync: Sync) -> StoreOptions {
    StoreOptions { sync, upkeep: Upkeep::Manual, ..StoreOptions::default() }
}

#[test]
fn writers_share_syncs_on_a_slow_disk() {
    let fs = SimFs::new(DiskModel::Posix);
    let store = open(slow(fs), &clock(), roomy(Sync::Always)).unwrap();
    let stream = store.create_stream(config("S", 1)).unwrap();
    let puts = crowd(&stream, 100);
    assert_shared(&store, puts);
}

#[test]
fn writers_share_syncs_on_a_real_disk() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(Env::system(), dir.path(), roomy(Sync::Always)).unwrap();
    let stream = store.create_stream(config("S", 1)).unwrap();
    let puts = crowd(&stream, 100);
    assert_shared(&store, puts);
    store.close().unwrap();
}

#[test]
fn a_lone_writer_gets_one_sync_for_each_write() {
    let fs = SimFs::new(DiskModel::Posix);
    let store = open(fs, &clock(), roomy(Sync::Always)).unwrap();
    let stream = store.create_stream(config("S", 1)).unwrap();
    for n in 1..=50 {
        put(&stream, "S.k", b"v").unwrap();
        assert_eq!(store.stats().sync_count, n);
    }
}

#[test]
fn a_batch_takes_one_sync() {
    let store = open(SimFs::new(DiskModel::Posix), &clock(), roomy(Sync::Always)).unwrap();
    let stream = store.create_stream(config("S", 1)).unwrap();
    let keys: Vec<_> = (0..100).map(|n| subject(&format!("S.{n}"))).collect();
    let batch: Vec<_> = keys.iter().map(|key| jetkv_engine::Append::put(key, b"v")).collect();
    stream.append(&batch).wait().unwrap();
    assert_eq!(store.stats().sync_count, 1);
}

#[test]
fn intervals_sync_when_they_are_over_and_only_if_there_is_something() {
    let (fs, clock) = (SimFs::new(DiskModel::Posix), clock());
    let interval = Duration::from_millis(500);
    let store = open(fs.clone(), &clock, roomy(Sync::Every(interval))).unwrap();
    let stream = store.create_stream(config("S", 1)).unwrap();
    let step = |clock: &ManualClock, millis| clock.advance(Duration::from_millis(millis));
    put(&stream, "S.k", b"v").unwrap();
    store.run_upkeep().unwrap();
    let first = store.stats().sync_count;
    for round in 1..=10 {
        for _ in 0..20 {
            put(&stream, "S.k", b"v").unwrap();
        }
        step(&clock, 499);
        store.run_upkeep().unwrap();
        assert_eq!(store.stats().sync_count, first + round - 1, "too early");
        step(&clock, 1);
        store.run_upkeep().unwrap();
        assert_eq!(store.stats().sync_count, first + round, "due");
    }
    step(&clock, 5_000);
    store.run_upkeep().unwrap();
    assert_eq!(store.stats().sync_count, first + 10, "nothing was written");
    // What was synced survives a power cut.
    let last = stream.last_sequence();
    let image = fs.power_cut(&mut testkit::Rng::new(1));
    let store = open(image, &clock, roomy(Sync::Always)).unwrap();
    let stream = store.stream(&crate::world::name("S")).unwrap();
    assert_eq!(stream.last_sequence(), last);
}

#[test]
fn the_system_is_left_to_sync_if_asked_for() {
    let (fs, clock) = (SimFs::new(DiskModel::Posix), clock());
    let store = open(fs.clone(), &clock, roomy(Sync::Os)).unwrap();
    let stream = store.create_stream(config("S", 1)).unwrap();
    for _ in 0..200 {
        put(&stream, "S.k", b"v").unwrap();
    }
    clock.advance(Duration::from_secs(3600));
    store.run_upkeep().unwrap();
    assert_eq!(store.stats().sync_count, 0);
    store.sync().unwrap();
    assert_eq!(store.stats().sync_count, 1);
    let last = stream.last_sequence();
    let store = open(fs.kill(), &clock, small(Sync::Os)).unwrap();
    assert_eq!(store.stream(&crate::world::name("S")).unwrap().last_sequence(), last);
}
