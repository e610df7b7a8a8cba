//! The configuration of a stream (PROTOCOL 2.5).

use super::is_default;
use super::policy::{Compression, Discard, PersistMode, Retention, Storage};
use super::stream_source::StreamSource;
use crate::json::go_type::{self, named};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The body of `STREAM.CREATE` and `STREAM.UPDATE`, and the `config` of responses.
///
/// What a request leaves out is zero, false or empty here; giving it its meaning is up to who makes the stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "StreamConfigRequest")]
pub struct StreamConfig {
    /// The stream's name.
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// Which subjects it captures.
    #[serde(deserialize_with = "go_type::strings", skip_serializing_if = "is_default")]
    pub subjects: Vec<String>,
    /// When messages leave it.
    pub retention: Retention,
    /// How many consumers it may have; -1 for no limit.
    #[serde(deserialize_with = "go_type::int")]
    pub max_consumers: i64,
    /// How many messages it may have; -1 for no limit.
    pub max_msgs: i64,
    /// How many bytes it may have; -1 for no limit.
    pub max_bytes: i64,
    /// How old messages may become, in nanoseconds; 0 for no limit.
    #[serde(deserialize_with = "go_type::nanos")]
    pub max_age: i64,
    /// How many messages one subject may have; -1 for no limit.
    pub max_msgs_per_subject: i64,
    /// How many bytes one message may have, with its headers; -1 for no limit.
    pub max_msg_size: i32,
    /// What happens at a limit.
    pub discard: Discard,
    /// Where it is kept.
    pub storage: Storage,
    /// On how many servers it is kept.
    #[serde(deserialize_with = "go_type::int")]
    pub num_replicas: i64,
    /// Whether publishes are not acknowledged.
    #[serde(skip_serializing_if = "is_default")]
    pub no_ack: bool,
    /// How long message ids are remembered, in nanoseconds.
    #[serde(deserialize_with = "go_type::nanos", skip_serializing_if = "is_default")]
    pub duplicate_window: i64,
    /// On which servers it is to be kept.
    #[serde(skip_serializing_if = "is_default")]
    pub placement: Option<Placement>,
    /// The stream that it copies.
    #[serde(skip_serializing_if = "is_default")]
    pub mirror: Option<StreamSource>,
    /// The streams that it copies messages from.
    #[serde(deserialize_with = "sources", skip_serializing_if = "is_default")]
    pub sources: Vec<StreamSource>,
    /// How it is compressed.
    pub compression: Compression,
    /// The sequence of its first message; 0 for 1.
    #[serde(skip_serializing_if = "is_default")]
    pub first_seq: u64,
    /// What becomes of subjects before messages are stored.
    #[serde(skip_serializing_if = "is_default")]
    pub subject_transform: Option<SubjectTransform>,
    /// Where messages are published again once they are stored.
    #[serde(skip_serializing_if = "is_default")]
    pub republish: Option<Republish>,
    /// Whether direct get is answered.
    pub allow_direct: bool,
    /// Whether direct get is answered for the origin of a mirror.
    pub mirror_direct: bool,
    /// Whether the limit for each subject refuses new messages as well.
    #[serde(skip_serializing_if = "is_default")]
    pub discard_new_per_subject: bool,
    /// Whether nothing can be changed any more.
    pub sealed: bool,
    /// Whether single messages cannot be deleted.
    pub deny_delete: bool,
    /// Whether messages cannot be purged.
    pub deny_purge: bool,
    /// Whether a message may replace what is before it.
    pub allow_rollup_hdrs: bool,
    /// What consumers may ask for at most.
    pub consumer_limits: ConsumerLimits,
    /// Whether a message may have a time to live of its own.
    pub allow_msg_ttl: bool,
    /// How long markers of expiry live, in nanoseconds; 0 for no markers.
    #[serde(deserialize_with = "go_type::nanos", skip_serializing_if = "is_default")]
    pub subject_delete_marker_ttl: i64,
    /// Whether messages are counters.
    #[serde(skip_serializing_if = "is_default")]
    pub allow_msg_counter: bool,
    /// Whether atomic batches are accepted.
    #[serde(skip_serializing_if = "is_default")]
    pub allow_atomic: bool,
    /// Whether scheduled messages are accepted.
    #[serde(skip_serializing_if = "is_default")]
    pub allow_msg_schedules: bool,
    /// When publishes are acknowledged.
    #[serde(skip_serializing_if = "is_default")]
    pub persist_mode: PersistMode,
    /// Whether fast batches are accepted.
    #[serde(skip_serializing_if = "is_default")]
    pub allow_batched: bool,
    /// Anything else.
    #[serde(deserialize_with = "go_type::string_map", skip_serializing_if = "is_default")]
    pub metadata: BTreeMap<String, String>,
    /// In requests: whether to refuse what would have to be adjusted.
    #[serde(skip_serializing)]
    pub pedantic: bool,
}

/// Wishes for the servers of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "Placement")]
pub struct Placement {
    /// The cluster that it should be in.
    #[serde(skip_serializing_if = "is_default")]
    pub cluster: String,
    /// Tags that the servers should have.
    #[serde(deserialize_with = "go_type::strings", skip_serializing_if = "is_default")]
    pub tags: Vec<String>,
    /// The server that should lead.
    #[serde(skip_serializing_if = "is_default")]
    pub preferred: String,
}

/// What becomes of subjects that match a filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "SubjectTransformConfig")]
pub struct SubjectTransform {
    /// Which subjects.
    pub src: String,
    /// What they become.
    pub dest: String,
}

/// Where messages are published again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "RePublish")]
pub struct Republish {
    /// Which subjects.
    #[serde(skip_serializing_if = "is_default")]
    pub src: String,
    /// What they become.
    pub dest: String,
    /// Whether to leave out the body.
    #[serde(skip_serializing_if = "is_default")]
    pub headers_only: bool,
}

/// What consumers of a stream may ask for at most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "StreamConsumerLimits")]
pub struct ConsumerLimits {
    /// How long a consumer may be inactive, in nanoseconds; 0 for no limit.
    #[serde(deserialize_with = "go_type::nanos", skip_serializing_if = "is_default")]
    pub inactive_threshold: i64,
    /// How many deliveries may wait for their ack; 0 for no limit.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub max_ack_pending: i64,
}

named! {
    sources "[]*server.StreamSource" Vec<StreamSource>,
    transforms "[]server.SubjectTransformConfig" Vec<SubjectTransform>,
}
