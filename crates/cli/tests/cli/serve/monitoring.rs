//! Monitoring over HTTP.

use super::running::{Running, connect};
use crate::program::Place;
use serde_json::Value;
use std::io::{BufRead, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// Sends one request and returns head and body of the answer.
fn request(address: SocketAddr, head: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("{head}\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

pub(super) fn get(server: &Running, path: &str) -> (String, String) {
    request(server.monitor(), &format!("GET {path} HTTP/1.1"))
}

fn json(server: &Running, path: &str) -> Value {
    let (head, body) = get(server, path);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {head}\n{body}");
    assert!(head.to_lowercase().contains("content-type: application/json"), "{path}: {head}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn it_is_on_loopback_whatever_clients_connect_to() {
    let place = Place::empty();
    let server = Running::start(&place, &["serve", "--addr", "0.0.0.0", "--port", "0", "--http-port", "0"]);
    assert!(server.address().ip().is_unspecified());
    assert!(server.monitor().ip().is_loopback());
}

#[test]
fn pages_tell_of_the_server_and_its_clients() {
    let place = Place::empty();
    let args = ["serve", "--port", "0", "--http-port", "0", "--name", "n1"];
    let server = Running::start(&place, &args);
    let mut client = connect(server.address());
    client.get_mut().write_all(b"SUB foo.* q 7\r\nPUB foo.a 3\r\nabc\r\nPING\r\n").unwrap();
    let mut line = String::new();
    while line != "PONG\r\n" {
        line.clear();
        client.read_line(&mut line).unwrap();
    }
    let varz = json(&server, "/varz");
    assert_eq!((&varz["server_name"], &varz["version"]), (&"n1".into(), &"2.12.9".into()));
    assert_eq!(
        (&varz["connections"], &varz["in_msgs"], &varz["in_bytes"]),
        (&1.into(), &1.into(), &3.into())
    );
    assert_eq!(
        (&varz["port"], &varz["http_port"]),
        (&server.address().port().into(), &server.monitor().port().into())
    );
    let connz = json(&server, "/connz?subs=detail&auth=1");
    let connection = &connz["connections"][0];
    assert_eq!((&connz["num_connections"], &connection["kind"]), (&1.into(), &"Client".into()));
    assert_eq!(connection["account"], "$G");
    let detail = &connection["subscriptions_list_detail"][0];
    assert_eq!(
        (&detail["subject"], &detail["qgroup"], &detail["sid"]),
        (&"foo.*".into(), &"q".into(), &"7".into())
    );
    assert_eq!(json(&server, "/connz?filter_subject=foo.b&acc=$G")["num_connections"], 1);
    assert_eq!(json(&server, "/connz?filter_subject=bar&acc=$G")["num_connections"], 0);
    assert_eq!(json(&server, "/connz?cid=99")["num_connections"], 0);
    let subsz = json(&server, "/subsz?subs=1&test=foo.x&acc=%24G");
    assert_eq!(subsz["subscriptions_list"][0]["subject"], "foo.*");
    let accounts = json(&server, "/accountz");
    assert_eq!(accounts["accounts"], serde_json::json!(["$G", "$SYS"]));
    assert_eq!(json(&server, "/accountz?acc=$G")["account_detail"]["client_connections"], 1);
    assert_eq!(json(&server, "/accstatz")["account_statz"][0]["received"]["msgs"], 1);
    assert_eq!(get(&server, "/healthz").1, "{\"status\":\"ok\"}");
    for path in
        ["/jsz", "/jsz?accounts=1&config=1&consumers=1", "/routez", "/gatewayz", "/leafz", "/ipqueuesz"]
    {
        json(&server, path);
    }
    let (head, metrics) = get(&server, "/metrics");
    assert!(head.contains("200 OK") && metrics.contains("\njetkv_connections 1\n"), "{metrics}");
    drop(client);
}

#[test]
fn bad_requests_are_answered_and_cost_nothing() {
    let place = Place::empty();
    place.write("c.conf", "port: -1, http: -1, http_base_path: /nats, jetstream: off");
    let server = Running::start(&place, &["serve", "--config", "c.conf"]);
    for (path, status, body) in [
        (
            "/nats/connz?limit=x",
            "400",
            "Error decoding int for 'limit': strconv.Atoi: parsing \"x\": invalid syntax",
        ),
        ("/nats/connz?sort=foo", "400", "invalid sorting option: foo"),
        ("/nats/connz?state=foo", "400", "Error decoding state for foo"),
        ("/nats/subsz?test=a..b", "400", "invalid test subject, must be valid publish subject: a..b"),
        ("/nats/accountz?acc=X", "400", "Account X does not exist"),
        (
            "/nats/healthz?stream=X",
            "400",
            "{\"status\":\"error\",\"error\":\"\\\"account\\\" must not be empty when checking stream health\"}",
        ),
        (
            "/nats/healthz?js-enabled-only=1",
            "503",
            "{\"status\":\"unavailable\",\"error\":\"JetStream is not available\"}",
        ),
        ("/nats/nope", "404", "404 page not found\n"),
        ("/varz", "404", "404 page not found\n"),
        ("/natsvarz", "404", "404 page not found\n"),
    ] {
        let (head, found) = get(&server, path);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {head}");
        assert_eq!(found, body, "{path}");
    }
    assert_eq!(
        json(&server, "/nats/connz?offset=9223372036854775807&limit=9223372036854775807")["num_connections"],
        0
    );
    let (head, _) = request(server.monitor(), "POST /nats/varz HTTP/1.1\r\nContent-Length: 0");
    assert!(head.starts_with("HTTP/1.1 405 "), "{head}");
    let (head, _) = request(server.monitor(), &format!("GET /nats/{} HTTP/1.1", "x".repeat(100_000)));
    assert!(head.starts_with("HTTP/1.1 4"), "{head}");
    assert_eq!(get(&server, "/nats/healthz").1, "{\"status\":\"ok\"}");
}

#[test]
fn no_page_shows_a_secret() {
    let place = Place::empty();
    place.write(
        "c.conf",
        "port: -1, http: -1\naccounts { A { users: [ {user: alice, password: hunter2} ] } }\n\
         authorization { users: [ {user: bob, password: hunter3} ] }",
    );
    let server = Running::start(&place, &["serve", "--config", "c.conf", "--trace", "--debug"]);
    let mut client = connect(server.address());
    client.get_mut().write_all(b"CONNECT {\"user\":\"alice\",\"pass\":\"hunter2\"}\r\nPING\r\n").unwrap();
    for path in [
        "/",
        "/varz",
        "/connz?subs=detail&auth=1&state=any",
        "/subsz?subs=1",
        "/jsz?consumers=1&config=1",
        "/accountz?acc=A",
        "/accstatz?unused=1",
        "/healthz?details=1",
        "/metrics",
    ] {
        let (head, body) = get(&server, path);
        assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {head}");
        assert!(!body.contains("hunter"), "{path}: {body}");
    }
    drop(client);
}
