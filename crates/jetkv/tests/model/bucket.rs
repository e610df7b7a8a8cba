//! A bucket as plain maps: what the product has to do, said once more in the simplest way.

use jetkv::{Entry, Headers, KeyValueConfig, KvError, Operation, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const BUCKET: &str = "b";

/// When a message goes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// With the bucket's time to live.
    Bucket,
    /// After this many seconds, or with the bucket's time to live.
    Seconds(u64),
    Never,
}

/// What a write asks of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    Nothing,
    NoValue,
    Revision(u64),
}

/// One write as the model understands it.
#[derive(Clone)]
pub(crate) struct Change {
    pub(crate) key: &'static str,
    pub(crate) value: Vec<u8>,
    pub(crate) operation: Operation,
    pub(crate) wants: Wants,
    pub(crate) ttl: Option<Duration>,
    pub(crate) never: bool,
}

impl fmt::Debug for Change {
    /// Writes only what is needed to follow a failure.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, operation, wants, .. } = self;
        write!(f, "{operation:?} {key} of {} bytes", self.value.len())?;
        let ttl = self.ttl.map(|ttl| format!(" for {ttl:?}")).unwrap_or_default();
        write!(f, "{ttl}{}, wants {wants:?}", if self.never { " for ever" } else { "" })
    }
}

/// A stored message.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) entry: Entry,
    pub(crate) life: Life,
}

impl Stored {
    /// Bytes as the reference counts them.
    fn bytes(&self) -> u64 {
        bytes_of(&self.entry)
    }

    fn is_due(&self, age: Option<Duration>, now: Timestamp) -> bool {
        let past = |span: Duration| self.entry.created.saturating_add(span) <= now;
        match self.life {
            Life::Never => false,
            Life::Bucket => age.is_some_and(past),
            Life::Seconds(seconds) => past(Duration::from_secs(seconds)) || age.is_some_and(past),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) config: KeyValueConfig,
    /// What is kept.
    pub(crate) live: BTreeMap<u64, Stored>,
    /// Everything that was ever stored.
    pub(crate) all: BTreeMap<u64, Entry>,
    pub(crate) last: u64,
    pub(crate) last_created: Timestamp,
}

impl Model {
    pub(crate) fn new(config: KeyValueConfig) -> Self {
        Self { config, live: BTreeMap::new(), all: BTreeMap::new(), last: 0, last_created: Timestamp::ZERO }
    }

    /// Writes all changes or none; revisions are adjacent.
    pub(crate) fn write(&mut self, changes: &[Change], now: Timestamp) -> Result<Vec<u64>, KvError> {
        let mut after = self.clone();
        let stored: Vec<_> = changes.iter().map(|change| self.message(change)).collect::<Result<_, _>>()?;
        for message in &stored {
            let bytes = message.entry.headers.as_block().len() + message.entry.value.len();
            let bytes = u64::try_from(bytes).unwrap();
            if let Some(max) = self.config.max_value_size.map(u64::from).filter(|&max| bytes > max) {
                let key = message.entry.key.clone();
                return Err(KvError::ValueTooLarge { bucket: BUCKET.into(), key, bytes, max });
            }
        }
        let mut revisions = Vec::new();
        for (change, message) in changes.iter().zip(stored) {
            after.check(change)?;
            revisions.push(after.append(message, now)?);
        }
        *self = after;
        Ok(revisions)
    }

    /// Lets everything go that is due at `now`.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        let age = self.config.ttl;
        let due: BTreeSet<u64> =
            self.live.iter().filter(|(_, stored)| stored.is_due(age, now)).map(|(&found, _)| found).collect();
        let mut silent = Vec::new();
        for &revision in &due {
            let Some(stored) = self.live.get(&revision).cloned() else { continue };
            let mut of_key = self.of_key(&stored.entry.key);
            let is_last = of_key.all(|other| other <= revision && due.contains(&other));
            drop(of_key);
            let is_marker = stored.entry.operation == Operation::Purge;
            let marker = self.config.limit_marker_ttl.filter(|_| is_last && !is_marker);
            let left = marker.and_then(|ttl| self.append(limit_marker(&stored.entry.key, ttl), now).ok());
            if left.is_none() {
                silent.push(revision);
            }
        }
        for revision in silent {
            self.live.remove(&revision);
        }
    }

    pub(crate) fn purge_deletes(&mut self, older_than: Duration, now: Timestamp) -> u64 {
        let before = self.live.len();
        for key in self.subjects() {
            let last = self.last_of(&key).unwrap().entry.clone();
            if last.operation.is_marker() {
                let goes_too = now.since(last.created) >= older_than;
                self.live.retain(|&found, stored| {
                    stored.entry.key != key || (found == last.revision && !goes_too)
                });
            }
        }
        u64::try_from(before - self.live.len()).unwrap()
    }

    pub(crate) fn configure(&mut self, config: KeyValueConfig) {
        self.config = config;
        for key in self.subjects() {
            self.trim(&key, self.config.history);
        }
    }

    pub(crate) fn last_of(&self, key: &str) -> Option<&Stored> {
        self.live.values().rfind(|stored| stored.entry.key == key)
    }

    /// Every key that has a message, in the order of tokens.
    pub(crate) fn subjects(&self) -> Vec<String> {
        let keys: BTreeSet<_> = self.live.values().map(|stored| stored.entry.key.clone()).collect();
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort_by(|left, right| left.split('.').cmp(right.split('.')));
        keys
    }

    pub(crate) fn keys_matching(&self, filters: &[&str]) -> Vec<String> {
        let mut keys = self.subjects();
        keys.retain(|key| {
            filters.iter().any(|filter| matches(filter, key))
                && !self.last_of(key).unwrap().entry.operation.is_marker()
        });
        keys
    }

    pub(crate) fn of_key(&self, key: &str) -> impl DoubleEndedIterator<Item = u64> {
        let key = key.to_owned();
        self.live.iter().filter(move |(_, stored)| stored.entry.key == key).map(|(&found, _)| found)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.live.values().map(Stored::bytes).sum()
    }

    fn check(&self, change: &Change) -> Result<(), KvError> {
        let (bucket, key) = (BUCKET.to_owned(), change.key.to_owned());
        let last = self.last_of(change.key);
        match change.wants {
            Wants::NoValue => match last.filter(|last| !last.entry.operation.is_marker()) {
                Some(last) => Err(KvError::KeyExists { bucket, key, revision: last.entry.revision }),
                None => Ok(()),
            },
            Wants::Revision(expected) => match last.map_or(0, |last| last.entry.revision) {
                found if found == expected => Ok(()),
                found => Err(KvError::WrongRevision { bucket, key, expected, found }),
            },
            Wants::Nothing => Ok(()),
        }
    }

    fn message(&self, change: &Change) -> Result<Stored, KvError> {
        let marker_seconds = self.config.limit_marker_ttl.filter(|_| self.config.history != 1);
        let least = marker_seconds.map_or(0, |ttl| ttl.as_secs());
        let life = match change.ttl {
            _ if change.never => Life::Never,
            None => Life::Bucket,
            Some(span) if span.as_secs() == 0 => {
                let reason = "at least 1s is needed".into();
                return Err(KvError::InvalidTtl { ttl: format!("{}ms", span.as_millis()), reason });
            }
            Some(span) => Life::Seconds(span.as_secs().max(least)),
        };
        let mut headers = match change.operation {
            Operation::Put => Vec::new(),
            Operation::Delete => vec![("KV-Operation", "DEL".to_owned())],
            Operation::Purge => vec![("KV-Operation", "PURGE".to_owned()), ("Nats-Rollup", "sub".into())],
        };
        match life {
            Life::Bucket => {}
            Life::Seconds(seconds) => headers.push(("Nats-TTL", seconds.to_string())),
            Life::Never => headers.push(("Nats-TTL", "never".into())),
        }
        let entry = entry(change.key, &change.value, change.operation, &headers);
        Ok(Stored { entry, life })
    }

    /// Appends a message, unless the bucket is full.
    fn append(&mut self, mut message: Stored, now: Timestamp) -> Result<u64, KvError> {
        let rolls_up = message.entry.operation == Operation::Purge;
        let key = message.entry.key.clone();
        let mut trimmed = self.clone();
        trimmed.trim(&key, self.config.history - 1);
        // What is not larger than what it takes the place of always fits; anything else has to fit beside that.
        let (freed, replaces) = (self.bytes() - trimmed.bytes(), trimmed.live.len() < self.live.len());
        let is_smaller = replaces && message.bytes() <= freed;
        if !is_smaller && self.config.max_bytes.is_some_and(|max| self.bytes() + message.bytes() > max) {
            return Err(KvError::BucketFull { bucket: BUCKET.into(), limit: "maximum bytes".into() });
        }
        self.trim(&key, if rolls_up { 0 } else { self.config.history - 1 });
        self.last += 1;
        self.last_created = self.last_created.max(now);
        message.entry.revision = self.last;
        message.entry.created = self.last_created;
        self.all.insert(self.last, message.entry.clone());
        self.live.insert(self.last, message);
        Ok(self.last)
    }

    fn trim(&mut self, key: &str, keep: u32) {
        let found: Vec<_> = self.of_key(key).collect();
        let goes = found.len().saturating_sub(usize::try_from(keep).unwrap());
        for revision in &found[..goes] {
            self.live.remove(revision);
        }
    }
}

fn limit_marker(key: &str, ttl: Duration) -> Stored {
    let headers = [
        ("Nats-Marker-Reason", "MaxAge".to_owned()),
        ("Nats-TTL", format!("{}s", ttl.as_secs())),
        ("Nats-Rollup", "sub".into()),
    ];
    let entry = entry(key, &[], Operation::Purge, &headers);
    Stored { entry, life: Life::Seconds(ttl.as_secs()) }
}

fn entry(key: &str, value: &[u8], operation: Operation, headers: &[(&str, String)]) -> Entry {
    let pairs = headers.iter().map(|(name, text)| (*name, text.as_str()));
    let headers = if headers.is_empty() { Headers::none() } else { Headers::from_pairs(pairs).unwrap() };
    Entry {
        bucket: Arc::from(BUCKET),
        key: key.into(),
        value: value.to_vec().into(),
        revision: 0,
        created: Timestamp::ZERO,
        delta: 0,
        operation,
        headers,
    }
}

fn bytes_of(entry: &Entry) -> u64 {
    let block = entry.headers.as_block().len();
    let headers = if block == 0 { 0 } else { 4 + block };
    let subject = "$KV.".len() + BUCKET.len() + 1 + entry.key.len();
    u64::try_from(22 + subject + entry.value.len() + headers + 8).unwrap()
}

/// Says whether a filter matches a key, token by token.
pub(crate) fn matches(filter: &str, key: &str) -> bool {
    let (mut filter, mut key) = (filter.split('.'), key.split('.'));
    loop {
        match (filter.next(), key.next()) {
            (None, None) => return true,
            (Some(">"), Some(_)) => return true,
            (Some("*"), Some(_)) => {}
            (Some(left), Some(right)) if left == right => {}
            _ => return false,
        }
    }
}
