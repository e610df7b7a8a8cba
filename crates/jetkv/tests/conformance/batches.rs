//! Rules of batches: all or nothing, in order.

use super::{World, assert_refused, assert_yields, lines, value};
use jetkv::{BATCH_WRITES_MAX, KvError, Write, WriteOptions};
use std::time::Duration;

pub(crate) fn a_batch_gets_adjacent_revisions(world: &World) {
    let kv = world.bucket();
    kv.put("x", "0").unwrap();
    let revisions = kv.batch(vec![Write::put("a", "1"), Write::put("b", "2"), Write::put("c", "3")]).unwrap();
    assert_eq!(revisions, [2, 3, 4]);
    assert_eq!(kv.get("b").unwrap().unwrap().revision, 3);
}

pub(crate) fn a_refused_write_undoes_the_whole_batch(world: &World) {
    let kv = world.bucket();
    kv.put("there", "1").unwrap();
    let mut watcher = kv.watch_all().unwrap();
    assert_yields(&mut watcher, &["PUT there=1", "END"]);
    for refused in [
        Write::create("there", "2"),
        Write::update("there", "2", 9),
        Write::delete_if("there", 9),
        Write::purge_if("there", 9),
        Write::update("absent", "2", 1),
    ] {
        let batch = vec![Write::put("a", "1"), refused, Write::purge("there")];
        kv.batch(batch).unwrap_err();
    }
    assert_eq!(kv.keys().unwrap(), ["there"]);
    assert_eq!(kv.status().unwrap().last_revision, 1);
    assert_yields(&mut watcher, &[]);
}

pub(crate) fn later_writes_see_earlier_ones(world: &World) {
    let kv = world.bucket_with_history(5);
    kv.put("k", "0").unwrap();
    kv.batch(vec![
        Write::update("k", "1", 1),
        Write::update("k", "2", 2),
        Write::delete_if("k", 3),
        Write::create("k", "3"),
    ])
    .unwrap();
    assert_eq!(lines(&kv.history("k").unwrap()), ["PUT k=0", "PUT k=1", "PUT k=2", "DELETE k", "PUT k=3"]);
    kv.batch(vec![Write::create("new", "1"), Write::create("new", "2")]).unwrap_err();
    kv.batch(vec![Write::put("k", "4"), Write::update("k", "5", 5)]).unwrap_err();
    assert_eq!(kv.entry("new").unwrap(), None);
}

pub(crate) fn the_refusal_names_the_key(world: &World) {
    let kv = world.with(world.config("b").max_value_size(10));
    kv.put("a", "1").unwrap();
    kv.put("b", "1").unwrap();
    let batch = kv.batch(vec![Write::create("c", "1"), Write::create("b", "2")]);
    assert_refused!(batch, KvError::KeyExists { key, revision: 2, .. } if key == "b", "\"b\"");
    let batch = kv.batch(vec![Write::update("a", "2", 1), Write::update("b", "2", 1)]);
    assert_refused!(batch, KvError::WrongRevision { key, expected: 1, found: 2, .. } if key == "b", "\"b\"");
    let batch = kv.batch(vec![Write::put("a", "2"), Write::put("c", "12345678901")]);
    assert_refused!(batch, KvError::ValueTooLarge { key, bytes: 11, max: 10, .. } if key == "c", "\"c\"");
}

pub(crate) fn a_batch_holds_every_kind_of_write(world: &World) {
    let kv = world.bucket_with_history(5);
    for key in ["updated", "deleted", "purged"] {
        kv.put(key, "0").unwrap();
    }
    let options = WriteOptions::new().ttl(Duration::from_secs(60)).header("A", "1");
    kv.batch(vec![
        Write::put("put", "1").with_options(options),
        Write::create("created", "1"),
        Write::update("updated", "1", 1),
        Write::delete("deleted"),
        Write::purge("purged"),
    ])
    .unwrap();
    assert_eq!(kv.keys().unwrap(), ["created", "put", "updated"]);
    assert_eq!(lines(&kv.history("deleted").unwrap()), ["PUT deleted=0", "DELETE deleted"]);
    assert_eq!(lines(&kv.history("purged").unwrap()), ["PURGE purged"]);
    let headers = kv.get("put").unwrap().unwrap().headers;
    assert_eq!((headers.get("A"), headers.get("Nats-TTL")), (Some("1"), Some("60")));
}

pub(crate) fn an_empty_batch_does_nothing(world: &World) {
    let kv = world.bucket();
    assert!(kv.batch(Vec::new()).unwrap().is_empty());
    assert_eq!(kv.status().unwrap().last_revision, 0);
}

pub(crate) fn too_large_a_batch_is_refused(world: &World) {
    let kv = world.bucket();
    let writes = |count: usize| (0..count).map(|number| Write::put(format!("k{number}"), "1")).collect();
    let count = BATCH_WRITES_MAX + 1;
    assert_refused!(kv.batch(writes(count)), KvError::InvalidOption { .. }, count);
    assert_eq!(kv.batch(writes(BATCH_WRITES_MAX)).unwrap().len(), BATCH_WRITES_MAX);
}

pub(crate) fn bad_keys_in_a_batch_are_refused_before_anything_is_written(world: &World) {
    let kv = world.bucket();
    let batch = kv.batch(vec![Write::put("a", "1"), Write::delete("b ad")]);
    assert_refused!(batch, KvError::InvalidKey { .. }, "b ad");
    assert_eq!(value(&kv, "a"), None);
}
