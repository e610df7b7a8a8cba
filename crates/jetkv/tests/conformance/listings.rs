//! Rules of listings: keys, filters, pages, counts.

use super::{World, assert_refused};
use jetkv::blocking::KeyValue;
use jetkv::{KvError, Operation, PAGE_KEYS_MAX, Page};

fn filled(world: &World, keys: &[&str]) -> KeyValue {
    let kv = world.bucket_with_history(5);
    for key in keys {
        kv.put(key, "1").unwrap();
    }
    kv
}

pub(crate) fn keys_leave_out_deleted_ones(world: &World) {
    let kv = filled(world, &["a", "b", "c", "d"]);
    kv.delete("b").unwrap();
    kv.purge("c").unwrap();
    assert_eq!(kv.keys().unwrap(), ["a", "d"]);
    kv.put("b", "2").unwrap();
    assert_eq!(kv.keys().unwrap(), ["a", "b", "d"]);
}

pub(crate) fn keys_come_in_token_order(world: &World) {
    let kv = filled(world, &["b", "a-b", "a.b.c", "a", "a.b", "B"]);
    assert_eq!(kv.keys().unwrap(), ["B", "a", "a.b", "a.b.c", "a-b", "b"]);
}

pub(crate) fn filters_select(world: &World) {
    let kv = filled(world, &["a", "a.b", "a.b.c", "a.x.c", "b.b"]);
    for (filter, expected) in [
        ("a", &["a"][..]),
        ("a.*", &["a.b"]),
        ("a.>", &["a.b", "a.b.c", "a.x.c"]),
        ("*", &["a"]),
        ("*.b", &["a.b", "b.b"]),
        ("a.*.c", &["a.b.c", "a.x.c"]),
        ("*.*.>", &["a.b.c", "a.x.c"]),
        ("none.>", &[]),
        (">", &["a", "a.b", "a.b.c", "a.x.c", "b.b"]),
    ] {
        assert_eq!(kv.keys_matching(&[filter]).unwrap(), expected, "{filter}");
        assert_eq!(kv.count(filter).unwrap(), u64::try_from(expected.len()).unwrap(), "{filter}");
    }
}

pub(crate) fn overlapping_filters_name_a_key_once(world: &World) {
    let kv = filled(world, &["a.b", "a.c", "b-x", "b"]);
    assert_eq!(kv.keys_matching(&["b-x", "a.*", "*.b", "a.b"]).unwrap(), ["a.b", "a.c", "b-x"]);
}

pub(crate) fn pages_follow_each_other(world: &World) {
    let keys: Vec<_> = (10..33).map(|number| format!("k.{number}")).collect();
    let kv = filled(world, &keys.iter().map(String::as_str).collect::<Vec<_>>());
    for limit in [1, 2, 5, 22, 23, 24, PAGE_KEYS_MAX] {
        let mut found = Vec::new();
        let mut page = Page::first(limit);
        loop {
            let answer = kv.list("k.*", page.clone()).unwrap();
            assert!(answer.keys.len() <= limit);
            found.extend(answer.keys.into_iter().map(|info| info.key));
            match answer.next {
                Some(next) => page = page.after(next),
                None => break,
            }
        }
        assert_eq!(found, keys, "limit {limit}");
    }
}

pub(crate) fn pages_tell_what_is_known_of_keys(world: &World) {
    let kv = filled(world, &["a", "b", "a"]);
    let page = kv.list(">", Page::first(10)).unwrap();
    let known: Vec<_> = page
        .keys
        .iter()
        .map(|info| (info.key.as_str(), info.revision, info.operation, info.history))
        .collect();
    assert_eq!(known, [("a", 3, Operation::Put, 2), ("b", 2, Operation::Put, 1)]);
    assert_eq!(page.next, None);
}

pub(crate) fn pages_skip_markers_unless_asked(world: &World) {
    let kv = filled(world, &["a", "b", "c", "d"]);
    kv.delete("a").unwrap();
    kv.purge("c").unwrap();
    let keys = |page| {
        let page = kv.list(">", page).unwrap();
        (page.keys.into_iter().map(|info| info.key).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(keys(Page::first(2)), (vec!["b".into(), "d".into()], None));
    assert_eq!(keys(Page::first(1)), (vec!["b".into()], Some("b".into())));
    let all = Page::first(3).include_deletes();
    assert_eq!(keys(all.clone()), (vec!["a".into(), "b".into(), "c".into()], Some("c".into())));
    assert_eq!(keys(all.after("c")), (vec!["d".into()], None));
    // A page may begin behind a key that is not there.
    assert_eq!(keys(Page::first(9).after("bb")), (vec!["d".into()], None));
}

pub(crate) fn page_limits_are_checked(world: &World) {
    let kv = world.bucket();
    for limit in [0, PAGE_KEYS_MAX + 1] {
        assert_refused!(kv.list(">", Page::first(limit)), KvError::InvalidOption { .. }, limit);
    }
}

pub(crate) fn count_counts_keys_with_a_value(world: &World) {
    let kv = filled(world, &["a.1", "a.2", "b", "a.1"]);
    assert_eq!(kv.count(">").unwrap(), 3);
    kv.delete("a.2").unwrap();
    assert_eq!((kv.count("a.*").unwrap(), kv.count(">").unwrap()), (1, 2));
}
