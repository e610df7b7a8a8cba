use super::*;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename = "Outer")]
struct Outer {
    name: String,
    #[serde(deserialize_with = "go_type::int")]
    int: i64,
    small: i32,
    sequence: u64,
    flag: bool,
    #[serde(deserialize_with = "go_type::nanos")]
    age: i64,
    #[serde(deserialize_with = "go_type::strings")]
    list: Vec<String>,
    inner: Option<Inner>,
    inners: Vec<Inner>,
    #[serde(deserialize_with = "go_type::string_map")]
    map: BTreeMap<String, String>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename = "Inner")]
struct Inner {
    text: String,
}

fn read(text: &str) -> Outer {
    decode(text.as_bytes(), Strictness::Strict).unwrap()
}

fn strict(text: &[u8]) -> String {
    decode::<Outer>(text, Strictness::Strict).unwrap_err().to_string()
}

fn lenient(text: &[u8]) -> String {
    decode::<Outer>(text, Strictness::Lenient).unwrap_err().to_string()
}

#[test]
fn every_kind_of_field_is_read() {
    let value = read(
        " {\"name\" : \"a\\n\\u00e9\\ud83d\\ude00\\/\", \"int\":-5,\"small\":2147483647,\"sequence\":18446744073709551615,\n\
         \"flag\":true,\"age\":1,\"list\":[\"a\",null,\"}]\\\"\"],\"inner\":{\"text\":\"x\"},\
         \"inners\":[{},{\"text\":\"y\"},null],\"map\":{\"b\":\"c\",\"a\":null}}\r\n",
    );
    assert_eq!(value.name, "a\né😀/");
    assert_eq!((value.int, value.small, value.sequence), (-5, i32::MAX, u64::MAX));
    assert_eq!((value.flag, value.age), (true, 1));
    assert_eq!(value.list, ["a", "", "}]\""]);
    assert_eq!(value.inner, Some(Inner { text: "x".into() }));
    assert_eq!(value.inners.len(), 3);
    assert_eq!(
        value.map.into_iter().collect::<Vec<_>>(),
        [("a".into(), String::new()), ("b".into(), "c".into())]
    );
}

#[test]
fn null_and_nothing_are_absence() {
    let nulls = r#"{"name":null,"int":null,"flag":null,"list":null,"inner":null,"inners":null,"map":null}"#;
    for text in ["{}", "null", "", " \n", nulls] {
        assert_eq!(read(text), Outer::default(), "{text}");
    }
    assert_eq!(lenient(b""), "unexpected end of JSON input");
}

#[test]
fn names_match_in_any_case_and_the_last_one_wins() {
    assert_eq!(read(r#"{"Name":"a","NAME":"b"}"#).name, "b");
    assert_eq!(
        read(r#"{"n\u0061me":"a","flag":true,"flag":false}"#),
        Outer { name: "a".into(), ..Outer::default() }
    );
}

#[test]
fn what_is_no_text_is_replaced() {
    let value: Outer = decode(b"{\"name\":\"a\xffb\\ud800\\ud800c\"}", Strictness::Strict).unwrap();
    assert_eq!(value.name, "a\u{fffd}b\u{fffd}\u{fffd}c");
}

/// The texts were captured from the reference, but for the names of the types.
#[test]
fn values_of_another_type() {
    let check = |text: &str, expected: &str| {
        let expected = format!("json: cannot unmarshal {expected}");
        assert_eq!(strict(text.as_bytes()), expected, "{text}");
        assert_eq!(lenient(text.as_bytes()), expected, "{text}");
    };
    check("[]", "array into Go value of type server.Outer");
    check("true", "bool into Go value of type server.Outer");
    check(r#"{"name":5}"#, "number into Go struct field Outer.name of type string");
    check(r#"{"NAME":5}"#, "number into Go struct field Outer.name of type string");
    check(r#"{"int":"x"}"#, "string into Go struct field Outer.int of type int");
    check(r#"{"int":1.5}"#, "number 1.5 into Go struct field Outer.int of type int");
    check(r#"{"int":1e2}"#, "number 1e2 into Go struct field Outer.int of type int");
    check(r#"{"int":0.0}"#, "number 0.0 into Go struct field Outer.int of type int");
    check(r#"{"small":2147483648}"#, "number 2147483648 into Go struct field Outer.small of type int32");
    check(r#"{"sequence":-1}"#, "number -1 into Go struct field Outer.sequence of type uint64");
    check(r#"{"sequence":-0}"#, "number -0 into Go struct field Outer.sequence of type uint64");
    let digits = "9".repeat(60);
    check(
        &format!(r#"{{"sequence":{digits}}}"#),
        &format!("number {digits} into Go struct field Outer.sequence of type uint64"),
    );
    check(r#"{"flag":1}"#, "number into Go struct field Outer.flag of type bool");
    check(r#"{"age":"1s"}"#, "string into Go struct field Outer.age of type time.Duration");
    check(r#"{"list":"x"}"#, "string into Go struct field Outer.list of type []string");
    check(r#"{"list":["x",1]}"#, "number into Outer.list.1 of type string");
    check(r#"{"inner":[]}"#, "array into Go struct field Outer.inner of type server.Inner");
    check(r#"{"inner":{"text":{}}}"#, "object into Go struct field Outer.inner.text of type string");
    check(r#"{"inners":[{},5]}"#, "number into Outer.inners.1 of type server.Inner");
    check(r#"{"inners":[{},{"text":5}]}"#, "number into Go struct field Outer.inners.1.text of type string");
    check(r#"{"map":{"a":1}}"#, "number into Go struct field Outer.map.a of type string");
    check(r#"{"map":[]}"#, "array into Go struct field Outer.map of type map[string]string");
}

#[test]
fn unknown_fields_are_errors_if_the_reading_is_strict() {
    assert_eq!(strict(br#"{"foo":1}"#), "json: unknown field \"foo\"");
    assert_eq!(strict(br#"{"inners":[{"a<b\n\"":1}]}"#), "json: unknown field \"a<b\\n\\\"\"");
    assert_eq!(strict(b"{\"a\xff\":1}"), "json: unknown field \"a\u{fffd}\"");
    let value: Outer =
        decode(br#"{"foo":[{"x":"}"}],"inner":{"bar":1},"flag":true}"#, Strictness::Lenient).unwrap();
    assert!(value.flag && value.inner.is_some());
}

/// The bodies were sent to the reference, as requests for names of streams and for new streams.
#[test]
fn several_values_are_read_one_into_the_other() {
    assert_eq!(read("{} {}"), Outer::default());
    assert_eq!(
        read(r#"{"name":"a","int":5}{"int":7,"flag":true} null {}"#),
        Outer { name: "a".into(), int: 7, flag: true, ..Outer::default() }
    );
    for (text, fault) in [
        ("{}{", "unexpected EOF"),
        ("{} nul", "unexpected EOF"),
        ("{}1", "json: cannot unmarshal number into Go value of type server.Outer"),
        ("{}[]x", "json: cannot unmarshal array into Go value of type server.Outer"),
        (r#"{} {"foo":1}"#, "json: unknown field \"foo\""),
        (
            r#"{"int":5} {"int":"x"}"#,
            "json: cannot unmarshal string into Go struct field Outer.int of type int",
        ),
        ("{},", "invalid character ',' looking for beginning of value at offset 3"),
        ("{}{}x", "invalid character 'x' looking for beginning of value at offset 5"),
    ] {
        assert_eq!(strict(text.as_bytes()), fault, "{text}");
    }
    assert_eq!(lenient(b"{} {}"), "invalid character '{' after top-level value");
}

#[test]
fn the_first_fault_in_the_text_is_told_but_syntax_comes_first() {
    assert_eq!(strict(br#"{"foo":1,"int":"x"}"#), "json: unknown field \"foo\"");
    assert!(strict(br#"{"int":"x","foo":1}"#).contains("Outer.int"));
    assert!(strict(br#"{"int":"x","flag":"x"}"#).contains("Outer.int"));
    assert_eq!(strict(br#"{"foo":1"#), "unexpected EOF");
    // What follows the value is looked at only later.
    assert_eq!(strict(br#"{"foo":1}x"#), "json: unknown field \"foo\"");
    assert_eq!(lenient(br#"{"foo":1}x"#), "invalid character 'x' after top-level value");
}

#[test]
fn nesting_is_limited() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(strict(nested(DEPTH_MAX).as_bytes()).starts_with("json: cannot unmarshal array"));
    assert_eq!(strict(nested(DEPTH_MAX + 1).as_bytes()), "exceeded max depth at offset 65");
    assert_eq!(strict("[".repeat(1 << 20).as_bytes()), "exceeded max depth at offset 65");
    let ignored = format!("{{\"foo\":{}}}", nested(DEPTH_MAX - 1));
    assert_eq!(decode::<Outer>(ignored.as_bytes(), Strictness::Lenient), Ok(Outer::default()));
}

/// Bodies and texts were captured from the reference, strict and not strict.
#[test]
fn malformed_texts() {
    let check = |text: &[u8], place: &str, offset: usize| {
        assert_eq!(strict(text), format!("{place} at offset {offset}"));
        assert_eq!(lenient(text), place);
    };
    for text in [
        "{",
        "[",
        "nul",
        "tru",
        "-",
        "1.",
        "1e",
        "\"a",
        "{\"name\"",
        "{\"name\":",
        "{\"name\":\"S\",",
        "[1,",
        "\"",
        "{\"a\":\"\\",
        "{\"a\":\"\\u",
        "{\"a\":1",
        "{\"a\":{\"a\":{\"a\":",
    ] {
        assert_eq!(strict(text.as_bytes()), "unexpected EOF", "{text}");
        assert_eq!(lenient(text.as_bytes()), "unexpected end of JSON input", "{text}");
    }
    check(b"}", "invalid character '}' looking for beginning of value", 1);
    check(b"{]", "invalid character ']' looking for beginning of object key string", 2);
    check(b"nulx", "invalid character 'x' in literal null (expecting 'l')", 4);
    check(br#"{"a":tru}"#, "invalid character '}' in literal true (expecting 'e')", 9);
    check(br#"{"a":falze}"#, "invalid character 'z' in literal false (expecting 's')", 9);
    check(b"1.e", "invalid character 'e' in numeric literal", 3);
    check(b"--1", "invalid character '-' in numeric literal", 2);
    check(br#"{"max_msgs":1e+}"#, "invalid character '}' in numeric literal", 16);
    check(br#"{"a":00}"#, "invalid character '0' after object key:value pair", 7);
    check(br#"{"a":1.5.5}"#, "invalid character '.' after object key:value pair", 9);
    check(br#"{"name":"S" x}"#, "invalid character 'x' after object key:value pair", 13);
    check(br#"{"name":"S",}"#, "invalid character '}' looking for beginning of object key string", 13);
    check(br#"{"name" "S"}"#, "invalid character '\"' after object key", 9);
    check(b"{'name':1}", "invalid character '\\'' looking for beginning of object key string", 2);
    check(b"[1,]", "invalid character ']' looking for beginning of value", 4);
    check(b"[1 2]", "invalid character '2' after array element", 4);
    check(b"[1}", "invalid character '}' after array element", 3);
    check(b"+1", "invalid character '+' looking for beginning of value", 1);
    check(b"{\"a\":\"\n\"}", "invalid character '\\n' in string", 7);
    check(b"{\"a\":\"\x1f\"}", "invalid character '\\x1f' in string", 7);
    check(b"\"a\\x\"", "invalid escape sequence `\\x` in string", 4);
    check(b"\"\\u12\"", "invalid escape sequence `\\u12\"` in string", 6);
    check(b"\"\\u12x4\"", "invalid escape sequence `\\u12x4` in string", 7);
    check(b"{\"a\":\"\\u\"}", "invalid escape sequence `\\u\"}` in string", 10);
    check(b"\xff", "invalid character '\\xff' looking for beginning of value", 1);
    check("é".as_bytes(), "invalid character 'é' looking for beginning of value", 2);
    check("\u{feff}{}".as_bytes(), "invalid character '\\ufeff' looking for beginning of value", 3);
    check("\u{a0}{}".as_bytes(), "invalid character '\\u00a0' looking for beginning of value", 2);
    check(
        b"{\"name\":\"S\",\x0c\"a\":1}",
        "invalid character '\\f' looking for beginning of object key string",
        13,
    );
    assert_eq!(strict(b"{}x"), "invalid character 'x' looking for beginning of value at offset 3");
    assert_eq!(strict(b"{}\x00"), "invalid character '\\x00' looking for beginning of value at offset 3");
    assert_eq!(lenient(b"{}\x00"), "invalid character '\\x00' after top-level value");
}
