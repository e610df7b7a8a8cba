//! What goes wrong, how it is told, and the exit codes.

use crate::program::Place;
use serde_json::Value;

#[test]
fn commands_that_read_make_no_store() {
    let place = Place::empty();
    for args in [
        &["ls"][..],
        &["info"],
        &["get", "b", "k"],
        &["put", "b", "k", "v"],
        &["del", "b", "k"],
        &["watch", "b"],
        &["export", "b"],
        &["backup", "-o", "f"],
        &["check"],
        &["repair", "-f"],
        &["compact", "b"],
        &["edit", "b"],
    ] {
        let err = place.fails(&[&["--store", "some/dir"], args].concat(), 3);
        assert!(err.contains("error: no store in some/dir"), "{args:?}: {err}");
        assert!(
            err.contains(
                "hint: create a store and its first bucket with `jetkv --store some/dir add BUCKET`"
            ),
            "{err}"
        );
        assert!(!place.file("some").exists(), "{args:?}");
    }
}

#[test]
fn the_store_is_found_in_the_environment() {
    let place = Place::empty();
    let run = |args: &[&str]| place.command(args).env("JETKV_STORE", "from-env").output().unwrap();
    assert!(run(&["add", "app"]).status.success());
    assert!(place.file("from-env").exists());
    assert!(run(&["--store", "other", "ls"]).status.code() == Some(3));
}

#[test]
fn names_that_look_alike_are_proposed() {
    let place = Place::with_bucket();
    place.put("web.port", "1");
    assert!(place.fails(&["ls", "ap"], 3).contains("hint: did you mean \"app\"?"));
    assert!(place.fails(&["get", "app", "web.prt"], 3).contains("hint: did you mean \"web.port\"?"));
    assert!(place.fails(&["get", "app", "else"], 3).contains("hint: `jetkv ls app` lists the keys"));
    assert!(place.fails(&["get", "orders", "x"], 3).contains("`jetkv add orders` creates this one"));
}

#[test]
fn wrong_usage_is_named_with_an_example() {
    let place = Place::with_bucket();
    for (args, expected) in [
        (&["add", "a b"][..], "a b"),
        (&["add", "x", "--history", "65"], "65"),
        (&["add", "x", "--history", "0"], "0"),
        (&["add", "x", "--history", "-1"], "--history"),
        (&["add", "x", "--ttl", "soon"], "like 90s"),
        (&["add", "x", "--max-bytes", "lots"], "like 4096, 64KiB"),
        (&["add", "x", "--storage", "tape"], "memory"),
        (&["put", "app", "a..b", "x"], "a..b"),
        (&["put", "app", ".a", "x"], ".a"),
        (&["put", "app", "a", "x", "--header", "none"], "NAME:VALUE"),
        (&["get", "app", "a", "--revision", "x"], "--revision"),
        (&["get", "app", "*"], "*"),
        (&["ls", "--sync", "sometimes"], "every=100ms"),
        (&["ls", "--sync", "every=100"], "every=100ms"),
        (&["ls", "--sync", "every=1.5"], "needs a unit"),
        (&["keys", "app"], "hint: `jetkv ls BUCKET`"),
        (&["kv", "put", "app", "a", "x"], "`jetkv put …`"),
        (&["--json", "kv", "get", "app", "a"], "`jetkv get …`"),
        (&["backup", "--buckets", "app", "--output", "f"], "`jetkv backup BUCKET … --output FILE`"),
        (&["nonsense"], "nonsense"),
        (&[], "Usage"),
    ] {
        let err = place.fails(args, 2);
        assert!(err.contains(expected), "{args:?}: {err}");
    }
    assert_eq!(place.run(&["--help"]).code, 0);
    assert_eq!(place.run(&["--version"]).code, 0);
}

#[test]
fn a_value_that_is_too_large_is_wrong_usage() {
    let place = Place::empty();
    place.ok(&["add", "app", "--max-value-size", "100"]);
    place.ok(&["put", "app", "k", "x"]);
    place.fails(&["put", "app", "k", &"x".repeat(200)], 2);
    assert_eq!(place.ok(&["get", "app", "k", "--raw"]), "x");
}

#[test]
fn with_json_an_error_is_one_object_on_standard_error() {
    let place = Place::with_bucket();
    for (args, code, kind) in [
        (&["--json", "get", "app", "k"][..], 3, "not_found"),
        (&["--json", "ls", "nothing"], 3, "not_found"),
        (&["--json", "update", "app", "k", "v", "7"], 4, "conflict"),
        (&["--json", "put", "app", "a..b", "v"], 2, "invalid"),
        (&["--json", "del", "app"], 2, "usage"),
        (&["put", "app", "--json"], 2, "usage"),
        (&["--json", "--store", "none", "ls"], 3, "not_found"),
    ] {
        let done = place.run(args);
        assert_eq!((done.code, done.out.len()), (code, 0), "{args:?}");
        let error: Value =
            serde_json::from_str(&done.err).unwrap_or_else(|_| panic!("{args:?}: {}", done.err));
        let fields: Vec<&String> = error.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["error", "hint", "kind"]);
        assert_eq!(error["kind"], kind, "{args:?}");
        assert!(done.err.ends_with("}\n") && done.err.lines().count() == 1);
    }
}

#[test]
fn colours_are_left_out_when_nobody_looks() {
    let place = Place::with_bucket();
    place.put("a", "1");
    for args in [
        &["get", "app", "a"][..],
        &["watch", "app", "--until-current"],
        &["get", "app", "b"],
        &["info", "app"],
    ] {
        let done = place.run(args);
        assert!(!done.out.contains(&0x1b) && !done.err.contains('\u{1b}'), "{args:?}");
    }
}
