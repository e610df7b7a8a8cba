//! Our server, in this process, with a clock that tests move.

use crate::clock::ManualClock;
use jetkv::env::Env;
use jetkv_server::options::{Address, JetStreamOptions};
use jetkv_server::{Server, ServerOptions, SilentLog, StartError};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A server of ours on a free loopback port and in a directory of its own.
#[derive(Debug)]
pub struct Served {
    server: Server,
    runtime: Option<Runtime>,
    clock: Arc<ManualClock>,
    _directory: TempDir,
}

/// Why it could not be started.
#[derive(Debug)]
pub enum ServedError {
    /// The system has no directory or no thread.
    System(io::Error),
    /// The server says why.
    Start(StartError),
}

impl Served {
    /// Starts a server.
    ///
    /// # Errors
    /// What keeps the server from starting.
    pub fn start() -> Result<Self, ServedError> {
        let directory = tempfile::tempdir().map_err(ServedError::System)?;
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().map_err(ServedError::System)?;
        let clock = Arc::new(ManualClock::new());
        let env = Env { clock: clock.clone(), ..Env::system() };
        let options = ServerOptions {
            listen: Address { host: "127.0.0.1".into(), port: 0 },
            jetstream: Some(JetStreamOptions::new(directory.path())),
            ..ServerOptions::default()
        };
        let started = runtime.block_on(Server::start(options, env, Arc::new(SilentLog)));
        let server = started.map_err(ServedError::Start)?;
        Ok(Self { server, runtime: Some(runtime), clock, _directory: directory })
    }

    /// Returns where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.server.local_addr())
    }

    /// Lets time pass, and what is due happen.
    pub fn advance(&self, span: Duration) {
        self.clock.advance(span);
        // The upkeep of the store looks at the clock ten times a second.
        std::thread::sleep(UPKEEP);
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.block_on(self.server.shutdown());
            runtime.shutdown_background();
        }
    }
}

const UPKEEP: Duration = Duration::from_millis(350);
