//! `bench`: what this disk gives, measured in a scratch store beside the real one.

use crate::cli::BenchArgs;
use crate::clock;
use crate::exit::Stop;
use crate::files::remove_directory;
use crate::output::Out;
use crate::place::Door;
use crate::table::{self, Columns};
use jetkv::blocking::{JetStream, KeyValue};
use jetkv::{KeyValueConfig, KvError, OpenOptions, Sync};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `bench`
pub(crate) fn bench(door: &Door, args: BenchArgs, out: &mut Out) -> Result<(), Stop> {
    let scratch = Scratch::beside(door.path());
    let size = usize::try_from(args.size).unwrap_or(usize::MAX);
    let value = noise(size);
    let mut results = Vec::new();
    {
        let store = JetStream::open_with(&scratch.0, OpenOptions::new().sync(Sync::Os))?;
        let bucket = store.create_key_value(KeyValueConfig::new("bench"))?;
        results.push(measure("put", &args, args.count, |key| bucket.put(key, &value).map(drop))?);
        results.push(measure("get", &args, args.count, |key| bucket.get(key).map(drop))?);
        store.close()?;
    }
    let store = JetStream::open_with(&scratch.0, OpenOptions::new().sync(Sync::Always))?;
    let bucket: KeyValue = store.key_value("bench")?;
    results.push(measure("durable put", &args, args.durable_count, |key| bucket.put(key, &value).map(drop))?);
    store.close()?;
    print(&results, out)
}

#[derive(Serialize)]
struct Figures {
    operation: &'static str,
    threads: u32,
    value_bytes: u64,
    count: u64,
    seconds: f64,
    per_second: u64,
    median_ns: u64,
    p99_ns: u64,
    max_ns: u64,
}

/// Runs `work` with `count` different keys, shared out over the threads.
fn measure(
    operation: &'static str,
    args: &BenchArgs,
    count: u64,
    work: impl Fn(&str) -> Result<(), KvError> + std::marker::Sync,
) -> Result<Figures, Stop> {
    let threads = u64::from(args.threads);
    let start = clock::start();
    let one_thread = |thread: u64| -> Result<Vec<u64>, KvError> {
        let mut spans = Vec::new();
        for number in (thread..count).step_by(usize::try_from(threads).unwrap_or(usize::MAX)) {
            let key = format!("key.{number}");
            let begun = clock::start();
            work(&key)?;
            spans.push(nanos(begun.elapsed()));
        }
        Ok(spans)
    };
    let results: Vec<Result<Vec<u64>, KvError>> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|thread| scope.spawn(move || one_thread(thread))).collect();
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let elapsed = start.elapsed();
    let mut spans = Vec::new();
    for result in results {
        spans.extend(result?);
    }
    spans.sort_unstable();
    let at = |percent: usize| spans.get(spans.len().saturating_sub(1) * percent / 100).copied().unwrap_or(0);
    let per_second = u128::from(count) * 1_000_000_000 / elapsed.as_nanos().max(1);
    Ok(Figures {
        operation,
        threads: args.threads,
        value_bytes: args.size,
        count,
        seconds: elapsed.as_secs_f64(),
        per_second: u64::try_from(per_second).unwrap_or(u64::MAX),
        median_ns: at(50),
        p99_ns: at(99),
        max_ns: at(100),
    })
}

fn print(results: &[Figures], out: &mut Out) -> Result<(), Stop> {
    if out.is_json() {
        for figures in results {
            out.json(figures)?;
        }
        return Ok(());
    }
    let rows = results.iter().map(|figures| {
        vec![
            figures.operation.into(),
            figures.threads.to_string(),
            crate::size::human(figures.value_bytes),
            figures.count.to_string(),
            figures.per_second.to_string(),
            micros(figures.median_ns),
            micros(figures.p99_ns),
            micros(figures.max_ns),
        ]
    });
    let head = ["Operation", "Threads", "Value", "Count", "Per Second", "Median", "99%", "Max"];
    let columns = Columns { head: &head, right: &[1, 2, 3, 4, 5, 6, 7], elastic: None };
    Ok(table::print(out, columns, rows.collect())?)
}

fn micros(nanos: u64) -> String {
    format!("{}.{} us", nanos / 1_000, nanos / 100 % 10)
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// Returns bytes that do not compress (xorshift), the same in every run.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.flatten().take(size).collect()
}

/// A directory of this run on the disk of the store; removed at the end, whatever happens.
struct Scratch(PathBuf);

impl Scratch {
    fn beside(store: &Path) -> Self {
        let mut path = store.as_os_str().to_owned();
        path.push(format!(".bench-{}", std::process::id()));
        Self(path.into())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove_directory(&self.0);
    }
}
