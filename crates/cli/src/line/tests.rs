use super::*;
use jetkv_console::form::EntryForm;

fn problem(line: &str) -> String {
    Item::parse(line.as_bytes()).expect_err(line)
}

fn entry(value: &'static [u8], operation: Operation, headers: &[(&str, &str)]) -> Entry {
    Entry {
        bucket: "app".into(),
        key: "web.port".into(),
        value: Bytes::from_static(value),
        revision: 7,
        created: jetkv::Timestamp::from_nanos(1_500_000_000),
        delta: 0,
        operation,
        headers: Headers::from_pairs(headers.iter().copied()).unwrap(),
    }
}

fn written(entry: &Entry) -> String {
    serde_json::to_string(&EntryForm::new(entry)).unwrap()
}

#[test]
fn the_fields_stand_in_the_order_of_the_contract() {
    assert_eq!(
        written(&entry(b"80\"", Operation::Put, &[])),
        r#"{"bucket":"app","key":"web.port","value":"80\"","revision":7,"created":"1970-01-01T00:00:01.5Z","operation":"put"}"#
    );
    assert_eq!(
        written(&entry(b"\xff", Operation::Put, &[])),
        r#"{"bucket":"app","key":"web.port","value_base64":"/w==","revision":7,"created":"1970-01-01T00:00:01.5Z","operation":"put"}"#
    );
    assert_eq!(
        written(&entry(b"", Operation::Purge, &[("KV-Operation", "PURGE"), ("Nats-Rollup", "sub")])),
        r#"{"bucket":"app","key":"web.port","value":"","revision":7,"created":"1970-01-01T00:00:01.5Z","operation":"purge"}"#
    );
}

#[test]
fn what_is_written_is_read_as_the_same() {
    let entry =
        entry(b"\x00\xfe", Operation::Put, &[("a", "1"), ("b", "x: y"), ("a", "2"), ("Nats-TTL", "60s")]);
    let item = Item::parse(written(&entry).as_bytes()).unwrap();
    assert_eq!(item.key, "web.port");
    assert_eq!(item.value, entry.value);
    assert_eq!(item.operation, Operation::Put);
    assert_eq!(item.ttl, Some(Lifetime::For(std::time::Duration::from_secs(60))));
    let pairs =
        [("a", "1"), ("a", "2"), ("b", "x: y")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(item.headers, pairs);
    assert_eq!((item.revision, item.created), (Some(7), Some(entry.created)));
}

#[test]
fn a_key_and_a_value_are_enough() {
    let item = Item::parse(br#"{"key":"a","value":""}"#).unwrap();
    assert_eq!((item.key.as_str(), item.operation, item.value.len()), ("a", Operation::Put, 0));
    let item = Item::parse(br#"{"key":"a","operation":"delete"}"#).unwrap();
    assert_eq!(item.operation, Operation::Delete);
}

#[test]
fn a_bad_line_is_refused_with_what_is_wrong() {
    for (line, expected) in [
        ("", "not a JSON object"),
        ("{", "column 1"),
        ("[1]", "not a JSON object"),
        ("7", "not a JSON object"),
        (r#"{"value":"x"}"#, "missing field `key`"),
        (r#"{"key":"a"}"#, "missing field `value` or `value_base64`"),
        (r#"{"key":"a","vlaue":"x"}"#, "unknown field `vlaue`"),
        (r#"{"key":"a","value":5}"#, "expected a string"),
        (r#"{"key":"a","value":"x","value_base64":"eA=="}"#, "both"),
        (r#"{"key":"a","value_base64":"?"}"#, "bad value_base64"),
        (r#"{"key":"a","value":"x","operation":"del"}"#, "none of put, delete, purge"),
        (r#"{"key":"a","value":"x","operation":"delete"}"#, "a delete has no value"),
        (r#"{"key":"a","value":"x","ttl":"soon"}"#, "bad ttl"),
        (r#"{"key":"a","value":"x","created":"today"}"#, "bad created"),
        (r#"{"key":"a","value":"x"} {}"#, "trailing"),
    ] {
        let problem = problem(line);
        assert!(problem.contains(expected), "{line}: {problem}");
        assert!(!problem.contains("line 1"), "{problem}");
    }
}
