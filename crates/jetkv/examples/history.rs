//! History: earlier revisions of a key, reverting to one, and what delete and purge leave.
//!
//! Run it with `cargo run -p jetkv --example history`.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use jetkv::blocking::{JetStream, KeyValue};
use jetkv::{KeyValueConfig, KvError};

fn main() -> Result<(), KvError> {
    let js = JetStream::memory()?;
    // Three revisions of each key are kept; the fourth write removes the first.
    let kv = js.create_key_value(KeyValueConfig::new("documents").history(3))?;
    for text in ["draft", "review", "final", "final (2)"] {
        kv.put("report", text)?;
    }
    show("after four writes", &kv)?;

    // Reverting is writing an old value again, if nobody wrote meanwhile.
    let entries = kv.history("report")?;
    if let (Some(oldest), Some(latest)) = (entries.first(), entries.last()) {
        kv.update("report", &oldest.value, latest.revision)?;
    }
    show("after the revert", &kv)?;

    // A delete keeps what was before it; a purge does not.
    kv.delete("report")?;
    show("after a delete", &kv)?;
    kv.purge("report")?;
    show("after a purge", &kv)?;

    // Markers remain for watchers. When all have seen them, they can go.
    let removed = kv.purge_deletes(std::time::Duration::ZERO)?;
    println!("purge_deletes removed {removed} entries; {} are left", kv.status()?.values);
    js.close()
}

fn show(when: &str, kv: &KeyValue) -> Result<(), KvError> {
    println!("{when}:");
    for entry in kv.history("report")? {
        println!("  revision {}: {:?} {:?}", entry.revision, entry.operation, entry.value_str());
    }
    Ok(())
}
