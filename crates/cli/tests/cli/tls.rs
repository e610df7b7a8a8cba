//! Commands on the directory of a server that has TLS.

use crate::program::{Done, Place};
use crate::serve::http::{ask, next, watch};
use crate::serve::running::Running;
use rustix::process::Signal;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/tests/fixtures");

/// Copies certificate and key into the place, so that the configuration can name them from there.
fn certificate(place: &Place, name: &str) -> String {
    for file in [format!("{name}.pem"), format!("{name}-key.pem")] {
        std::fs::copy(format!("{FIXTURES}/{file}"), place.file(&file)).unwrap();
    }
    format!("cert_file: \"{name}.pem\", key_file: \"{name}-key.pem\"")
}

#[test]
fn they_reach_it_whatever_name_its_certificate_has() {
    let place = Place::with_bucket();
    // That of derek.example.org.
    let tls = certificate(&place, "client");
    let users = "authorization { users: [{ user: anna, password: secret }] }";
    for more in ["", ", handshake_first: true"] {
        place.write("c.conf", format!("port: -1, http: -1, tls {{ {tls}{more} }}, {users}"));
        let mut server = Running::start(&place, &["serve", "--config", "c.conf"]);
        place.put("k", "sealed");
        assert_eq!(place.ok(&["get", "app", "k", "--raw"]), "sealed");
        assert_eq!(place.json(&["ping"])[0]["buckets"], 1);
        // From another directory, too.
        let store = place.file("jetkv-data").display().to_string();
        assert_eq!(Place::empty().ok(&["--store", &store, "get", "app", "k", "--raw"]), "sealed");
        // Others still look at the name.
        let url = format!("tls://anna:secret@{}", server.address());
        let ca = [("NATS_CA", format!("{FIXTURES}/ca.pem"))];
        let named = place.command(&["ls", "--server", &url]).envs(ca).output().unwrap();
        assert_eq!(Done::of(named).code, 5);
        server.signal(Signal::TERM);
        server.end();
    }
}

#[test]
fn a_certificate_of_another_server_is_not_taken() {
    let place = Place::with_bucket();
    let tls = certificate(&place, "client");
    place.write("c.conf", format!("port: -1, tls {{ {tls} }}"));
    let _server = Running::start(&place, &["serve", "--config", "c.conf"]);
    place.put("k", "sealed");
    std::fs::copy(format!("{FIXTURES}/server.pem"), place.file("client.pem")).unwrap();
    place.fails(&["get", "app", "k", "--wait", "10ms"], 5);
}

#[test]
fn a_server_that_asks_for_certificates_is_told_as_such() {
    let place = Place::with_bucket();
    place.put("k", "sealed");
    let tls = certificate(&place, "server");
    certificate(&place, "client");
    place.write("c.conf", format!("port: -1, tls {{ {tls}, ca_file: \"{FIXTURES}/ca.pem\", verify: true }}"));
    let mut server = Running::start(&place, &["serve", "--config", "c.conf"]);
    let said = place.fails(&["get", "app", "k"], 6);
    assert!(said.contains("asks for a certificate") && said.contains("NATS_CERT"), "{said}");
    // What the hint says works.
    let url = format!("tls://{}", server.address());
    let files = [
        ("NATS_CERT", "client.pem".to_owned()),
        ("NATS_KEY", "client-key.pem".into()),
        ("NATS_CA", format!("{FIXTURES}/ca.pem")),
    ];
    let got = place.command(&["get", "app", "k", "--raw", "--server", &url]).envs(files).output().unwrap();
    assert_eq!(Done::of(got).text(), "sealed");
    // One that was killed asks for nothing any more.
    server.signal(Signal::KILL);
    server.end();
    place.fails(&["ping"], 5);
    assert_eq!(place.ok(&["get", "app", "k", "--raw"]), "sealed");
}

#[test]
fn a_reload_tells_them_what_has_changed() {
    let place = Place::with_bucket();
    let tls = certificate(&place, "client");
    place.write("c.conf", "port: -1, http: -1");
    let server = Running::start(&place, &["serve", "--config", "c.conf"]);
    place.put("k", "before");
    let mut events = watch(server.monitor(), "GET /v1/kv/app?watch&updates");
    assert_eq!(next(&mut events, "event: ").as_deref(), Some("current"));
    place.write("c.conf", format!("port: -1, http: -1, tls {{ {tls} }}, authorization {{ token: secret }}"));
    server.signal(Signal::HUP);
    // Watches end when all has been done.
    assert_eq!(next(&mut events, "event: "), None);
    place.put("k", "after");
    let answer = ask(server.monitor(), "GET /v1/kv/app/k\r\nAuthorization: Bearer secret", "");
    assert_eq!(answer.body, "after", "{answer:?}");
}
