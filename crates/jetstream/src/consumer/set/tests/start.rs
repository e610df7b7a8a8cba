use super::world::{World, figures, push};
use crate::consumer::{ConsumerConfig, DeliverPolicy};
use jetkv_types::{Timestamp, ZonedTimestamp};

fn first_figures(world: &mut World, config: ConsumerConfig) -> String {
    let created = world.create(ConsumerConfig { deliver_subject: "nobody".into(), ..config }).unwrap();
    assert!(created.is_new);
    figures(&created.info)
}

fn by(policy: DeliverPolicy) -> ConsumerConfig {
    ConsumerConfig { deliver_policy: policy, ..ConsumerConfig::default() }
}

fn filtered(policy: DeliverPolicy, filters: &[&str]) -> ConsumerConfig {
    ConsumerConfig { filter_subjects: filters.iter().map(|text| (*text).into()).collect(), ..by(policy) }
}

fn starts(delivered: u64, pending: u64) -> String {
    format!("d 0/{delivered} f 0/{delivered} ap 0 rd 0 w 0 p {pending}")
}

/// The figures that the reference gave for the same stream.
#[test]
fn every_policy_begins_where_the_reference_begins() {
    use DeliverPolicy::{All, ByStartSequence, ByStartTime, Last, LastPerSubject, New};
    let mut world = World::new(Some(5));
    world.put_all("a b a c.x b");
    let time = |time| ConsumerConfig { opt_start_time: Some(ZonedTimestamp::utc(time)), ..by(ByStartTime) };
    let sequence = |sequence| ConsumerConfig { opt_start_seq: sequence, ..by(ByStartSequence) };
    for (config, delivered, pending) in [
        (by(All), 0, 5),
        (by(Last), 4, 1),
        (by(New), 5, 0),
        (sequence(3), 2, 3),
        (sequence(30), 29, 0),
        (time(Timestamp::from_nanos(1)), 0, 5),
        (time(Timestamp::from_nanos(u64::MAX)), 5, 0),
        (filtered(LastPerSubject, &["s.>"]), 2, 3),
        (filtered(LastPerSubject, &["s.a"]), 2, 1),
        (filtered(LastPerSubject, &["s.none"]), 4, 0),
        (filtered(All, &["s.c.*"]), 0, 1),
        (filtered(Last, &["s.a"]), 2, 1),
        (filtered(Last, &["s.none"]), 0, 0),
        (filtered(Last, &["s.a", "s.c.x"]), 3, 1),
        (filtered(LastPerSubject, &["s.a", "s.c.x"]), 2, 2),
        (ConsumerConfig { filter_subject: "s.a".into(), ..sequence(2) }, 1, 1),
    ] {
        assert_eq!(first_figures(&mut world, config.clone()), starts(delivered, pending), "{config:?}");
    }
}

#[test]
fn with_one_message_each_the_last_of_each_subject_are_all() {
    use DeliverPolicy::{All, ByStartSequence, Last, LastPerSubject, New};
    let mut world = World::new(Some(1));
    world.put_all("a b a c b");
    let sequence = |sequence| ConsumerConfig { opt_start_seq: sequence, ..by(ByStartSequence) };
    for (config, delivered, pending) in [
        (filtered(LastPerSubject, &["s.>"]), 2, 3),
        (filtered(LastPerSubject, &["s.a"]), 2, 1),
        (filtered(LastPerSubject, &["s.none"]), 2, 0),
        (by(All), 2, 3),
        (sequence(1), 2, 3),
        (by(Last), 4, 1),
    ] {
        assert_eq!(first_figures(&mut world, config.clone()), starts(delivered, pending), "{config:?}");
    }
    world.purge(None, None);
    for config in [filtered(LastPerSubject, &["s.>"]), by(All), by(New), by(Last), sequence(1)] {
        assert_eq!(first_figures(&mut world, config.clone()), starts(5, 0), "{config:?}");
    }
}

/// Seen on the reference: also after a purge, and where nothing was kept for want of consumers.
#[test]
fn the_last_of_each_subject_begin_behind_what_is_gone() {
    let mut world = World::new(Some(5));
    world.put_all("a b a c b");
    world.purge(None, None);
    for filter in ["s.>", "s.a", "s.none"] {
        let config = filtered(DeliverPolicy::LastPerSubject, &[filter]);
        assert_eq!(first_figures(&mut world, config), starts(5, 0), "{filter}");
    }
    world.put_all("a b");
    for (filter, delivered, pending) in [("s.a", 5, 1), ("s.b", 6, 1), ("s.none", 6, 0)] {
        let config = filtered(DeliverPolicy::LastPerSubject, &[filter]);
        assert_eq!(first_figures(&mut world, config), starts(delivered, pending), "{filter}");
    }
}

#[test]
fn an_empty_stream_begins_before_its_first_message() {
    use DeliverPolicy::{All, ByStartSequence, Last, LastPerSubject, New};
    let mut world = World::new(Some(5));
    for config in [filtered(LastPerSubject, &["s.>"]), by(All), by(New), by(Last)] {
        assert_eq!(first_figures(&mut world, config.clone()), starts(0, 0), "{config:?}");
    }
    let future = ConsumerConfig { opt_start_seq: 7, ..by(ByStartSequence) };
    assert_eq!(first_figures(&mut world, future), starts(6, 0));
}

#[test]
fn a_start_in_the_future_leaves_out_what_comes_before() {
    let mut world = World::new(None);
    world.put_all("a a");
    world.listen("to.f");
    let config = ConsumerConfig { opt_start_seq: 5, ..by(DeliverPolicy::ByStartSequence) };
    world
        .create(ConsumerConfig { deliver_policy: config.deliver_policy, opt_start_seq: 5, ..push("f") })
        .unwrap();
    assert!(world.run().is_empty());
    world.put_all("a a a a");
    assert_eq!(world.figures("f"), "d 0/4 f 0/4 ap 0 rd 0 w 0 p 2");
    assert_eq!(world.run(), ["to.f a 1.5.1 +1", "to.f a 1.6.2 +0"]);
}

#[test]
fn a_start_by_time_takes_the_first_message_from_then_on() {
    let mut world = World::new(None);
    for _ in 0..6 {
        world.put("a");
        world.clock.advance(std::time::Duration::from_secs(1));
    }
    for (seconds, delivered) in [(0, 0), (1, 0), (2, 1), (3, 2), (6, 5), (7, 6)] {
        let time = Timestamp::from_nanos(seconds * 1_000_000_000);
        let config = ConsumerConfig {
            opt_start_time: Some(ZonedTimestamp::utc(time)),
            ..by(DeliverPolicy::ByStartTime)
        };
        assert_eq!(first_figures(&mut world, config), starts(delivered, 6 - delivered), "{seconds} s");
    }
}

/// By time, and only by time, the reference leaves out what comes before the first match.
#[test]
fn a_start_by_time_is_not_before_the_first_match() {
    let mut world = World::new(Some(2));
    world.put_all("a b c a b c d");
    let time = ZonedTimestamp::utc(Timestamp::from_nanos(1));
    for (filters, delivered, pending) in [
        (&["s.>"][..], 0, 7),
        (&["s.b"], 1, 2),
        (&["s.c"], 2, 2),
        (&["s.c", "s.none"], 2, 2),
        (&["s.none"], 0, 0),
        // The last message of the stream is not skipped to.
        (&["s.d"], 0, 1),
    ] {
        let config =
            ConsumerConfig { opt_start_time: Some(time), ..filtered(DeliverPolicy::ByStartTime, filters) };
        assert_eq!(first_figures(&mut world, config), starts(delivered, pending), "{filters:?}");
    }
}
