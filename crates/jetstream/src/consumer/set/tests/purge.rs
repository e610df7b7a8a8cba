use super::world::{World, pull_from};
use crate::consumer::{AckPolicy, ConsumerConfig, PullRequest};

fn filtered(name: &str, filters: &[&str]) -> ConsumerConfig {
    ConsumerConfig {
        ack_policy: AckPolicy::Explicit,
        filter_subjects: filters.iter().map(|text| (*text).into()).collect(),
        ..pull_from(name)
    }
}

/// Puts, lets a consumer get so many messages, purges, and returns its figures.
fn after(puts: &str, filters: &[&str], batch: i64, purge: Option<&str>, below: Option<u64>) -> String {
    let mut world = World::new(None);
    world.put_all(puts);
    world.create(filtered("c", filters)).unwrap();
    if batch > 0 {
        world.pull("c", "r", &PullRequest { batch, no_wait: true, ..PullRequest::default() });
    }
    world.purge(purge, below);
    world.figures("c")
}

/// The figures that the reference gave.
#[test]
fn a_purge_moves_those_whose_messages_it_reaches() {
    for (puts, filters, batch, purge, below, expected) in [
        ("k k", &["s.l"][..], 0, Some("s.k"), None, "d 0/0 f 0/0 ap 0 rd 0 w 0 p 0"),
        ("k k", &["s.l", "s.no"], 2, Some("s.k"), None, "d 0/0 f 0/0 ap 0 rd 0 w 0 p 0"),
        ("k k", &["s.l"], 0, None, Some(2), "d 0/1 f 0/1 ap 0 rd 0 w 0 p 0"),
        ("k k", &[], 2, None, Some(2), "d 2/2 f 1/1 ap 1 rd 0 w 0 p 0"),
        ("k k", &[], 1, None, None, "d 1/2 f 1/2 ap 0 rd 0 w 0 p 0"),
        ("l k", &["s.k"], 0, Some("s.k"), None, "d 0/2 f 0/2 ap 0 rd 0 w 0 p 0"),
        ("l k", &["s.k"], 0, Some("s.k"), Some(2), "d 0/1 f 0/1 ap 0 rd 0 w 0 p 1"),
        ("l k", &[], 1, Some("s.k"), None, "d 1/1 f 0/0 ap 1 rd 0 w 0 p 0"),
        ("l k", &[], 2, Some("s.k"), None, "d 2/2 f 2/0 ap 1 rd 0 w 0 p 0"),
        ("l k", &["s.*"], 2, Some("s.k"), None, "d 2/2 f 2/0 ap 1 rd 0 w 0 p 0"),
        ("l k", &["s.l", "s.no"], 0, Some("s.l"), None, "d 0/1 f 0/1 ap 0 rd 0 w 0 p 0"),
        ("l k", &["s.l", "s.no"], 1, Some("s.l"), None, "d 1/1 f 1/1 ap 0 rd 0 w 0 p 0"),
        ("l k", &["s.k"], 1, Some("s.l"), None, "d 1/2 f 0/0 ap 1 rd 0 w 0 p 0"),
        ("l k", &["s.l"], 1, Some("zz"), None, "d 1/1 f 0/0 ap 1 rd 0 w 0 p 0"),
        ("k l", &["s.l"], 0, Some("s.k"), None, "d 0/0 f 0/0 ap 0 rd 0 w 0 p 1"),
    ] {
        let figures = after(puts, filters, batch, purge, below);
        assert_eq!(figures, expected, "{puts}, {filters:?}, {batch}, {purge:?} below {below:?}");
    }
}

#[test]
fn a_message_that_is_removed_is_no_purge() {
    let mut world = World::new(None);
    world.put_all("a b");
    world.create(filtered("c", &["s.a"])).unwrap();
    world.stream.remove(1).unwrap();
    let now = world.now();
    world.set.removed(now).unwrap();
    assert_eq!(world.figures("c"), "d 0/0 f 0/0 ap 0 rd 0 w 0 p 0");
}

#[test]
fn a_removed_message_counts_as_acknowledged_now() {
    let mut world = World::new(None);
    world.put("a");
    world.create(filtered("c", &[])).unwrap();
    world.pull("c", "r", &PullRequest { batch: 1, ..PullRequest::default() });
    assert_eq!(world.info("c").ack_floor.last_active, None);
    world.stream.remove(1).unwrap();
    assert_eq!(world.info("c").ack_floor.last_active, Some(world.now()));
}

/// A message that takes the place of the others of its subject is a purge to the reference.
#[test]
fn a_rollup_moves_those_whose_messages_it_replaced() {
    let mut world = World::new(None);
    world.put_all("k l");
    for (name, filters) in [("all", &[][..]), ("k", &["s.k"]), ("l", &["s.l"])] {
        world.create(filtered(name, filters)).unwrap();
    }
    world.put_rollup("k");
    world.run();
    assert_eq!(world.figures("all"), "d 0/1 f 0/1 ap 0 rd 0 w 0 p 2");
    assert_eq!(world.figures("k"), "d 0/2 f 0/2 ap 0 rd 0 w 0 p 1");
    assert_eq!(world.figures("l"), "d 0/0 f 0/0 ap 0 rd 0 w 0 p 1");
}

#[test]
fn whoever_creates_a_consumer_again_is_told_what_is_left() {
    let mut world = World::new(None);
    world.put_all("k l");
    world.create(filtered("c", &["s.k"])).unwrap();
    world.put_rollup("k");
    world.run();
    let again = world.create(filtered("c", &["s.k"])).unwrap();
    assert_eq!((again.is_new, again.info.num_pending), (false, 1));
    world.stream.remove(3).unwrap();
    assert_eq!(world.create(filtered("c", &["s.k"])).unwrap().info.num_pending, 0);
}

/// Where nothing is on disk, a consumer that found nothing says how far it looked; after a purge, every one does.
#[test]
fn what_was_looked_at_counts_after_a_purge() {
    for (mem_storage, looked) in [(false, "d 0/0"), (true, "d 0/2")] {
        let mut world = World::new(None);
        world.put_all("a b");
        world.create(ConsumerConfig { mem_storage, ..filtered("c", &["s.no"]) }).unwrap();
        world.pull("c", "r", &PullRequest { batch: 1, ..PullRequest::default() });
        assert_eq!(world.figures("c"), format!("{looked} f 0/0 ap 0 rd 0 w 1 p 0"));
        world.put("a");
        world.run();
        world.purge(None, Some(1));
        assert_eq!(world.figures("c"), "d 0/2 f 0/2 ap 0 rd 0 w 1 p 0");
    }
}

/// With acks for all before, the removal of a message counts as an ack of it and of those before.
#[test]
fn a_removed_message_settles_those_before_by_the_policy() {
    for (ack_policy, expected) in [
        (AckPolicy::All, "d 3/3 f 2/2 ap 1 rd 0 w 0 p 0"),
        (AckPolicy::Explicit, "d 3/3 f 0/0 ap 2 rd 0 w 0 p 0"),
    ] {
        let mut world = World::new(None);
        world.put_all("a b c");
        world.create(ConsumerConfig { ack_policy, ..filtered("c", &[]) }).unwrap();
        world.pull("c", "r", &PullRequest { batch: 3, ..PullRequest::default() });
        world.stream.remove(2).unwrap();
        assert_eq!(world.figures("c"), expected);
    }
}
