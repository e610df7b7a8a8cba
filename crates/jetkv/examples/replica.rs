//! A replica of a bucket: reads without a network, while somebody writes to the source.
//!
//! Run it with `cargo run --release -p jetkv --example replica -- [PLACE [DIRECTORY]]`: the source is at the place, as in `memory:`, `data` or
//! `nats://localhost`, the replica in memory or in the directory.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use jetkv::blocking::{JetStream, KeyValue, Replica};
use jetkv::{Entry, KeyValueConfig, KvError, ReplicaOptions};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

fn main() -> Result<(), KvError> {
    let mut arguments = std::env::args().skip(1);
    let js = JetStream::at(&arguments.next().unwrap_or_else(|| "memory:".into()))?;
    let kv = js.create_or_update_key_value(KeyValueConfig::new("replica-example").history(2))?;
    for number in 0..KEYS {
        kv.put(&format!("sensor.{number}"), "0".repeat(100))?;
    }

    // It follows the source by itself from here on.
    let mut options = ReplicaOptions::new().filters(["sensor.*"]);
    if let Some(directory) = arguments.next() {
        options = options.directory(directory);
    }
    let replica = Replica::open(&js, kv.bucket(), options)?;
    replica.wait_current(Some(PATIENCE))?;

    // What was written is read, if one waits for it.
    let revision = kv.put("sensor.1", "22.5")?;
    replica.wait_for(revision, Some(PATIENCE))?;
    println!(
        "sensor.1 is {:?}",
        replica.get("sensor.1")?.and_then(|entry| entry.value_str().map(str::to_owned))
    );

    // It says how it stands: connected or not, up to which revision, and how old the last word of its source is.
    let status = replica.status();
    println!("{:?} at revision {}, {} entries", status.state, status.revision, status.entries);

    let (of_replica, writes) = while_writing(&kv, |key| replica.get(key))?;
    println!(
        "a get from the replica takes {of_replica} ns on average, {writes} writes to the source meanwhile"
    );
    let (of_source, writes) = while_writing(&kv, |key| kv.get(key))?;
    println!("a get from the source takes {of_source} ns on average, {writes} writes meanwhile");
    replica.close()?;
    js.delete_key_value(kv.bucket())?;
    js.close()
}

/// Returns how many nanoseconds a read takes on average, and how many writes were done meanwhile.
#[expect(clippy::disallowed_methods, reason = "the real time is what is measured")]
fn while_writing(
    kv: &KeyValue,
    read: impl Fn(&str) -> Result<Option<Entry>, KvError>,
) -> Result<(u128, u64), KvError> {
    let (done, writes) = (AtomicBool::new(false), AtomicU64::new(0));
    let keys: Vec<_> = (0..KEYS).map(|number| format!("sensor.{number}")).collect();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for key in keys.iter().cycle() {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                kv.put(key, "1".repeat(100))?;
                writes.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, KvError>(())
        });
        let began = Instant::now();
        let mut reads = 0;
        for key in keys.iter().cycle() {
            black_box(read(key)?);
            reads += 1;
            if reads % 64 == 0 && began.elapsed() > TIME {
                break;
            }
        }
        let nanos = began.elapsed().as_nanos() / reads;
        done.store(true, Ordering::Relaxed);
        writer.join().unwrap_or(Err(KvError::Closed))?;
        Ok((nanos, writes.load(Ordering::Relaxed)))
    })
}

const KEYS: u32 = 1_000;
const PATIENCE: Duration = Duration::from_secs(30);
const TIME: Duration = Duration::from_secs(1);
