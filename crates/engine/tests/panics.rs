//! A panic in the middle of a commit: the stream is poisoned, everybody gets an answer, and the others go on.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use jetkv_engine::env::Env;
use jetkv_engine::{Append, Commit, EngineError, Purge, Store, StoreOptions, StreamConfig, Upkeep};
use jetkv_types::{StreamName, Subject, SubjectFilter, Timestamp};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;
use testkit::{BuggyFs, DiskModel, FsBug, ManualClock, SeededEntropy, SimFs};

const BOOM: &str = "boom";

fn open(fs: &SimFs) -> Store {
    let fs = Arc::new(BuggyFs::new(Arc::new(fs.clone()), FsBug::PanicOnWriteOf(BOOM)));
    let clock = Arc::new(ManualClock::new(Timestamp::from_nanos(1_000_000_000_000)));
    let env = Env { fs, clock, entropy: Arc::new(SeededEntropy::new(7)) };
    let options = StoreOptions { upkeep: Upkeep::Manual, ..StoreOptions::default() };
    Store::open(env, Path::new("/data"), options).unwrap()
}

fn config(name: &str) -> StreamConfig {
    let filter = SubjectFilter::new(format!("{name}.>")).unwrap();
    StreamConfig::new(StreamName::new(name).unwrap(), vec![filter])
}

fn put(store: &Store, key: &str, value: &str) -> Commit {
    let (stream, _) = key.split_once('.').unwrap();
    let stream = store.stream(&StreamName::new(stream).unwrap()).unwrap();
    stream.append(&[Append::put(&Subject::new(key).unwrap(), value.as_bytes())])
}

fn value(store: &Store, key: &str) -> Option<String> {
    let (stream, _) = key.split_once('.').unwrap();
    let stream = store.stream(&StreamName::new(stream).unwrap()).unwrap();
    let message = stream.last(&Subject::new(key).unwrap()).unwrap()?;
    Some(String::from_utf8(message.payload.to_vec()).unwrap())
}

fn is_poisoned<T>(outcome: Result<T, EngineError>) -> bool {
    matches!(outcome, Err(EngineError::Poisoned { .. }))
}

/// Fails instead of waiting for ever.
fn within_a_minute(work: impl FnOnce() + Send + 'static) {
    let (done, ended) = channel();
    let thread = thread::spawn(move || {
        work();
        done.send(()).unwrap();
    });
    assert_ne!(ended.recv_timeout(Duration::from_secs(60)), Err(RecvTimeoutError::Timeout), "somebody waits");
    thread.join().unwrap();
}

/// Polls without a task until it is done.
fn poll(commit: Commit) -> Result<jetkv_engine::Committed, EngineError> {
    let mut commit = std::pin::pin!(commit);
    loop {
        match commit.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => return outcome,
            Poll::Pending => thread::yield_now(),
        }
    }
}

#[test]
fn a_panic_in_a_commit_poisons_the_stream_and_answers_everybody() {
    within_a_minute(|| {
        let fs = SimFs::new(DiskModel::Posix);
        let store = open(&fs);
        for name in ["a", "b"] {
            store.create_stream(config(name)).unwrap();
            put(&store, &format!("{name}.key"), "before").wait().unwrap();
        }
        // These share the commit that panics.
        let shared = [put(&store, "a.one", "1"), put(&store, "a.two", BOOM), put(&store, "a.three", "3")];
        let [first, second, third] = shared;
        assert!(catch_unwind(AssertUnwindSafe(|| second.wait())).is_err());
        assert!(is_poisoned(first.wait()));
        assert!(is_poisoned(poll(third)));
        assert!(is_poisoned(put(&store, "a.later", "4").wait()));
        assert_eq!(value(&store, "a.key").as_deref(), Some("before"));
        put(&store, "b.key", "after").wait().unwrap();
        let _ = store.close();
        drop(store);
        let store = open(&fs.kill());
        assert_eq!(value(&store, "a.key").as_deref(), Some("before"));
        assert_eq!(value(&store, "b.key").as_deref(), Some("after"));
        assert!(store.damages().iter().all(|damage| !damage.kind.affects_data()), "{:?}", store.damages());
        put(&store, "a.key", "again").wait().unwrap();
    });
}

#[test]
fn threads_of_the_store_survive_the_panics_of_many_streams() {
    within_a_minute(|| {
        let store = open(&SimFs::new(DiskModel::Posix));
        for number in 0..12 {
            store.create_stream(config(&format!("s{number}"))).unwrap();
            assert!(is_poisoned(poll(put(&store, &format!("s{number}.key"), BOOM))));
        }
        store.create_stream(config("good")).unwrap();
        poll(put(&store, "good.key", "value")).unwrap();
        assert_eq!(value(&store, "good.key").as_deref(), Some("value"));
    });
}

#[test]
fn a_panic_in_a_purge_poisons_the_stream() {
    within_a_minute(|| {
        let store = open(&SimFs::new(DiskModel::Posix));
        store.create_stream(config("a")).unwrap();
        // What is queued is committed by the purge.
        let queued = put(&store, "a.key", BOOM);
        let stream = store.stream(&StreamName::new("a").unwrap()).unwrap();
        let purge = Purge { filter: None, keep: None, below: None };
        assert!(catch_unwind(AssertUnwindSafe(|| stream.purge(&purge))).is_err());
        assert!(is_poisoned(queued.wait()));
        assert!(is_poisoned(stream.purge(&purge)));
        assert!(is_poisoned(stream.remove(1)));
        let _ = store.close();
    });
}
