//! `put get create update del purge history revert ls`

use crate::program::Place;

#[test]
fn put_prints_exactly_bucket_key_and_revision() {
    let place = Place::with_bucket();
    let out = place.ok(&["put", "app", "web.port", "8080", "--json"]);
    assert_eq!(out, "{\"bucket\":\"app\",\"key\":\"web.port\",\"revision\":1}\n");
    assert_eq!(place.ok(&["put", "app", "web.port", "8081"]), "app > web.port revision: 2 stored\n");
}

#[test]
fn get_shows_the_entry_and_raw_shows_nothing_else() {
    let place = Place::with_bucket();
    place.put("web.port", "8080");
    let shown = place.ok(&["get", "app", "web.port"]);
    assert!(shown.starts_with("app > web.port revision: 1 created @ 20"), "{shown}");
    assert!(shown.ends_with("Z\n\n8080\n"), "{shown}");
    assert_eq!(place.ok(&["get", "app", "web.port", "--raw"]), "8080");
    let json = place.ok(&["get", "app", "web.port", "--json"]);
    assert!(
        json.starts_with(r#"{"bucket":"app","key":"web.port","value":"8080","revision":1,"created":"20"#),
        "{json}"
    );
    assert!(json.ends_with("Z\",\"operation\":\"put\"}\n"), "{json}");
    place.fails(&["get", "app", "web.port", "--raw", "--json"], 2);
}

#[test]
fn values_come_from_standard_input_byte_for_byte() {
    let place = Place::with_bucket();
    let value = [0, 255, b'\n', 13, 128];
    place.ok_with(&["put", "app", "bin", "-"], &value);
    assert_eq!(place.run(&["get", "app", "bin", "--raw"]).out, value);
    assert_eq!(place.json(&["get", "app", "bin"])[0]["value_base64"], "AP8KDYA=");
    assert!(place.run(&["get", "app", "bin"]).err.contains("base64"));
    place.ok_with(&["put", "app", "no-argument"], b"x\n");
    assert_eq!(place.ok(&["get", "app", "no-argument", "--raw"]), "x\n");
    place.ok(&["put", "app", "empty", ""]);
    assert_eq!(place.json(&["get", "app", "empty"])[0]["value"], "");
    place.ok(&["put", "app", "negative", "-5"]);
    place.ok(&["put", "app", "option", "--", "--ttl"]);
    assert_eq!(place.ok(&["get", "app", "option", "--raw"]), "--ttl");
}

#[test]
fn an_earlier_revision_can_be_read() {
    let place = Place::with_bucket();
    place.put("a", "one");
    place.put("a", "two");
    place.put("b", "other");
    assert_eq!(place.ok(&["get", "app", "a", "--revision", "1", "--raw"]), "one");
    assert!(
        place.fails(&["get", "app", "a", "--revision", "3"], 3).contains("revision 3 of key \"a\" not found")
    );
    place.fails(&["get", "app", "a", "--revision", "0"], 2);
}

#[test]
fn create_wants_a_key_without_value() {
    let place = Place::with_bucket();
    assert_eq!(place.json(&["create", "app", "a", "1"])[0]["revision"], 1);
    let err = place.fails(&["create", "app", "a", "2"], 4);
    assert!(err.contains("hint: ") && err.contains("update app a VALUE --revision 1"), "{err}");
    place.ok(&["del", "app", "a"]);
    assert_eq!(place.json(&["create", "app", "a", "3"])[0]["revision"], 3);
}

#[test]
fn update_wants_the_latest_revision() {
    let place = Place::with_bucket();
    place.put("a", "1");
    assert_eq!(place.json(&["update", "app", "a", "2", "--revision", "1"])[0]["revision"], 2);
    assert_eq!(place.json(&["update", "app", "a", "3", "2"])[0]["revision"], 3);
    let err = place.fails(&["update", "app", "a", "4", "1"], 4);
    assert!(err.contains("expected 1, found 3"), "{err}");
    assert!(err.contains("hint: run `jetkv get app a` and retry with --revision 3"), "{err}");
    assert_eq!(place.json(&["update", "app", "new", "x", "0"])[0]["revision"], 4);
    place.fails(&["update", "app", "a", "4"], 2);
    assert_eq!(place.ok_with(&["update", "app", "a", "-", "3"], b"piped"), "app > a revision: 5 updated\n");
}

#[test]
fn del_keeps_the_history_and_purge_drops_it() {
    let place = Place::with_bucket();
    place.put("a", "1");
    place.put("a", "2");
    place.ok(&["del", "app", "a"]);
    let err = place.fails(&["get", "app", "a"], 3);
    assert!(err.contains("deleted at revision 3"), "{err}");
    let operations = |place: &Place| -> Vec<String> {
        let entries = place.json(&["history", "app", "a"]);
        entries.iter().map(|entry| entry["operation"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(operations(&place), ["put", "put", "delete"]);
    place.put("a", "3");
    place.fails(&["del", "app", "a", "--revision", "3"], 4);
    place.fails(&["purge", "app", "a", "--revision", "3"], 4);
    assert_eq!(place.json(&["purge", "app", "a", "--revision", "4"])[0]["revision"], 5);
    assert_eq!(operations(&place), ["purge"]);
    let marker = place.json(&["get", "app", "a", "--revision", "5"]);
    assert_eq!((marker[0]["operation"].as_str(), marker[0]["value"].as_str()), (Some("purge"), Some("")));
}

#[test]
fn history_is_a_table_for_people() {
    let place = Place::with_bucket();
    place.put("web.port", "8080");
    place.put("web.port", "9090");
    let table = place.ok(&["history", "app", "web.port"]);
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["Revision", "Op", "Created", "Length", "Value"]);
    assert_eq!((lines[2][0], lines[2][1], lines[2].last()), ("2", "PUT", Some(&"9090")));
    place.fails(&["history", "app", "nothing"], 3);
}

#[test]
fn revert_stores_an_earlier_value_again() {
    let place = Place::with_bucket();
    place.ok(&["put", "app", "a", "one", "--header", "by:me"]);
    place.put("a", "two");
    assert_eq!(place.json(&["revert", "app", "a", "1", "-f"])[0]["revision"], 3);
    let entry = &place.json(&["get", "app", "a"])[0];
    assert_eq!((entry["value"].as_str(), entry["headers"]["by"][0].as_str()), (Some("one"), Some("me")));
    place.ok(&["del", "app", "a"]);
    place.ok(&["revert", "app", "a", "2"]);
    assert_eq!(place.ok(&["get", "app", "a", "--raw"]), "two");
    assert!(place.fails(&["revert", "app", "a", "4"], 2).contains("delete marker"));
    assert!(place.fails(&["revert", "app", "a", "5"], 2).contains("already"));
    place.fails(&["revert", "app", "a", "99"], 3);
    place.fails(&["revert", "app", "nothing", "1"], 3);
}

#[test]
fn ls_lists_keys_in_order_and_by_filter() {
    let place = Place::with_bucket();
    for key in ["web.port", "db.port", "web.host", "gone"] {
        place.put(key, "x");
    }
    place.ok(&["del", "app", "gone"]);
    assert_eq!(place.ok(&["ls", "app"]), "db.port\nweb.host\nweb.port\n");
    assert_eq!(place.ok(&["ls", "app", "-n", "*.port"]), "db.port\nweb.port\n");
    assert_eq!(place.ok(&["ls", "app", "web.>"]), "web.host\nweb.port\n");
    let none = place.run(&["ls", "app", "nothing.>"]);
    assert_eq!((none.code, none.out.len()), (0, 0));
    assert!(none.err.contains("No keys matching"), "{}", none.err);
    assert!(place.ok(&["ls", "app", "-v"]).lines().nth(1).unwrap().contains("db.port"));
    let entries = place.json(&["ls", "app", "web.*"]);
    assert_eq!((entries.len(), entries[0]["value"].as_str()), (2, Some("x")));
    assert_eq!(
        place.ok(&["ls", "app", "-n", "db.*", "--json"]),
        "{\"bucket\":\"app\",\"key\":\"db.port\",\"revision\":2}\n"
    );
    place.fails(&["ls", "app", "a..b"], 2);
}

#[test]
fn a_value_can_expire_by_itself() {
    let place = Place::with_bucket();
    place.ok(&["add", "short", "--marker-ttl", "1h"]);
    place.ok(&["put", "short", "a", "x", "--ttl", "1h30m"]);
    assert_eq!(place.ok(&["get", "short", "a", "--raw"]), "x");
    place.ok(&["create", "short", "b", "x", "--ttl", "1s"]);
    for _ in 0..1_000 {
        if place.run(&["get", "short", "b"]).code == 3 {
            return;
        }
    }
    panic!("the value did not expire");
}
