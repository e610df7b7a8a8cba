//! What is said about stores that a server has, and by servers that cannot start.

use crate::program::Place;
use crate::serve::running::Running;
use std::net::TcpListener;

/// The last line of what was said.
fn hint(err: &str) -> &str {
    err.lines().last().unwrap()
}

#[test]
fn a_restore_is_refused_before_anything_is_to_be_deleted_and_there_is_a_way() {
    let place = Place::with_bucket();
    for value in ["1", "2"] {
        place.put("a", value);
    }
    place.ok(&["backup", "--output", "saved"]);
    place.put("a", "3");
    let server = Running::start(&place, &["serve", "--port", "0"]);
    let address = format!("nats://{}", server.address());
    let (served, named) =
        (place.fails(&["restore", "saved"], 5), place.fails(&["restore", "saved", "--server", &address], 2));
    let serves = format!("error: process {} serves ./jetkv-data, and restore needs its files", server.pid());
    assert!(served.starts_with(&serves), "{served}");
    assert!(named.starts_with("error: restore needs the files of a store"), "{named}");
    for (err, to) in [(&served, "./jetkv-data"), (&named, address.as_str())] {
        let way = format!("`jetkv --store OTHER restore saved`, then `jetkv copy OTHER {to}`");
        assert!(hint(err).contains(&way), "{err}");
        assert!(!err.contains("del app"), "{err}");
    }
    assert!(hint(&served).starts_with("hint: stop it first; or"), "{served}");
    // Also before the file is looked at.
    place.fails(&["restore", "nowhere"], 5);
    assert_eq!(place.ok(&["get", "app", "a", "--raw"]), "3");

    // The way of the hint, to either of the two places.
    place.ok(&["--store", "OTHER", "restore", "saved"]);
    for to in ["./jetkv-data", address.as_str()] {
        place.ok(&["del", "app", "-f"]);
        place.ok(&["copy", "OTHER", to]);
        let history = place.json(&["history", "app", "a"]);
        let kept: Vec<_> = history.iter().map(|entry| (&entry["revision"], &entry["value"])).collect();
        assert_eq!(kept, [(&1.into(), &"1".into()), (&2.into(), &"2".into())], "{to}");
    }
}

#[test]
fn a_check_and_a_repair_say_who_has_the_files_and_ask_nothing_before() {
    let place = Place::with_bucket();
    let server = Running::start(&place, &["serve", "--port", "0"]);
    let address = format!("nats://{}", server.address());
    for args in [&["check"][..], &["repair"], &["repair", "-f"]] {
        let err = place.fails(args, 5);
        let serves = format!("error: process {} serves ./jetkv-data, and {} needs", server.pid(), args[0]);
        assert!(err.starts_with(&serves) && hint(&err).starts_with("hint: stop it first"), "{err}");
        assert_eq!(err.contains("/healthz?details=1"), args[0] == "check", "{err}");
        let err = place.fails(&[args, &["--server", &address]].concat(), 2);
        assert!(hint(&err).contains(&format!("`jetkv --store DIR {}`", args[0])), "{err}");
    }
}

#[test]
fn who_meets_damage_at_a_server_is_sent_to_what_works() {
    let place = Place::with_bucket();
    place.put("b", "value-of-b");
    let segment = place.file("jetkv-data/streams/00000001-KV_app/0000000001.seg");
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = bytes.windows(10).position(|window| window == b"value-of-b").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let server = Running::start(&place, &["serve", "--port", "0"]);
    let address = format!("nats://{}", server.address());
    for (args, check) in [
        (&["get", "app", "b"][..], "`jetkv check`"),
        (&["get", "app", "b", "--server", &address], "`jetkv --store DIR check`"),
    ] {
        let err = place.fails(args, 1);
        let hint = hint(&err);
        assert!(hint.contains("/healthz?details=1") && hint.contains(check), "{args:?}: {err}");
        assert!(hint.ends_with("once the server is stopped"), "{err}");
    }
}

#[test]
fn a_taken_port_is_told_with_its_own_flag() {
    let place = Place::empty();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let err = place.fails(&["serve", "--port", "0", "--http-port", &port], 5);
    assert!(hint(&err).contains("`--http-port 0`") && hint(&err).contains("`--http-port off`"), "{err}");
    let err = place.fails(&["serve", "--port", &port, "--http-port", "0"], 5);
    assert!(hint(&err).contains("`--port 0`") && !hint(&err).contains("http"), "{err}");
}

#[test]
fn a_store_that_cannot_be_opened_is_told_by_its_cause() {
    let place = Place::with_bucket();
    place.write("file", "x");
    place.write("other.conf", "accounts { A { jetstream: true }, B {} }\n");
    for args in [&["serve", "--port", "0"][..], &["ls"]] {
        let err = place.fails(&[&["--store", "file"], args].concat(), 2);
        assert!(err.starts_with("error: file is no directory\n"), "{args:?}: {err}");
    }
    let said = |args: &[&str], code| {
        let err = place.fails(args, code);
        err.lines().find(|line| line.starts_with("error: ")).map(str::to_owned).unwrap()
    };
    let server = Running::start(&place, &["serve", "--port", "0"]);
    let holder = server.pid();
    let in_use = said(&["serve", "--port", "0"], 5);
    assert!(in_use.starts_with("error: store ./jetkv-data is in use by another process"), "{in_use}");
    assert!(in_use.ends_with(&holder.to_string()) && !in_use.contains("$G"), "{in_use}");
    let with_accounts = said(&["serve", "--port", "0", "--config", "other.conf"], 5);
    assert!(
        with_accounts.contains("is in use by") && with_accounts.contains("(streams of account "),
        "{with_accounts}"
    );
    std::fs::create_dir(place.file("strange")).unwrap();
    place.write("strange/notes", "x");
    let strange = said(&["--store", "strange", "serve", "--port", "0"], 1);
    assert!(strange.starts_with("error: strange is not a jetkv store"), "{strange}");
}

#[test]
fn a_configuration_that_is_wrong_is_told_with_its_file_and_what_is_right() {
    let place = Place::empty();
    for (text, said) in [
        (
            "jetstream {\n sync_interval: alway\n}\n",
            "c.conf:2:2: error parsing sync_interval: \"alway\" is neither \"always\" nor \"os\"",
        ),
        ("port: 4333\ntags: [ \"a\",\n \"b\"\n", "c.conf: Parse error on line 4: "),
        ("jetstream {\n sync_interval: \"5 parsecs\"\n}\n", "unknown unit"),
    ] {
        place.write("c.conf", text);
        let err = place.fails(&["serve", "--config", "c.conf", "--check-config"], 2);
        assert!(err.contains(said), "{text:?}: {err}");
        assert!(!err.contains("x00"), "{err}");
    }
}
