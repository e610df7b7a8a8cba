//! All of a bucket at one moment.

use super::{World, lines};
use jetkv::Entry;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) fn a_snapshot_holds_what_was_there_whatever_comes(world: &World) {
    let kv = world.bucket_with_history(2);
    for number in 0..3 {
        kv.put("a", number.to_string()).unwrap();
        kv.put("b", number.to_string()).unwrap();
    }
    kv.delete("b").unwrap();
    let snapshot = kv.snapshot().unwrap();
    assert_eq!((snapshot.last_revision(), snapshot.values()), (7, 4));
    assert_eq!(snapshot.config(), &kv.status().unwrap().config);
    kv.put("a", "later").unwrap();
    kv.purge("b").unwrap();
    kv.put("c", "later").unwrap();
    let entries: Vec<Entry> = snapshot.map(Result::unwrap).collect();
    assert_eq!(lines(&entries), ["PUT a=1", "PUT a=2", "PUT b=2", "DELETE b"]);
    assert_eq!(entries.iter().map(|entry| entry.revision).collect::<Vec<_>>(), [3, 5, 6, 7]);
    let headers = |entry: &Entry| entry.headers.iter().count();
    assert_eq!(entries.iter().map(headers).collect::<Vec<_>>(), [0, 0, 0, 1]);
    let empty = world.with(world.config("empty"));
    let mut snapshot = empty.snapshot().unwrap();
    assert_eq!((snapshot.last_revision(), snapshot.values()), (0, 0));
    assert!(snapshot.next().is_none() && snapshot.next().is_none());
}

pub(crate) fn a_snapshot_under_writers_is_a_prefix(world: &World) {
    let kv = world.with(world.config("b").history(64));
    for number in 0..10 {
        kv.put("k0", number.to_string()).unwrap();
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 1..4 {
            let (kv, stop) = (&kv, &stop);
            scope.spawn(move || {
                for number in 0..64 {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    kv.put(&format!("k{writer}"), number.to_string()).unwrap();
                }
            });
        }
        for _ in 0..3 {
            let before = kv.put("k0", "mark").unwrap();
            let snapshot = kv.snapshot().unwrap();
            let last = snapshot.last_revision();
            assert!(last >= before, "{last} is before {before}");
            let revisions: Vec<_> = snapshot.map(|entry| entry.unwrap().revision).collect();
            assert_eq!(revisions, (1..=last).collect::<Vec<_>>());
        }
        stop.store(true, Ordering::Relaxed);
    });
}
