use super::RouteCache;
use crate::conn::{Outbound, PendingTotal};
use crate::router::{Router, Subscription, SubscriptionSpec};
use std::sync::Arc;

fn add(router: &Router, subject: &str) -> Arc<Subscription> {
    let outbound = Outbound::new(1, Arc::new(PendingTotal::new(1 << 20, 1 << 20)));
    let spec = SubscriptionSpec { subject: subject.as_bytes(), queue: None, sid: b"1", denied: None };
    let subscription = Arc::new(Subscription::new(spec, Arc::new(outbound)));
    router.insert(&subscription);
    subscription
}

fn count(cache: &mut RouteCache, router: &Router, subject: &str) -> usize {
    cache.route(router, subject.as_bytes()).plain().len()
}

#[test]
fn routes_are_remembered_until_subscriptions_change() {
    let (router, mut cache) = (Router::new(), RouteCache::default());
    let inbox = add(&router, "_INBOX.a.*");
    for number in 0..100 {
        assert_eq!(count(&mut cache, &router, &format!("_INBOX.a.{number}")), 1);
        assert_eq!(count(&mut cache, &router, &format!("$KV.app.{number}")), 0);
    }
    assert_eq!(router.stats().walks, 2);
    let all = add(&router, ">");
    assert_eq!(count(&mut cache, &router, "_INBOX.a.7"), 2);
    assert_eq!(count(&mut cache, &router, "$KV.app.7"), 1);
    router.remove(&inbox);
    router.remove(&all);
    assert_eq!(count(&mut cache, &router, "_INBOX.a.7"), 0);
}

#[test]
fn below_what_nobody_listens_to_one_look_is_enough() {
    let (router, mut cache) = (Router::new(), RouteCache::default());
    add(&router, "_INBOX.a.*");
    add(&router, "$JS.ACK.>");
    for number in 0..100 {
        assert_eq!(count(&mut cache, &router, &format!("$JS.API.DIRECT.GET.KV_{number}.$KV.b.{number}")), 0);
        assert_eq!(count(&mut cache, &router, &format!("$KV.bucket-{number}.key.{number}")), 0);
    }
    assert_eq!(router.stats().walks, 2);
    // What begins alike but has another first token is looked up for itself.
    assert_eq!(count(&mut cache, &router, "$JS.ACK.1"), 1);
    add(&router, "$KV.bucket-7.>");
    assert_eq!(count(&mut cache, &router, "$KV.bucket-7.key.7"), 1);
    assert_eq!(count(&mut cache, &router, "$KV.bucket-8.key.8"), 0);
}

#[test]
fn what_depends_on_the_last_token_is_remembered_with_it() {
    let (router, mut cache) = (Router::new(), RouteCache::default());
    add(&router, "a.b");
    add(&router, "one");
    for _ in 0..10 {
        assert_eq!(count(&mut cache, &router, "a.b"), 1);
        assert_eq!(count(&mut cache, &router, "a.c"), 0);
        assert_eq!(count(&mut cache, &router, "one"), 1);
        assert_eq!(count(&mut cache, &router, "two"), 0);
    }
    assert_eq!(router.stats().walks, 4);
}

#[test]
fn subjects_that_are_not_valid_never_hit() {
    let (router, mut cache) = (Router::new(), RouteCache::default());
    add(&router, ">");
    assert_eq!(count(&mut cache, &router, "a.b"), 1);
    for subject in ["a.", "", ".", "a..b", ".a", "a.b."] {
        assert_eq!(count(&mut cache, &router, subject), 0, "{subject:?}");
    }
    assert_eq!(count(&mut cache, &router, "a.b"), 1);
}

#[test]
fn routers_are_not_mixed_up() {
    let (one, two, mut cache) = (Router::new(), Router::new(), RouteCache::default());
    add(&one, "a");
    for _ in 0..3 {
        assert_eq!(count(&mut cache, &one, "a"), 1);
        assert_eq!(count(&mut cache, &two, "a"), 0);
    }
}

#[test]
fn very_long_subjects_are_routed_too() {
    let (router, mut cache) = (Router::new(), RouteCache::default());
    let long = "x".repeat(4_000);
    add(&router, &long);
    assert_eq!(count(&mut cache, &router, &long), 1);
    assert_eq!(count(&mut cache, &router, &long), 1);
}
