//! A server whose streams are still being opened: it answers, and says so (RELIABILITY row 23).

use crate::world::{PATIENCE, get, options, request, runtime};
use jetkv_engine::env::{Env, Fs, MemFs};
use jetkv_server::{Server, SilentLog};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use testkit::nats::{Client, DEFAULT_CONNECT};
use testkit::{Call, Gate, TapFs};

/// Returns a port that is free now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn connect(port: u16) -> Client {
    let begun = Instant::now();
    loop {
        match Client::connect(&format!("127.0.0.1:{port}"), DEFAULT_CONNECT) {
            Ok(client) => return client,
            Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}"),
        }
    }
}

#[test]
fn who_comes_early_is_told_that_the_server_starts() {
    let (runtime, gate) = (runtime(), Gate::default());
    // The store opens when the test says so.
    let shut = gate.shut();
    let fs = TapFs::new(MemFs::new(), move |call, _| {
        if call == Call::Lock {
            gate.pass();
        }
        Ok(())
    });
    let (mut options, port, http) = (options(), free_port(), free_port());
    options.listen.port = port;
    options.http.as_mut().unwrap().listen.port = http;
    let env = Env { fs: Arc::new(fs), ..Env::system() };
    let starting = runtime.spawn(Server::start(options, env, Arc::new(SilentLog)));
    let mut client = connect(port);
    let refused = |kind: &str| {
        let error = json!({ "code": 503, "err_code": 10008, "description": "JetStream system temporarily unavailable" });
        json!({ "type": format!("io.nats.jetstream.api.v1.{kind}"), "error": error })
    };
    let rows = [
        ("INFO", "account_info_response"),
        ("STREAM.INFO.S", "stream_info_response"),
        ("STREAM.CREATE.S", "stream_create_response"),
        ("STREAM.NAMES", "stream_names_response"),
        ("STREAM.MSG.GET.S", "stream_msg_get_response"),
        ("STREAM.SNAPSHOT.S", "stream_snapshot_response"),
        ("CONSUMER.CREATE.S.c.f.>", "consumer_create_response"),
        ("CONSUMER.DURABLE.CREATE.S.c", "consumer_create_response"),
        ("CONSUMER.INFO.S.c", "consumer_info_response"),
    ];
    for (operation, kind) in rows {
        assert_eq!(
            request(&mut client, &format!("$JS.API.{operation}"), &Value::Null),
            refused(kind),
            "{operation}"
        );
    }
    for subject in
        ["$KV.b.k", "$JS.API.DIRECT.GET.KV_b.$KV.b.k", "$JS.API.CONSUMER.MSG.NEXT.S.c", "$JS.API.FOO"]
    {
        assert_eq!(client.request(subject, "x").unwrap().status().as_deref(), Some("503"), "{subject}");
    }
    // What is no business of streams works.
    client.subscribe("plain", None, "plain").unwrap();
    client.publish("plain", None, "x".into()).unwrap();
    assert_eq!(client.next_message("plain", PATIENCE).unwrap().unwrap().payload, b"x");
    let monitor = ([127, 0, 0, 1], http).into();
    let (status, body) = get(monitor, "/healthz");
    assert_eq!(
        (status.as_str(), body.contains("server is starting")),
        ("HTTP/1.1 503 Service Unavailable", true),
        "{body}"
    );
    assert_eq!(get(monitor, "/readyz").0, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(get(monitor, "/varz").0, "HTTP/1.1 200 OK");
    assert!(!starting.is_finished());
    drop(shut);
    let server = runtime.block_on(starting).unwrap().unwrap();
    // The same connection goes on.
    let created = request(&mut client, "$JS.API.STREAM.CREATE.S", &json!({ "name": "S", "subjects": ["s"] }));
    assert_eq!(created["did_create"], true);
    assert_eq!(request(&mut client, "s", &json!("x"))["seq"], 1);
    assert_eq!(get(monitor, "/healthz").0, "HTTP/1.1 200 OK");
    assert_eq!(get(monitor, "/readyz").0, "HTTP/1.1 200 OK");
    runtime.block_on(server.shutdown());
}

#[test]
fn a_server_whose_streams_cannot_be_opened_lets_its_ports_go() {
    let runtime = runtime();
    let fs = Arc::new(MemFs::new());
    fs.create_dir_all(Path::new("/data")).unwrap();
    let held = fs.lock(Path::new("/data/lock")).unwrap();
    assert!(held.is_some());
    let (mut options, port) = (options(), free_port());
    options.listen.port = port;
    let env = Env { fs, ..Env::system() };
    let failed = runtime.block_on(Server::start(options, env, Arc::new(SilentLog)));
    assert!(failed.is_err_and(|error| error.is_locked()));
    let begun = Instant::now();
    // The task that listens ends a moment later.
    while TcpListener::bind(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
}
