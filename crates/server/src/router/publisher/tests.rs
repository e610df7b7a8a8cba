use super::{Msg, Origin, Publisher, Routed};
use crate::auth::Patterns;
use crate::conn::{HeaderSupport, Outbound, Output, PendingTotal, Then};
use crate::router::{Router, Subscription, SubscriptionSpec};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Wake, Waker};

#[derive(Debug, Default)]
struct Wakes(AtomicU32);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A connection whose task sleeps.
struct Client {
    outbound: Arc<Outbound>,
    wakes: Arc<Wakes>,
}

impl Client {
    fn new(id: u64) -> Self {
        let outbound = Arc::new(Outbound::new(id, Arc::new(PendingTotal::new(1 << 20, 1 << 20))));
        outbound.locked(|buffer| buffer.set_headers(HeaderSupport::Full));
        let wakes = Arc::new(Wakes::default());
        outbound.woken(&Waker::from(Arc::clone(&wakes)));
        let client = Self { outbound, wakes };
        assert_eq!(client.read(), "");
        client
    }

    fn subscribe(&self, router: &Router, subject: &str, queue: Option<&str>, sid: &str) -> Arc<Subscription> {
        let queue = queue.map(str::as_bytes);
        let spec = SubscriptionSpec { subject: subject.as_bytes(), queue, sid: sid.as_bytes(), denied: None };
        let subscription = Arc::new(Subscription::new(spec, Arc::clone(&self.outbound)));
        router.insert(&subscription);
        subscription
    }

    /// Takes what waits, and goes to sleep.
    fn read(&self) -> String {
        let mut all = Vec::new();
        while let Output::Bytes(bytes, _) = self.outbound.take(Then::Sleep) {
            all.extend_from_slice(&bytes);
        }
        String::from_utf8(all).unwrap()
    }

    fn wakes(&self) -> u32 {
        self.wakes.0.load(Ordering::Relaxed)
    }
}

fn msg(subject: &str) -> Msg<'_> {
    Msg { subject: subject.as_bytes(), reply: None, headers: &[], payload: b"x" }
}

#[test]
fn a_receiver_is_woken_once_for_a_batch() {
    let (router, client) = (Router::new(), Client::new(1));
    client.subscribe(&router, "a.*", None, "1");
    let mut publisher = Publisher::new(Origin::Server, 1);
    for _ in 0..3 {
        publisher.deliver(&router, &msg("a.b"));
    }
    assert_eq!(client.wakes(), 0);
    publisher.flush();
    assert_eq!(client.wakes(), 1);
    // It is awake until it looked.
    publisher.deliver(&router, &msg("a.b"));
    publisher.flush();
    assert_eq!(client.wakes(), 1);
    assert_eq!(client.read(), "MSG a.b 1 1\r\nx\r\n".repeat(4));
    publisher.deliver(&router, &msg("a.b"));
    drop(publisher);
    assert_eq!(client.wakes(), 2, "also a publisher that is dropped wakes its receivers");
}

#[test]
fn deliveries_show_the_subject_of_the_message() {
    let (router, client) = (Router::new(), Client::new(1));
    client.subscribe(&router, "_INBOX.*", None, "1");
    let mut publisher = Publisher::new(Origin::Server, 1);
    let routed = publisher.deliver_as(&router, b"_INBOX.x", &msg("$KV.app.key"));
    assert_eq!(routed, Routed { delivered: 1, matched: true });
    assert_eq!(client.read(), "MSG $KV.app.key 1 1\r\nx\r\n");
}

#[test]
fn what_is_denied_is_not_delivered() {
    let (router, client) = (Router::new(), Client::new(1));
    let denied = Some(Arc::new(Patterns::parse(["s.>"]).unwrap()));
    let spec = SubscriptionSpec { subject: b">", queue: None, sid: b"1", denied };
    router.insert(&Arc::new(Subscription::new(spec, Arc::clone(&client.outbound))));
    let mut publisher = Publisher::new(Origin::Server, 1);
    assert_eq!(publisher.deliver(&router, &msg("s.x")), Routed { delivered: 0, matched: true });
    assert_eq!(publisher.deliver_as(&router, b"inbox", &msg("s.x")).delivered, 0);
    assert_eq!(publisher.deliver(&router, &msg("s")).delivered, 1);
}

#[test]
fn a_subscription_that_got_its_last_message_leaves_the_router() {
    let (router, client) = (Router::new(), Client::new(1));
    let subscription = client.subscribe(&router, "a", None, "7");
    assert!(!subscription.end_after(2));
    let mut publisher = Publisher::new(Origin::Server, 1);
    let delivered = [(); 3].map(|()| publisher.deliver(&router, &msg("a")).delivered);
    assert_eq!(delivered, [1, 1, 0]);
    assert_eq!(router.stats().subscriptions, 0);
    assert_eq!(client.outbound.take_ended(), [b"7".to_vec().into_boxed_slice()]);
    assert_eq!((subscription.delivered(), subscription.delivered_max()), (2, Some(2)));
}

#[test]
fn each_group_gets_one_whatever_the_patterns_of_its_members() {
    let (router, one, two) = (Router::new(), Client::new(1), Client::new(2));
    one.subscribe(&router, "a.b", Some("g"), "1");
    one.subscribe(&router, "a.*", Some("h"), "2");
    two.subscribe(&router, ">", Some("g"), "3");
    two.subscribe(&router, "a.b", None, "4");
    let mut publisher = Publisher::new(Origin::Server, 5);
    let mut sids = [0; 5];
    for _ in 0..300 {
        assert_eq!(publisher.deliver(&router, &msg("a.b")).delivered, 3);
        for line in (one.read() + &two.read()).lines().filter(|line| line.starts_with("MSG")) {
            sids[line.split(' ').nth(2).unwrap().parse::<usize>().unwrap()] += 1;
        }
    }
    assert_eq!((sids[2], sids[4], sids[1] + sids[3]), (300, 300, 300));
    assert!(sids[1] > 90 && sids[3] > 90, "{sids:?}");
}

#[test]
fn a_group_passes_over_members_that_cannot_take_it() {
    let (router, own, other) = (Router::new(), Client::new(1), Client::new(2));
    own.subscribe(&router, "a", Some("g"), "1");
    other.subscribe(&router, "a", Some("g"), "2").end();
    let mut publisher = Publisher::new(Origin::WithoutEcho(1), 9);
    assert_eq!(publisher.deliver(&router, &msg("a")), Routed { delivered: 0, matched: true });
    other.subscribe(&router, "a", Some("g"), "3");
    for _ in 0..20 {
        assert_eq!(publisher.deliver(&router, &msg("a")).delivered, 1);
    }
    assert_eq!(own.read(), "");
}

#[test]
fn a_status_goes_to_one_plain_subscription_of_the_asker() {
    let (router, own, other) = (Router::new(), Client::new(1), Client::new(2));
    other.subscribe(&router, "in.*", None, "1");
    own.subscribe(&router, "in.*", Some("g"), "2");
    let mut publisher = Publisher::new(Origin::WithoutEcho(1), 9);
    assert!(!publisher.deliver_to(&router, 1, &msg("in.a")));
    own.subscribe(&router, "in.*", None, "3");
    own.subscribe(&router, "in.a", None, "4");
    assert!(publisher.deliver_to(&router, 1, &msg("in.a")));
    assert_eq!(own.read().matches("MSG").count(), 1);
    assert_eq!(other.read(), "");
}

#[test]
fn a_receiver_that_is_far_behind_is_noticed_and_then_closed() {
    let (router, client) = (Router::new(), Client::new(1));
    client.subscribe(&router, "a", None, "1");
    let mut publisher = Publisher::new(Origin::Server, 1);
    let payload = vec![b'x'; 100_000];
    let big = Msg { subject: b"a", reply: None, headers: &[], payload: &payload };
    let mut delivered = 0;
    while publisher.deliver(&router, &big).delivered == 1 {
        delivered += 1;
        assert_eq!(publisher.take_crowded(), delivered > 5);
    }
    assert_eq!(delivered, 10, "1 MiB may wait");
    assert!(matches!(client.outbound.take(Then::GoOn), Output::Closed(reason) if reason.is_slow_consumer()));
    assert_eq!(client.outbound.stats().pending_bytes, 0);
    assert_eq!(publisher.deliver(&router, &msg("a")).delivered, 0);
}
