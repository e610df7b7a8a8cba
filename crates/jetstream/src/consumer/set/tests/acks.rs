use super::world::{MS, World, push};
use crate::consumer::{AckKind, AckPolicy, ConsumerConfig, Interest, PullRequest};
use std::time::Duration;

fn world(messages: usize, config: ConsumerConfig) -> World {
    let mut world = World::new(None);
    for _ in 0..messages {
        world.put("k");
    }
    world.listen(&config.deliver_subject);
    world.create(config).unwrap();
    world
}

fn explicit(name: &str) -> ConsumerConfig {
    ConsumerConfig { ack_policy: AckPolicy::Explicit, ack_wait: 600 * MS, ..push(name) }
}

fn nak(ms: u64) -> AckKind {
    AckKind::Nak { delay: (ms > 0).then(|| Duration::from_millis(ms)) }
}

/// The story that was told to the reference, with its figures.
#[test]
fn explicit_acks_move_the_floor_and_the_rest_comes_again() {
    let mut world = world(6, ConsumerConfig { max_deliver: 3, ..explicit("x") });
    assert_eq!(world.run().len(), 6);
    assert_eq!(world.figures("x"), "d 6/6 f 0/0 ap 6 rd 0 w 0 p 0");
    for (sequence, figures) in [
        (3, "d 6/6 f 0/0 ap 5 rd 0 w 0 p 0"),
        (1, "d 6/6 f 1/1 ap 4 rd 0 w 0 p 0"),
        (2, "d 6/6 f 3/3 ap 3 rd 0 w 0 p 0"),
        (2, "d 6/6 f 3/3 ap 3 rd 0 w 0 p 0"),
        // Not delivered yet.
        (7, "d 6/6 f 3/3 ap 3 rd 0 w 0 p 0"),
    ] {
        assert!(world.ack("x", sequence, sequence, &AckKind::Ack).is_empty());
        assert_eq!(world.figures("x"), figures, "after the ack of {sequence}");
    }
    assert_eq!(world.ack("x", 4, 4, &nak(0)), ["! x naked 4 after 1", "to.x k 2.4.7 +0"]);
    assert_eq!(world.figures("x"), "d 7/6 f 3/3 ap 3 rd 1 w 0 p 0");
    assert_eq!(world.ack("x", 5, 5, &nak(1000)), ["! x naked 5 after 1"]);
    let reason = "no use".to_owned();
    assert_eq!(world.ack("x", 6, 6, &AckKind::Term { reason }), ["! x terminated 6 after 1: no use"]);
    assert_eq!(world.figures("x"), "d 7/6 f 3/3 ap 2 rd 1 w 0 p 0");
    let expected = [
        "600: to.x k 3.4.8 +0",
        "1000: to.x k 2.5.9 +0",
        "1200: ! x gave up 4 after 3",
        "1600: to.x k 3.5.10 +0",
        "2200: ! x gave up 5 after 3",
    ];
    assert_eq!(world.wait_ms(5000), expected);
    // What was given up holds the floor, and stays in the count of what came again.
    assert_eq!(world.figures("x"), "d 10/6 f 3/3 ap 0 rd 2 w 0 p 0");
}

#[test]
fn an_ack_of_all_covers_everything_before() {
    let config = ConsumerConfig { ack_policy: AckPolicy::All, max_ack_pending: 3, ..explicit("y") };
    let mut world = world(6, config);
    assert_eq!(world.run().len(), 3);
    assert_eq!(world.figures("y"), "d 3/3 f 0/0 ap 3 rd 0 w 0 p 3");
    assert_eq!(world.ack("y", 2, 2, &AckKind::Ack), ["to.y k 1.4.4 +2", "to.y k 1.5.5 +1"]);
    assert_eq!(world.figures("y"), "d 5/5 f 2/2 ap 3 rd 0 w 0 p 1");
    let expected = ["600: to.y k 2.3.6 +1", "600: to.y k 2.4.7 +1", "600: to.y k 2.5.8 +1"];
    assert_eq!(world.wait_ms(700), expected);
    assert_eq!(world.figures("y"), "d 8/5 f 2/2 ap 3 rd 3 w 0 p 1");
    assert_eq!(world.ack("y", 5, 8, &AckKind::Ack), ["to.y k 1.6.9 +0"]);
    assert_eq!(world.figures("y"), "d 9/6 f 8/5 ap 1 rd 0 w 0 p 0");
}

#[test]
fn a_backoff_takes_the_place_of_the_ack_wait() {
    let config = ConsumerConfig { backoff: vec![200 * MS, 500 * MS], max_deliver: 4, ..explicit("z") };
    let mut world = world(1, config);
    assert_eq!(world.info("z").config.ack_wait, 200 * MS);
    let expected = [
        "0: to.z k 1.1.1 +0",
        "200: to.z k 2.1.2 +0",
        "700: to.z k 3.1.3 +0",
        "1200: to.z k 4.1.4 +0",
        "1700: ! z gave up 1 after 4",
    ];
    assert_eq!(world.wait_ms(5000), expected);
    assert_eq!(world.figures("z"), "d 4/1 f 0/0 ap 0 rd 1 w 0 p 0");
}

#[test]
fn work_in_progress_begins_the_wait_anew() {
    let mut world = world(1, explicit("w"));
    assert_eq!(world.wait_ms(500), ["0: to.w k 1.1.1 +0"]);
    assert!(world.ack("w", 1, 1, &AckKind::Progress).is_empty());
    assert!(world.wait_ms(500).is_empty());
    assert_eq!(world.wait_ms(200), ["100: to.w k 2.1.2 +0"]);
}

#[test]
fn messages_that_await_acks_and_are_gone_are_let_go() {
    let mut world = world(10, ConsumerConfig { max_ack_pending: 4, ..explicit("e") });
    assert_eq!(world.run().len(), 4);
    world.stream.remove(2).unwrap();
    world.stream.remove(7).unwrap();
    assert_eq!(world.figures("e"), "d 4/4 f 0/0 ap 3 rd 0 w 0 p 5");
    world.set.interest(world.set.find("e").unwrap(), crate::consumer::Interest::Present, world.now());
    assert_eq!(world.run(), ["to.e k 1.5.5 +4"]);
    world.purge(None, Some(4));
    assert_eq!(world.figures("e"), "d 5/5 f 3/3 ap 2 rd 0 w 0 p 4");
    world.purge(None, None);
    assert_eq!(world.figures("e"), "d 5/10 f 5/10 ap 0 rd 0 w 0 p 0");
    // What is due again and gone is not delivered.
    assert!(world.wait_ms(2000).is_empty());
}

#[test]
fn a_purge_moves_those_who_are_before_it() {
    let mut world = World::new(None);
    world.put_all("a b a b a b a b a b");
    for (name, filter) in [("p", ""), ("pa", "s.a")] {
        let filter_subject = filter.into();
        world.create(ConsumerConfig { filter_subject, ..super::world::pull_from(name) }).unwrap();
    }
    world.purge(None, Some(4));
    assert_eq!(world.figures("p"), "d 0/3 f 0/3 ap 0 rd 0 w 0 p 7");
    assert_eq!(world.figures("pa"), "d 0/3 f 0/3 ap 0 rd 0 w 0 p 3");
    world.purge(Some("s.a"), None);
    assert_eq!(world.figures("p"), "d 0/3 f 0/3 ap 0 rd 0 w 0 p 4");
    assert_eq!(world.figures("pa"), "d 0/10 f 0/10 ap 0 rd 0 w 0 p 0");
}

#[test]
fn redeliveries_go_first_and_in_order() {
    let mut world = world(3, ConsumerConfig { max_ack_pending: 3, ..explicit("r") });
    assert_eq!(world.run().len(), 3);
    world.put("new");
    assert!(world.run().is_empty());
    world.sink.busy.insert("to.r".into());
    for sequence in [2, 1] {
        world.ack("r", sequence, sequence, &nak(0));
    }
    world.ack("r", 3, 3, &AckKind::Ack);
    world.sink.busy.clear();
    let expected = ["10: to.r k 2.2.4 +1", "10: to.r k 2.1.5 +1", "10: to.r new 1.4.6 +0"];
    assert_eq!(world.wait_ms(20), expected);
}

#[test]
fn samples_of_acks_are_reported() {
    let mut world = world(2, ConsumerConfig { sample_freq: "100%".into(), ..explicit("s") });
    world.run();
    assert_eq!(world.ack("s", 1, 1, &AckKind::Ack), ["! s acked 1"]);
    assert!(world.ack("s", 1, 1, &AckKind::Ack).is_empty());
}

#[test]
fn acks_mean_nothing_to_a_consumer_without_them() {
    let mut world = world(2, push("n"));
    world.run();
    for kind in [AckKind::Ack, nak(0), AckKind::Progress, AckKind::Next(PullRequest::default())] {
        assert!(world.ack("n", 1, 1, &kind).iter().all(|line| line.contains("push based")));
    }
    assert_eq!(world.figures("n"), "d 2/2 f 2/2 ap 0 rd 0 w 0 p 0");
}

/// A message that goes makes room for another one, whoever removed it, and whether or not anything else happens.
#[test]
fn a_removed_message_makes_room_for_the_next_one() {
    for history in [Some(1), None] {
        let mut world = World::new(history);
        world.listen("to.p");
        let config = ConsumerConfig { ack_policy: AckPolicy::Explicit, max_ack_pending: 2, ..push("p") };
        world.create(config).unwrap();
        world.put_all("a b c");
        assert_eq!(world.run(), ["to.p a 1.1.1 +2", "to.p b 1.2.2 +1"]);
        match history {
            Some(_) => drop(world.put("a")),
            None => drop(world.stream.remove(1).unwrap()),
        }
        assert_eq!(world.run()[0][..8], *"to.p c 1");
    }
}

/// What went while nobody listened is acknowledged as of then, not as of the deliveries that come later.
#[test]
fn a_removed_message_is_acknowledged_before_the_next_delivery() {
    let mut world = World::new(Some(1));
    world.listen("to.p");
    world.create(ConsumerConfig { ack_policy: AckPolicy::Explicit, ..push("p") }).unwrap();
    world.put("a");
    world.run();
    world.interest("p", Interest::Absent);
    world.put_all("a a");
    world.run();
    world.interest("p", Interest::Present);
    assert_eq!(world.run(), ["to.p a 1.3.2 +0"]);
    assert_eq!(world.figures("p"), "d 2/3 f 1/1 ap 1 rd 0 w 0 p 0");
}

/// Seen on the reference. By the number of its last delivery the floor would be above those that are still awaited.
#[test]
fn an_ack_of_all_by_what_was_given_up_leaves_the_floor() {
    let config = ConsumerConfig { ack_policy: AckPolicy::All, max_deliver: 2, ..explicit("y") };
    for (given_up, then, expected) in [
        (1, &[(1, 4), (2, 2), (3, 3)][..], ["f 0/0 ap 2", "f 2/2 ap 1", "f 3/3 ap 0"]),
        (2, &[(2, 4), (1, 1), (3, 3)], ["f 0/0 ap 1", "f 0/0 ap 1", "f 3/3 ap 0"]),
    ] {
        let mut world = world(3, config.clone());
        world.run();
        world.ack("y", given_up, given_up, &nak(0));
        world.ack("y", given_up, 4, &nak(0));
        assert_eq!(world.figures("y"), "d 4/3 f 0/0 ap 2 rd 1 w 0 p 0");
        for (&(sequence, delivery), expected) in then.iter().zip(expected) {
            world.ack("y", sequence, delivery, &AckKind::Ack);
            let figures = world.figures("y");
            assert!(
                figures.contains(expected),
                "{given_up} given up, after the ack of {sequence}: {figures}"
            );
        }
    }
}
