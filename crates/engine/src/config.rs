//! The configuration of a stream, as far as the engine gives it a meaning, and of a store.

use jetkv_types::{Headers, Sequence, StreamName, SubjectFilter};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a stream captures, how much it keeps, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamConfig {
    /// Name of the stream; unique in its store.
    pub name: StreamName,
    /// The stream stores messages whose subject matches one of these.
    pub subjects: Vec<SubjectFilter>,
    /// Where messages live. It never changes.
    pub storage: Storage,
    /// Most messages kept; `None` means no limit.
    pub messages_max: Option<u64>,
    /// Most bytes kept, counted as the reference counts them (PROTOCOL 4.1); `None` means no limit.
    pub bytes_max: Option<u64>,
    /// Longest life of a message; `None` means no limit.
    pub age_max: Option<Duration>,
    /// Most messages kept for each subject, at least 1; `None` means no limit.
    pub messages_per_subject_max: Option<u64>,
    /// Largest header block and payload together; `None` means [`jetkv_types::limits::MESSAGE_BYTES_MAX`].
    pub message_bytes_max: Option<u32>,
    /// What gives way when `messages_max` or `bytes_max` is reached.
    pub discard: Discard,
    /// Whether payloads are compressed where it pays.
    pub compression: Compression,
    /// If set, a subject whose last message goes by age gets a marker in its place.
    pub limit_marker: Option<LimitMarker>,
    /// Sequence of the first message of a new stream; `None` means 1.
    pub first_sequence: Option<Sequence>,
    /// Settings that the layers above keep with the stream; the engine stores them and gives them no meaning.
    pub attributes: BTreeMap<String, String>,
}

impl StreamConfig {
    /// Returns a configuration without any limit, on disk.
    #[must_use]
    pub fn new(name: StreamName, subjects: Vec<SubjectFilter>) -> Self {
        Self {
            name,
            subjects,
            storage: Storage::File,
            messages_max: None,
            bytes_max: None,
            age_max: None,
            messages_per_subject_max: None,
            message_bytes_max: None,
            discard: Discard::Old,
            compression: Compression::None,
            limit_marker: None,
            first_sequence: None,
            attributes: BTreeMap::new(),
        }
    }

    /// Says whether the stream stores messages of `subject`.
    #[must_use]
    pub fn captures(&self, subject: &str) -> bool {
        self.subjects.iter().any(|filter| filter.matches(subject))
    }
}

/// Where the messages of a stream live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Storage {
    /// In files; they survive.
    File,
    /// In memory; stream and messages are gone when the store closes.
    Memory,
}

/// What gives way at a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Discard {
    /// The oldest messages are dropped.
    Old,
    /// The new message is refused. A subject at its own limit still gives up its oldest message, where bytes are short to one
    /// that is not larger.
    New,
    /// As `New`, and a subject at its own limit refuses the new message too.
    NewPerSubject,
}

/// How payloads are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// As they came.
    None,
    /// LZ4 block format for payloads that become smaller by it.
    Lz4,
}

/// The marker that takes the place of a subject's last message when that goes by age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitMarker {
    /// How long the marker itself lives.
    pub ttl: Duration,
    /// The header block that it carries.
    pub headers: Headers,
}

/// How a store works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// When a write counts as done.
    pub sync: Sync,
    /// Who does what has to be done from time to time.
    pub upkeep: Upkeep,
    /// Smallest size at which a segment is closed and a new one begun; a record may exceed it.
    pub segment_bytes_min: u32,
    /// Largest size at which a segment is closed.
    pub segment_bytes_max: u32,
    /// Space kept back on disk so that deletes, purges and compaction work when the disk is full.
    pub reserve_bytes: u64,
    /// Bytes of recent messages kept in memory for each stream, so that watchers need no file operation.
    pub recent_bytes_max: usize,
    /// Most bytes of memory for blocks of segment files, of all streams together, so that what is read often is read without
    /// a system call; 0 for none.
    pub cache_bytes: usize,
    /// Bytes of such a block; the next lower power of two is taken.
    pub cache_block_bytes: u32,
}

impl Default for StoreOptions {
    /// Durable before acknowledged, upkeep by threads, segments of 1 to 64 MiB, 1 MiB in reserve, 4 MiB of recent messages,
    /// no cache; if one is asked for, in blocks of 32 KiB.
    fn default() -> Self {
        Self {
            sync: Sync::Always,
            upkeep: Upkeep::Threads,
            segment_bytes_min: 1 << 20,
            segment_bytes_max: 64 << 20,
            reserve_bytes: 1 << 20,
            recent_bytes_max: 4 << 20,
            cache_bytes: 0,
            cache_block_bytes: 32 << 10,
        }
    }
}

/// When a write counts as done and becomes visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sync {
    /// When it is on stable storage; writes that arrive while a sync runs share the next one.
    Always,
    /// When it is written to the operating system; synced when this time is over, looked at every 100 ms and
    /// later while a long compaction runs. A power cut can take back that much.
    Every(Duration),
    /// When it is written to the operating system, which syncs when it likes. A process crash loses nothing, a power cut may.
    Os,
}

/// Who expires, syncs and compacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Upkeep {
    /// A thread of the store, as soon as it is due.
    Threads,
    /// Nobody but calls of `Store::run_upkeep`; for tests and programs that want no thread.
    Manual,
}
