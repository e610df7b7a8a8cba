//! Priority groups, as the reference serves them.

use super::world::{MS, World, pull_from};
use crate::consumer::{AckPolicy, ConsumerConfig, ConsumerError, PriorityPolicy, PullRequest, Ranking};

fn world(policy: PriorityPolicy) -> World {
    let mut world = World::new(None);
    let groups = vec!["A".into(), "B".into()];
    let (ack_policy, ack_wait) = (AckPolicy::Explicit, 3_600_000 * MS);
    let config = ConsumerConfig { priority_policy: policy, ack_policy, ack_wait, ..pull_from("c") };
    let config = ConsumerConfig { priority_groups: groups, ..config };
    world.create(ConsumerConfig { durable_name: "c".into(), ..config }).unwrap();
    world
}

fn in_group(batch: i64, change: impl FnOnce(&mut Ranking)) -> PullRequest {
    let mut ranking = Ranking { group: "A".into(), ..Ranking::default() };
    change(&mut ranking);
    PullRequest { batch, ranking: Some(ranking), ..PullRequest::default() }
}

/// Puts messages one by one; returns where they went.
fn put(world: &mut World, count: usize) -> Vec<String> {
    (0..count)
        .flat_map(|_| {
            world.put("k");
            world.run()
        })
        .collect()
}

#[test]
fn requests_are_checked_in_the_order_of_the_reference() {
    use PriorityPolicy::{None as Unranked, Overflow, PinnedClient, Prioritized};
    let refusal = |policy: PriorityPolicy, request: &PullRequest| {
        let mut world = World::new(None);
        let groups = if policy == Unranked { Vec::new() } else { vec!["A".into()] };
        world
            .create(ConsumerConfig { priority_groups: groups, priority_policy: policy, ..pull_from("c") })
            .unwrap();
        world.pull("c", "r", request).join("").replace("r 400 Bad Request - ", "")
    };
    let other = |change: fn(&mut Ranking)| in_group(1, change);
    for policy in [Overflow, PinnedClient, Prioritized] {
        assert_eq!(refusal(policy, &other(|ranking| ranking.group.clear())), "Priority Group missing");
        assert_eq!(refusal(policy, &other(|ranking| ranking.group = "B".into())), "Invalid Priority Group");
        // A number alone asks for no place.
        assert_eq!(refusal(policy, &PullRequest::default()), "");
    }
    for policy in [Unranked, Overflow, PinnedClient, Prioritized] {
        for priority in [-1, 10] {
            let request = in_group(1, |ranking| ranking.priority = priority);
            assert_eq!(refusal(policy, &request), "Priority must be between 0 and 9");
        }
        let minima = in_group(1, |ranking| (ranking.min_pending, ranking.id) = (-1, "x".into()));
        let expected = match policy {
            Overflow => "Not a Pinned Client Priority consumer",
            _ => "Not a Overflow Priority consumer",
        };
        assert_eq!(refusal(policy, &minima), expected);
    }
    assert_eq!(refusal(Unranked, &other(|ranking| ranking.group = "B".into())), "");
}

#[test]
fn overflow_is_served_when_there_is_enough() {
    let mut world = world(PriorityPolicy::Overflow);
    assert!(world.pull("c", "x", &in_group(9, |ranking| ranking.min_pending = 3)).is_empty());
    assert!(put(&mut world, 2).is_empty());
    assert_eq!(put(&mut world, 2), ["x k 1.1.1 +2", "x k 1.2.2 +2"]);
    assert_eq!(world.pull("c", "y", &in_group(1, |_| {})), ["y k 1.3.3 +1"]);
    assert!(world.pull("c", "z", &in_group(9, |ranking| ranking.min_ack_pending = 4)).is_empty());
    assert_eq!(world.pull("c", "y", &in_group(1, |_| {})), ["y k 1.4.4 +0"]);
    assert_eq!(put(&mut world, 1), ["z k 1.5.5 +0"]);
    let no_wait = PullRequest { no_wait: true, ..in_group(1, |ranking| ranking.min_pending = 9) };
    assert_eq!(world.pull("c", "n", &no_wait), ["n 404 No Messages"]);
}

#[test]
fn one_of_the_two_minima_is_enough() {
    let mut world = world(PriorityPolicy::Overflow);
    let both = |ranking: &mut Ranking| (ranking.min_pending, ranking.min_ack_pending) = (2, 2);
    world.pull("c", "x", &in_group(9, both));
    assert!(put(&mut world, 1).is_empty());
    assert_eq!(put(&mut world, 2), ["x k 1.1.1 +1", "x k 1.2.2 +1", "x k 1.3.3 +0"]);
}

#[test]
fn the_pinned_client_gets_everything() {
    let mut world = world(PriorityPolicy::PinnedClient);
    assert_eq!(world.info("c").config.priority_timeout, 120_000 * MS);
    assert_eq!(world.info("c").group.unwrap().pinned, None);
    world.pull("c", "a", &in_group(2, |_| {}));
    world.pull("c", "b", &in_group(2, |_| {}));
    let got = ["! c pinned in A", "a k 1.1.1 +0 pinned", "a k 1.2.2 +0 pinned"];
    assert_eq!(put(&mut world, 3), got);
    let pin = world.sink.pin.clone().unwrap();
    assert_eq!(pin.len(), 22);
    let (id, since) = world.info("c").group.unwrap().pinned.unwrap();
    assert_eq!((&*id, since), (pin.as_str(), world.now()));
    let wrong = in_group(1, |ranking| ranking.id = "x".into());
    assert_eq!(world.pull("c", "w", &wrong), ["w 423 Nats-Pin-Id mismatch"]);
    let right = in_group(2, |ranking| ranking.id.clone_from(&pin));
    assert_eq!(world.pull("c", "a", &right), ["a k 1.3.3 +0 pinned"]);
    // Each request with the pin makes it last longer, deliveries do not.
    assert!(world.wait_ms(100_000).is_empty());
    world.pull("c", "c", &right);
    assert!(world.wait_ms(100_000).is_empty());
    assert_eq!(put(&mut world, 1), ["a k 1.4.4 +0 pinned"]);
    assert_eq!(world.wait_ms(100_000), ["20000: ! c unpinned in A: timeout"]);
    let old = "c 423 Nats-Wrong-Pin-Id, Nats-Pending-Messages: 2, Nats-Pending-Bytes: 0";
    // Whose turn it is is told that its pin does not count any more.
    assert_eq!(put(&mut world, 1), [old, "! c pinned in A", "b k 1.5.5 +0 pinned"]);
    let (key, now) = (world.key("c"), world.now());
    let refused = world.set.unpin(key, "C", now, &mut world.sink);
    assert!(matches!(refused, Err(ConsumerError::PriorityGroupUnknown)));
    world.set.unpin(key, "B", now, &mut world.sink).unwrap();
    assert_eq!(world.run(), ["! c unpinned in B: admin"]);
    let other = "b 423 Nats-Wrong-Pin-Id, Nats-Pending-Messages: 1, Nats-Pending-Bytes: 0";
    assert_eq!(put(&mut world, 1), [other]);
    assert_eq!(world.info("c").num_waiting, 0);
}

/// Seen on the reference: they get an empty pin while nobody is pinned, and nothing while somebody is.
#[test]
fn requests_without_a_group_wait_while_somebody_is_pinned() {
    let mut world = world(PriorityPolicy::PinnedClient);
    let number = |batch| PullRequest { batch, ..PullRequest::default() };
    world.pull("c", "n", &number(2));
    assert_eq!(put(&mut world, 1), ["n k 1.1.1 +0 unpinned"]);
    assert_eq!(world.info("c").group.unwrap().pinned, None);
    world.pull("c", "a", &in_group(1, |_| {}));
    assert_eq!(put(&mut world, 1), ["n k 1.2.2 +0 unpinned"]);
    assert_eq!(put(&mut world, 1), ["! c pinned in A", "a k 1.3.3 +0 pinned"]);
    assert!(world.pull("c", "n", &number(1)).is_empty());
    assert!(put(&mut world, 1).is_empty());
    let pin = world.sink.pin.clone().unwrap();
    let right = in_group(1, |ranking| ranking.id = pin);
    assert_eq!(world.pull("c", "a", &right), ["a k 1.4.4 +0 pinned"]);
    assert!(put(&mut world, 1).is_empty());
    let (key, now) = (world.key("c"), world.now());
    world.set.unpin(key, "A", now, &mut world.sink).unwrap();
    assert_eq!(world.run(), ["! c unpinned in A: admin", "n k 1.5.5 +0 unpinned"]);
}

#[test]
fn smaller_priorities_come_first_and_equal_ones_take_turns() {
    let mut world = world(PriorityPolicy::Prioritized);
    for (reply, priority, batch) in [("a5", 5, 2), ("b0", 0, 2), ("c9", 9, 1), ("d0", 0, 2), ("e5", 5, 2)] {
        world.pull("c", reply, &in_group(batch, |ranking| ranking.priority = priority));
    }
    let to: Vec<_> = put(&mut world, 9).iter().map(|line| line[..2].to_owned()).collect();
    assert_eq!(to, ["b0", "d0", "b0", "d0", "a5", "e5", "a5", "e5", "c9"]);
    world.pull("c", "a5", &in_group(3, |ranking| ranking.priority = 5));
    assert_eq!(put(&mut world, 1).len(), 1);
    world.pull("c", "b1", &in_group(1, |ranking| ranking.priority = 1));
    let to: Vec<_> = put(&mut world, 2).iter().map(|line| line[..2].to_owned()).collect();
    assert_eq!(to, ["b1", "a5"]);
}
