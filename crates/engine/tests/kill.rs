//! A process with many writers is killed at a random moment: the next one finds everything that was acknowledged.
//!
//! The process is this test binary once more, told by an environment variable to write until it is killed.
//! `JETKV_KILLS=100 cargo test -p jetkv-engine --test kill` kills more often.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it did"
)]

use jetkv_engine::env::Env;
use jetkv_engine::{Append, EngineError, Store, StoreOptions, StreamConfig, Sync, Upkeep};
use jetkv_types::{StreamName, Subject, SubjectFilter};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::panic;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use testkit::Rng;

const WRITERS: u64 = 16;
const KEYS_EACH: u64 = 8;
const DIR_VARIABLE: &str = "JETKV_KILL_DIR";
const SYNC_VARIABLE: &str = "JETKV_KILL_SYNC";

/// Number and sequence of the last acknowledged write of each key.
type Acknowledged = BTreeMap<String, (u64, u64)>;

fn options(sync: Sync) -> StoreOptions {
    // Small segments, so that new ones are begun and old ones rewritten all the time.
    StoreOptions {
        sync,
        segment_bytes_min: 16 << 10,
        segment_bytes_max: 256 << 10,
        ..StoreOptions::default()
    }
}

fn open(dir: &Path, sync: Sync) -> Result<Store, EngineError> {
    Store::open(Env::system(), dir, options(sync))
}

fn key(writer: u64, n: u64) -> Subject {
    Subject::new(format!("S.{writer}.{}", n % KEYS_EACH)).unwrap()
}

/// Writes until it is killed, and tells of each write once it is acknowledged.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(DIR_VARIABLE) else { return };
    let sync = if std::env::var_os(SYNC_VARIABLE).is_some() { Sync::Always } else { Sync::Os };
    let store = open(Path::new(&dir), sync).unwrap();
    let name = StreamName::new("S").unwrap();
    let stream = store.stream(&name).unwrap_or_else(|_| {
        let mut config = StreamConfig::new(name, vec![SubjectFilter::new("S.>").unwrap()]);
        config.messages_per_subject_max = Some(2);
        store.create_stream(config).unwrap()
    });
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let stream = stream.clone();
            scope.spawn(move || {
                let next = |n: u64| stream.last(&key(writer, n)).unwrap().map(|found| number(&found.payload));
                let first = (0..KEYS_EACH).filter_map(next).max().map_or(0, |last| last + 1);
                for n in first.. {
                    let (key, value) = (key(writer, n), format!("{n} {}", "v".repeat(100)));
                    let committed = stream.append(&[Append::put(&key, value.as_bytes())]).wait().unwrap();
                    let line = format!("\nack {} {n} {}\n", key.as_str(), committed.last);
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}

fn number(payload: &[u8]) -> u64 {
    let text = std::str::from_utf8(payload).unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

fn spawn(dir: &Path, sync: Sync) -> (Child, BufReader<ChildStdout>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact", "--nocapture"]).env(DIR_VARIABLE, dir).stdout(Stdio::piped());
    if sync == Sync::Always {
        command.env(SYNC_VARIABLE, "always");
    }
    let mut child = command.spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    (child, output)
}

/// Reads up to `count` acknowledgements; returns how many there were.
fn listen(output: &mut BufReader<ChildStdout>, acknowledged: &mut Acknowledged, count: u64) -> u64 {
    let (mut heard, mut line) = (0, String::new());
    while heard < count {
        line.clear();
        // The last line may be incomplete.
        if output.read_line(&mut line).unwrap() == 0 || !line.ends_with('\n') {
            break;
        }
        let fields: Vec<_> = line.split_whitespace().collect();
        let ["ack", key, number, sequence] = fields[..] else { continue };
        let (number, sequence) = (number.parse().unwrap(), sequence.parse().unwrap());
        acknowledged.insert(key.to_owned(), (number, sequence));
        heard += 1;
    }
    heard
}

fn check(dir: &Path, sync: Sync, acknowledged: &Acknowledged) {
    let store =
        Store::open(Env::system(), dir, StoreOptions { upkeep: Upkeep::Manual, ..options(sync) }).unwrap();
    assert!(!store.damages().iter().any(|damage| damage.kind.affects_data()), "{:?}", store.damages());
    let stream = store.stream(&StreamName::new("S").unwrap()).unwrap();
    for (key, (number_acked, sequence)) in acknowledged {
        let found = stream.last(&Subject::new(key.as_str()).unwrap()).unwrap();
        let found = found.unwrap_or_else(|| panic!("{key} was acknowledged at {sequence} and is gone"));
        let now = (number(&found.payload), found.sequence);
        assert!(
            now.0 >= *number_acked && now.1 >= *sequence,
            "{key}: {now:?} for {number_acked}, {sequence}"
        );
        assert_eq!(now.0 == *number_acked, now.1 == *sequence, "{key}: {now:?} is another value");
        // Each key has at most one write on its way.
        assert!(now.0 <= number_acked + KEYS_EACH, "{key}: {now:?} was never written");
    }
    assert_eq!(
        store.check(&mut |_, _| {}).unwrap().iter().filter(|found| found.kind.affects_data()).count(),
        0
    );
    store.close().unwrap();
}

fn kill_again_and_again(sync: Sync) {
    let kills = std::env::var("JETKV_KILLS").map_or(5, |kills| kills.parse().unwrap());
    let seed = std::env::var("JETKV_SEED").map_or(1, |seed| seed.parse().unwrap());
    println!("seed {seed}, {kills} kills");
    let mut rng = Rng::new(seed);
    let dir = tempfile::tempdir().unwrap();
    let (mut acknowledged, mut total) = (Acknowledged::new(), 0);
    for _ in 0..kills {
        let (mut child, mut output) = spawn(dir.path(), sync);
        let count = 1 + rng.below(6_000);
        total += listen(&mut output, &mut acknowledged, count);
        child.kill().unwrap();
        // What it had said before it was killed counts too.
        total += listen(&mut output, &mut acknowledged, u64::MAX);
        child.wait().unwrap();
        check(dir.path(), sync, &acknowledged);
    }
    println!("{total} writes acknowledged before {kills} kills, none lost");
}

#[test]
fn a_kill_loses_nothing_acknowledged_with_every_write_synced() {
    kill_again_and_again(Sync::Always);
}

#[test]
fn a_kill_loses_nothing_acknowledged_without_any_sync() {
    kill_again_and_again(Sync::Os);
}

#[test]
fn a_second_opener_is_refused_until_the_first_one_dies() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, mut output) = spawn(dir.path(), Sync::Os);
    let mut acknowledged = Acknowledged::new();
    assert_eq!(listen(&mut output, &mut acknowledged, 1), 1);
    // It goes on writing, and somebody has to listen.
    let listener = thread::spawn(move || listen(&mut output, &mut Acknowledged::new(), u64::MAX));
    for attempt in 0..100 {
        let refused = open(dir.path(), Sync::Always).unwrap_err();
        assert!(matches!(refused, EngineError::Locked { .. }), "attempt {attempt}: {refused}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    listener.join().unwrap();
    for _ in 0..10 {
        let store = open(dir.path(), Sync::Always).unwrap();
        assert!(matches!(open(dir.path(), Sync::Always), Err(EngineError::Locked { .. })));
        store.close().unwrap();
    }
}

/// A process that is being started has the lock's handle, too, until it runs its own program.
#[test]
fn a_closed_store_opens_again_while_other_threads_start_processes() {
    let dir = tempfile::tempdir().unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    Command::new("true").status().unwrap();
                }
            });
        }
        let opened = panic::catch_unwind(|| {
            (0..300).for_each(|_| open(dir.path(), Sync::Os).unwrap().close().unwrap());
        });
        done.store(true, Ordering::Relaxed);
        if let Err(panicked) = opened {
            panic::resume_unwind(panicked);
        }
    });
}
