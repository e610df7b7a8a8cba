use super::world::{MS, World, pull_from, push, watch};
use crate::consumer::{ConsumerConfig, Interest, PullRequest};

#[test]
fn an_ephemeral_consumer_is_gone_five_seconds_after_its_client() {
    let mut world = World::new(None);
    world.create(push("never")).unwrap();
    assert_eq!(world.info("never").config.inactive_threshold, 5_000 * MS);
    assert!(world.wait_ms(4_999).is_empty());
    assert_eq!(world.wait_ms(1), ["1: ! never abandoned"]);
    assert_eq!(world.set.count(), 0);

    world.create(push("w")).unwrap();
    world.interest("w", Interest::Present);
    assert!(world.wait_ms(60_000).is_empty());
    world.interest("w", Interest::Absent);
    assert!(world.wait_ms(3_000).is_empty());
    world.interest("w", Interest::Present);
    assert!(world.wait_ms(3_000).is_empty());
    world.interest("w", Interest::Absent);
    assert_eq!(world.wait_ms(6_000), ["5000: ! w abandoned"]);
}

#[test]
fn a_durable_consumer_stays_unless_it_asks_to_go() {
    let mut world = World::new(None);
    world.create(ConsumerConfig { durable_name: "d".into(), ..push("d") }).unwrap();
    assert_eq!(world.info("d").config.inactive_threshold, 0);
    assert!(world.wait_ms(1_000_000).is_empty());
    let config = ConsumerConfig { durable_name: "e".into(), inactive_threshold: 700 * MS, ..push("e") };
    world.create(config).unwrap();
    assert_eq!(world.wait_ms(1_000), ["700: ! e abandoned"]);
    assert_eq!(world.set.count(), 1);
}

#[test]
fn pulling_and_waiting_keep_a_consumer() {
    let mut world = World::new(None);
    world.create(pull_from("p")).unwrap();
    let request = PullRequest { batch: 1, expires: 3_000 * MS, ..PullRequest::default() };
    world.wait_ms(4_000);
    world.pull("p", "r", &request);
    // It counts from the end of the last request on.
    assert_eq!(world.wait_ms(9_000).last().unwrap(), "8000: ! p abandoned");
}

#[test]
fn a_request_without_an_end_keeps_a_consumer_only_as_long_as_its_client() {
    let mut world = World::new(None);
    world.create(pull_from("p")).unwrap();
    world.pull("p", "r", &PullRequest::default());
    assert!(world.wait_ms(60_000).is_empty());
    world.sink.listening.remove("r");
    assert_eq!(world.wait_ms(12_000).last().unwrap().split_once(' ').unwrap().1, "! p abandoned");
}

#[test]
fn a_set_without_consumers_follows_nothing() {
    let mut world = World::new(Some(1));
    world.put("a");
    assert_eq!(world.pump(), None);
    world.create(watch("w", "s.>")).unwrap();
    let (key, now) = (world.key("w"), world.now());
    world.set.delete(key, &mut world.sink).unwrap();
    assert!(world.set.info(key, now, &mut world.sink).is_err());
    world.put_all("b c");
    assert_eq!(world.pump(), None);
    // A new consumer takes a slot that was used before, under another handle.
    world.listen("to.w");
    world.create(watch("w", "s.>")).unwrap();
    assert_ne!(world.key("w"), key);
    assert_eq!(world.run().len(), 3);
}

#[test]
fn the_set_says_when_the_stream_has_something_new() {
    use std::task::{Context, Poll, Waker};
    let mut world = World::new(None);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(world.set.poll_ready(&mut cx).is_pending());
    world.create(push("w")).unwrap();
    assert!(world.set.poll_ready(&mut cx).is_pending());
    world.put("a");
    assert!(matches!(world.set.poll_ready(&mut cx), Poll::Ready(Ok(()))));
    world.pump();
    assert!(world.set.poll_ready(&mut cx).is_pending());
    world.store.delete_stream(world.stream.name()).unwrap();
    assert!(matches!(world.set.poll_ready(&mut cx), Poll::Ready(Err(_))));
}
