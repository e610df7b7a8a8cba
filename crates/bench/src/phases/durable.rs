//! Writes that a power cut cannot take back: one writer, many writers, batches.

use super::{Figures, measure_threads, micros, per_op};
use crate::Outcome;
use crate::data::{BATCH_ENTRIES, Data, Random};
use crate::engines::{Durability, Engine, EngineName};
use crate::gauge::{measure, percentile};
use crate::sizes::Sizes;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Puts random keys one after the other.
pub(super) fn one_writer(
    engine: EngineName,
    dir: &Path,
    sizes: &Sizes,
    figures: &mut Figures,
) -> Outcome<()> {
    let store = engine.open(dir, Durability::Synced)?;
    let syncs = syncs(&*store);
    let mut times = Vec::new();
    let cost = measure(|| {
        times = puts(&*store, sizes.keys, sizes.durable_puts, 3)?;
        Ok(())
    })?;
    figures.push_cost("durable1", cost, sizes.durable_puts);
    push_percentiles("durable1", times, figures);
    push_syncs("durable1", &*store, syncs, sizes.durable_puts, figures);
    store.close()
}

/// Puts random keys from eight threads, then from many.
pub(super) fn many_writers(
    engine: EngineName,
    dir: &Path,
    sizes: &Sizes,
    figures: &mut Figures,
) -> Outcome<()> {
    let store = engine.open(dir, Durability::Synced)?;
    for (row, threads, puts) in [
        ("durable8", FEW_WRITERS, sizes.concurrent_puts.div_ceil(4)),
        ("durable64", sizes.threads, sizes.concurrent_puts),
    ] {
        at_once(&*store, row, (threads, puts.div_ceil(threads)), sizes.keys, figures)?;
    }
    store.close()
}

/// Puts `each` random keys from each of so many threads.
fn at_once(
    store: &dyn Engine,
    row: &str,
    (threads, each): (u64, u64),
    keys: u64,
    figures: &mut Figures,
) -> Outcome<()> {
    let syncs = syncs(store);
    let times = Mutex::new(Vec::new());
    let cost = measure_threads(threads, |number| {
        let own = puts(store, keys, each, 100 + number)?;
        times.lock().unwrap_or_else(PoisonError::into_inner).extend(own);
        Ok(())
    })?;
    figures.push_cost(row, cost, each * threads);
    push_percentiles(row, times.into_inner().unwrap_or_else(PoisonError::into_inner), figures);
    push_syncs(row, store, syncs, each * threads, figures);
    Ok(())
}

/// Puts batches of random keys.
pub(super) fn batches(engine: EngineName, dir: &Path, sizes: &Sizes, figures: &mut Figures) -> Outcome<()> {
    let data = Data::new(sizes.keys);
    let store = engine.open(dir, Durability::Synced)?;
    let mut random = Random::new(4);
    let cost = measure(|| {
        for version in 0..sizes.batches {
            let batch: Vec<_> = (0..BATCH_ENTRIES)
                .map(|_| {
                    let key = data.key(random.below(sizes.keys));
                    (key, key.value(version))
                })
                .collect();
            store.put_batch(&batch)?;
        }
        Ok(())
    })?;
    figures.push_cost("batch", cost, sizes.batches * BATCH_ENTRIES);
    store.close()
}

fn puts(store: &dyn Engine, keys: u64, count: u64, seed: u64) -> Outcome<Vec<Duration>> {
    let data = Data::new(keys);
    let mut random = Random::new(seed);
    let mut times = Vec::new();
    for version in 0..count {
        let key = data.key(random.below(keys));
        let value = key.value(version);
        let started = Instant::now();
        store.put(&key, &value)?;
        times.push(started.elapsed());
    }
    Ok(times)
}

fn push_percentiles(row: &str, mut times: Vec<Duration>, figures: &mut Figures) {
    times.sort_unstable();
    figures.push(format!("{row}.p50"), micros(percentile(&times, 50)));
    figures.push(format!("{row}.p99"), micros(percentile(&times, 99)));
}

/// The fewer of two numbers of concurrent writers.
const FEW_WRITERS: u64 = 8;

fn syncs(store: &dyn Engine) -> Option<u64> {
    store.counters().syncs
}

fn push_syncs(row: &str, store: &dyn Engine, before: Option<u64>, puts: u64, figures: &mut Figures) {
    if let (Some(before), Some(after)) = (before, syncs(store)) {
        figures.push(format!("{row}.syncs"), per_op(after - before, puts));
    }
}
