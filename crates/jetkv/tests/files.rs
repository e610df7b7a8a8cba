//! What only a store in files has: it survives, it is locked, it may be missing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use jetkv::blocking::JetStream;
use jetkv::{ErrorKind, KeyValueConfig, KvError, OpenOptions, Storage, Sync, Write};
use std::path::Path;
use std::time::Duration;

fn open(dir: &Path) -> JetStream {
    JetStream::open(dir).unwrap()
}

#[test]
fn everything_survives_a_clean_stop() {
    let dir = tempfile::tempdir().unwrap();
    let config = KeyValueConfig::new("b").history(3).description("kept");
    let js = open(dir.path());
    let kv = js.create_key_value(config.clone()).unwrap();
    for text in ["1", "2", "3", "4"] {
        kv.put("k", text).unwrap();
    }
    kv.batch(vec![Write::put("x", "1"), Write::delete("x")]).unwrap();
    kv.purge("y").unwrap();
    let before = (kv.history("k").unwrap(), kv.history("x").unwrap(), kv.entry("y").unwrap());
    let created = kv.status().unwrap().created;
    js.close().unwrap();

    let js = open(dir.path());
    let kv = js.key_value("b").unwrap();
    let after = (kv.history("k").unwrap(), kv.history("x").unwrap(), kv.entry("y").unwrap());
    assert_eq!(after, before);
    let status = kv.status().unwrap();
    assert_eq!((status.config, status.created, status.last_revision), (config, created, 7));
    assert_eq!(kv.put("k", "5").unwrap(), 8);
}

#[test]
fn acknowledged_writes_survive_without_a_clean_stop() {
    let dir = tempfile::tempdir().unwrap();
    let js = open(dir.path());
    let kv = js.create_key_value(KeyValueConfig::new("b")).unwrap();
    let revision = kv.put("k", "1").unwrap();
    drop((js, kv));
    let kv = open(dir.path()).key_value("b").unwrap();
    assert_eq!(kv.get("k").unwrap().unwrap().revision, revision);
}

#[test]
fn a_copy_keeps_its_time_although_something_was_removed_since() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (from, to) = (open(other.path()), open(dir.path()));
    let from = from.create_key_value(KeyValueConfig::new("b").history(2)).unwrap();
    for text in ["1", "2", "3"] {
        from.put(text, text).unwrap();
    }
    let kv = to.create_key_value(KeyValueConfig::new("b").history(2)).unwrap();
    let entries: Vec<_> = ["1", "2", "3"].iter().map(|key| from.entry(key).unwrap().unwrap()).collect();
    kv.restore(&entries[..1]).unwrap();
    kv.empty().unwrap();
    kv.restore(&entries[1..2]).unwrap();
    kv.empty().unwrap();
    drop((to, kv));
    let to = open(dir.path());
    let kv = to.key_value("b").unwrap();
    assert_eq!(kv.status().unwrap().last_update, Some(entries[1].created));
    kv.restore(&entries[2..]).unwrap();
    assert_eq!(kv.entry("3").unwrap().as_ref(), Some(&entries[2]));
}

#[test]
fn a_deleted_bucket_stays_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let js = open(dir.path());
    js.create_key_value(KeyValueConfig::new("b")).unwrap();
    js.create_key_value(KeyValueConfig::new("c")).unwrap();
    js.delete_key_value("b").unwrap();
    js.close().unwrap();
    assert_eq!(open(dir.path()).key_value_names().unwrap(), ["c"]);
}

#[test]
fn a_bucket_in_memory_is_gone_after_a_stop() {
    let dir = tempfile::tempdir().unwrap();
    let js = open(dir.path());
    let kv = js.create_key_value(KeyValueConfig::new("m").storage(Storage::Memory)).unwrap();
    kv.put("k", "1").unwrap();
    js.close().unwrap();
    assert!(open(dir.path()).key_value_names().unwrap().is_empty());
}

#[test]
fn no_key_outside_the_alphabet_is_stored_or_read() {
    let dir = tempfile::tempdir().unwrap();
    let js = open(dir.path());
    let kv = js.create_key_value(KeyValueConfig::new("b")).unwrap();
    let is_in_keys = |character: char| character.is_ascii_alphanumeric() || "-_/=.".contains(character);
    let odd = (0..=0xff).map(char::from).chain(['\u{2028}', '\u{feff}', '\u{1f511}', char::MAX]);
    let odd = odd.filter(|character| !is_in_keys(*character)).map(|character| format!("a{character}b"));
    for key in odd.chain(["", ".", ".a", "a.", "a..b", "*", ">", "a.*", "a.>"].map(String::from)) {
        let refused = [
            kv.put(&key, "x").unwrap_err(),
            kv.create(&key, "x").unwrap_err(),
            kv.update(&key, "x", 1).unwrap_err(),
            kv.delete(&key).unwrap_err(),
            kv.purge(&key).unwrap_err(),
            kv.get(&key).unwrap_err(),
            kv.entry(&key).unwrap_err(),
            kv.history(&key).unwrap_err(),
            kv.batch(vec![Write::put("good", "x"), Write::put(key.as_str(), "x")]).unwrap_err(),
        ];
        for error in refused {
            assert!(matches!(error, KvError::InvalidKey { .. }), "{key:?}: {error:?}");
            assert!(!error.to_string().chars().any(char::is_control), "{key:?}: {error}");
        }
    }
    assert_eq!(kv.status().unwrap().last_revision, 0);
}

#[test]
fn a_store_is_open_once() {
    let dir = tempfile::tempdir().unwrap();
    let js = open(dir.path());
    let error = JetStream::open(dir.path()).unwrap_err();
    assert!(matches!(&error, KvError::StoreLocked { .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    js.close().unwrap();
    open(dir.path());
}

#[test]
fn a_missing_store_can_be_demanded_to_exist() {
    let dir = tempfile::tempdir().unwrap();
    let demand = |path: &Path| JetStream::open_with(path, OpenOptions::new().existing_only());
    for missing in [dir.path().to_owned(), dir.path().join("none")] {
        let error = demand(&missing).unwrap_err();
        assert!(matches!(&error, KvError::StoreNotFound { path } if *path == missing), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    assert!(!dir.path().join("none").exists());
    open(dir.path()).close().unwrap();
    demand(dir.path()).unwrap();
}

#[test]
fn the_sync_mode_is_told_and_checked() {
    let dir = tempfile::tempdir().unwrap();
    let with = |sync| JetStream::open_with(dir.path(), OpenOptions::new().sync(sync));
    for (sync, text) in
        [(Sync::Every(Duration::from_millis(1500)), "every 1.5s"), (Sync::Os, "os"), (Sync::Always, "always")]
    {
        let js = with(sync).unwrap();
        let kv = js.create_key_value(KeyValueConfig::new("b")).unwrap();
        kv.put("k", "1").unwrap();
        assert_eq!(kv.status().unwrap().durability.unwrap().to_string(), text);
        js.close().unwrap();
    }
    let error = with(Sync::Every(Duration::ZERO)).unwrap_err();
    assert!(
        matches!(&error, KvError::InvalidOption { option, .. } if option == "sync every 0s"),
        "{error:?}"
    );
}
