//! Our server, in this process, with a clock that tests move.

use crate::clock::ManualClock;
use jetkv::env::{Clock, Env};
use jetkv_server::options::{Address, JetStreamOptions};
use jetkv_server::{Server, ServerOptions, SilentLog, StartError};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A server of ours on a free loopback port and in a directory of its own.
#[derive(Debug)]
pub struct Served {
    server: Server,
    options: ServerOptions,
    runtime: Option<Runtime>,
    clock: Arc<ManualClock>,
    directory: TempDir,
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
        Self::start_with(|_| {})
    }

    /// Starts a server whose clock runs, so that what it does by itself, as giving signs of life, happens in its time.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_in_real_time() -> Result<Self, ServedError> {
        Self::start_by(ManualClock::running(), |_| {})
    }

    /// Starts a server with other options; its address and its directory stay as they are.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(change: impl FnOnce(&mut ServerOptions)) -> Result<Self, ServedError> {
        Self::start_by(ManualClock::new(), change)
    }

    fn start_by(clock: ManualClock, change: impl FnOnce(&mut ServerOptions)) -> Result<Self, ServedError> {
        let directory = tempfile::tempdir().map_err(ServedError::System)?;
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().map_err(ServedError::System)?;
        let clock = Arc::new(clock);
        let mut options = ServerOptions {
            listen: Address { host: "127.0.0.1".into(), port: 0 },
            jetstream: Some(JetStreamOptions::new(directory.path())),
            ..ServerOptions::default()
        };
        change(&mut options);
        let server = start(&runtime, &options, &clock).map_err(ServedError::Start)?;
        Ok(Self { server, options, runtime: Some(runtime), clock, directory })
    }

    /// Stops the server, and starts it again at the same port and in the same directory.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn restart(&mut self) -> Result<(), ServedError> {
        let Some(runtime) = &self.runtime else { return Ok(()) };
        self.options.listen.port = self.port();
        runtime.block_on(self.server.shutdown());
        self.server = start(runtime, &self.options, &self.clock).map_err(ServedError::Start)?;
        Ok(())
    }

    /// Returns where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.server.local_addr())
    }

    /// Returns the port that it listens at.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.local_addr().port()
    }

    /// Returns where its files are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the clock of the server, for stores beside it that are to go by the same time.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// Lets time pass, and what is due happen.
    pub fn advance(&self, span: Duration) {
        self.clock.advance(span);
        // The upkeep of the store looks at the clock ten times a second.
        std::thread::sleep(UPKEEP);
    }
}

fn start(runtime: &Runtime, options: &ServerOptions, clock: &Arc<ManualClock>) -> Result<Server, StartError> {
    let env = Env { clock: clock.clone(), ..Env::system() };
    runtime.block_on(Server::start(options.clone(), env, Arc::new(SilentLog)))
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
