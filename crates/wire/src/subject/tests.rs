use super::*;

#[test]
fn subjects_that_can_match() {
    let check = |subject: &str, publish: bool, subscription: bool, literal: bool| {
        let subject = subject.as_bytes();
        let found = (valid_publish(subject), valid_subscription(subject), is_literal(subject));
        assert_eq!(found, (publish, subscription, literal), "{}", subject.escape_ascii());
    };
    check("a", true, true, true);
    check("$KV.b.k/=\\-é", true, true, true);
    check("a.b*", true, true, true);
    check("a.*b.>c", true, true, true);
    check("*", true, true, false);
    check(">", true, true, false);
    check("a.*.b", true, true, false);
    check("a.>", true, true, false);
    check(">.a", true, false, false);
    check("a.>.b", true, false, false);
    check("", false, false, true);
    check(".", false, false, true);
    check(".a", false, false, true);
    check("a.", false, false, true);
    check("a..b", false, false, true);
    check("a b", false, false, true);
    check("a\tb", false, false, true);
    check("a\rb", false, false, true);
    check("a\0b", true, true, true);
}

#[test]
fn replies_that_only_the_server_may_use() {
    assert!(is_reserved_reply(b"$JS.ACK.s.c.1.1.1.1.0"));
    assert!(is_reserved_reply(b"_R_.x"));
    assert!(!is_reserved_reply(b"$JS.ACK"));
    assert!(!is_reserved_reply(b"_INBOX.x"));
}
