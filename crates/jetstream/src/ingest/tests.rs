use super::{Accepted, Incoming, Ingest, PublishError};
use crate::StreamSettings;
use jetkv_engine::{Store, StoreOptions, Stream, Sync, Upkeep};
use jetkv_types::{Operation, StreamName, Subject, SubjectFilter, Timestamp};
use std::time::Duration;

const NOW: Timestamp = Timestamp::from_nanos(1_000_000_000_000_000_000);

struct World {
    _store: Store,
    stream: Stream,
    ingest: Ingest,
}

fn world(change: impl FnOnce(&mut StreamSettings)) -> World {
    let options = StoreOptions { sync: Sync::Os, upkeep: Upkeep::Manual, ..StoreOptions::default() };
    let store = Store::memory(options).unwrap();
    let subjects = vec![SubjectFilter::new("s.>").unwrap()];
    let mut settings = StreamSettings::new(StreamName::new("S").unwrap(), subjects);
    change(&mut settings);
    let stream = store.create_stream(settings.to_engine_for_server().unwrap()).unwrap();
    World { _store: store, ingest: Ingest::new(stream.clone()), stream }
}

fn block(lines: &[(&str, &str)]) -> Vec<u8> {
    let lines: Vec<_> = lines.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    if lines.is_empty() { Vec::new() } else { format!("NATS/1.0\r\n{}\r\n", lines.concat()).into_bytes() }
}

impl World {
    fn raw(
        &self,
        key: &str,
        headers: &[u8],
        payload: &[u8],
        now: Timestamp,
    ) -> Result<Accepted, PublishError> {
        let subject = Subject::new(key).unwrap();
        self.ingest.publish(&Incoming { subject: &subject, headers, payload }, now, &mut |_| true)
    }

    /// Publishes and tells what a client would read: a sequence, `dup <sequence>`, `batch <last> <count>`, or the error.
    fn publish(&self, key: &str, lines: &[(&str, &str)], payload: &[u8]) -> String {
        tell(self.raw(key, &block(lines), payload, NOW))
    }
}

fn tell(accepted: Result<Accepted, PublishError>) -> String {
    let told = || -> Result<String, PublishError> {
        Ok(match accepted? {
            Accepted::Stored { commit, .. } => commit.wait()?.last.to_string(),
            Accepted::Duplicate { sequence, settled } => {
                settled.wait()?;
                format!("dup {sequence}")
            }
            Accepted::Passed { commit, .. } => format!("passed {}", commit.wait()?.last),
            Accepted::Staged => "staged".into(),
            Accepted::BatchStored { commit, count, .. } => format!("batch {} {count}", commit.wait()?.last),
        })
    };
    told().unwrap_or_else(|error| error.to_string())
}

#[test]
fn expectations_are_checked_before_everything_that_follows_them() {
    let world = world(|settings| settings.allow_rollup = true);
    let expect = "Nats-Expected-Last-Subject-Sequence";
    let of_stream = "Nats-Expected-Last-Sequence";
    let other = "Nats-Expected-Last-Subject-Sequence-Subject";
    assert_eq!(world.publish("s.a", &[(expect, "0")], b"1"), "1");
    let rows: [(&[(&str, &str)], &str); 14] = [
        (&[(expect, "0")], "wrong last sequence: 1"),
        (&[(expect, "x")], "wrong last sequence: 1"),
        (&[(expect, "2"), ("Nats-Msg-Id", "i")], "wrong last sequence: 1"),
        (&[(expect, "2"), ("Nats-Rollup", "foo")], "wrong last sequence: 1"),
        (&[(expect, "1"), ("Nats-Rollup", "foo")], "rollup value invalid: \"foo\""),
        (&[(expect, "1"), (of_stream, "7")], "wrong last sequence: 1"),
        (&[(other, "s.*")], "missing sequence for expected last sequence per subject"),
        (&[(expect, "0"), (other, "s.*")], "wrong last sequence: 1"),
        (&[("Nats-Expected-Stream", "T"), (expect, "0")], "expected stream does not match"),
        (&[("Nats-TTL", "1s"), (expect, "0")], "per-message TTL is disabled"),
        (&[("Nats-TTL", "x"), (expect, "0")], "wrong last sequence: 1"),
        (&[("Nats-Expected-Last-Msg-Id", "x")], "wrong last msg ID: "),
        (&[("Nats-Stream-Source", "x")], "message stream source header is not allowed"),
        (&[("Nats-Incr", "+1")], "message counters is disabled"),
    ];
    for (lines, expected) in rows {
        assert_eq!(world.publish("s.a", lines, b""), expected, "{lines:?}");
    }
    assert_eq!(world.publish("s.a", &[(expect, "1"), (of_stream, "1")], b"2"), "2");
    assert_eq!(world.publish("s.b", &[(expect, "2"), (other, "s.*"), (of_stream, "2")], b"3"), "3");
    assert_eq!(world.stream.last_sequence(), 3);
}

#[test]
fn ids_are_remembered_for_the_window_and_across_a_restart() {
    let mut world = world(|settings| settings.duplicate_window = Some(Duration::from_secs(1)));
    let id = &[("Nats-Msg-Id", "i")];
    // The store tells the time by the clock of the machine; ids are as old as their messages.
    assert_eq!(world.publish("s.z", &[], b"z"), "1");
    let base = world.stream.state().last_time;
    let at = |world: &World, millis: u64| {
        let now = base.saturating_add(Duration::from_millis(millis));
        tell(world.raw("s.a", &block(id), b"x", now))
    };
    assert_eq!(at(&world, 0), "2");
    assert_eq!(at(&world, 10), "dup 2");
    assert_eq!(world.publish("s.a", &[("Nats-Expected-Last-Msg-Id", "i")], b"y"), "3");
    world.ingest = Ingest::new(world.stream.clone());
    assert_eq!(at(&world, 10), "dup 2");
    // Messages are stored within a minute of the first one, or this machine is not fit for anything.
    assert_eq!(at(&world, 62_000), "4");
    assert_eq!(at(&world, 62_500), "dup 4");
    world.ingest.forget(&["i".into()]);
    assert_eq!(at(&world, 62_500), "5");
}

#[test]
fn a_short_ttl_is_raised_and_its_header_moved() {
    let world = world(|settings| settings.subject_delete_marker_ttl = Some(Duration::from_secs(5)));
    let lines = [("Nats-TTL", "1s"), ("A", "b")];
    assert_eq!(world.publish("s.a", &lines, b"x"), "1");
    let stored = world.stream.get(1).unwrap().unwrap();
    assert_eq!(&stored.headers.as_block()[..], b"NATS/1.0\r\nA: b\r\nNats-TTL: 5\r\n\r\n");
    assert_eq!(world.publish("s.a", &[("Nats-TTL", "9s"), ("A", "b")], b"x"), "2");
    let stored = world.stream.get(2).unwrap().unwrap();
    assert_eq!(&stored.headers.as_block()[..], b"NATS/1.0\r\nNats-TTL: 9s\r\nA: b\r\n\r\n");
    assert_eq!(world.publish("s.a", &[("Nats-TTL", "0")], b"x"), "invalid per-message TTL");
    assert_eq!(world.publish("s.a", &[("Nats-TTL", "500ms")], b"x"), "invalid per-message TTL");
}

#[test]
fn headers_are_stored_as_they_came() {
    let world = world(|_| {});
    let odd = b"NATS/1.0\r\nKV-Operation:DEL\r\nX:  y \r\n\r\n";
    assert_eq!(tell(world.raw("s.a", odd, b"", NOW)), "1");
    let stored = world.stream.get(1).unwrap().unwrap();
    assert_eq!(&stored.headers.as_block()[..], odd);
    assert_eq!(stored.operation, Operation::Delete);
    assert_eq!(tell(world.raw("s.a", b"NATS/1.0 503 No\r\nX: y\r\n\r\n", b"", NOW)), "2");
    let stored = world.stream.get(2).unwrap().unwrap();
    assert_eq!(&stored.headers.as_block()[..], b"NATS/1.0\r\nX: y\r\n\r\n");
    assert_eq!(tell(world.raw("s.a", b"garbage\r\n\r\n", b"", NOW)), "bad request");
}

#[test]
fn a_batch_is_stored_whole_or_not_at_all() {
    let world = world(|settings| settings.allow_atomic = true);
    let line = |place: &'static str| [("Nats-Batch-Id", "b"), ("Nats-Batch-Sequence", place)];
    let commit = |place: &'static str, word: &'static str| {
        [("Nats-Batch-Id", "b"), ("Nats-Batch-Sequence", place), ("Nats-Batch-Commit", word)]
    };
    assert_eq!(world.publish("s.a", &line("1"), b"1"), "staged");
    assert_eq!(world.publish("s.b", &line("2"), b"2"), "staged");
    assert_eq!(world.stream.last_sequence(), 0);
    assert_eq!(world.publish("s.c", &commit("3", "1"), b"3"), "batch 3 3");
    assert_eq!(world.publish("s.a", &line("1"), b"1"), "staged");
    assert_eq!(world.publish("s.a", &commit("2", "eob"), b""), "batch 4 1");
    assert_eq!(world.publish("s.a", &line("1"), b"1"), "staged");
    assert_eq!(world.publish("s.a", &line("3"), b"1"), "atomic publish batch is incomplete");
    assert_eq!(world.publish("s.a", &line("2"), b"1"), "atomic publish batch is incomplete");
    assert_eq!(world.publish("s.a", &commit("1", "x"), b"1"), "atomic publish batch commit is invalid");
    // One that begins while it is open ends it, and begins nothing.
    assert_eq!(world.publish("s.a", &line("1"), b"1"), "staged");
    assert_eq!(world.publish("s.a", &line("1"), b"1"), "atomic publish batch is incomplete");
    assert_eq!(world.publish("s.a", &commit("2", "1"), b"1"), "atomic publish batch is incomplete");
    let refused = [
        ("Nats-Batch-Id", "b"),
        ("Nats-Batch-Sequence", "2"),
        ("Nats-Batch-Commit", "1"),
        ("Nats-Expected-Last-Subject-Sequence", "9"),
    ];
    assert_eq!(world.publish("s.a", &line("1"), b"1"), "staged");
    assert_eq!(world.publish("s.b", &refused, b"1"), "wrong last sequence: 2");
    assert_eq!(world.stream.last_sequence(), 4);
}

#[test]
fn a_batch_that_nobody_goes_on_with_is_dropped() {
    let world = world(|settings| settings.allow_atomic = true);
    let line = |place: &'static str| block(&[("Nats-Batch-Id", "b"), ("Nats-Batch-Sequence", place)]);
    assert_eq!(tell(world.raw("s.a", &line("1"), b"1", NOW)), "staged");
    let late = NOW.saturating_add(Duration::from_secs(10));
    assert_eq!(world.ingest.expire_batches(NOW), Some(late));
    assert_eq!(tell(world.raw("s.a", &line("2"), b"1", late)), "atomic publish batch is incomplete");
    assert_eq!(world.ingest.expire_batches(late), None);
}

#[test]
fn a_purge_of_a_literal_wildcard_asks_for_more() {
    let world = world(|settings| settings.allow_rollup = true);
    let purge = block(&[("KV-Operation", "PURGE"), ("Nats-Rollup", "sub")]);
    let Ok(Accepted::Stored { also_purge, .. }) = world.raw("s.a.*", &purge, b"", NOW) else { panic!() };
    assert_eq!(also_purge, SubjectFilter::new("s.a.*").ok());
}

#[test]
fn of_several_things_that_are_wrong_the_first_of_the_reference_is_told() {
    let world = world(|settings| settings.max_msg_size = Some(200));
    assert_eq!(world.publish("s.a", &[("Nats-Msg-Id", "i")], b"1"), "1");
    let long = "x".repeat(200);
    let rows: [(&[(&str, &str)], &str); 9] = [
        (&[("X", &long), ("Nats-Msg-Id", "i")], "message size exceeds maximum allowed"),
        (&[("X", &long), ("Nats-Expected-Stream", "T")], "message size exceeds maximum allowed"),
        (&[("Nats-Scheduler", "x"), ("Nats-Msg-Id", "i")], "message schedules invalid scheduler"),
        (&[("Nats-Schedule-Next", "x"), ("Nats-Stream-Source", "x")], "message schedules invalid scheduler"),
        (&[("Nats-Expected-Last-Msg-Id", "x"), ("Nats-Rollup", "sub")], "wrong last msg ID: i"),
        (&[("Nats-Expected-Last-Msg-Id", "x"), ("Nats-TTL", "x")], "wrong last msg ID: i"),
        (&[("Nats-TTL", "99999999999999999999")], "per-message TTL is disabled"),
        // The first line of a name counts, also if it says nothing.
        (&[("Nats-Expected-Stream", ""), ("Nats-Expected-Stream", "T")], "2"),
        (&[("Nats-Expected-Last-Msg-Id", "i")], "wrong last msg ID: "),
    ];
    for (lines, expected) in rows {
        assert_eq!(world.publish("s.a", lines, b""), expected, "{lines:?}");
    }
}

#[test]
fn the_id_of_the_last_message_is_known_when_that_is_purged() {
    let world = world(|_| {});
    assert_eq!(world.publish("s.a", &[("Nats-Msg-Id", "i")], b"1"), "1");
    world.stream.purge(&jetkv_engine::Purge { filter: None, below: None, keep: None }).unwrap();
    assert_eq!(world.publish("s.a", &[("Nats-Expected-Last-Msg-Id", "i")], b"2"), "2");
}

#[test]
fn a_literal_wildcard_expects_of_all_that_it_matches() {
    let world = world(|_| {});
    let expect = |sequence: &'static str| [("Nats-Expected-Last-Subject-Sequence", sequence)];
    assert_eq!(world.publish("s.a", &[], b""), "1");
    assert_eq!(world.publish("s.b.c", &[], b""), "2");
    assert_eq!(world.publish("s.>", &expect("0"), b""), "wrong last sequence: 2");
    assert_eq!(world.publish("s.*", &expect("0"), b""), "wrong last sequence: 1");
    assert_eq!(world.publish("s.*", &expect("1"), b""), "3");
    // A token that only holds a wildcard matches nothing but itself.
    assert_eq!(world.publish("s.a*", &expect("0"), b""), "4");
}

#[test]
fn what_is_no_subject_has_no_last_sequence() {
    let world = world(|_| {});
    let expect = |sequence: &'static str| {
        let name = "Nats-Expected-Last-Subject-Sequence";
        [("Nats-Expected-Last-Subject-Sequence-Subject", "s..a"), (name, sequence)]
    };
    assert_eq!(world.publish("s.a", &expect("9"), b""), "wrong last sequence: 0");
    assert_eq!(world.publish("s.a", &expect("0"), b""), "1");
}

/// Publishes messages as one batch, and tells how it ends.
fn batch(world: &World, messages: &[(&str, &[(&str, &str)])], end: &str) -> String {
    for (index, (key, lines)) in messages.iter().enumerate() {
        let place = (index + 1).to_string();
        let mut lines = [&[("Nats-Batch-Id", "b"), ("Nats-Batch-Sequence", &place)], *lines].concat();
        if index + 1 == messages.len() {
            lines.push(("Nats-Batch-Commit", end));
            return world.publish(key, &lines, b"x");
        }
        assert_eq!(world.publish(key, &lines, b"x"), "staged");
    }
    unreachable!("a batch has messages")
}

#[test]
fn what_is_wrong_with_a_message_of_a_batch_is_told_when_it_ends() {
    let world = world(|settings| {
        (settings.allow_atomic, settings.allow_msg_ttl, settings.allow_rollup) = (true, true, true);
    });
    let of_subject = "Nats-Expected-Last-Subject-Sequence";
    let of_stream = "Nats-Expected-Last-Sequence";
    type Messages<'a> = &'a [(&'a str, &'a [(&'a str, &'a str)])];
    let rows: [(Messages<'_>, &str); 12] = [
        (&[("s.a", &[("Nats-TTL", "x")]), ("s.b", &[])], "invalid per-message TTL"),
        (&[("s.a", &[("Nats-Expected-Stream", "T")]), ("s.b", &[])], "expected stream does not match"),
        (
            &[("s.a", &[("Nats-Expected-Last-Msg-Id", "x")]), ("s.b", &[])],
            "atomic publish unsupported header used: Nats-Expected-Last-Msg-Id",
        ),
        (&[("s.a", &[(of_subject, "9")]), ("s.b", &[("Nats-TTL", "x")])], "wrong last sequence: 0"),
        (&[("s.a", &[]), ("s.a", &[(of_subject, "1")])], "wrong last sequence"),
        (&[("s.a", &[]), ("s.b", &[(of_stream, "1")])], "wrong last sequence"),
        (&[("s.a", &[]), ("s.b", &[(of_stream, "0")])], "wrong last sequence: 1"),
        (&[("s.a", &[]), ("s.b", &[("Nats-Rollup", "all")])], "batch rollup all invalid"),
        (&[("s.a", &[]), ("s.a", &[("Nats-Rollup", "sub")])], "batch rollup sub invalid"),
        (
            &[("s.a", &[("Nats-Msg-Id", "i")]), ("s.b", &[("Nats-Msg-Id", "i")])],
            "atomic publish batch contains duplicate message id",
        ),
        (&[("s.a", &[(of_stream, "0")]), ("s.b", &[])], "batch 2 2"),
        (&[("s.a", &[("Nats-Rollup", "all")]), ("s.b", &[])], "batch 4 2"),
    ];
    for (messages, expected) in rows {
        assert_eq!(batch(&world, messages, "1"), expected, "{messages:?}");
    }
    // Without an id it is no batch.
    assert_eq!(world.publish("s.a", &[("Nats-Batch-Sequence", "1")], b""), "5");
    let line = |place: &'static str| [("Nats-Batch-Id", "b"), ("Nats-Batch-Sequence", place)];
    assert_eq!(world.publish("s.a", &line("0"), b""), "atomic publish batch is incomplete");
    assert_eq!(world.publish("s.a", &line("+1"), b""), "atomic publish sequence is missing");
    assert_eq!(world.publish("s.a", &line("1001"), b""), "atomic publish batch is too large: 1000");
}

#[test]
fn the_last_message_before_the_end_mark_of_a_batch_says_that_it_is_the_last() {
    let world = world(|settings| settings.allow_atomic = true);
    assert_eq!(batch(&world, &[("s.a", &[]), ("s.b", &[])], "eob"), "batch 1 1");
    let stored = world.stream.get(1).unwrap().unwrap();
    assert_eq!(stored.headers.get("Nats-Batch-Commit"), Some("1"));
}
