//! `doctor`

use crate::program::Place;

#[test]
#[expect(clippy::disallowed_methods, reason = "a directory of the test")]
fn the_machine_is_examined_and_writers_are_killed() {
    let place = Place::with_bucket();
    let done = place.run(&["--json", "doctor", "--samples", "20", "--kills", "3"]);
    let lines: Vec<serde_json::Value> =
        done.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (end, findings) = lines.split_last().unwrap();
    let checks: Vec<&str> = findings.iter().map(|finding| finding["check"].as_str().unwrap()).collect();
    assert_eq!(
        checks,
        ["space", "files", "memory", "clock", "access", "mount", "sync", "sync", "honesty", "kills"],
        "{}",
        done.err
    );
    let kills = findings.last().unwrap();
    assert_eq!(
        (&kills["verdict"], &kills["figures"]["lost"]),
        (&"ok".into(), &serde_json::json!([])),
        "{kills}"
    );
    // Each of the three has told of 200 writes at least before it was killed.
    assert!(kills["figures"]["acknowledged"].as_u64().unwrap() >= 600, "{kills}");
    let sync = &findings[7]["figures"];
    assert_eq!((&sync["way"], &sync["samples"]), (&"overwrite".into(), &20.into()));
    assert!(sync["median_ns"].as_u64().unwrap() <= sync["p99_ns"].as_u64().unwrap(), "{sync}");
    // What is bad here is so on the machine of the test; the exit code says the same as the verdict.
    let bad = findings.iter().filter(|finding| finding["verdict"] == "bad").count();
    assert_eq!(end["bad"], bad);
    let expected = if bad == 0 { ("ok", 0) } else { ("bad", 1) };
    assert_eq!((end["verdict"].as_str().unwrap(), done.code), expected);
    let left = std::fs::read_dir(place.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["jetkv-data"]);
}

#[test]
fn people_get_a_line_for_each_check_and_one_verdict() {
    let place = Place::empty();
    let done = place.run(&["doctor", "--samples", "5", "--kills", "0"]);
    let text = done.text();
    assert!(text.contains("sync      overwrite of 160 bytes: median "), "{text}");
    assert!(!text.contains("kills"), "{text}");
    match done.code {
        0 => assert!(text.contains("\nthis machine keeps what it is given"), "{text}"),
        1 => assert!(done.err.contains("would cost data"), "{}", done.err),
        code => panic!("{code}: {}", done.err),
    }
    place.fails(&["doctor", "--samples", "0"], 2);
}
