//! Replicas of buckets in this process: what they show, what they find out by comparing, and what they say when their source is
//! another one, or gone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use jetkv::blocking::{JetStream, KeyValue, Replica};
use jetkv::{
    Entry, KeyValueConfig, KvError, ReplicaOptions, ReplicaState, WatchEvent, WatchOptions, WriteOptions,
};
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Option<Duration> = Some(Duration::from_secs(60));

#[test]
fn a_replica_shows_what_its_source_has_with_its_revisions() {
    let (js, kv) = source(3);
    for text in ["1", "2", "3", "4"] {
        kv.put("a", text).unwrap();
    }
    kv.put("b.c", "1").unwrap();
    kv.delete("b.c").unwrap();
    kv.put("gone", "1").unwrap();
    kv.purge("gone").unwrap();
    let replica = open(&js, options());
    replica.wait_current(PATIENCE).unwrap();
    assert_equal(&replica, &kv);
    assert_eq!(replica.keys().unwrap(), ["a"]);
    assert_eq!(replica.get_revision("a", 3).unwrap().unwrap().value, "3");
    assert_eq!(replica.get_revision("a", 1).unwrap(), None);
    assert!(replica.entry("gone").unwrap().unwrap().operation.is_marker());

    let options = WriteOptions::new().header("Who", "me").header("Why", "so");
    let revision = kv.put_with("b.d", "2", options).unwrap();
    replica.wait_for(revision, PATIENCE).unwrap();
    assert_eq!(replica.get("b.d").unwrap(), kv.get("b.d").unwrap());
    let revision = kv.purge("a").unwrap();
    replica.wait_for(revision, PATIENCE).unwrap();
    assert_equal(&replica, &kv);
    let status = replica.status();
    assert_eq!((status.state, status.is_connected, status.fills), (ReplicaState::Current, true, 1));
    assert_eq!((status.revision, status.entries), (revision, kv.status().unwrap().values));
    assert!(status.age.is_some() && status.error.is_none());
}

#[test]
fn nothing_is_read_before_a_replica_is_complete() {
    let js = JetStream::memory().unwrap();
    let replica = open(&js, options());
    assert!(matches!(replica.get("a"), Err(KvError::Unavailable { .. })));
    // A bucket that is not there yet is waited for.
    let error = replica.wait_current(PATIENCE).unwrap_err();
    assert!(matches!(error, KvError::BucketNotFound { .. }), "{error:?}");
    assert_eq!(replica.status().state, ReplicaState::SourceDeleted);
    let kv = js.create_key_value(KeyValueConfig::new("b")).unwrap();
    let revision = kv.put("a", "1").unwrap();
    until(|| replica.status().state == ReplicaState::Current);
    replica.wait_for(revision, PATIENCE).unwrap();
    assert_equal(&replica, &kv);
}

#[test]
fn a_replica_of_a_filter_has_what_matches_and_waits_for_what_does_not() {
    let (js, kv) = source(2);
    for key in ["web.port", "web.host", "db.port"] {
        kv.put(key, "1").unwrap();
    }
    let replica = open(&js, options().filters(["web.*", "none.>"]));
    replica.wait_current(PATIENCE).unwrap();
    assert_eq!(replica.keys().unwrap(), ["web.host", "web.port"]);
    let revision = kv.put("db.port", "2").unwrap();
    replica.wait_for(revision, PATIENCE).unwrap();
    assert_eq!(replica.get("db.port").unwrap(), None);
    let revision = kv.put("web.port", "2").unwrap();
    replica.wait_for(revision, PATIENCE).unwrap();
    assert_eq!(replica.history("web.port").unwrap(), kv.history("web.port").unwrap());
}

#[test]
fn a_replica_in_a_directory_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let (js, kv) = source(2);
    kv.put("a", "1").unwrap();
    kv.put("b", "1").unwrap();
    let replica = open(&js, options().directory(dir.path()));
    replica.wait_current(PATIENCE).unwrap();
    replica.close().unwrap();
    assert!(matches!(replica.get("a"), Err(KvError::Closed)));
    assert!(matches!(replica.wait_for(1, None), Err(KvError::Closed)));

    // Meanwhile there are changes of every kind, some of which leave nothing behind.
    kv.put("a", "2").unwrap();
    kv.delete("b").unwrap();
    kv.purge_deletes(Duration::ZERO).unwrap();
    kv.put("c", "1").unwrap();
    let replica = open(&js, options().directory(dir.path()));
    // What was there is there at once.
    assert_eq!(replica.get("a").unwrap().map(|entry| entry.revision >= 1), Some(true));
    replica.wait_current(PATIENCE).unwrap();
    assert_equal(&replica, &kv);
    let status = replica.status();
    assert_eq!((status.fills, status.comparisons), (0, 1));
    drop(replica);

    kv.empty().unwrap();
    let replica = open(&js, options().directory(dir.path()));
    replica.wait_current(PATIENCE).unwrap();
    assert_equal(&replica, &kv);
    assert_eq!((replica.keys().unwrap().len(), replica.status().fills), (0, 0));
}

#[test]
fn what_goes_without_a_marker_is_found_while_connected() {
    let (js, kv) = source(1);
    for key in ["a", "b", "c"] {
        kv.put(key, "1").unwrap();
    }
    let replica = open(&js, options());
    replica.wait_current(PATIENCE).unwrap();
    kv.delete("b").unwrap();
    kv.purge_deletes(Duration::ZERO).unwrap();
    until(|| replica.entry("b").unwrap().is_none());
    assert_equal(&replica, &kv);
    kv.empty().unwrap();
    until(|| replica.keys().unwrap().is_empty());
    assert_equal(&replica, &kv);
    assert_eq!(replica.status().fills, 1);
}

#[test]
fn a_change_of_the_depth_of_the_history_is_followed() {
    let (js, kv) = source(3);
    for text in ["1", "2", "3"] {
        kv.put("a", text).unwrap();
    }
    let replica = open(&js, options());
    replica.wait_current(PATIENCE).unwrap();
    js.update_key_value(KeyValueConfig::new("b").history(1)).unwrap();
    until(|| replica.history("a").unwrap().len() == 1);
    assert_equal(&replica, &kv);
}

#[test]
fn another_bucket_of_the_same_name_is_never_mixed_with_the_old_one() {
    let (js, kv) = source(1);
    kv.put("a", "old").unwrap();
    kv.put("b", "old").unwrap();
    let replica = open(&js, options());
    replica.wait_current(PATIENCE).unwrap();
    let mut watcher = replica.watch_with(">", WatchOptions::new().updates_only()).unwrap();
    js.delete_key_value("b").unwrap();
    until(|| replica.status().state == ReplicaState::SourceDeleted);
    assert!(matches!(replica.get("a"), Err(KvError::BucketDeleted { .. } | KvError::BucketNotFound { .. })));
    assert!(replica.wait_for(1, PATIENCE).is_err());

    let kv = js.create_key_value(KeyValueConfig::new("b")).unwrap();
    kv.put("a", "new").unwrap();
    until(|| replica.status().state == ReplicaState::Current);
    assert_equal(&replica, &kv);
    assert_eq!(replica.keys().unwrap(), ["a"]);
    assert_eq!(replica.status().fills, 2);
    let event = std::iter::repeat_with(|| watcher.next())
        .find(|event| !matches!(event, Some(Ok(WatchEvent::EndOfInitial))));
    assert!(matches!(event, Some(Some(Err(KvError::BucketDeleted { .. })))), "{event:?}");
}

#[test]
fn a_source_that_went_back_is_fetched_anew() {
    for further in [0, 3, 40] {
        let (dir, old) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let kept = tempfile::tempdir().unwrap();
        let js = JetStream::open(dir.path()).unwrap();
        let kv = js.create_key_value(KeyValueConfig::new("b").history(2)).unwrap();
        for number in 0..10 {
            kv.put(&format!("k{}", number % 4), number.to_string()).unwrap();
        }
        js.close().unwrap();
        copy_files(dir.path(), old.path());

        // The replica sees more than the source has in the end.
        let js = JetStream::open(dir.path()).unwrap();
        let kv = js.key_value("b").unwrap();
        for number in 0..5 {
            kv.put(&format!("k{}", number % 4), "lost").unwrap();
        }
        let replica = open(&js, options().directory(kept.path()));
        replica.wait_current(PATIENCE).unwrap();
        assert_equal(&replica, &kv);
        replica.close().unwrap();
        js.close().unwrap();

        let js = JetStream::open(old.path()).unwrap();
        let kv = js.key_value("b").unwrap();
        for number in 0..further {
            kv.put(&format!("k{}", number % 4), "other").unwrap();
        }
        let replica = open(&js, options().directory(kept.path()));
        until(|| replica.status().state == ReplicaState::Current);
        assert_equal(&replica, &kv);
        // After many writes nothing is left of what was lost.
        assert_eq!(replica.status().fills, u64::from(further < 40), "{further}");
    }
}

#[test]
fn other_filters_begin_anew_and_a_bucket_of_somebody_else_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (js, kv) = source(1);
    kv.put("a.x", "1").unwrap();
    kv.put("b.x", "1").unwrap();
    for (filters, keys) in [(vec!["a.>"], vec!["a.x"]), (vec![], vec!["a.x", "b.x"])] {
        let replica = open(&js, options().directory(dir.path()).filters(filters));
        replica.wait_current(PATIENCE).unwrap();
        assert_eq!(
            (replica.keys().unwrap(), replica.status().fills),
            (keys.iter().map(ToString::to_string).collect(), 1)
        );
        replica.close().unwrap();
    }
    let own = tempfile::tempdir().unwrap();
    let store = JetStream::open(own.path()).unwrap();
    store.create_key_value(KeyValueConfig::new("b")).unwrap().put("mine", "1").unwrap();
    store.close().unwrap();
    let refused = Replica::open(&js, "b", options().directory(own.path())).unwrap_err();
    assert!(matches!(refused, KvError::BucketExists { .. }), "{refused:?}");
    let store = JetStream::open(own.path()).unwrap();
    assert!(store.key_value("b").unwrap().get("mine").unwrap().is_some());
}

#[test]
#[cfg(feature = "remote")]
fn without_a_server_a_replica_shows_what_it_knew() {
    let dir = tempfile::tempdir().unwrap();
    let (js, kv) = source(1);
    kv.put("a", "1").unwrap();
    let replica = open(&js, options().directory(dir.path()));
    replica.wait_current(PATIENCE).unwrap();
    replica.close().unwrap();
    // Nobody listens on port 1.
    let nowhere = || jetkv::ConnectOptions::new("nats://127.0.0.1:1");
    let replica = Replica::open(nowhere(), "b", options().directory(dir.path())).unwrap();
    assert_eq!(replica.get("a").unwrap().unwrap().value, "1");
    until(|| replica.status().error.is_some());
    let status = replica.status();
    assert_eq!((status.state, status.is_connected), (ReplicaState::Disconnected, false));
    assert_eq!((status.revision, status.source_revision, status.age), (1, None, None));
    let late = replica.wait_for(2, Some(Duration::from_millis(10))).unwrap_err();
    assert!(matches!(late, KvError::TimedOut { .. }), "{late:?}");
    let fresh = Replica::open(nowhere(), "b", options()).unwrap();
    assert!(matches!(fresh.get("a"), Err(KvError::Unavailable { .. })));
}

fn source(history: u32) -> (JetStream, KeyValue) {
    let js = JetStream::memory().unwrap();
    let kv = js.create_key_value(KeyValueConfig::new("b").history(history)).unwrap();
    (js, kv)
}

fn options() -> ReplicaOptions {
    ReplicaOptions::new().check_interval(Duration::from_millis(50))
}

fn open(js: &JetStream, options: ReplicaOptions) -> Replica {
    Replica::open(js, "b", options).unwrap()
}

fn assert_equal(replica: &Replica, source: &KeyValue) {
    let all = |entries: Vec<Entry>| {
        entries.into_iter().map(|entry| Entry { delta: 0, ..entry }).collect::<Vec<_>>()
    };
    let of_replica = all(replica.history_with(">", WatchOptions::new()).unwrap());
    assert_eq!(of_replica, all(source.history_with(">", WatchOptions::new()).unwrap()));
}

/// Waits for what comes by itself.
#[expect(clippy::disallowed_methods, reason = "a wait for another thread")]
fn until(is_met: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_met() {
        assert!(began.elapsed() < PATIENCE.unwrap(), "it does not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[expect(clippy::disallowed_methods, reason = "files of a store that is closed")]
fn copy_files(from: &Path, to: &Path) {
    for found in std::fs::read_dir(from).unwrap() {
        let found = found.unwrap();
        let target = to.join(found.file_name());
        if found.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_files(&found.path(), &target);
        } else {
            std::fs::copy(found.path(), target).unwrap();
        }
    }
}
