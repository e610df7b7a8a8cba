//! What all tests of this suite start from: a small store on a simulated disk, and short forms of common calls.

use jetkv_engine::env::{Env, Fs};
use jetkv_engine::{Append, EngineError, Select, Store, StoreOptions, Stream, StreamConfig, Sync, Upkeep};
use jetkv_types::{Message, StreamName, Subject, SubjectFilter, Timestamp};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use testkit::{ManualClock, SeededEntropy};

pub(crate) const DIR: &str = "/data";

/// Segments of half a kilobyte, so that every workload fills several.
pub(crate) fn small(sync: Sync) -> StoreOptions {
    StoreOptions {
        sync,
        upkeep: Upkeep::Manual,
        segment_bytes_min: 512,
        segment_bytes_max: 2048,
        reserve_bytes: 96 << 10,
        recent_bytes_max: 4096,
        // Four blocks.
        cache_bytes: 1_300,
        cache_block_bytes: 256,
    }
}

pub(crate) fn clock() -> ManualClock {
    ManualClock::new(Timestamp::from_nanos(1_000_000_000_000))
}

pub(crate) fn env(fs: impl Fs + 'static, clock: &ManualClock) -> Env {
    Env { fs: Arc::new(fs), clock: Arc::new(clock.clone()), entropy: Arc::new(SeededEntropy::new(7)) }
}

pub(crate) fn open(
    fs: impl Fs + 'static,
    clock: &ManualClock,
    options: StoreOptions,
) -> Result<Store, EngineError> {
    Store::open(env(fs, clock), Path::new(DIR), options)
}

pub(crate) fn name(text: &str) -> StreamName {
    StreamName::new(text).unwrap()
}

pub(crate) fn subject(text: &str) -> Subject {
    Subject::new(text).unwrap()
}

/// A stream that captures everything below its own name.
pub(crate) fn config(stream: &str, history: u64) -> StreamConfig {
    let subjects = vec![SubjectFilter::new(format!("{stream}.>")).unwrap()];
    let mut config = StreamConfig::new(name(stream), subjects);
    config.messages_per_subject_max = Some(history);
    config
}

pub(crate) fn put(stream: &Stream, key: &str, value: &[u8]) -> Result<u64, EngineError> {
    stream.append(&[Append::put(&subject(key), value)]).wait().map(|committed| committed.last)
}

pub(crate) fn text(message: &Message) -> String {
    String::from_utf8(message.payload.to_vec()).unwrap()
}

/// Everything live in a stream: subject and value by sequence.
pub(crate) fn everything(stream: &Stream) -> Result<BTreeMap<u64, (String, String)>, EngineError> {
    let all = [SubjectFilter::new(">").unwrap()];
    let selection = stream.select(&all, Select::All, 0)?;
    let mut found = BTreeMap::new();
    for sequence in selection.sequences {
        let message = stream.get(sequence)?.unwrap();
        found.insert(sequence, (message.subject.as_str().to_owned(), text(&message)));
    }
    Ok(found)
}

/// Says whether an error promises that nothing was written.
pub(crate) fn is_definite(error: &EngineError) -> bool {
    !matches!(error, EngineError::Io { .. } | EngineError::Poisoned { .. })
}
