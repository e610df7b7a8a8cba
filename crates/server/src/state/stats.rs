//! Counters of a server.

use crate::snapshot::Totals;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is counted since the start; connections add up their own counts after each batch.
#[derive(Debug, Default)]
pub(crate) struct ServerStats {
    in_messages: AtomicU64,
    in_bytes: AtomicU64,
    out_messages: AtomicU64,
    out_bytes: AtomicU64,
    slow_consumers: AtomicU64,
    stale_connections: AtomicU64,
    stalled_clients: AtomicU64,
    answers: AtomicU64,
}

impl ServerStats {
    /// Counts messages of clients.
    pub(crate) fn add_in(&self, messages: u64, bytes: u64) {
        self.in_messages.fetch_add(messages, Ordering::Relaxed);
        self.in_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts messages to clients.
    pub(crate) fn add_out(&self, messages: u64, bytes: u64) {
        self.out_messages.fetch_add(messages, Ordering::Relaxed);
        self.out_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts a connection that was too slow.
    pub(crate) fn add_slow_consumer(&self) {
        self.slow_consumers.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a connection that did not answer pings.
    pub(crate) fn add_stale_connection(&self) {
        self.stale_connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a publisher that was held back.
    pub(crate) fn add_stalled_client(&self) {
        self.stalled_clients.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of the next answer of the server itself.
    pub(crate) fn next_answer(&self) -> u64 {
        self.answers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Returns all counters.
    pub(crate) fn totals(&self) -> Totals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Totals {
            in_messages: read(&self.in_messages),
            in_bytes: read(&self.in_bytes),
            out_messages: read(&self.out_messages),
            out_bytes: read(&self.out_bytes),
            slow_consumers: read(&self.slow_consumers),
            stale_connections: read(&self.stale_connections),
            stalled_clients: read(&self.stalled_clients),
        }
    }
}
