//! A refusal that rests on a message that is being synced is told when that message is durable, not before.

use jetkv_engine::env::{Env, MemFs};
use jetkv_engine::{Append, EngineError, Expect, Store, StoreOptions, StreamConfig, Upkeep};
use jetkv_types::{StreamName, Subject, SubjectFilter};
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::thread;
use testkit::{Gate, TapFs};

#[test]
fn a_refusal_waits_for_what_it_rests_on() {
    let gate = Gate::default();
    let env = Env { fs: Arc::new(TapFs::gated(MemFs::new(), &gate)), ..Env::memory() };
    let options = StoreOptions { upkeep: Upkeep::Manual, ..StoreOptions::default() };
    let store = Store::open(env, Path::new("/data"), options).unwrap();
    let filters = vec![SubjectFilter::new("k.>").unwrap()];
    let stream = store.create_stream(StreamConfig::new(StreamName::new("k").unwrap(), filters)).unwrap();
    let key = Subject::new("k.a").unwrap();
    // The first append makes the files of the segment.
    stream.append(&[Append::put(&key, b"1")]).wait().unwrap();
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
