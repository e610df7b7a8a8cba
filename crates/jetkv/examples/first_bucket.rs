//! The first steps: create a bucket, put and get values, list keys, delete one.
//!
//! Run it with `cargo run -p jetkv --example first_bucket`.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use jetkv::blocking::JetStream;
use jetkv::{KeyValueConfig, KvError};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A store is a directory. Here it goes away at the end; yours is JetStream::open("data").
    let dir = tempfile::tempdir()?;
    let js = JetStream::open(dir.path())?;

    // A bucket that keeps only the last value of each key: history is 1 unless you say otherwise.
    let kv = js.create_key_value(KeyValueConfig::new("settings").description("a first bucket"))?;

    // Every write is on stable storage when it returns, and gets the next revision of the bucket.
    let first = kv.put("web.port", "80")?;
    let second = kv.put("web.host", "localhost")?;
    println!("wrote revisions {first} and {second}");

    if let Some(entry) = kv.get("web.port")? {
        println!("web.port is {:?} since revision {}", entry.value_str(), entry.revision);
    }

    // Dots make keys a hierarchy: `web.*` is every key of two tokens that begins with `web`.
    println!("keys under web: {:?}", kv.keys_matching(&["web.*"])?);

    // A delete leaves a marker, so that watchers learn of it. `get` sees no value any more.
    kv.delete("web.host")?;
    println!("after the delete: {:?}, keys {:?}", kv.get("web.host")?, kv.keys()?);

    // Bad names are refused before anything is written.
    if let Err(error @ KvError::InvalidKey { .. }) = kv.put("web port", "80") {
        println!("refused: {error}");
    }

    // What was written is there when the store is opened again.
    js.close()?;
    let js = JetStream::open(dir.path())?;
    println!("after reopening: {:?}", js.key_value("settings")?.keys()?);
    js.close()?;
    Ok(())
}
