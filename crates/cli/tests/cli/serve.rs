//! `serve`, and the same under the name `nats-server`.

mod door;
pub(crate) mod http;
mod kills;
mod logging;
mod metrics;
mod monitoring;
pub(crate) mod running;

use crate::program::Place;
use running::{Running, connect, link};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

#[test]
fn it_tells_where_it_is_and_ends_cleanly() {
    let place = Place::empty();
    let mut server =
        Running::start(&place, &["--json", "serve", "--port", "0", "--ports-file", "ports", "--pid", "pid"]);
    let banner: Value = serde_json::from_str(&server.line_of_output()).unwrap();
    let ports: Value = serde_json::from_slice(&std::fs::read(place.file("ports")).unwrap()).unwrap();
    let address = server.address();
    let monitoring = [format!("http://{}", server.monitor())];
    assert_eq!(ports, serde_json::json!({ "nats": [format!("nats://{address}")], "monitoring": monitoring }));
    assert_eq!(banner["nats"], ports["nats"]);
    assert_eq!((&banner["store"], &banner["sync"]), (&"./jetkv-data".into(), &"always".into()));
    assert_eq!(std::fs::read_to_string(place.file("pid")).unwrap(), server.pid().to_string());
    assert!(server.info().contains("\"server_id\":\"N"), "{}", server.info());
    server.signal(Signal::TERM);
    assert_eq!(server.end(), Some(0));
    assert!(!place.file("ports").exists() && !place.file("pid").exists());
}

#[test]
fn log_lines_have_the_form_that_harnesses_read() {
    let place = Place::empty();
    let server = Running::start(&place, &["serve", "--port", "0", "-sd=data"]);
    let pid = server.pid();
    for line in server.log() {
        let rest = line.strip_prefix(&format!("[{pid}] ")).unwrap_or_else(|| panic!("{line}"));
        let (time, text) = rest.split_at("2026/11/23 07:04:34.003989 ".len());
        let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "0000/00/00 00:00:00.000000 ", "{line}");
        assert!(["[INF] ", "[WRN] "].iter().any(|tag| text.starts_with(tag)), "{line}");
    }
    assert!(server.log().iter().any(|line| line.ends_with("[INF]   Store Directory: \"data/jetstream\"")));
}

#[test]
fn under_the_name_of_the_reference_it_takes_its_flags() {
    let place = Place::empty();
    let program = link(&place, "nats-server");
    let args = [
        "-a=127.0.0.1",
        "-p",
        "-1",
        "-js",
        "-sd=data",
        "-n",
        "n1",
        "--ports_file_dir",
        ".",
        "-m",
        "-1",
        "-T=false",
    ];
    let mut server = Running::start_as(&program, &place, &args);
    assert!(server.info().contains("\"server_name\":\"n1\""), "{}", server.info());
    let path = place.file(&format!("nats-server_{}.ports", server.pid()));
    let ports: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(ports["nats"][0], format!("nats://{}", server.address()));
    assert!(ports["monitoring"][0].as_str().unwrap().starts_with("http://127.0.0.1:"));
    let first = format!("[{}] [INF] Starting nats-server", server.pid());
    assert_eq!(server.log().first(), Some(&first));
    server.signal(Signal::INT);
    assert_eq!(server.end(), Some(0));
    assert!(!path.exists());
}

#[test]
fn under_the_name_of_the_reference_versions_and_faults_are_the_reference_s() {
    let place = Place::empty();
    let program = link(&place, "nats-server");
    place.write("good.conf", "port: 4222");
    place.write("bad.conf", "port: 4222\nfoo: 1");
    let run = |args: &[&str]| {
        let output =
            std::process::Command::new(&program).args(args).current_dir(place.path()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let digest = "sha256:797533ebd0dfba7d34a0f9337ecf147e442871f48ddfd07ed751575a5737267e";
    let valid = format!("nats-server: configuration file good.conf is valid ({digest})\n");
    assert_eq!(run(&["-v"]), (Some(0), "nats-server: v2.12.9\n".into(), String::new()));
    assert_eq!(run(&["-t", "-c", "good.conf"]), (Some(0), String::new(), valid.clone()));
    // Of a flag that is given twice the last one counts.
    assert_eq!(
        run(&["-p", "1", "-c", "bad.conf", "-p=2", "-t", "-c", "good.conf"]),
        (Some(0), String::new(), valid)
    );
    let fault = "nats-server: bad.conf:2:1: unknown field \"foo\"\n".to_owned();
    assert_eq!(run(&["-c=bad.conf"]), (Some(1), String::new(), fault));
    let missing = "nats-server: open nope: no such file or directory\n".to_owned();
    assert_eq!(run(&["-c", "nope"]), (Some(1), String::new(), missing));
    let (code, _, said) = run(&["-foo"]);
    assert_eq!(code, Some(1));
    assert!(said.starts_with("flag provided but not defined: -foo\n"), "{said}");
    assert_eq!(
        run(&["--signal", "stop=abc"]),
        (Some(1), String::new(), "nats-server: invalid pid: abc\n".into())
    );
}

#[test]
fn what_cannot_be_served_is_told_with_an_exit_code() {
    let place = Place::empty();
    place.write("bad.conf", "cluster { port: 1 }");
    let said = place.fails(&["serve", "--config", "bad.conf"], 2);
    assert!(
        said.contains("bad.conf:1:10: \"cluster\" with \"port\": clusters are not supported by this server"),
        "{said}"
    );
    place.fails(&["serve", "--config", "nope"], 3);
    assert_eq!(place.ok(&["serve", "-v"]), format!("jetkv {}, NATS 2.12.9\n", env!("CARGO_PKG_VERSION")));
    place.fails(&["serve", "--prot", "1"], 2);
    place.fails(&["serve", "--cluster", "nats://x"], 2);
    let server = Running::start(&place, &["serve", "--port", "0"]);
    let port = server.address().port().to_string();
    let said = place.fails(&["serve", "--port", "0"], 5);
    assert!(said.contains("is in use by another process") && said.contains("hint: "), "{said}");
    let said = place.fails(&["serve", "--port", &port, "--store", "other"], 5);
    assert!(said.contains("cannot listen on 127.0.0.1") && said.contains("hint: "), "{said}");
}

#[test]
fn an_empty_configuration_is_no_configuration_and_checks_reach_the_certificates() {
    let place = Place::empty();
    let program = link(&place, "nats-server");
    place.write("empty.conf", "# nothing\n\n");
    place.write("tls.conf", "tls { cert_file: nope, key_file: nope }");
    let said = |args: &[&str]| {
        let output =
            std::process::Command::new(&program).args(args).current_dir(place.path()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let empty = "nats-server: empty.conf: config has no values or is empty\n";
    assert_eq!(said(&["-t", "-c", "empty.conf"]), (Some(1), empty.into()));
    let nothing = "nats-server: must specify [-c, --config] option to check configuration file syntax\n";
    assert_eq!(said(&["-t"]), (Some(1), nothing.into()));
    let (code, tls) = said(&["-t", "-c", "tls.conf"]);
    assert_eq!(code, Some(1));
    assert!(tls.starts_with("nats-server: nope: cannot be read: "), "{tls}");
    let args = ["-c", "empty.conf", "-a", "127.0.0.1", "-p", "-1"];
    let mut server = Running::start_as(&program, &place, &args);
    assert!(
        server.log().iter().any(|line| line.ends_with("[WRN] empty.conf: config has no values or is empty"))
    );
    assert!(server.info().contains("\"max_payload\":1048576"));
    server.signal(Signal::TERM);
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_standard_error_that_nobody_reads_stops_nothing() {
    let place = Place::empty();
    let mut child = place
        .command(&["--json", "serve", "--port", "0", "--trace", "--debug"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut banner = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut banner).unwrap();
    let banner: Value = serde_json::from_str(&banner).unwrap();
    let address = banner["nats"][0].as_str().unwrap().trim_start_matches("nats://").to_owned();
    let mut client = connect(address.parse().unwrap());
    // More lines than the pipe and the queue of the log together can take.
    let message = format!("PUB x 0\r\n\r\n{}", "PING\r\n".repeat(9));
    for _ in 0..40 {
        client.get_mut().write_all(message.repeat(1_000).as_bytes()).unwrap();
        // The server may send a ping of its own in between.
        let mut pongs = 0;
        while pongs < 9_000 {
            let mut line = String::new();
            assert_ne!(client.read_line(&mut line).unwrap(), 0);
            pongs += u32::from(line == "PONG\r\n");
        }
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_reload_takes_what_is_right_and_keeps_what_it_has_otherwise() {
    let place = Place::empty();
    place.write("c.conf", "port: -1, jetstream: off");
    let mut server = Running::start(&place, &["serve", "--config", "c.conf"]);
    assert!(server.info().contains("\"max_payload\":1048576"));
    place.write("c.conf", "port: -1, jetstream: off, max_payload: 1k");
    server.signal(Signal::HUP);
    server.wait_for("Reloaded server configuration");
    assert!(server.info().contains("\"max_payload\":1000"), "{}", server.info());
    place.write("c.conf", "port: -1, max_payload: 2k, foo: 1");
    server.signal(Signal::HUP);
    server.wait_for("Failed to reload server configuration: c.conf:1:27: unknown field \"foo\"");
    place.write("c.conf", "port: 1, max_payload: 2k");
    server.signal(Signal::HUP);
    server.wait_for("the address that clients connect to cannot change while the server runs");
    assert!(server.info().contains("\"max_payload\":1000"), "{}", server.info());
}

#[test]
fn a_reload_refuses_what_streams_would_not_hear_of() {
    let place = Place::empty();
    place.write("c.conf", "port: -1, jetstream { max_file_store: 2M }");
    let mut server = Running::start(&place, &["serve", "--config", "c.conf"]);
    for (block, name) in [
        ("max_file_store: 3M", "max_file_store or max_memory_store"),
        ("max_file_store: 2M, domain: hub", "jetstream { … }"),
    ] {
        place.write("c.conf", format!("port: -1, jetstream {{ {block} }}"));
        server.signal(Signal::HUP);
        server.wait_for(&format!("{name} cannot change while the server runs"));
    }
}

#[test]
fn the_log_file_is_opened_again_when_asked() {
    let place = Place::empty();
    place.write("c.conf", "port: -1, logfile: \"server.log\", ports_file_dir: \".\"");
    let mut child = place.command(&["serve", "--config", "c.conf"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("serves NATS clients") {
        line.clear();
        assert_ne!(out.read_line(&mut line).unwrap(), 0);
    }
    // Whoever logs does not wait until it is written.
    let wait_for = |child: &mut std::process::Child, text: &str| {
        while !std::fs::read_to_string(place.file("server.log")).unwrap_or_default().contains(text) {
            assert!(child.try_wait().unwrap().is_none(), "it ended without {text:?}");
            std::thread::yield_now();
        }
    };
    wait_for(&mut child, "Server is ready");
    let pid = child.id();
    let signal = |name: &str| {
        place.ok(&["serve", "--signal", &format!("{name}={pid}")]);
    };
    // Moved and asked once: the new file is there as soon as its first line is.
    #[expect(clippy::disallowed_methods, reason = "the log of the server under test")]
    std::fs::rename(place.file("server.log"), place.file("old.log")).unwrap();
    signal("reopen");
    wait_for(&mut child, "File log re-opened");
    signal("stop");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(std::fs::read_to_string(place.file("server.log")).unwrap().contains("Server Exiting.."));
}

#[test]
fn a_lame_duck_without_clients_ends_at_once() {
    let place = Place::empty();
    let mut server = Running::start(&place, &["serve", "--port", "0"]);
    server.signal(Signal::USR2);
    assert_eq!(server.end(), Some(0));
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    let place = Place::empty();
    let server = Running::start(&place, &["serve", "--port", "0"]);
    let port = server.address().port().to_string();
    let mut client = connect(server.address());
    let config = r#"{"name":"KV_b","subjects":["$KV.b.>"],"max_msgs_per_subject":1,"allow_direct":true}"#;
    let create = format!("SUB r 1\r\nPUB $JS.API.STREAM.CREATE.KV_b r {}\r\n{config}\r\n", config.len());
    client.get_mut().write_all(create.as_bytes()).unwrap();
    client.get_mut().write_all(b"PUB $KV.b.k r 5\r\nvalue\r\n").unwrap();
    wait_for_reply(&mut client, "{\"stream\":\"KV_b\",\"seq\":1}");
    // Dropping it kills it.
    drop(server);
    let server = Running::start(&place, &["serve", "--port", &port]);
    let mut client = connect(server.address());
    client.get_mut().write_all(b"SUB r 1\r\nPUB $JS.API.DIRECT.GET.KV_b.$KV.b.k r 0\r\n\r\n").unwrap();
    wait_for_reply(&mut client, "value");
    drop(server);
    // And the store is the one of the commands that need no server.
    assert_eq!(place.ok(&["get", "b", "k", "--raw"]), "value");
}

/// Reads until a line is `text`.
fn wait_for_reply(client: &mut impl BufRead, text: &str) {
    let mut line = String::new();
    while line.trim_end() != text {
        line.clear();
        assert_ne!(client.read_line(&mut line).unwrap(), 0, "no {text:?}");
    }
}
