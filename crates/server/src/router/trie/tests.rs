use super::super::matches::Matches;
use super::super::pattern;
use super::super::subscription::{Subscription, SubscriptionSpec};
use super::{Scope, Trie, Walk};
use crate::conn::{Outbound, PendingTotal};
use proptest::prelude::*;
use std::sync::Arc;

fn subscription(subject: &str, queue: Option<&str>, sid: usize) -> Arc<Subscription> {
    let outbound = Outbound::new(1, Arc::new(PendingTotal::new(1 << 20, 1 << 20)));
    let sid = sid.to_string();
    let spec = SubscriptionSpec {
        subject: subject.as_bytes(),
        queue: queue.map(str::as_bytes),
        sid: sid.as_bytes(),
        denied: None,
    };
    Arc::new(Subscription::new(spec, Arc::new(outbound)))
}

fn found(trie: &Trie, subject: &[u8]) -> (Vec<Vec<u8>>, Scope) {
    let (mut walk, mut matches) = (Walk::default(), Matches::default());
    let scope = trie.collect(subject, &mut walk, &mut matches);
    matches.finish();
    let all = matches.plain().iter().chain(matches.groups().flatten());
    let mut sids: Vec<Vec<u8>> = all.map(|each| each.sid().to_vec()).collect();
    sids.sort_unstable();
    (sids, scope)
}

fn naive(all: &[Arc<Subscription>], subject: &[u8]) -> Vec<Vec<u8>> {
    let is_valid = jetkv_wire::subject::valid_publish(subject);
    let matching = all.iter().filter(|each| is_valid && pattern::matches(each.subject(), subject));
    let mut sids: Vec<Vec<u8>> = matching.map(|each| each.sid().to_vec()).collect();
    sids.sort_unstable();
    sids
}

/// What happens to a trie.
#[derive(Debug, Clone)]
enum Step {
    Insert(String, Option<String>),
    /// The number is taken modulo the count.
    Remove(usize),
    Look(String),
}

fn subject(tokens: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(tokens), 1..5).prop_map(|tokens| tokens.join("."))
}

fn step() -> impl Strategy<Value = Step> {
    let valid = subject(&["a", "b", "c", "*", ">"])
        .prop_filter("a valid pattern", |text| jetkv_wire::subject::valid_subscription(text.as_bytes()));
    let queue = prop::option::of(prop::sample::select(&["q", "r"][..]).prop_map(str::to_owned));
    prop_oneof![
        4 => (valid, queue).prop_map(|(subject, queue)| Step::Insert(subject, queue)),
        2 => any::<usize>().prop_map(Step::Remove),
        // Wildcards and empty tokens occur in what is published, too.
        4 => subject(&["a", "b", "c", "d", "*", ">", ""]).prop_map(Step::Look),
    ]
}

proptest! {
    #[test]
    fn it_finds_what_a_walk_through_the_list_finds(steps in prop::collection::vec(step(), 1..80)) {
        let mut trie = Trie::new();
        let mut all: Vec<Arc<Subscription>> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Insert(subject, queue) => {
                    let new = subscription(&subject, queue.as_deref(), number);
                    trie.insert(Arc::clone(&new));
                    all.push(new);
                }
                Step::Remove(_) if all.is_empty() => {}
                Step::Remove(place) => {
                    let gone = all.swap_remove(place % all.len());
                    prop_assert!(trie.remove(&gone));
                    prop_assert!(!trie.remove(&gone));
                }
                Step::Look(subject) => {
                    let (sids, scope) = found(&trie, subject.as_bytes());
                    prop_assert_eq!(&sids, &naive(&all, subject.as_bytes()));
                    // What is said to hold for every last token holds for each.
                    if let (Scope::LastTokenFree, Some((head, _))) = (scope, subject.rsplit_once('.')) {
                        for last in ["a", "b", "c", "zzz", "*", ">"] {
                            let other = format!("{head}.{last}");
                            prop_assert_eq!(&sids, &naive(&all, other.as_bytes()));
                        }
                    }
                    // And where nobody is said to listen, nobody does, whatever follows.
                    if let Scope::NobodyBelow(length) = scope {
                        for rest in ["a", "b", "c.a", "", "a..b", "*", ">", "zzz.a.b"] {
                            let other = format!("{}{rest}", &subject[..length]);
                            prop_assert!(naive(&all, other.as_bytes()).is_empty());
                        }
                    }
                }
            }
            prop_assert_eq!(trie.len(), all.len());
            prop_assert_eq!(trie.iter().count(), all.len());
        }
        for gone in all {
            prop_assert!(trie.remove(&gone));
        }
        prop_assert_eq!(trie.nodes.len() - trie.free.len(), 1, "only the root is left");
    }
}

#[test]
fn an_inbox_does_not_depend_on_its_last_token() {
    let mut trie = Trie::new();
    trie.insert(subscription("_INBOX.abc.*", None, 1));
    trie.insert(subscription("_INBOX.xyz.literal", None, 2));
    assert_eq!(found(&trie, b"_INBOX.abc.1"), (vec![b"1".to_vec()], Scope::LastTokenFree));
    assert_eq!(found(&trie, b"_INBOX.xyz.1"), (vec![], Scope::Subject));
    assert_eq!(found(&trie, b"_INBOX.nobody.1"), (vec![], Scope::NobodyBelow("_INBOX.nobody.".len())));
    assert_eq!(found(&trie, b"_INBOX.nobody.."), (vec![], Scope::NobodyBelow("_INBOX.nobody.".len())));
    assert_eq!(found(&trie, b"_INBOX.nobody"), (vec![], Scope::Subject));
    assert_eq!(found(&trie, b"$KV.app.a.b"), (vec![], Scope::NobodyBelow("$KV.".len())));
}
