//! Compare-and-set: several threads increment one counter, and no increment is lost.
//!
//! Run it with `cargo run -p jetkv --example compare_and_set`.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use jetkv::blocking::{JetStream, KeyValue};
use jetkv::{KeyValueConfig, KvError};
use std::thread;

const THREADS: u32 = 4;
const INCREMENTS: u32 = 50;

fn main() -> Result<(), KvError> {
    let js = JetStream::memory()?;
    let kv = js.create_key_value(KeyValueConfig::new("counters"))?;

    // `create` succeeds for exactly one of many; the others learn the revision that is there.
    kv.create("visits", "0")?;
    if let Err(error) = kv.create("visits", "0") {
        println!("a second create is refused: {error}");
    }

    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let kv = kv.clone();
            thread::spawn(move || -> Result<u32, KvError> {
                let mut retries = 0;
                for _ in 0..INCREMENTS {
                    retries += increment(&kv, "visits")?;
                }
                Ok(retries)
            })
        })
        .collect();
    let mut retries = 0;
    for thread in threads {
        match thread.join() {
            Ok(count) => retries += count?,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    let total = kv.get("visits")?.and_then(|entry| entry.value_str().map(str::to_owned));
    println!("{THREADS} threads added {INCREMENTS} each: {total:?}, after {retries} retries");
    js.close()
}

/// Adds one to the number under `key`, and returns how often another writer was faster.
fn increment(kv: &KeyValue, key: &str) -> Result<u32, KvError> {
    let mut retries = 0;
    loop {
        let entry = kv.get(key)?;
        let revision = entry.as_ref().map_or(0, |entry| entry.revision);
        let number: u32 = entry.and_then(|entry| entry.value_str()?.parse().ok()).unwrap_or(0);
        // The update is done only if nobody wrote since our read.
        match kv.update(key, (number + 1).to_string(), revision) {
            Ok(_) => return Ok(retries),
            Err(KvError::WrongRevision { .. }) => retries += 1,
            Err(error) => return Err(error),
        }
    }
}
