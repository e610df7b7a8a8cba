//! Backup and restore of streams (PROTOCOL 2.7).

use super::consumer_config::ConsumerConfig;
use super::consumer_info::SequenceInfo;
use super::is_default;
use super::stream_config::StreamConfig;
use super::stream_state::StreamState;
use crate::json::go_type::{self, named};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The body of `STREAM.SNAPSHOT`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "JSApiStreamSnapshotRequest")]
pub struct SnapshotRequest {
    /// Where the chunks go.
    pub deliver_subject: String,
    /// Whether to leave the consumers out.
    #[serde(skip_serializing_if = "is_default")]
    pub no_consumers: bool,
    /// Bytes of one chunk; 0 for the default.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub chunk_size: i64,
    /// Bytes that may wait for their acks; 0 for the default.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub window_size: i64,
    /// Whether to check the stream first.
    #[serde(skip_serializing_if = "is_default")]
    pub jsck: bool,
}

/// The answer to `STREAM.SNAPSHOT`; the chunks follow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SnapshotResponse {
    /// The stream's configuration.
    pub config: StreamConfig,
    /// What is in it.
    pub state: StreamState,
}

/// The body of `STREAM.RESTORE`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "JSApiStreamRestoreRequest")]
pub struct RestoreRequest {
    /// The configuration of the stream.
    #[serde(deserialize_with = "restored_config")]
    pub config: StreamConfig,
    /// What was in it.
    pub state: StreamState,
}

named! {
    restored_config "server.StreamConfig" StreamConfig,
}

/// The answer to `STREAM.RESTORE`; when all chunks have come, a [`super::StreamCreateResponse`] follows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RestoreResponse {
    /// Where the chunks are to go.
    pub deliver_subject: String,
}

/// A consumer in an archive, the entry `consumers/<name>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArchivedConsumer {
    /// Its configuration.
    pub config: ConsumerConfig,
    /// How far it has come.
    pub state: ConsumerState,
}

/// How far a consumer has come, as it is in an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "ConsumerState")]
pub struct ConsumerState {
    /// The last delivery.
    pub delivered: SequenceInfo,
    /// Everything up to here is acknowledged.
    pub ack_floor: SequenceInfo,
    /// What was delivered and not acknowledged, by the sequences of the messages in decimals.
    #[serde(skip_serializing_if = "is_default")]
    pub pending: BTreeMap<String, PendingDelivery>,
    /// How often messages were delivered again, by their sequences in decimals.
    #[serde(skip_serializing_if = "is_default")]
    pub redelivered: BTreeMap<String, u64>,
}

/// A delivery that was not acknowledged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "Pending", rename_all = "PascalCase")]
pub struct PendingDelivery {
    /// The number of the delivery.
    pub sequence: u64,
    /// When it was, in nanoseconds since 1970.
    pub timestamp: i64,
}
