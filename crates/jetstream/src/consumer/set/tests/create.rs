use super::world::{MS, World, figures, pull_from, push};
use crate::consumer::{
    AckPolicy, ConsumerConfig, ConsumerError, CreateAction, DeliverPolicy, Interest, PullRequest,
    ReplayPolicy, StreamRules,
};
use jetkv_types::{Timestamp, ZonedTimestamp};
use std::time::Duration;

fn durable(name: &str) -> ConsumerConfig {
    ConsumerConfig { durable_name: name.into(), ack_policy: AckPolicy::Explicit, ..pull_from(name) }
}

fn refusal(world: &mut World, config: ConsumerConfig, action: CreateAction) -> (u16, String) {
    let error = world.create_as(config, action).unwrap_err();
    (error.err_code(), error.to_string())
}

#[test]
fn actions_say_what_may_be_there() {
    use CreateAction::{Create, Update};
    let mut world = World::new(None);
    let other = ConsumerConfig { description: "z".into(), ..durable("n") };
    assert_eq!(refusal(&mut world, durable("n"), Update), (10149, "consumer does not exist".into()));
    assert!(world.create_as(durable("n"), Create).unwrap().is_new);
    assert!(!world.create_as(durable("n"), Create).unwrap().is_new);
    assert!(!world.create_as(durable("n"), Update).unwrap().is_new);
    assert_eq!(refusal(&mut world, other.clone(), Create), (10148, "consumer already exists".into()));
    assert_eq!(world.create_as(other, Update).unwrap().info.config.description, "z");
    // A fault of the request is found before anything is looked up.
    let faulty = ConsumerConfig { ack_wait: -5, ..durable("absent") };
    assert_eq!(refusal(&mut world, faulty, Update).0, 10183);
}

#[test]
fn the_number_of_consumers_is_limited_and_equal_requests_do_not_count() {
    let mut world = World::new(None);
    world.set.configure(StreamRules { max_consumers: Some(2), ..StreamRules::default() });
    world.create(durable("a")).unwrap();
    let unnamed = world.create(ConsumerConfig::default()).unwrap().info;
    assert_eq!(unnamed.name.len(), 8);
    assert!(unnamed.name.bytes().all(|b| b.is_ascii_alphanumeric()));
    let expected = (10026, "maximum consumers limit reached".to_owned());
    assert_eq!(refusal(&mut world, ConsumerConfig::default(), CreateAction::CreateOrUpdate), expected);
    world.create(durable("a")).unwrap();
    world.set.delete(unnamed.key, &mut world.sink).unwrap();
    world.create(ConsumerConfig::default()).unwrap();
    assert_eq!(world.set.count(), 2);
}

#[test]
fn names_come_in_order() {
    let mut world = World::new(None);
    for name in ["c", "a", "b"] {
        world.create(durable(name)).unwrap();
    }
    let names: Vec<_> = world.set.names(None).map(|(name, _)| name.to_owned()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let names: Vec<_> = world.set.names(Some("a")).map(|(name, _)| name.to_owned()).collect();
    assert_eq!(names, ["b", "c"]);
}

#[test]
fn what_may_not_change_is_refused_in_the_reference_s_words() {
    let mut world = World::new(None);
    let base = durable("u");
    world.create(base.clone()).unwrap();
    let by_sequence = DeliverPolicy::ByStartSequence;
    for (change, code, text) in [
        (
            ConsumerConfig { deliver_policy: DeliverPolicy::New, ..base.clone() },
            10012,
            "deliver policy can not be updated",
        ),
        (
            ConsumerConfig { deliver_policy: by_sequence, opt_start_seq: 4, ..base.clone() },
            10012,
            "deliver policy can not be updated",
        ),
        (
            ConsumerConfig { ack_policy: AckPolicy::None, ..base.clone() },
            10012,
            "ack policy can not be updated",
        ),
        (
            ConsumerConfig { replay_policy: ReplayPolicy::Original, ..base.clone() },
            10012,
            "replay policy can not be updated",
        ),
        (ConsumerConfig { max_waiting: 5, ..base.clone() }, 10012, "max waiting can not be updated"),
        (ConsumerConfig { mem_storage: true, ..base.clone() }, 10012, "storage type can not be updated"),
        (
            ConsumerConfig { deliver_subject: "d".into(), ..base.clone() },
            10012,
            "can not update pull consumer to push based",
        ),
        (
            ConsumerConfig { rate_limit_bps: 1000, ..base.clone() },
            10086,
            "consumer in pull mode can not have rate limit set",
        ),
    ] {
        assert_eq!(refusal(&mut world, change, CreateAction::CreateOrUpdate), (code, text.to_owned()));
    }
    let start = ConsumerConfig { deliver_policy: by_sequence, opt_start_seq: 3, ..durable("s") };
    world.create(start.clone()).unwrap();
    let change = ConsumerConfig { opt_start_seq: 4, ..start };
    let text = "start sequence can not be updated".to_owned();
    assert_eq!(refusal(&mut world, change, CreateAction::Update), (10012, text));
    let time = Some(ZonedTimestamp::utc(Timestamp::from_nanos(5)));
    let start =
        ConsumerConfig { deliver_policy: DeliverPolicy::ByStartTime, opt_start_time: time, ..durable("t") };
    world.create(start.clone()).unwrap();
    let change =
        ConsumerConfig { opt_start_time: Some(ZonedTimestamp::utc(Timestamp::from_nanos(6))), ..start };
    let text = "start time can not be updated".to_owned();
    assert_eq!(refusal(&mut world, change, CreateAction::Update), (10012, text));
}

#[test]
fn what_may_change_does() {
    let mut world = World::new(None);
    world.put_all("a b a b a b a b");
    let base = durable("u");
    world.create(base.clone()).unwrap();
    let filters = |filters: &[&str]| filters.iter().map(|text| (*text).into()).collect();
    for (change, pending) in [
        (ConsumerConfig { description: "d".into(), ..base.clone() }, 8),
        (ConsumerConfig { ack_wait: 5_000 * MS, max_deliver: 7, ..base.clone() }, 8),
        (ConsumerConfig { filter_subject: "s.a".into(), ..base.clone() }, 4),
        (ConsumerConfig { filter_subjects: filters(&["s.a", "s.b"]), ..base.clone() }, 8),
        (ConsumerConfig { filter_subject: "s.none".into(), max_ack_pending: 5, ..base.clone() }, 0),
        (ConsumerConfig { max_batch: 5, max_bytes: 5, max_expires: 5_000 * MS, ..base.clone() }, 8),
        // A pause has requests of its own.
        (ConsumerConfig { pause_until: Some(ZonedTimestamp::utc(Timestamp::MAX)), ..base.clone() }, 8),
        (base.clone(), 8),
    ] {
        let created = world.create(change).unwrap();
        assert!(!created.is_new);
        assert_eq!(created.info.num_pending, pending);
        assert_eq!(created.info.config.pause_until, None);
    }
    assert_eq!(world.info("u").config.max_ack_pending, 1000);
}

#[test]
fn a_new_filter_counts_from_the_last_delivery_on() {
    let mut world = World::new(None);
    world.put_all("a b a b a b a b a b");
    let filter = |text: &str| ConsumerConfig { filter_subject: text.into(), ..pull_from("f") };
    let two = PullRequest { batch: 2, ..PullRequest::default() };
    world.create(filter("s.a")).unwrap();
    assert_eq!(world.pull("f", "r", &two), ["r a 1.1.1 +4", "r a 1.3.2 +3"]);
    assert_eq!(figures(&world.create(filter("s.b")).unwrap().info), "d 2/3 f 2/3 ap 0 rd 0 w 0 p 4");
    assert_eq!(world.pull("f", "r", &two), ["r b 1.4.3 +3", "r b 1.6.4 +2"]);
    world.put_all("a b");
    assert_eq!(world.pull("f", "r", &PullRequest { batch: 9, ..two }).len(), 3);
}

#[test]
fn a_deliver_subject_may_change_while_nobody_listens() {
    let mut world = World::new(None);
    world.create(push("p")).unwrap();
    let moved = |to: &str| ConsumerConfig { deliver_subject: to.into(), ..push("p") };
    world.create(moved("there")).unwrap();
    world.put("a");
    world.listen("there");
    let (key, now) = (world.key("p"), world.now());
    world.set.interest(key, Interest::Present, now);
    assert_eq!(world.run(), ["there a 1.1.1 +0"]);
    let expected = (10013, "consumer name already in use".to_owned());
    assert_eq!(refusal(&mut world, moved("elsewhere"), CreateAction::CreateOrUpdate), expected);
    world.create(moved("there")).unwrap();
    world.set.interest(key, Interest::Absent, now);
    world.listen("elsewhere");
    world.put("b");
    world.create(moved("elsewhere")).unwrap();
    assert_eq!(world.run(), ["elsewhere b 1.2.2 +0"]);
}

#[test]
fn a_reset_begins_anew_where_the_policy_permits() {
    let mut world = World::new(None);
    world.put_all("a b a b a b a b a b");
    let start = |policy, sequence| ConsumerConfig {
        deliver_policy: policy,
        opt_start_seq: sequence,
        ..pull_from("r")
    };
    let last = ConsumerConfig { filter_subject: ">".into(), ..start(DeliverPolicy::LastPerSubject, 0) };
    let time = Some(ZonedTimestamp::utc(Timestamp::from_nanos(5)));
    let by_time = ConsumerConfig { opt_start_time: time, ..start(DeliverPolicy::ByStartTime, 0) };
    let future = Some(ZonedTimestamp::utc(Timestamp::MAX));
    let by_future = ConsumerConfig { opt_start_time: future, ..start(DeliverPolicy::ByStartTime, 0) };
    for (config, sequence, expected) in [
        (start(DeliverPolicy::All, 0), Some(8), Ok((8, 3))),
        (start(DeliverPolicy::All, 0), Some(100), Ok((100, 0))),
        (start(DeliverPolicy::All, 0), None, Ok((3, 8))),
        (start(DeliverPolicy::All, 0), Some(0), Ok((3, 8))),
        (start(DeliverPolicy::New, 0), Some(3), Err("not allowed")),
        (start(DeliverPolicy::New, 0), None, Ok((11, 0))),
        (start(DeliverPolicy::Last, 0), Some(3), Err("not allowed")),
        (last, Some(3), Err("not allowed")),
        (start(DeliverPolicy::ByStartSequence, 5), Some(3), Err("below start seq")),
        (start(DeliverPolicy::ByStartSequence, 5), Some(8), Ok((8, 3))),
        (by_time, Some(3), Ok((3, 8))),
        (by_future, Some(3), Err("below start time")),
    ] {
        world.create(config.clone()).unwrap();
        let key = world.key("r");
        world.pull("r", "x", &PullRequest { batch: 2, ..PullRequest::default() });
        let now = world.now();
        match (world.set.reset(key, sequence, now), expected) {
            (Ok((info, first)), Ok(expected)) => {
                assert_eq!((first, info.num_pending), expected, "{config:?}");
                assert_eq!((info.delivered.consumer_seq, info.delivered.stream_seq), (0, first - 1));
                assert_eq!(info.delivered.last_active, None);
            }
            (Err(ConsumerError::Reset { reason }), Err(expected)) => assert_eq!(reason, expected),
            (found, expected) => panic!("{config:?}: found {found:?}, expected {expected:?}"),
        }
        world.set.delete(key, &mut world.sink).unwrap();
    }
}

#[test]
fn a_reset_behind_the_ack_floor_delivers_what_was_not_acknowledged() {
    let mut world = World::new(None);
    world.put_all("a a a");
    world.create(durable("r")).unwrap();
    let three = PullRequest { batch: 3, ..PullRequest::default() };
    assert_eq!(world.pull("r", "x", &three).len(), 3);
    world.ack("r", 1, 1, &crate::consumer::AckKind::Ack);
    let (key, now) = (world.key("r"), world.now());
    let (info, first) = world.set.reset(key, None, now).unwrap();
    assert_eq!((first, figures(&info)), (2, "d 0/1 f 0/1 ap 0 rd 0 w 0 p 2".into()));
    assert_eq!(world.pull("r", "x", &three), ["x a 1.2.1 +1", "x a 1.3.2 +0"]);
}

#[test]
fn limits_of_the_stream_are_defaults_and_bounds() {
    let mut world = World::new(None);
    let inactive_threshold = Some(Duration::from_secs(2));
    world.set.configure(StreamRules {
        max_ack_pending: Some(10),
        inactive_threshold,
        ..StreamRules::default()
    });
    let created = world.create(durable("a")).unwrap().info.config;
    assert_eq!((created.max_ack_pending, created.inactive_threshold), (10, 2_000 * MS));
    let create = CreateAction::CreateOrUpdate;
    for (config, code, text) in [
        (
            ConsumerConfig { max_ack_pending: 20, ..durable("b") },
            10121,
            "consumer max ack pending exceeds system limit of 10",
        ),
        (
            ConsumerConfig { max_ack_pending: 20, ..pull_from("b") },
            10121,
            "consumer max ack pending exceeds system limit of 10",
        ),
        (
            ConsumerConfig { inactive_threshold: 5_000 * MS, ..pull_from("b") },
            10153,
            "consumer inactive threshold exceeds system limit of 2s",
        ),
    ] {
        assert_eq!(refusal(&mut world, config, create), (code, text.to_owned()));
    }
    world.create(ConsumerConfig { max_ack_pending: -1, ..durable("b") }).unwrap();
}
