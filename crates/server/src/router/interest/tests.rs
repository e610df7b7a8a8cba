use super::{InterestChange, InterestSink, WatchId};
use crate::conn::{Outbound, PendingTotal};
use crate::router::{Router, Subscription, SubscriptionSpec};
use parking_lot::Mutex;
use std::sync::Arc;

#[derive(Debug, Default)]
struct Events(Mutex<Vec<(u64, InterestChange)>>);

impl InterestSink for Events {
    fn interest_changed(&self, id: WatchId, change: InterestChange) {
        self.0.lock().push((id.0, change));
    }
}

struct World {
    router: Router,
    events: Arc<Events>,
}

impl World {
    fn new() -> Self {
        let (router, events) = (Router::new(), Arc::new(Events::default()));
        let sink: Arc<dyn InterestSink> = Arc::<Events>::clone(&events);
        router.tell(sink);
        Self { router, events }
    }

    fn subscribe(&self, subject: &str) -> Arc<Subscription> {
        let outbound = Outbound::new(1, Arc::new(PendingTotal::new(1 << 20, 1 << 20)));
        let spec = SubscriptionSpec { subject: subject.as_bytes(), queue: None, sid: b"1", denied: None };
        let subscription = Arc::new(Subscription::new(spec, Arc::new(outbound)));
        self.router.insert(&subscription);
        subscription
    }

    #[track_caller]
    fn expect(&self, expected: &[(u64, InterestChange)]) {
        assert_eq!(*std::mem::take(&mut *self.events.0.lock()), *expected);
    }
}

use InterestChange::{Appeared, Gone};

#[test]
fn the_first_and_the_last_subscription_are_told() {
    let world = World::new();
    assert!(!world.router.watch_interest(b"_INBOX.a.b", WatchId(7)));
    let first = world.subscribe("_INBOX.a.*");
    let second = world.subscribe("_INBOX.a.b");
    world.subscribe("_INBOX.b.*");
    world.expect(&[(7, Appeared)]);
    world.router.remove(&first);
    world.expect(&[]);
    world.router.remove(&second);
    world.router.remove(&second);
    world.expect(&[(7, Gone)]);
}

#[test]
fn interest_that_is_there_is_said_at_once() {
    let world = World::new();
    let all = world.subscribe(">");
    assert!(world.router.watch_interest(b"x", WatchId(1)));
    world.expect(&[]);
    world.router.remove(&all);
    world.expect(&[(1, Gone)]);
}

#[test]
fn watches_of_one_subject_are_told_each() {
    let world = World::new();
    world.router.watch_interest(b"x", WatchId(1));
    world.router.watch_interest(b"x", WatchId(2));
    world.router.watch_interest(b"x", WatchId(2));
    world.router.unwatch_interest(b"x", WatchId(9));
    world.router.unwatch_interest(b"y", WatchId(1));
    let one = world.subscribe("x");
    world.expect(&[(1, Appeared), (2, Appeared)]);
    world.router.unwatch_interest(b"x", WatchId(1));
    world.router.remove(&one);
    world.expect(&[(2, Gone)]);
    world.router.unwatch_interest(b"x", WatchId(2));
    world.subscribe("x");
    world.expect(&[]);
}

#[test]
fn a_pattern_finds_the_subjects_under_its_prefix() {
    let world = World::new();
    let subjects = ["a", "a.b", "a.b.c", "a.bb", "a.c", "ab", "b"];
    for (id, subject) in (0..).zip(subjects) {
        world.router.watch_interest(subject.as_bytes(), WatchId(id));
    }
    for (pattern, expected) in [
        ("a.b", &[1][..]),
        ("a.*", &[1, 3, 4]),
        ("a.>", &[1, 2, 3, 4]),
        ("a.b.*", &[2]),
        ("*", &[0, 5, 6]),
        (">", &[0, 1, 2, 3, 4, 5, 6]),
        ("*.b.c", &[2]),
        ("c", &[]),
        ("c.>", &[]),
    ] {
        let subscription = world.subscribe(pattern);
        world.expect(&expected.iter().map(|id| (*id, Appeared)).collect::<Vec<_>>());
        world.router.remove(&subscription);
        world.expect(&expected.iter().map(|id| (*id, Gone)).collect::<Vec<_>>());
    }
}
