use super::world::{MS, World, figures, pull_from, push};
use crate::consumer::{
    AckKind, AckPolicy, ConsumerConfig, ConsumerError, ConsumerSet, ConsumerSnapshot, DeliverPolicy,
    Interest, PendingAck, Position, PullRequest, StreamRules,
};
use std::sync::Arc;
use std::time::Duration;
use testkit::SeededEntropy;

fn durable(name: &str) -> ConsumerConfig {
    let ack_wait = 1_000 * MS;
    ConsumerConfig { durable_name: name.into(), ack_policy: AckPolicy::Explicit, ack_wait, ..pull_from(name) }
}

/// Takes every changed consumer out, and puts it into a new set over the same stream.
fn restart(world: &mut World) {
    let mut set =
        ConsumerSet::new(world.stream.clone(), StreamRules::default(), Arc::new(SeededEntropy::new(2)));
    let names: Vec<_> = world.set.names(None).map(|(_, key)| key).collect();
    for key in names {
        let snapshot = world.set.snapshot(key).unwrap();
        set.restore(&snapshot, world.now()).unwrap();
    }
    world.set = set;
}

#[test]
fn a_durable_consumer_goes_on_where_it_was() {
    let mut world = World::new(None);
    world.put_all("a b c d e f");
    world.create(durable("d")).unwrap();
    let three = PullRequest { batch: 3, ..PullRequest::default() };
    world.pull("d", "r", &three);
    world.ack("d", 1, 1, &AckKind::Ack);
    world.ack("d", 3, 3, &AckKind::Nak { delay: None });
    world.pull("d", "r", &PullRequest { batch: 1, ..three.clone() });
    let before = world.info("d");
    assert_eq!(figures(&before), "d 4/3 f 1/1 ap 2 rd 1 w 0 p 3");
    world.clock.advance(Duration::from_millis(400));
    restart(&mut world);
    assert_eq!(world.info("d").config, before.config);
    assert_eq!(figures(&world.info("d")), figures(&before));
    assert_eq!(world.pull("d", "r", &PullRequest { batch: 1, ..three.clone() }), ["r d 1.4.5 +2"]);
    // What was on its way before comes again when its time is over.
    assert!(world.pull("d", "q", &three).iter().all(|line| line.starts_with("q ")));
    world.pull("d", "q", &three);
    let again = world.wait_ms(700);
    assert_eq!(again, ["600: q b 2.2.8 +0", "600: q c 3.3.9 +0"]);
}

#[test]
fn only_durable_consumers_that_changed_are_to_be_stored() {
    let mut world = World::new(None);
    world.create(durable("d")).unwrap();
    world.create(pull_from("e")).unwrap();
    let changed = |world: &World| world.set.changed().collect::<Vec<_>>();
    let key = world.key("d");
    assert_eq!(changed(&world), [key]);
    let snapshot = world.set.snapshot(key).unwrap();
    assert!(changed(&world).is_empty());
    world.set.keep_changed(key);
    assert_eq!(changed(&world), [key]);
    assert_eq!(world.set.snapshot(key).unwrap(), snapshot);
    world.put("a");
    world.pump();
    assert!(changed(&world).is_empty());
    world.pull("d", "r", &PullRequest::default());
    assert_eq!(changed(&world), [key]);
    world.set.snapshot(key).unwrap();
    world.ack("d", 1, 1, &AckKind::Ack);
    assert_eq!(changed(&world), [key]);
    let now = world.now();
    assert!(world.set.restore(&snapshot, now).is_err());
}

#[test]
fn a_durable_push_consumer_waits_for_its_client_after_a_restart() {
    let mut world = World::new(None);
    world.put_all("a b");
    world.listen("to.p");
    world.create(ConsumerConfig { durable_name: "p".into(), ..push("p") }).unwrap();
    assert_eq!(world.run().len(), 2);
    restart(&mut world);
    world.put("c");
    assert!(world.run().is_empty());
    assert_eq!(world.figures("p"), "d 2/2 f 2/2 ap 0 rd 0 w 0 p 1");
    world.interest("p", Interest::Present);
    assert_eq!(world.run(), ["to.p c 1.3.3 +0"]);
}

#[test]
fn a_backup_leaves_consumers_as_they_are_and_holds_the_passing_ones_too() {
    let mut world = World::new(None);
    world.put_all("a b c");
    world.create(durable("d")).unwrap();
    world.create(pull_from("e")).unwrap();
    world.pull("d", "r", &PullRequest { batch: 2, ..PullRequest::default() });
    let snapshots = world.set.snapshots();
    assert_eq!(snapshots.iter().map(|each| &*each.name).collect::<Vec<_>>(), ["d", "e"]);
    assert_eq!((snapshots[0].delivered.consumer_seq, snapshots[0].pending.len()), (2, 2));
    assert_eq!(world.set.changed().collect::<Vec<_>>(), [world.key("d")]);
}

#[test]
fn a_consumer_out_of_a_backup_goes_on_where_it_was() {
    let mut world = World::new(None);
    world.put_all("a b c d");
    world.create(durable("d")).unwrap();
    let two = PullRequest { batch: 2, ..PullRequest::default() };
    world.pull("d", "r", &two);
    world.ack("d", 1, 1, &AckKind::Ack);
    let (figures_before, [snapshot]) =
        (figures(&world.info("d")), <[_; 1]>::try_from(world.set.snapshots()).unwrap());
    world.set =
        ConsumerSet::new(world.stream.clone(), StreamRules::default(), Arc::new(SeededEntropy::new(2)));
    let key = world.set.reinstate(&snapshot, world.now()).unwrap();
    assert_eq!(figures(&world.info("d")), figures_before);
    assert_eq!(world.set.changed().collect::<Vec<_>>(), [key], "it has to be stored");
    assert!(matches!(world.set.reinstate(&snapshot, world.now()), Err(ConsumerError::Exists)));
    assert_eq!(world.pull("d", "r", &two), ["r c 1.3.3 +1", "r d 1.4.4 +0"]);
}

#[test]
fn what_a_backup_says_of_a_consumer_is_not_believed() {
    let mut world = World::new(None);
    world.put_all("a b c d");
    world.create(durable("d")).unwrap();
    world.pull("d", "r", &PullRequest { batch: 2, ..PullRequest::default() });
    let [mut snapshot] = <[_; 1]>::try_from(world.set.snapshots()).unwrap();
    world.set =
        ConsumerSet::new(world.stream.clone(), StreamRules::default(), Arc::new(SeededEntropy::new(2)));
    let max = Position { consumer_seq: u64::MAX, stream_seq: u64::MAX, last_active: None };
    (snapshot.delivered, snapshot.ack_floor) = (max, max);
    for (stream_seq, redeliveries) in [(0, 1), (u64::MAX, u64::MAX), (3, u64::MAX)] {
        snapshot.pending.push(PendingAck { stream_seq, redeliveries, ..snapshot.pending[0] });
    }
    world.set.reinstate(&snapshot, world.now()).unwrap();
    assert_eq!((world.info("d").num_ack_pending, world.info("d").num_pending), (0, 0));
    world.put_all("e");
    world.wait_ms(60_000);
    let start = ConsumerConfig { deliver_policy: DeliverPolicy::ByStartSequence, ..durable("s") };
    let refused = ConsumerSnapshot { name: "s".into(), config: start, ..snapshot };
    assert!(world.set.reinstate(&refused, world.now()).is_err(), "a start without a sequence");
}
