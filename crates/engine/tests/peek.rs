//! Looking at the last message in place gives what reading it gives, damage included.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use jetkv_engine::env::{Env, OpenMode};
use jetkv_engine::{
    Append, Compression, EngineError, Origin, Purge, Store, StoreOptions, Stream, StreamConfig, Sync, Upkeep,
};
use jetkv_types::{Headers, StreamName, Subject, SubjectFilter, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use testkit::{DiskModel, SimFs};

fn world(compression: Compression) -> (SimFs, Store, Stream) {
    let fs = SimFs::new(DiskModel::Posix);
    let env = Env { fs: Arc::new(fs.clone()), ..Env::memory() };
    let options = StoreOptions {
        sync: Sync::Os,
        upkeep: Upkeep::Manual,
        segment_bytes_min: 512,
        segment_bytes_max: 2048,
        reserve_bytes: 0,
        ..StoreOptions::default()
    };
    let store = Store::open(env, Path::new("/data"), options).unwrap();
    // Two subjects without a common beginning: entries hold their subjects whole.
    let subjects = ["a.>", "b"].map(|text| SubjectFilter::new(text).unwrap()).to_vec();
    let mut config = StreamConfig::new(StreamName::new("S").unwrap(), subjects);
    config.compression = compression;
    let stream = store.create_stream(config).unwrap();
    (fs, store, stream)
}

fn put(stream: &Stream, subject: &str, headers: &str, payload: &[u8]) {
    let subject = Subject::new(subject).unwrap();
    let headers = Headers::from_block(headers.to_owned().into()).unwrap();
    let append = Append { headers: &headers, ..Append::put(&subject, payload) };
    stream.append(&[append]).wait().unwrap();
}

/// What both ways of reading say, as one comparable text.
fn both(stream: &Stream, subject: &str) -> (String, String) {
    let read = stream.last(&Subject::new(subject).unwrap()).map(|found| {
        found.map(|found| {
            let (headers, payload) = (found.headers.as_block().to_vec(), found.payload.to_vec());
            (found.sequence, found.time, found.operation, headers, payload)
        })
    });
    let peeked = stream.peek_last(subject.as_bytes(), |found| {
        (found.sequence, found.time, found.operation, found.headers.to_vec(), found.payload.to_vec())
    });
    (format!("{read:?}"), format!("{peeked:?}"))
}

#[test]
fn a_look_sees_what_a_read_returns() {
    for compression in [Compression::None, Compression::Lz4] {
        let (_fs, _store, stream) = world(compression);
        for size in [0, 1, 100, 1_000, 300_000, 10] {
            let payload = vec![b'x'; size];
            for (subject, headers) in [("a.k", ""), ("a.k.longer", "NATS/1.0\r\nA: b\r\n\r\n"), ("b", "")] {
                put(&stream, subject, headers, &payload);
                let (read, peeked) = both(&stream, subject);
                assert!(read.contains("Some("), "{read}");
                assert_eq!(read, peeked);
            }
        }
        stream.purge(&Purge { filter: Some(SubjectFilter::new("b").unwrap()), ..Purge::default() }).unwrap();
        for subject in ["b", "a", "a.nothing", "c"] {
            assert_eq!(both(&stream, subject), ("Ok(None)".to_owned(), "Ok(None)".to_owned()), "{subject}");
        }
        assert!(stream.peek_last(b"", |_| ()).unwrap().is_none());
        assert!(stream.peek_last(b"no..subject", |_| ()).unwrap().is_none());
    }
}

/// Where the last message of a subject was is noted with the lower half of its sequence only.
#[test]
fn the_last_message_is_found_after_a_later_one_was_removed() {
    let (_fs, store, stream) = world(Compression::None);
    put(&stream, "a.k", "", b"first");
    put(&stream, "a.k", "", b"second");
    assert!(stream.remove(2).unwrap());
    let is_first = |when: &str| {
        let (read, peeked) = both(&stream, "a.k");
        assert_eq!(read, peeked, "{when}");
        assert!(read.starts_with("Ok(Some((1, "), "{when}: {read}");
    };
    is_first("removed");
    // Another subject's message whose sequence ends as that of the removed one.
    let origin = Some(Origin { sequence: (1 << 32) + 2, time: Timestamp::from_nanos(0) });
    let subject = Subject::new("b").unwrap();
    stream.append(&[Append { origin, ..Append::put(&subject, b"other") }]).wait().unwrap();
    is_first("another one ends the same");
    assert!(both(&stream, "b").0.starts_with("Ok(Some((4294967298, "));
    put(&stream, "a.k", "", b"third");
    assert!(both(&stream, "a.k").1.starts_with("Ok(Some((4294967299, "));
    store.close().unwrap();
}

#[test]
fn a_look_at_a_damaged_message_names_it() {
    let (fs, _store, stream) = world(Compression::None);
    put(&stream, "a.k", "NATS/1.0\r\nA: b\r\n\r\n", b"payload");
    let dir = PathBuf::from("/data/streams/00000001-S");
    let env = Env { fs: Arc::new(fs), ..Env::memory() };
    let name =
        env.fs.list(&dir).unwrap().into_iter().map(|entry| entry.name).find(|name| name.ends_with("seg"));
    let path = dir.join(name.unwrap());
    let file = env.fs.open(&path, OpenMode::ReadWrite).unwrap();
    let length = usize::try_from(file.len().unwrap()).unwrap();
    let mut intact = vec![0; length];
    assert_eq!(file.read_at(&mut intact, 0).unwrap(), length);
    let start = memchr_of(&intact, b"payload") - 60;
    for (at, before) in intact.iter().enumerate().skip(start).take(67) {
        file.write_at(&[before ^ 4], u64::try_from(at).unwrap()).unwrap();
        let (read, peeked) = both(&stream, "a.k");
        assert_eq!(read, peeked, "byte {at}");
        if let Err(EngineError::Damaged(damage)) = stream.peek_last(b"a.k", |_| ()) {
            assert_eq!(damage.subject.as_ref().map(Subject::as_str), Some("a.k"));
        }
        file.write_at(&[*before], u64::try_from(at).unwrap()).unwrap();
    }
    assert!(!stream.damages().is_empty(), "some of the bytes were the message's");
    assert!(both(&stream, "a.k").1.contains("Some("));
}

fn memchr_of(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).position(|window| window == wanted).unwrap()
}
