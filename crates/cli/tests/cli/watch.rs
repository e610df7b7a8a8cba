//! `watch`

use crate::program::Place;

#[test]
fn a_watch_shows_what_is_there_now() {
    let place = Place::with_bucket();
    place.put("web.port", "1");
    place.put("web.port", "2");
    place.put("db.port", "3");
    place.ok(&["del", "app", "db.port"]);
    let revisions = |args: &[&str]| -> Vec<u64> {
        let mut all = vec!["watch", "app"];
        all.extend(args);
        all.push("--until-current");
        place.json(&all).iter().map(|entry| entry["revision"].as_u64().unwrap()).collect()
    };
    assert_eq!(revisions(&[]), [2, 4]);
    assert_eq!(revisions(&["web.>"]), [2]);
    assert_eq!(revisions(&["--history"]), [1, 2, 3, 4]);
    assert_eq!(revisions(&["--no-deletes"]), [2]);
    assert_eq!(revisions(&["--updates"]), [0_u64; 0]);
    assert_eq!(revisions(&["--revision", "3"]), [3, 4]);
    let lines = place.ok(&["watch", "app", "--until-current"]);
    let lines: Vec<&str> = lines.lines().map(|line| line.split_once("] ").unwrap().1).collect();
    assert_eq!(lines, ["PUT app > web.port: 2", "DELETE app > db.port"]);
}

#[test]
fn a_watch_ends_after_so_many_entries() {
    let place = Place::with_bucket();
    for key in ["a", "b", "c"] {
        place.put(key, "x");
    }
    assert_eq!(place.json(&["watch", "app", "--count", "2"]).len(), 2);
    place.fails(&["watch", "app", "--updates", "--history"], 2);
    place.fails(&["watch", "nothing"], 3);
}

#[cfg(unix)]
#[test]
fn signals_end_a_watch_cleanly() {
    use crate::program::Done;
    use std::io::{BufRead, BufReader};
    use std::process::Command;

    for signal in ["-INT", "-TERM"] {
        let place = Place::with_bucket();
        place.put("a", "x");
        let mut child = place.spawn(&["watch", "app", "--json"]);
        let mut line = String::new();
        // The first line says that the watch is on.
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("\"key\":\"a\""), "{line}");
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let done = Done::of(child.wait_with_output().unwrap());
        assert_eq!((done.code, done.err.as_str()), (0, ""));
        place.put("a", "y");
    }
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error() {
    use std::process::Stdio;

    let place = Place::with_bucket();
    let lines: String =
        (0..20_000).map(|i| format!("{{\"key\":\"k.{i}\",\"value\":\"{i:0100}\"}}\n")).collect();
    place.ok_with(&["import", "app"], lines.as_bytes());
    for args in [&["ls", "app"][..], &["export", "app"], &["watch", "app"], &["ls", "app", "--json"]] {
        let mut child = place.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stderr, b"", "{args:?}");
    }
}
