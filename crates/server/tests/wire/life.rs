//! Keep-alive, shutdown and lame duck (PROTOCOL 1.6, 8.6).

use crate::harness::{World, field};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_client_that_does_not_answer_pings_is_closed() {
    let world = World::new(|options| options.keep_alive.ping_interval = Duration::from_millis(20));
    let mut raw = world.client();
    raw.expect_end("PING\r\nPING\r\n-ERR 'Stale Connection'\r\n");
}

#[test]
fn a_client_that_answers_pings_stays() {
    let world = World::new(|options| options.keep_alive.ping_interval = Duration::from_millis(20));
    let mut raw = world.client();
    for _ in 0..6 {
        raw.expect("PING\r\n");
        raw.send("PONG\r\n");
    }
    raw.send("SUB foo 1\r\nPUB foo 0\r\n\r\n");
    while raw.line() != "MSG foo 1 0" {}
}

#[test]
fn a_server_that_stops_closes_its_clients() {
    let world = World::open();
    let mut raw = world.client();
    let address = world.server().local_addr();
    drop(world);
    raw.expect_end("");
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn a_lame_duck_tells_its_clients_and_closes_them_later() {
    let world = World::new(|options| {
        options.lame_duck.grace_period = Duration::from_millis(300);
        options.lame_duck.duration = Duration::from_millis(400);
    });
    let mut modern = world.client();
    let mut old = world.raw();
    old.check("CONNECT {\"verbose\":false}\r\n", "");
    let server = Arc::clone(world.server());
    let leaving = world.runtime().spawn(async move { server.lame_duck().await });
    let info = modern.line();
    assert_eq!(field(&info, "ldm"), Some(json!(true)));
    assert!(std::net::TcpStream::connect(world.server().local_addr()).is_err());
    // Until it is their turn, clients are served.
    old.check("SUB foo 1\r\nPUB foo 0\r\n\r\n", "MSG foo 1 0\r\n\r\n");
    modern.expect_end("");
    old.expect_end("");
    world.runtime().block_on(leaving).unwrap();
    assert_eq!(world.server().connections().len(), 0);
}

#[test]
fn an_operator_closes_a_connection() {
    let world = World::open();
    let mut raw = world.client();
    assert!(world.server().close_connection(1));
    raw.expect_end("");
    assert!(!world.server().close_connection(77));
}
