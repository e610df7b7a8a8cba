//! INFO, CONNECT, PING, and how operations are read (PROTOCOL 1.2 to 1.5).

use crate::harness::{World, field};
use serde_json::json;
use std::io::Write;

#[test]
fn info_says_who_serves() {
    let world = World::new(|options| options.server_name = Some("n1".to_owned()));
    let mut raw = world.socket();
    let info = raw.line();
    assert!(info.ends_with("} "), "the reference has a space before the line end: {info}");
    assert_eq!(field(&info, "server_id").unwrap().as_str().unwrap().len(), 56);
    assert_eq!(field(&info, "server_id"), Some(json!(world.server().id())));
    assert_eq!(field(&info, "server_name"), Some(json!("n1")));
    assert_eq!(field(&info, "host"), Some(json!("127.0.0.1")));
    assert_eq!(field(&info, "port"), Some(json!(world.server().local_addr().port())));
    assert_eq!(field(&info, "client_ip"), Some(json!("127.0.0.1")));
    assert_eq!(field(&info, "client_id"), Some(json!(1)));
    assert_eq!(field(&info, "max_payload"), Some(json!(1_048_576)));
    assert_eq!(field(&info, "headers"), Some(json!(true)));
    assert_eq!(field(&info, "jetstream"), None);
    assert_eq!(field(&info, "auth_required"), None);
}

#[test]
fn a_client_without_connect_is_verbose_and_pedantic() {
    let world = World::open();
    world.raw().check(
        "SUB foo 1\r\nPUB foo 2\r\nhi\r\nPUB foo.* 2\r\nhi\r\n",
        "+OK\r\n+OK\r\nMSG foo 1 2\r\nhi\r\n-ERR 'Invalid Publish Subject'\r\n+OK\r\n",
    );
}

#[test]
fn the_first_pong_after_connect_is_followed_by_an_info() {
    let world = World::open();
    let mut raw = world.raw();
    raw.send("CONNECT {\"verbose\":false,\"protocol\":1}\r\nPING\r\nPING\r\n");
    raw.expect("PONG\r\n");
    let info = raw.line();
    assert_eq!(field(&info, "connect_info"), Some(json!(true)));
    assert_eq!(field(&info, "remote_account"), Some(json!("$G")));
    assert_eq!(field(&info, "acc_is_sys"), None);
    raw.expect("PONG\r\n");
    raw.check("", "");
}

#[test]
fn an_old_client_gets_no_second_info() {
    let world = World::open();
    let mut raw = world.raw();
    raw.check("CONNECT {\"verbose\":false}\r\nPING\r\n", "PONG\r\n");
    let mut without_connect = world.raw();
    without_connect.check("PING\r\n", "PONG\r\n");
}

#[test]
fn what_the_client_said_last_when_its_first_pong_is_due_decides_about_the_second_info() {
    let world = World::open();
    let old = "CONNECT {\"verbose\":false,\"protocol\":0}\r\n";
    let new = "CONNECT {\"verbose\":false,\"protocol\":1}\r\n";
    // A PING before CONNECT does not count.
    for (before, has_info) in [
        (format!("PING\r\n{new}"), true),
        (format!("{old}{new}"), true),
        (format!("{new}CONNECT {{}}\r\nCONNECT {{\"protocol\":null}}\r\n"), true),
        (format!("{new}CONNECT null\r\n"), true),
        (format!("{new}CONNECT {{\"Protocol\":0}}\r\n"), false),
        (format!("{old}PING\r\n{new}"), false),
    ] {
        let mut raw = world.raw();
        raw.send(&format!("{before}PING\r\nPING\r\n"));
        before.matches("PING").for_each(|_| raw.expect("PONG\r\n"));
        raw.expect("PONG\r\n");
        if has_info {
            assert!(raw.line().starts_with("INFO {"), "{before}");
        }
        raw.expect("PONG\r\n");
        raw.check("", "");
    }
}

#[test]
fn verbose_is_the_default() {
    let world = World::open();
    world.raw().check("CONNECT {}\r\nUNSUB 9\r\n", "+OK\r\n+OK\r\n");
}

#[test]
fn a_second_connect_that_is_no_text_keeps_what_it_does_not_say() {
    let world = World::open();
    let mut raw = world.raw();
    raw.stream
        .write_all(b"CONNECT {\"verbose\":false}\r\nCONNECT {\"name\":\"\xff\"}\r\nUNSUB 9\r\n")
        .unwrap();
    raw.check("", "");
}

#[test]
fn a_second_connect_drops_subscriptions_and_brings_no_info() {
    let world = World::open();
    let mut raw = world.client();
    raw.check("SUB foo 1\r\nPUB foo 0\r\n\r\n", "MSG foo 1 0\r\n\r\n");
    raw.check("CONNECT {\"protocol\":1}\r\nPUB foo 0\r\n\r\n", "");
    raw.check("SUB foo 1\r\nPUB foo 0\r\n\r\n", "MSG foo 1 0\r\n\r\n");
    // What it does not mention stays as it was: not pedantic, and with headers.
    raw.check("PUB foo..a 0\r\n\r\nHPUB foo 0 0\r\n\r\n", "MSG foo 1 0\r\n\r\n");
    raw.check("INFO {\"unknown\":[1],\"port\":null}\r\nINFO null\r\n", "");
    raw.check("CONNECT {\"echo\":false}\r\nCONNECT {}\r\nSUB foo 1\r\nPUB foo 0\r\n\r\n", "");
}

#[test]
fn operations_may_come_in_any_pieces() {
    let world = World::open();
    let mut raw = world.client();
    let text = "SUB  foo.*\t7\r\npub foo.a _INBOX.1 5\nhello\r\nPUB foo.b 0\r\n\r\n+OK\r\nINFO {}\r\nUNSUB 7 \r\nPing\r\n";
    for byte in text.chars() {
        raw.send(&byte.to_string());
    }
    raw.expect("MSG foo.a 7 _INBOX.1 5\r\nhello\r\nMSG foo.b 7 0\r\n\r\nPONG\r\n");
}

#[test]
fn a_payload_may_be_larger_than_any_read() {
    let world = World::open();
    let mut raw = world.client();
    let payload = "0123456789".repeat(100_000);
    raw.send("SUB foo 1\r\n");
    for _ in 0..3 {
        let message = format!("PUB foo {}\r\n{payload}\r\n", payload.len());
        let (head, tail) = message.split_at(message.len() / 3);
        raw.send(head);
        raw.send(tail);
        raw.expect(&format!("MSG foo 1 {}\r\n{payload}\r\n", payload.len()));
    }
}

#[test]
fn what_is_no_operation_ends_the_connection() {
    let world = World::open();
    let cases = [
        ("FOO\r\n", "-ERR 'Unknown Protocol Operation'\r\n"),
        ("MSG foo 1 1\r\na\r\n", "-ERR 'Unknown Protocol Operation'\r\n"),
        ("PUB foo 1\r\nabc\r\n", "-ERR 'Unknown Protocol Operation'\r\n"),
        ("PUB foo 1048577\r\n", "-ERR 'Maximum Payload Violation'\r\n"),
        ("PUB foo\r\n", ""),
        ("SUB\r\n", "-ERR 'Unknown Protocol Operation'\r\n"),
        ("SUB \r\n", ""),
        ("-ERR foo\r\n", ""),
        ("INFO\r\n", ""),
        ("INFO x\r\n", ""),
        ("INFO {\"port\":\"a\"}\r\n", ""),
        ("CONNECT {\"protocol\":\r\n", ""),
        ("CONNECT {\"protocol\":2}\r\n", "-ERR 'invalid client protocol'\r\n"),
        ("CONNECT {\"protocol\":-1}\r\n", "-ERR 'invalid client protocol'\r\n"),
        ("CONNECT {\"account\":\"A\"}\r\n", "-ERR 'Authorization Violation'\r\n"),
        (
            "CONNECT {\"no_responders\":true,\"headers\":false}\r\n",
            "-ERR 'no responders requires headers support'\r\n",
        ),
        ("CONNECT {\"verbose\":false}\r\nHPUB foo 0 0\r\n\r\n", ""),
    ];
    for (sent, expected) in cases {
        let mut raw = world.raw();
        raw.send(sent);
        raw.expect_end(expected);
    }
}

#[test]
fn the_last_error_is_read_although_more_was_sent() {
    let world = World::open();
    let mut raw = world.client();
    raw.send("PUB foo 0\r\n\r\nFOO\r\n");
    raw.send(&"PUB foo 0\r\n\r\n".repeat(1_000));
    raw.expect_end("-ERR 'Unknown Protocol Operation'\r\n");
}
