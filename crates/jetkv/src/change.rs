//! Writes: what a caller says, and the message that it becomes.

use crate::names::BucketNames;
use crate::{KvError, Revision};
use bytes::Bytes;
use jetkv_engine::Expect;
use jetkv_jetstream::{JetStreamError, MessageTtl, Publish};
use std::time::Duration;

/// What goes with a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// How long the entry lives, if not as long as the bucket says.
    pub ttl: Option<TtlSpec>,
    /// Headers to store with it, in their order. Names beginning with `Nats-` and `KV-Operation` are reserved.
    pub headers: Vec<(String, String)>,
}

impl WriteOptions {
    /// Returns no options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the entry live for `ttl`, at least 1 s; fractions of a second are cut off.
    ///
    /// In a bucket with a history and limit markers it lives at least as long as a marker does.
    #[must_use]
    pub fn ttl(self, ttl: Duration) -> Self {
        Self { ttl: Some(TtlSpec::After(ttl)), ..self }
    }

    /// Lets the entry live for ever, whatever the `ttl` of the bucket says.
    #[must_use]
    pub fn never_expires(self) -> Self {
        Self { ttl: Some(TtlSpec::Never), ..self }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// How long an entry lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TtlSpec {
    /// This long, at least 1 s.
    After(Duration),
    /// For ever.
    Never,
}

/// What goes with a purge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PurgeOptions {
    /// The revision that the key must have.
    pub expected: Option<Revision>,
    /// How long the marker lives, at least 1 s.
    pub ttl: Option<Duration>,
}

impl PurgeOptions {
    /// Returns no options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Demands a revision of the key.
    #[must_use]
    pub fn expected(self, revision: Revision) -> Self {
        Self { expected: Some(revision), ..self }
    }

    /// Lets the marker live for `ttl`.
    #[must_use]
    pub fn ttl(self, ttl: Duration) -> Self {
        Self { ttl: Some(ttl), ..self }
    }
}

/// One write of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Write {
    /// Puts a value, whatever is there.
    #[non_exhaustive]
    Put {
        /// The key.
        key: String,
        /// The value.
        value: Bytes,
        /// What goes with it.
        options: WriteOptions,
    },
    /// Puts a value if the key has none.
    #[non_exhaustive]
    Create {
        /// The key.
        key: String,
        /// The value.
        value: Bytes,
        /// What goes with it.
        options: WriteOptions,
    },
    /// Puts a value if the key is at a revision.
    #[non_exhaustive]
    Update {
        /// The key.
        key: String,
        /// The value.
        value: Bytes,
        /// The revision; 0 means that the key has no entry at all.
        expected: Revision,
        /// What goes with it.
        options: WriteOptions,
    },
    /// Deletes a key and keeps its history.
    #[non_exhaustive]
    Delete {
        /// The key.
        key: String,
        /// The revision that it must have.
        expected: Option<Revision>,
    },
    /// Deletes a key and its history.
    #[non_exhaustive]
    Purge {
        /// The key.
        key: String,
        /// What goes with it.
        options: PurgeOptions,
    },
}

impl Write {
    /// Returns a write that puts a value.
    #[must_use]
    pub fn put(key: impl Into<String>, value: impl Into<Bytes>) -> Self {
        Self::Put { key: key.into(), value: value.into(), options: WriteOptions::new() }
    }

    /// Returns a write that puts a value if the key has none.
    #[must_use]
    pub fn create(key: impl Into<String>, value: impl Into<Bytes>) -> Self {
        Self::Create { key: key.into(), value: value.into(), options: WriteOptions::new() }
    }

    /// Returns a write that puts a value if the key is at revision `expected`.
    #[must_use]
    pub fn update(key: impl Into<String>, value: impl Into<Bytes>, expected: Revision) -> Self {
        Self::Update { key: key.into(), value: value.into(), expected, options: WriteOptions::new() }
    }

    /// Returns a write that deletes a key.
    #[must_use]
    pub fn delete(key: impl Into<String>) -> Self {
        Self::Delete { key: key.into(), expected: None }
    }

    /// Returns a write that deletes a key if it is at revision `expected`.
    #[must_use]
    pub fn delete_if(key: impl Into<String>, expected: Revision) -> Self {
        Self::Delete { key: key.into(), expected: Some(expected) }
    }

    /// Returns a write that deletes a key with its history.
    #[must_use]
    pub fn purge(key: impl Into<String>) -> Self {
        Self::Purge { key: key.into(), options: PurgeOptions::new() }
    }

    /// Returns a write that deletes a key with its history if it is at revision `expected`.
    #[must_use]
    pub fn purge_if(key: impl Into<String>, expected: Revision) -> Self {
        Self::Purge { key: key.into(), options: PurgeOptions::new().expected(expected) }
    }

    /// Sets what goes with the value; deletes and purges have none and stay as they are.
    #[must_use]
    pub fn with_options(mut self, given: WriteOptions) -> Self {
        if let Self::Put { options, .. } | Self::Create { options, .. } | Self::Update { options, .. } =
            &mut self
        {
            *options = given;
        }
        self
    }

    pub(crate) fn as_change(&self) -> Change<'_> {
        match self {
            Self::Put { key, value, options } => Change::put(key, value).with(options),
            Self::Create { key, value, options } => Change::create(key, value).with(options),
            Self::Update { key, value, expected, options } => {
                Change::update(key, value, *expected).with(options)
            }
            Self::Delete { key, expected } => Change::delete(key, *expected),
            Self::Purge { key, options } => Change::purge(key, *options),
        }
    }
}

/// A write with everything borrowed: what all writing functions come down to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: &'a [u8],
    pub(crate) expect: Expect<'a>,
    kind: Kind,
    ttl: Option<TtlSpec>,
    headers: &'a [(String, String)],
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Put,
    Delete,
    Purge,
}

impl<'a> Change<'a> {
    pub(crate) fn put(key: &'a str, value: &'a [u8]) -> Self {
        Self { key, value, expect: Expect::Nothing, kind: Kind::Put, ttl: None, headers: &[] }
    }

    pub(crate) fn create(key: &'a str, value: &'a [u8]) -> Self {
        Self { expect: Expect::NoValue, ..Self::put(key, value) }
    }

    pub(crate) fn update(key: &'a str, value: &'a [u8], expected: Revision) -> Self {
        Self { expect: Expect::LastOfSubject(expected), ..Self::put(key, value) }
    }

    pub(crate) fn delete(key: &'a str, expected: Option<Revision>) -> Self {
        let expect = expected.map_or(Expect::Nothing, Expect::LastOfSubject);
        Self { expect, kind: Kind::Delete, ..Self::put(key, &[]) }
    }

    pub(crate) fn purge(key: &'a str, options: PurgeOptions) -> Self {
        let ttl = options.ttl.map(TtlSpec::After);
        Self { kind: Kind::Purge, ttl, ..Self::delete(key, options.expected) }
    }

    pub(crate) fn with(self, options: &'a WriteOptions) -> Self {
        Self { ttl: options.ttl, headers: &options.headers, ..self }
    }

    /// Checks the change and makes the message from it.
    pub(crate) fn to_publish(
        self,
        names: &BucketNames,
        explain: impl FnOnce(JetStreamError) -> KvError,
    ) -> Result<Publish<'a>, KvError> {
        let subject = names.subject(self.key)?;
        check_headers(self.headers)?;
        let ttl = match self.ttl {
            None => None,
            Some(TtlSpec::Never) => Some(MessageTtl::Never),
            Some(TtlSpec::After(span)) => Some(MessageTtl::from_span(span).map_err(explain)?),
        };
        let publish = match self.kind {
            Kind::Put => Publish::put(subject, self.value),
            Kind::Delete => Publish::delete(subject),
            Kind::Purge => Publish::purge(subject),
        };
        Ok(Publish { expect: self.expect, ttl, headers: self.headers, ..publish })
    }
}

/// Refuses names that would give the message another meaning than the call has.
fn check_headers(headers: &[(String, String)]) -> Result<(), KvError> {
    let reserved = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with("nats-") || name == "kv-operation"
    };
    match headers.iter().find(|(name, _)| reserved(name)) {
        Some((name, _)) => Err(KvError::InvalidHeader {
            name: name.clone(),
            reason: "names beginning with Nats- and KV-Operation are reserved".into(),
        }),
        None => Ok(()),
    }
}
