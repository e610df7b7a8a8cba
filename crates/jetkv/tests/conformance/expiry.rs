//! Rules of time: TTL of buckets and keys, and the markers that expiry leaves.

use super::{World, assert_yields, value};
use jetkv::{MarkerReason, Operation, PurgeOptions, WriteOptions};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn ttl(seconds: u32) -> WriteOptions {
    WriteOptions::new().ttl(seconds * SECOND)
}

pub(crate) fn the_bucket_ttl_removes_entries(world: &World) {
    let kv = world.with(world.config("b").ttl(10 * SECOND).history(5));
    kv.put("a", "1").unwrap();
    world.advance(6 * SECOND);
    kv.put("b", "1").unwrap();
    kv.put("a", "2").unwrap();
    world.advance(5 * SECOND);
    assert_eq!(kv.history("a").unwrap().len(), 1);
    world.advance(6 * SECOND);
    assert!(kv.keys().unwrap().is_empty());
    assert_eq!(kv.status().unwrap().values, 0);
}

pub(crate) fn a_key_ttl_removes_one_entry(world: &World) {
    let kv = world.bucket();
    kv.put_with("put", "1", ttl(5)).unwrap();
    kv.create_with("create", "1", ttl(5)).unwrap();
    let revision = kv.put("update", "1").unwrap();
    kv.update_with("update", "2", revision, ttl(5)).unwrap();
    kv.put("stays", "1").unwrap();
    assert_eq!(kv.get("create").unwrap().unwrap().headers.get("Nats-TTL"), Some("5"));
    world.advance(4 * SECOND);
    assert_eq!(kv.keys().unwrap().len(), 4);
    world.advance(2 * SECOND);
    assert_eq!(kv.keys().unwrap(), ["stays"]);
}

pub(crate) fn never_outlives_the_bucket_ttl(world: &World) {
    let kv = world.with(world.config("b").ttl(10 * SECOND));
    kv.put_with("for-ever", "1", WriteOptions::new().never_expires()).unwrap();
    kv.put_with("longer", "1", ttl(60)).unwrap();
    world.advance(12 * SECOND);
    assert_eq!(kv.keys().unwrap(), ["for-ever"]);
}

pub(crate) fn expiry_without_markers_is_silent(world: &World) {
    let kv = world.bucket();
    kv.put_with("k", "1", ttl(1)).unwrap();
    let mut watcher = kv.watch_all().unwrap();
    assert_yields(&mut watcher, &["PUT k=1", "END"]);
    world.advance(3 * SECOND);
    assert_yields(&mut watcher, &[]);
    assert_eq!(kv.entry("k").unwrap(), None);
}

pub(crate) fn expiry_with_markers_shows_a_purge(world: &World) {
    let kv = world.with(world.config("b").limit_marker_ttl(60 * SECOND).history(5));
    kv.put_with("k", "1", ttl(60)).unwrap();
    let mut watcher = kv.watch_all().unwrap();
    assert_yields(&mut watcher, &["PUT k=1", "END"]);
    world.advance(62 * SECOND);
    assert_yields(&mut watcher, &["PURGE k"]);
    assert_eq!(value(&kv, "k"), None);
    let marker = kv.entry("k").unwrap().unwrap();
    assert_eq!((marker.operation, marker.marker_reason()), (Operation::Purge, Some(MarkerReason::MaxAge)));
    assert_eq!(marker.headers.get("Nats-TTL"), Some("1m0s"));
}

pub(crate) fn markers_go_by_themselves(world: &World) {
    let kv = world.with(world.config("b").limit_marker_ttl(5 * SECOND).ttl(10 * SECOND));
    kv.put("k", "1").unwrap();
    world.advance(11 * SECOND);
    assert!(kv.entry("k").unwrap().is_some());
    world.advance(6 * SECOND);
    assert_eq!(kv.entry("k").unwrap(), None);
    assert_eq!(kv.status().unwrap().values, 0);
}

pub(crate) fn create_works_after_expiry(world: &World) {
    let kv = world.with(world.config("b").limit_marker_ttl(60 * SECOND));
    kv.create_with("k", "1", ttl(2)).unwrap();
    kv.create("k", "2").unwrap_err();
    world.advance(4 * SECOND);
    // The marker is no value.
    kv.create_with("k", "2", ttl(2)).unwrap();
    assert_eq!(value(&kv, "k").unwrap(), "2");
}

pub(crate) fn a_purge_marker_with_ttl_goes_without_another_marker(world: &World) {
    let kv = world.with(world.config("b").limit_marker_ttl(5 * SECOND));
    kv.put("k", "1").unwrap();
    kv.purge_with("k", PurgeOptions::new().ttl(10 * SECOND)).unwrap();
    let mut watcher = kv.watch_all().unwrap();
    assert_yields(&mut watcher, &["PURGE k", "END"]);
    world.advance(12 * SECOND);
    assert_yields(&mut watcher, &[]);
    assert_eq!(kv.entry("k").unwrap(), None);
}

pub(crate) fn fractions_of_a_second_are_cut_off(world: &World) {
    let kv = world.bucket();
    kv.put_with("k", "1", WriteOptions::new().ttl(Duration::from_millis(1999))).unwrap();
    assert_eq!(kv.get("k").unwrap().unwrap().headers.get("Nats-TTL"), Some("1"));
}

pub(crate) fn a_short_ttl_is_raised_to_the_marker_ttl_in_a_history(world: &World) {
    let stored = |history| {
        let bucket = format!("b{history}");
        let kv = world.with(world.config(&bucket).limit_marker_ttl(3 * SECOND).history(history));
        kv.put_with("k", "1", ttl(1)).unwrap();
        kv.get("k").unwrap().unwrap().headers.get("Nats-TTL").unwrap().to_owned()
    };
    assert_eq!((stored(1), stored(2)), ("1".into(), "3".into()));
}
