//! Small stores with a bit of everything, and what exactly they hold.

use jetkv_engine::env::{Env, Fs};
use jetkv_engine::{
    Append, Compression, EngineError, Purge, Rollup, Store, StoreOptions, Stream, StreamConfig, Sync, Ttl,
    Upkeep,
};
use jetkv_types::{Headers, Message, Operation, StreamName, Subject, SubjectFilter, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use testkit::{DiskModel, ManualClock, Rng, SeededEntropy, SimFs};

/// A message as it was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) subject: String,
    pub(crate) operation: Operation,
    pub(crate) headers: Headers,
    pub(crate) payload: Vec<u8>,
}

impl Written {
    pub(crate) fn is(&self, message: &Message) -> bool {
        message.subject.as_str() == self.subject
            && message.operation == self.operation
            && message.headers == self.headers
            && message.payload == self.payload
    }
}

/// What a stream holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expected {
    /// Everything that was ever acknowledged, by sequence.
    pub(crate) written: BTreeMap<u64, Written>,
    /// Live sequences of every subject that was ever written; empty if it has none.
    pub(crate) live: BTreeMap<String, Vec<u64>>,
    history: usize,
}

impl Expected {
    pub(crate) fn note(&mut self, sequence: u64, written: Written, rollup: Rollup) {
        let live = self.live.entry(written.subject.clone()).or_default();
        if rollup == Rollup::Subject {
            live.clear();
        }
        live.push(sequence);
        let excess = live.len().saturating_sub(self.history);
        live.drain(..excess);
        self.written.insert(sequence, written);
    }

    pub(crate) fn sequences(&self) -> Vec<u64> {
        let mut sequences: Vec<u64> = self.live.values().flatten().copied().collect();
        sequences.sort_unstable();
        sequences
    }

    pub(crate) fn last_sequence(&self) -> u64 {
        self.written.last_key_value().map_or(0, |(sequence, _)| *sequence)
    }
}

/// The content of a store.
pub(crate) type Oracle = BTreeMap<&'static str, Expected>;

/// A store at rest, and what it holds.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) name: &'static str,
    pub(crate) fs: SimFs,
    pub(crate) oracle: Oracle,
    /// The same store at earlier times.
    pub(crate) earlier: Vec<SimFs>,
    /// Files that no manifest lists, left by a rewriting that was interrupted; opening removes them.
    pub(crate) leftovers: BTreeSet<PathBuf>,
}

/// How the store came to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Clean,
    Killed,
    PowerCut,
}

pub(crate) fn options() -> StoreOptions {
    StoreOptions {
        sync: Sync::Always,
        upkeep: Upkeep::Manual,
        segment_bytes_min: 512,
        segment_bytes_max: 2048,
        reserve_bytes: 64,
        recent_bytes_max: 4096,
        // A few blocks.
        cache_bytes: 1_000,
        cache_block_bytes: 128,
    }
}

/// Returns a file system with an empty directory for a store, durable.
pub(crate) fn new_fs() -> SimFs {
    let fs = SimFs::new(DiskModel::Posix);
    fs.create_dir_all(Path::new(DIR)).unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    fs
}

pub(crate) fn open(fs: &SimFs) -> Result<Store, EngineError> {
    open_with(fs, options())
}

pub(crate) fn open_with(fs: &SimFs, options: StoreOptions) -> Result<Store, EngineError> {
    let env = Env {
        fs: Arc::new(fs.clone()),
        clock: Arc::new(ManualClock::new(Timestamp::from_nanos(1_000_000_000_000))),
        // Each opening draws other numbers, as a real one would.
        entropy: Arc::new(SeededEntropy::new(7 + fs.op_count() + fs.used_bytes())),
    };
    Store::open(env, Path::new(DIR), options)
}

pub(crate) fn subject(text: &str) -> Subject {
    Subject::new(text).unwrap()
}

pub(crate) fn everything() -> [SubjectFilter; 1] {
    [SubjectFilter::new(">").unwrap()]
}

pub(crate) fn stream(store: &Store, name: &str) -> Result<Stream, EngineError> {
    store.stream(&StreamName::new(name).unwrap())
}

/// Builds a store of two streams: history 1, and history 3 with compression.
pub(crate) fn image(seed: u64, stop: Stop) -> Image {
    let mut builder = Builder::new(seed);
    let rounds = if seed == 0 { 150 } else { 20 + builder.rng.below(200) };
    for round in 0..rounds {
        builder.step();
        if round % 50 == 10 {
            builder.earlier.push(builder.fs.fork());
        }
        if round == rounds / 3 {
            builder.store.close().unwrap();
            builder.fs = builder.fs.kill();
            builder.store = open(&builder.fs).unwrap();
            builder.store.compact().unwrap();
        }
        if round % 20 == 10 {
            builder.store.run_upkeep().unwrap();
        }
    }
    builder.stop(stop)
}

struct Builder {
    fs: SimFs,
    store: Store,
    rng: Rng,
    oracle: Oracle,
    earlier: Vec<SimFs>,
    count: u64,
}

impl Builder {
    fn new(seed: u64) -> Self {
        let fs = new_fs();
        let store = open(&fs).unwrap();
        let mut oracle = Oracle::new();
        for (name, history) in STREAMS {
            let filters = vec![SubjectFilter::new(format!("{name}.>")).unwrap()];
            let mut config = StreamConfig::new(StreamName::new(name).unwrap(), filters);
            config.messages_per_subject_max = Some(history);
            config.compression = if history > 1 { Compression::Lz4 } else { Compression::None };
            store.create_stream(config).unwrap();
            let history = usize::try_from(history).unwrap();
            oracle.insert(name, Expected { history, ..Expected::default() });
        }
        Self { fs, store, rng: Rng::new(seed), oracle, earlier: Vec::new(), count: 0 }
    }

    fn step(&mut self) {
        let (name, _) = *self.rng.pick(&STREAMS);
        let stream = stream(&self.store, name).unwrap();
        let key = format!("{name}.k{}", self.rng.below(20));
        match self.rng.below(20) {
            0..12 => self.put(&stream, name, &[key]),
            12 => {
                let other = format!("{name}.b{}", self.rng.below(4));
                self.put(&stream, name, &[key, other]);
            }
            13..15 => self.mark(&stream, name, &key, Operation::Delete, Rollup::None),
            15 => self.mark(&stream, name, &key, Operation::Purge, Rollup::Subject),
            16 => self.roll_up(&stream, name, &key),
            17 => self.purge(&stream, name, &key),
            _ => self.remove(&stream, name),
        }
    }

    fn value(&mut self, key: &str) -> Vec<u8> {
        self.count += 1;
        let mut value = format!("{key}#{}:", self.count).into_bytes();
        let length = self.rng.index(180);
        match self.rng.below(4) {
            0 => value.clear(),
            1 => value.resize(value.len() + length, b'x'),
            _ => value.extend(self.rng.bytes(length)),
        }
        value
    }

    fn put(&mut self, stream: &Stream, name: &'static str, keys: &[String]) {
        let headers = if self.rng.chance(1, 4) {
            Headers::from_pairs([("Origin", "here"), ("Number", "7")]).unwrap()
        } else {
            Headers::none()
        };
        let ttl = if self.rng.chance(1, 5) { Ttl::After(Duration::from_secs(9000)) } else { Ttl::Stream };
        let subjects: Vec<_> = keys.iter().map(|key| subject(key)).collect();
        let values: Vec<_> = keys.iter().map(|key| self.value(key)).collect();
        let batch: Vec<_> = subjects
            .iter()
            .zip(&values)
            .map(|(subject, value)| Append { headers: &headers, ttl, ..Append::put(subject, value) })
            .collect();
        let first = stream.append(&batch).wait().unwrap().first;
        for (sequence, (subject, payload)) in (first..).zip(keys.iter().zip(values)) {
            let headers = headers.clone();
            let written = Written { subject: subject.clone(), operation: Operation::Put, headers, payload };
            self.expected(name).note(sequence, written, Rollup::None);
        }
    }

    fn mark(&mut self, stream: &Stream, name: &'static str, key: &str, operation: Operation, rollup: Rollup) {
        let of = subject(key);
        let append = Append { operation, rollup, ..Append::put(&of, b"") };
        let sequence = stream.append(&[append]).wait().unwrap().last;
        let headers = Headers::none();
        let written = Written { subject: key.into(), operation, headers, payload: Vec::new() };
        self.expected(name).note(sequence, written, rollup);
    }

    fn roll_up(&mut self, stream: &Stream, name: &'static str, key: &str) {
        let payload = self.value(key);
        let of = subject(key);
        let append = Append { rollup: Rollup::Subject, ..Append::put(&of, &payload) };
        let sequence = stream.append(&[append]).wait().unwrap().last;
        let headers = Headers::none();
        let written = Written { subject: key.into(), operation: Operation::Put, headers, payload };
        self.expected(name).note(sequence, written, Rollup::Subject);
    }

    fn purge(&mut self, stream: &Stream, name: &'static str, key: &str) {
        let keep = self.rng.below(2);
        let filter = Some(SubjectFilter::new(key).unwrap());
        stream.purge(&Purge { filter, keep: Some(keep).filter(|keep| *keep > 0), below: None }).unwrap();
        if let Some(live) = self.expected(name).live.get_mut(key) {
            let keep = usize::try_from(keep).unwrap();
            live.drain(..live.len().saturating_sub(keep));
        }
    }

    fn remove(&mut self, stream: &Stream, name: &'static str) {
        let sequences = self.oracle[name].sequences();
        if sequences.is_empty() {
            return;
        }
        let victim = *self.rng.pick(&sequences);
        assert!(stream.remove(victim).unwrap());
        for live in self.expected(name).live.values_mut() {
            live.retain(|sequence| *sequence != victim);
        }
    }

    fn expected(&mut self, name: &'static str) -> &mut Expected {
        self.oracle.get_mut(name).unwrap()
    }

    fn stop(mut self, stop: Stop) -> Image {
        let (name, fs) = match stop {
            Stop::Clean => {
                self.store.close().unwrap();
                ("clean", self.fs.fork())
            }
            Stop::Killed => ("killed", self.fs.kill()),
            Stop::PowerCut => ("power cut", self.fs.power_cut(&mut self.rng)),
        };
        let healthy = fs.fork();
        open(&healthy).unwrap().close().unwrap();
        let after = healthy.paths();
        let leftovers = fs.paths().into_iter().filter(|path| !after.contains(path)).collect();
        Image { name, fs, oracle: self.oracle, earlier: self.earlier, leftovers }
    }
}

pub(crate) const DIR: &str = "/data";
const STREAMS: [(&str, u64); 2] = [("A", 1), ("B", 3)];
