//! Names, filters and numbers over their whole range: what is refused is named, and nothing is written.

use jetkv::blocking::{JetStream, KeyValue};
use jetkv::{KeyValueConfig, KvError, Page, PurgeOptions, WatchOptions, Write, WriteOptions};
use std::time::Duration;

fn bucket() -> (JetStream, KeyValue) {
    let js = JetStream::memory().unwrap();
    let kv = js.create_key_value(KeyValueConfig::new("b").history(2)).unwrap();
    (js, kv)
}

fn is_empty(kv: &KeyValue) -> bool {
    let status = kv.status().unwrap();
    (status.last_revision, status.values) == (0, 0)
}

/// Calls every function that takes a key.
fn with_key(kv: &KeyValue, key: &str) -> Vec<Result<(), KvError>> {
    let options = || WriteOptions::new().ttl(Duration::from_secs(5));
    vec![
        kv.get(key).map(drop),
        kv.entry(key).map(drop),
        kv.get_revision(key, 1).map(drop),
        kv.history(key).map(drop),
        kv.list(">", Page::first(1).after(key)).map(drop),
        kv.put(key, "").map(drop),
        kv.put_string(key, "").map(drop),
        kv.put_with(key, "", options()).map(drop),
        kv.create(key, "").map(drop),
        kv.create_with(key, "", options()).map(drop),
        kv.update(key, "", 0).map(drop),
        kv.update_with(key, "", 0, options()).map(drop),
        kv.delete(key).map(drop),
        kv.delete_if(key, 0).map(drop),
        kv.purge(key).map(drop),
        kv.purge_if(key, 0).map(drop),
        kv.purge_with(key, PurgeOptions::new()).map(drop),
        kv.batch(vec![Write::put("good", ""), Write::put(key, "")]).map(drop),
    ]
}

fn with_filter(kv: &KeyValue, filter: &str) -> Vec<Result<(), KvError>> {
    vec![
        kv.keys_matching(&[filter]).map(drop),
        kv.keys_matching(&["good", filter]).map(drop),
        kv.count(filter).map(drop),
        kv.list(filter, Page::first(1)).map(drop),
        kv.history_with(filter, WatchOptions::new()).map(drop),
        kv.watch(filter).map(drop),
        kv.watch_many(&["good", filter], WatchOptions::new()).map(drop),
    ]
}

fn check_refused_key(kv: &KeyValue, key: &str) {
    for outcome in with_key(kv, key) {
        let error = outcome.unwrap_err();
        assert!(matches!(&error, KvError::InvalidKey { key: named, .. } if named == key), "{error:?}");
    }
    assert!(is_empty(kv), "{key:?} was written");
}

fn check_refused_filter(kv: &KeyValue, filter: &str) {
    for outcome in with_filter(kv, filter) {
        let error = outcome.unwrap_err();
        let is_named = matches!(&error, KvError::InvalidFilter { filter: named, .. } if named == filter);
        assert!(is_named, "{error:?}");
    }
}

fn check_refused_bucket(js: &JetStream, bucket: &str) {
    let config = || KeyValueConfig::new(bucket);
    let outcomes = [
        js.key_value(bucket).map(drop),
        js.create_key_value(config()).map(drop),
        js.update_key_value(config()).map(drop),
        js.create_or_update_key_value(config()).map(drop),
        js.delete_key_value(bucket),
    ];
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        let is_named = matches!(&error, KvError::InvalidBucket { bucket: named, .. } if named == bucket);
        assert!(is_named, "{error:?}");
    }
    assert_eq!(js.key_value_names().unwrap(), ["b"]);
}

fn in_keys(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-/_=".contains(c)
}

#[test]
fn every_byte_in_a_key_is_taken_or_refused() {
    let (_js, kv) = bucket();
    for c in (0..=255_u8).map(char::from).chain(['ä', '€', '𝄞', '\u{feff}', '\u{202e}']) {
        for text in [c.to_string(), format!("a{c}b"), format!("{c}.b"), format!("a.{c}")] {
            if in_keys(c) || (c == '.' && text == "a.b") {
                let (js, kv) = bucket();
                assert_eq!(kv.put(&text, "1").unwrap(), 1);
                assert_eq!(kv.keys().unwrap(), [text.as_str()]);
                drop(js);
            } else {
                check_refused_key(&kv, &text);
            }
        }
    }
}

#[test]
fn every_byte_in_a_filter_is_taken_or_refused() {
    let (_js, kv) = bucket();
    for c in (0..=255_u8).map(char::from) {
        for text in [c.to_string(), format!("a{c}b"), format!("{c}.b"), format!("a.{c}")] {
            let is_wildcard = match c {
                '*' => text != "a*b",
                '>' => text == ">" || text == "a.>",
                _ => false,
            };
            if in_keys(c) || is_wildcard || (c == '.' && text == "a.b") {
                with_filter(&kv, &text).into_iter().for_each(|outcome| outcome.unwrap());
            } else {
                check_refused_filter(&kv, &text);
            }
        }
    }
}

#[test]
fn every_byte_in_a_bucket_name_is_taken_or_refused() {
    let (js, _kv) = bucket();
    for c in (0..=255_u8).map(char::from) {
        for text in [c.to_string(), format!("a{c}b")] {
            if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
                js.create_or_update_key_value(KeyValueConfig::new(&text)).unwrap();
                if text != "b" {
                    js.delete_key_value(&text).unwrap();
                }
            } else {
                check_refused_bucket(&js, &text);
            }
        }
    }
    check_refused_bucket(&js, "");
}

#[test]
fn empty_tokens_and_long_names_are_refused() {
    let (js, kv) = bucket();
    for text in ["", ".", "..", ".a", "a.", "a..b", "a.b.", "..a"] {
        check_refused_key(&kv, text);
        check_refused_filter(&kv, text);
    }
    // Subjects of 65,535 bytes fit; `$KV.b.` takes six of them.
    let longest = "k".repeat(65_535 - "$KV.b.".len());
    for text in [format!("{longest}k"), "k".repeat(65_535), "k".repeat(1 << 20)] {
        check_refused_key(&kv, &text);
        check_refused_filter(&kv, &text);
    }
    assert_eq!(kv.put(&longest, "1").unwrap(), 1);
    assert_eq!(kv.keys().unwrap(), [longest.as_str()]);
    // Stream names of 255 bytes fit; `KV_` takes three of them.
    let longest = "b".repeat(255 - "KV_".len());
    check_refused_bucket(&js, &format!("{longest}b"));
    check_refused_bucket(&js, &"b".repeat(65_535));
    js.create_key_value(KeyValueConfig::new(longest)).unwrap();
}

#[test]
fn configurations_out_of_range_are_refused_and_change_nothing() {
    let (js, kv) = bucket();
    let good = || KeyValueConfig::new("b").history(2);
    let millis = Duration::from_millis;
    let before = kv.status().unwrap().config;
    for history in [0, 65, u32::MAX] {
        let error = js.update_key_value(good().history(history)).map(drop).unwrap_err();
        assert!(matches!(error, KvError::HistoryOutOfRange { history: named, max: 64 } if named == history));
    }
    let refused = [
        (good().ttl(Duration::ZERO), "max age"),
        (good().ttl(millis(99)), "max age"),
        (good().ttl(Duration::MAX), "max age"),
        (good().limit_marker_ttl(Duration::ZERO), "marker TTL"),
        (good().limit_marker_ttl(millis(999)), "marker TTL"),
        (good().limit_marker_ttl(Duration::MAX), "marker TTL"),
        (good().max_bytes(0), "max_bytes"),
        (good().max_value_size(0), "max_value_size"),
        (good().max_value_size(u32::MAX), "max_value_size"),
        (good().replicas(0), "replicas"),
        (good().replicas(6), "replicas"),
        (good().description("d".repeat(4_097)), "description"),
        (good().metadata([("k", "v".repeat(131_072))]), "metadata"),
    ];
    for (config, word) in refused {
        for outcome in [js.update_key_value(config.clone()), js.create_or_update_key_value(config.clone())] {
            let error = outcome.map(drop).unwrap_err();
            let is_named = matches!(&error, KvError::InvalidConfig { bucket, reason } if bucket == "b" && reason.contains(word));
            assert!(is_named, "{word}: {error:?}");
        }
    }
    assert_eq!(kv.status().unwrap().config, before);
    for config in [good().history(1), good().history(64), good().ttl(millis(100)), good().max_bytes(u64::MAX)]
    {
        js.update_key_value(config.clone()).unwrap();
        assert_eq!(kv.status().unwrap().config, config);
    }
}

#[test]
fn times_of_single_keys_out_of_range_are_refused() {
    let (_js, kv) = bucket();
    for span in [0, 99, 999].map(Duration::from_millis).into_iter().chain([Duration::MAX]) {
        let options = || WriteOptions::new().ttl(span);
        let outcomes = [
            kv.put_with("k", "", options()).map(drop),
            kv.create_with("k", "", options()).map(drop),
            kv.update_with("k", "", 0, options()).map(drop),
            kv.purge_with("k", PurgeOptions::new().ttl(span)).map(drop),
            kv.batch(vec![Write::put("a", ""), Write::put("k", "").with_options(options())]).map(drop),
        ];
        for outcome in outcomes {
            let error = outcome.unwrap_err();
            assert!(matches!(&error, KvError::InvalidTtl { .. }), "{span:?}: {error:?}");
        }
    }
    assert!(is_empty(&kv));
    kv.put_with("k", "", WriteOptions::new().ttl(Duration::from_secs(9_223_372_036))).unwrap();
}

#[test]
fn revisions_at_the_ends_of_their_range_are_found_wrong() {
    let (_js, kv) = bucket();
    let revision = kv.put("k", "1").unwrap();
    for wrong in [0, revision + 1, u64::MAX - 1, u64::MAX] {
        let outcomes = [kv.update("k", "2", wrong), kv.delete_if("k", wrong), kv.purge_if("k", wrong)];
        for outcome in outcomes {
            let error = outcome.unwrap_err();
            let KvError::WrongRevision { bucket, key, expected, found } = error else { panic!("{error:?}") };
            assert_eq!((&*bucket, &*key, expected, found), ("b", "k", wrong, revision));
        }
        assert_eq!(kv.get_revision("k", wrong).unwrap(), None);
    }
    let zero = kv.watch_with("k", WatchOptions::new().resume_from(0)).map(drop).unwrap_err();
    assert!(matches!(&zero, KvError::InvalidOption { option, .. } if option == "resume_from 0"), "{zero:?}");
    let mut last = kv.watch_with("k", WatchOptions::new().resume_from(u64::MAX)).unwrap();
    assert!(matches!(last.try_next().unwrap(), Some(jetkv::WatchEvent::EndOfInitial)));
    assert_eq!(last.try_next().unwrap(), None);
    assert_eq!(kv.status().unwrap().last_revision, revision);
}

#[test]
fn pages_and_batches_out_of_range_are_refused() {
    let (_js, kv) = bucket();
    for limit in [0, jetkv::PAGE_KEYS_MAX + 1, usize::MAX] {
        let error = kv.list(">", Page::first(limit)).unwrap_err();
        let is_named =
            matches!(&error, KvError::InvalidOption { option, .. } if option.ends_with(&format!(" {limit}")));
        assert!(is_named, "{error:?}");
    }
    kv.list(">", Page::first(jetkv::PAGE_KEYS_MAX)).unwrap();
    let writes = |count| vec![Write::put("k", ""); count];
    let error = kv.batch(writes(jetkv::BATCH_WRITES_MAX + 1)).unwrap_err();
    assert!(matches!(&error, KvError::InvalidOption { option, .. } if option.contains("1001")), "{error:?}");
    assert!(is_empty(&kv));
    assert_eq!(kv.batch(writes(jetkv::BATCH_WRITES_MAX)).unwrap().len(), jetkv::BATCH_WRITES_MAX);
}

#[test]
fn values_out_of_range_are_refused() {
    let (js, kv) = bucket();
    let largest = 64 << 20;
    let error = kv.put("k", vec![0; largest + 1]).unwrap_err();
    let KvError::ValueTooLarge { key, bytes, max, .. } = &error else { panic!("{error:?}") };
    assert_eq!((&**key, *bytes, *max), ("k", (64 << 20) + 1, 64 << 20));
    js.update_key_value(KeyValueConfig::new("b").history(2).max_value_size(3)).unwrap();
    assert!(matches!(kv.put("k", "1234").unwrap_err(), KvError::ValueTooLarge { bytes: 4, max: 3, .. }));
    assert!(is_empty(&kv));
    assert_eq!(kv.put("k", "123").unwrap(), 1);
}
