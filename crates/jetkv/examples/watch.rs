//! Watching keys: first what is there, then one mark, then every change; and going on where a watch was left.
//!
//! Run it with `cargo run -p jetkv --example watch`.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use jetkv::blocking::JetStream;
use jetkv::{KeyValueConfig, KvError, WatchEvent, WatchOptions};
use std::thread;

fn main() -> Result<(), KvError> {
    let js = JetStream::memory()?;
    let kv = js.create_key_value(KeyValueConfig::new("sensors"))?;
    kv.put("kitchen.temperature", "21")?;
    kv.put("garden.temperature", "9")?;

    let watcher = kv.watch("*.temperature")?;

    // Somebody else writes while we watch. A watcher never slows a writer down.
    let writer = thread::spawn({
        let kv = kv.clone();
        move || -> Result<(), KvError> {
            kv.put("kitchen.temperature", "22")?;
            kv.put("kitchen.light", "on")?; // not watched
            kv.delete("garden.temperature")?;
            Ok(())
        }
    });

    let mut last_seen = 0;
    for event in watcher {
        match event? {
            WatchEvent::Entry(entry) => {
                last_seen = entry.revision;
                println!(
                    "{:?} {} = {:?} (revision {})",
                    entry.operation,
                    entry.key,
                    entry.value_str(),
                    last_seen
                );
                if entry.operation.is_marker() {
                    break; // dropping the watcher ends the watch
                }
            }
            WatchEvent::EndOfInitial => println!("-- that was everything there was --"),
        }
    }
    match writer.join() {
        Ok(written) => written?,
        Err(panic) => std::panic::resume_unwind(panic),
    }

    // A program that was away goes on behind the last revision that it saw, and misses nothing.
    kv.put("garden.temperature", "8")?;
    let mut resumed = kv.watch_with("*.temperature", WatchOptions::new().resume_from(last_seen + 1))?;
    if let Some(WatchEvent::Entry(entry)) = resumed.try_next()? {
        println!("while we were away: {} = {:?}", entry.key, entry.value_str());
    }
    js.close()
}
