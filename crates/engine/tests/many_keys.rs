//! Stores large enough for what small ones never do: a divided hash table, hints that a thread of their own verifies.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use jetkv_engine::env::{Env, Fs, MemFs, OpenMode};
use jetkv_engine::{Append, Store, StoreOptions, Stream, StreamConfig, Sync, Upkeep};
use jetkv_types::{StreamName, Subject, SubjectFilter};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use testkit::Rng;

const KEYS: u64 = 50_000;
const PUTS: u64 = 80_000;
const BATCH: u64 = 1_000;

fn open(fs: &Arc<MemFs>) -> Store {
    let fs: Arc<dyn Fs> = Arc::<MemFs>::clone(fs);
    let env = Env { fs, ..Env::memory() };
    let options = StoreOptions {
        sync: Sync::Os,
        upkeep: Upkeep::Manual,
        segment_bytes_min: 2 << 20,
        segment_bytes_max: 2 << 20,
        ..StoreOptions::default()
    };
    Store::open(env, Path::new("/data"), options).unwrap()
}

fn name() -> StreamName {
    StreamName::new("S").unwrap()
}

fn subject(key: u64) -> Subject {
    // Some subjects are too long for their place in the index.
    let tail = if key.is_multiple_of(7) { ".with-a-long-last-token-that-goes-elsewhere" } else { "" };
    Subject::new(format!("s.{}.key-{key}{tail}", key % 97)).unwrap()
}

fn put_all(stream: &Stream) -> BTreeMap<u64, u64> {
    let mut rng = Rng::new(1);
    let mut model = BTreeMap::new();
    for from in (0..PUTS).step_by(1_000) {
        let batch: Vec<_> = (from..from + BATCH).map(|n| (rng.below(KEYS), n)).collect();
        let subjects: Vec<_> = batch.iter().map(|(key, _)| subject(*key)).collect();
        let values: Vec<_> = batch.iter().map(|(_, n)| n.to_le_bytes()).collect();
        let appends: Vec<_> =
            subjects.iter().zip(&values).map(|(subject, value)| Append::put(subject, value)).collect();
        stream.append(&appends).wait().unwrap();
        model.extend(batch);
    }
    model
}

fn check(stream: &Stream, model: &BTreeMap<u64, u64>) {
    for key in 0..KEYS {
        let found = stream.last(&subject(key)).unwrap().map(|message| {
            assert_eq!(message.subject, subject(key));
            u64::from_le_bytes(message.payload[..].try_into().unwrap())
        });
        assert_eq!(found, model.get(&key).copied(), "key {key}");
    }
    let all = SubjectFilter::new("s.>").unwrap();
    let listed: Vec<_> = stream.subjects(&all, None, usize::MAX).unwrap();
    assert_eq!(listed.len(), model.len());
    // Tokens have no byte below the dot here, so token order is the order of the texts.
    assert!(listed.is_sorted_by_key(|state| state.subject.clone()));
    let group = SubjectFilter::new("s.3.*").unwrap();
    let in_group = model.keys().filter(|key| **key % 97 == 3 && **key % 7 != 0).count();
    assert_eq!(stream.count_subjects(&group).unwrap(), u64::try_from(in_group).unwrap());
}

#[test]
fn a_large_store_is_the_same_after_a_clean_stop_and_without_hints() {
    let fs = Arc::new(MemFs::new());
    let store = open(&fs);
    let mut config = StreamConfig::new(name(), vec![SubjectFilter::new("s.>").unwrap()]);
    config.messages_per_subject_max = Some(1);
    let stream = store.create_stream(config).unwrap();
    let model = put_all(&stream);
    check(&stream, &model);
    store.close().unwrap();

    let store = open(&fs);
    check(&store.stream(&name()).unwrap(), &model);
    assert!(store.stream(&name()).unwrap().damages().is_empty());
    store.close().unwrap();

    // One flipped bit in the hints of a segment: the segment itself is read.
    let dir = Path::new("/data/streams/00000001-S");
    let hints = fs.open(&dir.join("0000000002.idx"), OpenMode::ReadWrite).unwrap();
    let middle = hints.len().unwrap() / 2;
    assert!(middle > 128 << 10, "the hints are too few for a thread");
    let mut byte = [0];
    hints.read_at(&mut byte, middle).unwrap();
    hints.write_at(&[byte[0] ^ 4], middle).unwrap();
    let store = open(&fs);
    let stream = store.stream(&name()).unwrap();
    check(&stream, &model);
    assert_eq!(stream.damages().len(), 1, "{:?}", stream.damages());
}
