//! The status of a bucket.

use crate::{Damage, KeyValueConfig, Revision, Sync};
use jetkv_types::Timestamp;
use std::time::Duration;

/// Configuration and figures of a bucket at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The bucket.
    pub bucket: String,
    /// Its configuration.
    pub config: KeyValueConfig,
    /// Entries kept: every revision of every key, markers included.
    pub values: u64,
    /// Keys with at least one entry, deleted ones whose markers are kept included.
    pub keys: u64,
    /// Bytes of all entries, as the reference counts them.
    pub bytes: u64,
    /// Bytes of all files of the bucket; 0 in memory, and where the place does not tell.
    pub disk_bytes: u64,
    /// Revisions kept of each key.
    pub history: u32,
    /// Longest life of an entry.
    pub ttl: Option<Duration>,
    /// Revision of the oldest entry kept; one more than the last revision if there is none.
    pub first_revision: Revision,
    /// The last revision given out, kept or not.
    pub last_revision: Revision,
    /// When the bucket was created.
    pub created: Timestamp,
    /// When the last entry was written; `None` if there never was one.
    pub last_update: Option<Timestamp>,
    /// What keeps the entries: `JetStream`.
    pub backing_store: &'static str,
    /// When a write counts as done; `None` where the server decides and does not tell.
    pub durability: Option<Sync>,
    /// What is known to be damaged in the bucket.
    pub damages: Vec<Damage>,
}
