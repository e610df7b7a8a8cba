//! `add edit info ls del compact`

use crate::program::Place;

#[test]
fn add_takes_every_setting_and_edit_changes_what_is_given() {
    let place = Place::empty();
    let status = &place.json(&[
        "add",
        "app",
        "--history",
        "5",
        "--ttl",
        "1h30m",
        "--max-bytes",
        "10MB",
        "--max-value-size",
        "64KiB",
        "--storage",
        "file",
        "--description",
        "the settings",
        "--compress",
        "--marker-ttl",
        "2m",
        "--metadata",
        "team=web",
        "--metadata",
        "x=y",
        "--replicas",
        "1",
    ])[0];
    assert_eq!(status["bucket"], "app");
    assert_eq!(status["history"], 5);
    assert_eq!(status["ttl"], "1h30m");
    assert_eq!(status["max_bytes"], 10_000_000);
    assert_eq!(status["max_value_size"], 65_536);
    assert_eq!(status["description"], "the settings");
    assert_eq!(status["compression"], true);
    assert_eq!(status["limit_marker_ttl"], "2m");
    assert_eq!(status["metadata"]["team"], "web");

    let status = &place.json(&[
        "edit",
        "app",
        "--history",
        "7",
        "--max-bytes",
        "0",
        "--description",
        "",
        "--compress=false",
        "--metadata",
        "x=",
        "--metadata",
        "team=db",
    ])[0];
    assert_eq!(status["history"], 7);
    assert_eq!(status["ttl"], "1h30m");
    assert!(status.get("max_bytes").is_none());
    assert_eq!(status["max_value_size"], 65_536);
    assert_eq!((status["description"].as_str(), status["compression"].as_bool()), (Some(""), Some(false)));
    assert_eq!(status["metadata"]["team"], "db");
    assert!(status["metadata"].get("x").is_none());
    assert_eq!(place.json(&["info", "app"])[0], *status);
}

#[test]
fn adding_the_same_bucket_again_is_fine_and_another_one_is_a_conflict() {
    let place = Place::with_bucket();
    place.ok(&["add", "app", "--history", "5"]);
    let err = place.fails(&["add", "app", "--history", "6"], 4);
    assert!(err.contains("hint: change it with `jetkv edit app`"), "{err}");
}

#[test]
fn info_shows_the_rows_that_people_know() {
    let place = Place::with_bucket();
    place.put("a", "1");
    for command in ["info", "status"] {
        let text = place.ok(&[command, "app"]);
        for row in [
            "Bucket Name: app",
            "History Kept: 5",
            "Values Stored: 1",
            "Maximum Age: unlimited",
            "Storage: file",
        ] {
            assert!(text.contains(row), "{row}: {text}");
        }
    }
    assert!(place.ok(&["info"]).contains("Buckets: 1"));
    assert_eq!(place.json(&["info"])[0]["buckets"][0], "app");
}

#[test]
fn ls_lists_the_buckets() {
    let place = Place::with_bucket();
    place.ok(&["add", "other", "--description", "spare"]);
    assert_eq!(place.ok(&["ls", "-n"]), "app\nother\n");
    let table = place.ok(&["ls"]);
    assert!(table.contains("Bucket") && table.contains("spare") && table.contains("app"), "{table}");
    let names: Vec<String> =
        place.json(&["ls"]).iter().map(|status| status["bucket"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["app", "other"]);
}

#[test]
fn a_bucket_is_deleted_only_when_that_is_meant() {
    let place = Place::with_bucket();
    let err = place.fails(&["del", "app"], 2);
    assert!(err.contains("hint: add -f"), "{err}");
    place.ok(&["info", "app"]);
    assert_eq!(place.ok(&["rm", "app", "-f"]), "app deleted\n");
    place.fails(&["info", "app"], 3);
    place.fails(&["del", "app", "-f"], 3);
    assert!(place.run(&["ls"]).err.contains("No Key-Value buckets found"));
}

#[test]
fn compact_removes_old_markers() {
    let place = Place::with_bucket();
    place.put("a", "1");
    place.put("b", "1");
    place.ok(&["del", "app", "a"]);
    let done = &place.json(&["compact", "app", "--older-than", "0"])[0];
    assert_eq!((done["bucket"].as_str(), done["removed"].as_u64()), (Some("app"), Some(2)));
    place.fails(&["history", "app", "a"], 3);
    assert!(place.ok(&["compact", "app"]).starts_with("removed 0 entries"));
    assert_eq!(place.ok(&["ls", "app"]), "b\n");
}
