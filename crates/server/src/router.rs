//! The subject router of an account: who gets a message, and who waits for interest in a subject.
//!
//! [`Router`] holds the subscriptions in a trie of tokens. A [`Publisher`] is one task's way in: it remembers the last
//! routes, so that an answer to an inbox needs no walk, and it wakes the receivers once for a whole batch of messages.

mod cache;
mod interest;
mod matches;
pub(crate) mod pattern;
mod publisher;
mod subscription;
mod table;
mod trie;

pub(crate) use interest::{InterestChange, InterestSink, Target, WatchId};
pub(crate) use publisher::{Msg, Origin, Publisher};
pub(crate) use subscription::{Subscription, SubscriptionSpec};
pub(crate) use table::Router;
