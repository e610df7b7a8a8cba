//! Copies between the embedded place and servers, there and back: equal, also if they were interrupted.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use jetkv::blocking::{JetStream, KeyValue};
use jetkv::{
    BucketCopy, ConnectOptions, CopiedRevisions, CopyOptions, CopyStep, Entry, KeyValueConfig, Operation,
    Timestamp, WatchOptions, Write, WriteOptions,
};
use places::{Account, Served};
use pollster::block_on;
use std::time::Duration;
use testkit::Rng;

/// Whether revisions and times are compared as well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compare {
    All,
    Content,
}

#[test]
fn a_copy_to_our_server_and_back_keeps_everything() {
    let server = Served::start().unwrap();
    there_and_back(&JetStream::connect(&server.url()).unwrap());
}

#[test]
#[ignore = "needs the reference server"]
fn a_copy_to_the_reference_and_back_keeps_everything() {
    let server = places::reference().unwrap();
    there_and_back(&connect(&server.url()));
}

/// Where a bucket cannot come as a whole, it is written entry by entry, and goes on where it was.
#[test]
fn a_copy_entry_by_entry_goes_on_where_it_was_interrupted() {
    let (_server, to) = entry_by_entry();
    in_pieces_and_back(&to, CopyOptions::new());
}

#[test]
fn a_copy_whose_last_entries_are_gone_goes_on_behind_what_is_left() {
    let (_server, to) = entry_by_entry();
    let from = JetStream::memory().unwrap();
    let source = from.create_key_value(KeyValueConfig::new("b")).unwrap();
    source.put("a", "1").unwrap();
    source.put("b", "2").unwrap();
    source.delete("b").unwrap();
    catch_up(&mut open(&source, &to, CopyOptions::new()));
    let target = to.key_value("b").unwrap();
    target.purge_deletes(Duration::ZERO).unwrap();
    source.put("c", "3").unwrap();
    let mut copy = open(&source, &to, CopyOptions::new());
    assert_eq!(copy.position(), 1);
    catch_up(&mut copy);
    // The marker comes once more, as it may have been gone before it came.
    assert_eq!((copy.entries(), copy.position()), (2, 4));
    assert_equal(&source, &target, Compare::Content);

    // What somebody else has written is between, and not behind what came.
    target.put("mine", "1").unwrap();
    let refused = block_on(BucketCopy::open(&source.to_async(), &to.to_async(), "b"));
    assert!(matches!(refused, Err(jetkv::KvError::InvalidConfig { .. })), "{refused:?}");
    target.purge("mine").unwrap();
    target.purge_deletes(Duration::ZERO).unwrap();
    assert_eq!(open(&source, &to, CopyOptions::new()).position(), 4);
}

#[test]
fn a_copy_that_is_there_says_that_it_keeps_its_replicas() {
    let server = Served::start().unwrap();
    let to = JetStream::connect(&server.url()).unwrap();
    let from = JetStream::memory().unwrap();
    let source = source(&from, 10);
    catch_up(&mut open(&source, &to, CopyOptions::new()));
    assert!(open(&source, &to, CopyOptions::new().replicas(1)).changed().is_empty());
    let again = open(&source, &to, CopyOptions::new().replicas(3));
    assert_eq!(again.changed(), ["it was there already, with replicas 1 instead of 3"]);
}

/// Starts a server that is reached through a domain, so that nothing comes to it as a whole.
fn entry_by_entry() -> (Served, JetStream) {
    let server = Served::start_with(|options| {
        if let Some(jetstream) = &mut options.jetstream {
            jetstream.domain = Some("hub".into());
        }
    });
    let server = server.unwrap();
    let to = JetStream::connect_with(ConnectOptions::new(server.url()).domain("hub")).unwrap();
    (server, to)
}

#[test]
#[ignore = "needs the reference server"]
fn a_copy_to_a_cluster_goes_on_where_it_was_interrupted() {
    let cluster = places::cluster().unwrap();
    in_pieces_and_back(&connect(&cluster.urls()), CopyOptions::new().replicas(3));
}

fn in_pieces_and_back(to: &JetStream, options: CopyOptions) {
    let from = JetStream::memory().unwrap();
    let source = source(&from, 3_000);
    let mut copied = Vec::new();
    while copied.last() != Some(&0) {
        // Each time it comes a little further.
        let mut copy = open(&source, to, options);
        assert_eq!(copy.revisions(), CopiedRevisions::New);
        block_on(copy.advance()).unwrap();
        copied.push(copy.entries());
    }
    assert!(copied.len() >= 3, "{copied:?}");
    let target = to.key_value("b").unwrap();
    assert_equal(&source, &target, Compare::Content);
    let kept = u64::try_from(entries(&source).len()).unwrap();
    assert_eq!((copied.iter().sum::<u64>(), target.status().unwrap().last_revision), (kept, kept));
    assert_eq!(target.status().unwrap().config.replicas, if options == CopyOptions::new() { 1 } else { 3 });
    let back = JetStream::memory().unwrap();
    catch_up(&mut open(&target, &back, CopyOptions::new()));
    assert_equal(&target, &back.key_value("b").unwrap(), Compare::All);
    assert_equal(&source, &back.key_value("b").unwrap(), Compare::Content);
}

#[test]
fn a_server_that_has_such_a_bucket_keeps_it() {
    let server = Served::start().unwrap();
    let to = JetStream::connect(&server.url()).unwrap();
    to.create_key_value(KeyValueConfig::new("b")).unwrap().put("mine", "1").unwrap();
    let from = JetStream::memory().unwrap();
    let source = source(&from, 10);
    let refused = block_on(BucketCopy::open(&source.to_async(), &to.to_async(), "b"));
    assert!(matches!(refused, Err(jetkv::KvError::BucketExists { .. })), "{refused:?}");
    assert_eq!(to.key_value("b").unwrap().keys().unwrap(), ["mine"]);
}

fn there_and_back(server: &JetStream) {
    let options = CopyOptions::new();
    let from = JetStream::memory().unwrap();
    let source = source(&from, 3_000);

    // One that is interrupted has left nothing behind.
    let mut interrupted = open(&source, server, options);
    block_on(interrupted.advance()).unwrap();
    drop(interrupted);
    let mut copy = open(&source, server, options);
    catch_up(&mut copy);
    assert_eq!(copy.revisions(), CopiedRevisions::Kept, "{:?}", copy.changed());
    assert!(copy.changed().is_empty(), "{:?}", copy.changed());
    assert_eq!((copy.entries(), copy.position()), (count(&source), source.status().unwrap().last_revision));
    let target = server.key_value("b").unwrap();
    assert_equal(&source, &target, Compare::All);
    let (there, here) = (target.status().unwrap(), source.status().unwrap());
    assert_eq!((there.last_revision, there.values), (here.last_revision, here.values));
    assert_eq!((there.config.history, there.config.ttl), (here.config.history, here.config.ttl));

    // Nothing is copied twice, and what comes later is written behind it.
    source.put("later", "1").unwrap();
    source.delete("k.1").unwrap();
    let mut copy = open(&source, server, options);
    catch_up(&mut copy);
    assert_eq!(copy.entries(), 2);
    let mut again = open(&source, server, options);
    catch_up(&mut again);
    assert_eq!(again.entries(), 0);
    assert_equal(&source, &target, Compare::Content);

    let directory = tempfile::tempdir().unwrap();
    let back = JetStream::open(directory.path()).unwrap();
    let mut copy = open(&target, &back, CopyOptions::new());
    block_on(copy.advance()).unwrap();
    drop(copy);
    let mut copy = open(&target, &back, CopyOptions::new());
    catch_up(&mut copy);
    assert_eq!(copy.revisions(), CopiedRevisions::Kept);
    assert_equal(&target, &back.key_value("b").unwrap(), Compare::All);
    assert_equal(&source, &back.key_value("b").unwrap(), Compare::Content);
    // It lives on as the bucket that it was.
    let revision = back.key_value("b").unwrap().put("k.1", "new").unwrap();
    assert_eq!(revision, target.status().unwrap().last_revision + 1);
    server.delete_key_value("b").unwrap();
}

/// Fills a bucket with histories, markers, headers, times to live and gaps.
fn source(js: &JetStream, writes: usize) -> KeyValue {
    let config = KeyValueConfig::new("b").history(3).ttl(Duration::from_secs(400_000_000));
    let kv = js.create_key_value(config.description("to be copied")).unwrap();
    let mut rng = Rng::new(3);
    let mut batch = Vec::new();
    for number in 0..writes {
        let key = format!("k.{}", rng.below(400));
        let value = format!("value {number}");
        let options = WriteOptions::new().header("Number", number.to_string()).header("A", "b");
        batch.push(match rng.below(12) {
            0 => Write::delete(key),
            1 => Write::purge(key),
            2 => Write::put(key, value).with_options(options.never_expires()),
            3 => Write::put(key, value).with_options(options.ttl(Duration::from_secs(300_000_000))),
            4..8 => Write::put(key, value).with_options(options),
            _ => Write::put(key, value),
        });
        if batch.len() == 100 {
            kv.batch(std::mem::take(&mut batch)).unwrap();
        }
    }
    if !batch.is_empty() {
        kv.batch(batch).unwrap();
    }
    // The last revision given out is no longer there.
    kv.put("gone", "1").unwrap();
    kv.purge("gone").unwrap();
    kv.purge_deletes(Duration::ZERO).unwrap();
    kv
}

fn open(from: &KeyValue, to: &JetStream, options: CopyOptions) -> BucketCopy {
    block_on(BucketCopy::open_with(&from.to_async(), &to.to_async(), "b", options)).unwrap()
}

fn catch_up(copy: &mut BucketCopy) {
    while block_on(copy.advance()).unwrap() != CopyStep::CaughtUp {}
}

fn connect(urls: &str) -> JetStream {
    let account = Account::next();
    let (user, password) = account.login();
    let options =
        ConnectOptions::new(urls).user_and_password(user, password).timeout(Duration::from_secs(20));
    // A cluster that has just been started has no leader yet.
    for _ in 0..20 {
        if let Ok(js) = JetStream::connect_with(options.clone()) {
            return js;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    JetStream::connect_with(options).unwrap()
}

fn count(kv: &KeyValue) -> u64 {
    kv.status().unwrap().values
}

fn entries(kv: &KeyValue) -> Vec<Entry> {
    kv.history_with(">", WatchOptions::new()).unwrap()
}

type Line = (String, Operation, String, Vec<(String, String)>, Option<(u64, Timestamp)>);

fn assert_equal(left: &KeyValue, right: &KeyValue, compare: Compare) {
    let lines =
        |kv: &KeyValue| -> Vec<Line> { entries(kv).iter().map(|entry| line(entry, compare)).collect() };
    let (left, right) = (lines(left), lines(right));
    assert_eq!(left.len(), right.len());
    for (left, right) in left.iter().zip(&right) {
        assert_eq!(left, right);
    }
}

/// Connections do not keep the order of headers. What is left of a time to live is a matter of time, and a marker has words of its own.
fn line(entry: &Entry, compare: Compare) -> Line {
    let all = compare == Compare::All;
    let own = |name: &str| {
        all || !(name.starts_with("Nats-") || name == "KV-Operation" || name.starts_with("Jetkv-"))
    };
    let pairs = entry.headers.iter().filter(|(name, _)| own(name));
    let mut headers: Vec<_> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    headers.sort_unstable();
    let place = all.then_some((entry.revision, entry.created));
    (entry.key.clone(), entry.operation, entry.value_str().unwrap().to_owned(), headers, place)
}
