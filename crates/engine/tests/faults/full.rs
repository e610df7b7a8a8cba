//! A full disk: writes are refused at once, everything else goes on, and writes resume when there is room.

use crate::model::{Existence, Outcome, Sketch};
use crate::world::{clock, config, everything, name, open, put, small, subject, text};
use jetkv_engine::{Append, EngineError, Priority, Purge, Rollup, Store, Stream, Sync};
use jetkv_types::{Operation, SubjectFilter};
use std::collections::BTreeMap;
use testkit::{DiskModel, Rng, SimFs};

const HISTORY: u64 = 2;

/// A stream under load, with everything that must be in it.
struct Load {
    stream: Stream,
    sketch: Sketch,
    rng: Rng,
    written: u32,
}

impl Load {
    fn new(store: &Store, seed: u64) -> Self {
        let stream = store.create_stream(config("S", HISTORY)).unwrap();
        Self { stream, sketch: Sketch::new(Existence::Yes), rng: Rng::new(seed), written: 0 }
    }

    /// Writes a value to a random key.
    fn put(&mut self) -> Result<u64, EngineError> {
        self.written += 1;
        let key = format!("S.k{}", self.rng.below(40));
        let filler = self.rng.index(600);
        let value = format!("{}-{}", self.written, "v".repeat(filler));
        let outcome = put(&self.stream, &key, value.as_bytes());
        let known = outcome.clone().map_err(|_| Outcome::Nothing);
        self.sketch.write(&key, &value, HISTORY, known);
        outcome
    }

    /// Purges a random key that has a value, with a marker in its place.
    fn purge_key(&mut self) -> Result<u64, EngineError> {
        let last = self.sketch.live.values().map(|(key, _)| key).max().cloned().unwrap();
        let key = subject(&last);
        self.written += 1;
        let value = format!("{}-purge", self.written);
        let marker = Append {
            operation: Operation::Purge,
            rollup: Rollup::Subject,
            priority: Priority::Reclaim,
            ..Append::put(&key, value.as_bytes())
        };
        let outcome = self.stream.append(&[marker]).wait().map(|committed| committed.last);
        let known = outcome.clone().map_err(|_| Outcome::Nothing);
        self.sketch.write(&last, &value, 1, known);
        outcome
    }

    fn fill(&mut self) {
        let error = (0..100_000).find_map(|_| self.put().err()).unwrap();
        assert!(matches!(error, EngineError::StorageFull { .. }), "{error}");
    }

    fn check(&self) {
        assert_eq!(everything(&self.stream).unwrap(), self.sketch.live);
        let bytes: usize = self.sketch.live.len();
        assert_eq!(self.stream.state().messages, u64::try_from(bytes).unwrap());
    }

    /// Checks what a new process finds.
    fn check_image(&self, fs: &SimFs) {
        let image = fs.fork().power_cut(&mut Rng::new(u64::from(self.written)));
        image.set_capacity(None);
        let store = open(image, &clock(), small(Sync::Always)).unwrap();
        let found = everything(&store.stream(&name("S")).unwrap()).unwrap();
        self.sketch.check(&found);
        assert!(!store.damages().iter().any(|damage| damage.kind.affects_data()));
    }
}

fn store(fs: &SimFs, capacity: u64) -> Store {
    fs.set_capacity(Some(capacity));
    open(fs.clone(), &clock(), small(Sync::Always)).unwrap()
}

#[test]
fn writes_are_refused_and_resume_on_the_same_handle() {
    for level in 0..60 {
        let fs = SimFs::new(DiskModel::Posix);
        let store = store(&fs, 160_000 + level * 1013);
        let mut load = Load::new(&store, level);
        for round in 1..=3 {
            load.fill();
            load.check();
            for _ in 0..5 {
                assert!(matches!(load.put(), Err(EngineError::StorageFull { .. })), "level {level}");
            }
            load.check_image(&fs);
            fs.set_capacity(Some(160_000 + level * 1013 + round * 60_000));
            for _ in 0..20 {
                load.put().unwrap_or_else(|error| panic!("level {level}: {error}"));
            }
            load.check();
        }
        load.check_image(&fs);
        store.close().unwrap();
        load.check_image(&fs);
    }
}

#[test]
fn deletes_and_purges_go_on_and_make_room_for_writes() {
    for level in 0..40 {
        let fs = SimFs::new(DiskModel::Ext4Like);
        let store = store(&fs, 200_000 + level * 777);
        let mut load = Load::new(&store, level);
        load.fill();
        for _ in 0..10 {
            load.purge_key().unwrap_or_else(|error| panic!("level {level}: {error}"));
        }
        let oldest = *load.sketch.live.keys().next().unwrap();
        assert!(load.stream.remove(oldest).unwrap());
        load.sketch.remove(&[oldest], Outcome::Done);
        load.check();
        let filter = SubjectFilter::new("S.>").unwrap();
        let purge = Purge { filter: Some(filter), keep: Some(5), ..Purge::default() };
        let before = load.sketch.live.len();
        assert_eq!(load.stream.purge(&purge).unwrap(), u64::try_from(before - 5).unwrap());
        let going: Vec<u64> = load.sketch.live.keys().copied().take(before - 5).collect();
        load.sketch.remove(&going, Outcome::Done);
        load.check();
        load.check_image(&fs);
        store.run_upkeep().unwrap_or_else(|error| panic!("level {level}: {error}"));
        store.compact().unwrap_or_else(|error| panic!("level {level}: {error}"));
        load.check();
        for _ in 0..20 {
            load.put().unwrap_or_else(|error| panic!("level {level}: {error}"));
        }
        load.check();
        load.check_image(&fs);
    }
}

#[test]
fn upkeep_on_a_full_disk_makes_nothing_worse() {
    for level in 0..40 {
        let fs = SimFs::new(DiskModel::Posix);
        let store = store(&fs, 170_000 + level * 509);
        let mut load = Load::new(&store, level);
        load.fill();
        for _ in 0..5 {
            // With nothing in reserve any more, it may be refused.
            for outcome in [store.run_upkeep(), store.compact()] {
                let full = matches!(outcome, Ok(()) | Err(EngineError::StorageFull { .. }));
                assert!(full, "level {level}: {outcome:?}");
            }
            load.check();
            load.check_image(&fs);
            let _ = load.put();
        }
        fs.set_capacity(None);
        load.put().unwrap();
        store.compact().unwrap();
        load.check();
    }
}

#[test]
fn a_full_disk_is_told_until_there_is_room_whether_or_not_anybody_writes() {
    let fs = SimFs::new(DiskModel::Posix);
    let time = clock();
    fs.set_capacity(Some(200_000));
    let store = open(fs.clone(), &time, small(Sync::Always)).unwrap();
    assert!(!store.is_full());
    let stream = store.create_stream(config("S", 1)).unwrap();
    // Every key is written once, so upkeep finds nothing that would make room.
    let refused = (0..10_000).find_map(|n| put(&stream, &format!("S.k{n}"), &[b'v'; 500]).err());
    assert!(matches!(refused, Some(EngineError::StorageFull { .. })), "{refused:?}");
    assert!(store.is_full());
    let _ = store.run_upkeep();
    assert!(store.is_full());
    fs.set_capacity(None);
    // It was looked for a moment ago.
    store.run_upkeep().unwrap();
    assert!(store.is_full());
    time.advance(std::time::Duration::from_secs(1));
    store.run_upkeep().unwrap();
    assert!(!store.is_full());
    put(&stream, "S.k0", b"goes on").unwrap();
}

#[test]
fn a_stream_can_be_deleted_on_a_full_disk() {
    let fs = SimFs::new(DiskModel::Posix);
    let store = store(&fs, 260_000);
    let other = store.create_stream(config("T", 1)).unwrap();
    put(&other, "T.k", b"stays").unwrap();
    let mut load = Load::new(&store, 1);
    load.fill();
    assert!(matches!(put(&other, "T.k", &[b'v'; 20_000]), Err(EngineError::StorageFull { .. })));
    assert_eq!(text(&other.last(&subject("T.k")).unwrap().unwrap()), "stays");
    store.delete_stream(&name("S")).unwrap();
    drop(load);
    put(&other, "T.k", b"goes on").unwrap();
    store.create_stream(config("U", 1)).unwrap();
}

#[test]
fn a_store_opens_on_a_full_disk() {
    for extra in [0, 1, 500, 5_000, 50_000] {
        let fs = SimFs::new(DiskModel::Posix);
        let store = store(&fs, 200_000);
        let mut load = Load::new(&store, extra);
        load.fill();
        load.purge_key().unwrap();
        // Somebody else takes the rest.
        for fs in [fs.fork().power_cut(&mut Rng::new(extra)), fs.kill()] {
            fs.set_capacity(Some(fs.used_bytes() + extra));
            let store = open(fs.clone(), &clock(), small(Sync::Always)).unwrap();
            let stream = store.stream(&name("S")).unwrap();
            assert_eq!(everything(&stream).unwrap(), load.sketch.live, "extra {extra}");
            let removed = stream.purge(&Purge::default());
            // Deletes need the reserve, and this disk may have no room for one.
            let refused = matches!(removed, Err(EngineError::StorageFull { .. })) && extra < 50_000;
            assert!(removed.is_ok() || refused, "extra {extra}: {removed:?}");
            if refused {
                assert_eq!(everything(&stream).unwrap(), load.sketch.live);
                store.delete_stream(&name("S")).unwrap();
            }
            fs.set_capacity(None);
            let fresh = store.create_stream(config("F", 1)).unwrap();
            put(&fresh, "F.k", b"goes on").unwrap();
            assert_eq!(everything(&fresh).unwrap(), BTreeMap::from([(1, ("F.k".into(), "goes on".into()))]));
        }
    }
}
