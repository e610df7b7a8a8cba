//! Works on the engine alone.

use super::{KEYS, env, keys, measured};
use crate::Outcome;
use crate::data::{Key, Value};
use jetkv_engine::{Append, Expect, Store, StoreOptions, Stream, StreamConfig, Sync, Upkeep};
use jetkv_types::{Sequence, StreamName, Subject, SubjectFilter};
use std::fs;
use std::path::Path;

/// Puts keys that are new.
pub(super) fn put(dir: &Path) -> Outcome<u64> {
    World::new(dir)?.write(Counted::Yes, |_| Expect::Nothing)
}

/// Puts keys that exist.
pub(super) fn overwrite(dir: &Path) -> Outcome<u64> {
    World::filled(dir)?.write(Counted::Yes, |_| Expect::Nothing)
}

/// Puts keys at a revision that is expected.
pub(super) fn compare_and_set(dir: &Path) -> Outcome<u64> {
    World::filled(dir)?.write(Counted::Yes, Expect::LastOfSubject)
}

/// Reads every key.
pub(super) fn get(dir: &Path) -> Outcome<u64> {
    let world = World::filled(dir)?;
    let mut intact = 0;
    measured(&mut || {
        for (subject, key) in world.subjects.iter().zip(&world.keys) {
            let message = world.stream.last(subject)?.ok_or("a key is gone")?;
            intact += u64::from(key.owns(&message.payload));
        }
        Ok(())
    })?;
    all(intact)
}

/// Hands what was put to somebody who watches.
pub(super) fn watch(dir: &Path) -> Outcome<u64> {
    let world = World::new(dir)?;
    let filters = [SubjectFilter::new(ALL)?];
    let listener = world.stream.listen(&filters);
    world.write(Counted::No, |_| Expect::Nothing)?;
    let mut seen = 0;
    measured(&mut || {
        while seen < KEYS {
            listener.wait_beyond(seen, None)?;
            let message = world.stream.next(&filters, seen + 1)?.ok_or("a message is gone")?;
            seen = message.sequence;
        }
        Ok(())
    })?;
    all(seen)
}

/// Lists every key, and counts them.
pub(super) fn list(dir: &Path) -> Outcome<u64> {
    let world = World::filled(dir)?;
    let filter = SubjectFilter::new(ALL)?;
    // The first question makes the order; it is paid once.
    let counted = world.stream.count_subjects(&filter)?;
    let mut listed = 0;
    measured(&mut || {
        listed = u64::try_from(world.stream.subjects(&filter, None, usize::MAX)?.len())?;
        Ok(())
    })?;
    all(counted.min(listed))
}

/// Opens a store from its hints.
pub(super) fn open_by_hints(dir: &Path) -> Outcome<u64> {
    World::filled(dir)?.store.close()?;
    reopen(dir)
}

/// Opens a store that was left without a hint, so that every entry is read.
pub(super) fn open_by_entries(dir: &Path) -> Outcome<u64> {
    drop(World::filled(dir)?);
    if remove_hints(dir)? == 0 {
        return Err("there was no hint to remove".into());
    }
    reopen(dir)
}

fn remove_hints(dir: &Path) -> Outcome<u64> {
    let mut removed = 0;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            removed += remove_hints(&path)?;
        } else if path.extension().is_some_and(|extension| extension == HINTS) {
            fs::remove_file(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn reopen(dir: &Path) -> Outcome<u64> {
    let mut opened = None;
    measured(&mut || {
        opened = Some(open(dir)?);
        Ok(())
    })?;
    let store = opened.ok_or("the work was not done")?;
    all(store.stream(&name()?)?.state().messages)
}

/// A store with one stream that keeps one message for each key.
struct World {
    store: Store,
    stream: Stream,
    keys: Vec<Key>,
    subjects: Vec<Subject>,
}

/// Whether the writes of a world count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    Yes,
    No,
}

impl World {
    fn new(dir: &Path) -> Outcome<Self> {
        let store = open(dir)?;
        let mut config = StreamConfig::new(name()?, vec![SubjectFilter::new(ALL)?]);
        config.messages_per_subject_max = Some(1);
        let stream = store.create_stream(config)?;
        let keys = keys();
        let subject = |key: &Key| Subject::new(format!("{PREFIX}{}", key.as_str()));
        let subjects = keys.iter().map(subject).collect::<Result<_, _>>()?;
        Ok(Self { store, stream, keys, subjects })
    }

    fn filled(dir: &Path) -> Outcome<Self> {
        let world = Self::new(dir)?;
        world.write(Counted::No, |_| Expect::Nothing)?;
        Ok(world)
    }

    /// Puts every key once, one after the other. `expect` is told the sequence that the key got in the first round.
    fn write(&self, counted: Counted, expect: impl Fn(Sequence) -> Expect<'static>) -> Outcome<u64> {
        let values: Vec<Value> = self.keys.iter().map(|key| key.value(0)).collect();
        let before = self.stream.last_sequence();
        let mut work = || -> Outcome<()> {
            for ((number, subject), value) in (1..).zip(&self.subjects).zip(&values) {
                let append = Append { expect: expect(number), ..Append::put(subject, value) };
                self.stream.append(&[append]).wait()?;
            }
            Ok(())
        };
        match counted {
            Counted::Yes => measured(&mut work)?,
            Counted::No => work()?,
        }
        all(self.stream.last_sequence() - before)
    }
}

fn open(dir: &Path) -> Outcome<Store> {
    let options = StoreOptions { sync: Sync::Os, upkeep: Upkeep::Manual, ..StoreOptions::default() };
    Ok(Store::open(env(), dir, options)?)
}

/// Fails unless every key had its turn.
fn all(done: u64) -> Outcome<u64> {
    if done == KEYS { Ok(done) } else { Err(format!("{done} of {KEYS} keys are as they should be").into()) }
}

fn name() -> Outcome<StreamName> {
    Ok(StreamName::new("KV_bench")?)
}

/// What the names of files with hints end in.
const HINTS: &str = "idx";
const PREFIX: &str = "$KV.bench.";
const ALL: &str = "$KV.bench.>";
