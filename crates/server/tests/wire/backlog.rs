//! A disk that does not answer: who writes is held back, memory stays bounded, and whoever reads is served.

use crate::disk::{api, create_bucket, put, value};
use crate::harness::World;
use jetkv_engine::env::{Env, MemFs};
use jetkv_server::SilentLog;
use jetkv_server::options::JetStreamOptions;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;
use testkit::nats::{Client, DEFAULT_CONNECT};
use testkit::{Gate, TapFs};

#[test]
fn who_writes_faster_than_the_disk_is_held_back() {
    let gate = Gate::default();
    let env = Env { fs: Arc::new(TapFs::gated(MemFs::new(), &gate)), ..Env::system() };
    let options = JetStreamOptions { max_file: Some(1 << 40), ..JetStreamOptions::new("/data") };
    let world = World::try_on(env, Arc::new(SilentLog), |all| all.jetstream = Some(options)).unwrap();
    let address = world.server().local_addr();
    let mut client = Client::connect(&address.to_string(), DEFAULT_CONNECT).unwrap();
    create_bucket(&mut client, "b", 1);
    put(&mut client, "b.k", "before");
    let shut = gate.shut();
    let mut writer = TcpStream::connect(address).unwrap();
    let mut reader = BufReader::new(writer.try_clone().unwrap());
    writer.write_all(b"CONNECT {\"verbose\":false}\r\nSUB acks 1\r\n").unwrap();
    writer.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let message = format!("PUB $KV.b.big acks 1000000\r\n{}\r\n", " ".repeat(1_000_000)).into_bytes();
    let (mut sent, mut part) = (0, 0);
    // What the sockets' own buffers take is not known, but it is less than this.
    while sent < 100 {
        match writer.write(&message[part..]) {
            Ok(written) => part += written,
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
                break;
            }
        }
        if part == message.len() {
            (sent, part) = (sent + 1, 0);
        }
    }
    assert!((16..100).contains(&sent), "{sent} messages of 1 MB were taken");
    // Who reads waits for no sync.
    assert_eq!(value(&mut client, "b", "k"), "before");
    assert_eq!(api(&mut client, "STREAM.INFO.KV_b", "")["state"]["messages"], 1);
    drop(shut);
    writer.set_write_timeout(None).unwrap();
    writer.write_all(&message[part..]).unwrap();
    let mut line = String::new();
    for sequence in 2..=sent + 2 {
        while line.trim_end() != format!("{{\"stream\":\"KV_b\",\"seq\":{sequence}}}") {
            line.clear();
            assert_ne!(reader.read_line(&mut line).unwrap(), 0, "{sequence}");
        }
    }
}
