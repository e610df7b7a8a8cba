//! Upkeep in odd places: damaged messages do not stop what is due, and segments of nothing but controls go.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use jetkv_engine::env::Env;
use jetkv_engine::{
    Append, DamageKind, EngineError, Purge, Store, StoreOptions, Stream, StreamConfig, Sync, Upkeep,
};
use jetkv_types::{StreamName, Subject, SubjectFilter, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use testkit::{DiskModel, ManualClock, SeededEntropy, SimFs};

struct World {
    fs: SimFs,
    clock: ManualClock,
    store: Store,
}

impl World {
    fn new() -> Self {
        let fs = SimFs::new(DiskModel::Posix);
        let clock = ManualClock::new(Timestamp::from_nanos(1_000_000_000_000));
        let store = open(&fs, &clock);
        Self { fs, clock, store }
    }

    fn create(&self, age_max: Option<Duration>) -> Stream {
        let subjects = vec![SubjectFilter::new("k.>").unwrap()];
        let config = StreamConfig::new(StreamName::new("S").unwrap(), subjects);
        self.store.create_stream(StreamConfig { age_max, ..config }).unwrap()
    }

    fn segments(&self) -> Vec<PathBuf> {
        self.fs
            .paths()
            .into_iter()
            .filter(|path| path.extension().is_some_and(|found| found == "seg"))
            .collect()
    }
}

fn open(fs: &SimFs, clock: &ManualClock) -> Store {
    let entropy = Arc::new(SeededEntropy::new(7 + fs.op_count()));
    let env = Env { fs: Arc::new(fs.clone()), clock: Arc::new(clock.clone()), entropy };
    let options = StoreOptions {
        sync: Sync::Always,
        upkeep: Upkeep::Manual,
        segment_bytes_min: 512,
        segment_bytes_max: 2048,
        reserve_bytes: 64,
        recent_bytes_max: 4096,
        ..StoreOptions::default()
    };
    Store::open(env, Path::new("/data"), options).unwrap()
}

fn subject(text: &str) -> Subject {
    Subject::new(text).unwrap()
}

fn put(stream: &Stream, key: &str, value: &str) {
    stream.append(&[Append::put(&subject(key), value.as_bytes())]).wait().unwrap();
}

/// Flips a bit of a value, wherever it stands.
fn damage(fs: &SimFs, value: &str) {
    let at = |path: &PathBuf| fs.read(path).windows(value.len()).position(|found| found == value.as_bytes());
    let (path, at) = fs.paths().into_iter().find_map(|path| Some((path.clone(), at(&path)?))).unwrap();
    fs.flip_bit(path, u64::try_from(at * 8).unwrap());
}

#[test]
fn a_damaged_message_keeps_no_other_from_expiring() {
    let world = World::new();
    let stream = world.create(Some(Duration::from_secs(10)));
    for key in ["first", "second", "third"] {
        put(&stream, &format!("k.{key}"), &format!("value of the {key}"));
    }
    world.clock.advance(Duration::from_secs(5));
    put(&stream, "k.later", "later");
    for key in ["first", "second"] {
        damage(&world.fs, &format!("value of the {key}"));
    }
    world.clock.advance(Duration::from_secs(6));
    world.store.run_upkeep().unwrap();
    // The damaged ones stay until somebody decides.
    for key in ["k.first", "k.second"] {
        let read = stream.last(&subject(key));
        assert!(
            matches!(&read, Err(EngineError::Damaged(damage)) if damage.kind == DamageKind::Record),
            "{read:?}"
        );
    }
    assert_eq!(stream.last(&subject("k.third")).unwrap(), None);
    assert_eq!(stream.last(&subject("k.later")).unwrap().unwrap().payload, "later");
    world.clock.advance(Duration::from_secs(6));
    world.store.run_upkeep().unwrap();
    assert_eq!(stream.last(&subject("k.later")).unwrap(), None);
    assert_eq!(stream.state().messages, 2);
}

#[test]
fn a_segment_of_controls_goes_when_they_hide_nothing_any_more() {
    let mut world = World::new();
    let stream = world.create(None);
    // It keeps the first segment, so that none of the others comes to be the first.
    put(&stream, "k.keep", &"x".repeat(900));
    for number in 0..40 {
        put(&stream, &format!("k.{number}"), &number.to_string());
    }
    for number in 0..40 {
        let filter = Some(SubjectFilter::new(format!("k.{number}")).unwrap());
        assert_eq!(stream.purge(&Purge { filter, ..Purge::default() }).unwrap(), 1);
    }
    for number in 0..4 {
        put(&stream, &format!("k.last.{number}"), &"y".repeat(900));
    }
    let holds =
        |path: &PathBuf, letter: u8| world.fs.read(path).windows(900).any(|part| part == [letter; 900]);
    let useless = || {
        let segments = world.segments().into_iter();
        segments.filter(|path| !holds(path, b'x') && !holds(path, b'y')).collect::<Vec<_>>()
    };
    assert!(useless().len() > 4, "{:?}", useless());
    world.store.run_upkeep().unwrap();
    assert_eq!(useless(), Vec::<PathBuf>::new());
    // What they hid stays dead.
    world.fs = world.fs.kill();
    world.store = open(&world.fs, &world.clock);
    let stream = world.store.stream(&StreamName::new("S").unwrap()).unwrap();
    assert_eq!(stream.state().messages, 5);
    assert_eq!(world.store.damages(), []);
}
