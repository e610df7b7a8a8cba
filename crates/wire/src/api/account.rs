//! The answer to `$JS.API.INFO` (PROTOCOL 2.3).

use super::is_default;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an account uses, and what it may use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountInfo {
    /// What it uses.
    #[serde(flatten)]
    pub usage: AccountUsage,
    /// What it may use.
    pub limits: AccountLimits,
    /// The JetStream domain.
    #[serde(skip_serializing_if = "is_default")]
    pub domain: String,
    /// What it has asked of the API.
    pub api: AccountApi,
    /// The same for each number of replicas; none on a single server.
    #[serde(skip_serializing_if = "is_default")]
    pub tiers: BTreeMap<String, AccountTier>,
}

/// What an account uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountUsage {
    /// Bytes of streams in memory.
    pub memory: u64,
    /// Bytes of streams on disk.
    pub storage: u64,
    /// Bytes that streams in memory have reserved.
    pub reserved_memory: u64,
    /// Bytes that streams on disk have reserved.
    pub reserved_storage: u64,
    /// How many streams there are.
    pub streams: u64,
    /// How many consumers there are.
    pub consumers: u64,
}

/// What an account may use; -1 for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountLimits {
    /// Bytes of streams in memory.
    pub max_memory: i64,
    /// Bytes of streams on disk.
    pub max_storage: i64,
    /// How many streams.
    pub max_streams: i64,
    /// How many consumers.
    pub max_consumers: i64,
    /// How many deliveries of a consumer may wait for their ack.
    pub max_ack_pending: i64,
    /// Bytes of one stream in memory.
    pub memory_max_stream_bytes: i64,
    /// Bytes of one stream on disk.
    pub storage_max_stream_bytes: i64,
    /// Whether a stream must have a limit of its bytes.
    pub max_bytes_required: bool,
}

impl Default for AccountLimits {
    fn default() -> Self {
        Self {
            max_memory: -1,
            max_storage: -1,
            max_streams: -1,
            max_consumers: -1,
            max_ack_pending: -1,
            memory_max_stream_bytes: -1,
            storage_max_stream_bytes: -1,
            max_bytes_required: false,
        }
    }
}

/// What an account has asked of the API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountApi {
    /// The API level of the server.
    pub level: u64,
    /// How many requests there were.
    pub total: u64,
    /// How many of them failed.
    pub errors: u64,
    /// How many are being worked on.
    #[serde(skip_serializing_if = "is_default")]
    pub inflight: u64,
}

/// What an account uses and may use for streams with one number of replicas.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountTier {
    /// What it uses.
    #[serde(flatten)]
    pub usage: AccountUsage,
    /// What it may use.
    pub limits: AccountLimits,
}
