//! Requests about consumers (PROTOCOL 2.6). What a request leaves out is zero, false or empty.

use super::consumer_config::ConsumerConfig;
use super::policy::ConsumerAction;
use super::{is_default, time};
use crate::json::go_type;
use jetkv_types::Timestamp;
use serde::{Deserialize, Serialize};

/// The body of `CONSUMER.CREATE` and `CONSUMER.DURABLE.CREATE`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "CreateConsumerRequest")]
pub struct ConsumerCreateRequest {
    /// The stream's name.
    pub stream_name: String,
    /// What the consumer is to be.
    pub config: ConsumerConfig,
    /// What may happen.
    pub action: ConsumerAction,
    /// Whether to refuse what would have to be adjusted.
    #[serde(skip_serializing_if = "is_default")]
    pub pedantic: bool,
}

/// The body of `CONSUMER.NAMES` and `CONSUMER.LIST`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "JSApiConsumersRequest")]
pub struct ConsumersRequest {
    /// Where to begin in the list.
    #[serde(deserialize_with = "go_type::int")]
    pub offset: i64,
}

/// The body of `CONSUMER.PAUSE`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "JSApiConsumerPauseRequest")]
pub struct ConsumerPauseRequest {
    /// Until when to deliver nothing; no time or one that has passed goes on at once.
    #[serde(with = "time", skip_serializing_if = "is_default")]
    pub pause_until: Timestamp,
}

/// The body of `CONSUMER.UNPIN`, which is read leniently; without a group it is `400/10025`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "JSApiConsumerUnpinRequest")]
pub struct ConsumerUnpinRequest {
    /// The group whose client loses its place.
    pub group: String,
}

/// The body of `CONSUMER.RESET`, which is read leniently.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "JSApiConsumerResetRequest")]
pub struct ConsumerResetRequest {
    /// The sequence to go on at; 0 for behind what is acknowledged.
    #[serde(skip_serializing_if = "is_default")]
    pub seq: u64,
}
