//! A store on a simulated disk beside its model, and the comparison of everything that can be read.

use crate::bucket::{BUCKET, Change, Model, matches};
use jetkv::blocking::{JetStream, KeyValue};
use jetkv::env::{Clock, Env};
use jetkv::{Entry, KeyInfo, KeyValueConfig, KvError, OpenOptions, Page, Timestamp, WatchOptions};
use std::collections::VecDeque;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;
use testkit::{DiskModel, ManualClock, Rng, SeededEntropy, SimFs};

pub(crate) const KEYS: [&str; 6] = ["a", "a.b", "a.c", "a.b.c", "c.b", "d"];
pub(crate) const FILTERS: [&str; 6] = [">", "a", "a.*", "a.>", "*.b", "d"];

pub(crate) struct World {
    pub(crate) rng: Rng,
    pub(crate) clock: ManualClock,
    pub(crate) fs: SimFs,
    pub(crate) js: JetStream,
    pub(crate) kv: KeyValue,
    pub(crate) model: Model,
    /// The latest time that the clock ever showed.
    pub(crate) latest: Timestamp,
    recent_bytes: usize,
    reopened: bool,
    /// Draws what is read, so that reading more does not change what is done.
    reading: Rng,
    log: VecDeque<String>,
}

/// How a store ends before it is opened again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    Closed,
    Killed,
    PowerCut,
}

impl World {
    pub(crate) fn new(rng: &mut Rng, config: KeyValueConfig, recent_bytes: usize) -> Self {
        let mut rng = rng.fork();
        let disk = *rng.pick(&[DiskModel::Posix, DiskModel::Ext4Like]);
        let (fs, clock) = (SimFs::new(disk), ManualClock::new(Timestamp::from_nanos(START)));
        let js = open(&fs, &clock, &mut rng, recent_bytes);
        let kv = js.create_key_value(config.clone()).unwrap();
        let reading = rng.fork();
        let latest = clock.now();
        let log = VecDeque::from([format!("{config:?}")]);
        Self {
            rng,
            clock,
            fs,
            js,
            kv,
            model: Model::new(config),
            latest,
            recent_bytes,
            reopened: false,
            reading,
            log,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Notes an operation, so that a failure can tell what led to it.
    pub(crate) fn note(&mut self, line: String) {
        self.log.push_back(line);
        if self.log.len() > NOTED_MAX {
            self.log.remove(1);
        }
    }

    /// Writes to both sides and compares what they answer.
    pub(crate) fn write(
        &mut self,
        changes: &[Change],
        call: impl FnOnce(&KeyValue) -> Result<Vec<u64>, KvError>,
    ) {
        self.note(format!("{} {changes:?}", self.now().as_nanos().abs_diff(START)));
        let last = self.model.last;
        let wanted = self.model.write(changes, self.clock.now());
        same("write", &call(&self.kv), &wanted);
        self.adopt_times(last + 1);
    }

    /// Takes the times of new messages over: while the clock is behind, they lie between the last message and the
    /// latest time that the clock ever showed.
    fn adopt_times(&mut self, from: u64) {
        let now = self.clock.now();
        self.latest = self.latest.max(now);
        for revision in (from..=self.model.last).rev() {
            let key = self.model.all[&revision].key.clone();
            let Some(found) = self.kv.get_revision(&key, revision).unwrap() else { continue };
            let least = self.model.all[&revision].created;
            if found.created != least {
                let reached = now <= found.created && found.created <= self.latest;
                assert!(reached, "created {} at {now}, latest {}", found.created, self.latest);
                self.model.last_created = found.created;
                for later in from..=revision {
                    self.model.all.get_mut(&later).unwrap().created = found.created;
                    if let Some(stored) = self.model.live.get_mut(&later) {
                        stored.entry.created = found.created;
                    }
                }
            }
        }
    }

    pub(crate) fn upkeep(&mut self) {
        self.note(format!("{} upkeep", self.now().as_nanos().abs_diff(START)));
        self.js.to_async().run_upkeep().unwrap();
        let last = self.model.last;
        self.model.expire(self.clock.now());
        self.adopt_times(last + 1);
    }

    pub(crate) fn reopen(&mut self, end: End) {
        self.note(format!("reopen {end:?}"));
        self.reopened = true;
        match end {
            End::Closed => {
                self.js.close().unwrap();
                self.fs = self.fs.kill();
            }
            End::Killed => self.fs = self.fs.kill(),
            End::PowerCut => self.fs = self.fs.power_cut(&mut self.rng),
        }
        self.js = open(&self.fs, &self.clock, &mut self.rng, self.recent_bytes);
        self.kv = self.js.key_value(BUCKET).unwrap();
    }

    /// Compares everything that can be read.
    pub(crate) fn compare(&mut self) {
        for key in KEYS {
            self.compare_key(key);
        }
        for revision in 0..=self.model.last + 1 {
            let stored = self.model.live.get(&revision).map(|stored| &stored.entry);
            let owner = self.model.all.get(&revision).map_or(KEYS[0], |entry| entry.key.as_str());
            same("get_revision", &self.kv.get_revision(owner, revision).unwrap().as_ref(), &stored);
            let other = KEYS.into_iter().find(|key| *key != owner).unwrap();
            same(
                "get_revision of another key",
                &self.kv.get_revision(other, revision).unwrap(),
                &None::<Entry>,
            );
        }
        same("keys", &self.kv.keys().unwrap(), &self.model.keys_matching(&[">"]));
        for filter in FILTERS {
            let wanted = self.model.keys_matching(&[filter]);
            same("keys_matching", &self.kv.keys_matching(&[filter]).unwrap(), &wanted);
            same("count", &self.kv.count(filter).unwrap(), &u64::try_from(wanted.len()).unwrap());
            self.compare_history(filter);
        }
        let two = [*self.reading.pick(&FILTERS), *self.reading.pick(&FILTERS)];
        same("two filters", &self.kv.keys_matching(&two).unwrap(), &self.model.keys_matching(&two));
        self.compare_pages();
        self.compare_status();
    }

    fn compare_key(&self, key: &str) {
        let last = self.model.last_of(key).map(|stored| &stored.entry);
        same("entry", &self.kv.entry(key).unwrap().as_ref(), &last);
        let value = last.filter(|entry| !entry.operation.is_marker());
        same("get", &self.kv.get(key).unwrap().as_ref(), &value);
        let wanted = counting_down(self.model.of_key(key).map(|found| self.model.live[&found].entry.clone()));
        same("history", &self.kv.history(key).unwrap(), &wanted);
    }

    fn compare_history(&self, filter: &str) {
        let found = self.model.live.values().filter(|stored| matches(filter, &stored.entry.key));
        let wanted = counting_down(found.map(|stored| stored.entry.clone()));
        same("history_with", &self.kv.history_with(filter, WatchOptions::new()).unwrap(), &wanted);
    }

    fn compare_pages(&mut self) {
        let filter = *self.reading.pick(&FILTERS);
        let (limit, shown) = (1 + self.reading.index(4), self.reading.chance(1, 2));
        let first = if shown { Page::first(limit).include_deletes() } else { Page::first(limit) };
        let mut keys = self.model.subjects();
        keys.retain(|key| matches(filter, key));
        let infos = keys.into_iter().map(|key| {
            let last = &self.model.last_of(&key).unwrap().entry;
            let history = u64::try_from(self.model.of_key(&key).count()).unwrap();
            KeyInfo { revision: last.revision, operation: last.operation, history, key }
        });
        let wanted: Vec<_> = infos.filter(|info| shown || !info.operation.is_marker()).collect();
        let (mut found, mut page) = (Vec::new(), first);
        loop {
            let keys = self.kv.list(filter, page.clone()).unwrap();
            assert!(keys.keys.len() == limit || keys.next.is_none(), "a short page before the end");
            found.extend(keys.keys);
            match keys.next {
                Some(key) => page = page.after(key),
                None => break,
            }
        }
        same("list", &found, &wanted);
    }

    fn compare_status(&self) {
        let status = self.kv.status().unwrap();
        let count = |count: usize| u64::try_from(count).unwrap();
        let model = &self.model;
        let first = model.live.keys().next().copied();
        let figures = (status.values, status.keys, status.bytes, status.first_revision, status.last_revision);
        let wanted = (
            count(model.live.len()),
            count(model.subjects().len()),
            model.bytes(),
            first.unwrap_or(if model.last == 0 { status.first_revision } else { model.last + 1 }),
            model.last,
        );
        same("status", &figures, &wanted);
        same("config", &status.config, &model.config);
        same("history of status", &(status.history, status.ttl), &(model.config.history, model.config.ttl));
        let last_update = Some(model.last_created).filter(|_| model.last > 0);
        // Which message was the last one is not kept when it is gone, only that time never goes back.
        if !self.reopened || self.model.live.contains_key(&self.model.last) {
            assert!(status.last_update >= last_update, "last update {:?}", status.last_update);
        }
        if !self.reopened {
            same("last update", &status.last_update, &last_update);
        }
        assert!(status.damages.is_empty(), "{:?}", status.damages);
    }
}

/// Runs a test of one world; if it fails, tells the seed and what was done last.
pub(crate) fn guarded(seed: u64, world: &mut World, run: impl FnOnce(&mut World)) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(world))) {
        #[expect(clippy::print_stderr, reason = "the seed is needed to run the failure again")]
        {
            eprintln!("JETKV_SEED={seed} fails after:");
            world.log.iter().for_each(|line| eprintln!("  {line}"));
        }
        resume_unwind(panic);
    }
}

/// Returns the seeds to run: the one of `JETKV_SEED`, or as many as `JETKV_SEEDS` says.
pub(crate) fn seeds(default: u64) -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    match (number("JETKV_SEED"), number("JETKV_SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, count) => 0..count.unwrap_or(default),
    }
}

/// Compares by what is shown: errors have no equality, and their fields are all in there.
#[track_caller]
pub(crate) fn same<T: Debug, U: Debug>(what: &str, found: &T, wanted: &U) {
    let (found, wanted) = (format!("{found:?}"), format!("{wanted:?}"));
    assert!(found == wanted, "{what}:\n found {found}\nwanted {wanted}");
}

fn counting_down(entries: impl Iterator<Item = Entry>) -> Vec<Entry> {
    let mut entries: Vec<_> = entries.collect();
    for (delta, entry) in entries.iter_mut().rev().enumerate() {
        entry.delta = u64::try_from(delta).unwrap();
    }
    entries
}

fn open(fs: &SimFs, clock: &ManualClock, rng: &mut Rng, recent_bytes: usize) -> JetStream {
    let env = Env {
        fs: Arc::new(fs.clone()),
        clock: Arc::new(clock.clone()),
        entropy: Arc::new(SeededEntropy::new(rng.next_u64())),
    };
    let options = OpenOptions::new().env(env).upkeep_manual().segment_bytes(512, 4096);
    // None, a few blocks, and enough for everything.
    let cache = *rng.pick(&[0, 1_000, 1 << 20]);
    let options = options.recent_bytes(recent_bytes).cache_size(cache).cache_block_bytes(128);
    JetStream::open_with("store", options).unwrap()
}

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Where the clock of every world starts.
pub(crate) const START: u64 = 1_700_000_000_000_000_000;
const NOTED_MAX: usize = 40;
