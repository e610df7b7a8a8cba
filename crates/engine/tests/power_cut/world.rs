//! A store on a disk that loses power, beside the model of what it must hold.

use super::judge::{Seen, check_damages};
use super::possible::Possible;
use jetkv_engine::env::{Clock, Env, Fs};
use jetkv_engine::{EngineError, Store, StoreOptions, Stream, Sync, Upkeep};
use jetkv_types::{StreamName, Subject, SubjectFilter, Timestamp};
use std::path::Path;
use std::sync::Arc;
use testkit::{BuggyFs, DiskModel, FsBug, ManualClock, Rng, SeededEntropy, SimFs};

/// One history: everything follows from these.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) seed: u64,
    pub(crate) disk: DiskModel,
    pub(crate) sync: Sync,
    /// Operations between two cuts, at most.
    pub(crate) steps: usize,
    pub(crate) cuts: Cuts,
    pub(crate) focus: Focus,
    pub(crate) bug: Option<FsBug>,
}

/// What a history does most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Focus {
    /// Everything, on several streams.
    Nothing,
    /// Removals and compaction, on one stream with histories: what is dead must stay dead.
    Dead,
}

/// When the power goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cuts {
    /// At random operations of the disk, so many times, and in some of the recoveries.
    Random(usize),
    /// Once, at this operation of the disk.
    At(u64),
    Never,
}

/// Why a history goes no further.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The power is gone.
    Cut,
    /// The store did something wrong.
    Wrong(String),
}

pub(crate) struct World {
    pub(crate) setup: Setup,
    pub(crate) fs: SimFs,
    pub(crate) clock: ManualClock,
    pub(crate) store: Option<Store>,
    pub(crate) streams: Vec<(StreamName, Possible)>,
    pub(crate) keys: Vec<Subject>,
    pub(crate) filters: Vec<SubjectFilter>,
    pub(crate) rng: Rng,
    cut_rng: Rng,
    pub(crate) trace: Vec<String>,
    /// Operations of the disk before its present world.
    ops_before: u64,
    /// When the next cut comes.
    cut_at: Option<u64>,
    /// Counts payloads, so that no two are equal.
    pub(crate) payloads: u64,
}

impl World {
    pub(crate) fn new(setup: Setup) -> Self {
        let mut rng = Rng::new(setup.seed);
        let cut_rng = rng.fork();
        let keys = ["k.a", "k.b", "k.c", "k.deep.er", "k.deep.est"];
        let filters = [">", "k.*", "k.>", "k.a", "k.deep.*"];
        let streams = ["A", "B", "C"].map(|name| (StreamName::new(name).unwrap(), Possible::absent()));
        Self {
            fs: SimFs::new(setup.disk),
            clock: ManualClock::new(Timestamp::from_nanos(1_000_000_000_000)),
            store: None,
            streams: streams.into(),
            keys: keys.map(|key| Subject::new(key).unwrap()).into(),
            filters: filters.map(|filter| SubjectFilter::new(filter).unwrap()).into(),
            rng,
            cut_rng,
            trace: Vec::new(),
            ops_before: 0,
            cut_at: None,
            payloads: 0,
            setup,
        }
    }

    /// Runs the whole history.
    ///
    /// # Errors
    /// What the store did wrong.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        let rounds = match self.setup.cuts {
            Cuts::Random(count) => count,
            Cuts::At(_) => 1,
            Cuts::Never => 0,
        };
        for _ in 0..rounds {
            let cut_at = match self.setup.cuts {
                Cuts::At(at) => at,
                _ => self.op_count() + self.cut_rng.below(u64::try_from(self.setup.steps).unwrap() * 8),
            };
            self.plan_cut(Some(cut_at));
            self.live()?;
            self.cut();
            self.recover()?;
        }
        // What was recovered must go on working.
        self.live()?;
        self.step(Self::reopen)?;
        self.judge(true)
    }

    /// Runs operations until the power goes or it is enough.
    fn live(&mut self) -> Result<(), String> {
        if self.store.is_none() && self.step(Self::open)? {
            return Ok(());
        }
        for _ in 0..self.setup.steps {
            if self.fs.fault_fired() || self.step(Self::operate)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Does one thing; says whether the power went.
    fn step(&mut self, what: impl FnOnce(&mut Self) -> Result<(), Stop>) -> Result<bool, String> {
        match what(self) {
            Ok(()) => Ok(false),
            Err(Stop::Cut) => Ok(true),
            Err(Stop::Wrong(text)) => Err(text),
        }
    }

    /// Plans the cut for an operation counted from the beginning of the history.
    fn plan_cut(&mut self, at: Option<u64>) {
        self.cut_at = at;
        if let Some(at) = at {
            self.fs.cut_at(at - self.ops_before);
        }
    }

    /// Goes on with the disk as it is after its world has ended; a cut that is planned stays planned.
    pub(crate) fn go_on_after(&mut self, end: impl FnOnce(&SimFs) -> SimFs) {
        self.ops_before += self.fs.op_count();
        self.trace.extend(self.fs.trace());
        self.fs = end(&self.fs);
        self.store = None;
        self.plan_cut(self.cut_at);
    }

    /// Returns the operations of the disk since the beginning of the history.
    pub(crate) fn op_count(&self) -> u64 {
        self.ops_before + self.fs.op_count()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn handle(&self, which: usize) -> Result<Stream, Stop> {
        let outcome = self.store().stream(&self.streams[which].0);
        self.finish("getting the stream", outcome)
    }

    fn cut(&mut self) {
        self.note(format!("power cut at operation {} of the disk", self.op_count()));
        self.plan_cut(None);
        let mut rng = self.cut_rng.fork();
        self.go_on_after(|fs| fs.power_cut(&mut rng));
    }

    /// Opens the store again, with further cuts on the way, and compares.
    fn recover(&mut self) -> Result<(), String> {
        while matches!(self.setup.cuts, Cuts::Random(_)) && self.cut_rng.chance(1, 3) {
            let cut_at = self.op_count() + self.cut_rng.below(40);
            self.plan_cut(Some(cut_at));
            self.step(Self::open)?;
            // Whoever opens it sees what he sees: it must not change by a cut.
            if self.store.is_some() && !self.fs.fault_fired() {
                self.plan_cut(None);
                self.fs.clear_faults();
                self.judge(false)?;
            }
            self.cut();
        }
        self.step(Self::open)?;
        self.judge(false)
    }

    /// As [`Self::judge`], where only the present state will do.
    pub(crate) fn judge_present(&mut self) -> Result<(), String> {
        let store = self.store.as_ref().ok_or("the store cannot be opened")?;
        check_damages(store, false)?;
        for (name, possible) in &self.streams {
            let wrong = |error: String| format!("stream {name}: {error}");
            match (Seen::of(store, name)?, possible.now()) {
                (Some(seen), Some(model)) => {
                    seen.difference(model).map_or(Ok(()), |difference| Err(wrong(difference)))?;
                    seen.check_subjects(model, &self.keys).map_err(wrong)?;
                }
                (None, None) => {}
                (seen, _) => return Err(wrong(format!("there: {}, and should not be so", seen.is_some()))),
            }
        }
        Ok(())
    }

    /// Compares everything that the store holds with what it may hold.
    pub(crate) fn judge(&mut self, thoroughly: bool) -> Result<(), String> {
        let store = self.store.as_ref().ok_or("the store cannot be opened")?;
        check_damages(store, thoroughly)?;
        for (name, possible) in &mut self.streams {
            let seen = Seen::of(store, name)?;
            possible.settle_on(seen.as_ref()).map_err(|error| format!("stream {name}: {error}"))?;
            if let (Some(seen), Some(model)) = (seen, possible.now()) {
                let checked = seen.check_subjects(model, &self.keys);
                checked.map_err(|error| format!("stream {name}: {error}"))?;
            }
        }
        Ok(())
    }

    pub(crate) fn open(&mut self) -> Result<(), Stop> {
        self.store = None;
        let inner: Arc<dyn Fs> = Arc::new(self.fs.clone());
        let fs = match self.setup.bug {
            Some(bug) => Arc::new(BuggyFs::new(inner, bug)),
            None => inner,
        };
        let entropy = Arc::new(SeededEntropy::new(self.cut_rng.next_u64()));
        let env = Env { fs, clock: Arc::new(self.clock.clone()), entropy };
        let opened = Store::open(env, Path::new("/data"), options(self.setup.sync, self.setup.seed));
        self.store = Some(self.finish("open", opened)?);
        Ok(())
    }

    pub(crate) fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    /// Takes an error for the cut if there was one.
    pub(crate) fn finish<T>(&self, what: &str, outcome: Result<T, EngineError>) -> Result<T, Stop> {
        outcome.map_err(|error| {
            if self.fs.fault_fired() { Stop::Cut } else { Stop::Wrong(format!("{what} fails: {error:?}")) }
        })
    }

    pub(crate) fn note(&mut self, line: String) {
        if std::env::var("JETKV_DISK").is_ok() {
            self.fs.enable_trace();
        }
        self.trace.push(line);
    }
}

/// Without a cache, with one of a few blocks, and with one that holds everything, by the seed.
fn options(sync: Sync, seed: u64) -> StoreOptions {
    StoreOptions {
        sync,
        upkeep: Upkeep::Manual,
        segment_bytes_min: 512,
        segment_bytes_max: 2048,
        reserve_bytes: 600,
        recent_bytes_max: 1024,
        cache_bytes: [0, 1_000, 1 << 20][usize::try_from(seed / 3 % 3).unwrap()],
        cache_block_bytes: 128,
    }
}
