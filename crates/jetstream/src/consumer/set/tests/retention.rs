//! Streams that keep messages only for their consumers: what goes when, and what stays. Seen on the reference.

use super::world::{MS, World, pull_from};
use crate::Retention;
use crate::consumer::{
    AckKind, AckPolicy, ConsumerConfig, ConsumerError, ConsumerSet, CreateAction, DeliverPolicy, PullRequest,
    StreamRules,
};
use jetkv_types::{Subject, SubjectFilter};
use std::sync::Arc;
use std::time::Duration;
use testkit::SeededEntropy;

fn rules(retention: Retention) -> StreamRules {
    StreamRules { retention, ..StreamRules::default() }
}

fn world(retention: Retention) -> World {
    let mut world = World::new(None);
    world.set.configure(rules(retention));
    world
}

fn explicit(name: &str, filter: &str) -> ConsumerConfig {
    ConsumerConfig {
        ack_policy: AckPolicy::Explicit,
        durable_name: name.into(),
        filter_subject: filter.into(),
        ..pull_from(name)
    }
}

/// Has everything removed that is to be removed, and returns what is left.
fn left(world: &mut World) -> Vec<u64> {
    if let Some(commit) = world.set.discard() {
        commit.wait().unwrap();
    }
    (1..=world.stream.last_sequence()).filter(|sequence| world.stream.is_live(*sequence)).collect()
}

fn pull(world: &mut World, name: &str, batch: i64) {
    world.pull(name, "r", &PullRequest { batch, no_wait: true, ..PullRequest::default() });
}

fn ack(world: &mut World, name: &str, sequence: u64) {
    world.ack(name, sequence, sequence, &AckKind::Ack);
}

fn delete(world: &mut World, name: &str) {
    let key = world.key(name);
    world.set.delete(key, &mut world.sink).unwrap();
}

/// Takes every consumer out and puts it into a new set over the same stream, as a restart does.
fn restart(world: &mut World, retention: Retention) {
    let entropy = Arc::new(SeededEntropy::new(2));
    let mut set = ConsumerSet::new(world.stream.clone(), rules(retention), entropy);
    for key in world.set.names(None).map(|(_, key)| key).collect::<Vec<_>>() {
        set.restore(&world.set.snapshot(key).unwrap(), world.now()).unwrap();
    }
    world.set = set;
    world.set.sweep().unwrap();
}

#[test]
fn a_message_goes_when_all_whose_filter_matches_acknowledged_it() {
    let mut world = world(Retention::Interest);
    world.create(explicit("all", "")).unwrap();
    world.create(explicit("a", "s.a")).unwrap();
    world.put_all("a b c");
    pull(&mut world, "all", 3);
    ack(&mut world, "all", 2);
    assert_eq!(left(&mut world), [1, 3]);
    ack(&mut world, "all", 1);
    assert_eq!(left(&mut world), [1, 3]);
    pull(&mut world, "a", 1);
    assert_eq!(left(&mut world), [1, 3]);
    ack(&mut world, "a", 1);
    assert_eq!(left(&mut world), [3]);
    assert_eq!(world.figures("all"), "d 3/3 f 2/2 ap 1 rd 0 w 0 p 0");
    // With its consumer goes what nobody else wants.
    world.put_all("a b");
    delete(&mut world, "all");
    assert_eq!(left(&mut world), [4]);
    assert!(!world.set.wants(&Subject::new("s.b").unwrap()));
    assert!(world.set.wants(&Subject::new("s.a").unwrap()));
    let other = ConsumerConfig { filter_subject: "s.z".into(), ..explicit("a", "") };
    world.create(other).unwrap();
    assert!(left(&mut world).is_empty());
}

#[test]
fn a_work_queue_keeps_what_nobody_acknowledged() {
    let mut world = world(Retention::WorkQueue);
    world.put_all("a b c d");
    world.create(explicit("w", "")).unwrap();
    pull(&mut world, "w", 4);
    ack(&mut world, "w", 2);
    world.ack("w", 3, 3, &AckKind::Term { reason: String::new() });
    world.ack("w", 1, 1, &AckKind::Nak { delay: Some(Duration::from_secs(9)) });
    world.ack("w", 4, 4, &AckKind::Progress);
    assert_eq!(left(&mut world), [1, 4]);
    delete(&mut world, "w");
    assert_eq!(left(&mut world), [1, 4]);
    world.create(explicit("w", "")).unwrap();
    assert_eq!(world.figures("w"), "d 0/0 f 0/0 ap 0 rd 0 w 0 p 2");
    world.purge(None, None);
    assert!(left(&mut world).is_empty());
}

#[test]
fn acks_of_every_policy_let_messages_go() {
    let mut world = world(Retention::Interest);
    world.create(ConsumerConfig { ack_policy: AckPolicy::All, ..pull_from("all") }).unwrap();
    world.put_all("a b c d");
    pull(&mut world, "all", 4);
    ack(&mut world, "all", 3);
    assert_eq!(left(&mut world), [4]);
    delete(&mut world, "all");
    world.create(pull_from("none")).unwrap();
    world.put_all("a b c d");
    assert_eq!(left(&mut world), [5, 6, 7, 8]);
    pull(&mut world, "none", 2);
    assert_eq!(left(&mut world), [7, 8]);
    pull(&mut world, "none", 2);
    assert!(left(&mut world).is_empty());
}

#[test]
fn what_is_replaced_before_it_is_listed_is_passed_silently() {
    let mut world = world(Retention::Interest);
    world.create(explicit("keeps", "")).unwrap();
    world.put_all("a b a");
    let policy = DeliverPolicy::LastPerSubject;
    let list =
        ConsumerConfig { deliver_policy: policy, filter_subject: "s.>".into(), ..explicit("list", "") };
    world.create(list).unwrap();
    delete(&mut world, "keeps");
    pull(&mut world, "list", 1);
    ack(&mut world, "list", 2);
    // 1 was replaced by 3: the list does not have it.
    assert_eq!(left(&mut world), [3]);
}

#[test]
fn what_was_delivered_too_often_stays_until_a_late_ack_or_the_end_of_its_consumer() {
    for retention in [Retention::Interest, Retention::WorkQueue] {
        let mut world = world(retention);
        let config = ConsumerConfig { max_deliver: 1, ack_wait: 100 * MS, ..explicit("c", "") };
        world.create(config).unwrap();
        world.put_all("a b c");
        pull(&mut world, "c", 2);
        assert_eq!(world.wait_ms(200), ["100: ! c gave up 1 after 1", "100: ! c gave up 2 after 1"]);
        pull(&mut world, "c", 1);
        ack(&mut world, "c", 3);
        assert_eq!(left(&mut world), [1, 2]);
        restart(&mut world, retention);
        assert_eq!(left(&mut world), [1, 2], "{retention:?}");
        ack(&mut world, "c", 2);
        assert_eq!(left(&mut world), [1]);
        delete(&mut world, "c");
        let kept: &[u64] = if retention == Retention::WorkQueue { &[1] } else { &[] };
        assert_eq!(left(&mut world), kept);
    }
}

#[test]
fn what_was_acknowledged_and_not_removed_goes_when_the_stream_opens() {
    for retention in [Retention::Interest, Retention::WorkQueue] {
        let mut world = world(retention);
        world.create(explicit("c", "s.a")).unwrap();
        world.put_all("a b a a a");
        pull(&mut world, "c", 3);
        ack(&mut world, "c", 1);
        ack(&mut world, "c", 4);
        // The removal is lost in the crash.
        assert!(world.set.discard().is_some());
        let mut lost = World::new(None);
        lost.put_all("a b a a a");
        lost.set = world.set;
        let key = lost.key("c");
        let snapshot = lost.set.snapshot(key).unwrap();
        let entropy = Arc::new(SeededEntropy::new(2));
        lost.set = ConsumerSet::new(lost.stream.clone(), rules(retention), entropy);
        lost.set.restore(&snapshot, lost.now()).unwrap();
        lost.set.sweep().unwrap();
        assert_eq!(left(&mut lost), [2, 3, 5], "{retention:?}");
    }
}

#[test]
fn filters_that_come_later_say_nothing_about_what_came_before() {
    let mut world = world(Retention::WorkQueue);
    world.create(explicit("c", "s.a")).unwrap();
    world.put_all("b a b a");
    pull(&mut world, "c", 2);
    ack(&mut world, "c", 2);
    world.create_as(explicit("c", "s.b"), CreateAction::Update).unwrap();
    assert_eq!(left(&mut world), [1, 3, 4]);
    restart(&mut world, Retention::WorkQueue);
    assert_eq!(left(&mut world), [1, 3, 4]);
}

#[test]
fn what_a_consumer_skips_is_not_kept_for_it() {
    let mut world = world(Retention::Interest);
    world.create(explicit("c", "")).unwrap();
    world.put_all("a b c d");
    pull(&mut world, "c", 2);
    ack(&mut world, "c", 1);
    let key = world.key("c");
    world.set.reset(key, Some(4), world.now()).unwrap();
    assert_eq!(left(&mut world), [4]);
    world.create(ConsumerConfig { deliver_policy: DeliverPolicy::New, ..explicit("new", "") }).unwrap();
    delete(&mut world, "c");
    assert!(left(&mut world).is_empty());
}

#[test]
fn copies_keep_what_they_do_not_have() {
    for retention in [Retention::Interest, Retention::WorkQueue] {
        let mut world = world(retention);
        world.set.hold("copy", &[SubjectFilter::new("s.a").unwrap()], 0);
        assert!(world.set.wants(&Subject::new("s.a").unwrap()));
        world.create(explicit("c", "")).unwrap();
        world.put_all("a b a");
        pull(&mut world, "c", 3);
        for sequence in 1..=3 {
            ack(&mut world, "c", sequence);
        }
        assert_eq!(left(&mut world), [1, 3]);
        world.set.advance("copy", 2).unwrap();
        assert_eq!(left(&mut world), [3]);
        world.set.let_go("copy").unwrap();
        assert!(left(&mut world).is_empty(), "{retention:?}");
        // Without a consumer the copy alone decides.
        delete(&mut world, "c");
        world.set.hold("copy", &[SubjectFilter::all()], 4);
        world.put("a");
        world.set.advance("copy", 5).unwrap();
        assert!(left(&mut world).is_empty(), "{retention:?}");
        world.set.advance("other", 9).unwrap();
    }
}

#[test]
fn the_retention_may_change_between_limits_and_interest() {
    let mut world = World::new(None);
    world.put_all("a b c");
    world.create(explicit("c", "s.a")).unwrap();
    pull(&mut world, "c", 1);
    ack(&mut world, "c", 1);
    assert_eq!(left(&mut world), [1, 2, 3]);
    world.set.configure(rules(Retention::Interest));
    // What concerns nobody stays until somebody goes.
    assert_eq!(left(&mut world), [2, 3]);
    world.set.configure(rules(Retention::Limits));
    world.put("a");
    pull(&mut world, "c", 1);
    ack(&mut world, "c", 4);
    assert_eq!(left(&mut world), [2, 3, 4]);
    delete(&mut world, "c");
    world.set.configure(rules(Retention::Interest));
    assert!(left(&mut world).is_empty());
}

#[test]
fn consumers_of_a_work_queue_share_no_subject() {
    let mut world = world(Retention::WorkQueue);
    let refused = |world: &mut World, config: ConsumerConfig| world.create(config).unwrap_err().err_code();
    assert_eq!(refused(&mut world, pull_from("n")), 10084);
    assert_eq!(
        refused(&mut world, ConsumerConfig { ack_policy: AckPolicy::All, ..explicit("n", "") }),
        10098
    );
    let new = ConsumerConfig { deliver_policy: DeliverPolicy::New, ..explicit("n", "") };
    assert_eq!(refused(&mut world, new.clone()), 10101);
    world.create(explicit("a", "s.a")).unwrap();
    assert_eq!(refused(&mut world, explicit("n", "")), 10099);
    for filter in ["s.a", "s.*", "s.>"] {
        assert_eq!(refused(&mut world, explicit("n", filter)), 10100);
    }
    assert_eq!(refused(&mut world, ConsumerConfig { filter_subject: "s.b".into(), ..new }), 10101);
    world.create(explicit("b", "s.b")).unwrap();
    let both = |name: &str, filters: &[&str]| ConsumerConfig {
        filter_subjects: filters.iter().map(ToString::to_string).collect(),
        ..explicit(name, "")
    };
    assert_eq!(refused(&mut world, both("m", &["s.c", "s.b"])), 10100);
    world.create(both("m", &["s.c", "s.d"])).unwrap();
    assert_eq!(refused(&mut world, both("m", &["s.c", "s.a"])), 10100);
    world.create(both("m", &["s.e", "s.d"])).unwrap();
    // As in the reference.
    world.create(explicit("m", "")).unwrap();
    assert!(matches!(world.create(explicit("b", "s.a")), Err(ConsumerError::WorkQueueOverlap)));
}

#[test]
fn consumers_of_such_streams_are_stored_for_all_lifetimes() {
    let mut world = world(Retention::Interest);
    world.create(ConsumerConfig { ack_policy: AckPolicy::Explicit, ..pull_from("e") }).unwrap();
    assert!(world.set.is_kept(world.key("e")));
    world.put("a");
    restart(&mut world, Retention::Interest);
    assert_eq!(left(&mut world), [1]);
    // Five seconds without a client.
    assert_eq!(world.wait_ms(6_000), ["5000: ! e abandoned"]);
    assert!(left(&mut world).is_empty());
}
