//! Rules of history: how deep, in which order, what can be left out.

use super::{World, lines};
use jetkv::{KvError, WatchOptions};

pub(crate) fn history_is_bounded_by_its_depth(world: &World) {
    let kv = world.bucket_with_history(3);
    for number in 1..=5 {
        kv.put("k", number.to_string()).unwrap();
        kv.put("other", "x").unwrap();
    }
    assert_eq!(lines(&kv.history("k").unwrap()), ["PUT k=3", "PUT k=4", "PUT k=5"]);
    assert_eq!(kv.get_revision("k", 1).unwrap(), None);
}

pub(crate) fn history_of_one_keeps_the_last(world: &World) {
    let kv = world.bucket();
    kv.put("k", "1").unwrap();
    kv.put("k", "2").unwrap();
    assert_eq!(lines(&kv.history("k").unwrap()), ["PUT k=2"]);
    kv.delete("k").unwrap();
    assert_eq!(lines(&kv.history("k").unwrap()), ["DELETE k"]);
}

pub(crate) fn history_counts_down(world: &World) {
    let kv = world.bucket_with_history(5);
    for _ in 0..3 {
        kv.put("k", "1").unwrap();
    }
    let deltas: Vec<_> = kv.history("k").unwrap().iter().map(|entry| entry.delta).collect();
    assert_eq!(deltas, [2, 1, 0]);
}

pub(crate) fn history_of_an_unknown_key_is_empty(world: &World) {
    let kv = world.bucket_with_history(5);
    kv.put("k.a", "1").unwrap();
    assert!(kv.history("k").unwrap().is_empty());
    assert!(kv.history("k.a.b").unwrap().is_empty());
}

pub(crate) fn history_of_a_filter_is_in_revision_order(world: &World) {
    let kv = world.bucket_with_history(5);
    for (key, text) in [("a.x", "1"), ("b", "2"), ("a.y", "3"), ("a.x", "4")] {
        kv.put(key, text).unwrap();
    }
    let entries = kv.history_with("a.*", WatchOptions::new()).unwrap();
    assert_eq!(lines(&entries), ["PUT a.x=1", "PUT a.y=3", "PUT a.x=4"]);
}

pub(crate) fn history_options_leave_out(world: &World) {
    let kv = world.bucket_with_history(5);
    kv.put("k", "1").unwrap();
    kv.delete("k").unwrap();
    kv.put("k", "22").unwrap();
    let with = |options| kv.history_with("k", options).unwrap();
    assert_eq!(lines(&with(WatchOptions::new().ignore_deletes())), ["PUT k=1", "PUT k=22"]);
    assert_eq!(lines(&with(WatchOptions::new().resume_from(2))), ["DELETE k", "PUT k=22"]);
    let meta = with(WatchOptions::new().meta_only());
    assert!(meta.iter().all(|entry| entry.value.is_empty()));
    assert_eq!(meta[2].headers.get("Nats-Msg-Size"), Some("2"));
    let contradiction = kv.history_with("k", WatchOptions::new().updates_only());
    assert!(matches!(contradiction, Err(KvError::InvalidOption { .. })));
}

pub(crate) fn the_deepest_history_holds_64(world: &World) {
    let kv = world.bucket_with_history(64);
    for number in 0..70 {
        kv.put("k", number.to_string()).unwrap();
    }
    let entries = kv.history("k").unwrap();
    assert_eq!((entries.len(), entries[0].revision), (64, 7));
}
