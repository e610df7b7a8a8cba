//! Rules of delete, purge, and what removes markers.

use super::{World, assert_refused, lines, value};
use jetkv::{ErrorKind, KvError, Operation, PurgeOptions};
use std::time::Duration;

pub(crate) fn delete_leaves_a_marker_and_the_history(world: &World) {
    let kv = world.bucket_with_history(5);
    kv.put("k", "1").unwrap();
    kv.put("k", "2").unwrap();
    let revision = kv.delete("k").unwrap();
    assert_eq!(kv.get("k").unwrap(), None);
    let marker = kv.entry("k").unwrap().unwrap();
    assert_eq!((marker.operation, marker.revision), (Operation::Delete, revision));
    assert!(marker.value.is_empty() && marker.marker_reason().is_none());
    assert_eq!(marker.headers.get("KV-Operation"), Some("DEL"));
    assert_eq!(lines(&kv.history("k").unwrap()), ["PUT k=1", "PUT k=2", "DELETE k"]);
}

pub(crate) fn delete_of_an_absent_key_writes_a_marker(world: &World) {
    let kv = world.bucket();
    assert_eq!(kv.delete("k").unwrap(), 1);
    assert_eq!(kv.entry("k").unwrap().unwrap().operation, Operation::Delete);
}

pub(crate) fn purge_leaves_one_marker(world: &World) {
    let kv = world.bucket_with_history(5);
    kv.put("k", "1").unwrap();
    kv.put("k", "2").unwrap();
    kv.put("other", "1").unwrap();
    kv.purge("k").unwrap();
    assert_eq!(kv.get("k").unwrap(), None);
    assert_eq!(lines(&kv.history("k").unwrap()), ["PURGE k"]);
    let marker = kv.entry("k").unwrap().unwrap();
    assert_eq!(marker.headers.get("KV-Operation"), Some("PURGE"));
    assert_eq!(marker.headers.get("Nats-Rollup"), Some("sub"));
    assert_eq!(kv.get_revision("k", 1).unwrap(), None);
    assert_eq!(value(&kv, "other").unwrap(), "1");
}

pub(crate) fn conditional_deletes_check_the_revision(world: &World) {
    let kv = world.bucket_with_history(5);
    let revision = kv.put("k", "1").unwrap();
    for wrong in [0, revision + 1] {
        assert_refused!(kv.delete_if("k", wrong), KvError::WrongRevision { found: 1, .. }, "\"k\"", wrong);
        assert_refused!(kv.purge_if("k", wrong), KvError::WrongRevision { found: 1, .. }, "\"k\"", wrong);
        let options = PurgeOptions::new().expected(wrong);
        let error = kv.purge_with("k", options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }
    assert_eq!(value(&kv, "k").unwrap(), "1");
    let marker = kv.delete_if("k", revision).unwrap();
    kv.purge_if("k", marker).unwrap();
    assert_eq!(lines(&kv.history("k").unwrap()), ["PURGE k"]);
}

pub(crate) fn purge_deletes_removes_old_markers_and_trims_young_ones(world: &World) {
    let kv = world.bucket_with_history(5);
    for key in ["old", "young", "alive"] {
        kv.put(key, "1").unwrap();
    }
    kv.delete("old").unwrap();
    world.advance(Duration::from_secs(60));
    kv.delete("young").unwrap();
    let removed = kv.purge_deletes(Duration::from_secs(30)).unwrap();
    assert_eq!(removed, 3);
    assert_eq!(kv.entry("old").unwrap(), None);
    assert_eq!(lines(&kv.history("young").unwrap()), ["DELETE young"]);
    assert_eq!(value(&kv, "alive").unwrap(), "1");
    assert_eq!(kv.purge_deletes(Duration::from_secs(30)).unwrap(), 0);
    assert_eq!(kv.purge_deletes(Duration::ZERO).unwrap(), 1);
    assert_eq!(kv.entry("young").unwrap(), None);
}

pub(crate) fn purge_deletes_leaves_values_alone(world: &World) {
    let kv = world.bucket_with_history(5);
    kv.put("k", "1").unwrap();
    kv.delete("k").unwrap();
    kv.put("k", "2").unwrap();
    assert_eq!(kv.purge_deletes(Duration::ZERO).unwrap(), 0);
    assert_eq!(kv.history("k").unwrap().len(), 3);
}

pub(crate) fn empty_removes_everything_and_revisions_go_on(world: &World) {
    let kv = world.bucket_with_history(5);
    for _ in 0..3 {
        kv.put("a", "1").unwrap();
        kv.put("b", "1").unwrap();
    }
    kv.delete("b").unwrap();
    assert_eq!(kv.empty().unwrap(), 7);
    assert!(kv.keys().unwrap().is_empty());
    assert_eq!(kv.entry("b").unwrap(), None);
    assert_eq!(kv.empty().unwrap(), 0);
    assert_eq!(kv.create("a", "2").unwrap(), 8);
}
