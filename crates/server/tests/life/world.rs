//! A server with streams in memory, and requests to it.

use jetkv_engine::env::Env;
use jetkv_server::options::{Address, HttpOptions, HttpScheme, IfTaken, JetStreamOptions};
use jetkv_server::{Server, ServerOptions, SilentLog};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use testkit::nats::{Client, DEFAULT_CONNECT};
use tokio::runtime::{Builder, Runtime};

/// A running server.
pub(crate) struct World {
    runtime: Runtime,
    server: Option<Server>,
}

/// Returns options with streams and monitoring on free ports.
pub(crate) fn options() -> ServerOptions {
    let listen = || Address { host: "127.0.0.1".to_owned(), port: 0 };
    ServerOptions {
        listen: listen(),
        http: Some(HttpOptions {
            listen: listen(),
            scheme: HttpScheme::Plain,
            base_path: String::new(),
            if_taken: IfTaken::Fail,
        }),
        jetstream: Some(JetStreamOptions::new("/data")),
        ..ServerOptions::default()
    }
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

impl World {
    pub(crate) fn new(change: impl FnOnce(&mut ServerOptions)) -> Self {
        let (runtime, mut options) = (runtime(), options());
        change(&mut options);
        let server = runtime.block_on(Server::start(options, Env::memory(), Arc::new(SilentLog))).unwrap();
        Self { runtime, server: Some(server) }
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(&self.server().local_addr().to_string(), DEFAULT_CONNECT).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.shutdown());
        }
    }
}

/// Sends a request; returns its answer.
pub(crate) fn request(client: &mut Client, subject: &str, body: &Value) -> Value {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    serde_json::from_slice(&client.request(subject, body.as_str()).unwrap().payload).unwrap()
}

/// Gets a page; returns its status line and its body.
pub(crate) fn get(address: SocketAddr, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap_or_default().to_owned(), body.to_owned())
}

/// How long a test waits for what should come at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
