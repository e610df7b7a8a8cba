use super::world::{MS, World, pull_from, push};
use crate::consumer::{AckKind, AckPolicy, ConsumerConfig, PullRequest, Ranking};
use jetkv_types::Timestamp;

fn batch(batch: i64) -> PullRequest {
    PullRequest { batch, ..PullRequest::default() }
}

fn no_wait(batch: i64) -> PullRequest {
    PullRequest { batch, no_wait: true, ..PullRequest::default() }
}

fn expires(batch: i64, ms: i64) -> PullRequest {
    PullRequest { batch, expires: ms * MS, ..PullRequest::default() }
}

fn world(messages: usize, config: ConsumerConfig) -> World {
    let mut world = World::new(None);
    for _ in 0..messages {
        world.put("k");
    }
    world.create(config).unwrap();
    world
}

fn explicit(name: &str) -> ConsumerConfig {
    ConsumerConfig { ack_policy: AckPolicy::Explicit, durable_name: name.into(), ..pull_from(name) }
}

#[test]
fn requests_get_what_is_there_and_wait_for_the_rest() {
    let mut world = world(6, explicit("p"));
    assert_eq!(world.pull("p", "r1", &PullRequest::default()), ["r1 k 1.1.1 +5"]);
    assert_eq!(world.pull("p", "r2", &batch(2)), ["r2 k 1.2.2 +4", "r2 k 1.3.3 +3"]);
    assert_eq!(world.pull("p", "r3", &no_wait(2)), ["r3 k 1.4.4 +2", "r3 k 1.5.5 +1"]);
    assert_eq!(world.pull("p", "r4", &no_wait(5)), ["r4 k 1.6.6 +0", "r4 404 No Messages"]);
    assert_eq!(world.pull("p", "r5", &no_wait(5)), ["r5 404 No Messages"]);
    assert!(world.pull("p", "r6", &expires(5, 300)).is_empty());
    let timeout = "300: r6 408 Request Timeout, Nats-Pending-Messages: 5, Nats-Pending-Bytes: 0";
    assert_eq!(world.wait_ms(400), [timeout]);
    assert_eq!(world.figures("p"), "d 6/6 f 0/0 ap 6 rd 0 w 0 p 0");
    let over = PullRequest { expires: -1, ..batch(2) };
    let timeout = "over 408 Request Timeout, Nats-Pending-Messages: 2, Nats-Pending-Bytes: 0";
    assert_eq!(world.pull("p", "over", &over), [timeout]);
    for (number, request) in [(7, batch(0)), (8, batch(-1)), (9, batch(1))] {
        assert!(world.pull("p", &format!("r{number}"), &request).is_empty());
    }
    assert_eq!(world.info("p").num_waiting, 3);
    world.put_all("k k k");
    assert_eq!(world.run(), ["r7 k 1.7.7 +2", "r8 k 1.8.8 +1", "r9 k 1.9.9 +0"]);
}

#[test]
fn requests_take_turns() {
    let mut world = world(0, explicit("p"));
    world.pull("p", "a", &expires(3, 3000));
    world.pull("p", "b", &expires(3, 3000));
    for _ in 0..5 {
        world.put("k");
    }
    let to: Vec<_> = world.run().iter().map(|line| line[..1].to_owned()).collect();
    assert_eq!(to, ["a", "b", "a", "b", "a"]);
    assert_eq!(world.figures("p"), "d 5/5 f 0/0 ap 5 rd 0 w 1 p 0");
    // One that does not wait finds nothing, although another one waits.
    assert_eq!(world.pull("p", "c", &no_wait(2)), ["c 404 No Messages"]);
    world.put("k");
    assert_eq!(world.run(), ["b k 1.6.6 +0"]);
}

#[test]
fn a_request_that_does_not_wait_but_expires_is_done_with_the_first_message() {
    let mut world = world(2, pull_from("n"));
    let request = PullRequest { expires: 1000 * MS, ..no_wait(10) };
    assert_eq!(world.pull("n", "a", &request), ["a k 1.1.1 +1", "a k 1.2.2 +0", "a 404 No Messages"]);
    assert!(world.pull("n", "b", &request).is_empty());
    world.put("k");
    assert_eq!(world.run(), ["b k 1.3.3 +0", "b 404 No Messages"]);
    world.pull("n", "c", &request);
    let timeout = "1000: c 408 Request Timeout, Nats-Pending-Messages: 10, Nats-Pending-Bytes: 0";
    assert_eq!(world.wait_ms(1000), [timeout]);
}

#[test]
fn a_request_that_does_not_wait_steps_back_behind_others() {
    let mut world = world(6, ConsumerConfig { max_ack_pending: 2, ..explicit("m") });
    assert_eq!(world.pull("m", "a", &expires(5, 1000)).len(), 2);
    // Four are there and three are wanted.
    assert!(world.pull("m", "b", &no_wait(5)).is_empty());
    assert_eq!(world.pull("m", "c", &no_wait(2)), ["c 408 Requests Pending"]);
    assert_eq!(world.info("m").num_waiting, 2);
    // An ack makes room for one more, which goes to the one that waited longest.
    assert_eq!(world.ack("m", 1, 1, &AckKind::Ack), ["a k 1.3.3 +3"]);
}

#[test]
fn heartbeats_tell_a_waiting_client_that_the_consumer_is_there() {
    let mut world = world(1, pull_from("p"));
    let request = PullRequest { idle_heartbeat: 400 * MS, ..expires(3, 1500) };
    assert_eq!(world.pull("p", "r", &request), ["r k 1.1.1 +0"]);
    let beat = |at: u64, seq: u64| {
        format!("{at}: r 100 Idle Heartbeat, Nats-Last-Consumer: {seq}, Nats-Last-Stream: {seq}")
    };
    assert_eq!(world.wait_ms(500), [beat(400, 1)]);
    world.put("k");
    // A delivery counts as a sign of life.
    let timeout = "1000: r 408 Request Timeout, Nats-Pending-Messages: 1, Nats-Pending-Bytes: 0";
    let expected = ["0: r k 1.2.2 +0".into(), beat(400, 2), beat(800, 2), timeout.into()];
    assert_eq!(world.wait_ms(1000), expected);
}

#[test]
fn what_cannot_be_served_is_refused_at_once() {
    let mut world =
        world(9, ConsumerConfig { max_batch: 3, max_expires: 1000 * MS, max_bytes: 100, ..pull_from("q") });
    let refused = |world: &mut World, request: PullRequest| world.pull("q", "r", &request).join("; ");
    assert_eq!(refused(&mut world, batch(4)), "r 409 Exceeded MaxRequestBatch of 3");
    assert_eq!(refused(&mut world, expires(1, 2000)), "r 409 Exceeded MaxRequestExpires of 1s");
    let bytes = |max_bytes, request| PullRequest { max_bytes, ..request };
    assert_eq!(refused(&mut world, bytes(1000, batch(1))), "r 409 Exceeded MaxRequestMaxBytes of 100");
    let heartbeat = PullRequest { idle_heartbeat: 300 * MS, ..expires(1, 500) };
    assert_eq!(refused(&mut world, heartbeat), "r 400 Bad Request - heartbeat value too large");
    let heartbeat = PullRequest { idle_heartbeat: 300 * MS, ..batch(1) };
    assert_eq!(refused(&mut world, heartbeat), "r 400 Bad Request - heartbeat value too large");
    let overflow =
        PullRequest { ranking: Some(Ranking { min_pending: 3, ..Ranking::default() }), ..batch(1) };
    assert_eq!(refused(&mut world, overflow), "r 400 Bad Request - Not a Overflow Priority consumer");
    world.create(push("push")).unwrap();
    assert_eq!(world.pull("push", "r", &batch(1)), ["r 409 Consumer is push based"]);
    assert_eq!(world.info("q").num_waiting, 0);
}

#[test]
fn bytes_are_counted_as_the_client_gets_them() {
    let mut world = world(9, pull_from("q"));
    // Subject 3, reply `$JS.ACK.S.q.1.1.1.1000000000.8` 30, payload 1.
    let request = |batch: i64, max_bytes: i64| PullRequest { max_bytes, ..expires(batch, 500) };
    let too_small = "r 409 Message Size Exceeds MaxBytes, Nats-Pending-Messages: 3, Nats-Pending-Bytes: 33";
    assert_eq!(world.pull("q", "r", &request(3, 33)), [too_small]);
    let lines = world.pull("q", "r", &request(3, 100));
    let rest = "r 409 Message Size Exceeds MaxBytes, Nats-Pending-Messages: 1, Nats-Pending-Bytes: 32";
    assert_eq!(lines, ["r k 1.1.1 +8", "r k 1.2.2 +7", rest]);
    let done = "r 409 Batch Completed, Nats-Pending-Messages: 0, Nats-Pending-Bytes: 66";
    assert_eq!(world.pull("q", "r", &request(1, 100)), ["r k 1.3.3 +6", done]);
    // Exactly enough is the end without a word.
    assert_eq!(world.pull("q", "r", &request(9, 68)), ["r k 1.4.4 +5", "r k 1.5.5 +4"]);
    assert_eq!(world.info("q").num_waiting, 0);
}

#[test]
fn the_queue_of_requests_is_bounded_and_clients_that_are_gone_make_room() {
    let mut world = world(0, ConsumerConfig { max_waiting: 4, ..pull_from("p") });
    for number in 0..4 {
        assert!(world.pull("p", &format!("r{number}"), &expires(1, 2000)).is_empty());
    }
    assert_eq!(world.pull("p", "r4", &expires(1, 2000)), ["r4 409 Exceeded MaxWaiting"]);
    let quiet = PullRequest { idle_heartbeat: 500 * MS, ..expires(1, 2000) };
    assert!(world.pull("p", "r5", &quiet).is_empty());
    assert_eq!(world.info("p").num_waiting, 4);
    world.sink.listening.remove("r1");
    assert!(world.pull("p", "r6", &expires(1, 2000)).is_empty());
    assert_eq!(world.info("p").num_waiting, 4);
    let key = world.key("p");
    let now = world.now();
    world.set.reply_lost(key, "r0", now);
    // One that is gone without a word is passed over when its turn comes.
    world.sink.listening.remove("r2");
    world.put("k");
    assert_eq!(world.run(), ["r3 k 1.1.1 +0"]);
}

#[test]
fn who_waits_is_told_of_the_end() {
    for end in 0..3 {
        let mut world = world(0, pull_from("d"));
        world.pull("d", "r", &expires(3, 5000));
        let key = world.key("d");
        let World { set, sink, .. } = &mut world;
        match end {
            0 => set.delete(key, sink).unwrap(),
            1 => set.stream_removed(sink),
            _ => set.shut_down(sink),
        }
        let expected = match end {
            2 => "r 409 Server Shutdown, Nats-Pending-Messages: 3, Nats-Pending-Bytes: 0",
            _ => "r 409 Consumer Deleted",
        };
        assert_eq!(world.run(), [expected]);
        assert_eq!(world.set.count(), usize::from(end == 2));
    }
}

#[test]
fn paused_consumers_let_requests_wait() {
    let mut world = world(1, pull_from("p"));
    let (key, now) = (world.key("p"), world.now());
    world.set.pause(key, Some(Timestamp::MAX), now).unwrap();
    assert!(world.pull("p", "a", &expires(2, 600)).is_empty());
    assert_eq!(world.pull("p", "b", &no_wait(1)), ["b 408 Requests Pending"]);
    assert_eq!(world.wait_ms(600).len(), 1);
    assert!(world.pull("p", "c", &batch(1)).is_empty());
    let now = world.now();
    world.set.pause(key, None, now).unwrap();
    assert_eq!(world.run(), ["c k 1.1.1 +0"]);
}

#[test]
fn an_ack_may_ask_for_more() {
    let mut world = world(9, explicit("x"));
    world.listen("next");
    assert_eq!(world.pull("x", "r", &batch(1)), ["r k 1.1.1 +8"]);
    assert_eq!(world.ack("x", 1, 1, &AckKind::Next(batch(1))), ["next k 1.2.2 +7"]);
    assert_eq!(world.ack("x", 1, 1, &AckKind::Next(batch(2))).len(), 2);
    assert_eq!(world.figures("x"), "d 4/4 f 1/1 ap 3 rd 0 w 0 p 5");
}

/// Unacknowledged messages hold a request back that does not wait; the end of another one ends it, too.
#[test]
fn a_request_that_does_not_wait_ends_at_the_next_expiry() {
    let mut world = world(1, ConsumerConfig { max_ack_pending: 1, ..explicit("p") });
    assert_eq!(world.pull("p", "a", &no_wait(2)), ["a k 1.1.1 +0"]);
    assert!(world.pull("p", "b", &expires(4, 50)).is_empty());
    let timeout = "50: b 408 Request Timeout, Nats-Pending-Messages: 4, Nats-Pending-Bytes: 0";
    assert_eq!(world.wait_ms(60), ["50: a 404 No Messages", timeout]);
}

/// Seen on the reference.
#[test]
fn a_request_that_is_over_is_refused_like_any_other_where_too_many_wait() {
    let mut world = World::new(None);
    world.create(ConsumerConfig { max_waiting: 1, ..pull_from("c") }).unwrap();
    let over = |no_wait| PullRequest { expires: -1, no_wait, ..PullRequest::default() };
    let timeout = "r 408 Request Timeout, Nats-Pending-Messages: 0, Nats-Pending-Bytes: 0";
    for no_wait in [false, true] {
        assert_eq!(world.pull("c", "r", &over(no_wait)), [timeout]);
    }
    assert!(world.pull("c", "w", &PullRequest { batch: 3, ..PullRequest::default() }).is_empty());
    for no_wait in [false, true] {
        assert_eq!(world.pull("c", "r", &over(no_wait)), ["r 409 Exceeded MaxWaiting"]);
    }
}
