//! Responses about consumers (PROTOCOL 2.6).

use super::consumer_config::ConsumerConfig;
use super::page::Page;
use super::stream_info::ClusterInfo;
use super::{is_default, time};
use crate::json::go_type;
use jetkv_types::Timestamp;
use serde::{Deserialize, Serialize};

/// All that is told of a consumer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "ConsumerInfo")]
pub struct ConsumerInfo {
    /// The stream that it reads.
    pub stream_name: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    #[serde(with = "time")]
    pub created: Timestamp,
    /// Its configuration.
    pub config: ConsumerConfig,
    /// The last delivery.
    pub delivered: SequenceInfo,
    /// The last delivery with all before it acknowledged.
    pub ack_floor: SequenceInfo,
    /// How many deliveries wait for their ack.
    pub num_ack_pending: u64,
    /// How many messages have been delivered more than once.
    pub num_redelivered: u64,
    /// How many pull requests wait.
    pub num_waiting: u64,
    /// How many matching messages have not been delivered.
    pub num_pending: u64,
    /// Where it is; absent on a single server.
    #[serde(skip_serializing_if = "is_default")]
    pub cluster: Option<ClusterInfo>,
    /// Whether somebody listens where it delivers.
    #[serde(skip_serializing_if = "is_default")]
    pub push_bound: bool,
    /// Whether it delivers nothing for now.
    #[serde(skip_serializing_if = "is_default")]
    pub paused: bool,
    /// For how long, in nanoseconds.
    #[serde(deserialize_with = "go_type::nanos", skip_serializing_if = "is_default")]
    pub pause_remaining: i64,
    /// When this was told.
    #[serde(with = "time")]
    pub ts: Timestamp,
    /// Its groups of clients.
    #[serde(skip_serializing_if = "is_default")]
    pub priority_groups: Vec<PriorityGroupState>,
}

/// A place in the deliveries of a consumer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "SequenceInfo")]
pub struct SequenceInfo {
    /// The delivery's sequence.
    pub consumer_seq: u64,
    /// The message's sequence.
    pub stream_seq: u64,
    /// When it came there.
    #[serde(with = "time::optional", skip_serializing_if = "Option::is_none")]
    pub last_active: Option<Timestamp>,
}

/// A group of clients of a consumer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "PriorityGroupState")]
pub struct PriorityGroupState {
    /// Its name.
    pub group: String,
    /// Which client gets all.
    #[serde(skip_serializing_if = "is_default")]
    pub pinned_client_id: String,
    /// Since when; always written.
    #[serde(with = "time")]
    pub pinned_ts: Timestamp,
}

/// The answer to `CONSUMER.CREATE`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConsumerCreateResponse {
    /// The consumer, before its first delivery.
    pub info: ConsumerInfo,
}

/// The answer to `CONSUMER.INFO`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConsumerInfoResponse {
    /// The consumer.
    pub info: ConsumerInfo,
}

/// The answer to `CONSUMER.RESET`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConsumerResetResponse {
    /// The consumer.
    #[serde(flatten)]
    pub info: ConsumerInfo,
    /// The sequence that it goes on at.
    pub reset_seq: u64,
}

/// The answer to `CONSUMER.NAMES`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConsumerNamesResponse {
    /// Which of them are told.
    #[serde(flatten)]
    pub page: Page,
    /// Their names in order.
    pub consumers: Vec<String>,
}

/// The answer to `CONSUMER.LIST`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConsumerListResponse {
    /// Which of them are told.
    #[serde(flatten)]
    pub page: Page,
    /// They, in the order of their names.
    pub consumers: Vec<ConsumerInfo>,
}

/// The answer to `CONSUMER.DELETE`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConsumerDeleteResponse {
    /// True.
    #[serde(skip_serializing_if = "is_default")]
    pub success: bool,
}

/// The answer to `CONSUMER.PAUSE`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConsumerPauseResponse {
    /// Whether the consumer delivers nothing for now.
    pub paused: bool,
    /// Until when, or until when it did not.
    #[serde(with = "time")]
    pub pause_until: Timestamp,
    /// For how long, in nanoseconds.
    #[serde(deserialize_with = "go_type::nanos", skip_serializing_if = "is_default")]
    pub pause_remaining: i64,
}

/// The answer to `CONSUMER.UNPIN`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConsumerUnpinResponse {}
