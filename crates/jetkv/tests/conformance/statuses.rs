//! Rules of figures and of the store as a whole.

use super::{Place, World, assert_refused, value};
use jetkv::{ErrorKind, KvError, Sync};

pub(crate) fn figures_of_a_fresh_bucket(world: &World) {
    let status = world.bucket().status().unwrap();
    assert_eq!((status.bucket.as_str(), status.backing_store), ("b", "JetStream"));
    assert_eq!((status.values, status.keys, status.bytes, status.last_revision), (0, 0, 0, 0));
    assert_eq!((status.history, status.ttl, status.last_update), (1, None, None));
    // A server does not say when it syncs.
    let durability = (world.place == Place::Embedded).then_some(Sync::Always);
    assert_eq!(status.durability, durability);
    assert!(status.created.as_nanos() > 0 && status.damages.is_empty());
    assert_eq!(status.config, world.config("b"));
}

pub(crate) fn figures_count_revisions_and_keys(world: &World) {
    let kv = world.bucket_with_history(2);
    for (key, text) in [("a", "1"), ("a", "2"), ("a", "3"), ("b", "4")] {
        kv.put(key, text).unwrap();
    }
    kv.delete("b").unwrap();
    let status = kv.status().unwrap();
    assert_eq!((status.values, status.keys), (4, 2));
    assert_eq!((status.first_revision, status.last_revision), (2, 5));
    assert!(status.bytes > 0);
    assert_eq!(status.last_update, Some(kv.entry("b").unwrap().unwrap().created));
}

pub(crate) fn all_statuses_are_sorted(world: &World) {
    for bucket in ["c", "a", "b"] {
        world.with(world.config(bucket)).put("k", bucket).unwrap();
    }
    let statuses = world.js.key_value_statuses().unwrap();
    let found: Vec<_> = statuses.iter().map(|status| (status.bucket.as_str(), status.values)).collect();
    assert_eq!(found, [("a", 1), ("b", 1), ("c", 1)]);
}

pub(crate) fn a_healthy_store_has_no_damage(world: &World) {
    world.bucket().put("k", "1").unwrap();
    if world.refuses(|| world.js.health()) && world.refuses(|| world.js.repair()) {
        return;
    }
    assert!(world.js.health().unwrap().is_empty());
    let report = world.js.repair().unwrap();
    assert!(report.given_up.is_empty() && report.quarantined.is_empty());
    assert_eq!(value(&world.js.key_value("b").unwrap(), "k").unwrap(), "1");
}

pub(crate) fn a_check_reads_everything(world: &World) {
    let kv = world.bucket();
    for number in 0..20 {
        kv.put(&format!("k{number}"), [0; 100]).unwrap();
    }
    if world.refuses(|| world.js.check(|_| {})) {
        return;
    }
    let mut last = None;
    let damages = world.js.check(|progress| last = Some(progress)).unwrap();
    assert!(damages.is_empty());
    if let Some(progress) = last {
        assert_eq!(progress.done_bytes, progress.total_bytes);
    }
}

pub(crate) fn compaction_keeps_what_lives(world: &World) {
    let kv = world.bucket_with_history(2);
    for number in 0..100 {
        kv.put(&format!("k{}", number % 3), number.to_string()).unwrap();
    }
    kv.purge("k0").unwrap();
    if !world.refuses(|| world.js.compact()) {
        world.js.compact().unwrap();
    }
    let status = kv.status().unwrap();
    assert_eq!((status.values, status.keys, status.last_revision), (5, 3, 101));
    assert_eq!(
        (value(&kv, "k0"), value(&kv, "k1").unwrap(), value(&kv, "k2").unwrap()),
        (None, "97".into(), "98".into())
    );
    if world.refuses(|| world.js.stats()) {
        return;
    }
    let stats = world.js.stats().unwrap();
    assert!(stats.live_bytes <= stats.disk_bytes || stats.disk_bytes == 0);
}

pub(crate) fn a_closed_store_says_so(world: &World) {
    let kv = world.bucket();
    let mut watcher = kv.watch_all().unwrap();
    watcher.try_next().unwrap();
    world.js.close().unwrap();
    assert_refused!(kv.put("k", "1"), KvError::Closed, "closed");
    assert_eq!(kv.get("k").unwrap_err().kind(), ErrorKind::Closed);
    assert_refused!(watcher.next().unwrap(), KvError::Closed, "closed");
    assert!(watcher.next().is_none());
    world.js.close().unwrap();
}
