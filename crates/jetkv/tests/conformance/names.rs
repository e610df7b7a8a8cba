//! Rules of names: what is refused, by whom, and that nothing is written then.

use super::{World, assert_refused, value};
use jetkv::{KeyValueConfig, KvError, Page, PurgeOptions, WatchOptions, Write, WriteOptions};

const BAD_KEYS: [&str; 9] = ["", ".a", "a.", "a..b", "a b", "a*", "*", "a.>", "ä"];
const BAD_FILTERS: [&str; 7] = ["", ".a", "a.", "a..*", "a*", ">.a", "a b"];

pub(crate) fn bad_buckets_are_refused_by_name(world: &World) {
    for bucket in ["", "a.b", "a b", "a*", "ä", "$KV"] {
        let manager = world.js.key_value_manager();
        let word = format!("{bucket:?}");
        assert_refused!(manager.key_value(bucket), KvError::InvalidBucket { .. }, word);
        assert_refused!(manager.delete_key_value(bucket), KvError::InvalidBucket { .. }, word);
        let config = || KeyValueConfig::new(bucket);
        assert_refused!(manager.create_key_value(config()), KvError::InvalidBucket { .. }, word);
        assert_refused!(manager.update_key_value(config()), KvError::InvalidBucket { .. }, word);
        assert_refused!(manager.create_or_update_key_value(config()), KvError::InvalidBucket { .. }, word);
    }
}

pub(crate) fn bad_keys_are_refused_by_every_function(world: &World) {
    let kv = world.bucket();
    let options = WriteOptions::new;
    for key in BAD_KEYS {
        let results = [
            kv.get(key).map(drop),
            kv.entry(key).map(drop),
            kv.get_revision(key, 1).map(drop),
            kv.put(key, "").map(drop),
            kv.put_string(key, "").map(drop),
            kv.put_with(key, "", options()).map(drop),
            kv.create(key, "").map(drop),
            kv.create_with(key, "", options()).map(drop),
            kv.update(key, "", 1).map(drop),
            kv.update_with(key, "", 1, options()).map(drop),
            kv.delete(key).map(drop),
            kv.delete_if(key, 1).map(drop),
            kv.purge(key).map(drop),
            kv.purge_if(key, 1).map(drop),
            kv.purge_with(key, PurgeOptions::new()).map(drop),
            kv.history(key).map(drop),
            kv.list(">", Page::first(1).after(key)).map(drop),
        ];
        for result in results {
            assert_refused!(result, KvError::InvalidKey { key: named, .. } if named == key, format!("{key:?}"));
        }
    }
}

pub(crate) fn bad_filters_are_refused_by_every_function(world: &World) {
    let kv = world.bucket();
    for filter in BAD_FILTERS {
        let results = [
            kv.keys_matching(&["ok", filter]).map(drop),
            kv.list(filter, Page::first(1)).map(drop),
            kv.count(filter).map(drop),
            kv.history_with(filter, WatchOptions::new()).map(drop),
            kv.watch(filter).map(drop),
            kv.watch_with(filter, WatchOptions::new()).map(drop),
            kv.watch_many(&["ok", filter], WatchOptions::new()).map(drop),
        ];
        for result in results {
            let word = format!("{filter:?}");
            assert_refused!(result, KvError::InvalidFilter { filter: named, .. } if named == filter, word);
        }
    }
    assert_refused!(kv.keys_matching(&[]), KvError::InvalidFilter { .. }, "at least one");
    assert_refused!(kv.watch_many(&[], WatchOptions::new()), KvError::InvalidFilter { .. }, "at least one");
}

pub(crate) fn nothing_is_written_for_a_bad_key(world: &World) {
    let kv = world.bucket();
    for key in BAD_KEYS {
        kv.put(key, "1").unwrap_err();
        kv.batch(vec![Write::put("good", "1"), Write::put(key, "1")]).unwrap_err();
    }
    assert_eq!(kv.status().unwrap().last_revision, 0);
}

pub(crate) fn unusual_keys_work(world: &World) {
    let kv = world.bucket();
    let long = format!("{}.x", "token/".repeat(40));
    for key in ["a", "0", "-", "_", "=", "/", "a.b.c.d.e", "_kv.reserved", "A/b=C_d-e", long.as_str()] {
        kv.put(key, key).unwrap();
        assert_eq!(value(&kv, key).unwrap(), key);
        assert_eq!(kv.keys_matching(&[key]).unwrap(), [key]);
    }
}

pub(crate) fn keys_are_case_sensitive(world: &World) {
    let kv = world.bucket();
    kv.put("Key", "1").unwrap();
    assert_eq!(value(&kv, "key"), None);
}
