//! Reads are right with any cache, the cache keeps its bound, and what is gone gives its memory back.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use jetkv_engine::env::{Env, Fs, OpenMode};
use jetkv_engine::{Append, Listing, Store, StoreOptions, Stream, StreamConfig, Sync, Upkeep};
use jetkv_types::{StreamName, Subject, SubjectFilter};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use testkit::{DiskModel, Rng, SimFs};

fn open(fs: &SimFs, cache_bytes: usize) -> Store {
    let env = Env { fs: Arc::new(fs.clone()), ..Env::memory() };
    let options = StoreOptions {
        sync: Sync::Os,
        upkeep: Upkeep::Manual,
        segment_bytes_min: 512,
        segment_bytes_max: 4096,
        reserve_bytes: 0,
        cache_bytes,
        cache_block_bytes: 128,
        ..StoreOptions::default()
    };
    Store::open(env, Path::new("/data"), options).unwrap()
}

fn name(text: &str) -> StreamName {
    StreamName::new(text).unwrap()
}

fn create(store: &Store, text: &str) -> Stream {
    let filter = SubjectFilter::new(format!("{text}.>")).unwrap();
    let mut config = StreamConfig::new(name(text), vec![filter]);
    config.messages_per_subject_max = Some(1);
    store.create_stream(config).unwrap()
}

fn put(stream: &Stream, subject: &str, payload: &[u8]) {
    let subject = Subject::new(subject).unwrap();
    stream.append(&[Append::put(&subject, payload)]).wait().unwrap();
}

/// Compares all ways to read with what was put.
fn compare(stream: &Stream, expected: &BTreeMap<String, Vec<u8>>, page: &mut Listing) {
    for (key, payload) in expected {
        let message = stream.last(&Subject::new(key.as_str()).unwrap()).unwrap().unwrap();
        assert_eq!((message.subject.as_str(), &message.payload[..]), (key.as_str(), &payload[..]));
        assert_eq!(stream.get(message.sequence).unwrap().unwrap(), message);
        let same = stream.peek_last(key.as_bytes(), |peeked| *peeked.payload == payload[..]);
        assert_eq!(same.unwrap(), Some(true));
    }
    stream.list(&SubjectFilter::new(">").unwrap(), None, 1_000, page).unwrap();
    let mut seen = Vec::new();
    let look = |_, found: Result<Option<&jetkv_engine::Peeked<'_>>, _>| {
        seen.push(found.unwrap().unwrap().payload.to_vec());
    };
    stream.peek_each(page.sequences(), look).unwrap();
    let listed: BTreeMap<_, _> = page.iter().map(|row| row.subject.to_owned()).zip(seen).collect();
    assert_eq!(&listed, expected);
}

#[test]
fn reads_are_right_with_any_cache() {
    // None, not even a block, a few of them, enough for everything.
    for (seed, cache_bytes) in (0..).zip([0, 100, 1_000, 3_000, 1 << 20]) {
        let (fs, mut rng) = (SimFs::new(DiskModel::Posix), Rng::new(seed));
        let mut store = open(&fs, cache_bytes);
        let mut stream = create(&store, "S");
        let (mut expected, mut page) = (BTreeMap::new(), Listing::new());
        for round in 0..600 {
            let key = format!("S.{}", rng.below(60));
            if rng.below(8) == 0 {
                let filter = Some(SubjectFilter::new(key.as_str()).unwrap());
                stream.purge(&jetkv_engine::Purge { filter, ..Default::default() }).unwrap();
                expected.remove(&key);
            } else {
                // Entries of one block, of two, and of more than a block can hold.
                let size = [1, 20, 60, 120, 300][rng.index(5)];
                let payload: Vec<u8> = (0..size).map(|_| u8::try_from(rng.below(256)).unwrap()).collect();
                put(&stream, &key, &payload);
                expected.insert(key, payload);
            }
            if rng.below(10) == 0 {
                compare(&stream, &expected, &mut page);
            }
            if rng.below(25) == 0 {
                store.run_upkeep().unwrap();
            }
            if round % 200 == 199 {
                store.close().unwrap();
                store = open(&fs, cache_bytes);
                stream = store.stream(&name("S")).unwrap();
            }
            assert!(store.stats().cache_bytes <= u64::try_from(cache_bytes).unwrap());
        }
        for _ in 0..3 {
            compare(&stream, &expected, &mut page);
        }
        let stats = store.stats();
        assert_eq!(stats.cache_bytes > 0, cache_bytes >= 1_000, "{stats:?}");
        assert_eq!(stats.cache_fill_count > 0, cache_bytes >= 1_000, "{stats:?}");
        assert!(store.check(&mut |_, _| {}).unwrap().is_empty());
    }
}

#[test]
fn a_stream_that_is_deleted_and_a_segment_that_is_rewritten_give_their_memory_back() {
    let fs = SimFs::new(DiskModel::Posix);
    let store = open(&fs, 1 << 20);
    let (stream, other) = (create(&store, "S"), create(&store, "T"));
    let (mut expected, mut page) = (BTreeMap::new(), Listing::new());
    for number in 0..200 {
        expected.insert(format!("S.{number}"), vec![b'x'; 60]);
        put(&stream, &format!("S.{number}"), &[b'x'; 60]);
    }
    put(&other, "T.a", b"stays");
    let read_other = || (0..4).for_each(|_| drop(other.last(&Subject::new("T.a").unwrap()).unwrap()));
    read_other();
    let before = store.stats().cache_bytes;
    (0..3).for_each(|_| compare(&stream, &expected, &mut page));
    let full = store.stats().cache_bytes;
    assert!(full > before + 200 * 60, "{full}");

    // All but a few go, and compaction leaves next to nothing of the files.
    for number in 0..195 {
        let filter = Some(SubjectFilter::new(format!("S.{number}")).unwrap());
        stream.purge(&jetkv_engine::Purge { filter, ..Default::default() }).unwrap();
        expected.remove(&format!("S.{number}"));
    }
    (0..5).for_each(|_| store.run_upkeep().unwrap());
    (0..3).for_each(|_| compare(&stream, &expected, &mut page));
    let left = store.stats();
    assert!(left.cache_bytes < full / 2 && left.cache_bytes <= left.disk_bytes + 4_096, "{left:?}");

    drop(stream);
    store.delete_stream(&name("S")).unwrap();
    assert_eq!(store.stats().cache_bytes, before);
    store.delete_stream(&name("T")).unwrap();
    drop(other);
    assert_eq!(store.stats().cache_bytes, 0);
}

#[test]
fn damage_behind_a_cached_block_is_found_by_a_check() {
    let fs = SimFs::new(DiskModel::Posix);
    let store = open(&fs, 1 << 20);
    let stream = create(&store, "S");
    put(&stream, "S.a", b"the value");
    let read = || stream.last(&Subject::new("S.a").unwrap());
    (0..4).for_each(|_| drop(read().unwrap()));
    assert!(store.stats().cache_bytes > 0);
    let dir = PathBuf::from("/data/streams/00000001-S");
    let file = fs.list(&dir).unwrap().into_iter().find(|entry| entry.name.ends_with("seg")).unwrap();
    let file = fs.open(&dir.join(file.name), OpenMode::ReadWrite).unwrap();
    let end = store.stats().disk_bytes;
    file.write_at(b"!", end - 2).unwrap();
    assert_eq!(&read().unwrap().unwrap().payload[..], b"the value");
    // A check reads the file, and says so; so does a look for damage in the background.
    assert_eq!(store.check(&mut |_, _| {}).unwrap().len(), 1);
    assert!(stream.verify_from(1, 10, u64::MAX).unwrap().is_some());
    assert_eq!(stream.damages().len(), 1);
}

#[test]
fn readers_beside_a_writer_and_compaction_read_what_was_put() {
    let fs = SimFs::new(DiskModel::Posix);
    let store = open(&fs, 2_000);
    let stream = create(&store, "S");
    let latest: Vec<AtomicU64> = (0..20).map(AtomicU64::new).collect();
    for number in 0..20_u64 {
        put(&stream, &format!("S.{number}"), &number.to_le_bytes());
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for reader in 0..3 {
            let (stream, latest, done, store) = (&stream, &latest, &done, &store);
            scope.spawn(move || {
                let mut rng = Rng::new(reader);
                let mut page = Listing::new();
                while !done.load(Ordering::Acquire) {
                    let number = rng.index(20);
                    let before = latest[number].load(Ordering::Acquire);
                    let subject = format!("S.{number}");
                    let value = |bytes: &[u8]| u64::from_le_bytes(bytes[..8].try_into().unwrap());
                    let seen = stream.peek_last(subject.as_bytes(), |peeked| value(&peeked.payload));
                    let seen = seen.unwrap().unwrap();
                    assert!(seen >= before && seen % 20 == u64::try_from(number).unwrap(), "{seen} {before}");
                    stream.list(&SubjectFilter::new(">").unwrap(), None, 50, &mut page).unwrap();
                    let keys: Vec<_> = page.iter().map(|row| row.subject.to_owned()).collect();
                    let look = |at: usize, found: Result<Option<&jetkv_engine::Peeked<'_>>, _>| {
                        // What was written over meanwhile is not there any more.
                        if let Some(found) = found.unwrap() {
                            assert_eq!(format!("S.{}", value(&found.payload) % 20), keys[at]);
                        }
                    };
                    stream.peek_each(page.sequences(), look).unwrap();
                    assert!(store.stats().cache_bytes <= 2_000);
                }
            });
        }
        let mut rng = Rng::new(9);
        for round in 1..3_000_u64 {
            let number = rng.below(20);
            let value = round * 20 + number;
            let mut payload = value.to_le_bytes().to_vec();
            payload.resize(8 + rng.index(90), b'x');
            put(&stream, &format!("S.{number}"), &payload);
            latest[usize::try_from(number).unwrap()].store(value, Ordering::Release);
            if round % 100 == 0 {
                store.run_upkeep().unwrap();
            }
        }
        done.store(true, Ordering::Release);
    });
    assert!(store.stats().compaction_count > 0 && store.stats().cache_fill_count > 0, "{:?}", store.stats());
}
