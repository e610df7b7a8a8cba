//! Figures of a stream.

use super::{Stream, StreamInner};
use crate::config::Sync;
use crate::convert::to_u64;
use crate::store::StoreStats;
use jetkv_types::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};

/// Figures of one stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamStats {
    /// Messages stored since the stream was opened, markers included.
    pub stored_count: u64,
    /// Bytes of their entries.
    pub stored_bytes: u64,
    /// Rewrites of its segments since it was opened.
    pub compaction_count: u64,
    /// Its segments.
    pub segment_count: u64,
    /// Bytes of its segments.
    pub disk_bytes: u64,
    /// Bytes in them that live messages need.
    pub live_bytes: u64,
    /// Bytes of memory that its index takes.
    pub index_bytes: u64,
    /// When everything was last synced that was stored until then; zero if that was before the stream was opened.
    pub synced: Timestamp,
}

/// What is counted since a stream was opened.
#[derive(Debug, Default)]
pub(super) struct StreamCounters {
    stored: AtomicU64,
    stored_bytes: AtomicU64,
    pub(super) compactions: AtomicU64,
}

impl Stream {
    /// Returns the figures of the stream.
    #[must_use]
    pub fn stats(&self) -> StreamStats {
        let inner = self.inner();
        let counters = &inner.counters;
        let mut stats = StreamStats {
            stored_count: counters.stored.load(Ordering::Relaxed),
            stored_bytes: counters.stored_bytes.load(Ordering::Relaxed),
            compaction_count: counters.compactions.load(Ordering::Relaxed),
            synced: Timestamp::from_nanos(inner.synced_at.load(Ordering::Relaxed)),
            ..StreamStats::default()
        };
        inner.measure(&mut stats);
        stats
    }
}

impl StreamInner {
    /// Counts messages that were stored with entries of so many bytes; once for each commit.
    pub(super) fn note_stored(&self, messages: u64, bytes: usize) {
        self.counters.stored.fetch_add(messages, Ordering::Relaxed);
        self.counters.stored_bytes.fetch_add(to_u64(bytes), Ordering::Relaxed);
        if self.shared.options.sync == Sync::Always {
            self.synced_at.store(self.env.clock.now().as_nanos(), Ordering::Relaxed);
        }
    }

    fn measure(&self, stats: &mut StreamStats) {
        let index = self.index.read();
        for segment in &index.segments {
            stats.segment_count += 1;
            stats.disk_bytes += u64::from(segment.end);
            stats.live_bytes += segment.live_bytes;
        }
        stats.index_bytes = index.memory_bytes();
    }

    pub(crate) fn add_stats(&self, to: &mut StoreStats) {
        let mut own = StreamStats::default();
        self.measure(&mut own);
        to.disk_bytes += own.disk_bytes;
        to.live_bytes += own.live_bytes;
        to.index_bytes += own.index_bytes;
    }
}
