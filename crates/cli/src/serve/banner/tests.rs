use super::*;
use jetkv::JetStream;
use jetkv_console::{About, Access, Console, Guard, Options, Seat};
use jetkv_server::options::{Address, JetStreamOptions};
use std::time::Duration;

fn ports() -> Ports {
    Ports::new("127.0.0.1:4222".parse().unwrap(), Some(("http", "127.0.0.1:8222".parse().unwrap())))
}

fn options(sync: SyncMode) -> ServerOptions {
    let jetstream = JetStreamOptions { sync, ..JetStreamOptions::new("./jetkv-data") };
    let listen = Address { host: "127.0.0.1".into(), port: 4222 };
    ServerOptions { listen, jetstream: Some(jetstream), ..ServerOptions::default() }
}

fn console() -> Console {
    let place = pollster::block_on(JetStream::memory()).unwrap();
    let access = Access::Open(Seat::at(place));
    let (guard, about) = (Guard::default(), About::default());
    Console::new(Options { access, guard, about, value_bytes_max: 1 })
}

fn banner(options: &ServerOptions, door: &Door, form: Form) -> String {
    Banner { ports: &ports(), options, door, form }.text()
}

fn text(options: &ServerOptions, form: Form) -> String {
    banner(options, &Door::Open(console()), form)
}

#[test]
fn people_are_told_where_how_durable_and_how_to_connect() {
    let text = text(&options(SyncMode::Always), Form::Human);
    for part in [
        "serves NATS clients at nats://127.0.0.1:4222\n",
        "  store       ./jetkv-data\n",
        "  durability  every write is on disk before it is acknowledged\n",
        "  console     http://127.0.0.1:8222/console/\n",
        "  monitoring  http://127.0.0.1:8222/varz and others\n",
        "  nats        nats --server nats://127.0.0.1:4222 kv add config\n",
        "  Rust        async_nats::connect(\"nats://127.0.0.1:4222\").await?\n",
        "  Go          nats.Connect(\"nats://127.0.0.1:4222\")\n",
        "  Python      await nats.connect(\"nats://127.0.0.1:4222\")\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[test]
fn a_console_that_cannot_be_opened_says_why() {
    let options = options(SyncMode::Always);
    let off = banner(&options, &Door::None("off: there are no streams"), Form::Human);
    assert!(off.contains("  console     off: there are no streams\n"), "{off}");
    assert!(off.contains("  monitoring  http://127.0.0.1:8222/varz and others\n"), "{off}");
    let shut = Door::Shut(console(), "shut: for a reason");
    assert!(banner(&options, &shut, Form::Human).contains("  console     shut: for a reason\n"));
    let line = banner(&options, &shut, Form::Json);
    assert!(serde_json::from_str::<serde_json::Value>(&line).unwrap().get("console").is_none(), "{line}");
}

#[test]
fn what_is_unsafe_is_called_so() {
    for sync in [SyncMode::Os, SyncMode::Every(Duration::from_secs(120))] {
        assert!(text(&options(sync), Form::Human).contains("unsafe"), "{sync:?}");
    }
}

#[test]
fn programs_get_one_object() {
    let line = text(&options(SyncMode::Every(Duration::from_millis(100))), Form::Json);
    let found: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(found["nats"][0], "nats://127.0.0.1:4222");
    assert_eq!(found["sync"], "every=100ms");
    assert_eq!(found["console"], "http://127.0.0.1:8222/console/");
    assert_eq!(found["pid"], std::process::id());
}
