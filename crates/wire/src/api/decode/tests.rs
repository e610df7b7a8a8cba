use super::*;
use crate::api::{MsgGetRequest, StreamConfig};

#[test]
fn a_request_is_read_and_a_fault_is_error_10025() {
    let request: MsgGetRequest = decode(br#"{"last_by_subj": "$KV.b.k"}"#, Strictness::Strict).unwrap();
    assert_eq!(request.last_by_subj, "$KV.b.k");
    let error = decode::<StreamConfig>(br#"{"foo":1}"#, Strictness::Strict).unwrap_err();
    assert_eq!((error.code, error.err_code), (400, 10025));
    assert_eq!(error.description, "invalid JSON: json: unknown field \"foo\"");
    assert_eq!(decode::<StreamConfig>(br#"{"foo":1}"#, Strictness::Lenient), Ok(StreamConfig::default()));
}

#[test]
fn a_blank_body_is_the_default() {
    for strictness in [Strictness::Strict, Strictness::Lenient] {
        for body in [&b""[..], b" \r\n", b"null", b"{}"] {
            assert_eq!(decode::<StreamConfig>(body, strictness), Ok(StreamConfig::default()));
        }
    }
}

#[test]
fn bodies_that_are_empty_or_passed_over() {
    let check = |body: &str, empty: bool, empty_or_absent: bool, absent: bool| {
        let bytes = body.as_bytes();
        let found = (is_empty(bytes), is_empty_or_absent(bytes), is_absent(bytes));
        assert_eq!(found, (empty, empty_or_absent, absent), "{body:?}");
    };
    check("", true, true, true);
    check("{}", true, true, false);
    check(" { } ", true, true, false);
    check(" ", false, true, true);
    check("[]", false, true, false);
    check("null", false, true, true);
    check("x", false, false, true);
    check("{\"a\":1}", false, false, false);
    check("{", false, false, false);
    check("[1]", false, false, false);
}
