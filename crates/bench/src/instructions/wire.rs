//! Works over a connection: the server and its client take turns on one thread, so that nothing depends on which is faster.

use super::{KEYS, env, keys, measured};
use crate::Outcome;
use crate::data::Key;
use jetkv_server::options::{Address, JetStreamOptions, KeepAlive};
use jetkv_server::{Server, ServerOptions, SilentLog, SyncMode};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// Puts keys that are new.
pub(super) fn put(dir: &Path) -> Outcome<u64> {
    prepare(dir)?;
    let mut world = World::open(dir)?;
    let bursts = bursts(|key| put_of(key, ""));
    let answers = world.exchange(&bursts, LINES_OF_ACK)?;
    acknowledged(&answers)
}

/// Puts keys at the revision that they have.
pub(super) fn compare_and_set(dir: &Path) -> Outcome<u64> {
    let mut world = World::filled(dir)?;
    let mut revision = 0;
    let bursts = bursts(|key| {
        revision += 1;
        put_of(key, &format!("NATS/1.0\r\nNats-Expected-Last-Subject-Sequence: {revision}\r\n\r\n"))
    });
    let answers = world.exchange(&bursts, LINES_OF_ACK)?;
    acknowledged(&answers)
}

/// Reads every key directly.
pub(super) fn get(dir: &Path) -> Outcome<u64> {
    let mut world = World::filled(dir)?;
    let bursts =
        bursts(|key| format!("PUB $JS.API.DIRECT.GET.{STREAM}.{PREFIX}{} {REPLY} 0\r\n\r\n", key.as_str()));
    let answers = world.exchange(&bursts, LINES_OF_VALUE)?;
    read(&answers, 1)
}

/// Puts keys that are watched.
pub(super) fn watch(dir: &Path) -> Outcome<u64> {
    prepare(dir)?;
    let mut world = World::open(dir)?;
    for number in 0..WATCHES {
        world.ask(&consumer(&format!("w{number}"), "new"))?;
    }
    let bursts = bursts(|key| put_of(key, ""));
    let answers = world.exchange(&bursts, LINES_OF_ACK + WATCHES * LINES_OF_DELIVERY)?;
    acknowledged(&answers)?;
    read(&answers, WATCHES)
}

/// Reads the first values of a watch.
pub(super) fn list(dir: &Path) -> Outcome<u64> {
    let mut world = World::filled(dir)?;
    // The first one makes the order of the keys, which is paid once.
    world.converse(&consumer("first", "last_per_subject"), LINES_OF_ACK + KEYS * LINES_OF_DELIVERY)?;
    let create = vec![consumer("second", "last_per_subject")];
    let answers = world.exchange(&create, LINES_OF_ACK + KEYS * LINES_OF_DELIVERY)?;
    read(&answers, 1)
}

/// A server with a client that is connected to it, both on this thread.
struct World {
    runtime: Runtime,
    client: TcpStream,
    _server: Server,
}

impl World {
    /// Opens what [`prepare`] made.
    fn open(dir: &Path) -> Outcome<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (server, client) = runtime.block_on(start(dir))?;
        Ok(Self { runtime, client, _server: server })
    }

    /// Opens a bucket in which every key was put once.
    fn filled(dir: &Path) -> Outcome<Self> {
        prepare(dir)?;
        let mut world = Self::open(dir)?;
        let mut answers = Vec::new();
        for burst in bursts(|key| put_of(key, "")) {
            answers.extend(world.converse(&burst, LINES_OF_ACK * BURST)?);
        }
        acknowledged(&answers)?;
        Ok(world)
    }

    /// Sends one burst after the other, each when the one before was answered with so many lines for each request.
    fn exchange(&mut self, bursts: &[String], lines_each: u64) -> Outcome<Vec<u8>> {
        let lines = if bursts.len() == 1 { lines_each } else { lines_each * BURST };
        let mut answers = Vec::with_capacity(ANSWERS_BYTES);
        let Self { runtime, client, .. } = self;
        measured(&mut || {
            runtime.block_on(async {
                for burst in bursts {
                    converse(client, burst, lines, &mut answers).await?;
                }
                Ok(())
            })
        })?;
        Ok(answers)
    }

    /// Asks for one thing and fails if it is refused.
    fn ask(&mut self, request: &str) -> Outcome<()> {
        self.converse(request, LINES_OF_ACK).map(drop)
    }

    fn converse(&mut self, request: &str, lines: u64) -> Outcome<Vec<u8>> {
        let mut answers = Vec::new();
        self.runtime.block_on(converse(&mut self.client, request, lines, &mut answers))?;
        check(&answers)?;
        Ok(answers)
    }
}

/// Makes the bucket. What makes a stream moves other tasks to other threads, which a runtime with one thread cannot.
fn prepare(dir: &Path) -> Outcome<()> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let (server, mut client) = start(dir).await?;
        let config = format!(
            "{{\"name\":\"{STREAM}\",\"subjects\":[\"{PREFIX}>\"],\"max_msgs_per_subject\":1,\"discard\":\"new\",\
            \"storage\":\"file\",\"allow_rollup_hdrs\":true,\"deny_delete\":true,\"allow_direct\":true}}"
        );
        let request = format!("PUB $JS.API.STREAM.CREATE.{STREAM} {REPLY} {}\r\n{config}\r\n", config.len());
        let mut answer = Vec::new();
        converse(&mut client, &request, LINES_OF_ACK, &mut answer).await?;
        check(&answer)?;
        drop(client);
        server.shutdown().await;
        Ok(())
    })
}

/// Starts a server on a free port and connects to it.
async fn start(dir: &Path) -> Outcome<(Server, TcpStream)> {
    let options = ServerOptions {
        listen: Address { host: "127.0.0.1".into(), port: 0 },
        jetstream: Some(JetStreamOptions { sync: SyncMode::Os, ..JetStreamOptions::new(dir) }),
        // Callgrind is slow; no ping is to come in between.
        keep_alive: KeepAlive {
            first_ping: LONG,
            ping_interval: LONG,
            write_deadline: LONG,
            ..KeepAlive::default()
        },
        ..ServerOptions::default()
    };
    let server = Server::start(options, env(), Arc::new(SilentLog)).await?;
    let mut client = TcpStream::connect(server.local_addr()).await?;
    client.set_nodelay(true)?;
    let hello = format!(
        "CONNECT {{\"verbose\":false,\"pedantic\":false,\"headers\":true}}\r\nSUB {REPLY} 1\r\nSUB {WATCHED} 2\r\nPING\r\n"
    );
    converse(&mut client, &hello, LINES_OF_HELLO, &mut Vec::new()).await?;
    Ok((server, client))
}

/// Sends `request` and adds what comes to `answers` until it has so many lines more.
async fn converse(client: &mut TcpStream, request: &str, lines: u64, answers: &mut Vec<u8>) -> Outcome<()> {
    client.write_all(request.as_bytes()).await?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut missing = usize::try_from(lines)?;
    while missing > 0 {
        let bytes = client.read(&mut buffer).await?;
        let read = &buffer[..bytes];
        let lines = read.iter().filter(|byte| **byte == b'\n').count();
        answers.extend_from_slice(read);
        if bytes == 0 || lines > missing {
            let first = String::from_utf8_lossy(read.split(|byte| *byte == b'\n').next().unwrap_or_default())
                .into_owned();
            return Err(format!("{lines} lines came instead of {missing}, the first is {first:?}").into());
        }
        missing -= lines;
    }
    Ok(())
}

/// Fails if any of `answers` is a refusal.
fn check(answers: &[u8]) -> Outcome<()> {
    if answers.windows(ERROR.len()).any(|part| part == ERROR) {
        return Err(format!("refused: {}", String::from_utf8_lossy(answers)).into());
    }
    Ok(())
}

/// Makes the requests of all keys, [`BURST`] in each text.
fn bursts(mut request: impl FnMut(&Key) -> String) -> Vec<String> {
    let requests: Vec<String> = keys().iter().map(&mut request).collect();
    requests.chunks(usize::try_from(BURST).unwrap_or(1)).map(|chunk| chunk.concat()).collect()
}

fn put_of(key: &Key, headers: &str) -> String {
    let (value, key) = (value(key), key.as_str());
    let bytes = headers.len() + value.len();
    if headers.is_empty() {
        return format!("PUB {PREFIX}{key} {REPLY} {bytes}\r\n{value}\r\n");
    }
    format!("HPUB {PREFIX}{key} {REPLY} {} {bytes}\r\n{headers}{value}\r\n", headers.len())
}

/// Text, so that lines can be counted: 128 bytes that only this key has.
fn value(key: &Key) -> String {
    key.as_str().repeat(8)
}

/// Returns a request for a watch without heartbeats, which come by the clock.
fn consumer(name: &str, policy: &str) -> String {
    let body = format!(
        "{{\"stream_name\":\"{STREAM}\",\"config\":{{\"deliver_policy\":\"{policy}\",\"ack_policy\":\"none\",\
        \"deliver_subject\":\"{WATCHED}\",\"filter_subject\":\"{PREFIX}>\",\"mem_storage\":true}}}}"
    );
    format!("PUB $JS.API.CONSUMER.CREATE.{STREAM}.{name}.{PREFIX}> {REPLY} {}\r\n{body}\r\n", body.len())
}

/// Fails unless as many puts were acknowledged as there are keys, and returns their number.
fn acknowledged(answers: &[u8]) -> Outcome<u64> {
    let acks = answers.split(|byte| *byte == b'\n').filter(|line| line.starts_with(ACK)).count();
    if u64::try_from(acks)? != KEYS {
        return Err(format!("{acks} of {KEYS} puts were acknowledged").into());
    }
    Ok(KEYS)
}

/// Fails unless every value came so many times, and returns the number of values.
fn read(answers: &[u8], times: u64) -> Outcome<u64> {
    let mut expected: Vec<String> = keys().iter().map(value).collect();
    expected = expected.iter().flat_map(|value| (0..times).map(move |_| value.clone())).collect();
    let lines = answers.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let mut found: Vec<&[u8]> =
        lines.filter(|line| line.len() == VALUE_BYTES && line.starts_with(b"k")).collect();
    expected.sort_unstable();
    found.sort_unstable();
    if !expected.iter().map(String::as_bytes).eq(found.iter().copied()) {
        return Err(
            format!("{} values came, not {} or not the right ones", found.len(), expected.len()).into()
        );
    }
    Ok(KEYS * times)
}

const STREAM: &str = "KV_bench";
const PREFIX: &str = "$KV.bench.";
const REPLY: &str = "_INBOX.answers";
const WATCHED: &str = "_INBOX.watched";
const ACK: &[u8] = b"{\"stream\":\"KV_bench\",\"seq\":";
const ERROR: &[u8] = b"\"error\":{";
const LONG: Duration = Duration::from_secs(3_600);
/// Requests that are sent at once; it divides the number of keys.
const BURST: u64 = 100;
const WATCHES: u64 = 8;
const VALUE_BYTES: usize = 128;
/// What comes at once fits.
const BUFFER_BYTES: usize = 256 << 10;
/// All answers of a work fit, so that no time is spent on making room.
const ANSWERS_BYTES: usize = 8 << 20;
/// INFO and PONG.
const LINES_OF_HELLO: u64 = 2;
/// The line of the message, and its payload.
const LINES_OF_ACK: u64 = 2;
const LINES_OF_DELIVERY: u64 = 2;
/// The same, with a header block of five lines and an empty one.
const LINES_OF_VALUE: u64 = 8;
