use super::{Permissions, SubscribeAnswer};
use crate::auth::AuthError;
use crate::options::{PermissionOptions, ResponsePermission, SubjectPermission};
use crate::router::pattern;
use proptest::prelude::*;

fn lists(allow: &[&str], deny: &[&str]) -> Option<SubjectPermission> {
    let own = |list: &[&str]| list.iter().map(|&each| each.to_owned()).collect::<Vec<_>>();
    Some(SubjectPermission { allow: Some(own(allow)), deny: own(deny) })
}

fn permissions(publish: Option<SubjectPermission>, subscribe: Option<SubjectPermission>) -> Permissions {
    Permissions::new(&PermissionOptions { publish, subscribe, allow_responses: None }, "u").unwrap()
}

#[test]
fn an_empty_list_allows_everything() {
    let open = permissions(lists(&[], &[]), lists(&[], &["x"]));
    assert!(open.may_publish(b"any"));
    assert_eq!(open.may_subscribe(b"any", None), SubscribeAnswer::Yes);
    assert_eq!(open.may_subscribe(b"x", None), SubscribeAnswer::No);
}

#[test]
fn who_may_only_respond_may_publish_nothing_else() {
    let options = PermissionOptions {
        allow_responses: Some(ResponsePermission::default()),
        ..PermissionOptions::default()
    };
    let permissions = Permissions::new(&options, "u").unwrap();
    assert!(!permissions.may_publish(b"any"));
    assert!(permissions.responses().is_some());
}

#[test]
fn one_key_of_one_bucket() {
    let publish = lists(&["$KV.b.alice.>", "$JS.API.DIRECT.GET.KV_b.$KV.b.alice.>"], &[]);
    let alice = permissions(publish, lists(&["_INBOX.alice.>"], &[]));
    assert!(alice.may_publish(b"$KV.b.alice.x"));
    assert!(!alice.may_publish(b"$KV.b.bob.x"));
    assert!(!alice.may_publish(b"$KV.b.alice"));
    assert!(alice.may_publish_all(b"$KV.b.alice.*"));
    assert!(!alice.may_publish_all(b"$KV.b.>"), "a rollup of all needs rights on all");
    assert!(!alice.may_publish(b"$JS.API.STREAM.PURGE.KV_b"));
    assert_eq!(alice.may_subscribe(b"_INBOX.>", None), SubscribeAnswer::No);
    assert_eq!(alice.may_subscribe(b"_INBOX.alice.*", None), SubscribeAnswer::Yes);
}

#[test]
fn a_deny_inside_of_what_is_asked_for_all_refuses_it() {
    let some = permissions(lists(&["$KV.>"], &["$KV.b.secret"]), None);
    assert!(!some.may_publish_all(b"$KV.b.>"));
    assert!(some.may_publish_all(b"$KV.c.>"));
}

#[test]
fn entries_that_are_no_subjects_are_named() {
    for wrong in ["", "a..b", "a b c", "a.>.b", " "] {
        let options =
            PermissionOptions { subscribe: lists(&["ok", wrong], &[]), ..PermissionOptions::default() };
        let expected = AuthError::BadSubject { user: "u".to_owned(), entry: wrong.to_owned() };
        assert_eq!(Permissions::new(&options, "u"), Err(expected));
    }
}

fn patterns() -> impl Strategy<Value = Vec<String>> {
    let token = prop::sample::select(&["a", "b", "*", ">"][..]);
    let pattern = prop::collection::vec(token, 1..4)
        .prop_map(|tokens| tokens.join("."))
        .prop_filter("a valid pattern", |text| jetkv_wire::subject::valid_subscription(text.as_bytes()));
    prop::collection::vec(pattern, 0..4)
}

proptest! {
    /// Whatever somebody subscribes to, nothing arrives that was not allowed or that was denied.
    #[test]
    fn nothing_escapes(allow in patterns(), deny in patterns(), asked in patterns()) {
        let options = SubjectPermission { allow: (!allow.is_empty()).then(|| allow.clone()), deny: deny.clone() };
        let permissions = permissions(None, Some(options));
        let letters = ["a", "b", "c"];
        let mut subjects: Vec<String> = letters.map(str::to_owned).to_vec();
        let mut last = subjects.clone();
        for _ in 0..2 {
            last = last.iter().flat_map(|head| letters.map(|letter| format!("{head}.{letter}"))).collect();
            subjects.extend(last.iter().cloned());
        }
        for asked in asked {
            let filter = match permissions.may_subscribe(asked.as_bytes(), None) {
                SubscribeAnswer::No => continue,
                SubscribeAnswer::Yes => None,
                SubscribeAnswer::Except(denied) => Some(denied),
            };
            for subject in subjects.iter().map(String::as_bytes) {
                let arrives = pattern::matches(asked.as_bytes(), subject)
                    && !filter.as_ref().is_some_and(|denied| denied.matches(subject));
                let any = |list: &[String]| list.iter().any(|each| pattern::matches(each.as_bytes(), subject));
                prop_assert!(!arrives || (allow.is_empty() || any(&allow)) && !any(&deny));
            }
        }
    }
}
