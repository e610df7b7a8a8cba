//! API sketch.
#![allow(missing_docs, clippy::unimplemented, unused_variables, clippy::missing_errors_doc)]
use crate::env::Env;
use crate::*;
use jetkv_types::StreamName;
use std::path::{Path, PathBuf};

/// A data directory, open. Cheap to clone (Arc inside). Dropping the last clone stops threads WITHOUT the clean mark; call `close` for a clean stop.
#[derive(Debug, Clone)]
pub struct Store {}

/// Figures of a whole store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreStats {
    pub sync_count: u64,
    pub compaction_count: u64,
    pub disk_bytes: u64,
    pub live_bytes: u64,
    pub index_bytes: u64,
}

/// What a repair did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// Damages whose messages were given up.
    pub given_up: Vec<Damage>,
    /// Files set aside, in their new place.
    pub quarantined: Vec<PathBuf>,
}

impl Store {
    /// Opens or creates the store in `dir`; recovers every stream. Err(Locked) if somebody else has it.
    pub fn open(env: Env, dir: &Path, options: StoreOptions) -> Result<Self, EngineError> {
        unimplemented!()
    }
    /// Opens a store whose files live in memory.
    pub fn memory(options: StoreOptions) -> Result<Self, EngineError> {
        unimplemented!()
    }
    pub fn dir(&self) -> &Path {
        unimplemented!()
    }
    pub fn options(&self) -> &StoreOptions {
        unimplemented!()
    }
    /// Creates; durable when it returns. Err(StreamExists) whatever its config (compare `stream(name).config()` yourself). Err(InvalidConfig).
    pub fn create_stream(&self, config: StreamConfig) -> Result<Stream, EngineError> {
        unimplemented!()
    }
    /// Replaces the configuration; lower limits take effect at once (history trimmed, etc.); durable when it returns. Storage must be equal.
    pub fn update_stream(&self, config: StreamConfig) -> Result<Stream, EngineError> {
        unimplemented!()
    }
    /// Deletes the stream with all messages; durable when it returns.
    pub fn delete_stream(&self, name: &StreamName) -> Result<(), EngineError> {
        unimplemented!()
    }
    pub fn stream(&self, name: &StreamName) -> Result<Stream, EngineError> {
        unimplemented!()
    }
    /// All streams, sorted by name.
    pub fn streams(&self) -> Vec<Stream> {
        unimplemented!()
    }
    /// Everything known to be damaged in the whole store (does not read all data).
    pub fn damages(&self) -> Vec<Damage> {
        unimplemented!()
    }
    /// Reads and verifies every record of every stream (scrub) and returns everything damaged; calls `progress(bytes_done, bytes_total)`.
    pub fn check(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Vec<Damage>, EngineError> {
        unimplemented!()
    }
    /// Gives up damaged messages: rewrites affected segments from what is intact, moves the damaged files to `quarantine/`.
    pub fn repair(&self) -> Result<RepairReport, EngineError> {
        unimplemented!()
    }
    /// Does what is due: expiry, interval syncs, compaction. For `Upkeep::Manual`; harmless otherwise.
    pub fn run_upkeep(&self) -> Result<(), EngineError> {
        unimplemented!()
    }
    /// Rewrites every segment with anything dead in it, now.
    pub fn compact(&self) -> Result<(), EngineError> {
        unimplemented!()
    }
    /// Makes everything durable now, whatever the sync mode.
    pub fn sync(&self) -> Result<(), EngineError> {
        unimplemented!()
    }
    pub fn stats(&self) -> StoreStats {
        unimplemented!()
    }
    /// Stops: waits for commits in flight, syncs, writes the clean mark, releases the lock. Handles answer `Closed` afterwards. Idempotent.
    pub fn close(&self) -> Result<(), EngineError> {
        unimplemented!()
    }
}
