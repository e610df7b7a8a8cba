//! SUB and UNSUB (PROTOCOL 1.7).

use super::Session;
use crate::account::Joined;
use crate::auth::{Patterns, SubscribeAnswer};
use crate::router::{Subscription, SubscriptionSpec, pattern};
use jetkv_wire::subject::valid_subscription;
use std::sync::Arc;

impl Session {
    pub(super) fn subscribe(&mut self, subject: &[u8], queue: Option<&[u8]>, sid: &[u8]) {
        let denied = match self.check(subject, queue) {
            Err(text) => return self.refuse(&text),
            Ok(denied) => denied,
        };
        // A sid that is in use stays what it is; then nobody looks at the subject.
        if self.subscriptions.get(sid).is_none_or(|known| known.is_ended()) {
            if !valid_subscription(subject) {
                return self.refuse("Invalid Subject");
            }
            self.add(SubscriptionSpec { subject, queue, sid, denied });
        }
        self.acknowledge();
    }

    pub(super) fn unsubscribe(&mut self, sid: &[u8], max: Option<u64>) {
        if let Some(subscription) = self.subscriptions.get(sid) {
            let is_over = max.is_none_or(|max| subscription.end_after(max));
            if is_over {
                let subscription = Arc::clone(subscription);
                self.remove(&subscription);
            }
        }
        self.acknowledge();
    }

    /// Forgets subscriptions that got their last message; the router has removed them.
    pub(crate) fn forget_ended(&mut self) {
        for sid in self.outbound.take_ended() {
            // The client may have used the sid again meanwhile.
            if self.subscriptions.get(&sid).is_some_and(|known| known.is_ended()) {
                self.subscriptions.remove(&sid);
                self.count_one_less();
            }
        }
    }

    /// Removes all subscriptions.
    pub(super) fn drop_subscriptions(&mut self) {
        for (_, subscription) in std::mem::take(&mut self.subscriptions) {
            if let Some(who) = &self.who {
                who.account.router.remove(&subscription);
                who.account.remove_subscription();
            }
        }
        self.outbound.take_ended();
        self.client.set_subscriptions(0);
    }

    /// Says which messages a subscription must not be delivered, or why it is not allowed at all.
    fn check(&mut self, subject: &[u8], queue: Option<&[u8]>) -> Result<Option<Arc<Patterns>>, String> {
        let violation = || {
            let text = String::from_utf8_lossy(subject);
            format!("Permissions Violation for Subscription to \"{text}\"")
        };
        let in_queue =
            |queue: &[u8]| format!("{} using queue \"{}\"", violation(), String::from_utf8_lossy(queue));
        if queue == Some(b"_sys_") {
            return Err(in_queue(b"_sys_"));
        }
        let permissions = self.who.as_ref().and_then(|who| who.identity.permissions.as_ref());
        let denied = match permissions.map(|each| each.may_subscribe(subject, queue)) {
            None | Some(SubscribeAnswer::Yes) => None,
            Some(SubscribeAnswer::Except(denied)) => Some(denied),
            Some(SubscribeAnswer::No) => return Err(queue.map_or_else(violation, in_queue)),
        };
        let limits = &self.settings.options.limits;
        let max_tokens = limits.max_subscription_tokens.and_then(|max| usize::try_from(max).ok());
        if max_tokens.is_some_and(|max| pattern::tokens(subject).nth(max).is_some()) {
            return Err(format!("{}, too many tokens", violation()));
        }
        let max = usize::try_from(limits.max_subscriptions).unwrap_or(usize::MAX);
        if self.subscriptions.len() >= max {
            self.forget_ended();
            if self.subscriptions.len() >= max {
                return Err("maximum subscriptions exceeded".to_owned());
            }
        }
        Ok(denied)
    }

    fn add(&mut self, spec: SubscriptionSpec<'_>) {
        let Some(who) = &self.who else { return };
        // An ended subscription of that sid, which was not forgotten yet, keeps its place in the count.
        let is_reused = self.subscriptions.contains_key(spec.sid);
        if !is_reused && who.account.add_subscription() == Joined::Full {
            self.refuse("maximum subscriptions exceeded");
            return;
        }
        let sid = spec.sid.into();
        let subscription = Arc::new(Subscription::new(spec, Arc::clone(&self.outbound)));
        who.account.router.insert(&subscription);
        self.subscriptions.insert(sid, subscription);
        self.client.set_subscriptions(self.subscriptions.len());
    }

    fn remove(&mut self, subscription: &Arc<Subscription>) {
        self.subscriptions.remove(subscription.sid());
        if let Some(who) = &self.who {
            who.account.router.remove(subscription);
        }
        self.count_one_less();
    }

    fn count_one_less(&self) {
        if let Some(who) = &self.who {
            who.account.remove_subscription();
        }
        self.client.set_subscriptions(self.subscriptions.len());
    }
}
