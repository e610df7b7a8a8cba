//! `console`: the web console by itself.

use crate::program::Place;
use crate::serve::http::ask;
use crate::serve::running::Running;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};

/// A console; dropping it kills it.
struct Console {
    child: Child,
    told: Value,
}

impl Console {
    fn start(place: &Place, args: &[&str]) -> Self {
        let mut command = place.command(args);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, told: serde_json::from_str(&line).unwrap() }
    }

    fn address(&self) -> SocketAddr {
        let url = self.told["console"].as_str().unwrap();
        url.strip_prefix("http://").and_then(|url| url.strip_suffix("/console/")).unwrap().parse().unwrap()
    }

    fn end(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(console: &Console, path: &str) -> Value {
    let answer = ask(console.address(), &format!("GET {path}"), "");
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

#[test]
fn it_opens_a_store_until_it_is_interrupted() {
    let place = Place::with_bucket();
    place.put("k", "1");
    let console = Console::start(&place, &["--json", "console", "--http-port", "0"]);
    assert!(console.address().ip().is_loopback());
    assert_eq!((&console.told["place"], &console.told["embedded"]), (&"./jetkv-data".into(), &true.into()));
    assert_eq!(ask(console.address(), "GET /console/", "").status, 200);
    let front = ask(console.address(), "GET /", "");
    assert!(front.status == 307 && front.head.contains("location: /console/"), "{front:?}");
    let written = ask(console.address(), "PUT /v1/kv/app/k\r\nIf-Match: \"1\"", "2");
    assert_eq!(written.status, 200, "{written:?}");
    assert_eq!(get(&console, "/v1/server")["healthy"], true);
    assert_eq!(get(&console, "/v1/buckets")["buckets"][0]["durability"], "always");
    // Other sites are strangers here, too.
    assert_eq!(ask(console.address(), "GET /\r\nHost: evil.example", "").status, 403);
    assert_eq!(console.end(), Some(0));
    assert_eq!(place.ok(&["get", "app", "k", "--raw"]), "2");
}

#[test]
fn it_shows_a_store_that_a_server_holds_and_a_server_that_is_named() {
    let place = Place::with_bucket();
    let server = Running::start(&place, &["serve", "--port", "0", "--http-port", "off"]);
    let url = format!("nats://{}", server.address());
    let elsewhere = Place::empty();
    for console in [
        Console::start(&place, &["--json", "console", "--http-port", "0"]),
        Console::start(&elsewhere, &["--json", "--server", &url, "console", "--http-port", "0"]),
    ] {
        assert_eq!(console.told["embedded"], false);
        let written = ask(console.address(), "PUT /v1/kv/app/a.b", "1");
        assert_eq!(written.status, 200, "{written:?}");
        assert_eq!(ask(console.address(), "GET /v1/kv/app/a.b", "").body, "1");
        assert_eq!(get(&console, "/v1/tree/app")["branches"][0]["below"], 1);
        assert_eq!(get(&console, "/v1/kv/app/a.b?history")["entries"][0]["key"], "a.b");
        let about = get(&console, "/v1/server");
        assert!(about.get("healthy").is_none() && about["server"]["place"] == "remote", "{about}");
        assert_eq!(console.end(), Some(0));
    }
}

#[test]
fn what_cannot_be_opened_is_told_with_an_exit_code() {
    let place = Place::empty();
    place.fails(&["console"], 3);
    place.ok(&["add", "app"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = place.fails(&["console", "--http-port", &port], 5);
    assert!(said.contains("--http-port 0"), "{said}");
    place.fails(&["--server", "nats://127.0.0.1:1", "console"], 5);
}
