//! Reading and deleting single messages (PROTOCOL 2.4.7, 2.4.8 and 2.9).

use super::{base64_bytes, is_default, time};
use crate::json::go_type;
use jetkv_types::Timestamp;
use serde::{Deserialize, Serialize};

/// The body of `STREAM.MSG.GET` and of `DIRECT.GET`; which fields may go together is up to them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "JSApiMsgGetRequest")]
pub struct MsgGetRequest {
    /// This sequence, or the first one to look at.
    #[serde(skip_serializing_if = "is_default")]
    pub seq: u64,
    /// The last message whose subject matches.
    #[serde(skip_serializing_if = "is_default")]
    pub last_by_subj: String,
    /// The first message whose subject matches.
    #[serde(skip_serializing_if = "is_default")]
    pub next_by_subj: String,
    /// How many messages; direct get only.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub batch: i64,
    /// How many bytes in all; direct get only.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub max_bytes: i64,
    /// The first message of this time or later.
    #[serde(with = "time::optional", skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// The last message of each subject that matches one of these; direct get only.
    #[serde(deserialize_with = "go_type::strings", skip_serializing_if = "is_default")]
    pub multi_last: Vec<String>,
    /// As of this sequence; with `multi_last`.
    #[serde(skip_serializing_if = "is_default")]
    pub up_to_seq: u64,
    /// As of this time; with `multi_last`.
    #[serde(with = "time::optional", skip_serializing_if = "Option::is_none")]
    pub up_to_time: Option<Timestamp>,
    /// Whether to leave the headers out.
    #[serde(skip_serializing_if = "is_default")]
    pub no_hdr: bool,
}

/// The answer to `STREAM.MSG.GET`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MsgGetResponse {
    /// The message.
    pub message: StoredMessage,
}

/// A message as it is in the stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "StoredMsg")]
pub struct StoredMessage {
    /// Its subject.
    pub subject: String,
    /// Its sequence.
    pub seq: u64,
    /// Its header block, empty for none.
    #[serde(with = "base64_bytes", skip_serializing_if = "is_default")]
    pub hdrs: Vec<u8>,
    /// Its body.
    #[serde(with = "base64_bytes", skip_serializing_if = "is_default")]
    pub data: Vec<u8>,
    /// When it was stored.
    #[serde(with = "time")]
    pub time: Timestamp,
}

/// The body of `STREAM.MSG.DELETE`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "JSApiMsgDeleteRequest")]
pub struct MsgDeleteRequest {
    /// The message's sequence.
    pub seq: u64,
    /// Whether its bytes may stay on disk.
    #[serde(skip_serializing_if = "is_default")]
    pub no_erase: bool,
}

/// The answer to `STREAM.MSG.DELETE`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MsgDeleteResponse {
    /// True.
    #[serde(skip_serializing_if = "is_default")]
    pub success: bool,
}
