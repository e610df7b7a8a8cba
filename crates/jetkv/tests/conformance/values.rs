//! Rules of values: put, get, create, update, revisions.

use super::{World, assert_refused, value};
use jetkv::{ErrorKind, KvError, Operation, WriteOptions};
use std::thread;

pub(crate) fn put_and_get(world: &World) {
    let kv = world.bucket();
    assert_eq!(kv.get("k").unwrap(), None);
    assert_eq!(kv.entry("k").unwrap(), None);
    let revision = kv.put("k", "1").unwrap();
    let entry = kv.get("k").unwrap().unwrap();
    assert_eq!((&*entry.bucket, entry.key.as_str(), &entry.value[..]), ("b", "k", &b"1"[..]));
    assert_eq!((entry.revision, entry.operation, entry.delta), (revision, Operation::Put, 0));
    assert!(entry.created.as_nanos() > 0 && entry.headers.is_empty());
    kv.put("k", "2").unwrap();
    assert_eq!(value(&kv, "k").unwrap(), "2");
}

pub(crate) fn any_bytes_are_a_value(world: &World) {
    let kv = world.bucket();
    let large = vec![7_u8; 100_000];
    let all: Vec<u8> = (0..=255).collect();
    for bytes in [&b""[..], b"\0", b"\r\n", &all, &large] {
        kv.put("k", bytes).unwrap();
        assert_eq!(&kv.get("k").unwrap().unwrap().value[..], bytes);
    }
}

pub(crate) fn revisions_count_writes_of_the_bucket(world: &World) {
    let kv = world.bucket();
    let revisions = [
        kv.put("a", "1").unwrap(),
        kv.create("b", "1").unwrap(),
        kv.update("a", "2", 1).unwrap(),
        kv.delete("b").unwrap(),
        kv.purge("a").unwrap(),
    ];
    assert_eq!(revisions, [1, 2, 3, 4, 5]);
    // A refused write takes no revision.
    kv.update("a", "3", 1).unwrap_err();
    assert_eq!(kv.put("c", "1").unwrap(), 6);
}

pub(crate) fn create_wants_no_value(world: &World) {
    let kv = world.bucket();
    let revision = kv.create("k", "1").unwrap();
    let again = kv.create("k", "2");
    assert_refused!(again, KvError::KeyExists { revision: found, .. } if *found == revision, "\"k\"", "\"b\"", revision);
    let error = kv.create("k", "2").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.hint().is_some());
    assert_eq!(value(&kv, "k").unwrap(), "1");
}

pub(crate) fn create_works_over_markers(world: &World) {
    let kv = world.bucket_with_history(5);
    kv.create("k", "1").unwrap();
    kv.delete("k").unwrap();
    kv.create("k", "2").unwrap();
    kv.purge("k").unwrap();
    kv.create("k", "3").unwrap();
    assert_eq!(value(&kv, "k").unwrap(), "3");
    kv.create("k", "4").unwrap_err();
}

pub(crate) fn of_many_creates_one_wins(world: &World) {
    let kv = world.bucket();
    let threads: Vec<_> = (0..8)
        .map(|number: u8| {
            let kv = kv.clone();
            thread::spawn(move || kv.create("k", [number]))
        })
        .collect();
    let results: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for result in results {
        assert!(matches!(result, Ok(1) | Err(KvError::KeyExists { revision: 1, .. })), "{result:?}");
    }
}

pub(crate) fn update_wants_the_revision(world: &World) {
    let kv = world.bucket_with_history(3);
    let first = kv.put("k", "1").unwrap();
    kv.put("other", "1").unwrap();
    let second = kv.update("k", "2", first).unwrap();
    assert_eq!(second, 3);
    for wrong in [0, first, 2, second + 1, u64::MAX] {
        let updated = kv.update("k", "3", wrong);
        assert_refused!(
            updated,
            KvError::WrongRevision { expected, found: 3, .. } if *expected == wrong,
            "\"k\"",
            "\"b\"",
            wrong,
            second
        );
    }
    assert_eq!(value(&kv, "k").unwrap(), "2");
    let absent = kv.update("absent", "1", 7);
    assert_refused!(absent, KvError::WrongRevision { expected: 7, found: 0, .. }, "absent");
}

pub(crate) fn update_against_a_marker_wants_its_revision(world: &World) {
    let kv = world.bucket();
    kv.put("k", "1").unwrap();
    let marker = kv.delete("k").unwrap();
    assert_refused!(kv.update("k", "2", 0), KvError::WrongRevision { found: 2, .. }, "\"k\"");
    assert_refused!(kv.update("k", "2", 1), KvError::WrongRevision { found: 2, .. }, "\"k\"");
    kv.update("k", "2", marker).unwrap();
    assert_eq!(value(&kv, "k").unwrap(), "2");
}

pub(crate) fn update_with_0_wants_no_entry_at_all(world: &World) {
    let kv = world.bucket();
    kv.update("k", "1", 0).unwrap();
    assert_refused!(kv.update("k", "2", 0), KvError::WrongRevision { expected: 0, found: 1, .. }, "\"k\"");
}

pub(crate) fn no_increment_is_lost(world: &World) {
    let kv = world.bucket();
    kv.put("n", "0").unwrap();
    let increment = |kv: &jetkv::blocking::KeyValue| {
        loop {
            let entry = kv.get("n").unwrap().unwrap();
            let next = entry.value_str().unwrap().parse::<u32>().unwrap() + 1;
            match kv.update("n", next.to_string(), entry.revision) {
                Ok(_) => return,
                Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..25).for_each(|_| increment(&kv)));
        }
    });
    assert_eq!(value(&kv, "n").unwrap(), "100");
}

pub(crate) fn get_revision_is_about_one_key(world: &World) {
    let kv = world.bucket_with_history(2);
    kv.put("a", "1").unwrap();
    kv.put("b", "2").unwrap();
    kv.put("a", "3").unwrap();
    kv.delete("a").unwrap();
    let found = |key, revision| kv.get_revision(key, revision).unwrap().map(|entry| entry.revision);
    assert_eq!(found("b", 2), Some(2));
    assert_eq!(found("a", 3), Some(3));
    assert_eq!(kv.get_revision("a", 4).unwrap().unwrap().operation, Operation::Delete);
    for (key, revision) in [("a", 1), ("a", 2), ("b", 3), ("a", 0), ("a", 5), ("a", u64::MAX), ("c", 2)] {
        assert_eq!(found(key, revision), None, "{key} {revision}");
    }
}

pub(crate) fn headers_are_kept(world: &World) {
    let kv = world.bucket();
    let options = || WriteOptions::new().header("A", "1").header("b", "").header("A", "2");
    kv.put_with("k", "v", options()).unwrap();
    let headers = |kv: &jetkv::blocking::KeyValue, key| kv.get(key).unwrap().unwrap().headers;
    let expected = [("A", "1"), ("b", ""), ("A", "2")];
    assert_eq!(headers(&kv, "k").iter().collect::<Vec<_>>(), expected);
    kv.create_with("c", "v", options()).unwrap();
    assert_eq!(headers(&kv, "c").iter().collect::<Vec<_>>(), expected);
    kv.update_with("c", "v", 2, options()).unwrap();
    assert_eq!(headers(&kv, "c").get("b"), Some(""));
    assert_refused!(kv.update_with("c", "v", 2, options()), KvError::WrongRevision { .. }, "\"c\"");
}

pub(crate) fn put_string_is_put(world: &World) {
    let kv = world.bucket();
    kv.put_string("k", "grün").unwrap();
    assert_eq!(value(&kv, "k").unwrap(), "grün");
}
