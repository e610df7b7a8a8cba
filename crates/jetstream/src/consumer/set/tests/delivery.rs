use super::world::{MS, World, pull_from, push, watch};
use crate::Content;
use crate::consumer::{ConsumerConfig, DeliverPolicy, Interest};
use jetkv_engine::Append;
use jetkv_types::Subject;

#[test]
fn messages_wait_for_interest_and_the_first_figures_are_complete() {
    let mut world = World::new(Some(1));
    world.put_all("a b c");
    let created = world.create(watch("w", "s.>")).unwrap();
    assert_eq!((created.info.num_pending, created.info.push), (3, Some(Interest::Absent)));
    assert!(world.run().is_empty());
    world.interest("w", Interest::Present);
    assert_eq!(world.run(), ["to.w a 1.1.1 +2", "to.w b 1.2.2 +1", "to.w c 1.3.3 +0"]);
    assert_eq!(world.figures("w"), "d 3/3 f 3/3 ap 0 rd 0 w 0 p 0");
    world.put_all("x b");
    assert_eq!(world.run(), ["to.w x 1.4.4 +1", "to.w b 1.5.5 +0"]);
}

#[test]
fn entries_that_went_before_their_delivery_are_left_out_and_pending_says_so() {
    for history in [1, 5] {
        let mut world = World::new(Some(history));
        world.put_all("a b c d");
        assert_eq!(world.create(watch("w", "s.>")).unwrap().info.num_pending, 4);
        world.purge(Some("s.b"), None);
        world.stream.remove(4).unwrap();
        assert_eq!(world.info("w").num_pending, 2);
        world.interest("w", Interest::Present);
        assert_eq!(world.run(), ["to.w a 1.1.1 +1", "to.w c 1.3.2 +0"], "history {history}");
    }
}

#[test]
fn when_everything_went_before_its_delivery_nothing_is_left() {
    let mut world = World::new(Some(1));
    world.put("a");
    assert_eq!(world.create(watch("w", "s.>")).unwrap().info.num_pending, 1);
    world.purge(Some("s.a"), None);
    assert_eq!(world.info("w").num_pending, 0);
    world.interest("w", Interest::Present);
    let heartbeat = "5000: to.w 100 Idle Heartbeat, Nats-Last-Consumer: 0, Nats-Last-Stream: 1";
    assert_eq!(world.wait_ms(5000), [heartbeat]);
}

#[test]
fn a_key_overwritten_meanwhile_comes_once_or_twice_as_its_history_says() {
    let mut world = World::new(Some(5));
    world.put_all("a b");
    world.create(watch("w", "s.>")).unwrap();
    world.put("a");
    world.interest("w", Interest::Present);
    assert_eq!(world.run(), ["to.w a 1.1.1 +2", "to.w b 1.2.2 +1", "to.w a 1.3.3 +0"]);
    let mut world = World::new(Some(1));
    world.put_all("a b");
    world.create(watch("w", "s.>")).unwrap();
    world.put("a");
    world.interest("w", Interest::Present);
    assert_eq!(world.run(), ["to.w b 1.2.1 +1", "to.w a 1.3.2 +0"]);
}

#[test]
fn filters_choose_and_do_not_disturb_each_other() {
    let mut world = World::new(None);
    for (name, filters) in [("one", &["s.a.*"][..]), ("two", &["s.b.x", "s.c.>"]), ("all", &["s.>"])] {
        let filter_subjects = filters.iter().map(|text| (*text).into()).collect();
        let config = ConsumerConfig { deliver_policy: DeliverPolicy::New, filter_subjects, ..push(name) };
        world.listen(&config.deliver_subject);
        world.create(config).unwrap();
    }
    world.put_all("a.1 b.x b.y c.1.2 a.1.2");
    let mut lines = world.run();
    lines.sort();
    assert_eq!(
        lines,
        [
            "to.all a.1 1.1.1 +4",
            "to.all a.1.2 1.5.5 +0",
            "to.all b.x 1.2.2 +3",
            "to.all b.y 1.3.3 +2",
            "to.all c.1.2 1.4.4 +1",
            "to.one a.1 1.1.1 +0",
            "to.two b.x 1.2.1 +1",
            "to.two c.1.2 1.4.2 +0",
        ]
    );
}

#[test]
fn interest_that_goes_and_comes_loses_nothing() {
    let mut world = World::new(None);
    world.listen("to.w");
    world.create(push("w")).unwrap();
    world.put("a");
    assert_eq!(world.run(), ["to.w a 1.1.1 +0"]);
    world.interest("w", Interest::Absent);
    world.put_all("b c");
    assert!(world.run().is_empty());
    assert_eq!(world.figures("w"), "d 1/1 f 1/1 ap 0 rd 0 w 0 p 2");
    world.interest("w", Interest::Present);
    assert_eq!(world.run(), ["to.w b 1.2.2 +1", "to.w c 1.3.3 +0"]);
    // Nobody takes a delivery although somebody was there a moment ago.
    world.sink.listening.clear();
    world.put_all("d e");
    assert!(world.run().is_empty());
    assert_eq!(world.info("w").push, Some(Interest::Absent));
    world.interest("w", Interest::Present);
    assert_eq!(world.run(), ["to.w d 1.4.4 +1", "to.w e 1.5.5 +0"]);
}

#[test]
fn a_busy_way_out_is_tried_again() {
    let mut world = World::new(None);
    world.listen("to.w");
    world.create(push("w")).unwrap();
    world.sink.busy.insert("to.w".into());
    world.put_all("a b");
    assert!(world.run().is_empty());
    world.sink.busy.clear();
    assert!(world.run().is_empty());
    assert_eq!(world.wait_ms(50), ["10: to.w a 1.1.1 +1", "10: to.w b 1.2.2 +0"]);
    world.sink.busy.insert("to.w".into());
    world.put("c");
    assert!(world.run().is_empty());
    world.sink.busy.clear();
    let key = world.key("w");
    world.set.resume(key);
    assert_eq!(world.run(), ["to.w c 1.3.3 +0"]);
}

#[test]
fn heartbeats_follow_silence_and_tell_how_far_the_consumer_looked() {
    let mut world = World::new(None);
    world.put_all("a b a c b");
    world.listen("to.w");
    let config = ConsumerConfig { idle_heartbeat: 200 * MS, ..watch("w", "s.a") };
    world.create(config).unwrap();
    let beat = |at: u64, stream: u64| {
        format!("{at}: to.w 100 Idle Heartbeat, Nats-Last-Consumer: 1, Nats-Last-Stream: {stream}")
    };
    assert_eq!(world.wait_ms(500), ["0: to.w a 1.3.1 +0".into(), beat(200, 5), beat(400, 5)]);
    world.put("b");
    // What was not wanted is looked at with the next heartbeat, which tells what was before.
    assert_eq!(world.wait_ms(400), [beat(100, 5), beat(300, 6)]);
    // A delivery begins the silence anew.
    world.put("a");
    assert_eq!(world.wait_ms(199), ["0: to.w a 1.7.2 +0"]);
}

#[test]
fn heartbeats_are_sent_only_while_somebody_listens() {
    let mut world = World::new(None);
    world.create(ConsumerConfig { inactive_threshold: 60_000 * MS, ..watch("w", "s.>") }).unwrap();
    assert!(world.wait_ms(12_000).is_empty());
    world.interest("w", Interest::Present);
    // In the rhythm that began with the consumer.
    let beat = "3000: to.w 100 Idle Heartbeat, Nats-Last-Consumer: 0, Nats-Last-Stream: 0";
    assert_eq!(world.wait_ms(4_000), [beat]);
}

#[test]
fn paused_consumers_wait_and_their_heartbeats_go_on() {
    let mut world = World::new(None);
    world.listen("to.w");
    world.create(ConsumerConfig { idle_heartbeat: 1000 * MS, ..watch("w", "s.>") }).unwrap();
    let now = world.now();
    let until = now.saturating_add(std::time::Duration::from_millis(2500));
    let key = world.key("w");
    let paused = world.set.pause(key, Some(until), now).unwrap();
    assert_eq!(paused.remaining, Some(std::time::Duration::from_millis(2500)));
    world.put("a");
    let beat = |at| format!("{at}: to.w 100 Idle Heartbeat, Nats-Last-Consumer: 0, Nats-Last-Stream: 0");
    assert_eq!(world.wait_ms(2600), [beat(1000), beat(2000), "2500: to.w a 1.1.1 +0".into()]);
    // Without a time, and with one that is over, it goes on at once.
    for (until, put) in [(None, "b"), (Some(jetkv_types::Timestamp::from_nanos(5)), "c")] {
        let now = world.now();
        world.set.pause(key, Some(jetkv_types::Timestamp::MAX), now).unwrap();
        world.put(put);
        assert!(world.run().is_empty());
        assert!(world.info("w").pause_remaining.is_some());
        let paused = world.set.pause(key, until, now).unwrap();
        assert_eq!((paused.until, paused.remaining), (until, None));
        assert_eq!(world.run().len(), 1);
        assert_eq!(world.info("w").config.pause_until.map(|zoned| zoned.time), until);
    }
}

#[test]
fn headers_only_is_counted_as_it_is_sent() {
    let mut world = World::new(None);
    world.listen("to.w");
    world.create(ConsumerConfig { content: Content::HeadersOnly, ..push("w") }).unwrap();
    world.put_bytes("a", 12345);
    assert_eq!(world.run(), ["to.w a 1.1.1 +0"]);
    // Subject, reply, and a block of the one header: `Nats-Msg-Size: 12345`.
    let reply = "$JS.ACK.S.w.1.1.1.1000000000.0".len();
    let block = "NATS/1.0\r\nNats-Msg-Size: 12345\r\n\r\n".len();
    assert_eq!(world.sink.bytes, u64::try_from("s.a".len() + reply + block).unwrap());
}

#[test]
fn a_rate_limit_spreads_deliveries() {
    let mut world = World::new(None);
    world.listen("to.w");
    world.put_all("a a a");
    world.create(ConsumerConfig { rate_limit_bps: 800, ..push("w") }).unwrap();
    // Each of them counts 3 bytes of subject, 30 of reply and one of payload, so they are 340 ms apart.
    let expected = ["0: to.w a 1.1.1 +2", "340: to.w a 1.2.2 +1", "680: to.w a 1.3.3 +0"];
    assert_eq!(world.wait_ms(2000), expected);
}

#[test]
fn replay_keeps_the_gaps_of_what_was_there() {
    let mut world = World::new(None);
    for gap in [0, 300, 50, 0] {
        world.clock.advance(std::time::Duration::from_millis(gap));
        world.put("a");
    }
    world.clock.advance(std::time::Duration::from_secs(5));
    world.listen("to.w");
    let replay_policy = crate::consumer::ReplayPolicy::Original;
    world.create(ConsumerConfig { replay_policy, ..push("w") }).unwrap();
    world.put("b");
    let expected = [
        "0: to.w a 1.1.1 +4",
        "300: to.w a 1.2.2 +3",
        "350: to.w a 1.3.3 +2",
        "350: to.w a 1.4.4 +1",
        "350: to.w b 1.5.5 +0",
    ];
    assert_eq!(world.wait_ms(2000), expected);
}

#[test]
fn a_small_budget_comes_back_at_once_and_nobody_starves() {
    let mut world = World::new(None);
    for _ in 0..500 {
        world.put("a");
    }
    for name in ["x", "y", "z"] {
        world.listen(&format!("to.{name}"));
        world.create(push(name)).unwrap();
    }
    let now = world.now();
    assert_eq!(world.set.pump(now, 300, &mut world.sink).unwrap(), Some(now));
    let lines = std::mem::take(&mut world.sink.lines);
    for name in ["x", "y", "z"] {
        let count = lines.iter().filter(|line| line.starts_with(&format!("to.{name} "))).count();
        assert!(count >= 60, "{name} got {count}");
    }
    while world.set.pump(now, 300, &mut world.sink).unwrap() == Some(now) {}
    assert_eq!(world.sink.lines.len() + lines.len(), 1500);
}

#[test]
fn figures_count_what_the_set_has_not_seen_yet() {
    let mut world = World::new(None);
    world.create(pull_from("p")).unwrap();
    world.put_all("a b");
    assert_eq!(world.info("p").num_pending, 2);
    world.pump();
    world.put("c");
    assert_eq!(world.info("p").num_pending, 3);
    world.stream.remove(1).unwrap();
    assert_eq!(world.info("p").num_pending, 2);
}

#[test]
fn a_roll_up_leaves_the_marker_only() {
    let mut world = World::new(Some(5));
    world.put_all("a a a");
    world.create(ConsumerConfig { deliver_policy: DeliverPolicy::All, ..watch("w", "s.>") }).unwrap();
    assert_eq!(world.put_rollup("a"), 4);
    world.interest("w", Interest::Present);
    assert_eq!(world.run(), ["to.w a 1.4.1 +0"]);
}

#[test]
fn what_comes_while_a_consumer_catches_up_waits_until_it_has() {
    let mut world = World::new(None);
    world.put("k");
    world.listen("to.a");
    world.listen("to.b");
    world.create(push("a")).unwrap();
    world.create(ConsumerConfig { deliver_policy: DeliverPolicy::New, ..push("b") }).unwrap();
    // More than one turn takes comes between the look at the stream and the turn of the second consumer, and another one
    // during its turn.
    let (stream, mut rounds) = (world.stream.clone(), vec![("to.b", 1), ("to.a", 100)]);
    world.sink.meanwhile = Some(Box::new(move |to| {
        let Some((_, count)) = rounds.pop_if(|(at, _)| *at == to) else { return };
        let subject = Subject::new("s.k").unwrap();
        for _ in 0..count {
            stream.append(&[Append::put(&subject, b"x")]).wait().unwrap();
        }
    }));
    let lines = world.run();
    for (name, first) in [("a", 1), ("b", 2)] {
        let to = format!("to.{name} ");
        let got: Vec<u64> =
            lines.iter().filter_map(|line| line.strip_prefix(&to)?.split('.').nth(1)?.parse().ok()).collect();
        assert_eq!(got, (first..=102).collect::<Vec<u64>>(), "{name}");
    }
}
