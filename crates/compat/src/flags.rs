//! The command line of the runner.

use std::path::PathBuf;

/// What the runner is asked to do.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    /// The suites to run; all of them if empty.
    pub(crate) suites: Vec<String>,
    /// Our server's program; without it only the reference is driven.
    pub(crate) jetkv: Option<PathBuf>,
    /// Whether the reference, the control, is left out.
    pub(crate) without_reference: bool,
    /// Whether only the reference server is fetched.
    pub(crate) fetch_only: bool,
    /// Whether everything that the suites print is shown.
    pub(crate) verbose: bool,
}

/// How the runner is used.
pub(crate) const USAGE: &str =
    "usage: compat [--jetkv PROGRAM] [--without-reference] [--verbose] [SUITE...], or compat --fetch";

impl Flags {
    /// Reads the arguments behind the program's name; `None` if they make no sense.
    pub(crate) fn read(arguments: impl IntoIterator<Item = String>) -> Option<Self> {
        let mut flags = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--jetkv" => flags.jetkv = Some(arguments.next()?.into()),
                "--without-reference" => flags.without_reference = true,
                "--fetch" => flags.fetch_only = true,
                "--verbose" => flags.verbose = true,
                name if name.starts_with('-') => return None,
                name => flags.suites.push(name.to_owned()),
            }
        }
        Some(flags)
    }
}
