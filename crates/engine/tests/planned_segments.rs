//! What is planned and queued must fit what is written: cases that the power-cut simulation found.

use jetkv_engine::env::Env;
use jetkv_engine::{Append, Expect, Rollup, Store, StoreOptions, Stream, StreamConfig, Upkeep};
use jetkv_types::{StreamName, Subject, SubjectFilter, Timestamp};
use std::path::Path;
use std::sync::Arc;
use testkit::{DiskModel, ManualClock, Rng, SeededEntropy, SimFs};

fn open(fs: &SimFs) -> Store {
    let clock = Arc::new(ManualClock::new(Timestamp::from_nanos(1_000_000_000_000)));
    let env = Env { fs: Arc::new(fs.clone()), clock, entropy: Arc::new(SeededEntropy::new(7)) };
    let options = StoreOptions {
        upkeep: Upkeep::Manual,
        segment_bytes_min: 512,
        segment_bytes_max: 2048,
        reserve_bytes: 0,
        ..StoreOptions::default()
    };
    Store::open(env, Path::new("/data"), options).expect("it works")
}

fn create(store: &Store, change: impl FnOnce(&mut StreamConfig)) -> Stream {
    let mut config = StreamConfig::new(
        StreamName::new("S").expect("it works"),
        vec![SubjectFilter::new("k.>").expect("it works")],
    );
    change(&mut config);
    store.create_stream(config).expect("it works")
}

fn subject(text: &str) -> Subject {
    Subject::new(text).expect("it works")
}

/// Kills the process, opens the store again, and expects these sequences of `k.a` without any damage.
fn expect_after_kill(fs: &SimFs, sequences: &[u64]) {
    let store = open(&fs.kill());
    assert_eq!(store.damages(), []);
    assert_eq!(store.check(&mut |_, _| {}).expect("it works"), []);
    let stream = store.stream(&StreamName::new("S").expect("it works")).expect("it works");
    assert_eq!(stream.revisions(&subject("k.a")).expect("it works"), sequences);
}

#[test]
fn a_segment_planned_before_a_longer_configuration_keeps_its_header() {
    let fs = SimFs::new(DiskModel::Posix);
    let store = open(&fs);
    let stream = create(&store, |_| {});
    let mut config = (*stream.config()).clone();
    config.attributes.insert("description".to_owned(), "long ".repeat(50));
    store.update_stream(config).unwrap();
    let a = subject("k.a");
    for _ in 0..3 {
        stream.append(&[Append::put(&a, b"value")]).wait().unwrap();
    }
    expect_after_kill(&fs, &[1, 2, 3]);
}

#[test]
fn a_refused_batch_that_began_a_segment_leaves_the_queued_ones_where_they_are() {
    let fs = SimFs::new(DiskModel::Posix);
    let store = open(&fs);
    let stream = create(&store, |config| config.messages_max = Some(1));
    let a = subject("k.a");
    let first = stream.append(&[Append::put(&a, b"1")]);
    let second = stream.append(&[Append::put(&a, b"2")]);
    let long = [b'x'; 600];
    let refused = stream.append(&[Append { expect: Expect::LastOfSubject(9), ..Append::put(&a, &long) }]);
    assert!(first.wait().is_ok() && second.wait().is_ok() && refused.wait().is_err());
    expect_after_kill(&fs, &[2]);
}

#[test]
fn a_queued_rollup_of_the_stream_ends_what_was_queued_before_it() {
    let fs = SimFs::new(DiskModel::Posix);
    let store = open(&fs);
    let stream = create(&store, |_| {});
    let (a, b) = (subject("k.a"), subject("k.b"));
    let commits = [
        stream.append(&[Append::put(&b, b"1")]),
        stream.append(&[Append { rollup: Rollup::Stream, ..Append::put(&a, b"2") }]),
        stream.append(&[Append { expect: Expect::NoValue, ..Append::put(&b, b"3") }]),
    ];
    for commit in commits {
        commit.wait().unwrap();
    }
    assert_eq!(stream.revisions(&b).unwrap(), [3]);
    expect_after_kill(&fs, &[2]);
}

#[test]
fn a_new_store_and_its_first_message_survive_a_cut() {
    for seed in 0..32 {
        let fs = SimFs::new(DiskModel::Posix);
        let store = open(&fs);
        let stream = create(&store, |_| {});
        stream.append(&[Append::put(&subject("k.a"), b"1")]).wait().unwrap();
        let store = open(&fs.power_cut(&mut Rng::new(seed)));
        let stream = store.stream(&StreamName::new("S").unwrap()).unwrap();
        assert_eq!(stream.revisions(&subject("k.a")).unwrap(), [1], "seed {seed}");
    }
}
