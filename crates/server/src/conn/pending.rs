//! How much waits to be written to all connections together.

use super::chunks::Chunks;
use std::sync::atomic::{AtomicU64, Ordering};

/// The memory of what waits to be written, and the limits on it; one for a server.
///
/// Connections report in steps, so that the shared counter is not touched for every message.
#[derive(Debug)]
pub(crate) struct PendingTotal {
    bytes: AtomicU64,
    connections: AtomicU64,
    bytes_max: AtomicU64,
    connection_bytes_max: AtomicU64,
    chunks: Chunks,
}

/// What a connection reports at a time.
pub(super) const STEP_BYTES: u64 = 16 << 10;

impl PendingTotal {
    /// Returns a count with its limits: for all connections, and for each.
    pub(crate) fn new(bytes_max: u64, connection_bytes_max: u64) -> Self {
        Self {
            bytes: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            bytes_max: AtomicU64::new(bytes_max),
            connection_bytes_max: AtomicU64::new(connection_bytes_max),
            chunks: Chunks::default(),
        }
    }

    /// Changes the limits.
    pub(crate) fn set_limits(&self, bytes_max: u64, connection_bytes_max: u64) {
        self.bytes_max.store(bytes_max, Ordering::Relaxed);
        self.connection_bytes_max.store(connection_bytes_max, Ordering::Relaxed);
    }

    /// Returns the bytes that wait, to within a step for each connection.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns the limit of one connection.
    pub(super) fn connection_bytes_max(&self) -> u64 {
        self.connection_bytes_max.load(Ordering::Relaxed)
    }

    /// Says whether a connection with `bytes` waiting must give way: all together hold too much, and it more than its share.
    /// If the total is above the limit there always is such a connection.
    pub(super) fn is_hog(&self, bytes: u64) -> bool {
        let max = self.bytes_max.load(Ordering::Relaxed);
        self.bytes() > max && bytes > max / self.connections.load(Ordering::Relaxed).max(1)
    }

    /// Returns the chunks that nobody needs.
    pub(super) fn chunks(&self) -> &Chunks {
        &self.chunks
    }

    /// Takes back a chunk that a connection needs no more.
    pub(super) fn give_back(&self, buffer: Vec<u8>) {
        self.chunks.give(buffer);
    }

    /// Frees memory that was not needed for a while; to be called from time to time.
    pub(crate) fn release(&self) {
        self.chunks.release();
    }

    pub(super) fn join(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn leave(&self, reported: u64) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(reported, Ordering::Relaxed);
    }

    /// Replaces what a connection reported before by what it has now.
    pub(super) fn report(&self, before: u64, now: u64) {
        if now > before {
            self.bytes.fetch_add(now - before, Ordering::Relaxed);
        } else {
            self.bytes.fetch_sub(before - now, Ordering::Relaxed);
        }
    }
}
