//! The console and the HTTP door of a server: where they are, and whom they let in.

use super::http::{ask, next, watch};
use super::running::{Running, link};
use crate::program::Place;
use rustix::process::Signal;
use serde_json::Value;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[test]
fn the_console_is_there_by_default_on_this_machine_only() {
    let place = Place::empty();
    let mut server = Running::start(&place, &["--json", "serve", "--addr", "0.0.0.0", "--port", "0"]);
    let banner: Value = serde_json::from_str(&server.line_of_output()).unwrap();
    assert!(server.monitor().ip().is_loopback());
    assert_eq!(banner["console"], format!("http://{}/console/", server.monitor()));
    let page = ask(server.monitor(), "GET /console/", "");
    assert!(page.status == 200 && page.body.starts_with("<!doctype html>"), "{page:?}");
    let first = ask(server.monitor(), "GET /", "");
    assert!(first.body.contains("<a href=\"/console/\">"), "{first:?}");
    let json = "Content-Type: application/json";
    let made = ask(server.monitor(), &format!("POST /v1/buckets\r\n{json}"), r#"{"bucket":"b"}"#);
    assert_eq!(made.status, 201);
    // Every answer about a bucket has the same source.
    let shown = ask(server.monitor(), "GET /v1/buckets/b", "");
    assert!(shown.body.contains(r#""durability":"always""#), "{shown:?}");
    assert_eq!(made.body, shown.body);
    let edited = ask(server.monitor(), &format!("PATCH /v1/buckets/b\r\n{json}"), r#"{"history":2}"#);
    assert!(edited.body.contains(r#""durability":"always""#), "{edited:?}");
    assert_eq!(ask(server.monitor(), "PUT /v1/kv/b/k", "x").status, 200);
    assert_eq!(ask(server.monitor(), "GET /v1/kv/b/k", "").body, "x");
}

#[test]
fn a_bucket_that_would_reserve_more_than_there_is_is_refused() {
    let place = Place::empty();
    place.write("c.conf", "port: -1, http: -1, jetstream { max_file_store: 10M }");
    let server = Running::start(&place, &["serve", "--config", "c.conf"]);
    let send = |method: &str, bytes: u64| {
        let request = format!("{method} /v1/buckets/b\r\nContent-Type: application/json");
        ask(server.monitor(), &request, &format!("{{\"max_bytes\":{bytes}}}"))
    };
    for (method, bytes, status) in [
        ("PUT", 1 << 50, 409),
        ("PUT", 1 << 20, 201),
        ("PUT", 1 << 50, 409),
        ("PATCH", 1 << 50, 409),
        ("PATCH", 1 << 21, 200),
    ] {
        let answer = send(method, bytes);
        assert_eq!(answer.status, status, "{method} {bytes}: {answer:?}");
        assert_eq!(answer.body.contains("\"kind\":\"limit-reached\""), status == 409, "{answer:?}");
    }
}

#[test]
fn a_taken_port_moves_the_console_unless_it_was_asked_for() {
    let _taken = take(8222);
    let place = Place::empty();
    let server = Running::start(&place, &["serve", "--port", "0"]);
    assert_ne!(server.monitor().port(), 8222);
    assert!(server.log().iter().any(|line| line.contains("[WRN] http cannot listen on 127.0.0.1:8222")));
    drop(server);
    place.fails(&["serve", "--port", "0", "--http-port", "8222"], 5);
}

#[test]
fn it_can_be_switched_off_and_under_the_name_of_the_reference_it_is() {
    let place = Place::empty();
    let silent = |server: &Running| !server.log().iter().any(|line| line.contains("http"));
    assert!(silent(&Running::start(&place, &["serve", "--port", "0", "--http-port", "off"])));
    place.write("c.conf", "port: -1, http: off");
    assert!(silent(&Running::start(&place, &["serve", "--config", "c.conf"])));
    let program = link(&place, "nats-server");
    let args = ["-a", "127.0.0.1", "-p", "-1", "-js", "-sd=data"];
    assert!(silent(&Running::start_as(&program, &place, &args)));
    // Its monitoring has no console, and is for scripts of all sites.
    let server = Running::start_as(&program, &place, &[&args[..], &["-m", "-1"]].concat());
    assert_eq!(ask(server.monitor(), "GET /console/", "").status, 404);
    assert!(!ask(server.monitor(), "GET /", "").body.contains("/console/"));
    assert_eq!(ask(server.monitor(), "GET /v1/buckets", "").status, 404);
    let page = ask(server.monitor(), "GET /varz\r\nHost: any.example\r\nOrigin: http://other.example", "");
    assert!(page.status == 200 && page.head.contains("access-control-allow-origin: *"), "{page:?}");
}

#[test]
fn other_sites_and_foreign_names_see_neither_door_nor_monitoring() {
    let place = Place::empty();
    let server = Running::start(&place, &["serve", "--port", "0", "--http-name", "kv.example"]);
    for path in ["/v1/buckets", "/console/", "/varz", "/connz", "/metrics", "/"] {
        for header in ["Host: evil.example", "Origin: http://evil.example", "Sec-Fetch-Site: cross-site"] {
            let answer = ask(server.monitor(), &format!("GET {path}\r\n{header}"), "");
            assert_eq!(answer.status, 403, "{path} {header}: {answer:?}");
            assert!(!answer.head.contains("access-control"), "{answer:?}");
        }
        let known = ask(server.monitor(), &format!("GET {path}\r\nHost: kv.example:80"), "");
        assert!(known.status == 200 && !known.head.contains("access-control"), "{path}: {known:?}");
    }
}

#[test]
fn beyond_this_machine_it_is_shut_without_users() {
    let place = Place::empty();
    let args = ["serve", "--port", "0", "--http-addr", "0.0.0.0", "--http-port", "0"];
    let server = Running::start(&place, &args);
    assert!(
        server.log().iter().any(|line| line.contains("[WRN] The console is shut")),
        "{:#?}",
        server.log()
    );
    // Credentials that nobody has given are as good as none.
    for login in ["", "\r\nAuthorization: Basic YTpi", "\r\nAuthorization: Bearer t"] {
        let answer = ask(server.monitor(), &format!("GET /v1/buckets{login}"), "");
        assert!(answer.status == 403 && answer.body.contains("configure users"), "{answer:?}");
    }
}

#[test]
fn users_of_the_configuration_are_asked_for_and_a_reload_asks_anew() {
    let place = Place::empty();
    place.write("c.conf", "port: -1, http: -1");
    let server = Running::start(&place, &["serve", "--config", "c.conf"]);
    let at = server.monitor();
    let json = "Content-Type: application/json";
    assert_eq!(ask(at, &format!("POST /v1/buckets\r\n{json}"), r#"{"bucket":"b"}"#).status, 201);
    let mut events = watch(at, "GET /v1/kv/b?watch");
    assert_eq!(next(&mut events, "event: ").as_deref(), Some("current"));
    // Now there are users: who came in without a name is asked, also who is inside already.
    let may = "publish: [\"$KV.b.a.>\", \"$JS.API.DIRECT.GET.KV_b.$KV.b.a.>\", \"$JS.API.INFO\", \"$JS.API.STREAM.INFO.KV_b\"]";
    place.write(
        "c.conf",
        format!("port: -1, http: -1, authorization {{ users: [ {{user: anna, password: pw, permissions: {{{may}, subscribe: \"_INBOX.>\"}}}} ] }}"),
    );
    server.signal(Signal::HUP);
    assert_eq!(next(&mut events, "event: "), None);
    let asked = ask(at, "GET /v1/kv/b/a.k", "");
    assert!(asked.status == 401 && asked.head.contains("www-authenticate: Basic"), "{asked:?}");
    assert_eq!(ask(at, &format!("GET /v1/kv/b/a.k\r\n{}", WRONG), "").status, 401);
    assert_eq!(ask(at, &format!("PUT /v1/kv/b/a.k\r\n{ANNA}"), "x").status, 200);
    assert_eq!(ask(at, &format!("GET /v1/kv/b/a.k\r\n{ANNA}"), "").body, "x");
    for (method, path) in [
        ("PUT", "/v1/kv/b/b.k"),
        ("GET", "/v1/kv/b/b.k"),
        ("GET", "/v1/buckets"),
        ("DELETE", "/v1/buckets/b"),
    ] {
        assert_eq!(ask(at, &format!("{method} {path}\r\n{ANNA}"), "").status, 403, "{method} {path}");
    }
}

#[test]
fn whoever_shows_nothing_has_the_rights_of_the_user_for_that() {
    let place = Place::empty();
    place.write(
        "c.conf",
        "port: -1, http: -1, no_auth_user: guest\nauthorization { users: [ {user: anna, password: pw}, {user: guest, password: g,\n\
         permissions: {publish: [\"$JS.API.DIRECT.GET.KV_b.$KV.b.open\", \"$KV.b.own\"], subscribe: \"_INBOX.>\"}},\n\
         {user: bob, password: pw, permissions: {publish: [\"$KV.b.own\", \"$JS.API.INFO\", \"$JS.API.STREAM.INFO.KV_b\"],\n\
         subscribe: \"_INBOX.>\"}} ] }",
    );
    let server = Running::start(&place, &["serve", "--config", "c.conf"]);
    let at = server.monitor();
    let json = "Content-Type: application/json";
    assert_eq!(ask(at, &format!("POST /v1/buckets\r\n{ANNA}\r\n{json}"), r#"{"bucket":"b"}"#).status, 201);
    for key in ["open", "secret"] {
        assert_eq!(ask(at, &format!("PUT /v1/kv/b/{key}\r\n{ANNA}"), "x").status, 200);
    }
    assert_eq!(ask(at, "GET /v1/kv/b/open", "").body, "x");
    assert_eq!(ask(at, "GET /v1/kv/b/secret", "").status, 403);
    assert_eq!(ask(at, "PUT /v1/kv/b/open", "y").status, 403);
    assert_eq!(ask(at, &format!("GET /v1/kv/b/secret\r\n{ANNA}"), "").body, "x");
    // A write goes the way of a client of the library, which asks for more than the right to the key.
    let refused = ask(at, "PUT /v1/kv/b/own", "y");
    assert!(refused.status == 403 && refused.body.contains("$JS.API.INFO"), "{refused:?}");
    assert_eq!(ask(at, &format!("PUT /v1/kv/b/own\r\n{BOB}"), "y").status, 200);
    assert_eq!(ask(at, &format!("PUT /v1/kv/b/open\r\n{BOB}"), "y").status, 403);
}

#[test]
fn writes_reach_a_server_whose_certificate_has_another_name() {
    let place = Place::empty();
    let file = |name: &str| format!("{}/../server/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let tls = format!("cert_file: {:?}, key_file: {:?}", file("client.pem"), file("client-key.pem"));
    for more in ["", ", handshake_first: true"] {
        place.write("c.conf", format!("port: -1, http: -1, tls {{ {tls}{more} }}"));
        let server = Running::start(&place, &["serve", "--config", "c.conf"]);
        let json = "Content-Type: application/json";
        let created = ask(server.monitor(), &format!("PUT /v1/buckets/b\r\n{json}"), "{}");
        assert!(matches!(created.status, 200 | 201), "{created:?}");
        let put = ask(server.monitor(), "PUT /v1/kv/b/k", "x");
        assert_eq!(put.status, 200, "{put:?}");
    }
    // Who must show a certificate to clients' port cannot come in by a port that asks for none.
    place.write(
        "c.conf",
        format!("port: -1, http: -1, tls {{ {tls}, ca_file: {:?}, verify: true }}", file("ca.pem")),
    );
    let server = Running::start(&place, &["serve", "--config", "c.conf"]);
    let answer = ask(server.monitor(), "GET /v1/buckets", "");
    assert!(answer.status == 403 && answer.body.contains("certificates"), "{answer:?}");
}

#[test]
fn a_reload_that_changes_the_tls_reaches_the_door() {
    let place = Place::empty();
    let file = |name: &str| format!("{}/../server/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let tls = format!("cert_file: {:?}, key_file: {:?}", file("client.pem"), file("client-key.pem"));
    place.write("c.conf", "port: -1, http: -1");
    let server = Running::start(&place, &["serve", "--config", "c.conf"]);
    let at = server.monitor();
    let json = "Content-Type: application/json";
    assert_eq!(ask(at, &format!("PUT /v1/buckets/b\r\n{json}"), "{}").status, 201);
    let verified = format!(", ca_file: {:?}, verify: true", file("ca.pem"));
    for (more, status) in [("", 200), (verified.as_str(), 403)] {
        let mut events = watch(at, "GET /v1/kv/b?watch&updates");
        assert_eq!(next(&mut events, "event: ").as_deref(), Some("current"));
        place.write("c.conf", format!("port: -1, http: -1, tls {{ {tls}{more} }}"));
        server.signal(Signal::HUP);
        // That everybody is asked anew ends watches.
        assert_eq!(next(&mut events, "event: "), None);
        let answer = ask(at, "PUT /v1/kv/b/k", "x");
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

#[test]
fn a_watch_that_breaks_off_a_hundred_times_misses_nothing_and_repeats_nothing() {
    let place = Place::empty();
    let server = Running::start(&place, &["serve", "--port", "0", "--http-port", "0"]);
    let at = server.monitor();
    let json = "Content-Type: application/json";
    assert_eq!(ask(at, &format!("POST /v1/buckets\r\n{json}"), r#"{"bucket":"b"}"#).status, 201);
    let over = AtomicBool::new(false);
    let (mut seen, mut last) = (Vec::new(), 0);
    std::thread::scope(|scope| {
        // Every key is written once, so every revision has to be seen.
        let writer = scope.spawn(|| {
            let mut written = 0_u64;
            while !over.load(Ordering::Relaxed) || written == 0 {
                assert_eq!(ask(at, &format!("PUT /v1/kv/b/k{written}"), "x").status, 200);
                written += 1;
            }
            written
        });
        for round in 0..100 {
            let mut events = watch(at, &format!("GET /v1/kv/b?watch\r\nLast-Event-ID: {last}"));
            for _ in 0..round % 4 {
                last = next(&mut events, "id: ").unwrap().parse().unwrap();
                seen.push(last);
            }
        }
        over.store(true, Ordering::Relaxed);
        let written = writer.join().unwrap();
        let mut events = watch(at, &format!("GET /v1/kv/b?watch\r\nLast-Event-ID: {last}"));
        while last < written {
            last = next(&mut events, "id: ").unwrap().parse().unwrap();
            seen.push(last);
        }
        assert_eq!(seen, (1..=written).collect::<Vec<u64>>());
    });
}

/// Takes a port; if another program keeps it, it is taken as well.
fn take(port: u16) -> Option<TcpListener> {
    for _ in 0..50 {
        if let Ok(taken) = TcpListener::bind(("127.0.0.1", port)) {
            return Some(taken);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    None
}

/// anna:pw
const ANNA: &str = "Authorization: Basic YW5uYTpwdw==";
/// bob:pw
const BOB: &str = "Authorization: Basic Ym9iOnB3";
/// anna:no
const WRONG: &str = "Authorization: Basic YW5uYTpubw==";
