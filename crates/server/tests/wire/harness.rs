//! A server on a free port, and a client made of a socket.

use jetkv_engine::env::Env;
use jetkv_server::options::{Address, Credential, Secret, UserOptions};
use jetkv_server::{LogLevel, LogSink, Server, ServerOptions, SilentLog, StartError};
use std::fmt;
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;

/// A running server.
pub(crate) struct World {
    runtime: Runtime,
    server: Option<Arc<Server>>,
}

impl World {
    /// Starts a server with the default options, changed by `change`.
    pub(crate) fn new(change: impl FnOnce(&mut ServerOptions)) -> Self {
        Self::with_log(Arc::new(SilentLog), change)
    }

    /// Starts a server whose lines go to `log`.
    pub(crate) fn with_log(log: Arc<dyn LogSink>, change: impl FnOnce(&mut ServerOptions)) -> Self {
        Self::try_on(Env::memory(), log, change).unwrap()
    }

    /// Tries to start a server in a world of its own: its files, its clock, its randomness.
    pub(crate) fn try_on(
        env: Env,
        log: Arc<dyn LogSink>,
        change: impl FnOnce(&mut ServerOptions),
    ) -> Result<Self, StartError> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let start = Server::start(options(change), env, log);
        let server = runtime.block_on(start)?;
        Ok(Self { runtime, server: Some(Arc::new(server)) })
    }

    /// Starts a server with the default options.
    pub(crate) fn open() -> Self {
        Self::new(|_| {})
    }

    pub(crate) fn server(&self) -> &Arc<Server> {
        self.server.as_ref().unwrap()
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Connects without reading or sending anything.
    pub(crate) fn socket(&self) -> Raw {
        let stream = TcpStream::connect(self.server().local_addr()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        Raw { stream, reader }
    }

    /// Connects and reads INFO.
    pub(crate) fn raw(&self) -> Raw {
        let mut raw = self.socket();
        assert!(raw.line().starts_with("INFO {"));
        raw
    }

    /// Connects like an official client does.
    pub(crate) fn client(&self) -> Raw {
        self.client_with("")
    }

    /// Connects like an official client does; `fields` are put into CONNECT in front of its other fields.
    pub(crate) fn client_with(&self, fields: &str) -> Raw {
        let mut raw = self.raw();
        raw.send(&connect_line(fields));
        raw.send("PING\r\n");
        raw.expect("PONG\r\n");
        assert!(raw.line().starts_with("INFO {"));
        raw
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.shutdown());
        }
    }
}

/// Returns the CONNECT of an official client, with `fields` (each followed by a comma) in front.
pub(crate) fn connect_line(fields: &str) -> String {
    format!(
        "CONNECT {{{fields}\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true,\"protocol\":1}}\r\n"
    )
}

/// Returns default options on a free port, changed by `change`.
pub(crate) fn options(change: impl FnOnce(&mut ServerOptions)) -> ServerOptions {
    let listen = Address { host: "127.0.0.1".to_owned(), port: 0 };
    let mut options = ServerOptions { listen, ..ServerOptions::default() };
    // A slow machine must not bring pings that a test does not expect.
    options.keep_alive.first_ping = options.keep_alive.ping_interval;
    change(&mut options);
    options
}

/// Returns a user that may do everything.
pub(crate) fn user(name: &str, password: &str) -> UserOptions {
    UserOptions::new(Credential::Password { user: name.to_owned(), password: Secret::new(password) })
}

/// How long a test waits for bytes that should come at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// A socket of a client.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Raw {
    pub(crate) fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    /// Reads as many bytes as `expected` has, and compares.
    #[track_caller]
    pub(crate) fn expect(&mut self, expected: &str) {
        let mut found = Vec::new();
        let mut byte = [0];
        while found.len() < expected.len() {
            match self.reader.read(&mut byte) {
                Ok(1) => found.push(byte[0]),
                Ok(_) => break,
                Err(error) => {
                    found.extend_from_slice(format!("<{error}>").as_bytes());
                    break;
                }
            }
        }
        assert_eq!(String::from_utf8_lossy(&found), expected);
    }

    /// Sends `text` and expects exactly `expected` before the answer to a PING.
    #[track_caller]
    pub(crate) fn check(&mut self, text: &str, expected: &str) {
        self.send(text);
        self.send("PING\r\n");
        self.expect(&format!("{expected}PONG\r\n"));
    }

    /// Expects `last` and then the end.
    #[track_caller]
    pub(crate) fn expect_end(&mut self, last: &str) {
        let mut found = Vec::new();
        let ended = self.reader.read_to_end(&mut found);
        assert_eq!(String::from_utf8_lossy(&found), last);
        assert!(ended.is_ok(), "the connection was reset: {ended:?}");
    }

    /// Reads a line, without its end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = Vec::new();
        let mut byte = [0];
        while !line.ends_with(b"\r\n") && self.reader.read(&mut byte).unwrap() == 1 {
            line.push(byte[0]);
        }
        String::from_utf8(line).unwrap().trim_end_matches("\r\n").to_owned()
    }
}

/// Keeps the lines that a server logs.
#[derive(Debug)]
pub(crate) struct Lines {
    level: LogLevel,
    lines: Mutex<Vec<String>>,
}

impl Lines {
    pub(crate) fn new(level: LogLevel) -> Arc<Self> {
        Arc::new(Self { level, lines: Mutex::default() })
    }

    /// Returns all lines so far.
    pub(crate) fn all(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Returns the parts of the lines behind `mark`, for lines that have it.
    pub(crate) fn behind(&self, mark: &str) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter_map(|line| Some(line.split_once(mark)?.1.to_owned())).collect()
    }
}

impl LogSink for Lines {
    fn write(&self, level: LogLevel, line: fmt::Arguments<'_>) {
        assert!(self.wants(level));
        self.lines.lock().unwrap().push(line.to_string());
    }

    fn wants(&self, level: LogLevel) -> bool {
        level <= self.level
    }
}

/// Returns the value of a field of an INFO line, as JSON.
pub(crate) fn field(info: &str, name: &str) -> Option<serde_json::Value> {
    let json: serde_json::Value = serde_json::from_str(info.strip_prefix("INFO ").unwrap()).unwrap();
    json.get(name).cloned()
}
