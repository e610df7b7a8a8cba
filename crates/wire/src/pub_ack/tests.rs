use super::*;

fn body(ack: &PubAck<'_>) -> String {
    let mut out = Vec::new();
    ack.write(&mut out);
    String::from_utf8(out).unwrap()
}

/// The bodies were captured from the reference.
#[test]
fn bodies_are_those_of_the_captures() {
    let check = |stream, domain, seq, outcome, expected: &str| {
        assert_eq!(body(&PubAck { stream, domain, seq, outcome }), expected);
    };
    check("KV_b1", None, 1, Outcome::Stored, r#"{"stream":"KV_b1","seq":1}"#);
    check("KV_b1", Some("hub"), 1, Outcome::Stored, r#"{"stream":"KV_b1","domain":"hub","seq":1}"#);
    check("KV_b1", None, 7, Outcome::Duplicate, r#"{"stream":"KV_b1","seq":7,"duplicate": true}"#);
    check(
        "S",
        Some("hub"),
        2,
        Outcome::Duplicate,
        r#"{"stream":"S","domain":"hub","seq":2,"duplicate": true}"#,
    );
    check("C", None, 3, Outcome::Counter { value: "5" }, r#"{"stream":"C","seq":3,"val":"5"}"#);
    let batch = Outcome::Batch { id: "uu", count: 2 };
    check("S", Some("hub"), 4, batch, r#"{"stream":"S","domain":"hub","seq":4,"batch":"uu","count":2}"#);
    assert_eq!(
        body(&PubAck::stored("KV_pycap", u64::MAX)),
        r#"{"stream":"KV_pycap","seq":18446744073709551615}"#
    );
}

#[test]
fn errors_name_the_stream_and_sequence_zero() {
    let mut out = Vec::new();
    write_error(&mut out, "KV_b1", &ApiError::fixed(400, 10071, "wrong last sequence: 2"));
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 2"},"stream":"KV_b1","seq":0}"#
    );
}

#[test]
fn answers_are_read_as_they_are_written() {
    let check = |body: &str, stream: &str, seq, duplicate, count| {
        let expected = Stored { stream: stream.into(), seq, duplicate, count };
        assert_eq!(read(body.as_bytes()).unwrap().unwrap(), expected, "{body}");
    };
    check(r#"{"stream":"KV_b1","domain":"hub","seq":1}"#, "KV_b1", 1, false, 0);
    check(r#"{"stream":"KV_b1","seq":7,"duplicate": true,"new":[{}]}"#, "KV_b1", 7, true, 0);
    check(r#"{"stream":"S","seq":4,"batch":"uu","count":2}"#, "S", 4, false, 2);
    let mut out = Vec::new();
    write_error(&mut out, "S", &ApiError::fixed(400, 10071, "wrong last sequence: 2"));
    assert_eq!(read(&out).unwrap().unwrap_err().err_code, 10071);
    assert!(read(b"").is_err() && read(b"+OK").is_err());
}
