//! Making a stream, and planning its segments.

use super::StreamInner;
use super::gather::Gathering;
use super::listen::Listeners;
use super::log::Log;
use super::stats::StreamCounters;
use super::writer::Writer;
use crate::config::{Storage, StreamConfig};
use crate::damage::Damage;
use crate::env::Env;
use crate::error::EngineError;
use crate::format::manifest::{MANIFEST_FILE, Manifest};
use crate::format::segment::{SegmentHeader, SegmentInfo};
use crate::index::StreamIndex;
use crate::store::Shared;
use jetkv_types::limits::MESSAGE_BYTES_MAX;
use jetkv_types::{Sequence, StreamName, SubjectFilter, Timestamp};
use parking_lot::{Condvar, Mutex, RwLock};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What a stream is made of, whether new or recovered.
#[derive(Debug)]
pub(crate) struct NewStream {
    pub(crate) config: StreamConfig,
    pub(crate) env: Env,
    pub(crate) shared: Arc<Shared>,
    pub(crate) log: Log,
    pub(crate) index: StreamIndex,
    pub(crate) damages: Vec<Damage>,
    pub(crate) next_segment_id: u64,
}

impl NewStream {
    /// Writes the files of a new, empty stream into `dir`, which exists.
    ///
    /// # Errors
    /// `Io` or `StorageFull`.
    pub(crate) fn create(
        shared: Arc<Shared>,
        env: Env,
        dir: &Path,
        id: u64,
        config: StreamConfig,
    ) -> Result<Self, EngineError> {
        let next = config.first_sequence.unwrap_or(1).max(1);
        let manifest = Manifest {
            stream_id: id,
            generation: 1,
            created: env.clock.now().as_nanos(),
            next_segment_id: 1,
            stream_floor: 0,
            next_sequence: next,
            config: crate::format::config::encode(&config),
            segments: Vec::new(),
        };
        crate::copies::write(&env, dir, MANIFEST_FILE, &manifest.seal())?;
        let log = Log {
            env: env.clone(),
            shared: Arc::clone(&shared),
            dir: dir.to_owned(),
            manifest,
            manifest_stale: false,
            open: None,
        };
        let index = StreamIndex::new(next);
        Ok(Self { config, env, shared, log, index, damages: Vec::new(), next_segment_id: 1 })
    }

    /// Puts the parts together; from here on the stream lives in `dir`.
    pub(crate) fn finish(mut self, dir: PathBuf) -> StreamInner {
        self.log.dir.clone_from(&dir);
        let placeholder = SegmentInfo {
            stream_id: self.log.manifest.stream_id,
            id: 0,
            base: self.index.next,
            salt: 0,
            data_start: 0,
            created: 0,
            stream_floor: 0,
            replaces: Vec::new(),
            prefix: "".into(),
        };
        let index = &self.index;
        let writer = Writer::new(placeholder, index.next, index.last_time, index.messages, index.bytes);
        let opened_at = index.next;
        let recent_bytes_max = self.shared.options.recent_bytes_max;
        let stream = StreamInner {
            id: self.log.manifest.stream_id,
            name: self.config.name.clone(),
            created: Timestamp::from_nanos(self.log.manifest.created),
            dir,
            env: self.env,
            shared: self.shared,
            log: Mutex::new(self.log),
            writer: Mutex::new(writer),
            index: RwLock::new(self.index),
            config: RwLock::new(Arc::new(self.config)),
            committing: Mutex::default(),
            committed: Condvar::new(),
            gathering: Gathering::default(),
            scheduled: AtomicBool::new(false),
            listeners: Arc::new(Listeners::new(recent_bytes_max)),
            damages: Mutex::new(self.damages),
            opened_at,
            next_segment_id: AtomicU64::new(self.next_segment_id),
            compacting: Mutex::default(),
            oldest: Mutex::default(),
            ended: OnceLock::new(),
            synced_at: AtomicU64::new(0),
            counters: StreamCounters::default(),
        };
        {
            let log = stream.log.lock();
            let mut writer = stream.writer.lock();
            let segment = log.open.as_ref().map(|open| (&open.file.info, open.end, open.synced_end));
            stream.reset_writer(&mut writer, &stream.index.read(), segment);
        }
        stream
    }
}

impl StreamInner {
    /// Says whether the stream is gone when the store closes.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.config.read().storage == Storage::Memory
    }

    /// Draws up a segment that does not exist yet.
    pub(crate) fn plan_segment(
        &self,
        base: Sequence,
        stream_floor: Sequence,
        replaces: Vec<u64>,
    ) -> SegmentInfo {
        let config = self.config();
        let info = SegmentInfo {
            stream_id: self.id,
            id: self.next_segment_id.fetch_add(1, Ordering::Relaxed),
            base,
            salt: u32::try_from(self.env.entropy.next_u64() >> 32).unwrap_or_default(),
            data_start: 0,
            created: self.env.clock.now().as_nanos(),
            stream_floor,
            replaces,
            prefix: common_prefix(&config.subjects).into(),
        };
        let mut header = SegmentHeader { info, config: crate::format::config::encode(&config) };
        header.seal();
        header.info
    }
}

/// Checks a configuration before anything is made of it.
///
/// # Errors
/// `InvalidConfig` says what is wrong.
pub(crate) fn check_config(config: &StreamConfig) -> Result<(), EngineError> {
    let wrong = |reason: String| Err(EngineError::InvalidConfig { stream: config.name.clone(), reason });
    if config.subjects.is_empty() {
        return wrong("at least one subject is needed".into());
    }
    for (position, subject) in config.subjects.iter().enumerate() {
        if config.subjects[..position].iter().any(|other| other.overlaps(subject)) {
            return wrong(format!("subject {subject} overlaps with another one"));
        }
    }
    if config.messages_per_subject_max == Some(0) {
        return wrong("messages per subject must be at least 1".into());
    }
    if config.age_max.is_some_and(|age| age.is_zero()) {
        return wrong("the age limit must not be zero".into());
    }
    if config.message_bytes_max.is_some_and(|max| crate::convert::to_usize(max) > MESSAGE_BYTES_MAX) {
        return wrong(format!("messages can have at most {MESSAGE_BYTES_MAX} bytes"));
    }
    if config.limit_marker.as_ref().is_some_and(|marker| marker.ttl < Duration::from_secs(1)) {
        return wrong("the life of limit markers must be at least one second".into());
    }
    Ok(())
}

/// Returns what all subjects of a stream begin with, up to a dot.
fn common_prefix(subjects: &[SubjectFilter]) -> &str {
    let Some((first, rest)) = subjects.split_first() else { return "" };
    let whole = first.literal_prefix();
    let mut prefix = if first.is_literal() { "" } else { whole };
    for other in rest {
        while !other.literal_prefix().starts_with(prefix) {
            prefix = prefix.trim_end_matches('.').rfind('.').map_or("", |dot| &prefix[..=dot]);
        }
    }
    prefix
}

/// Returns the name of a stream's directory.
pub(crate) fn directory_name(id: u64, name: &StreamName) -> String {
    // The id tells streams apart; the name is for people who look into the directory.
    let readable: String = name
        .as_str()
        .chars()
        .take(60)
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .collect();
    format!("{id:08x}-{readable}")
}
