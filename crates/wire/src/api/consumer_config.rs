//! The configuration of a consumer (PROTOCOL 2.6.2).

use super::policy::{AckPolicy, DeliverPolicy, PriorityPolicy, ReplayPolicy};
use super::{is_default, time};
use crate::json::go_type;
use jetkv_types::ZonedTimestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The `config` of requests to create a consumer, and of responses.
///
/// What a request leaves out is zero, false or empty here; giving it its meaning is up to who makes the consumer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "ConsumerConfig")]
pub struct ConsumerConfig {
    /// The name of a consumer that is to stay.
    #[serde(skip_serializing_if = "is_default")]
    pub durable_name: String,
    /// The consumer's name; empty if the server chose it.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// Where it begins.
    pub deliver_policy: DeliverPolicy,
    /// The sequence where it begins.
    #[serde(skip_serializing_if = "is_default")]
    pub opt_start_seq: u64,
    /// The time where it begins.
    #[serde(with = "time::zoned", skip_serializing_if = "Option::is_none")]
    pub opt_start_time: Option<ZonedTimestamp>,
    /// How deliveries are acknowledged.
    pub ack_policy: AckPolicy,
    /// How long a delivery waits for its ack, in nanoseconds.
    #[serde(deserialize_with = "go_type::nanos", skip_serializing_if = "is_default")]
    pub ack_wait: i64,
    /// How often a message is delivered at most; -1 for no limit.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub max_deliver: i64,
    /// How long each delivery waits for its ack, in nanoseconds.
    #[serde(deserialize_with = "go_type::durations", skip_serializing_if = "is_default")]
    pub backoff: Vec<i64>,
    /// Which subjects it delivers; empty for all.
    #[serde(skip_serializing_if = "is_default")]
    pub filter_subject: String,
    /// Which subjects it delivers, if they are several.
    #[serde(deserialize_with = "go_type::strings", skip_serializing_if = "is_default")]
    pub filter_subjects: Vec<String>,
    /// How fast old messages are delivered.
    pub replay_policy: ReplayPolicy,
    /// How many bits it delivers each second; 0 for no limit.
    #[serde(skip_serializing_if = "is_default")]
    pub rate_limit_bps: u64,
    /// How many of a hundred acks are reported.
    #[serde(skip_serializing_if = "is_default")]
    pub sample_freq: String,
    /// How many pull requests may wait.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub max_waiting: i64,
    /// How many deliveries may wait for their ack; -1 for no limit.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub max_ack_pending: i64,
    /// Whether the client says when it has caught up.
    #[serde(skip_serializing_if = "is_default")]
    pub flow_control: bool,
    /// Whether bodies are left out.
    #[serde(skip_serializing_if = "is_default")]
    pub headers_only: bool,
    /// How many messages a pull request may ask for.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub max_batch: i64,
    /// How long a pull request may wait, in nanoseconds.
    #[serde(deserialize_with = "go_type::nanos", skip_serializing_if = "is_default")]
    pub max_expires: i64,
    /// How many bytes a pull request may ask for.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub max_bytes: i64,
    /// Where it delivers; empty for one that is pulled from.
    #[serde(skip_serializing_if = "is_default")]
    pub deliver_subject: String,
    /// The queue group that it delivers to.
    #[serde(skip_serializing_if = "is_default")]
    pub deliver_group: String,
    /// After how long without a delivery a heartbeat is sent, in nanoseconds.
    #[serde(deserialize_with = "go_type::nanos", skip_serializing_if = "is_default")]
    pub idle_heartbeat: i64,
    /// After how long without interest it is deleted, in nanoseconds.
    #[serde(deserialize_with = "go_type::nanos", skip_serializing_if = "is_default")]
    pub inactive_threshold: i64,
    /// On how many servers it is kept; 0 for as many as its stream.
    #[serde(deserialize_with = "go_type::int")]
    pub num_replicas: i64,
    /// Whether it is kept in memory.
    #[serde(skip_serializing_if = "is_default")]
    pub mem_storage: bool,
    /// Whether it serves a mirror or a source.
    #[serde(skip_serializing_if = "is_default")]
    pub direct: bool,
    /// Whether it serves a mirror or a source, in the manner of newer servers.
    #[serde(skip_serializing_if = "is_default")]
    pub sourcing: bool,
    /// Anything else.
    #[serde(deserialize_with = "go_type::string_map", skip_serializing_if = "is_default")]
    pub metadata: BTreeMap<String, String>,
    /// Until when it delivers nothing.
    #[serde(with = "time::zoned", skip_serializing_if = "Option::is_none")]
    pub pause_until: Option<ZonedTimestamp>,
    /// The groups that its clients may belong to.
    #[serde(deserialize_with = "go_type::strings", skip_serializing_if = "is_default")]
    pub priority_groups: Vec<String>,
    /// How they take turns.
    #[serde(skip_serializing_if = "is_default")]
    pub priority_policy: PriorityPolicy,
    /// After how long without a request a pinned client loses its place, in nanoseconds.
    #[serde(deserialize_with = "go_type::nanos", skip_serializing_if = "is_default")]
    pub priority_timeout: i64,
}
