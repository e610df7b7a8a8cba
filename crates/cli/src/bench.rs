//! `bench`: what this disk gives, measured in a scratch store beside the real one; or what a server gives, in a bucket of its own.

use crate::cli::BenchArgs;
use crate::clock;
use crate::exit::{Failure, Stop};
use crate::files::remove_directory;
use crate::output::Out;
use crate::place::Door;
use crate::span::{nanos, shown};
use crate::table::{self, Columns};
use jetkv::blocking::{JetStream, KeyValue};
use jetkv::{KeyValueConfig, KvError, OpenOptions, Sync, WatchEvent, WatchOptions};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// `bench`
pub(crate) fn bench(door: &Door, args: BenchArgs, out: &mut Out) -> Result<(), Stop> {
    let results = if door.names_servers() { on_server(door, &args)? } else { on_disk(door, &args)? };
    print(&results, out)
}

/// Measures in a store of its own, beside the one that is named.
fn on_disk(door: &Door, args: &BenchArgs) -> Result<Vec<Figures>, Stop> {
    let scratch = Scratch::beside(door.path());
    let store = JetStream::open_with(&scratch.0, OpenOptions::new().sync(Sync::Os))?;
    let bucket = store.create_key_value(KeyValueConfig::new("bench"))?;
    let mut results = all(&bucket, args, args.count)?;
    store.close()?;
    let store = JetStream::open_with(&scratch.0, OpenOptions::new().sync(Sync::Always))?;
    let bucket = store.key_value("bench")?;
    let value = noise(args.size);
    let put = |key: &str| bucket.put(key, &value).map(drop);
    results.push(measure("durable put", args, args.durable_count, put)?);
    store.close()?;
    Ok(results)
}

/// Measures in a bucket of its own on the servers that are named; whether writes are durable is up to them.
fn on_server(door: &Door, args: &BenchArgs) -> Result<Vec<Figures>, Stop> {
    let Some(store) = door.connect()? else {
        return Err(Failure::failed("no server was named").into());
    };
    let name = format!("jetkv-bench-{}", std::process::id());
    let bucket = store.create_key_value(KeyValueConfig::new(&name))?;
    // Each request waits for its answer, so fewer tell as much.
    let count = if args.count == COUNT_DEFAULT { args.count / 10 } else { args.count };
    let results = all(&bucket, args, count);
    // A bucket that stays is left for its owner to see.
    let deleted = store.delete_key_value(&name);
    let results = results?;
    deleted?;
    store.close()?;
    Ok(results)
}

/// Measures everything that is done with a bucket.
fn all(bucket: &KeyValue, args: &BenchArgs, count: u64) -> Result<Vec<Figures>, Stop> {
    let value = noise(args.size);
    Ok(vec![
        measure("put", args, count, |key| bucket.put(key, &value).map(drop))?,
        measure("get", args, count, |key| bucket.get(key).map(drop))?,
        measure("update", args, count, |key| {
            let revision = bucket.get(key)?.map_or(0, |entry| entry.revision);
            bucket.update(key, &value, revision).map(drop)
        })?,
        watched(bucket, args, count)?,
    ])
}

/// Measures from the start of a put until a watch shows it.
fn watched(bucket: &KeyValue, args: &BenchArgs, count: u64) -> Result<Figures, Stop> {
    let mut watch = bucket.watch_with("watched.>", WatchOptions::new().updates_only())?;
    let value = noise(args.size);
    let (tell, starts) = std::sync::mpsc::channel::<Instant>();
    let start = clock::start();
    let spans = std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            for number in 0..count {
                // A key of its own: a watch may leave out what is replaced. The start goes first, so that the watch finds it.
                tell.send(clock::start()).ok();
                bucket.put(&format!("watched.{number}"), &value)?;
            }
            Ok::<(), KvError>(())
        });
        let mut spans = Vec::new();
        while spans.len() < usize::try_from(count).unwrap_or(usize::MAX) {
            match watch.next_timeout(EVENT_WAIT)? {
                Some(WatchEvent::Entry(_)) => {
                    spans.extend(starts.recv().ok().map(|begun| nanos(begun.elapsed())));
                }
                Some(WatchEvent::EndOfInitial) => {}
                None if writer.is_finished() => break,
                None => {}
            }
        }
        writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok::<_, KvError>(spans)
    })?;
    let seen = u64::try_from(spans.len()).unwrap_or(u64::MAX);
    if seen < count {
        return Err(Failure::failed(format!("a watch has shown {seen} of {count} changes")).into());
    }
    Ok(Figures::of("watch", (1, args.size), start.elapsed(), spans))
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
    Ok(Figures::of(operation, (args.threads, args.size), elapsed, spans))
}

impl Figures {
    fn of(
        operation: &'static str,
        (threads, value_bytes): (u32, u64),
        elapsed: Duration,
        mut spans: Vec<u64>,
    ) -> Self {
        spans.sort_unstable();
        let at =
            |percent: usize| spans.get(spans.len().saturating_sub(1) * percent / 100).copied().unwrap_or(0);
        let count = u64::try_from(spans.len()).unwrap_or(u64::MAX);
        let per_second = u128::from(count) * 1_000_000_000 / elapsed.as_nanos().max(1);
        Self {
            operation,
            threads,
            value_bytes,
            count,
            seconds: elapsed.as_secs_f64(),
            per_second: u64::try_from(per_second).unwrap_or(u64::MAX),
            median_ns: at(50),
            p99_ns: at(99),
            max_ns: at(100),
        }
    }
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
            shown(figures.median_ns),
            shown(figures.p99_ns),
            shown(figures.max_ns),
        ]
    });
    let head = ["Operation", "Threads", "Value", "Count", "Per Second", "Median", "99%", "Max"];
    let columns = Columns { head: &head, right: &[1, 2, 3, 4, 5, 6, 7], elastic: None };
    Ok(table::print(out, columns, rows.collect())?)
}

/// Returns bytes that do not compress (xorshift), the same in every run.
fn noise(size: u64) -> Vec<u8> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
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

/// What `--count` is unless something else is said.
pub(crate) const COUNT_DEFAULT: u64 = 100_000;
const EVENT_WAIT: Duration = Duration::from_secs(5);
