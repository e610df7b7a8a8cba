//! How a replica stands to its source.

use crate::{KvError, Revision};
use std::time::Duration;

/// How a replica stands to its source at one moment.
#[derive(Debug, Clone)]
pub struct ReplicaStatus {
    /// What it is doing, and what its reads are worth.
    pub state: ReplicaState,
    /// Whether there is a connection to the source.
    pub is_connected: bool,
    /// It has everything up to this revision of the source.
    pub revision: Revision,
    /// The last revision that the source had when it was last asked; `None` before that.
    pub source_revision: Option<Revision>,
    /// Since when the source has said nothing; `None` if it never has. In good order it is below the interval of the options.
    pub age: Option<Duration>,
    /// Entries kept, markers and history included.
    pub entries: u64,
    /// How often it was filled from the beginning.
    pub fills: u64,
    /// How often it was compared with its source, entry by entry.
    pub comparisons: u64,
    /// What keeps it from following; it is tried again.
    pub error: Option<KvError>,
}

/// What a replica is doing, and what its reads are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReplicaState {
    /// It is not complete yet, or begins anew: reads are errors.
    Filling,
    /// It is complete as of an earlier time; what has happened since is being fetched and compared.
    CatchingUp,
    /// It was compared with its source over the present connection and shows every change as it comes.
    Current,
    /// The source cannot be reached: it shows what it knew at last.
    Disconnected,
    /// The source has been deleted: reads are errors until there is one again.
    SourceDeleted,
}
