use super::{InterestChange, InterestSink, Target, WatchId};
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

    fn watch(&self, subject: &str, id: u64) -> bool {
        self.router.watch_interest(&Target::new(subject, ""), WatchId(id))
    }

    fn unwatch(&self, subject: &str, id: u64) {
        self.router.unwatch_interest(&Target::new(subject, ""), WatchId(id));
    }

    fn subscribe(&self, subject: &str) -> Arc<Subscription> {
        self.subscribe_in(subject, None)
    }

    fn subscribe_in(&self, subject: &str, queue: Option<&str>) -> Arc<Subscription> {
        let queue = queue.map(str::as_bytes);
        let outbound = Outbound::new(1, Arc::new(PendingTotal::new(1 << 20, 1 << 20)));
        let spec = SubscriptionSpec { subject: subject.as_bytes(), queue, sid: b"1", denied: None };
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
    assert!(!world.watch("_INBOX.a.b", 7));
    let first = world.subscribe("_INBOX.a.b");
    let second = world.subscribe("_INBOX.a.b");
    world.subscribe("_INBOX.b.b");
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
    let one = world.subscribe("x");
    assert!(world.watch("x", 1));
    world.expect(&[]);
    world.router.remove(&one);
    world.expect(&[(1, Gone)]);
}

#[test]
fn watches_of_one_subject_are_told_each() {
    let world = World::new();
    world.watch("x", 1);
    world.watch("x", 2);
    world.watch("x", 2);
    world.unwatch("x", 9);
    world.unwatch("y", 1);
    let one = world.subscribe("x");
    world.expect(&[(1, Appeared), (2, Appeared)]);
    world.unwatch("x", 1);
    world.router.remove(&one);
    world.expect(&[(2, Gone)]);
    world.unwatch("x", 2);
    world.subscribe("x");
    world.expect(&[]);
}

/// The reference was asked with each of these.
#[test]
fn wildcards_and_other_groups_are_no_interest() {
    let world = World::new();
    let groups = ["", "q"].map(|group| Target::new("d.1", group));
    for (id, target) in (0..).zip(&groups) {
        world.router.watch_interest(target, WatchId(id));
    }
    for (subject, queue, watch) in [
        ("d.1", None, Some(0)),
        ("d.1", Some("q"), Some(1)),
        ("d.1", Some("r"), None),
        ("d.*", None, None),
        ("d.>", None, None),
        (">", Some("q"), None),
    ] {
        let subscription = world.subscribe_in(subject, queue);
        let told = |change| watch.map(|id| (id, change)).into_iter().collect::<Vec<_>>();
        world.expect(&told(Appeared));
        let has = [0, 1].map(|id| world.router.has_interest_in(&groups[id]));
        assert_eq!(has, [watch == Some(0), watch == Some(1)], "{subject} {queue:?}");
        world.router.remove(&subscription);
        world.expect(&told(Gone));
    }
}
