//! Streams that keep messages only for their consumers, over the wire and over restarts (PROTOCOL 4.8).

use crate::world::{PATIENCE, World, options, request, runtime};
use jetkv_engine::env::Env;
use jetkv_server::{Server, ServerOptions, SilentLog};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;
use testkit::nats::{Client, DEFAULT_CONNECT, Message};

fn api(client: &mut Client, operation: &str, body: &Value) -> Value {
    request(client, &format!("$JS.API.{operation}"), body)
}

fn create(client: &mut Client, name: &str, retention: &str, more: &Value) {
    let mut config = json!({ "name": name, "subjects": [format!("{name}.>")], "retention": retention });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = api(client, &format!("STREAM.CREATE.{name}"), &config);
    assert_eq!(answer["config"]["retention"], retention, "{answer}");
}

fn consumer(client: &mut Client, stream: &str, name: &str, filter: &str) -> Value {
    let config = json!({
        "durable_name": name, "ack_policy": "explicit", "filter_subject": filter, "ack_wait": 3_600_000_000_000_u64
    });
    let body = json!({ "stream_name": stream, "config": config });
    api(client, &format!("CONSUMER.DURABLE.CREATE.{stream}.{name}"), &body)
}

fn put(client: &mut Client, subject: &str) -> Value {
    serde_json::from_slice(&client.request(subject, "x").unwrap().payload).unwrap()
}

/// Pulls messages, in the order in which they come.
fn pull(client: &mut Client, stream: &str, name: &str, count: usize) -> Vec<Message> {
    client.subscribe("pulled", None, "pulled").unwrap();
    let body = json!({ "batch": count }).to_string();
    let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}");
    client.publish(&subject, Some("pulled"), body.as_str().into()).unwrap();
    let messages = (0..count).map(|_| client.next_message("pulled", PATIENCE).unwrap().unwrap()).collect();
    client.unsubscribe("pulled", None).unwrap();
    messages
}

/// Acknowledges, and waits until that is taken for sure.
fn ack(client: &mut Client, message: &Message) {
    let to = std::str::from_utf8(message.reply.as_ref().unwrap()).unwrap().to_owned();
    assert!(client.request(&to, "+ACK").unwrap().payload.is_empty());
}

/// Returns how many messages there are, and the first and the last sequence.
fn state(client: &mut Client, stream: &str) -> [u64; 3] {
    let info = api(client, &format!("STREAM.INFO.{stream}"), &Value::Null);
    ["messages", "first_seq", "last_seq"].map(|field| info["state"][field].as_u64().unwrap())
}

#[test]
fn messages_go_with_their_acknowledgements() {
    let world = World::new(|_| {});
    let mut client = world.client();
    create(&mut client, "W", "workqueue", &json!({}));
    create(&mut client, "I", "interest", &json!({}));
    put(&mut client, "W.a");
    assert_eq!(put(&mut client, "I.a"), json!({ "stream": "I", "seq": 1 }));
    assert_eq!((state(&mut client, "W"), state(&mut client, "I")), ([1, 1, 1], [0, 2, 1]));
    for stream in ["W", "I"] {
        consumer(&mut client, stream, "c", "");
        for key in ["a", "b", "c"] {
            put(&mut client, &format!("{stream}.{key}"));
        }
    }
    assert_eq!((state(&mut client, "W"), state(&mut client, "I")), ([4, 1, 4], [3, 2, 4]));
    for stream in ["W", "I"] {
        let got = pull(&mut client, stream, "c", 2);
        ack(&mut client, &got[0]);
        ack(&mut client, &got[1]);
    }
    assert_eq!((state(&mut client, "W"), state(&mut client, "I")), ([2, 3, 4], [1, 4, 4]));
    // With the last one whom it concerns a message goes, but not out of a work queue.
    for stream in ["W", "I"] {
        api(&mut client, &format!("CONSUMER.DELETE.{stream}.c"), &Value::Null);
    }
    assert_eq!((state(&mut client, "W"), state(&mut client, "I")), ([2, 3, 4], [0, 5, 4]));
}

#[test]
fn what_nobody_wants_is_checked_and_answered_and_not_kept() {
    let world = World::new(|_| {});
    let mut client = world.client();
    let more = json!({ "discard": "new", "max_msgs": 1, "allow_atomic": true, "allow_rollup_hdrs": true });
    create(&mut client, "I", "interest", &more);
    create(&mut client, "J", "interest", &json!({ "discard": "new", "max_msgs": 2, "allow_atomic": true }));
    consumer(&mut client, "I", "c", "I.b");
    assert_eq!(put(&mut client, "I.b")["seq"], 1);
    assert_eq!(put(&mut client, "I.b")["error"]["err_code"], 10077);
    // It needs no room.
    assert_eq!(put(&mut client, "I.a")["seq"], 2);
    let mut with = |headers: &str, subject: &str| -> Value {
        let block = format!("NATS/1.0\r\n{headers}\r\n");
        let mut bytes = block.as_bytes().to_vec();
        let total = bytes.len() + 1;
        bytes.extend_from_slice(b"x\r\n");
        let head = format!("HPUB {subject} told {} {total}\r\n", block.len());
        client.subscribe("told", None, "told").unwrap();
        client.send(&[head.as_bytes(), &bytes].concat()).unwrap();
        let answer = client.next_message("told", PATIENCE).unwrap().unwrap();
        client.unsubscribe("told", None).unwrap();
        serde_json::from_slice(&answer.payload).unwrap_or_default()
    };
    assert_eq!(with("Nats-Expected-Last-Sequence: 1\r\n", "I.a")["error"]["err_code"], 10071);
    assert_eq!(with("Nats-Expected-Last-Sequence: 2\r\n", "I.a")["seq"], 3);
    assert_eq!(with("Nats-Msg-Id: m\r\n", "I.a")["seq"], 4);
    assert_eq!(with("Nats-Msg-Id: m\r\n", "I.a"), json!({ "stream": "I", "seq": 4, "duplicate": true }));
    // Nobody asks how long it would have lived.
    assert_eq!(with("Nats-TTL: never\r\n", "I.a")["error"]["err_code"], 10166);
    assert_eq!(with("Nats-TTL: bogus\r\n", "I.a")["seq"], 5);
    // A batch needs room for all of it.
    let begins = "Nats-Batch-Id: u\r\nNats-Batch-Sequence: 1\r\n";
    let ends = "Nats-Batch-Id: u\r\nNats-Batch-Sequence: 2\r\nNats-Batch-Commit: 1\r\n";
    assert_eq!(with(begins, "I.a"), Value::Null);
    assert_eq!(with(ends, "I.c")["error"]["err_code"], 10077);
    assert_eq!(with(begins, "J.a"), Value::Null);
    assert_eq!(with(ends, "J.c"), json!({ "stream": "J", "seq": 2, "batch": "u", "count": 2 }));
    // What it replaces goes, although it is not kept itself.
    assert_eq!(with("Nats-Rollup: all\r\n", "I.a")["seq"], 6);
    assert_eq!((state(&mut client, "I"), state(&mut client, "J")), ([0, 7, 6], [0, 3, 2]));
}

/// A server that can be stopped and started again on the same files.
fn start(env: &Env) -> (tokio::runtime::Runtime, Server) {
    let (runtime, options): (_, ServerOptions) = (runtime(), options());
    let server = runtime.block_on(Server::start(options, env.clone(), Arc::new(SilentLog))).unwrap();
    (runtime, server)
}

fn connect(server: &Server) -> Client {
    Client::connect(&server.local_addr().to_string(), DEFAULT_CONNECT).unwrap()
}

/// Waits for what comes by itself.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_restart_changes_nothing() {
    let env = Env::memory();
    let (host, server) = start(&env);
    let mut client = connect(&server);
    for (stream, retention) in [("W", "workqueue"), ("I", "interest")] {
        create(&mut client, stream, retention, &json!({}));
        consumer(&mut client, stream, "c", "");
        for key in ["a", "b", "c"] {
            put(&mut client, &format!("{stream}.{key}"));
        }
        let got = pull(&mut client, stream, "c", 3);
        ack(&mut client, &got[1]);
    }
    // One that is not durable keeps its messages, too.
    let body = json!({ "stream_name": "I", "config": { "ack_policy": "explicit", "inactive_threshold": 3_600_000_000_000_u64 } });
    let name = api(&mut client, "CONSUMER.CREATE.I", &body)["name"].as_str().unwrap().to_owned();
    put(&mut client, "I.d");
    api(&mut client, "CONSUMER.DELETE.I.c", &Value::Null);
    assert_eq!((state(&mut client, "W"), state(&mut client, "I")), ([2, 1, 3], [3, 1, 4]));
    host.block_on(server.shutdown());
    let (host, server) = start(&env);
    let mut client = connect(&server);
    assert_eq!((state(&mut client, "W"), state(&mut client, "I")), ([2, 1, 3], [3, 1, 4]));
    let info = api(&mut client, &format!("CONSUMER.INFO.I.{name}"), &Value::Null);
    assert_eq!(info["num_pending"], 3, "{info}");
    api(&mut client, &format!("CONSUMER.DELETE.I.{name}"), &Value::Null);
    assert_eq!(state(&mut client, "I"), [0, 5, 4]);
    host.block_on(server.shutdown());
}

#[test]
fn copies_get_everything_once() {
    let env = Env::memory();
    let (host, server) = start(&env);
    let mut client = connect(&server);
    create(&mut client, "W", "workqueue", &json!({}));
    // The copy is a work queue as well: what it has does not tell how far it has come.
    let sources = json!({ "subjects": [], "sources": [{ "name": "W", "filter_subject": "W.a" }] });
    create(&mut client, "Q", "workqueue", &sources);
    consumer(&mut client, "W", "w", "W.b");
    consumer(&mut client, "Q", "q", "");
    put(&mut client, "W.a");
    put(&mut client, "W.b");
    let got = pull(&mut client, "Q", "q", 1);
    assert_eq!(got[0].subject, b"W.a");
    ack(&mut client, &got[0]);
    until("what is copied and wanted by nobody else goes", || state(&mut client, "W")[0] == 1);
    assert_eq!(state(&mut client, "Q"), [0, 2, 1]);
    host.block_on(server.shutdown());
    let (host, server) = start(&env);
    let mut client = connect(&server);
    put(&mut client, "W.a");
    let got = pull(&mut client, "Q", "q", 1);
    assert_eq!(got[0].subject, b"W.a");
    assert_eq!(state(&mut client, "Q"), [1, 2, 2]);
    // What was there before the copy goes nowhere else.
    create(&mut client, "M", "limits", &json!({ "subjects": [], "mirror": { "name": "W" } }));
    until("the mirror has it", || state(&mut client, "M")[0] > 0);
    host.block_on(server.shutdown());
}
