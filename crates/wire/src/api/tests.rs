use super::*;
use crate::error;
use crate::json::{self, Strictness, to_vec};
use jetkv_types::Timestamp;

fn text<B: Body>(result: Result<&B, &error::ApiError>) -> String {
    let mut out = Vec::new();
    respond(&mut out, result);
    String::from_utf8(out).unwrap()
}

/// The texts were captured from the reference.
#[test]
fn a_failed_request_keeps_the_fields_that_the_reference_keeps() {
    let not_found = r#""error":{"code":404,"err_code":10059,"description":"stream not found"}"#;
    let check = |found: String, name: &str, rest: &str| {
        assert_eq!(found, format!(r#"{{"type":"io.nats.jetstream.api.v1.{name}",{not_found}{rest}}}"#));
    };
    let error = error::STREAM_NOT_FOUND;
    check(text::<StreamDeleteResponse>(Err(&error)), "stream_delete_response", "");
    check(text::<StreamPurgeResponse>(Err(&error)), "stream_purge_response", r#","purged":0"#);
    let page = r#","total":0,"offset":0,"limit":0"#;
    check(text::<StreamInfoResponse>(Err(&error)), "stream_info_response", page);
    check(
        text::<ConsumerListResponse>(Err(&error)),
        "consumer_list_response",
        &format!("{page},\"consumers\":[]"),
    );
    check(
        text::<StreamNamesResponse>(Err(&error)),
        "stream_names_response",
        &format!("{page},\"streams\":null"),
    );
    let pause = r#","paused":false,"pause_until":"0001-01-01T00:00:00Z""#;
    check(text::<ConsumerPauseResponse>(Err(&error)), "consumer_pause_response", pause);
}

#[test]
fn responses_begin_with_their_type() {
    assert_eq!(
        text(Ok(&StreamPurgeResponse { success: true, purged: 1 })),
        r#"{"type":"io.nats.jetstream.api.v1.stream_purge_response","success":true,"purged":1}"#
    );
    assert_eq!(
        text(Ok(&ConsumerUnpinResponse {})),
        r#"{"type":"io.nats.jetstream.api.v1.consumer_unpin_response"}"#
    );
    assert_eq!(
        text(Ok(&StreamNamesResponse { page: Page::of(0, 0, Page::NAMES_MAX).0, streams: Vec::new() })),
        r#"{"type":"io.nats.jetstream.api.v1.stream_names_response","total":0,"offset":0,"limit":1024,"streams":null}"#
    );
}

#[test]
fn responses_can_be_read_back() {
    let response = text(Ok(&StreamPurgeResponse { success: true, purged: 7 }));
    assert_eq!(type_of(response.as_bytes()).unwrap(), StreamPurgeResponse::TYPE);
    let read = decode_response::<StreamPurgeResponse>(response.as_bytes()).unwrap().unwrap();
    assert_eq!(read.purged, 7);
    let failed = text::<StreamPurgeResponse>(Err(&error::STREAM_NOT_FOUND));
    let read = decode_response::<StreamPurgeResponse>(failed.as_bytes()).unwrap();
    assert_eq!(read, Err(error::STREAM_NOT_FOUND));
    assert!(decode_response::<StreamPurgeResponse>(b"{").is_err());
}

#[test]
fn the_largest_numbers_survive() {
    let mut response = StreamInfoResponse::default();
    response.info.state.last_seq = u64::MAX;
    response.info.config.max_bytes = i64::MIN;
    let written = text(Ok(&response));
    let read = decode_response::<StreamInfoResponse>(written.as_bytes()).unwrap().unwrap();
    assert_eq!(read, response);
}

#[test]
fn messages_are_in_base64_and_their_times_are_trimmed() {
    let message = StoredMessage {
        subject: "$KV.demo.b".into(),
        seq: 4,
        hdrs: b"NATS/1.0\r\nKV-Operation: DEL\r\n\r\n".to_vec(),
        data: Vec::new(),
        time: Timestamp::from_nanos(1_795_416_597_852_225_000),
    };
    assert_eq!(
        String::from_utf8(to_vec(&message)).unwrap(),
        r#"{"subject":"$KV.demo.b","seq":4,"hdrs":"TkFUUy8xLjANCktWLU9wZXJhdGlvbjogREVMDQoNCg==","time":"2026-11-23T06:49:57.852225Z"}"#
    );
}

#[test]
fn pages_are_clamped() {
    let page = |total, offset, limit| {
        let (page, range) = Page::of(total, offset, limit);
        (page.total, page.offset, page.limit, range)
    };
    assert_eq!(page(5, 0, 1024), (5, 0, 1024, 0..5));
    assert_eq!(page(5, 99, 1024), (5, 5, 1024, 5..5));
    assert_eq!(page(5, -1, 2), (5, 0, 2, 0..2));
    assert_eq!(page(300, 256, 256), (300, 256, 256, 256..300));
}

/// The texts were captured from the reference.
#[test]
fn pull_requests() {
    let batch = |body: &str| PullRequest::parse(body.as_bytes()).unwrap().batch;
    for (body, expected) in [
        ("", 1),
        ("5", 5),
        ("0", 1),
        ("-1", 1),
        ("x", 1),
        ("1.5", 1),
        ("[]", 1),
        ("{}", 1),
        ("{\"batch\":-1}", 1),
        ("{\"batch\":100,\"foo\":1}", 100),
        ("99999999999999999999", 1),
        ("\n2\n", 2),
        ("\u{a0}2", 2),
        ("\u{b} {\"batch\":2}\n", 2),
        ("2 3", 1),
    ] {
        assert_eq!(batch(body), expected, "{body}");
    }
    let request = PullRequest::parse(br#"{"batch":100,"expires":30000000000,"no_wait":false}"#).unwrap();
    assert_eq!((request.expires, request.no_wait), (30_000_000_000, false));
    let fault = |body: &str| PullRequest::parse(body.as_bytes()).unwrap_err().to_string();
    assert_eq!(fault("{"), "Bad Request - unexpected end of JSON input");
    let text = "Bad Request - json: cannot unmarshal string into Go struct field .batch of type int";
    assert_eq!(fault(r#"{"batch":"x"}"#), text);
    assert_eq!(fault(r#"{"batch":1} x"#), "Bad Request - invalid character 'x' after top-level value");
}

/// The texts were captured from the reference.
#[test]
fn words_that_are_none() {
    let fault =
        |body: &str| decode::<StreamConfig>(body.as_bytes(), Strictness::Strict).unwrap_err().description;
    assert_eq!(fault(r#"{"retention":"bogus"}"#), r#"invalid JSON: can not unmarshal "\"bogus\"""#);
    assert_eq!(fault(r#"{"retention":{"a": 1}}"#), r#"invalid JSON: can not unmarshal "{\"a\": 1}""#);
    assert_eq!(fault(r#"{"discard":null}"#), r#"invalid JSON: can not unmarshal "null""#);
    assert_eq!(fault(r#"{"storage":5}"#), r#"invalid JSON: can not unmarshal "5""#);
    assert_eq!(fault(r#"{"compression":"bogus"}"#), "invalid JSON: unknown compression algorithm");
    let text = "invalid JSON: json: cannot unmarshal number into Go value of type string";
    assert_eq!(fault(r#"{"compression":5}"#), text);
    let fault = |body: &str| {
        decode::<ConsumerCreateRequest>(body.as_bytes(), Strictness::Strict).unwrap_err().description
    };
    assert_eq!(fault(r#"{"action":"bogus"}"#), r#"invalid JSON: unknown consumer action: "bogus""#);
    assert_eq!(fault(r#"{"config":{"priority_policy":5}}"#), "invalid JSON: unknown priority policy: 5");
    assert_eq!(fault(r#"{"config":{"ack_policy":""}}"#), r#"invalid JSON: can not unmarshal "\"\"""#);
}

/// Seen on the reference.
#[test]
fn what_the_reference_calls_the_configuration_of_a_restored_stream() {
    let fault = json::decode::<RestoreRequest>(b"{\"config\":true}", Strictness::Strict).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "json: cannot unmarshal bool into Go struct field JSApiStreamRestoreRequest.config of type server.StreamConfig"
    );
    let mode = |text: &[u8]| json::decode::<StreamConfig>(text, Strictness::Strict).unwrap().persist_mode;
    assert_eq!(mode(b"{\"persist_mode\":\"\"}"), PersistMode::Default);
    assert_eq!(mode(b"{\"persist_mode\":\"async\"}"), PersistMode::Async);
}
