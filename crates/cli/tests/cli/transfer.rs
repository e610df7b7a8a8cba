//! `export import`

use crate::program::{Place, without_time};

/// A bucket with binary and empty values, history, markers, headers and a lifetime.
fn rich() -> Place {
    let place = Place::with_bucket();
    place.put("web.port", "8080");
    place.put("web.port", "9090");
    place.ok_with(&["put", "app", "bin", "-"], &[0, 255, 10, 13]);
    place.put("empty", "");
    place.ok(&["put", "app", "text", "\u{1F980} \"quoted\"\n", "-H", "by:me", "-H", "by:you"]);
    place.ok(&["del", "app", "empty"]);
    place.put("gone", "x");
    place.ok(&["purge", "app", "gone"]);
    place
}

#[test]
fn an_export_imported_elsewhere_gives_an_equal_bucket() {
    let place = rich();
    let export = place.ok(&["export", "app", "--history"]);
    let out = place
        .ok_with(&["--store", "other", "import", "copy", "--create", "--history", "5"], export.as_bytes());
    assert_eq!(out, "imported 7 lines into bucket copy: 5 puts, 1 delete, 1 purge, last revision 7\n");
    let copy = place.ok(&["--store", "other", "export", "copy", "--history"]);
    let without_revision = |lines: &str| {
        let mut all = without_time(lines);
        for line in &mut all {
            line.as_object_mut().unwrap().remove("revision").unwrap();
        }
        all
    };
    assert_eq!(without_revision(&export), without_revision(&copy));
    assert_eq!(place.run(&["--store", "other", "get", "copy", "bin", "--raw"]).out, [0, 255, 10, 13]);
}

#[test]
fn an_export_without_history_holds_the_values_only() {
    let place = rich();
    let keys = |args: &[&str]| -> Vec<String> {
        let lines = place.ok(args);
        without_time(&lines).iter().map(|line| line["key"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(keys(&["export", "app"]), ["web.port", "bin", "text"]);
    assert_eq!(keys(&["export", "app", "web.>", "--history"]), ["web.port", "web.port"]);
    assert_eq!(place.ok(&["export", "app", "--output", "out.jsonl"]), "exported 3 entries to out.jsonl\n");
    assert_eq!(std::fs::read_to_string(place.file("out.jsonl")).unwrap(), place.ok(&["export", "app"]));
    assert!(!place.file("out.jsonl.partial").exists());
}

#[test]
fn minimal_lines_are_imported() {
    let place = Place::with_bucket();
    let lines = "\u{feff}{\"key\":\"a\",\"value\":\"1\"}\r\n\n{\"key\":\"b\",\"value_base64\":\"AP8=\"}\n\
                 {\"key\":\"c\",\"value\":\"1\",\"ttl\":\"1h\",\"headers\":{\"by\":[\"me\"]}}\n{\"key\":\"a\",\"operation\":\"delete\"}";
    let file = place.write("in.jsonl", lines);
    let counts = &place.json(&["import", "app", &file])[0];
    assert_eq!(
        counts.to_string(),
        r#"{"bucket":"app","deletes":1,"imported":4,"last_revision":4,"purges":0,"puts":3}"#
    );
    assert_eq!(place.ok(&["ls", "app"]), "b\nc\n");
    let entry = &place.json(&["get", "app", "c"])[0];
    assert_eq!(entry["headers"]["by"][0], "me");
}

#[test]
fn a_bad_line_is_named_and_all_before_it_are_imported() {
    let place = Place::with_bucket();
    let mut lines: Vec<String> =
        (1..=1_200).map(|i| format!("{{\"key\":\"k.{i}\",\"value\":\"{i}\"}}")).collect();
    let mut fails = |bad: &str, expected: &str| {
        lines[1_099] = bad.into();
        let file = place.write("in.jsonl", lines.join("\n"));
        let err = place.fails(&["import", "app", &file], 2);
        assert!(err.contains("line 1100") && err.contains(expected), "{err}");
        assert!(err.contains("1099 lines imported before it"), "{err}");
        assert_eq!(place.ok(&["ls", "app"]).lines().count(), 1_099);
    };
    fails("{\"key\":\"x\",\"vlaue\":\"y\"}", "unknown field `vlaue`");
    fails("{\"key\":\"a..b\",\"value\":\"y\"}", "a..b");
    fails("nonsense", "not a JSON object");
}

#[test]
fn import_makes_a_bucket_only_if_that_is_meant() {
    let place = Place::empty();
    let file = place.write("in.jsonl", "{\"key\":\"a\",\"value\":\"1\"}\n");
    place.fails(&["import", "app", &file], 3);
    assert!(!place.file("jetkv-data").exists());
    place.ok(&["import", "app", &file, "--create", "--history", "3"]);
    place.ok(&["import", "app", &file, "--create"]);
    let err = place.fails(&["import", "app", &file, "--create", "--history", "4"], 4);
    assert!(err.contains("history of 3, not 4"), "{err}");
    let err = place.fails(&["import", "ap", &file], 3);
    assert!(err.contains("did you mean \"app\"") && err.contains("--create"), "{err}");
    place.fails(&["import", "app", "nothing.jsonl"], 3);
    assert_eq!(place.json(&["info", "app"])[0]["values"], 2);
}

#[test]
fn thousands_of_entries_come_back_equal() {
    let place = Place::with_bucket();
    let line = |i: u32| format!("{{\"key\":\"k.{}.{i}\",\"value\":\"value {i} \u{e9}\"}}\n", i % 7);
    let lines: String = (0..5_000).map(line).collect();
    place.ok_with(&["import", "app"], lines.as_bytes());
    place.ok(&["export", "app", "-o", "out.jsonl"]);
    place.ok(&["--store", "other", "import", "app", "out.jsonl", "--create"]);
    let exported = place.ok(&["export", "app"]);
    let copied = place.ok(&["--store", "other", "export", "app"]);
    assert_eq!(exported.lines().count(), 5_000);
    assert_eq!(without_time(&exported), without_time(&copied));
}
