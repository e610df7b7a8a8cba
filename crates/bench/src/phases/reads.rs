//! Random gets and scans by prefix, after a warm-up, with the files in the page cache.

use super::{Figures, measure_threads, micros};
use crate::Outcome;
use crate::data::{Data, GROUP_KEYS, Random};
use crate::engines::{Durability, Engine, EngineName, Part};
use crate::gauge::{measure, percentile};
use crate::sizes::Sizes;
use std::path::Path;

pub(super) fn run(engine: EngineName, dir: &Path, sizes: &Sizes, figures: &mut Figures) -> Outcome<()> {
    let data = Data::new(sizes.keys);
    let store = engine.open(dir, Durability::Unsynced)?;
    gets(&*store, data, sizes.keys, sizes.reads.div_ceil(2), 0)?;

    let cost = measure(|| gets(&*store, data, sizes.keys, sizes.reads, 1))?;
    figures.push_cost("get1", cost, sizes.reads);
    let each = sizes.reads.div_ceil(GET_THREADS);
    let cost =
        measure_threads(GET_THREADS, |number| gets(&*store, data, sizes.keys, each, GET_THREADS + number))?;
    figures.push_cost("get2", cost, each * GET_THREADS);

    // An order that is only made when it is asked for is a cost of its own.
    let first = measure(|| scans(&*store, data, &Sizes { scans: 1, ..*sizes }, Part::Key).map(drop))?;
    figures.push("scan_first.ms", first.wall.as_secs_f64() * 1e3);
    for (row, part) in [("scan_values", Part::Value), ("scan_keys", Part::Key)] {
        let mut scanned = 0;
        let cost = measure(|| {
            scanned = scans(&*store, data, sizes, part)?;
            Ok(())
        })?;
        figures.push_cost(row, cost, scanned);
    }
    let cost = measure(|| counts(&*store, sizes.keys))?;
    figures.push_cost("count", cost, COUNTS);
    let entries: Vec<_> =
        (0..WATCHED).map(|n| (data.key(n % sizes.keys), data.key(n % sizes.keys).value(n))).collect();
    let mut times = store.watch_times(&entries)?;
    if !times.is_empty() {
        times.sort_unstable();
        figures.push("watch.p50", micros(percentile(&times, 50)));
        figures.push("watch.p99", micros(percentile(&times, 99)));
    }
    store.close()
}

/// Reads random keys and checks that each value belongs to its key.
fn gets(store: &dyn Engine, data: Data, keys: u64, reads: u64, seed: u64) -> Outcome<()> {
    let mut reader = store.reader()?;
    let mut random = Random::new(seed);
    for _ in 0..reads {
        let key = data.key(random.below(keys));
        let mut intact = false;
        reader.get(&key, &mut |value| intact = key.owns(value))?;
        if !intact {
            return Err(format!("key {} has no or a wrong value", key.as_str()).into());
        }
    }
    Ok(())
}

/// Scans groups of keys and returns how many keys came.
fn scans(store: &dyn Engine, data: Data, sizes: &Sizes, part: Part) -> Outcome<u64> {
    let mut reader = store.reader()?;
    let mut random = Random::new(2);
    let (mut scanned, mut bytes) = (0, 0);
    for _ in 0..sizes.scans {
        let index = random.below(sizes.keys);
        let limit = usize::try_from(GROUP_KEYS)?;
        let found = reader.scan(&data.prefix(index), limit, part, &mut |item| bytes += item.len())?;
        if found != data.group_len(index) {
            return Err(format!("a scan of {} found {found} keys", data.prefix(index)).into());
        }
        scanned += found;
    }
    std::hint::black_box(bytes);
    Ok(scanned)
}

/// Counts all keys.
fn counts(store: &dyn Engine, keys: u64) -> Outcome<()> {
    let mut reader = store.reader()?;
    for _ in 0..COUNTS {
        let found = reader.count()?;
        if found != keys {
            return Err(format!("a count found {found} of {keys} keys").into());
        }
    }
    Ok(())
}

const GET_THREADS: u64 = 2;
const COUNTS: u64 = 3;
/// Changes that are watched.
const WATCHED: u64 = 5_000;
