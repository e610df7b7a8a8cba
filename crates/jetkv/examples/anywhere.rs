//! One program, three places: a directory (or memory), a server, a cluster, by the change of one string.
//!
//! Run it with `cargo run -p jetkv --example anywhere -- nats://127.0.0.1:4222`, a directory, or nothing.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use jetkv::blocking::JetStream;
use jetkv::{KeyValueConfig, WatchEvent};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let place = std::env::args().nth(1).unwrap_or_else(|| "memory:".into());
    let js = JetStream::at(&place)?;
    let kv = js.create_key_value(KeyValueConfig::new("anywhere").history(5))?;
    let mut watcher = kv.watch("web.*")?;
    let revision = kv.put("web.port", "80")?;
    kv.update("web.port", "8080", revision)?;
    let mut changes = 0;
    while changes < 2 {
        if let Some(WatchEvent::Entry(entry)) = watcher.next().transpose()? {
            println!("{} = {:?} at revision {}", entry.key, entry.value_str(), entry.revision);
            changes += usize::from(entry.revision >= revision);
        }
    }
    println!("{} has {} key(s), {} revisions", js.place(), kv.count(">")?, kv.history("web.port")?.len());
    js.close()?;
    Ok(())
}
