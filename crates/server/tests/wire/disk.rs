//! A server whose files lie on a simulated disk, with a small bucket on it, and ways to spoil them.

use crate::harness::{Lines, World};
use jetkv_engine::env::Env;
use jetkv_server::options::{Address, HttpOptions, HttpScheme, IfTaken, JetStreamOptions};
use jetkv_server::{LogLevel, LogSink, ServerOptions, StartError};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use testkit::SimFs;
use testkit::nats::{Client, DEFAULT_CONNECT, Message, Request};

/// A running server on a simulated disk.
pub(crate) struct Running {
    pub(crate) world: World,
    pub(crate) lines: Arc<Lines>,
}

impl Running {
    /// Starts a server on a disk.
    pub(crate) fn on(fs: &SimFs) -> Self {
        Self::try_on(fs).unwrap()
    }

    /// Tries to start a server on a disk.
    pub(crate) fn try_on(fs: &SimFs) -> Result<Self, StartError> {
        Self::start(fs, |_| {})
    }

    /// Starts a server on a disk with further options.
    pub(crate) fn on_with(fs: &SimFs, change: impl FnOnce(&mut ServerOptions)) -> Self {
        Self::start(fs, change).unwrap()
    }

    fn start(fs: &SimFs, change: impl FnOnce(&mut ServerOptions)) -> Result<Self, StartError> {
        let lines = Lines::new(LogLevel::Debug);
        let log: Arc<dyn LogSink> = Arc::<Lines>::clone(&lines);
        let env = Env { fs: Arc::new(fs.clone()), ..Env::system() };
        let change = |options: &mut ServerOptions| {
            with_streams(options);
            change(options);
        };
        Ok(Self { world: World::try_on(env, log, change)?, lines })
    }

    /// Connects as a user with the password `p`.
    pub(crate) fn client_as(&self, user: &str) -> Client {
        let connect = DEFAULT_CONNECT.replacen('{', &format!("{{\"user\":\"{user}\",\"pass\":\"p\","), 1);
        Client::connect(&self.world.server().local_addr().to_string(), &connect).unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(&self.world.server().local_addr().to_string(), DEFAULT_CONNECT).unwrap()
    }

    /// Asks the monitoring port; returns status and body.
    pub(crate) fn page(&self, path: &str) -> (u16, String) {
        let mut socket = TcpStream::connect(self.world.server().monitor_addr().unwrap()).unwrap();
        socket.write_all(format!("GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Waits until a line holds all of these texts.
    pub(crate) fn wait_for_line(&self, texts: &[&str]) -> String {
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
        loop {
            let lines = self.lines.all();
            let found = lines.iter().find(|line| texts.iter().all(|text| line.contains(text)));
            if let Some(line) = found {
                return line.clone();
            }
            assert!(tokio::time::Instant::now() < deadline, "no line with {texts:?} among {lines:#?}");
            std::thread::yield_now();
        }
    }
}

fn with_streams(options: &mut ServerOptions) {
    let limits = JetStreamOptions { max_file: Some(1 << 40), ..JetStreamOptions::new("/data") };
    options.jetstream = Some(limits);
    options.http = Some(HttpOptions {
        listen: Address { host: "127.0.0.1".to_owned(), port: 0 },
        base_path: String::new(),
        scheme: HttpScheme::Plain,
        if_taken: IfTaken::Fail,
    });
}

/// Creates a bucket as the official clients do.
pub(crate) fn create_bucket(client: &mut Client, name: &str, history: u32) -> Value {
    let config = json!({
        "name": format!("KV_{name}"), "subjects": [format!("$KV.{name}.>")], "retention": "limits",
        "max_consumers": -1, "max_msgs": -1, "max_bytes": -1, "discard": "new", "max_age": 0,
        "max_msgs_per_subject": history, "storage": "file", "num_replicas": 1, "duplicate_window": 0,
        "deny_delete": true, "allow_rollup_hdrs": true, "allow_direct": true,
        "allow_atomic": true,
    });
    api(client, &format!("STREAM.CREATE.KV_{name}"), &config.to_string())
}

/// Sends a request to the API and reads the JSON of its answer.
pub(crate) fn api(client: &mut Client, operation: &str, body: &str) -> Value {
    let answer = client.request(&format!("$JS.API.{operation}"), body).unwrap();
    serde_json::from_slice(&answer.payload).unwrap_or_else(|_| json!({ "status": answer.status() }))
}

/// Publishes to a key with these headers.
pub(crate) fn send(client: &mut Client, key: &str, headers: &[(&str, &str)], value: &str) -> Message {
    client
        .request(&format!("$KV.{key}"), Request { headers: &block(headers), payload: value.as_bytes() })
        .unwrap()
}

/// Returns a header block, or nothing for no headers.
pub(crate) fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    if headers.is_empty() {
        return Vec::new();
    }
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("NATS/1.0\r\n{lines}\r\n").into_bytes()
}

/// Writes a value; returns its revision.
#[track_caller]
pub(crate) fn put(client: &mut Client, key: &str, value: &str) -> u64 {
    let answer = send(client, key, &[], value);
    let body: Value = serde_json::from_slice(&answer.payload).unwrap();
    body["seq"].as_u64().filter(|_| body.get("error").is_none()).unwrap_or_else(|| panic!("{key}: {body}"))
}

/// Reads a value as clients do.
pub(crate) fn get(client: &mut Client, bucket: &str, key: &str) -> Message {
    client.request(&format!("$JS.API.DIRECT.GET.KV_{bucket}.$KV.{bucket}.{key}"), "").unwrap()
}

/// Returns the value of a key that must be there.
#[track_caller]
pub(crate) fn value(client: &mut Client, bucket: &str, key: &str) -> String {
    let message = get(client, bucket, key);
    assert_eq!(message.status(), None, "{bucket}.{key}");
    String::from_utf8(message.payload).unwrap()
}

/// Returns the file and the place in it where a text is stored.
pub(crate) fn place_of(fs: &SimFs, text: &str) -> (PathBuf, usize) {
    let found = fs.paths().into_iter().find_map(|path| {
        let content = fs.read(&path);
        let at = content.windows(text.len()).position(|window| window == text.as_bytes())?;
        Some((path, at))
    });
    found.unwrap_or_else(|| panic!("{text} is in no file"))
}

/// Flips one bit of a stored text.
pub(crate) fn damage_record(fs: &SimFs, text: &str) {
    let (path, at) = place_of(fs, text);
    fs.flip_bit(path, u64::try_from(at).unwrap() * 8 + 3);
}

/// Makes a stored entry unreadable with all that tells of it.
pub(crate) fn dig_hole(fs: &SimFs, key: &str, text: &str) {
    let (path, value_at) = place_of(fs, text);
    let mut content = fs.read(&path);
    // In front of the value are the head, and what the subject has beyond those of the bucket.
    content[value_at - key.len() - 32..value_at + text.len()].fill(0xFF);
    fs.overwrite(&path, content);
    fs.delete(path.with_extension("idx"));
}

/// Makes all files of a stream unreadable.
pub(crate) fn ruin_stream(fs: &SimFs, stream: &str) {
    let ending = format!("-{stream}");
    let is_in =
        |path: &PathBuf| path.parent().and_then(|dir| dir.to_str()).is_some_and(|dir| dir.ends_with(&ending));
    let paths: Vec<_> = fs.paths().into_iter().filter(is_in).collect();
    assert!(!paths.is_empty(), "{stream} has no files: {:?}", fs.paths());
    for path in paths {
        let length = fs.read(&path).len();
        fs.overwrite(path, vec![0xFF; length]);
    }
}
