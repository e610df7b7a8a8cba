//! What keeps a comparison from being made; a difference is no error.

use std::io;

/// Why scripts could not be run or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DifferError {
    /// A server could not be fetched, started or restarted.
    #[error("a server is missing")]
    Server(#[from] compat::CompatError),

    /// A connection of the tester itself failed.
    #[error("cannot {what} on {side}")]
    Connection {
        /// What was tried.
        what: &'static str,
        /// Which server.
        side: String,
        /// Why.
        source: io::Error,
    },

    /// The text of a script is not one.
    #[error("line {line} of the script: {problem}")]
    Script {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },

    /// A promise about acknowledged writes, histories or watches is broken.
    #[error("{0}")]
    Broken(String),
}
