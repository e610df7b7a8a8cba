//! The settings of a stream, in the reference's words (PROTOCOL 2.5).

pub(crate) mod attributes;
mod convert;
mod lists;
mod origin;
mod origin_rules;
mod validate;

pub use origin::{External, Placement, Republish, Source, SubjectTransform};
pub use origin_rules::OriginProblem;
pub use validate::SettingsRule;

use jetkv_engine::{Compression, Discard, Storage};
use jetkv_types::{Sequence, StreamName, SubjectFilter};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a stream captures, keeps and permits. `None` and an empty list mean "no limit" or "not used".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSettings {
    /// Name of the stream.
    pub name: StreamName,
    /// Free text, at most 4,096 bytes.
    pub description: String,
    /// The stream stores messages whose subject matches one of these.
    pub subjects: Vec<SubjectFilter>,
    /// Most messages kept.
    pub max_msgs: Option<u64>,
    /// Most bytes kept.
    pub max_bytes: Option<u64>,
    /// Longest life of a message, at least 100 ms.
    pub max_age: Option<Duration>,
    /// Most messages kept for each subject.
    pub max_msgs_per_subject: Option<u64>,
    /// Largest header block and payload together.
    pub max_msg_size: Option<u32>,
    /// For how long messages are kept, limits aside.
    pub retention: Retention,
    /// What gives way at a limit.
    pub discard: Discard,
    /// Where messages live.
    pub storage: Storage,
    /// How many servers keep a copy.
    pub replicas: u32,
    /// For how long message ids are remembered; `None` means two minutes, or `max_age` if that
    /// is shorter, and for a stream that copies from others that they are not.
    pub duplicate_window: Option<Duration>,
    /// On which servers of a cluster the stream lives.
    pub placement: Option<Placement>,
    /// Where stored messages are published again.
    pub republish: Option<Republish>,
    /// The stream that this one copies.
    pub mirror: Option<Source>,
    /// The streams that this one collects from.
    pub sources: Vec<Source>,
    /// Whether payloads are compressed.
    pub compression: Compression,
    /// Sequence of the first message of a new stream.
    pub first_sequence: Option<Sequence>,
    /// Whether a message may replace earlier ones (`allow_rollup_hdrs`).
    pub allow_rollup: bool,
    /// Whether single messages may not be removed.
    pub deny_delete: bool,
    /// Whether messages may not be purged.
    pub deny_purge: bool,
    /// Whether messages may be read without a consumer.
    pub allow_direct: bool,
    /// Whether messages may have a time to live of their own.
    pub allow_msg_ttl: bool,
    /// If set, a subject whose last message goes by age gets a marker that lives this long, at least 1 s.
    pub subject_delete_marker_ttl: Option<Duration>,
    /// Whether a mirror answers direct reads of its origin.
    pub mirror_direct: bool,
    /// Whether several messages may be stored as one.
    pub allow_atomic: bool,
    /// Whether nothing may be stored or removed any more.
    pub sealed: bool,
    /// Whether publishers get no answer.
    pub no_ack: bool,
    /// Whether the user does not mind an answer before the message is durable; we answer as the store's sync mode says.
    pub persist_async: bool,
    /// How subjects are rewritten before messages are stored.
    pub subject_transform: Option<SubjectTransform>,
    /// Most consumers at a time.
    pub max_consumers: Option<u64>,
    /// What consumers get if they ask for nothing, and at most.
    pub consumer_limits: ConsumerLimits,
    /// Free words of the user and of the reference (prefix `_nats.`).
    pub metadata: BTreeMap<String, String>,
    /// What else is stored with the stream; this version gives it no meaning and keeps it.
    pub other: BTreeMap<String, String>,
}

/// For how long a stream keeps messages (PROTOCOL 4.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Retention {
    /// Until a limit is reached.
    #[default]
    Limits,
    /// Until every consumer whose filter matches has acknowledged the message; without such a consumer not at all.
    Interest,
    /// Until a consumer has acknowledged the message.
    WorkQueue,
}

/// What a stream imposes on its consumers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConsumerLimits {
    /// Longest time that a consumer lives without interest.
    pub inactive_threshold: Option<Duration>,
    /// Most messages that may wait for an acknowledgement.
    pub max_ack_pending: Option<u64>,
}

impl StreamSettings {
    /// Returns settings without any limit and any permission, on disk, one replica.
    #[must_use]
    pub fn new(name: StreamName, subjects: Vec<SubjectFilter>) -> Self {
        Self {
            name,
            description: String::new(),
            subjects,
            max_msgs: None,
            max_bytes: None,
            max_age: None,
            max_msgs_per_subject: None,
            max_msg_size: None,
            retention: Retention::Limits,
            discard: Discard::Old,
            storage: Storage::File,
            replicas: 1,
            duplicate_window: None,
            placement: None,
            republish: None,
            mirror: None,
            sources: Vec::new(),
            compression: Compression::None,
            first_sequence: None,
            allow_rollup: false,
            deny_delete: false,
            deny_purge: false,
            allow_direct: false,
            allow_msg_ttl: false,
            subject_delete_marker_ttl: None,
            mirror_direct: false,
            allow_atomic: false,
            sealed: false,
            no_ack: false,
            persist_async: false,
            subject_transform: None,
            max_consumers: None,
            consumer_limits: ConsumerLimits::default(),
            metadata: BTreeMap::new(),
            other: BTreeMap::new(),
        }
    }

    /// Fills in what follows from other settings, as the reference does: a marker TTL switches message TTLs and roll-ups
    /// on and the purge ban off; the duplicate window gets its default.
    #[must_use]
    pub fn normalized(mut self) -> Self {
        if self.subject_delete_marker_ttl.is_some() {
            self.allow_msg_ttl = true;
            self.allow_rollup = true;
            self.deny_purge = false;
        }
        if self.sealed {
            self.discard = Discard::New;
            self.max_age = None;
            self.deny_delete = true;
            self.deny_purge = true;
            self.allow_rollup = false;
        }
        let age = self.max_age.unwrap_or(Duration::MAX);
        // What is copied was deduplicated where it comes from.
        if self.mirror.is_none() && self.sources.is_empty() {
            self.duplicate_window.get_or_insert(DUPLICATE_WINDOW_DEFAULT.min(age));
        }
        self
    }

    /// Returns the first sequence as the last request said it; that of a stream that has begun is not moved by it.
    #[must_use]
    pub fn first_sequence_shown(&self) -> Option<Sequence> {
        match self.other.get(attributes::FIRST_SEQUENCE_SHOWN) {
            Some(text) => text.parse().ok().filter(|sequence| *sequence > 0),
            None => self.first_sequence,
        }
    }

    /// Returns the settings for a stream that has begun with the settings `current`: where it began stays, and what else
    /// is stored with it, too.
    #[must_use]
    pub fn after(mut self, current: &Self) -> Self {
        let shown = self.first_sequence;
        self.first_sequence = current.first_sequence;
        self.other = current.other.clone();
        self.other.remove(attributes::FIRST_SEQUENCE_SHOWN);
        if shown != self.first_sequence {
            let text = shown.unwrap_or(0).to_string();
            self.other.insert(attributes::FIRST_SEQUENCE_SHOWN.into(), text);
        }
        self
    }
}

/// The reference's default for `duplicate_window`.
const DUPLICATE_WINDOW_DEFAULT: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests;
