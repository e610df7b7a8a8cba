//! A store driven through a workload whose calls may fail, with a model of what must be true of it at every moment.

use crate::model::{Existence, Outcome, Sketch};
use crate::world::{config, everything, is_definite, name, open, small, subject};
use jetkv_engine::{Append, EngineError, Expect, Purge, Rollup, Store, Stream, Sync, Ttl};
use jetkv_types::{Operation, SubjectFilter};
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::{ManualClock, Rng, SimFs};

/// A store under test and what is known of it.
pub(crate) struct Run {
    pub(crate) fs: SimFs,
    pub(crate) clock: ManualClock,
    pub(crate) sync: Sync,
    /// `None` once it cannot be opened any more.
    pub(crate) store: Option<Store>,
    pub(crate) streams: BTreeMap<&'static str, Sketch>,
    pub(crate) poisoned_count: u32,
    value_count: u32,
}

impl Run {
    pub(crate) fn new(fs: SimFs, clock: ManualClock, sync: Sync) -> Self {
        let mut run = Self {
            fs,
            clock,
            sync,
            store: None,
            streams: BTreeMap::new(),
            poisoned_count: 0,
            value_count: 0,
        };
        run.open();
        run
    }

    /// Opens the store, in the second attempt if the first one fails, and checks everything in it.
    fn open(&mut self) {
        let attempt = || open(self.fs.clone(), &self.clock, small(self.sync)).ok();
        let whole = |store: &Store| self.streams.keys().all(|stream| !is_broken(store, stream));
        self.store = attempt().filter(whole).or_else(attempt);
        let Some(store) = self.store.clone() else { return };
        if self.streams.keys().all(|stream| !is_broken(&store, stream)) {
            assert_sound(&store);
        }
        for (stream, sketch) in &mut self.streams {
            check_stream(&store, stream, sketch, true);
        }
    }

    pub(crate) fn reopen(&mut self) {
        if let Some(store) = self.store.take() {
            // A mark that could not be written is no loss.
            let _ = store.close();
        }
        self.open();
    }

    pub(crate) fn stream(&self, stream: &str) -> Option<Stream> {
        self.store.as_ref()?.stream(&name(stream)).ok()
    }

    pub(crate) fn create(&mut self, stream: &'static str, history: u64) {
        let Some(store) = self.store.as_ref().filter(|store| !is_broken(store, stream)) else { return };
        let existence = match store.create_stream(config(stream, history)) {
            Ok(_) => Existence::Yes,
            Err(EngineError::StreamExists { .. }) => return,
            Err(error) if is_definite(&error) => Existence::No,
            Err(_) => Existence::Perhaps,
        };
        self.streams.insert(stream, Sketch::new(existence));
    }

    pub(crate) fn configure(&mut self, stream: &'static str, history: u64) {
        let Some((store, before)) = self.store.clone().zip(self.stream(stream)) else { return };
        let tighter = |sketch: &Sketch| {
            let mut keys: Vec<_> = sketch.live.values().map(|(key, _)| key.clone()).collect();
            keys.dedup();
            let history = usize::try_from(history).unwrap();
            let excess = |key: &String| {
                let revisions = sketch.revisions(key);
                let count = revisions.len().saturating_sub(history);
                revisions[..count].to_vec()
            };
            keys.iter().flat_map(excess).collect::<Vec<_>>()
        };
        let going = self.streams.get(stream).map(tighter).unwrap_or_default();
        let mut wanted = (*before.config()).clone();
        wanted.messages_per_subject_max = Some(history);
        let outcome = store.update_stream(wanted).map(drop);
        self.note_removal(stream, &going, outcome);
    }

    pub(crate) fn delete(&mut self, stream: &'static str) {
        let Some(store) = &self.store else { return };
        let Some(sketch) = self.streams.get_mut(stream) else { return };
        match store.delete_stream(&name(stream)) {
            Ok(()) => *sketch = Sketch::new(Existence::No),
            Err(EngineError::StreamNotFound { .. }) => {}
            Err(error) if is_definite(&error) => {}
            Err(_) => sketch.existence = Existence::Perhaps,
        }
    }

    pub(crate) fn put(&mut self, stream: &'static str, key: &str) {
        self.write(stream, key, Expect::Nothing, Operation::Put, Ttl::Stream);
    }

    pub(crate) fn put_for(&mut self, stream: &'static str, key: &str, life: Duration) {
        self.write(stream, key, Expect::Nothing, Operation::Put, Ttl::After(life));
    }

    pub(crate) fn mark_deleted(&mut self, stream: &'static str, key: &str) {
        self.write(stream, key, Expect::Nothing, Operation::Delete, Ttl::Stream);
    }

    /// Writes on the condition that the key has not changed since the last acknowledged write, or that it has.
    pub(crate) fn compare_and_put(&mut self, stream: &'static str, key: &str, right: bool) {
        let subject = format!("{stream}.{key}");
        let Some(sketch) = self.streams.get(stream) else { return };
        let last = sketch.revisions(&subject).last().copied().unwrap_or(0);
        let expected = if right { last } else { last + 1000 };
        let outcome = self.write(stream, key, Expect::LastOfSubject(expected), Operation::Put, Ttl::Stream);
        match outcome {
            Some(Ok(_)) => assert!(right, "a wrong expectation was met"),
            Some(Err(error @ EngineError::WrongLastSequence { .. })) => assert!(!right, "{error}"),
            _ => {}
        }
    }

    fn write(
        &mut self,
        stream: &'static str,
        key: &str,
        expect: Expect<'_>,
        operation: Operation,
        ttl: Ttl,
    ) -> Option<Result<u64, EngineError>> {
        let handle = self.stream(stream)?;
        let sketch = self.streams.get_mut(stream)?;
        let subject = subject(&format!("{stream}.{key}"));
        self.value_count += 1;
        let value = format!(
            "{}-{}",
            self.value_count,
            "x".repeat(30 + usize::try_from(self.value_count % 50).unwrap())
        );
        let priority = jetkv_engine::Priority::Normal;
        let put = Append::put(&subject, value.as_bytes());
        let append = Append { expect, operation, ttl, rollup: Rollup::None, priority, ..put };
        let outcome = handle.append(&[append]).wait().map(|committed| committed.last);
        let history = handle.config().messages_per_subject_max.unwrap_or(u64::MAX);
        let known = outcome.clone().map_err(|error| outcome_of(&error));
        sketch.write(subject.as_str(), &value, history, known);
        self.note_poison(stream, outcome.as_ref().err());
        Some(outcome)
    }

    pub(crate) fn purge(&mut self, stream: &'static str, filter: &str) {
        let (Some(handle), Some(sketch)) = (self.stream(stream), self.streams.get(stream)) else { return };
        let filter = SubjectFilter::new(filter).unwrap();
        let hit = |key: &str| filter.matches(key);
        let going: Vec<_> =
            sketch.live.iter().filter(|(_, (key, _))| hit(key)).map(|(sequence, _)| *sequence).collect();
        let outcome = handle.purge(&Purge { filter: Some(filter), ..Purge::default() });
        self.note_removal(stream, &going, outcome.map(drop));
    }

    pub(crate) fn remove_oldest(&mut self, stream: &'static str) {
        let (Some(handle), Some(sketch)) = (self.stream(stream), self.streams.get(stream)) else { return };
        let Some(oldest) = sketch.live.keys().next().copied() else { return };
        let outcome = handle.remove(oldest);
        self.note_removal(stream, &[oldest], outcome.map(drop));
    }

    fn note_removal(&mut self, stream: &'static str, going: &[u64], outcome: Result<(), EngineError>) {
        let Some(sketch) = self.streams.get_mut(stream) else { return };
        let known = match &outcome {
            Ok(()) => Outcome::Done,
            Err(error) => outcome_of(error),
        };
        assert!(
            known != Outcome::Done || !sketch.poisoned,
            "a removal was acknowledged after a failed write"
        );
        if !(sketch.poisoned && known == Outcome::Unknown) {
            sketch.remove(going, known);
        }
        self.note_poison(stream, outcome.as_ref().err());
    }

    fn note_poison(&mut self, stream: &'static str, error: Option<&EngineError>) {
        let Some(sketch) = self.streams.get_mut(stream) else { return };
        if matches!(error, Some(EngineError::Poisoned { .. })) && !sketch.poisoned {
            sketch.poisoned = true;
            self.poisoned_count += 1;
        }
    }

    /// Moves the clock and does what is due; `expiring` are the keys whose last message is over by then.
    pub(crate) fn upkeep(&mut self, later: Duration, expiring: &[(&'static str, &str)]) {
        let Some(store) = self.store.clone() else { return };
        self.clock.advance(later);
        let outcome = store.run_upkeep();
        for (stream, key) in expiring {
            let Some(sketch) = self.streams.get_mut(stream) else { continue };
            let going = sketch.revisions(&format!("{stream}.{key}"));
            let known = if outcome.is_ok() { Outcome::Done } else { Outcome::Unknown };
            if sketch.poisoned {
                continue;
            }
            sketch.remove(&going, known);
            if known == Outcome::Unknown {
                // It may have been done before something else failed.
                let visible = self.stream(stream).and_then(|handle| everything(&handle).ok());
                let Some(sketch) = self.streams.get_mut(stream) else { continue };
                if let Some(visible) = visible {
                    sketch
                        .live
                        .retain(|sequence, _| visible.contains_key(sequence) || !going.contains(sequence));
                }
            }
        }
    }

    pub(crate) fn compact(&mut self) {
        if let Some(store) = &self.store {
            let _ = store.compact();
        }
    }

    /// Checks that reads show what is acknowledged and nothing else; reads themselves may fail.
    pub(crate) fn look(&self) {
        for (stream, sketch) in &self.streams {
            let Some(handle) = self.stream(stream) else { continue };
            match everything(&handle) {
                Ok(found) => assert_eq!(found, sketch.live, "visible in stream {stream}"),
                Err(error) => assert!(matches!(error, EngineError::Io { .. }), "{error}"),
            }
        }
    }

    /// Checks what the next process finds after a kill, and, if writes are durable, after a power cut.
    pub(crate) fn check_images(&mut self, seed: u64) {
        let mut images = vec![self.fs.fork().kill()];
        if self.sync == Sync::Always {
            images.push(self.fs.fork().power_cut(&mut Rng::new(seed)));
        }
        for image in images {
            let store = open(image, &self.clock, small(self.sync)).unwrap();
            assert_sound(&store);
            for (stream, sketch) in &self.streams {
                let handle = check_stream(&store, stream, &mut sketch.clone(), false);
                let Some(handle) = handle else { continue };
                crate::world::put(&handle, &format!("{stream}.after"), b"after").unwrap();
            }
            let found = store.check(&mut |_, _| {}).unwrap();
            assert!(!found.iter().any(|damage| damage.kind.affects_data()), "{found:?}");
        }
    }
}

/// Says whether the disk did not give a stream when the store was opened.
pub(crate) fn is_broken(store: &Store, stream: &str) -> bool {
    matches!(store.stream(&name(stream)), Err(EngineError::Io { .. } | EngineError::StorageFull { .. }))
}

fn outcome_of(error: &EngineError) -> Outcome {
    if is_definite(error) { Outcome::Nothing } else { Outcome::Unknown }
}

/// Checks that nothing is thought to be lost.
fn assert_sound(store: &Store) {
    let damages = store.damages();
    assert!(!damages.iter().any(|damage| damage.kind.affects_data()), "{damages:?}");
}

/// Checks a stream of a store just opened, and takes over what was found if it is to go on from there.
fn check_stream(store: &Store, stream: &str, sketch: &mut Sketch, go_on: bool) -> Option<Stream> {
    let handle = match store.stream(&name(stream)) {
        Ok(handle) => handle,
        Err(EngineError::StreamNotFound { .. }) => {
            assert_ne!(sketch.existence, Existence::Yes, "stream {stream} is gone");
            if go_on {
                *sketch = Sketch::new(Existence::No);
            }
            return None;
        }
        // The disk did not give it; the others are there.
        Err(EngineError::Io { .. } | EngineError::StorageFull { .. }) if go_on => return None,
        Err(error) => panic!("stream {stream}: {error}"),
    };
    assert_ne!(sketch.existence, Existence::No, "stream {stream} is there");
    match everything(&handle) {
        Ok(found) => {
            sketch.check(&found);
            if go_on {
                sketch.adopt(found);
                sketch.existence = Existence::Yes;
            }
        }
        Err(error) => {
            assert!(go_on && matches!(error, EngineError::Io { .. }), "{error}");
            sketch.poisoned = false;
        }
    }
    Some(handle)
}
