//! A server on a simulated disk, and what a client does to back a stream up and to put it back.

use jetkv_engine::env::Env;
use jetkv_server::options::{Address, JetStreamOptions};
use jetkv_server::{Server, ServerOptions, SilentLog};
use jetkv_wire::archive::{self, Entry};
use jetkv_wire::s2;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use testkit::nats::{Client, DEFAULT_CONNECT, Message, Request};
use testkit::{DiskModel, SimFs};
use tokio::runtime::{Builder, Runtime};

/// A running server.
pub(crate) struct World {
    runtime: Runtime,
    server: Option<Server>,
    pub(crate) fs: SimFs,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(SimFs::new(DiskModel::Posix), |_| {})
    }

    /// Starts a server on this disk.
    pub(crate) fn with(fs: SimFs, change: impl FnOnce(&mut ServerOptions)) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listen = Address { host: "127.0.0.1".to_owned(), port: 0 };
        let jetstream = Some(JetStreamOptions::new("/data"));
        let mut options = ServerOptions { listen, jetstream, ..ServerOptions::default() };
        change(&mut options);
        let env = Env { fs: Arc::new(fs.clone()), ..Env::system() };
        let server = runtime.block_on(Server::start(options, env, Arc::new(SilentLog))).unwrap();
        Self { runtime, server: Some(server), fs }
    }

    pub(crate) fn client(&self) -> Client {
        self.client_with(DEFAULT_CONNECT)
    }

    pub(crate) fn client_with(&self, connect: &str) -> Client {
        let address = self.server.as_ref().unwrap().local_addr().to_string();
        Client::connect(&address, connect).unwrap()
    }

    /// Says whether files of a stream that nobody sees lie on the disk.
    pub(crate) fn has_drafts(&self) -> bool {
        self.fs.paths().iter().any(|path| path.starts_with("/data/tmp"))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.shutdown());
        }
    }
}

/// Sends a request to the API; returns its answer.
pub(crate) fn api(client: &mut Client, operation: &str, body: &Value) -> Value {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = client.request(&format!("$JS.API.{operation}"), body.as_str()).unwrap();
    serde_json::from_slice(&answer.payload).unwrap()
}

/// Publishes a message; returns the answer.
pub(crate) fn publish(client: &mut Client, subject: &str, request: Request<'_>) -> Value {
    serde_json::from_slice(&client.request(subject, request).unwrap().payload).unwrap()
}

/// The number of an error in an answer.
pub(crate) fn err_code(answer: &Value) -> u64 {
    answer["error"]["err_code"].as_u64().unwrap_or_default()
}

/// Makes the stream `S` with seven messages, gaps before, between and behind them, and two consumers.
pub(crate) fn fill(client: &mut Client) {
    let config = json!({ "name": "S", "subjects": ["s.>"], "max_msgs_per_subject": 5, "allow_direct": true });
    assert_eq!(err_code(&api(client, "STREAM.CREATE.S", &config)), 0);
    for n in 0..10 {
        let headers: &[u8] = if n == 2 { b"NATS/1.0\r\nA: b\r\n\r\n" } else { b"" };
        let payload = format!("v{n}");
        publish(client, &format!("s.{}", n % 3), Request { headers, payload: payload.as_bytes() });
    }
    for seq in [1, 4, 10] {
        api(client, "STREAM.MSG.DELETE.S", &json!({ "seq": seq }));
    }
    for (name, durable) in [("C1", "C1"), ("E1", "")] {
        let config = json!({ "name": name, "durable_name": durable, "ack_policy": "explicit", "inactive_threshold": 60_000_000_000_u64 });
        api(client, &format!("CONSUMER.CREATE.S.{name}"), &json!({ "stream_name": "S", "config": config }));
    }
    client.subscribe("pulled", None, "pulled").unwrap();
    client.publish("$JS.API.CONSUMER.MSG.NEXT.S.C1", Some("pulled"), "3".into()).unwrap();
    for n in 0..3 {
        let message = client.next_message("pulled", PATIENCE).unwrap().unwrap();
        if n == 0 {
            let reply = String::from_utf8(message.reply.unwrap()).unwrap();
            // The answer says that the acknowledgement is known.
            client.request(&reply, "+ACK").unwrap();
        }
    }
}

/// What a backup brought.
pub(crate) struct Backup {
    pub(crate) response: Value,
    pub(crate) bytes: Vec<u8>,
    pub(crate) chunks: Vec<usize>,
    /// The header block of the end.
    pub(crate) end: Option<String>,
}

/// Asks for a backup of `S`, the chunks to come to `chunks`.
pub(crate) fn begin_backup(client: &mut Client, more: &Value) -> Value {
    let mut body = json!({ "deliver_subject": "chunks" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.subscribe("chunks", None, "chunks").unwrap();
    api(client, "STREAM.SNAPSHOT.S", &body)
}

pub(crate) fn next_chunk(client: &mut Client) -> Message {
    client.next_message("chunks", PATIENCE).unwrap().unwrap()
}

pub(crate) fn acknowledge(client: &mut Client, chunk: &Message) {
    if let Some(reply) = &chunk.reply {
        client.publish(std::str::from_utf8(reply).unwrap(), None, "".into()).unwrap();
    }
}

/// Takes chunks until the end, and acknowledges each.
pub(crate) fn finish_backup(client: &mut Client, response: Value) -> Backup {
    let (mut bytes, mut chunks) = (Vec::new(), Vec::new());
    loop {
        let chunk = next_chunk(client);
        if chunk.payload.is_empty() {
            client.unsubscribe("chunks", None).unwrap();
            let end = chunk.headers.map(|block| String::from_utf8(block).unwrap());
            return Backup { response, bytes, chunks, end };
        }
        chunks.push(chunk.payload.len());
        bytes.extend_from_slice(&chunk.payload);
        acknowledge(client, &chunk);
    }
}

pub(crate) fn backup(client: &mut Client, more: &Value) -> Backup {
    let response = begin_backup(client, more);
    finish_backup(client, response)
}

/// Reads the entries of a backup, which must be complete.
pub(crate) fn entries(bytes: &[u8]) -> Vec<Entry> {
    let (mut compressed, mut reader) = (s2::Reader::default(), archive::Reader::default());
    let (mut out, mut found) = (Vec::new(), Vec::new());
    compressed.push(bytes);
    while compressed.next_chunk(&mut out).unwrap() {}
    reader.push(&out);
    while let Some(entry) = reader.next_entry().unwrap() {
        found.push(entry);
    }
    reader.finish().unwrap();
    found
}

/// Makes the bytes of a backup out of entries.
pub(crate) fn pack(entries: &[Entry]) -> Vec<u8> {
    let mut raw = unpacked(entries);
    archive::write_end(&mut raw);
    compress(&raw)
}

/// As [`pack`], without the end mark.
pub(crate) fn pack_part(entries: &[Entry]) -> Vec<u8> {
    compress(&unpacked(entries))
}

fn unpacked(entries: &[Entry]) -> Vec<u8> {
    let mut raw = Vec::new();
    archive::write_start(&mut raw);
    entries.iter().for_each(|entry| archive::write_entry(entry, &mut raw));
    raw
}

fn compress(raw: &[u8]) -> Vec<u8> {
    let (mut bytes, mut writer) = (Vec::new(), s2::Writer::default());
    writer.write(raw, &mut bytes);
    writer.finish(&mut bytes);
    bytes
}

/// Asks to restore `S`; returns where the chunks are to go.
pub(crate) fn begin_restore(client: &mut Client, config: &Value) -> String {
    let answer = api(client, "STREAM.RESTORE.S", &json!({ "config": config, "state": {} }));
    answer["deliver_subject"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Sends chunks and waits for the answer of each; the answer of the end is returned.
pub(crate) fn restore(client: &mut Client, config: &Value, bytes: &[u8], chunk: usize) -> Value {
    let to = begin_restore(client, config);
    for chunk in bytes.chunks(chunk) {
        let answer = client.request(&to, chunk).unwrap();
        assert_eq!((answer.headers, answer.payload), (None, Vec::new()));
    }
    serde_json::from_slice(&client.request(&to, "").unwrap().payload).unwrap()
}

/// How long a test waits for what should come at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
