use super::Router;
use crate::conn::{Outbound, PendingTotal};
use crate::router::{Subscription, SubscriptionSpec};
use std::sync::Arc;

#[test]
fn counts_are_kept() {
    let router = Router::new();
    let outbound = Arc::new(Outbound::new(1, Arc::new(PendingTotal::new(1 << 20, 1 << 20))));
    let spec = || SubscriptionSpec { subject: b"a.*", queue: None, sid: b"1", denied: None };
    let [one, two] = [(); 2].map(|()| Arc::new(Subscription::new(spec(), Arc::clone(&outbound))));
    router.insert(&one);
    router.insert(&two);
    assert!(router.has_interest(b"a.b"));
    assert!(!router.has_interest(b"a"));
    router.remove(&one);
    router.remove(&one);
    let stats = router.stats();
    assert_eq!((stats.subscriptions, stats.inserts, stats.removes), (1, 2, 1));
    let mut seen = 0;
    router.for_each(&mut |subscription| {
        assert!(Arc::ptr_eq(subscription, &two));
        seen += 1;
    });
    assert_eq!(seen, 1);
    assert!(one.is_ended() && !two.is_ended());
}
