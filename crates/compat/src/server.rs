//! A server that runs: where it listens, how it is stopped, killed and started again on the same port and store.

use crate::program::{Launch, Program};
use crate::{CompatError, ports_file};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// How long a server may take until it is ready, and how long until it has stopped, also where many suites run at once.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often is looked.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// How many bytes of a log are shown in an error.
const LOG_TAIL_BYTES: usize = 4096;

/// A running server with a directory of its own. Dropping it kills the process and removes the directory.
#[derive(Debug)]
pub struct Server {
    program: Program,
    arguments: Vec<OsString>,
    child: Child,
    address: SocketAddr,
    directory: TempDir,
}

impl Server {
    /// Starts `program` on a free loopback port and an empty store; see [`Program::launch`].
    pub(crate) fn start(program: Program, launch: &Launch) -> Result<Self, CompatError> {
        let directory = tempfile::tempdir().map_err(CompatError::file(std::env::temp_dir()))?;
        let mut arguments = launch.arguments.clone();
        if let Some(config) = &launch.config {
            let path = directory.path().join("server.conf");
            std::fs::write(&path, config).map_err(CompatError::file(&path))?;
            arguments.extend(["-c".into(), path.into()]);
        }
        let child = spawn(&program, &arguments, "-1", directory.path())?;
        // The child is ours to kill from here on, whatever happens.
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { program, arguments, child, address, directory };
        server.address = server.wait_until_ready()?;
        Ok(server)
    }

    /// Returns where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns where clients connect, as they write it: `nats://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Returns the address of the HTTP monitor, if the server was started with one.
    #[must_use]
    pub fn monitor_address(&self) -> Option<SocketAddr> {
        ports_file::monitor_address(self.directory.path(), self.child.id())
    }

    /// Returns the program that runs.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Returns the process id, for example to read the processor time that it used.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns the directory given to the server with `-sd`.
    #[must_use]
    pub fn store_directory(&self) -> PathBuf {
        self.directory.path().join("store")
    }

    /// Returns everything that the server has printed, over all its starts.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read(log_path(self.directory.path()))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Kills the server as `kill -9` does, and starts it again on the same port and store.
    ///
    /// # Errors
    /// As for [`Program::launch`].
    pub fn kill_and_restart(&mut self) -> Result<(), CompatError> {
        self.kill();
        self.child =
            spawn(&self.program, &self.arguments, &self.address.port().to_string(), self.directory.path())?;
        self.wait_until_ready().map(drop)
    }

    /// Kills the server as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        // Both calls fail only if the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks the server to stop (SIGTERM), waits for it, and returns how it ended.
    ///
    /// # Errors
    /// If it has not ended in time; it is killed then.
    pub fn stop(mut self) -> Result<ExitStatus, CompatError> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)
            .map_err(|source| CompatError::Signal { program: self.name(), source: source.into() })?;
        self.wait_for("stopping", |server| server.child.try_wait().ok().flatten())
    }

    /// Waits until the ports file is there, which a server writes once clients can connect.
    fn wait_until_ready(&mut self) -> Result<SocketAddr, CompatError> {
        let ready = self.wait_for("starting", |server| {
            if let Ok(Some(status)) = server.child.try_wait() {
                return Some(Err(status));
            }
            ports_file::client_address(server.directory.path(), server.child.id()).map(Ok)
        })?;
        ready.map_err(|status| CompatError::Ended { program: self.name(), status, log: self.log_tail() })
    }

    fn wait_for<T>(
        &mut self,
        phase: &'static str,
        mut look: impl FnMut(&mut Self) -> Option<T>,
    ) -> Result<T, CompatError> {
        let mut waited = Duration::ZERO;
        loop {
            if let Some(found) = look(self) {
                return Ok(found);
            }
            if waited >= PATIENCE {
                self.kill();
                let program = self.name();
                return Err(CompatError::NotReady { program, phase, limit: PATIENCE, log: self.log_tail() });
            }
            thread::sleep(POLL_INTERVAL);
            waited += POLL_INTERVAL;
        }
    }

    fn name(&self) -> String {
        self.program.name().to_owned()
    }

    fn log_tail(&self) -> String {
        let log = self.log();
        let tail = log.len().saturating_sub(LOG_TAIL_BYTES);
        (tail..=log.len()).find_map(|start| log.get(start..)).unwrap_or_default().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(
    program: &Program,
    arguments: &[OsString],
    port: &str,
    directory: &Path,
) -> Result<Child, CompatError> {
    let path = log_path(directory);
    let log = append_to(&path).map_err(CompatError::file(&path))?;
    let same = log.try_clone().map_err(CompatError::file(&path))?;
    let mut command = program.command();
    command.args(["-a", "127.0.0.1", "-p", port, "-js", "-sd"]).arg(directory.join("store"));
    command.arg("--ports_file_dir").arg(directory).args(arguments);
    command.current_dir(directory).stdin(Stdio::null()).stdout(same).stderr(log);
    command.spawn().map_err(|source| CompatError::Start { command: program.name().to_owned(), source })
}

/// Opens the log to write behind what is there, so that a restart does not lose it.
#[expect(clippy::disallowed_methods, reason = "a real file that a real server writes to")]
fn append_to(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::OpenOptions::new().append(true).create(true).open(path)
}

fn log_path(directory: &Path) -> PathBuf {
    directory.join("server.log")
}
