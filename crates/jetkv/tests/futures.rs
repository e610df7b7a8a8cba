//! The `async` face: futures and watchers can move between threads, are woken, and work as streams.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use futures_core::Stream;
use jetkv::{JetStream, KeyValue, KeyValueConfig, KeyValueManager, KvError, WatchEvent, Watcher, Write};
use pollster::block_on;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread;

async fn bucket() -> KeyValue {
    let js = JetStream::memory().await.unwrap();
    js.create_key_value(KeyValueConfig::new("b").history(8)).await.unwrap()
}

fn key(event: Option<Result<WatchEvent, KvError>>) -> String {
    match event.unwrap().unwrap() {
        WatchEvent::Entry(entry) => entry.key,
        WatchEvent::EndOfInitial => "END".into(),
    }
}

#[test]
fn handles_and_futures_can_move_between_threads() {
    fn assert_send_sync<T: Send + Sync>() {}
    fn assert_send<T: Send>(_: &T) {}
    assert_send_sync::<JetStream>();
    assert_send_sync::<KeyValueManager>();
    assert_send_sync::<KeyValue>();
    assert_send_sync::<Watcher>();
    assert_send_sync::<KvError>();
    let js = block_on(JetStream::memory()).unwrap();
    let kv = block_on(js.create_key_value(KeyValueConfig::new("b"))).unwrap();
    assert_send(&JetStream::open("somewhere"));
    assert_send(&js.key_value("b"));
    assert_send(&js.check(|_| {}));
    assert_send(&js.repair());
    assert_send(&js.key_value_statuses());
    assert_send(&kv.put("k", "1"));
    assert_send(&kv.batch(Vec::new()));
    assert_send(&kv.history("k"));
    assert_send(&kv.keys_matching(&["a"]));
    assert_send(&kv.count("a"));
    assert_send(&kv.purge_deletes(jetkv::PURGE_DELETES_OLDER_THAN_DEFAULT));
    let mut watcher = block_on(kv.watch_all()).unwrap();
    assert_send(&watcher.next());
}

#[test]
fn the_async_functions_do_what_the_blocking_ones_do() {
    block_on(async {
        let kv = bucket().await;
        let revision = kv.put("k", "1").await.unwrap();
        let revision = kv.update("k", "2", revision).await.unwrap();
        assert!(matches!(kv.create("k", "3").await, Err(KvError::KeyExists { revision: 2, .. })));
        kv.delete_if("k", revision).await.unwrap();
        assert_eq!(kv.batch(vec![Write::create("k", "4"), Write::put("l", "5")]).await.unwrap(), [4, 5]);
        let refused = kv.batch(vec![Write::put("x", "1"), Write::create("l", "6")]).await;
        assert!(matches!(refused, Err(KvError::KeyExists { key, .. }) if key == "l"));
        assert_eq!(kv.history("k").await.unwrap().len(), 4);
        assert_eq!(kv.keys().await.unwrap(), ["k", "l"]);
    });
}

#[test]
fn writes_of_one_thread_run_side_by_side() {
    let kv = block_on(bucket());
    let mut writes: Vec<_> = (0..10_u8).map(|number| Box::pin(kv.put("k", [number]))).collect();
    let revisions = block_on(poll_fn(|cx| {
        let mut revisions = Vec::new();
        for write in &mut writes {
            match write.as_mut().poll(cx) {
                Poll::Ready(revision) => revisions.push(revision.unwrap()),
                Poll::Pending => {}
            }
        }
        // Each is polled to its end once; none is polled again, since all end at the latest here.
        if revisions.len() == 10 { Poll::Ready(revisions) } else { Poll::Ready(Vec::new()) }
    }));
    drop(writes);
    assert!(revisions.is_empty() || revisions == (1..=10).collect::<Vec<_>>());
    // A write whose future was dropped is done all the same.
    block_on(kv.put("last", "")).unwrap();
    assert_eq!(block_on(kv.entry("last")).unwrap().unwrap().revision, 11);
}

#[test]
fn a_waiting_watcher_is_woken() {
    let kv = block_on(bucket());
    let mut watcher = block_on(kv.watch("a")).unwrap();
    assert_eq!(key(block_on(watcher.next())), "END");
    let waiting = thread::spawn(move || key(block_on(watcher.next())));
    block_on(async {
        kv.put("b", "1").await.unwrap();
        kv.put("a", "1").await.unwrap();
    });
    assert_eq!(waiting.join().unwrap(), "a");
}

#[test]
fn a_watcher_is_a_stream() {
    let kv = block_on(bucket());
    block_on(kv.put("a", "1")).unwrap();
    let mut watcher = block_on(kv.watch_all()).unwrap();
    let mut next = || block_on(poll_fn(|cx| Pin::new(&mut watcher).poll_next(cx)));
    assert_eq!((key(next()), key(next())), ("a".into(), "END".into()));
}

#[test]
fn polling_an_idle_watcher_is_pending() {
    let kv = block_on(bucket());
    let mut watcher = block_on(kv.watch_all()).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(watcher.poll_next_event(&mut cx), Poll::Ready(Some(Ok(WatchEvent::EndOfInitial)))));
    assert!(watcher.poll_next_event(&mut cx).is_pending());
    watcher.stop();
    assert!(matches!(watcher.poll_next_event(&mut cx), Poll::Ready(None)));
}
