use super::*;

/// The texts were captured from the reference.
#[test]
fn what_is_denied_is_named_in_the_words_of_the_reference() {
    assert_eq!(publish_denied(b"no"), "Permissions Violation for Publish to \"no\"");
    assert_eq!(publish_denied(b"n\"o\xff"), "Permissions Violation for Publish to \"n\\\"o\\xff\"");
    assert_eq!(
        reply_denied(b"$JS.ACK.foo"),
        "Permissions Violation for Publish with Reply of \"$JS.ACK.foo\""
    );
    assert_eq!(subscription_denied(b"no", None), "Permissions Violation for Subscription to \"no\"");
    assert_eq!(
        subscription_denied(b"ok", Some(b"_sys_")),
        "Permissions Violation for Subscription to \"ok\" using queue \"_sys_\""
    );
    assert_eq!(too_many_tokens(b"a.b"), "Permissions Violation for Subscription to \"a.b\", too many tokens");
}
