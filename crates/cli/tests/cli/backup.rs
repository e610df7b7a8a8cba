//! `backup restore`

use crate::program::Place;
use serde_json::Value;

fn two_buckets() -> Place {
    let place = Place::with_bucket();
    place.put("a", "1");
    place.put("a", "2");
    place.ok_with(&["put", "app", "bin", "-"], &[0, 255]);
    place.ok(&["del", "app", "bin"]);
    place.ok(&[
        "add",
        "other",
        "--description",
        "spare",
        "--metadata",
        "x=y",
        "--max-bytes",
        "1G",
        "--ttl",
        "90s",
    ]);
    place.ok(&["put", "other", "k", "v"]);
    place
}

fn config(place: &Place, args: &[&str]) -> Value {
    let mut status = place.json(args).remove(0);
    for figure in ["created", "last_update", "disk_bytes", "bucket"] {
        status.as_object_mut().unwrap().remove(figure);
    }
    status
}

#[test]
fn a_restored_store_equals_the_saved_one() {
    let place = two_buckets();
    assert_eq!(
        place.ok(&["backup", "--output", "all.backup"]),
        "saved 5 entries of 2 buckets in all.backup\n"
    );
    let done = place.run(&["--store", "new", "restore", "all.backup"]);
    assert_eq!(
        (done.code, done.text().as_str()),
        (0, "restored bucket app: 4 entries\nrestored bucket other: 1 entry\n")
    );
    for bucket in ["app", "other"] {
        let saved = place.ok(&["export", bucket, "--history"]);
        let restored = place.ok(&["--store", "new", "export", bucket, "--history"]);
        assert_eq!(saved, restored);
        assert_eq!(config(&place, &["info", bucket]), config(&place, &["--store", "new", "info", bucket]));
    }
}

#[test]
fn one_bucket_can_be_restored_under_another_name() {
    let place = two_buckets();
    place.ok(&["backup", "app", "--output", "app.backup"]);
    let err = place.fails(&["restore", "app.backup"], 4);
    assert!(err.contains("bucket \"app\" exists") && err.contains("--as NAME"), "{err}");
    place.ok(&["restore", "app.backup", "--as", "copy"]);
    assert_eq!(place.ok(&["get", "copy", "a", "--raw"]), "2");
    place.ok(&["backup", "--output", "all.backup"]);
    assert!(place.fails(&["restore", "all.backup", "--as", "x"], 2).contains("holds 3"));
    place.fails(&["backup", "nothing", "--output", "x.backup"], 3);
    assert!(!place.file("x.backup").exists());
}

#[test]
fn revisions_and_times_come_back_and_counting_goes_on() {
    let place = Place::empty();
    place.ok(&["add", "app", "--marker-ttl", "1h"]);
    for value in ["1", "2", "3"] {
        place.put("a", value);
    }
    place.ok(&["put", "app", "b", "x", "--header", "origin:test"]);
    place.ok(&["purge", "app", "a", "-f"]);
    place.put("gone", "");
    place.put("gone", "");
    place.ok(&["backup", "--output", "app.backup"]);
    place.ok(&["restore", "app.backup", "--as", "copy"]);
    let export = |bucket: &str| place.ok(&["export", bucket, "--history"]).replace("\"copy\"", "\"app\"");
    assert_eq!(export("copy"), export("app"));
    let next = place.json(&["put", "copy", "c", "1"]).remove(0);
    assert_eq!(next["revision"], 8);
}

#[test]
fn a_damaged_backup_is_refused_before_anything_is_written() {
    let place = two_buckets();
    place.ok(&["backup", "app", "--output", "good"]);
    let good = std::fs::read(place.file("good")).unwrap();
    let refused = |bytes: &[u8], expected: &str| {
        let file = place.write("bad", bytes);
        let done = place.run(&["--store", "new", "restore", &file]);
        assert!(matches!(done.code, 1 | 2), "{}", done.err);
        assert!(done.err.contains(expected), "{expected}: {}", done.err);
        assert!(!place.file("new").exists());
    };
    for cut in [good.len() - 2, good.len() / 2, 200, 20, 0] {
        refused(&good[..cut], "");
    }
    let mut flipped = good.clone();
    let at = flipped.windows(3).position(|window| window == b"\"2\"").unwrap();
    flipped[at + 1] = b'3';
    refused(&flipped, "its checksum does not match");
    refused(&[&good[..], b"{\"key\":\"x\",\"value\":\"y\"}\n"].concat(), "behind its last line");
    refused(b"{\"key\":\"x\",\"value\":\"y\"}\n", "is not a backup");
    refused(b"", "is not a backup");
    for at in (0..good.len()).step_by(7) {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        refused(&flipped, "");
    }
    place.ok(&["--store", "new", "restore", "good"]);
    place.fails(&["restore", "nothing"], 3);
}

#[test]
fn a_backup_of_a_damaged_store_holds_what_can_be_read() {
    let place = Place::with_bucket();
    for key in ["a", "b", "c"] {
        place.put(key, &format!("value-of-{key}"));
    }
    let segment = place.file("jetkv-data/streams/00000001-KV_app/0000000001.seg");
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = bytes.windows(10).position(|window| window == b"value-of-b").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let err = place.fails(&["backup", "--output", "saved"], 1);
    assert!(err.contains("left out: ") && err.contains("key \"b\""), "{err}");
    assert!(err.contains("1 damaged place could not be read; all else is in saved"), "{err}");
    place.ok(&["--store", "new", "restore", "saved"]);
    assert_eq!(place.ok(&["--store", "new", "ls", "app", "--names"]), "a\nc\n");
    assert_eq!(place.ok(&["--store", "new", "get", "app", "c", "--raw"]), "value-of-c");
    // A server makes no backup with holes.
    let server = crate::serve::running::Running::start(&place, &["serve", "--port", "0"]);
    let done = place.run(&["backup", "--output", "served"]);
    assert_ne!(done.code, 0);
    assert!(done.err.contains("damaged") && done.err.contains("$KV.app.b"), "{}", done.err);
    assert!(!place.file("served").exists());
    drop(server);
}
