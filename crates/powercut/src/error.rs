//! What can go wrong here; what a judge finds wrong with a server is no error but a finding.

use compat::CompatError;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why rounds could not be run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PowercutError {
    /// The disk could not be mounted.
    #[error("cannot mount a disk at {}; it takes Linux, root and /dev/fuse", place.display())]
    Mount {
        /// Where.
        place: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The disk could not be unmounted.
    #[error("cannot unmount the disk at {}", place.display())]
    Unmount {
        /// Where.
        place: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A directory could not be made.
    #[error("cannot make a directory for the disk")]
    Directory {
        /// The cause.
        source: io::Error,
    },
    /// A server could not be started or stopped.
    #[error(transparent)]
    Server(#[from] CompatError),
    /// A process could not be started.
    #[error("cannot start {program}")]
    Start {
        /// Its name.
        program: String,
        /// The cause.
        source: io::Error,
    },
}
