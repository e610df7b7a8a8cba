//! A server whose store is damaged: the library says so in its own words, as it does beside the files.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use jetkv::blocking::{JetStream, KeyValue, Watcher};
use jetkv::{ConnectOptions, ErrorKind, KeyValueConfig, KvError, Reads, WatchEvent, WatchOptions};
use places::Served;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A server with the keys `a`, `k` and `z`, of which the second cannot be read, and nobody knows yet.
fn damaged(reads: Reads) -> (Served, KeyValue) {
    let server = Served::start().unwrap();
    let js = JetStream::connect_with(ConnectOptions::new(server.url()).reads(reads)).unwrap();
    let kv = js.create_key_value(KeyValueConfig::new("b").history(2)).unwrap();
    for key in ["a", "k", "z"] {
        kv.put(key, format!("value-of-{key}")).unwrap();
    }
    flip_a_bit(server.directory(), b"value-of-k");
    (server, kv)
}

/// Checks what an error says; the server does not always tell where its files are.
fn assert_names_k<T: std::fmt::Debug>(outcome: Result<T, KvError>) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    let KvError::Damaged { bucket, key, detail } = &error else { panic!("{error:?}") };
    assert_eq!(
        (bucket.as_str(), key.as_deref(), detail.revisions),
        ("b", Some("k"), Some((2, 2))),
        "{error}"
    );
}

#[test]
fn reads_name_the_key_whose_entry_is_damaged() {
    for reads in [Reads::Leader, Reads::AnyReplica] {
        let (_server, kv) = damaged(reads);
        assert_names_k(kv.get("k"));
        assert_names_k(kv.get_revision("k", 2));
        assert_eq!(kv.get_revision("a", 2).unwrap(), None);
        for key in ["a", "z"] {
            assert_eq!(kv.get(key).unwrap().unwrap().value, format!("value-of-{key}"));
        }
        let revision = kv.put("k", "new").unwrap();
        assert_eq!(kv.get("k").unwrap().unwrap().revision, revision);
    }
}

#[test]
fn a_watch_names_what_it_cannot_show_and_goes_on() {
    let (_server, kv) = damaged(Reads::Leader);
    let mut watcher = kv.watch_all_with(WatchOptions::new().include_history()).unwrap();
    assert_eq!(entry(&mut watcher).as_deref(), Some("a"));
    assert_names_k(watcher.next_timeout(PATIENCE));
    assert_eq!(entry(&mut watcher).as_deref(), Some("z"));
    assert_eq!(entry(&mut watcher), None);
    kv.put("later", "1").unwrap();
    assert_eq!(entry(&mut watcher).as_deref(), Some("later"));
    // It is known now, and a watch that begins with it is refused or says it at once.
    let again = kv.watch_all_with(WatchOptions::new().resume_from(2));
    assert_names_k(again.and_then(|mut again| again.next_timeout(PATIENCE)));
    assert_names_k(kv.history("k"));
}

/// Returns the key of the next entry; `None` for the end of the first set.
fn entry(watcher: &mut Watcher) -> Option<String> {
    match watcher.next_timeout(PATIENCE).unwrap() {
        Some(WatchEvent::Entry(entry)) => Some(entry.key),
        Some(WatchEvent::EndOfInitial) => None,
        None => panic!("nothing comes"),
    }
}

fn flip_a_bit(directory: &Path, text: &[u8]) {
    for path in files_below(directory) {
        let mut bytes = std::fs::read(&path).unwrap();
        if let Some(place) = bytes.windows(text.len()).position(|window| window == text) {
            bytes[place] ^= 1;
            std::fs::write(&path, bytes).unwrap();
            return;
        }
    }
    panic!("no file has the text");
}

#[expect(clippy::disallowed_methods, reason = "the files of a server are looked at behind its back")]
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let found = std::fs::read_dir(directory).unwrap().map(|found| found.unwrap().path());
    let (directories, mut files): (Vec<_>, Vec<_>) = found.partition(|path| path.is_dir());
    files.extend(directories.iter().flat_map(|directory| files_below(directory)));
    files
}

const PATIENCE: Duration = Duration::from_secs(20);
