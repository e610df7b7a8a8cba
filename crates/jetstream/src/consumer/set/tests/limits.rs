use super::world::{World, push, watch};
use crate::consumer::{ConsumerConfig, DeliverPolicy};
use jetkv_types::Timestamp;

/// Long lists are brought up to date now and then while they are read, and exactly at their end.
#[test]
fn a_long_list_that_shrinks_ends_with_nothing_pending() {
    let mut world = World::new(Some(5));
    for number in 0..3000 {
        world.put(&format!("k{number}"));
    }
    world.listen("to.w");
    world.create(ConsumerConfig { flow_control: false, ..watch("w", "s.>") }).unwrap();
    let now = world.now();
    let mut last = 3000;
    let mut removed = 0;
    while world.set.pump(now, 50, &mut world.sink).unwrap() == Some(now) {
        for sequence in [3000 - removed, 2900 - removed] {
            if removed < 90 && world.stream.remove(sequence).unwrap() {
                removed += 1;
            }
        }
        for line in world.sink.lines.drain(..) {
            let pending: u64 = line.rsplit_once('+').unwrap().1.parse().unwrap();
            assert!(pending < last, "{line} after {last}");
            last = pending;
        }
    }
    assert!(removed >= 90);
    assert_eq!(
        world.sink.lines.last().map_or(last, |line| line.rsplit_once('+').unwrap().1.parse().unwrap()),
        0
    );
}

#[test]
fn a_rare_filter_in_a_long_stream_is_found_in_bounded_steps() {
    let mut world = World::new(None);
    for number in 0..10_000 {
        world.put(if number == 9_000 { "rare.x" } else { "common" });
    }
    for number in 0..300 {
        world.put(&format!("many.{number}"));
    }
    world.listen("to.r");
    world.create(ConsumerConfig { filter_subject: "s.rare.*".into(), ..push("r") }).unwrap();
    assert_eq!(world.run(), ["to.r rare.x 1.9001.1 +0"]);
    world.listen("to.m");
    world.create(ConsumerConfig { filter_subject: "s.many.*".into(), ..push("m") }).unwrap();
    let lines = world.run();
    assert_eq!(lines.len(), 300);
    assert_eq!(lines.last().unwrap(), "to.m many.299 1.10300.300 +0");
}

#[test]
fn a_burst_larger_than_memory_keeps_is_read_from_the_log() {
    let mut world = World::new(None);
    world.listen("to.w");
    world.create(ConsumerConfig { deliver_policy: DeliverPolicy::New, ..push("w") }).unwrap();
    // More than the recent messages that the engine keeps.
    for _ in 0..60 {
        world.put_bytes("big", 100_000);
    }
    let lines = world.run();
    assert_eq!(lines.len(), 60);
    assert_eq!(lines[59], "to.w big 1.60.60 +0");
}

#[test]
fn ten_thousand_filters_that_do_not_match_are_not_looked_at() {
    let mut world = World::new(None);
    for number in 0..10_000 {
        let filter_subject = format!("s.{number}.>");
        let config = ConsumerConfig { filter_subject, deliver_policy: DeliverPolicy::New, ..push("") };
        world.create(ConsumerConfig { deliver_subject: format!("to.{number}"), ..config }).unwrap();
    }
    world.listen("to.77");
    let now = Timestamp::from_nanos(1_000_000_000);
    let key = world
        .set
        .names(None)
        .map(|(_, key)| key)
        .find(|key| world.set.config(*key).is_some_and(|config| config.deliver_subject == "to.77"));
    world.set.interest(key.unwrap(), crate::consumer::Interest::Present, now);
    world.put_all("77.a 78.a none");
    assert_eq!(world.run(), ["to.77 77.a 1.1.1 +0"]);
}
