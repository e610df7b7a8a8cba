//! Keep-alive, shutdown and lame duck (PROTOCOL 1.6, 8.6).

use crate::harness::{World, field};
use serde_json::json;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_client_that_does_not_answer_pings_is_closed() {
    let world = World::new(|options| {
        options.keep_alive.ping_interval = Duration::from_millis(20);
        options.keep_alive.ping_max = 2;
    });
    let mut raw = world.client();
    raw.expect_end("PING\r\nPING\r\n-ERR 'Stale Connection'\r\n");
}

#[test]
fn a_client_that_answers_pings_stays() {
    let world = World::new(|options| {
        options.keep_alive.ping_interval = Duration::from_millis(30);
        options.keep_alive.ping_max = 30;
    });
    let mut raw = world.client();
    // More than the server would bear without an answer.
    for _ in 0..40 {
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

#[test]
fn nothing_is_left_of_clients_that_come_and_go() {
    let world = World::open();
    let mut publisher = world.client();
    for round in 0..40 {
        let mut clients: Vec<_> = (0..25).map(|_| world.client()).collect();
        for (number, client) in clients.iter_mut().enumerate() {
            client.send(&format!("SUB storm.{number} 1\r\nSUB storm.> q 2\r\nUNSUB 1 3\r\n"));
        }
        // Some are gone in the middle of an operation, some without having read.
        clients.iter_mut().step_by(3).for_each(|client| client.send("PUB storm.1 1000\r\nhalf"));
        publisher.send(&format!("PUB storm.{round} 3\r\nabc\r\n"));
    }
    while world.server().connections().len() > 1 {
        std::thread::yield_now();
    }
    publisher.check("", "");
    let server = world.server().snapshot();
    assert_eq!((server.connections, server.total_connections), (1, 1_001));
    assert_eq!((server.routers.subscriptions, server.pending_bytes), (0, 0));
    assert_eq!(server.routers.inserts, server.routers.removes);
}

#[test]
fn garbage_ends_its_own_connection_only() {
    let world = World::open();
    let mut witness = world.client();
    let mut random = testkit::Rng::new(20);
    let words: [&[u8]; 12] = [
        b"PUB ",
        b"HPUB ",
        b"SUB ",
        b"UNSUB ",
        b"CONNECT ",
        b"PING",
        b"\r\n",
        b" 5",
        b" -1",
        b" 99999999999999999999",
        b"{\"verbose\":",
        b"\0\xff\n",
    ];
    for _ in 0..200 {
        let mut bytes = Vec::new();
        for _ in 0..random.below(60) {
            bytes.extend_from_slice(words[random.index(words.len())]);
        }
        let mut raw = world.raw();
        // The server may have closed already.
        let _ = raw.stream.write_all(&bytes);
    }
    witness.check("SUB foo 1\r\nPUB foo 0\r\n\r\n", "MSG foo 1 0\r\n\r\n");
}
