//! Watchers beside a world: each event is checked against what was stored and what is kept.

use crate::bucket::{BUCKET, Model, matches};
use crate::steps::first_config;
use crate::world::{End, FILTERS, World, guarded, same, seeds};
use jetkv::blocking::{KeyValue, Watcher};
use jetkv::{Entry, KvError, WatchEvent, WatchOptions};
use testkit::Rng;

/// A watcher and what it still has to deliver.
struct Watching {
    watcher: Watcher,
    filter: &'static str,
    options: WatchOptions,
    /// Revisions of the first set that were not passed yet; `None` after its end.
    initial: Option<Vec<u64>>,
    /// All up to here was delivered, or was gone before.
    seen: u64,
    /// Reads once in so many steps.
    slowness: u64,
}

impl Watching {
    fn open(world: &mut World) -> Self {
        let rng = &mut world.rng;
        let filter = *rng.pick(&FILTERS);
        let mut options = WatchOptions::new();
        match rng.below(5) {
            0 => options = options.include_history(),
            1 => options = options.updates_only(),
            2 => options = options.resume_from(1 + rng.below(world.model.last + 4)),
            _ => {}
        }
        options.ignore_deletes = rng.chance(1, 4);
        options.meta_only = rng.chance(1, 4);
        let slowness = *rng.pick(&[1, 1, 3, 25]);
        Self::start(world, filter, options, slowness)
    }

    fn start(world: &mut World, filter: &'static str, options: WatchOptions, slowness: u64) -> Self {
        world.note(format!("watch {filter} {options:?}, reads every {slowness}"));
        let watcher = open(&world.kv, filter, options);
        let (initial, seen) = first_set(&world.model, filter, &options);
        Self { watcher, filter, options, initial: Some(initial), seen, slowness }
    }

    /// Takes the next event and checks it; says whether there was one.
    fn step(&mut self, model: &Model) -> bool {
        let event = self.watcher.try_next().unwrap();
        if let Some(initial) = &mut self.initial {
            // What is gone by now is passed over, silently.
            let shown = |revision: &u64| {
                let stored = model.live.get(revision);
                stored.is_some_and(|stored| self.options.shows(&stored.entry))
            };
            match initial.iter().position(shown) {
                Some(at) => {
                    let delta = u64::try_from(initial.len() - at - 1).unwrap();
                    let wanted = self.options.seen_of(&model.live[&initial[at]].entry, delta);
                    initial.drain(..=at);
                    same("first set", &event, &Some(WatchEvent::Entry(wanted)));
                }
                None => {
                    same("end of the first set", &event, &Some(WatchEvent::EndOfInitial));
                    self.initial = None;
                }
            }
            return true;
        }
        let up_to = match &event {
            Some(WatchEvent::EndOfInitial) => panic!("a second end of the first set"),
            Some(WatchEvent::Entry(found)) => {
                assert!(found.revision > self.seen, "{} after {}", found.revision, self.seen);
                let stored = model.all.get(&found.revision).expect("nothing is invented");
                assert!(matches(self.filter, &stored.key) && self.options.shows(stored), "{found:?}");
                same("change", found, &self.options.seen_of(stored, 0));
                found.revision
            }
            None => model.last + 1,
        };
        let missed = model
            .live
            .range((self.seen + 1).min(up_to)..up_to)
            .find(|(_, stored)| matches(self.filter, &stored.entry.key) && self.options.shows(&stored.entry));
        assert!(missed.is_none(), "{missed:?} is kept and was passed over by {:?}", self.options);
        self.seen = self.seen.max(up_to.min(model.last));
        event.is_some()
    }

    fn drain(&mut self, model: &Model) {
        while self.step(model) {}
    }

    /// Checks that the watch ends with an error that matches, after what it may still deliver, and yields nothing then.
    fn ends(mut self, is_right: impl Fn(&KvError) -> bool) {
        let error = loop {
            match self.watcher.try_next() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("the watch goes on"),
                Err(error) => break error,
            }
        };
        assert!(is_right(&error), "{error:?}");
        same("after the end", &self.watcher.try_next().unwrap(), &None::<WatchEvent>);
    }
}

trait Shows {
    fn shows(&self, entry: &Entry) -> bool;
    fn seen_of(&self, entry: &Entry, delta: u64) -> Entry;
}

impl Shows for WatchOptions {
    fn shows(&self, entry: &Entry) -> bool {
        !(self.ignore_deletes && entry.operation.is_marker())
    }

    /// Returns the entry as a watcher with these options gets it.
    fn seen_of(&self, entry: &Entry, delta: u64) -> Entry {
        let entry = Entry { delta, ..entry.clone() };
        if !self.meta_only {
            return entry;
        }
        let size = entry.value.len().to_string();
        let lines = entry.headers.iter().chain([("Nats-Msg-Size", size.as_str())]);
        let headers = jetkv::Headers::from_pairs(lines).unwrap();
        Entry { headers, value: jetkv::Bytes::new(), ..entry }
    }
}

/// Returns the first set of a watch that is opened now, and the last revision before its changes.
fn first_set(model: &Model, filter: &str, options: &WatchOptions) -> (Vec<u64>, u64) {
    let from = options.resume_from.unwrap_or(1);
    let matching =
        model.live.values().map(|stored| &stored.entry).filter(|entry| matches(filter, &entry.key));
    let is_last = |entry: &Entry| model.last_of(&entry.key).unwrap().entry.revision == entry.revision;
    let everything = options.include_history || options.resume_from.is_some();
    let wanted = matching
        .filter(|entry| !options.updates_only && entry.revision >= from && (everything || is_last(entry)));
    (wanted.map(|entry| entry.revision).collect(), model.last.max(from - 1))
}

fn open(kv: &KeyValue, filter: &str, options: WatchOptions) -> Watcher {
    if filter == ">" { kv.watch_all_with(options).unwrap() } else { kv.watch_with(filter, options).unwrap() }
}

/// Ends the store while watchers are open, and resumes each where it was.
fn reopen(world: &mut World, watching: &mut Vec<Watching>) {
    let end = *world.rng.pick(&[End::Closed, End::Killed, End::PowerCut]);
    let before: Vec<_> = std::mem::take(watching);
    let places: Vec<_> = before
        .iter()
        .map(|one| (one.filter, one.options, one.seen, one.initial.is_none(), one.slowness))
        .collect();
    match end {
        End::Closed => {
            world.reopen(end);
            before.into_iter().for_each(|one| one.ends(|error| matches!(error, KvError::Closed)));
        }
        End::Killed | End::PowerCut => {
            drop(before);
            world.reopen(end);
        }
    }
    for (filter, options, seen, is_resumable, slowness) in places {
        if is_resumable {
            let options = WatchOptions {
                include_history: false,
                updates_only: false,
                resume_from: Some(seen + 1),
                ..options
            };
            watching.push(Watching::start(world, filter, options, slowness));
        }
    }
}

fn watch_and_work(world: &mut World) {
    let mut watching = Vec::new();
    for _ in 0..STEPS {
        match world.rng.below(20) {
            0 | 1 if watching.len() < WATCHERS_MAX => watching.push(Watching::open(world)),
            2 if !watching.is_empty() => {
                let at = world.rng.index(watching.len());
                let mut stopped: Watching = watching.swap_remove(at);
                stopped.watcher.stop();
                same("after a stop", &stopped.watcher.try_next().unwrap(), &None::<WatchEvent>);
            }
            3 if world.rng.chance(1, 3) => reopen(world, &mut watching),
            _ => world.step(),
        }
        for one in &mut watching {
            if world.rng.chance(1, one.slowness) {
                let count = world.rng.index(6);
                for _ in 0..count {
                    one.step(&world.model);
                }
            }
        }
    }
    watching.iter_mut().for_each(|one| one.drain(&world.model));
    world.compare();
    world.js.delete_key_value(BUCKET).unwrap();
    let is_right = |error: &KvError| matches!(error, KvError::BucketDeleted { bucket } if bucket == BUCKET);
    watching.into_iter().for_each(|one| one.ends(is_right));
}

#[test]
fn watches_follow_the_model() {
    for seed in seeds(2_000) {
        let mut rng = Rng::new(seed ^ 0xAA << 40);
        let history = *rng.pick(&[1, 2, 5, 64]);
        let recent_bytes = *rng.pick(&[0, 300, 1000, 1 << 20]);
        let config = first_config(&mut rng, history);
        let mut world = World::new(&mut rng, config, recent_bytes);
        guarded(seed, &mut world, watch_and_work);
    }
}

const STEPS: usize = 60;
const WATCHERS_MAX: usize = 5;
