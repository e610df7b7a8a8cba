//! A configuration with live reload: a service keeps its settings in step with a bucket, and applies changes that belong
//! together at once.
//!
//! Run it with `cargo run -p jetkv --example config_service`.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use jetkv::blocking::JetStream;
use jetkv::{KeyValueConfig, KvError, WatchEvent, Write};
use std::collections::BTreeMap;
use std::thread;

fn main() -> Result<(), KvError> {
    let js = JetStream::memory()?;
    let kv = js.create_key_value(KeyValueConfig::new("config").history(10))?;
    kv.batch(vec![
        Write::put("db.host", "db1"),
        Write::put("db.pool", "10"),
        Write::put("log.level", "info"),
    ])?;

    // The service reads its part of the configuration by watching it: no gap between reading and following.
    let watcher = kv.watch("db.>")?;
    let service = thread::spawn(move || -> Result<(), KvError> {
        let mut settings = BTreeMap::new();
        let mut is_running = false;
        for event in watcher {
            match event? {
                WatchEvent::EndOfInitial => {
                    is_running = true;
                    println!("service starts with {settings:?}");
                }
                WatchEvent::Entry(entry) if entry.operation.is_marker() => {
                    settings.remove(&entry.key);
                    println!("service falls back to the default of {}", entry.key);
                    if entry.key == "db.pool" {
                        break;
                    }
                }
                WatchEvent::Entry(entry) => {
                    let value = entry.value_str().unwrap_or_default().to_owned();
                    if is_running {
                        println!("service reloads {} = {value}", entry.key);
                    }
                    settings.insert(entry.key, value);
                }
            }
        }
        Ok(())
    });

    // An operator moves the database: host and pool change together, or not at all.
    let host = kv.get("db.host")?.map_or(0, |entry| entry.revision);
    kv.batch(vec![Write::update("db.host", "db2", host), Write::put("db.pool", "20")])?;
    // A second operator who looked earlier is told, and nothing of the batch is done.
    if let Err(error) = kv.batch(vec![Write::update("db.host", "db3", host), Write::put("db.pool", "99")]) {
        println!("second operator: {error}");
    }
    kv.delete("db.pool")?;

    match service.join() {
        Ok(done) => done?,
        Err(panic) => std::panic::resume_unwind(panic),
    }
    js.close()
}
