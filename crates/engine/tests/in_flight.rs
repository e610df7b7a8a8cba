//! What is told while a message is being synced: nothing that rests on it.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use jetkv_engine::env::{Env, MemFs};
use jetkv_engine::{Append, EngineError, Expect, Store, StoreOptions, Stream, StreamConfig, Upkeep};
use jetkv_types::{StreamName, Subject, SubjectFilter};
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::thread;
use testkit::{Gate, TapFs};

/// Makes a store whose syncs wait where the gate is shut, and a stream with one message of the subject.
fn gated(gate: &Gate) -> (Store, Stream, Subject) {
    let env = Env { fs: Arc::new(TapFs::gated(MemFs::new(), gate)), ..Env::memory() };
    let options = StoreOptions { upkeep: Upkeep::Manual, ..StoreOptions::default() };
    let store = Store::open(env, Path::new("/data"), options).unwrap();
    let filters = vec![SubjectFilter::new("k.>").unwrap()];
    let stream = store.create_stream(StreamConfig::new(StreamName::new("k").unwrap(), filters)).unwrap();
    let key = Subject::new("k.a").unwrap();
    // The first append makes the files of the segment.
    stream.append(&[Append::put(&key, b"1")]).wait().unwrap();
    (store, stream, key)
}

#[test]
fn a_refusal_waits_for_what_it_rests_on() {
    let gate = Gate::default();
    let (_store, stream, key) = gated(&gate);
    let shut = gate.shut();
    let writer = {
        let (stream, key) = (stream.clone(), key.clone());
        thread::spawn(move || stream.append(&[Append::put(&key, b"2")]).wait().unwrap().last)
    };
    gate.wait_for_one();
    let expect = Expect::LastOfSubject(1);
    let mut refused = pin!(stream.append(&[Append { expect, ..Append::put(&key, b"3") }]));
    let mut after = pin!(stream.append(&[]));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(
        refused.as_mut().poll(&mut cx).is_pending(),
        "it tells of a message that a power cut can take back"
    );
    assert!(after.as_mut().poll(&mut cx).is_pending());
    assert_eq!(stream.last_sequence(), 1);
    drop(shut);
    assert_eq!(writer.join().unwrap(), 2);
    let outcome = pollster::block_on(refused);
    assert!(matches!(outcome, Err(EngineError::WrongLastSequence { found: 2, .. })), "{outcome:?}");
    pollster::block_on(after).unwrap();
}

#[test]
fn who_commits_if_nobody_else_does_never_waits_for_others() {
    let gate = Gate::default();
    let (_store, stream, key) = gated(&gate);
    let mut alone = stream.append(&[Append::put(&key, b"2")]);
    assert!(alone.is_free());
    assert_eq!(alone.settle_if_free().unwrap().unwrap().last, 2);
    let shut = gate.shut();
    let writer = {
        let (stream, key) = (stream.clone(), key.clone());
        thread::spawn(move || stream.append(&[Append::put(&key, b"3")]).wait().unwrap().last)
    };
    gate.wait_for_one();
    let mut behind = stream.append(&[Append::put(&key, b"4")]);
    assert!(!behind.is_free());
    assert!(behind.settle_if_free().is_none(), "it waited for the sync of another");
    drop(shut);
    assert_eq!(writer.join().unwrap(), 3);
    // Who was first may not have let go of the stream yet.
    assert_eq!(pollster::block_on(behind).unwrap().last, 4);
}

/// A message that is in the index while the queue still has it counts once.
#[test]
fn a_history_is_never_shorter_than_its_limit_while_many_write_one_subject() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(
        Env::system(),
        dir.path(),
        StoreOptions { sync: jetkv_engine::Sync::Os, ..StoreOptions::default() },
    );
    let store = store.unwrap();
    let mut config =
        StreamConfig::new(StreamName::new("H").unwrap(), vec![SubjectFilter::new("h.>").unwrap()]);
    config.messages_per_subject_max = Some(3);
    let stream = store.create_stream(config).unwrap();
    let subject = Subject::new("h.k").unwrap();
    for _ in 0..3 {
        stream.append(&[Append::put(&subject, b"v")]).wait().unwrap();
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..30_000 {
                    stream.append(&[Append::put(&subject, b"v")]).wait().unwrap();
                    assert_eq!(stream.revisions(&subject).unwrap().len(), 3);
                }
            });
        }
    });
    store.close().unwrap();
}
