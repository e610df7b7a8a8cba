//! The suites: one for each official client, each a program in the client's language.

use crate::{CompatError, Peers, recipes};
use std::path::{Path, PathBuf};
use std::process::Command;

/// One suite.
///
/// Its program gets two arguments: the address of the server, and the address of a [`crate::Door`] in front of it.
#[derive(Debug, Clone, Copy)]
pub struct Suite {
    /// The name on the command line and in tables; also its directory below `suites`.
    pub name: &'static str,
    /// The client and its version.
    pub client: &'static str,
    /// Fetches and builds what the suite needs.
    prepare: fn(&Place<'_>) -> Result<Command, CompatError>,
}

/// Where a suite has its sources and what it needs.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    /// What was fetched and built.
    pub(crate) peers: &'a Peers,
    /// The name of the suite.
    pub(crate) name: &'static str,
    /// The directory of all suites.
    pub(crate) suites: PathBuf,
}

impl Suite {
    /// Every suite.
    pub const ALL: &'static [Self] = &[
        Self { name: "go", client: "nats.go 1.55.0", prepare: recipes::go },
        Self { name: "cli", client: "nats (natscli) 0.5.0", prepare: recipes::cli },
        Self { name: "rust", client: "async-nats 0.51.0", prepare: recipes::rust },
        Self { name: "python", client: "nats-py 2.16.0", prepare: recipes::python },
        Self {
            name: "python-split",
            client: "nats-key-value 0.1.0 (Python)",
            prepare: recipes::python_split,
        },
        Self { name: "js", client: "@nats-io/kv 3.4.0", prepare: recipes::js },
        Self { name: "java", client: "jnats 2.26.2", prepare: recipes::java },
        Self { name: "c", client: "libnats 3.4.1", prepare: recipes::c },
    ];

    /// Returns the command that runs the suite, which lacks only the two addresses.
    ///
    /// What the suite needs is fetched, and its program built, unless that was done before.
    ///
    /// # Errors
    /// [`CompatError::Unavailable`] if a tool is not installed or a package cannot be had; others if our program does
    /// not build.
    pub fn prepare(&self, peers: &Peers) -> Result<Command, CompatError> {
        let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites");
        (self.prepare)(&Place { peers, name: self.name, suites })
    }
}

impl Place<'_> {
    /// Returns the directory of the suite's sources.
    pub(crate) fn sources(&self) -> PathBuf {
        self.suites.join(self.name)
    }
}
