//! The workloads. Each runs in a process of its own, so that no engine inherits the heap or the threads of another.

mod durable;
mod reads;

use crate::Outcome;
use crate::data::{BATCH_ENTRIES, Data, Random};
use crate::engines::{Durability, EngineName};
use crate::gauge::{Cost, Meter, ThreadCpu, disk_bytes, measure, resident_bytes, thread_cpu};
use crate::sizes::Sizes;
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// One workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Puts every key once, unsynced, into a new store, and stops cleanly.
    Load,
    /// Opens the store after a clean stop.
    OpenClean,
    /// Random gets and scans.
    Reads,
    /// Puts random keys again, unsynced.
    Overwrite,
    /// Durable puts, one after the other.
    DurableOne,
    /// Durable puts of many writers.
    DurableMany,
    /// Durable batches.
    DurableBatches,
    /// Fills a new store with durable batches and aborts.
    Crash,
    /// Opens the store that the abort left, and checks that it has every key.
    OpenDirty,
}

impl Phase {
    /// Every phase, in an order in which each finds the store that it needs.
    pub(crate) const ALL: [Self; 9] = [
        Self::Load,
        Self::OpenClean,
        Self::Reads,
        Self::Overwrite,
        Self::DurableOne,
        Self::DurableMany,
        Self::DurableBatches,
        Self::Crash,
        Self::OpenDirty,
    ];

    /// Says whether the phase works on the store that is stopped uncleanly, not on the other one.
    pub(crate) fn is_of_crash(self) -> bool {
        matches!(self, Self::Crash | Self::OpenDirty)
    }

    /// Runs the workload in this process.
    pub(crate) fn run(self, engine: EngineName, dir: &Path, sizes: &Sizes) -> Outcome<Figures> {
        let mut figures = Figures::default();
        match self {
            Self::Load => load(engine, dir, sizes, &mut figures)?,
            Self::OpenClean | Self::OpenDirty => self.open(engine, dir, sizes, &mut figures)?,
            Self::Reads => reads::run(engine, dir, sizes, &mut figures)?,
            Self::Overwrite => overwrite(engine, dir, sizes, &mut figures)?,
            Self::DurableOne => durable::one_writer(engine, dir, sizes, &mut figures)?,
            Self::DurableMany => durable::many_writers(engine, dir, sizes, &mut figures)?,
            Self::DurableBatches => durable::batches(engine, dir, sizes, &mut figures)?,
            Self::Crash => crash(engine, dir, sizes)?,
        }
        Ok(figures)
    }

    /// Measures until the first key is read, with the files in the page cache.
    fn open(self, engine: EngineName, dir: &Path, sizes: &Sizes, figures: &mut Figures) -> Outcome<()> {
        let (name, keys) = match self {
            Self::OpenDirty => ("open.dirty", sizes.crash_keys),
            _ => ("open.clean", sizes.keys),
        };
        let key = Data::new(keys).key(0);
        let resident_before = resident_bytes()?;
        let started = Instant::now();
        let store = engine.open(dir, Durability::Synced)?;
        let mut reader = store.reader()?;
        let mut intact = false;
        reader.get(&key, &mut |value| intact = key.owns(value))?;
        figures.push(format!("{name}.ms"), started.elapsed().as_secs_f64() * 1e3);
        figures
            .push(format!("{name}.memory"), per_op(resident_bytes()?.saturating_sub(resident_before), keys));
        if let Some(bytes) = store.counters().index_bytes {
            figures.push(format!("{name}.index"), per_op(bytes, keys));
        }
        let found = reader.count()?;
        if !intact || found != keys {
            return Err(format!("{engine} has {found} of {keys} keys, the first one intact: {intact}").into());
        }
        drop(reader);
        store.close()
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl FromStr for Phase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|phase| phase.to_string() == text);
        found.ok_or_else(|| format!("there is no phase {text:?}"))
    }
}

/// What a phase measured, by the name of the row.
#[derive(Debug, Default)]
pub(crate) struct Figures(pub(crate) Vec<(String, f64)>);

impl Figures {
    /// Adds one figure.
    pub(crate) fn push(&mut self, row: impl Into<String>, value: f64) {
        self.0.push((row.into(), value));
    }

    /// Adds CPU and wall time per operation in microseconds as two rows.
    fn push_cost(&mut self, row: &str, cost: Cost, operations: u64) {
        self.push(format!("{row}.cpu"), micros(cost.cpu) / float(operations));
        self.push(format!("{row}.wall"), micros(cost.wall) / float(operations));
    }
}

/// Measures `work` in so many threads at once; each gets its number.
fn measure_threads(threads: u64, work: impl Fn(u64) -> Outcome<()> + Sync) -> Outcome<Cost> {
    let meter = Meter::start()?;
    let work = &work;
    let workers = std::thread::scope(|scope| -> Outcome<Vec<ThreadCpu>> {
        let handles: Vec<_> = (0..threads)
            .map(|number| {
                scope.spawn(move || -> Outcome<ThreadCpu> {
                    work(number)?;
                    thread_cpu()
                })
            })
            .collect();
        handles.into_iter().map(|handle| handle.join().map_err(|_| "a worker panicked")?).collect()
    })?;
    meter.stop(&workers)
}

fn load(engine: EngineName, dir: &Path, sizes: &Sizes, figures: &mut Figures) -> Outcome<()> {
    let data = Data::new(sizes.keys);
    let store = engine.open(dir, Durability::Unsynced)?;
    let resident_before = resident_bytes()?;
    let cost = measure(|| {
        (0..sizes.keys).try_for_each(|index| {
            let key = data.key(index);
            store.put(&key, &key.value(0))
        })
    })?;
    figures.push_cost("load", cost, sizes.keys);
    figures.push("load.memory", per_op(resident_bytes()?.saturating_sub(resident_before), sizes.keys));
    if let Some(bytes) = store.counters().index_bytes {
        figures.push("load.index", per_op(bytes, sizes.keys));
    }
    store.close()?;
    push_disk("load", dir, sizes.keys, figures)
}

fn overwrite(engine: EngineName, dir: &Path, sizes: &Sizes, figures: &mut Figures) -> Outcome<()> {
    let data = Data::new(sizes.keys);
    let store = engine.open(dir, Durability::Unsynced)?;
    let mut random = Random::new(1);
    let cost = measure(|| {
        (0..sizes.overwrites).try_for_each(|_| {
            let key = data.key(random.below(sizes.keys));
            store.put(&key, &key.value(1))
        })
    })?;
    figures.push_cost("overwrite", cost, sizes.overwrites);
    store.close()?;
    push_disk("overwrite", dir, sizes.keys, figures)
}

/// Batches are synced, so that every engine owes every key, and has the same to recover.
fn crash(engine: EngineName, dir: &Path, sizes: &Sizes) -> Outcome<()> {
    let data = Data::new(sizes.crash_keys);
    let store = engine.open(dir, Durability::Synced)?;
    let mut next = 0;
    while next < sizes.crash_keys {
        let end = sizes.crash_keys.min(next + BATCH_ENTRIES);
        let batch: Vec<_> = (next..end).map(|index| (data.key(index), data.key(index).value(0))).collect();
        store.put_batch(&batch)?;
        next = end;
    }
    println!("{}", crate::child::ABORTING);
    std::process::abort();
}

fn push_disk(row: &str, dir: &Path, keys: u64, figures: &mut Figures) -> Outcome<()> {
    let disk = disk_bytes(dir)?;
    figures.push(format!("{row}.allocated"), per_op(disk.allocated, keys));
    figures.push(format!("{row}.length"), per_op(disk.length, keys));
    Ok(())
}

/// Returns a time in microseconds.
pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Returns the share of one operation.
pub(crate) fn per_op(total: u64, operations: u64) -> f64 {
    float(total) / float(operations)
}

#[expect(clippy::as_conversions, reason = "figures are rounded anyway")]
fn float(number: u64) -> f64 {
    number as f64
}

/// Returns the CPU time in microseconds of making one key and value: part of every put that is measured.
pub(crate) fn generator_micros(keys: u64) -> Outcome<f64> {
    let data = Data::new(keys);
    let cost = measure(|| {
        (0..keys).for_each(|index| {
            std::hint::black_box(data.key(index).value(0));
        });
        Ok(())
    })?;
    Ok(micros(cost.cpu) / float(keys))
}
