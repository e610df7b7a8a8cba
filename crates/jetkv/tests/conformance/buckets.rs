//! Rules of the manager: creating, opening, changing, deleting buckets.

use super::{World, assert_refused, lines, value};
use jetkv::{KvError, Storage};
use std::time::Duration;

pub(crate) fn a_new_bucket_is_empty_and_listed(world: &World) {
    let kv = world.with(world.config("z"));
    world.with(world.config("a"));
    assert_eq!(kv.bucket(), "z");
    assert!(kv.keys().unwrap().is_empty());
    assert_eq!(world.js.key_value_names().unwrap(), ["a", "z"]);
}

pub(crate) fn creating_the_same_again_opens_it(world: &World) {
    let config = world.config("b").history(3).ttl(Duration::from_secs(60)).metadata([("a", "b")]);
    world.with(config.clone()).put("k", "1").unwrap();
    assert_eq!(value(&world.with(config), "k").unwrap(), "1");
}

pub(crate) fn creating_another_configuration_is_a_conflict(world: &World) {
    let kv = world.bucket();
    kv.put("k", "1").unwrap();
    let other = world.js.create_key_value(world.config("b").history(2));
    assert_refused!(other, KvError::BucketExists { bucket } if bucket == "b", "\"b\"");
    assert_eq!(kv.status().unwrap().history, 1);
    assert_eq!(value(&kv, "k").unwrap(), "1");
}

pub(crate) fn opening_a_missing_bucket_fails(world: &World) {
    assert_refused!(world.js.key_value("none"), KvError::BucketNotFound { bucket } if bucket == "none", "none");
    assert_refused!(world.js.delete_key_value("none"), KvError::BucketNotFound { .. }, "none");
}

pub(crate) fn deleting_a_bucket_removes_it_for_good(world: &World) {
    world.bucket().put("k", "1").unwrap();
    world.js.delete_key_value("b").unwrap();
    assert!(world.js.key_value_names().unwrap().is_empty());
    let again = world.bucket();
    assert_eq!(value(&again, "k"), None);
    assert_eq!(again.put("k", "2").unwrap(), 1);
}

pub(crate) fn handles_of_a_deleted_bucket_say_so(world: &World) {
    let kv = world.bucket();
    kv.put("k", "1").unwrap();
    world.js.delete_key_value("b").unwrap();
    assert_refused!(kv.put("k", "2"), KvError::BucketDeleted { .. }, "\"b\"");
    assert_refused!(kv.get("k"), KvError::BucketDeleted { .. }, "\"b\"");
    assert_refused!(kv.keys(), KvError::BucketDeleted { .. }, "\"b\"");
}

pub(crate) fn updating_changes_the_configuration_at_once(world: &World) {
    let kv = world.bucket_with_history(3);
    for text in ["1", "2", "3"] {
        kv.put("k", text).unwrap();
    }
    let config = world.config("b").history(2).description("changed").max_value_size(2);
    world.js.update_key_value(config.clone()).unwrap();
    assert_eq!(lines(&kv.history("k").unwrap()), ["PUT k=2", "PUT k=3"]);
    assert_eq!(kv.status().unwrap().config, config);
    assert_refused!(kv.put("k", "123"), KvError::ValueTooLarge { .. }, "\"k\"");
}

pub(crate) fn updating_a_missing_bucket_fails(world: &World) {
    let updated = world.js.update_key_value(world.config("none"));
    assert_refused!(updated, KvError::BucketNotFound { .. }, "none");
}

pub(crate) fn storage_cannot_be_updated(world: &World) {
    world.bucket();
    let other = if world.storage == Storage::File { Storage::Memory } else { Storage::File };
    let updated = world.js.update_key_value(world.config("b").storage(other));
    assert_refused!(updated, KvError::InvalidConfig { .. }, "\"b\"", "storage");
}

pub(crate) fn create_or_update_does_either(world: &World) {
    let manager = world.js.key_value_manager();
    let kv = manager.create_or_update_key_value(world.config("b")).unwrap();
    kv.put("k", "1").unwrap();
    let kv = manager.create_or_update_key_value(world.config("b").history(9)).unwrap();
    assert_eq!(kv.status().unwrap().history, 9);
    assert_eq!(value(&kv, "k").unwrap(), "1");
}

pub(crate) fn every_option_survives(world: &World) {
    let config = world
        .config("full")
        .description("all of it")
        .max_value_size(1000)
        .history(64)
        .ttl(Duration::from_millis(1500))
        .max_bytes(1 << 20)
        .compression()
        .limit_marker_ttl(Duration::from_secs(1))
        .metadata([("team", "blue"), ("a.b", "")]);
    let kv = world.with(config.clone());
    assert_eq!(kv.status().unwrap().config, config);
    assert_eq!(world.js.key_value("full").unwrap().status().unwrap().config, config);
}

pub(crate) fn server_metadata_is_left_out(world: &World) {
    let kv = world.with(world.config("b").metadata([("_nats.ver", "9"), ("mine", "1")]));
    assert_eq!(kv.status().unwrap().config, world.config("b").metadata([("mine", "1")]));
}

pub(crate) fn buckets_do_not_see_each_other(world: &World) {
    let (a, ab) = (world.with(world.config("a")), world.with(world.config("a-b")));
    a.put("k", "1").unwrap();
    ab.put("k", "2").unwrap();
    assert_eq!((value(&a, "k").unwrap(), value(&ab, "k").unwrap()), ("1".into(), "2".into()));
    a.purge("k").unwrap();
    assert_eq!(value(&ab, "k").unwrap(), "2");
}

pub(crate) fn handles_share_entries(world: &World) {
    let first = world.bucket();
    let second = world.js.key_value("b").unwrap();
    let revision = first.put("k", "1").unwrap();
    assert_eq!(second.get("k").unwrap().unwrap().revision, revision);
}
