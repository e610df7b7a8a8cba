//! What is in a stream (PROTOCOL 2.5).

use super::{is_default, time};
use crate::json::go_type::{self, named};
use jetkv_types::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The state of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "StreamState")]
pub struct StreamState {
    /// How many messages there are.
    pub messages: u64,
    /// How many bytes they have, overhead included.
    pub bytes: u64,
    /// The first message's sequence; one more than the last if there is none.
    pub first_seq: u64,
    /// The first message's time; none if there is none.
    #[serde(with = "time")]
    pub first_ts: Timestamp,
    /// The last sequence that was given out.
    pub last_seq: u64,
    /// When that was.
    #[serde(with = "time")]
    pub last_ts: Timestamp,
    /// How many subjects there are.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub num_subjects: i64,
    /// How many messages each subject has, if that was asked for.
    #[serde(deserialize_with = "counts", skip_serializing_if = "is_default")]
    pub subjects: BTreeMap<String, u64>,
    /// How many sequences between the first and the last are not there.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub num_deleted: i64,
    /// Which they are, if that was asked for.
    #[serde(deserialize_with = "go_type::sequences", skip_serializing_if = "is_default")]
    pub deleted: Vec<u64>,
    /// What was lost.
    #[serde(skip_serializing_if = "is_default")]
    pub lost: Option<LostData>,
    /// How many consumers there are.
    #[serde(deserialize_with = "go_type::int")]
    pub consumer_count: i64,
}

/// What a stream has lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "LostStreamData")]
pub struct LostData {
    /// The sequences of the messages.
    #[serde(deserialize_with = "go_type::sequences")]
    pub msgs: Vec<u64>,
    /// How many bytes they had.
    pub bytes: u64,
}

named! {
    counts "map[string]uint64" BTreeMap<String, u64>,
}
