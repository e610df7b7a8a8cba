//! What a stream does when nothing goes wrong: appends, expectations, limits, removal, reopening.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
use jetkv_engine::env::Env;
use jetkv_engine::{
    Append, Commit, Discard, EngineError, Expect, Keeping, LimitMarker, Origin, Purge, Rollup, Select, Store,
    StoreOptions, Stream, StreamConfig, Sync, Ttl, Upkeep,
};
use jetkv_types::{Headers, MarkerReason, Operation, StreamName, Subject, SubjectFilter, Timestamp};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use testkit::{DiskModel, ManualClock, SeededEntropy, SimFs};

struct World {
    fs: SimFs,
    clock: ManualClock,
    store: Store,
}

fn options() -> StoreOptions {
    StoreOptions {
        sync: Sync::Always,
        upkeep: Upkeep::Manual,
        segment_bytes_min: 512,
        segment_bytes_max: 2048,
        reserve_bytes: 4096,
        recent_bytes_max: 4096,
        // A few blocks.
        cache_bytes: 1_000,
        cache_block_bytes: 128,
    }
}

fn env(fs: &SimFs, clock: &ManualClock) -> Env {
    Env { fs: Arc::new(fs.clone()), clock: Arc::new(clock.clone()), entropy: Arc::new(SeededEntropy::new(7)) }
}

impl World {
    fn new() -> Self {
        let fs = SimFs::new(DiskModel::Posix);
        let clock = ManualClock::new(Timestamp::from_nanos(1_000_000_000_000));
        let store = Store::open(env(&fs, &clock), Path::new("/data"), options()).unwrap();
        Self { fs, clock, store }
    }

    fn reopen(&mut self) {
        self.store.close().unwrap();
        self.store = Store::open(env(&self.fs, &self.clock), Path::new("/data"), options()).unwrap();
        assert_eq!(self.store.damages(), []);
    }

    fn kill(&mut self) {
        self.fs = self.fs.kill();
        self.store = Store::open(env(&self.fs, &self.clock), Path::new("/data"), options()).unwrap();
        assert_eq!(self.store.damages(), []);
    }

    fn stream(&self) -> Stream {
        self.store.stream(&StreamName::new("S").unwrap()).unwrap()
    }

    fn create(&self, change: impl FnOnce(&mut StreamConfig)) -> Stream {
        let subjects = vec![SubjectFilter::new("k.>").unwrap()];
        let mut config = StreamConfig::new(StreamName::new("S").unwrap(), subjects);
        change(&mut config);
        self.store.create_stream(config).unwrap()
    }
}

fn subject(text: &str) -> Subject {
    Subject::new(text).unwrap()
}

fn put(stream: &Stream, key: &str, value: &str) -> u64 {
    stream.append(&[Append::put(&subject(key), value.as_bytes())]).wait().unwrap().last
}

fn expecting(stream: &Stream, key: &str, value: &str, expect: Expect<'_>) -> Result<u64, EngineError> {
    let subject = subject(key);
    let commit: Commit = stream.append(&[Append { expect, ..Append::put(&subject, value.as_bytes()) }]);
    commit.wait().map(|committed| committed.last)
}

fn value(stream: &Stream, key: &str) -> Option<String> {
    let message = stream.last(&subject(key)).unwrap()?;
    Some(String::from_utf8(message.payload.to_vec()).unwrap())
}

#[test]
fn messages_survive_a_clean_stop_and_a_kill() {
    let mut world = World::new();
    let stream = world.create(|config| config.messages_per_subject_max = Some(2));
    for n in 0..200 {
        put(&stream, &format!("k.{}", n % 7), &format!("value {n}"));
    }
    let state = stream.state();
    for round in 0..3 {
        if round == 1 {
            world.kill()
        } else {
            world.reopen()
        }
        let stream = world.stream();
        assert_eq!(stream.state().messages, state.messages);
        assert_eq!(stream.state().bytes, state.bytes);
        assert_eq!(stream.state().last_sequence, 200);
        assert_eq!(stream.state().last_time, state.last_time);
        assert_eq!(value(&stream, "k.3").as_deref(), Some("value 199"));
        assert_eq!(stream.revisions(&subject("k.3")).unwrap(), [193, 200]);
        assert_eq!(stream.get(193).unwrap().unwrap().payload, "value 192");
        assert!(stream.get(186).unwrap().is_none());
    }
}

#[test]
fn expectations_hold_against_the_last_message_of_the_subject() {
    let world = World::new();
    let stream = world.create(|config| config.messages_per_subject_max = Some(1));
    assert_eq!(expecting(&stream, "k.a", "1", Expect::NoValue).unwrap(), 1);
    let error = expecting(&stream, "k.a", "2", Expect::NoValue).unwrap_err();
    assert!(matches!(error, EngineError::HasValue { found: 1, .. }), "{error}");
    assert_eq!(expecting(&stream, "k.a", "2", Expect::LastOfSubject(1)).unwrap(), 2);
    let error = expecting(&stream, "k.a", "3", Expect::LastOfSubject(1)).unwrap_err();
    assert!(matches!(error, EngineError::WrongLastSequence { expected: 1, found: 2, .. }), "{error}");
    let error = expecting(&stream, "k.b", "3", Expect::LastOfSubject(9)).unwrap_err();
    assert!(matches!(error, EngineError::WrongLastSequence { expected: 9, found: 0, .. }), "{error}");
    let any = SubjectFilter::new("k.*").unwrap();
    assert_eq!(expecting(&stream, "k.b", "3", Expect::LastMatching(&any, 2)).unwrap(), 3);
    assert_eq!(expecting(&stream, "k.b", "3", Expect::LastOfStream(3)).unwrap(), 4);
}

#[test]
fn a_batch_is_stored_whole_or_not_at_all() {
    let mut world = World::new();
    let stream = world.create(|config| config.messages_per_subject_max = Some(5));
    put(&stream, "k.a", "0");
    let (a, b) = (subject("k.a"), subject("k.b"));
    let refused = stream.append(&[
        Append::put(&a, b"1"),
        Append { expect: Expect::LastOfSubject(2), ..Append::put(&a, b"2") },
        Append { expect: Expect::LastOfSubject(7), ..Append::put(&b, b"3") },
    ]);
    assert!(refused.wait().is_err());
    assert_eq!(stream.state().messages, 1);
    let stored = stream.append(&[
        Append::put(&a, b"1"),
        Append { expect: Expect::LastOfSubject(2), ..Append::put(&a, b"2") },
        Append { expect: Expect::NoValue, ..Append::put(&b, b"3") },
    ]);
    assert_eq!(stored.wait().unwrap().first, 2);
    world.kill();
    assert_eq!(world.stream().revisions(&a).unwrap(), [1, 2, 3]);
    assert_eq!(value(&world.stream(), "k.b").as_deref(), Some("3"));
}

#[test]
fn a_rollup_leaves_one_message_and_it_stays_so() {
    let mut world = World::new();
    let stream = world.create(|config| config.messages_per_subject_max = Some(5));
    for n in 0..4 {
        put(&stream, "k.a", &n.to_string());
    }
    put(&stream, "k.b", "b");
    let a = subject("k.a");
    let purge = Append { rollup: Rollup::Subject, operation: Operation::Purge, ..Append::put(&a, b"") };
    stream.append(&[purge]).wait().unwrap();
    assert_eq!(stream.revisions(&a).unwrap(), [6]);
    world.store.compact().unwrap();
    world.kill();
    assert_eq!(world.stream().revisions(&a).unwrap(), [6]);
    assert_eq!(world.stream().subject_state(&a).unwrap().unwrap().operation, Operation::Purge);
    let all = Append { rollup: Rollup::Stream, ..Append::put(&a, b"all") };
    world.stream().append(&[all]).wait().unwrap();
    assert_eq!(world.stream().state().messages, 1);
    world.reopen();
    assert_eq!(world.stream().state().messages, 1);
    assert_eq!(value(&world.stream(), "k.a").as_deref(), Some("all"));
}

#[test]
fn limits_refuse_or_drop_as_the_policy_says() {
    let world = World::new();
    let stream = world.create(|config| {
        config.messages_max = Some(3);
        config.discard = Discard::Old;
    });
    for n in 0..10 {
        put(&stream, &format!("k.{n}"), "v");
    }
    assert_eq!((stream.state().messages, stream.state().first_sequence), (3, 8));
    let mut config = (*stream.config()).clone();
    config.discard = Discard::New;
    world.store.update_stream(config).unwrap();
    let error = stream.append(&[Append::put(&subject("k.x"), b"v")]).wait().unwrap_err();
    assert!(matches!(error, EngineError::LimitReached { .. }), "{error}");
    let error = stream.append(&[Append::put(&subject("other"), b"v")]).wait().unwrap_err();
    assert!(matches!(error, EngineError::SubjectNotCaptured { .. }), "{error}");
}

#[test]
fn a_lower_history_trims_and_a_higher_one_brings_nothing_back() {
    let mut world = World::new();
    let stream = world.create(|config| config.messages_per_subject_max = Some(5));
    for n in 0..5 {
        put(&stream, "k.a", &n.to_string());
    }
    for max in [2, 5] {
        let mut config = (*world.stream().config()).clone();
        config.messages_per_subject_max = Some(max);
        world.store.update_stream(config).unwrap();
        assert_eq!(world.stream().revisions(&subject("k.a")).unwrap(), [4, 5]);
        world.kill();
        assert_eq!(world.stream().revisions(&subject("k.a")).unwrap(), [4, 5]);
    }
}

#[test]
fn purges_and_removals_stay_done_after_compaction_and_kills() {
    let mut world = World::new();
    let stream = world.create(|config| config.messages_per_subject_max = Some(3));
    for n in 0..60 {
        put(&stream, &format!("k.{}", n % 5), &format!("a rather long value {n}"));
    }
    let filter = Some(SubjectFilter::new("k.1").unwrap());
    assert_eq!(stream.purge(&Purge { filter: filter.clone(), keep: Some(1), below: None }).unwrap(), 2);
    assert_eq!(stream.purge(&Purge { filter, ..Purge::default() }).unwrap(), 1);
    let last = *stream.revisions(&subject("k.2")).unwrap().last().unwrap();
    assert!(stream.remove(last).unwrap());
    assert!(!stream.remove(last).unwrap());
    assert_eq!(stream.purge(&Purge { below: Some(50), ..Purge::default() }).unwrap(), 3);
    let expected: Vec<_> = (0..5).map(|n| stream.revisions(&subject(&format!("k.{n}"))).unwrap()).collect();
    for round in 0..4 {
        if round % 2 == 0 {
            world.store.compact().unwrap();
        }
        if round < 2 {
            world.kill()
        } else {
            world.reopen()
        }
        world.store.run_upkeep().unwrap();
        let stream = world.stream();
        let found: Vec<_> = (0..5).map(|n| stream.revisions(&subject(&format!("k.{n}"))).unwrap()).collect();
        assert_eq!(found, expected, "round {round}");
    }
    let left = world.stream().state().messages;
    assert_eq!(world.stream().purge(&Purge::default()).unwrap(), left);
    assert_eq!((world.stream().state().messages, world.stream().state().first_sequence), (0, 61));
}

#[test]
fn messages_expire_by_their_own_time_and_by_age_and_leave_markers() {
    let mut world = World::new();
    let headers = Headers::from_pairs([("Nats-Marker-Reason", "MaxAge")]).unwrap();
    let stream = world.create(|config| {
        config.messages_per_subject_max = Some(3);
        config.limit_marker = Some(LimitMarker { ttl: Duration::from_secs(5), headers });
    });
    let (a, b) = (subject("k.a"), subject("k.b"));
    put(&stream, "k.a", "for ever");
    stream
        .append(&[Append { ttl: Ttl::After(Duration::from_secs(2)), ..Append::put(&b, b"short") }])
        .wait()
        .unwrap();
    world.store.run_upkeep().unwrap();
    assert_eq!(value(&stream, "k.b").as_deref(), Some("short"));
    world.clock.advance(Duration::from_secs(2));
    world.store.run_upkeep().unwrap();
    let marker = stream.last(&b).unwrap().unwrap();
    assert_eq!((marker.sequence, marker.operation), (3, Operation::Marker(MarkerReason::MaxAge)));
    assert_eq!(stream.revisions(&b).unwrap(), [3]);
    world.kill();
    world.clock.advance(Duration::from_secs(5));
    world.store.run_upkeep().unwrap();
    assert_eq!(world.stream().last(&b).unwrap(), None);
    let mut config = (*world.stream().config()).clone();
    (config.age_max, config.limit_marker) = (Some(Duration::from_secs(10)), None);
    world.store.update_stream(config).unwrap();
    world.stream().append(&[Append { ttl: Ttl::Never, ..Append::put(&b, b"stays") }]).wait().unwrap();
    world.clock.advance(Duration::from_secs(60));
    world.store.run_upkeep().unwrap();
    assert_eq!(world.stream().last(&a).unwrap(), None);
    world.kill();
    assert_eq!(value(&world.stream(), "k.b").as_deref(), Some("stays"));
    assert_eq!(world.stream().state().messages, 1);
}

#[test]
fn streams_are_created_and_deleted_for_good() {
    let mut world = World::new();
    let stream = world.create(|_| {});
    put(&stream, "k.a", "1");
    let name = StreamName::new("S").unwrap();
    assert!(matches!(
        world.store.create_stream((*stream.config()).clone()).unwrap_err(),
        EngineError::StreamExists { .. }
    ));
    world.store.delete_stream(&name).unwrap();
    assert!(matches!(
        stream.append(&[Append::put(&subject("k.a"), b"")]).wait(),
        Err(EngineError::StreamDeleted { .. })
    ));
    world.kill();
    assert!(matches!(world.store.stream(&name).unwrap_err(), EngineError::StreamNotFound { .. }));
    let stream = world.create(|_| {});
    assert_eq!(stream.state().last_sequence, 0);
    world.reopen();
    assert_eq!(world.store.streams().len(), 1);
    let locked = Store::open(env(&world.fs, &world.clock), Path::new("/data"), options()).unwrap_err();
    assert!(matches!(locked, EngineError::Locked { .. }), "{locked}");
}

#[test]
fn selections_and_listeners_agree_on_order() {
    let world = World::new();
    let stream = world.create(|config| config.messages_per_subject_max = Some(2));
    let filters = [SubjectFilter::new("k.*").unwrap()];
    let listener = stream.listen(&filters);
    for n in 0..6 {
        put(&stream, &format!("k.{}", n % 2), &n.to_string());
    }
    put(&stream, "k.deep.er", "x");
    let last = stream.select(&filters, Select::LastPerSubject, 0).unwrap();
    assert_eq!((last.sequences, last.up_to), (vec![5, 6], 7));
    assert_eq!(stream.select(&filters, Select::All, 4).unwrap().sequences, [4, 5, 6]);
    assert_eq!(listener.wait_beyond(0, Some(Duration::ZERO)).unwrap(), Some(6));
    assert_eq!(listener.wait_beyond(6, Some(Duration::ZERO)).unwrap(), None);
    // The first message is gone from the log, and still among the recent ones.
    assert_eq!(stream.next(&filters, 1).unwrap().unwrap().sequence, 1);
    drop(listener);
    assert_eq!(stream.next(&filters, 1).unwrap().unwrap().sequence, 3);
}

#[test]
fn a_copy_keeps_sequences_and_times_of_its_origin() {
    let mut world = World::new();
    let stream = world.create(|config| config.messages_per_subject_max = Some(3));
    let key = subject("k.a");
    let origin = |sequence, time| Some(Origin { sequence, time: Timestamp::from_nanos(time) });
    for (sequence, time) in [(5, 1_000), (9, 2_000), (1 << 40, 3_000)] {
        stream
            .append(&[Append { origin: origin(sequence, time), ..Append::put(&key, b"v") }])
            .wait()
            .unwrap();
    }
    stream.advance(1 << 50).unwrap();
    let far = stream.append(&[Append { origin: origin(u64::MAX, 0), ..Append::put(&key, b"v") }]).wait();
    assert!(matches!(far, Err(EngineError::SequenceOutOfRange { .. })), "{far:?}");
    for round in 0..3 {
        assert_eq!(world.stream().revisions(&key).unwrap(), [5, 9, 1 << 40]);
        assert_eq!(world.stream().get(9).unwrap().unwrap().time, Timestamp::from_nanos(2_000));
        assert_eq!(world.stream().last_sequence(), (1 << 50) - 1);
        match round {
            0 => world.kill(),
            _ => world.store.compact().unwrap(),
        }
    }
    // A sequence that has passed is replaced by the next one.
    let late = Append { origin: origin(7, 1), ..Append::put(&key, b"late") };
    assert_eq!(world.stream().append(&[late]).wait().unwrap().last, 1 << 50);
    world.reopen();
    assert_eq!(world.stream().revisions(&key).unwrap(), [9, 1 << 40, 1 << 50]);
}

#[test]
fn what_expired_while_the_store_was_closed_is_never_read_again() {
    let mut world = World::new();
    let stream = world.create(|_| {});
    let a = subject("k.a");
    let short = Append { ttl: Ttl::After(Duration::from_secs(2)), ..Append::put(&a, b"x") };
    stream.append(&[short]).wait().unwrap();
    world.store.close().unwrap();
    world.clock.advance(Duration::from_secs(2));
    let options = StoreOptions { upkeep: Upkeep::Threads, ..options() };
    world.store = Store::open(env(&world.fs, &world.clock), Path::new("/data"), options).unwrap();
    assert_eq!(value(&world.stream(), "k.a"), None);
}

#[test]
fn a_message_that_is_passed_uses_its_sequence_and_nothing_else() {
    let mut world = World::new();
    let stream = world.create(|config| {
        config.messages_max = Some(1);
        config.discard = Discard::New;
    });
    let listener = stream.listen(&[SubjectFilter::all()]);
    put(&stream, "k.a", "1");
    let (a, b) = (subject("k.a"), subject("k.b"));
    let passed = |expect| Append { keeping: Keeping::Passed, expect, ..Append::put(&b, b"x") };
    // Limits do not concern it; expectations do.
    assert_eq!(stream.append(&[passed(Expect::LastOfStream(1))]).wait().unwrap().last, 2);
    let refused = stream.append(&[passed(Expect::LastOfSubject(2))]).wait();
    assert!(matches!(refused, Err(EngineError::WrongLastSequence { found: 0, .. })), "{refused:?}");
    let both = [passed(Expect::Nothing), Append::put(&a, b"4")];
    assert!(matches!(stream.append(&both).wait(), Err(EngineError::LimitReached { .. })));
    stream.discard(&[1]).wait().unwrap();
    assert_eq!(stream.append(&both).wait().unwrap().last, 4);
    assert_eq!(stream.append(&[passed(Expect::Nothing)]).wait().unwrap().last, 5);
    // Who follows gets past it.
    let mut followed = Vec::new();
    assert_eq!(stream.follow(1, 10, &mut followed).unwrap().next, 6);
    assert_eq!(followed.iter().map(|message| message.sequence).collect::<Vec<_>>(), [1, 4]);
    drop(listener);
    for round in 0..3 {
        let state = world.stream().state();
        assert_eq!((state.messages, state.last_sequence), (1, 5));
        match round {
            0 => world.kill(),
            _ => world.store.compact().unwrap(),
        }
    }
    world.reopen();
    assert_eq!(world.stream().last_sequence(), 5);
}

#[test]
fn what_is_discarded_counts_no_more_for_what_is_queued_behind_it() {
    let mut world = World::new();
    let stream = world.create(|config| {
        config.messages_max = Some(2);
        config.discard = Discard::New;
    });
    put(&stream, "k.a", "1");
    put(&stream, "k.a", "2");
    let removals = stream.removals();
    let (a, b) = (subject("k.a"), subject("k.b"));
    let discarded = stream.discard(&[2, 2, 9]);
    // All of these see the stream without it, although nothing is committed.
    let last = stream.append(&[Append { expect: Expect::LastOfSubject(1), ..Append::put(&a, b"3") }]);
    let full = stream.append(&[Append::put(&b, b"4")]);
    let again = stream.discard(&[1, 2]);
    let room = stream.append(&[Append { expect: Expect::LastOfSubject(0), ..Append::put(&b, b"4") }]);
    assert!(discarded.wait().is_ok() && again.wait().is_ok());
    assert_eq!(last.wait().unwrap().last, 3);
    assert!(matches!(full.wait(), Err(EngineError::LimitReached { .. })));
    assert_eq!(room.wait().unwrap().last, 4);
    // Nobody waited for them, so nobody has to count anew.
    assert_eq!(stream.removals(), removals);
    world.kill();
    assert_eq!(world.stream().state().messages, 2);
    assert_eq!(
        (value(&world.stream(), "k.a"), value(&world.stream(), "k.b")),
        (Some("3".into()), Some("4".into()))
    );
}

#[test]
fn a_directory_of_something_else_is_refused_and_nothing_is_left_in_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let refused = Store::open(Env::system(), dir.path(), options()).unwrap_err();
    assert!(
        matches!(&refused, EngineError::NotAStore { reason, .. } if reason.contains("notes.txt")),
        "{refused}"
    );
    let left = Env::system().fs.list(dir.path()).unwrap();
    let names: Vec<_> = left.iter().map(|entry| &*entry.name).collect();
    assert_eq!(names, ["notes.txt"]);
}
