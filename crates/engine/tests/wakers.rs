//! Wakers that run what they like: nothing of a stream is locked while they are called.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use jetkv_engine::env::Env;
use jetkv_engine::{Append, EngineError, Listener, Purge, Store, StoreOptions, Stream, StreamConfig, Upkeep};
use jetkv_types::{StreamName, Subject, SubjectFilter};
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

/// A waker that uses the store on the spot, as an executor does that runs tasks where they are woken.
struct Inline {
    store: Store,
    stream: Stream,
    listener: Mutex<Option<Listener>>,
    count: AtomicU64,
}

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        let count = self.count.fetch_add(1, Ordering::SeqCst);
        let subject = Subject::new("k.inline").unwrap();
        // A store that closes refuses; the point is that everything answers.
        let _ = self.stream.append(&[Append::put(&subject, b"inline")]).wait();
        let _ = self.stream.last(&subject);
        let _ = self.stream.purge(&Purge { filter: None, keep: Some(3), below: None });
        drop(self.stream.listen(&[SubjectFilter::all()]));
        drop(self.listener.lock().unwrap().take());
        let _ = self.store.create_stream(config(&format!("X{count}")));
        let _ = self.store.check(&mut |_, _| {});
    }
}

fn config(name: &str) -> StreamConfig {
    let filter = SubjectFilter::new(format!("{name}.>")).unwrap();
    StreamConfig::new(StreamName::new(name).unwrap(), vec![filter])
}

/// Makes a store with a stream, and a waker that uses both and is registered with a listener of the stream.
fn inline() -> (Store, Stream, Arc<Inline>) {
    inline_with(StoreOptions { upkeep: Upkeep::Manual, ..StoreOptions::default() })
}

fn inline_with(options: StoreOptions) -> (Store, Stream, Arc<Inline>) {
    let store = Store::open(Env::memory(), Path::new("/data"), options).unwrap();
    let stream = store.create_stream(config("k")).unwrap();
    let listener = stream.listen(&[SubjectFilter::all()]);
    let count = AtomicU64::new(0);
    let inline =
        Arc::new(Inline { store: store.clone(), stream: stream.clone(), listener: Mutex::default(), count });
    let waker = Waker::from(Arc::clone(&inline));
    assert!(listener.poll_beyond(&mut Context::from_waker(&waker), 0).is_pending());
    *inline.listener.lock().unwrap() = Some(listener);
    (store, stream, inline)
}

/// Fails instead of waiting for ever.
fn within_a_minute(work: impl FnOnce() + Send + 'static) {
    let (done, ended) = channel();
    let thread = thread::spawn(move || {
        work();
        done.send(()).unwrap();
    });
    let outcome = ended.recv_timeout(Duration::from_secs(60));
    assert_ne!(outcome, Err(RecvTimeoutError::Timeout), "a waker waits for the thread that called it");
    thread.join().unwrap();
}

#[test]
fn a_watcher_woken_by_a_write_may_use_the_stream_at_once() {
    within_a_minute(|| {
        let (_store, stream, inline) = inline();
        let subject = Subject::new("k.a").unwrap();
        stream.append(&[Append::put(&subject, b"1")]).wait().unwrap();
        assert_eq!(inline.count.load(Ordering::SeqCst), 1);
        assert_eq!(stream.last(&Subject::new("k.inline").unwrap()).unwrap().unwrap().payload, "inline");
    });
}

#[test]
fn a_watcher_woken_by_the_end_may_use_the_store_at_once() {
    within_a_minute(|| {
        let (store, _, inline) = inline();
        store.delete_stream(&StreamName::new("k").unwrap()).unwrap();
        assert_eq!(inline.count.load(Ordering::SeqCst), 1);
        let (store, _, inline) = self::inline();
        store.close().unwrap();
        assert_eq!(inline.count.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_task_woken_by_its_commit_may_use_the_stream_at_once() {
    within_a_minute(|| {
        let (_store, stream, inline) = inline();
        let subject = Subject::new("k.a").unwrap();
        let mut commit = pin!(stream.append(&[Append::put(&subject, b"1")]));
        let waker = Waker::from(Arc::clone(&inline));
        // A thread of the store commits it and calls the waker; whoever waits here must not be forgotten either.
        let mut outcome = commit.as_mut().poll(&mut Context::from_waker(&waker));
        while outcome.is_pending() {
            thread::yield_now();
            outcome = commit.as_mut().poll(&mut Context::from_waker(&waker));
        }
        let Poll::Ready(outcome) = outcome else { unreachable!("it is not pending") };
        assert_eq!(outcome.unwrap().first, 1);
        stream.append(&[Append::put(&subject, b"2")]).wait().unwrap();
    });
}

/// Options with which each of two messages of 400 bytes is committed alone, in a segment of its own.
fn small_segments() -> StoreOptions {
    StoreOptions {
        upkeep: Upkeep::Manual,
        segment_bytes_min: 512,
        segment_bytes_max: 512,
        ..StoreOptions::default()
    }
}

#[test]
fn a_watcher_woken_by_who_waits_for_a_later_commit_may_share_that_commit() {
    within_a_minute(|| {
        let (_store, stream, inline) = inline_with(small_segments());
        let put = |key: &str, bytes: usize| {
            stream.append(&[Append::put(&Subject::new(key).unwrap(), &vec![b'v'; bytes])])
        };
        let (first, second) = (put("k.a", 400), put("k.b", 200));
        assert!(!first.is_done_with(&second), "one commit for both");
        // This thread commits both. Between them it calls the waker, whose message is to be committed with the second.
        assert_eq!(second.wait().unwrap().first, 2);
        assert_eq!(first.wait().unwrap().first, 1);
        assert_eq!(inline.count.load(Ordering::SeqCst), 1);
    });
}

/// A waker that fails.
struct Failing;

impl Wake for Failing {
    fn wake(self: Arc<Self>) {
        std::panic::resume_unwind(Box::new("a waker fails"));
    }
}

#[test]
fn a_waker_that_fails_leaves_nobody_waiting() {
    within_a_minute(|| {
        let store = Store::open(Env::memory(), Path::new("/data"), small_segments()).unwrap();
        let stream = store.create_stream(config("k")).unwrap();
        let put = |key: &str, bytes: usize| {
            stream.append(&[Append::put(&Subject::new(key).unwrap(), &vec![b'v'; bytes])])
        };
        let listener = stream.listen(&[SubjectFilter::all()]);
        let waker = Waker::from(Arc::new(Failing));
        assert!(listener.poll_beyond(&mut Context::from_waker(&waker), 0).is_pending());
        let (first, second, third) = (put("k.a", 400), put("k.b", 100), put("k.c", 100));
        assert!(second.is_done_with(&third) && !first.is_done_with(&second));
        // The thread that is to see to the second and third ends after the first.
        assert!(thread::spawn(|| second.wait()).join().is_err());
        assert_eq!(third.wait().unwrap().first, 3);
        assert_eq!(first.wait().unwrap().first, 1);
    });
}

#[test]
fn a_task_is_answered_when_the_store_closes_first() {
    within_a_minute(|| {
        let (store, stream, inline) = inline();
        let subject = Subject::new("k.a").unwrap();
        let waker = Waker::from(Arc::clone(&inline));
        let mut commit = pin!(stream.append(&[Append::put(&subject, b"1")]));
        let _ = commit.as_mut().poll(&mut Context::from_waker(&waker));
        store.close().unwrap();
        let outcome = commit.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(matches!(outcome, Poll::Ready(Ok(_) | Err(EngineError::Closed))), "{outcome:?}");
    });
}
