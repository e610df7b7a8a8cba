//! Requests about streams (PROTOCOL 2.4). What a request leaves out is zero, false or empty.

use super::is_default;
use crate::json::go_type;
use serde::{Deserialize, Serialize};

/// The body of `STREAM.INFO`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "JSApiStreamInfoRequest")]
pub struct StreamInfoRequest {
    /// Where to begin in the list of subjects.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub offset: i64,
    /// Whether to list the sequences that are not there.
    #[serde(skip_serializing_if = "is_default")]
    pub deleted_details: bool,
    /// Which subjects to list; none if it is empty.
    #[serde(skip_serializing_if = "is_default")]
    pub subjects_filter: String,
}

/// The body of `STREAM.NAMES`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "JSApiStreamNamesRequest")]
pub struct StreamNamesRequest {
    /// Where to begin in the list.
    #[serde(deserialize_with = "go_type::int")]
    pub offset: i64,
    /// A filter that overlaps one of the stream's subjects; empty for all streams.
    #[serde(skip_serializing_if = "is_default")]
    pub subject: String,
}

/// The body of `STREAM.LIST`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "JSApiStreamListRequest")]
pub struct StreamListRequest {
    /// Where to begin in the list.
    #[serde(deserialize_with = "go_type::int")]
    pub offset: i64,
    /// A filter that overlaps one of the stream's subjects; empty for all streams.
    #[serde(skip_serializing_if = "is_default")]
    pub subject: String,
}

/// The body of `STREAM.PURGE`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "JSApiStreamPurgeRequest")]
pub struct StreamPurgeRequest {
    /// Purge messages whose sequence is below this; 0 for no such bound.
    #[serde(skip_serializing_if = "is_default")]
    pub seq: u64,
    /// Purge messages whose subject matches; empty for all.
    #[serde(skip_serializing_if = "is_default")]
    pub filter: String,
    /// Keep that many of the newest.
    #[serde(skip_serializing_if = "is_default")]
    pub keep: u64,
}
