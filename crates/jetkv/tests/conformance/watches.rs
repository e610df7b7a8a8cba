//! Rules of watches: what comes, in which order, and when it ends.

use super::{Place, World, assert_refused, assert_yields, drain, events, line, lines};
use jetkv::{KvError, WatchEvent, WatchOptions};
use std::thread;
use std::time::Duration;

pub(crate) fn a_watch_yields_the_last_entries_then_the_mark_then_changes(world: &World) {
    let kv = world.bucket_with_history(5);
    kv.put("a", "1").unwrap();
    kv.put("b", "2").unwrap();
    kv.put("a", "3").unwrap();
    kv.delete("b").unwrap();
    let mut watcher = kv.watch_all().unwrap();
    assert_yields(&mut watcher, &["PUT a=3", "DELETE b", "END"]);
    assert_yields(&mut watcher, &[]);
    kv.put("c", "4").unwrap();
    kv.purge("a").unwrap();
    assert_yields(&mut watcher, &["PUT c=4", "PURGE a"]);
}

pub(crate) fn an_empty_bucket_yields_the_mark_at_once(world: &World) {
    let kv = world.bucket();
    let mut watcher = kv.watch(">").unwrap();
    assert_yields(&mut watcher, &["END"]);
    kv.put("a", "1").unwrap();
    assert_yields(&mut watcher, &["PUT a=1"]);
}

pub(crate) fn a_filter_selects(world: &World) {
    let kv = world.bucket();
    kv.put("a.x", "1").unwrap();
    kv.put("b.x", "1").unwrap();
    let mut watcher = kv.watch("a.*").unwrap();
    let mut exact = kv.watch("b.x").unwrap();
    kv.put("a.y.z", "2").unwrap();
    kv.put("a.y", "3").unwrap();
    kv.put("b.x", "4").unwrap();
    assert_yields(&mut watcher, &["PUT a.x=1", "END", "PUT a.y=3"]);
    assert_eq!(drain(&mut exact, 3).last().unwrap(), "PUT b.x=4");
}

pub(crate) fn several_filters_yield_each_change_once(world: &World) {
    let kv = world.bucket();
    kv.put("a.x", "1").unwrap();
    let mut watcher = kv.watch_many(&["a.*", "a.x", "c"], WatchOptions::new()).unwrap();
    assert_yields(&mut watcher, &["PUT a.x=1", "END"]);
    for key in ["a.x", "b", "c"] {
        kv.put(key, "2").unwrap();
    }
    assert_yields(&mut watcher, &["PUT a.x=2", "PUT c=2"]);
}

pub(crate) fn history_may_be_included(world: &World) {
    let kv = world.bucket_with_history(2);
    for text in ["1", "2", "3"] {
        kv.put("a", text).unwrap();
    }
    let mut watcher = kv.watch_with("a", WatchOptions::new().include_history()).unwrap();
    assert_yields(&mut watcher, &["PUT a=2", "PUT a=3", "END"]);
    kv.put("a", "4").unwrap();
    assert_yields(&mut watcher, &["PUT a=4"]);
}

pub(crate) fn deletes_may_be_ignored(world: &World) {
    let kv = world.bucket();
    kv.put("a", "1").unwrap();
    kv.put("b", "1").unwrap();
    kv.delete("b").unwrap();
    let mut watcher = kv.watch_all_with(WatchOptions::new().ignore_deletes()).unwrap();
    assert_yields(&mut watcher, &["PUT a=1", "END"]);
    kv.purge("a").unwrap();
    kv.put("a", "2").unwrap();
    assert_yields(&mut watcher, &["PUT a=2"]);
}

pub(crate) fn updates_only_begins_with_the_mark(world: &World) {
    let kv = world.bucket();
    kv.put("a", "1").unwrap();
    let mut watcher = kv.watch_all_with(WatchOptions::new().updates_only()).unwrap();
    assert_yields(&mut watcher, &["END"]);
    kv.put("b", "1").unwrap();
    assert_yields(&mut watcher, &["PUT b=1"]);
}

pub(crate) fn meta_only_leaves_values_out(world: &World) {
    let kv = world.bucket();
    kv.put("a", "12345").unwrap();
    let mut watcher = kv.watch_all_with(WatchOptions::new().meta_only()).unwrap();
    kv.put("b", "").unwrap();
    let mut sizes = Vec::new();
    for event in events(&mut watcher, 3) {
        if let WatchEvent::Entry(entry) = event {
            assert!(entry.value.is_empty());
            sizes.push(entry.headers.get_last("Nats-Msg-Size").unwrap().to_owned());
        }
    }
    assert_eq!(sizes, ["5", "0"]);
}

pub(crate) fn a_watch_can_be_resumed(world: &World) {
    let kv = world.bucket_with_history(9);
    for number in 1..=4 {
        kv.put("a", number.to_string()).unwrap();
        kv.put("other", "x").unwrap();
    }
    // Revision 5 is a=3.
    let resumed = |revision| {
        let options = WatchOptions::new().resume_from(revision);
        kv.watch_with("a", options).unwrap()
    };
    assert_yields(&mut resumed(5), &["PUT a=3", "PUT a=4", "END"]);
    assert_yields(&mut resumed(6), &["PUT a=4", "END"]);
    assert_yields(&mut resumed(9), &["END"]);
    assert_eq!(drain(&mut resumed(1), 5).len(), 5);
}

pub(crate) fn resuming_in_the_future_waits(world: &World) {
    let kv = world.bucket();
    kv.put("a", "1").unwrap();
    let mut watcher = kv.watch_all_with(WatchOptions::new().resume_from(3)).unwrap();
    assert_yields(&mut watcher, &["END"]);
    kv.put("a", "2").unwrap();
    assert_yields(&mut watcher, &[]);
    kv.put("a", "3").unwrap();
    assert_yields(&mut watcher, &["PUT a=3"]);
}

pub(crate) fn delta_counts_the_first_set_down(world: &World) {
    let kv = world.bucket();
    for key in ["a", "b", "c"] {
        kv.put(key, "1").unwrap();
    }
    let mut watcher = kv.watch_all().unwrap();
    let mut deltas = Vec::new();
    kv.put("d", "1").unwrap();
    for event in events(&mut watcher, 5) {
        if let WatchEvent::Entry(entry) = event {
            deltas.push(entry.delta);
        }
    }
    assert_eq!(deltas, [2, 1, 0, 0]);
}

pub(crate) fn a_replaced_entry_of_the_first_set_comes_in_its_new_form(world: &World) {
    let kv = world.bucket();
    for key in ["a", "b", "c"] {
        kv.put(key, "1").unwrap();
    }
    let mut watcher = kv.watch_all().unwrap();
    assert!(matches!(watcher.next(), Some(Ok(WatchEvent::Entry(entry))) if line(&entry) == "PUT a=1"));
    kv.put("b", "2").unwrap();
    kv.purge("c").unwrap();
    let mut found = drain(&mut watcher, 3);
    if world.place != Place::Embedded {
        // A server has sent ahead what was there when the watch began.
        found.retain(|line| line != "PUT b=1" && line != "PUT c=1");
    }
    assert_eq!(found, ["END", "PUT b=2", "PURGE c"]);
}

pub(crate) fn a_stopped_watch_yields_nothing(world: &World) {
    let kv = world.bucket();
    kv.put("a", "1").unwrap();
    let mut watcher = kv.watch_all().unwrap();
    watcher.stop();
    assert!(watcher.next().is_none());
    assert_eq!(watcher.try_next().unwrap(), None);
    assert_eq!(watcher.next_timeout(Duration::from_secs(60)).unwrap(), None);
}

pub(crate) fn a_watch_of_a_deleted_bucket_ends_with_an_error(world: &World) {
    let kv = world.bucket();
    let mut watcher = kv.watch_all().unwrap();
    assert_yields(&mut watcher, &["END"]);
    world.js.delete_key_value("b").unwrap();
    assert_refused!(watcher.next().unwrap(), KvError::BucketDeleted { bucket } if bucket == "b", "\"b\"");
    assert!(watcher.next().is_none());
}

pub(crate) fn waiting_is_woken_by_a_write(world: &World) {
    let kv = world.bucket();
    let mut watcher = kv.watch("a").unwrap();
    assert_yields(&mut watcher, &["END"]);
    let waiting = thread::spawn(move || watcher.next().unwrap().unwrap());
    kv.put("b", "1").unwrap();
    kv.put("a", "2").unwrap();
    assert!(matches!(waiting.join().unwrap(), WatchEvent::Entry(entry) if line(&entry) == "PUT a=2"));
}

pub(crate) fn a_timeout_is_no_event(world: &World) {
    let kv = world.bucket();
    let mut watcher = kv.watch_all().unwrap();
    assert_eq!(watcher.next().unwrap().unwrap(), WatchEvent::EndOfInitial);
    let short = Duration::from_millis(1);
    assert_eq!(watcher.next_timeout(short).unwrap(), None);
    kv.put("a", "1").unwrap();
    assert!(matches!(watcher.next_timeout(Duration::MAX).unwrap(), Some(WatchEvent::Entry(_))));
}

pub(crate) fn many_watchers_see_the_same(world: &World) {
    let kv = world.bucket_with_history(64);
    let watchers: Vec<_> = (0..4).map(|_| kv.watch_all().unwrap()).collect();
    let threads: Vec<_> = watchers
        .into_iter()
        .map(|watcher| {
            thread::spawn(move || {
                let entries = watcher.filter_map(|event| match event.unwrap() {
                    WatchEvent::Entry(entry) => Some(entry),
                    WatchEvent::EndOfInitial => None,
                });
                lines(&entries.take(50).collect::<Vec<_>>())
            })
        })
        .collect();
    let expected: Vec<_> = (0..50).map(|number| format!("PUT k={number}")).collect();
    for number in 0..50 {
        kv.put("k", number.to_string()).unwrap();
    }
    for thread in threads {
        assert_eq!(thread.join().unwrap(), expected);
    }
}
