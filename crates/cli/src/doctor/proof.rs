//! The proof: a child writes into a store on the user's own disk and is killed; whatever it was told is there must be there.

use super::finding::{Finding, Verdict};
use crate::exit::{Failure, Stop};
use crate::output::Out;
use crate::text;
use jetkv::blocking::{JetStream, KeyValue};
use jetkv::{KeyValueConfig, KvError, OpenOptions, WatchOptions};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, SyncSender};

/// The writes that were acknowledged: keys with their values.
type Acked = BTreeMap<String, String>;

/// Kills `kills` writers in the middle of their work, and looks each time for what they were told.
pub(super) fn kill_writers(scratch: &Path, kills: u32) -> Result<Finding, Stop> {
    let store = scratch.join("store");
    let mut acked = Acked::new();
    let mut faults = Vec::new();
    for round in 1..=kills {
        // Each dies at another place of its work.
        let count = WRITES_MIN + usize::try_from(round).unwrap_or(0) * 37 % WRITES_MIN;
        acked.extend(one_writer(&store, round, count)?);
        faults.extend(missing(&store, &acked)?);
        if !faults.is_empty() {
            break;
        }
    }
    let figures = serde_json::json!({ "kills": kills, "acknowledged": acked.len(), "lost": faults });
    let kills = text::count(u64::from(kills), "kill", "kills");
    Ok(match faults.first() {
        None => Finding::new(
            "kills",
            Verdict::Good,
            format!("{kills} -9 of a writer: all {} acknowledged writes are there", acked.len()),
        ),
        Some(first) => {
            let lost = text::count(u64::try_from(faults.len()).unwrap_or(u64::MAX), "fault", "faults");
            Finding::new(
                "kills",
                Verdict::Bad,
                format!("{lost} after {kills} -9 of a writer; the first: {first}"),
            )
        }
    }
    .with(figures))
}

/// Lets a writer work until it has told of so many writes, kills it, and returns all that it told of.
fn one_writer(store: &Path, round: u32, count: usize) -> Result<Acked, Stop> {
    let program = std::env::current_exe().map_err(|error| Failure::io("cannot find this program", &error))?;
    let mut command = Command::new(program);
    command.arg("--store").arg(store).args(["doctor", "--write-until-killed"]).arg(round.to_string());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = Doomed(child.map_err(|error| Failure::io("cannot start a writer", &error))?);
    let told = child.0.stdout.take().ok_or_else(|| Failure::failed("the writer has no output"))?;
    let mut acked = Acked::new();
    for line in BufReader::new(told).split(b'\n') {
        let line = line.map_err(|error| Failure::io("cannot read what the writer tells", &error))?;
        let line = String::from_utf8_lossy(&line);
        // The kill may have cut the last line.
        let Some((key, value)) = line.strip_suffix(';').and_then(|line| line.split_once(' ')) else { break };
        acked.insert(key.to_owned(), value.to_owned());
        if acked.len() == count {
            // What it told before it died is read on.
            child.0.kill().map_err(|error| Failure::io("cannot kill the writer", &error))?;
        }
    }
    let ended = child.0.wait().map_err(|error| Failure::io("cannot wait for the writer", &error))?;
    if acked.len() < count {
        let mut said = String::new();
        if let Some(mut err) = child.0.stderr.take() {
            io::Read::read_to_string(&mut err, &mut said).ok();
        }
        let text = format!("a writer ended by itself ({ended}): {}", said.trim());
        return Err(Failure::failed(text).into());
    }
    Ok(acked)
}

/// A child that does not outlive this.
struct Doomed(Child);

impl Drop for Doomed {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Opens the store and names everything that was acknowledged and is not there, or is damaged.
fn missing(store: &Path, acked: &Acked) -> Result<Vec<String>, Stop> {
    let store = JetStream::open_with(store, OpenOptions::new().existing_only())?;
    let bucket = store.key_value(BUCKET)?;
    let found = bucket.history_with(">", WatchOptions::new())?;
    let found: BTreeMap<&str, &str> =
        found.iter().map(|entry| (entry.key.as_str(), entry.value_str().unwrap_or_default())).collect();
    let lost = acked.iter().filter_map(|(key, value)| match found.get(key.as_str()) {
        None => Some(format!("key {key} is not there")),
        Some(found) if *found != value => Some(format!("key {key} has another value")),
        Some(_) => None,
    });
    let mut faults: Vec<String> = lost.collect();
    faults.extend(
        store.check(|_| {})?.iter().filter(|damage| damage.kind.affects_data()).map(ToString::to_string),
    );
    store.close()?;
    Ok(faults)
}

/// What the child does: writes from several threads, and tells of each write that was acknowledged.
pub(crate) fn write_until_killed(store: &Path, round: u32, out: &mut Out) -> Result<(), Stop> {
    let store = JetStream::open(store)?;
    let bucket = store.create_key_value(KeyValueConfig::new(BUCKET))?;
    let (tell, told) = mpsc::sync_channel(AHEAD_MAX);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (bucket, tell) = (&bucket, tell.clone());
                scope.spawn(move || write(bucket, round, thread, &tell))
            })
            .collect();
        drop(tell);
        // If nobody reads any more, nobody kills this process either; the writers end with the channel.
        let telling = told.into_iter().try_for_each(|line: String| {
            out.write_all(line.as_bytes())?;
            out.flush()
        });
        let ends = threads.into_iter().map(|each| each.join().unwrap_or(Ok(())));
        ends.fold(Ok(()), Result::and)?;
        Ok(telling?)
    })
}

fn write(bucket: &KeyValue, round: u32, thread: u32, tell: &SyncSender<String>) -> Result<(), KvError> {
    for number in 0_u32.. {
        let (key, value) =
            (format!("r{round}.t{thread}.n{number}"), format!("{}", u64::from(number) * 7_919));
        bucket.put(&key, &value)?;
        if tell.send(format!("{key} {value};\n")).is_err() {
            break;
        }
    }
    Ok(())
}

const BUCKET: &str = "proof";
const THREADS: u32 = 4;
/// Acknowledged writes that wait to be told.
const AHEAD_MAX: usize = 64;
/// Writes that a writer tells of before it is killed, at least.
const WRITES_MIN: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_acknowledged_and_is_not_there_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let store = JetStream::open(dir.path()).unwrap();
        let bucket = store.create_key_value(KeyValueConfig::new(BUCKET)).unwrap();
        bucket.put("a", "1").unwrap();
        bucket.put("b", "2").unwrap();
        bucket.put("unacknowledged", "3").unwrap();
        store.close().unwrap();
        let acked = |pairs: &[(&str, &str)]| -> Acked {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        assert!(missing(dir.path(), &acked(&[("a", "1"), ("b", "2")])).unwrap().is_empty());
        assert_eq!(
            missing(dir.path(), &acked(&[("a", "1"), ("b", "9"), ("c", "3")])).unwrap(),
            ["key b has another value", "key c is not there"]
        );
    }
}
