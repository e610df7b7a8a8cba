//! Every adapter does what the workloads rely on, with 100 keys.

use super::{Durability, EngineName, Part};
use crate::data::Data;
use std::path::PathBuf;

#[test]
fn jetkv_adapter_keeps_what_was_put() {
    check(EngineName::Jetkv);
}

#[cfg(feature = "peers")]
#[test]
fn peer_adapters_keep_what_was_put() {
    EngineName::ALL.iter().filter(|name| **name != EngineName::Jetkv).for_each(|name| check(*name));
}

fn check(name: EngineName) {
    let dir = TestDir::new(name);
    let data = Data::new(100);
    for durability in [Durability::Unsynced, Durability::Synced] {
        let engine = name.open(&dir.0, durability).unwrap();
        for index in 0..50 {
            engine.put(&data.key(index), &data.key(index).value(0)).unwrap();
        }
        let batch: Vec<_> = (50..100).map(|index| (data.key(index), data.key(index).value(0))).collect();
        engine.put_batch(&batch).unwrap();
        engine.put(&data.key(7), &data.key(7).value(1)).unwrap();
        engine.close().unwrap();
    }

    let engine = name.open(&dir.0, Durability::Synced).unwrap();
    let mut reader = engine.reader().unwrap();
    assert_eq!(reader.count().unwrap(), 100, "{name}");
    let mut newest = Vec::new();
    assert!(reader.get(&data.key(7), &mut |value| newest.extend_from_slice(value)).unwrap());
    assert_eq!(newest, data.key(7).value(1), "{name}");
    assert!(!reader.get(&Data::new(5000).key(4999), &mut |_| panic!("no such key")).unwrap());
    for part in [Part::Key, Part::Value] {
        let mut bytes = 0;
        let count = reader.scan(&data.prefix(0), 1_000, part, &mut |item| bytes += item.len()).unwrap();
        assert_eq!(count, 100, "{name}");
        assert!(bytes >= 1_600, "{name} hands out keys or values");
        assert_eq!(reader.scan(&data.prefix(0), 9, part, &mut |_| ()).unwrap(), 9, "{name}");
    }
    drop(reader);
    engine.close().unwrap();
}

/// A directory that goes when it is dropped.
struct TestDir(PathBuf);

impl TestDir {
    fn new(name: EngineName) -> Self {
        let dir = std::env::temp_dir().join(format!("jetkv-bench-{name}-{}", std::process::id()));
        Self(dir)
    }
}

impl Drop for TestDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
