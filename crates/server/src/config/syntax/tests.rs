use super::*;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Reads `text`, with other files and an environment beside it.
fn read_with(text: &str, files: &[(&str, &str)], variables: &[(&str, &str)]) -> Result<Map, String> {
    let mut all: BTreeMap<&str, &str> = files.iter().copied().collect();
    all.insert("c", text);
    let read = |path: &Path| {
        let found = all.get(path.to_string_lossy().as_ref());
        found.map(|text| text.as_bytes().to_vec()).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    };
    let variables =
        |name: &str| variables.iter().find(|(each, _)| *each == name).map(|(_, value)| (*value).to_owned());
    let sources = Sources { read: &read, variables: &variables };
    load(Path::new("c"), sources).map_err(|error| error.to_string())
}

fn read(text: &str) -> Result<Map, String> {
    read_with(text, &[], &[])
}

/// Writes a map in one line, so that trees can be compared.
fn shown(map: &Map) -> String {
    let entries = map.entries.iter().map(|entry| format!("{}={}", entry.key, shown_node(&entry.node)));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(" "))
}

fn shown_node(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => format!("{text:?}"),
        Value::Date(text) => format!("date({text})"),
        Value::Integer(number) | Value::Size(number, _) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Bool(truth) => truth.to_string(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(|item| shown_node(item)).collect::<Vec<_>>().join(" "))
        }
        Value::Map(map) => shown(map),
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(
        read(text).as_ref().map(shown).unwrap_or_else(|error| panic!("{text:?}: {error}")),
        expected,
        "{text:?}"
    );
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    assert_eq!(read(text).expect_err(text), expected, "{text:?}");
}

#[test]
fn keys_and_values_are_separated_in_many_ways() {
    for text in [
        "port: 4222",
        "port = 4222",
        "port 4222",
        "port\n4222",
        "port:4222}",
        "'port' 4222",
        "{\"port\":4222}",
        "port:4222;",
        "port:4222,",
        "\t port :4222\r\n",
    ] {
        check(text, "{port=4222}");
    }
    for text in [
        "a:1,b:2",
        "a:1;b:2",
        "a:1\nb:2",
        "a:1 # x\nb:2 //",
        "{a:1\n b:2}",
        "a:1\r\nb:2\r\n",
        "// x\na 1\n# y\nb 2",
        "a:7\na:1\nb:2",
    ] {
        check(text, "{a=1 b=2}");
    }
}

#[test]
fn maps_and_arrays_nest() {
    check("a { b: 1, c: [1, 2,\n3\n4]\n}", "{a={b=1 c=[1 2 3 4]}}");
    check("a {b\n:\nc}\nd: [\n  {e: f}\n  {e: g}\n]", "{a={b=\"c\"} d=[{e=\"f\"} {e=\"g\"}]}");
    check("a{b:1}", "{a={b=1}}");
    check("a: {}\nb: []", "{a={} b=[]}");
}

#[test]
fn values_without_quotes_are_what_they_look_like() {
    for (text, expected) in [
        ("1k", "1000"),
        ("1kb", "1024"),
        ("1Ki", "1024"),
        ("64MiB", "67108864"),
        ("10g", "10000000000"),
        ("10GB", "10737418240"),
        ("2t", "2000000000000"),
        ("-5k", "-5000"),
        ("1.5", "1.5"),
        ("-1.5", "-1.5"),
        ("007", "7"),
        ("1h", "\"1h\""),
        ("1m30s", "\"1m30s\""),
        ("10.0.0.1:4222", "\"10.0.0.1:4222\""),
        ("1_000", "\"1_000\""),
        ("0x10", "\"0x10\""),
        ("yes", "true"),
        ("OFF", "false"),
        ("truex", "\"truex\""),
        ("nats://a:b@c:4222", "\"nats://a:b@c:4222\""),
        ("a#b", "\"a#b\""),
        ("a//b", "\"a//b\""),
        ("a=b", "\"a=b\""),
        ("$2b$11$abcdef", "\"$2b$11$abcdef\""),
        ("2023-01-02T03:04:05Z", "date(2023-01-02T03:04:05Z)"),
        ("\"a\\tb\\x41\\\"\\\\\"", "\"a\\tbA\\\"\\\\\""),
        ("'a\\tb'", "\"a\\\\tb\""),
        ("a\\tb", "\"a\\tb\""),
        ("(\na )\n b\n)\n", "\"\\na )\\n b\\n\""),
    ] {
        check(&format!("v: {text}"), &format!("{{v={expected}}}"));
    }
}

#[test]
fn faults_are_told_in_the_words_of_the_reference() {
    for (text, expected) in [
        ("", "c: config has no values or is empty"),
        ("# only this", "c: config has no values or is empty"),
        ("port", "config is invalid (c:1:4)"),
        ("port:\n4222", "Parse error on line 2: 'Expected value but found new line'"),
        (":1", "Parse error on line 1: 'Unexpected key separator ':''"),
        ("a {:1}", "Parse error on line 1: 'Unexpected key separator ':'.'"),
        ("'a", "Parse error on line 1: 'Unexpected EOF.'"),
        ("a: \"b", "Parse error on line 1: 'Unexpected EOF.'"),
        ("a {", "Parse error on line 1: 'Unexpected EOF processing map.'"),
        ("a {b", "Parse error on line 1: 'Unexpected EOF processing map key.'"),
        ("a (b\n)c", "Parse error on line 2: 'Unexpected EOF processing block.'"),
        ("a: [,", "Parse error on line 1: 'Unexpected array value terminator ','.'"),
        ("a: {b:,}", "Parse error on line 1: 'Unexpected map value terminator \",\".'"),
        ("a: 1.x", "Parse error on line 1: 'Floats must have a digit after the '.', but got 'x' instead.'"),
        ("a: -x", "Parse error on line 1: 'Expected a digit but got 'x'.'"),
        ("a: .5", "Parse error on line 1: 'Floats must start with a digit'"),
        ("a: 9223372036854775808", "integer '9223372036854775808' is out of the range"),
        ("a: 9223372036854775807k", "integer '9223372036854775807' is out of the range"),
        (
            "a b c",
            "Parse error on line 1: 'Expected a top-level value to end with a new line, comment or EOF, but got 'c' instead.'",
        ),
        (
            "{a:1 b:2}",
            "Parse error on line 1: 'Expected a block-level value to end with a new line, comment or EOF, but got 'b' instead.'",
        ),
        (
            "a {b:c d:e}",
            "Parse error on line 1: 'Expected a map value terminator \",\" or a map terminator \"}\", but got 'd' instead.'",
        ),
        (
            "a [b c]",
            "Parse error on line 1: 'Expected an array value terminator \",\" or an array terminator \"]\", but got 'c' instead.'",
        ),
        (
            "a: \"\\q\"",
            "Parse error on line 1: 'Invalid escape character 'q'. Only the following escape characters are allowed: \\xXX, \\t, \\n, \\r, \\\", \\\\.'",
        ),
        (
            "a: \"\\xzz\"",
            "Parse error on line 1: 'Expected two hexadecimal digits after '\\x', but got 'zz''",
        ),
        ("a: \"\\xff\"", "Parse error on line 1: 'Escapes must form valid UTF-8.'"),
    ] {
        check_error(text, expected);
    }
}

#[test]
fn places_count_as_in_the_reference() {
    let map = read("a: 1\n  b: {\n c: 2\n}\n'd': 3").unwrap();
    let place = |entry: &Entry| entry.place.to_string();
    assert_eq!(map.entries.iter().map(place).collect::<Vec<_>>(), ["c:1:0", "c:2:3", "c:5:2"]);
}

#[test]
fn variables_are_the_nearest_key_before_or_the_environment() {
    check("A: 1\nb: $A", "{A=1 b=1}");
    check("A: 1\nb {A: 2, c {d: $A}}\ne: $A", "{A=1 b={A=2 c={d=2}} e=1}");
    check("A {x: [1, 2]}\nb: $A", "{A={x=[1 2]} b={x=[1 2]}}");
    check_error("b: $A\nA: 1", "variable reference for 'A' on line 1 can not be found");
    let from_environment = |value| {
        let read = read_with(
            "port: $PORT",
            &[],
            &[("PORT", value), ("OTHER", "[1, two]"), ("C", "$D"), ("D", "$C")],
        );
        read.as_ref().map(shown).map_err(Clone::clone)
    };
    assert_eq!(from_environment("4222").unwrap(), "{port=4222}");
    assert_eq!(from_environment("\"4222\"").unwrap(), "{port=\"4222\"}");
    assert_eq!(from_environment("$OTHER").unwrap(), "{port=[1 \"two\"]}");
    assert_eq!(from_environment("$C").unwrap_err(), "variable reference cycle for 'C'");
}

#[test]
fn a_key_that_a_variable_refers_to_is_marked() {
    let map = read("A: 1\nB: 2\nc: $A").unwrap();
    let referenced = |entry: &Entry| entry.referenced;
    assert_eq!(map.entries.iter().map(referenced).collect::<Vec<_>>(), [true, false, false]);
}

#[test]
fn includes_stand_for_what_is_in_the_file() {
    let files = [("inc/one", "b: 2\ninclude two"), ("inc/two", "c: 3"), ("auth", "user: u\n")];
    let read = |text| read_with(text, &files, &[]).as_ref().map(shown).map_err(Clone::clone);
    assert_eq!(read("a: 1\ninclude inc/one\nd: $c").unwrap(), "{a=1 b=2 c=3 d=3}");
    assert_eq!(read("x { include 'auth', y: 1 }").unwrap(), "{x={user=\"u\" y=1}}");
    assert_eq!(read("INCLUDE \"/auth\"").unwrap(), "{user=\"u\"}");
    let missing = "error parsing include file 'nope', open nope: no such file or directory";
    assert_eq!(read("include nope").unwrap_err(), missing);
}

#[test]
fn nothing_is_unbounded() {
    let error = read(&format!("a: {}", "[".repeat(100_000))).unwrap_err();
    assert_eq!(error, "Parse error on line 1: 'Values nest deeper than 64 levels.'");
    let error = read(&format!("a {}", "{b ".repeat(100_000))).unwrap_err();
    assert_eq!(error, "Parse error on line 1: 'Values nest deeper than 64 levels.'");

    let mut nested = String::from("A0: [1]\n");
    let mut doubled = String::from("A0: [1, 2]\n");
    for level in 1..80 {
        nested += &format!("A{level}: [$A{}]\n", level - 1);
        doubled += &format!("A{level}: [$A{0}, $A{0}]\n", level - 1);
    }
    assert_eq!(read(&nested).unwrap_err(), "Parse error on line 64: 'Values nest deeper than 64 levels.'");
    assert_eq!(read(&doubled).unwrap_err(), "configuration: more than 1048576 values");

    let error = read_with("include c", &[], &[]).unwrap_err();
    assert!(error.ends_with("c: includes nest deeper than 16 levels"), "{error}");
    let error = read_with("include c\ninclude c\ninclude c", &[], &[]).unwrap_err();
    assert!(error.ends_with("c: includes nest deeper than 16 levels"), "{error}");
    let error = read_with(&"include d\n".repeat(2_000), &[("d", "x: 1")], &[]).unwrap_err();
    assert!(error.ends_with("d: more than 1000 files or 16777216 bytes of configuration"), "{error}");
    assert_eq!(read("a: \0").unwrap_err(), "c: holds a zero byte");
}

/// Digests that `nats-server -t` 2.15.1 printed for these texts.
#[test]
fn digests_are_those_of_the_reference() {
    let value = |value: &str| format!("A: {value}\nport=$A\nport:4222");
    for (text, expected) in [
        ("port: 4222".to_owned(), "797533ebd0dfba7d34a0f9337ecf147e442871f48ddfd07ed751575a5737267e"),
        (value("1KiB"), "46332ba98c8834440dd20a3e2cd8faf3927ef0d0fa1de7d2b363d129f62c8080"),
        (value("-1.5"), "b40dd4e20bd9913ffaee7dfa9489c1ef89f7f20d531e7e98659e3f8abd61fe4c"),
        (value("1.0"), "680d82f73b7572e234f2342847a1416a7fa5c23d2ad3ba3d328e862a8f63aecb"),
        (value("0.0000001"), "aae70ea6b9cea56f06a5c1f03c6e8ff27c2768930cf58d1a78422da0df4bda54"),
        (
            value("100000000000000000000000.0"),
            "c7012f062c704bebf221532279761c35515d8887f02f2908cf744e477dc01f66",
        ),
        (value("\"é<>&\""), "66e5f74fd36f61230ab4cb36252b366e2c2771ff2a820fd7d562676cc8e1f174"),
        (value("2023-01-02T03:04:05Z"), "bec13486ccfb8f66f047e128e7dc87124a9575dcf26d3d67fcf37547a3175ed2"),
        (value("(\na\n)"), "4e7016e420e71663efce1cd0d6a49f7012a5d489d1671b6ea7ad043da867f733"),
        (value("[\n1\n2\n]"), "ab9c03c706d805cda713475d518215ba20f7988095f25cf7d65e3c0b6eda6bef"),
        (value("{x:{y:1}}"), "e7b63caaf5bf4355a60196decdc293be0d7dd619da47dde22be3bb8415889fcb"),
    ] {
        assert_eq!(digest(&read(&text).unwrap()), format!("sha256:{expected}"), "{text:?}");
    }
}

mod any_text {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_read_or_refused(text in "\\PC{0,200}") {
            read_with(&text, &[("a", &text)], &[("A", &text)]).map(|map| digest(&map)).ok();
        }

        /// Pieces of the language, put together without sense.
        #[test]
        fn made_of_pieces_is_read_or_refused(pieces in proptest::collection::vec(piece(), 0..60)) {
            let text = pieces.concat();
            read_with(&text, &[("a", &text)], &[("A", &text)]).map(|map| digest(&map)).ok();
        }
    }

    fn piece() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(vec![
            "a",
            "A",
            "$A",
            "include a\n",
            "1",
            "1k",
            "-2",
            "3.5",
            "true",
            "\"q\"",
            "'s'",
            "\"",
            "'",
            "\\",
            "\\x4",
            "(",
            ")",
            "\n)\n",
            "{",
            "}",
            "[",
            "]",
            ":",
            "=",
            ",",
            ";",
            " ",
            "\n",
            "\r\n",
            "#",
            "//",
            "/",
            "é",
            "\u{a0}",
            "2020-01-02T03:04:05Z",
            "-",
            ".",
        ])
    }
}
