//! Two commands at once on one store.

use crate::program::{Done, Place};
use std::io::{BufRead, BufReader};
use std::process::Child;

/// Starts a watch and returns when it holds the store.
fn hold(place: &Place) -> Child {
    let mut holder = place.spawn(&["watch", "app", "--json"]);
    let mut line = String::new();
    BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    holder
}

#[test]
fn the_second_command_is_told_who_is_in_the_way() {
    let place = Place::with_bucket();
    place.put("a", "x");
    let mut holder = hold(&place);
    let err = place.fails(&["put", "app", "a", "y", "--wait", "0"], 5);
    assert!(err.contains("in use by another process"), "{err}");
    assert!(err.contains("hint: another jetkv command"), "{err}");
    let done = place.run(&["ls", "--wait", "100ms", "--json"]);
    assert_eq!(done.code, 5);
    assert!(done.err.contains("\"kind\":\"unavailable\""), "{}", done.err);
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(place.ok(&["get", "app", "a", "--raw"]), "x");
}

#[test]
fn a_command_waits_for_one_that_ends() {
    let place = Place::with_bucket();
    place.put("a", "x");
    let mut holder = hold(&place);
    let waiting = place.spawn(&["put", "app", "a", "y", "--wait", "60s"]);
    holder.kill().unwrap();
    holder.wait().unwrap();
    let done = Done::of(waiting.wait_with_output().unwrap());
    assert_eq!(done.code, 0, "{}", done.err);
}

#[test]
fn short_commands_at_once_do_not_notice_each_other() {
    let place = Place::with_bucket();
    let writers: Vec<Child> =
        (0..8).map(|i| place.spawn(&["put", "app", &format!("k.{i}"), "x", "--wait", "60s"])).collect();
    for writer in writers {
        let done = Done::of(writer.wait_with_output().unwrap());
        assert_eq!(done.code, 0, "{}", done.err);
    }
    assert_eq!(place.ok(&["ls", "app"]).lines().count(), 8);
}

#[cfg(unix)]
#[test]
fn a_value_may_come_from_a_command_on_the_same_store() {
    use std::process::Stdio;

    let place = Place::with_bucket();
    place.put("a", "x");
    let mut reader = place.command(&["get", "app", "a", "--raw"]).stdout(Stdio::piped()).spawn().unwrap();
    let writer =
        place.command(&["put", "app", "b", "-"]).stdin(reader.stdout.take().unwrap()).output().unwrap();
    reader.wait().unwrap();
    assert!(writer.status.success(), "{}", String::from_utf8_lossy(&writer.stderr));
    assert_eq!(place.ok(&["get", "app", "b", "--raw"]), "x");
}
