//! What can go wrong around foreign programs.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Why a peer could not be fetched, started or driven.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompatError {
    /// A program could not be started, for example because it is not installed.
    #[error("cannot start `{command}`")]
    Start {
        /// The program's name.
        command: String,
        /// Why.
        source: std::io::Error,
    },

    /// A program that fetches or builds something reported a failure.
    #[error("`{command}` ended with {status}; its last words:\n{output}")]
    Command {
        /// The program with its arguments.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it printed.
        output: String,
    },

    /// A file or a directory of ours could not be read or written.
    #[error("cannot use {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },

    /// Something foreign cannot be had on this machine: a tool is not installed, or a package is not served.
    #[error("not to be had here")]
    Unavailable {
        /// What was tried.
        source: Box<CompatError>,
    },

    /// A package was installed and does not hold what it should.
    #[error("{} is not there after fetching {peer}", path.display())]
    Incomplete {
        /// The peer's name.
        peer: String,
        /// The file that is missing.
        path: PathBuf,
    },

    /// A server did not start or stop in time; it was killed.
    #[error("{program} is still {phase} after {} s; the end of its log:\n{log}", limit.as_secs())]
    NotReady {
        /// The server's name.
        program: String,
        /// What was waited for.
        phase: &'static str,
        /// How long was waited.
        limit: Duration,
        /// The end of what it printed.
        log: String,
    },

    /// A server ended by itself while it should run.
    #[error("{program} ended with {status}; the end of its log:\n{log}")]
    Ended {
        /// The server's name.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it printed.
        log: String,
    },

    /// A suite did not end by itself; it was killed.
    #[error("the suite has not ended after {} s; what it had printed:\n{output}", limit.as_secs())]
    SuiteTimeout {
        /// How long was waited.
        limit: Duration,
        /// What it had printed; the case behind the last line is the one that hangs.
        output: String,
    },

    /// A signal could not be sent to a server.
    #[error("cannot signal {program}")]
    Signal {
        /// The server's name.
        program: String,
        /// Why.
        source: std::io::Error,
    },
}

impl CompatError {
    /// Marks a fault of fetching.
    pub(crate) fn unavailable(self) -> Self {
        Self::Unavailable { source: Box::new(self) }
    }

    /// Returns a closure that names `path` in a fault of the file system.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
