//! Where a stream copies messages from, and how far it has come (PROTOCOL 2.5).

use super::stream_config::{SubjectTransform, transforms};
use super::{is_default, time};
use crate::error::ApiError;
use crate::json::go_type;
use jetkv_types::Timestamp;
use serde::{Deserialize, Serialize};

/// The origin of a mirror or one of the sources of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "StreamSource")]
pub struct StreamSource {
    /// The stream to copy from.
    pub name: String,
    /// The first sequence to copy; zero for none given.
    #[serde(skip_serializing_if = "is_default")]
    pub opt_start_seq: u64,
    /// The time of the first message to copy.
    #[serde(with = "time::optional", skip_serializing_if = "Option::is_none")]
    pub opt_start_time: Option<Timestamp>,
    /// Which subjects to copy; empty for all.
    #[serde(skip_serializing_if = "is_default")]
    pub filter_subject: String,
    /// Which subjects to copy, and what becomes of them.
    #[serde(deserialize_with = "transforms", skip_serializing_if = "is_default")]
    pub subject_transforms: Vec<SubjectTransform>,
    /// How to reach the stream if it is elsewhere.
    #[serde(skip_serializing_if = "is_default")]
    pub external: Option<ExternalStream>,
    /// A consumer that was made for this.
    #[serde(skip_serializing_if = "is_default")]
    pub consumer: Option<SourceConsumer>,
}

/// The way to a stream of another account or domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "ExternalStream")]
pub struct ExternalStream {
    /// What stands for `$JS.API` there.
    pub api: String,
    /// What deliveries from there begin with.
    pub deliver: String,
}

/// A consumer that somebody made for copying.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "StreamConsumerSource")]
pub struct SourceConsumer {
    /// Its name.
    pub name: String,
    /// Where it delivers.
    pub deliver_subject: String,
}

/// The state of the copying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "StreamSourceInfo")]
pub struct StreamSourceInfo {
    /// The stream that is copied.
    pub name: String,
    /// How it is reached.
    #[serde(skip_serializing_if = "is_default")]
    pub external: Option<ExternalStream>,
    /// How many messages are still to be copied.
    pub lag: u64,
    /// The last sequence of a source that was copied.
    #[serde(skip_serializing_if = "is_default")]
    pub seq: u64,
    /// Nanoseconds since the last contact, -1 before the first.
    #[serde(deserialize_with = "go_type::nanos")]
    pub active: i64,
    /// Why it does not go on.
    #[serde(skip_serializing_if = "is_default")]
    pub error: Option<ApiError>,
    /// Which subjects are copied.
    #[serde(skip_serializing_if = "is_default")]
    pub filter_subject: String,
    /// Which subjects are copied, and what becomes of them.
    #[serde(deserialize_with = "transforms", skip_serializing_if = "is_default")]
    pub subject_transforms: Vec<SubjectTransform>,
}

impl Default for StreamSourceInfo {
    fn default() -> Self {
        Self {
            name: String::new(),
            external: None,
            lag: 0,
            seq: 0,
            active: -1,
            error: None,
            filter_subject: String::new(),
            subject_transforms: Vec::new(),
        }
    }
}
