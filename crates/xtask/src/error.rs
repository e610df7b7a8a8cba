//! What can go wrong in a chore.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Why a chore failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum XtaskError {
    /// A program could not be started, for example because it is not installed.
    #[error("cannot start `{command}`")]
    Start { command: String, source: std::io::Error },

    /// A program ran and reported a failure.
    #[error("`{command}` ended with {status}")]
    Command { command: String, status: ExitStatus },

    /// A program did not end by itself in the time it was given, and was killed.
    #[error("`{command}` was killed because it had not ended after {} s", limit.as_secs())]
    Timeout { command: String, limit: Duration },

    /// The answer of `cargo metadata` was not understood.
    #[error("cannot read the answer of `cargo metadata`")]
    Metadata { source: serde_json::Error },

    /// A file of the repository could not be read.
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },

    /// A file or directory could not be made or used.
    #[error("cannot use {}", path.display())]
    File { path: PathBuf, source: std::io::Error },

    /// A golden file could not be recorded.
    #[error("cannot record {}", path.display())]
    Golden { path: PathBuf, source: std::io::Error },

    /// `deny.toml` is no valid TOML or holds a setting that the check does not know.
    #[error("cannot understand {}", path.display())]
    DenyFile { path: PathBuf, source: Box<toml::de::Error> },

    /// The stored numbers of instructions are not understood.
    #[error("cannot understand {}; `cargo xtask instructions --renew` writes it anew", path.display())]
    InstructionFile { path: PathBuf, source: Box<toml::de::Error> },

    /// Callgrind counted nothing, so the function that it looks for was not entered.
    #[error("callgrind counted no instruction of `{work}`")]
    Uncounted { work: String },

    /// A check of the repository found faults; they have been printed.
    #[error("{count} finding(s)")]
    Findings { count: usize },

    /// A step was skipped although `CI=true` forbids it.
    #[error("skipped, which is a failure because CI=true: {reason}")]
    Skipped { reason: String },

    /// A step of the chore failed.
    #[error("step `{step}` failed; run it again with `{rerun}`")]
    Step { step: &'static str, rerun: &'static str, source: Box<XtaskError> },
}
