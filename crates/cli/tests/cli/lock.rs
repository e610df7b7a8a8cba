//! Two commands at once on one store.

use crate::program::{Done, Place};
use crate::serve::running::Running;
use jetkv::blocking::JetStream;
use jetkv::{KvError, OpenOptions};
use rustix::process::Signal;
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

/// How many holders are killed if `JETKV_LOCK_HOLDERS` says nothing else; each refuses five others.
const HOLDERS: usize = 20;

/// A process that has the store open.
enum Holder {
    Command(Child),
    Server(Running),
}

impl Holder {
    fn pid(&self) -> u32 {
        match self {
            Self::Command(child) => child.id(),
            Self::Server(server) => server.pid(),
        }
    }

    fn kill(self) {
        match self {
            Self::Command(mut child) => {
                child.kill().unwrap();
                child.wait().unwrap();
            }
            Self::Server(mut server) => {
                server.signal(Signal::KILL);
                assert_eq!(server.end(), None);
            }
        }
    }
}

#[test]
fn whoever_comes_second_is_refused_by_number_and_the_dead_are_in_nobody_s_way() {
    let place = Place::with_bucket();
    place.put("a", "x");
    place.ok(&["backup", "app", "--output", "app.backup"]);
    let holders = std::env::var("JETKV_LOCK_HOLDERS").map_or(HOLDERS, |count| count.parse().unwrap());
    let mut refused = 0;
    for round in 0..holders {
        // Nobody waits here: the one before was killed, and left its number in the lock.
        let holder = if round % 2 == 0 {
            Holder::Server(Running::start(&place, &["serve", "--port", "0"]))
        } else {
            Holder::Command(hold(&place))
        };
        let pid = holder.pid();
        let second_server = place.fails(&["serve", "--port", "0"], 5);
        assert!(
            second_server.contains(&format!("in use by another process, number {pid}\n")),
            "{second_server}"
        );
        let library =
            JetStream::open_with(place.file("jetkv-data"), OpenOptions::new().existing_only()).unwrap_err();
        assert!(
            matches!(library, KvError::StoreLocked { holder: Some(number), .. } if number == pid),
            "{library}"
        );
        for upkeep in [&["repair", "-f"][..], &["check"], &["restore", "app.backup", "--as", "other"]] {
            let done = place.run(&[upkeep, &["--wait", "0"]].concat());
            assert_eq!(done.code, 5, "{upkeep:?}: {}{}", done.text(), done.err);
            assert!(done.err.contains(&pid.to_string()), "{upkeep:?}, {pid}: {}", done.err);
        }
        refused += 5;
        holder.kill();
    }
    assert_eq!(place.ok(&["get", "app", "a", "--raw"]), "x");
    assert_eq!(place.ok(&["check"]).lines().count(), 1);
    println!("{refused} of {} refused, {holders} holders killed", holders * 5);
}
