//! The body of `CONSUMER.MSG.NEXT` (PROTOCOL 5.7).

use super::is_default;
use crate::json::{self, Strictness, go_type};
use crate::number::parse_u64;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A request for messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "")]
pub struct PullRequest {
    /// How long to wait, in nanoseconds; 0 for as long as somebody listens.
    #[serde(deserialize_with = "go_type::nanos", skip_serializing_if = "is_default")]
    pub expires: i64,
    /// How many messages; 1 if it is absent or less.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub batch: i64,
    /// How many bytes in all; 0 for no limit.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub max_bytes: i64,
    /// Whether to answer at once with what is there.
    #[serde(skip_serializing_if = "is_default")]
    pub no_wait: bool,
    /// After how long without a message a heartbeat is sent, in nanoseconds.
    #[serde(deserialize_with = "go_type::nanos", skip_serializing_if = "is_default")]
    pub idle_heartbeat: i64,
    /// The group that the client belongs to.
    #[serde(skip_serializing_if = "is_default")]
    pub group: String,
    /// Only if that many messages are pending.
    #[serde(skip_serializing_if = "is_default")]
    pub min_pending: i64,
    /// Only if that many deliveries wait for their ack.
    #[serde(skip_serializing_if = "is_default")]
    pub min_ack_pending: i64,
    /// What a pinned client was given to show.
    #[serde(skip_serializing_if = "is_default")]
    pub id: String,
    /// Smaller ones come first; 0 to 9.
    #[serde(deserialize_with = "go_type::int", skip_serializing_if = "is_default")]
    pub priority: i64,
}

impl PullRequest {
    /// Reads a body: JSON if it begins with a brace, else a number of messages. What is no number means one message.
    ///
    /// # Errors
    /// [`PullFault`] for JSON that is malformed, and for a priority that is none.
    pub fn parse(body: &[u8]) -> Result<Self, PullFault> {
        let body = std::str::from_utf8(body).map_or(body.trim_ascii(), |text| text.trim().as_bytes());
        let mut request = if body.starts_with(b"{") {
            json::decode(body, Strictness::Lenient)
                .map_err(|fault| PullFault { reason: fault.to_string() })?
        } else {
            let digits = body.strip_prefix(b"+").unwrap_or(body);
            let batch = parse_u64(digits).and_then(|number| i64::try_from(number).ok());
            Self { batch: batch.unwrap_or_default(), ..Self::default() }
        };
        if !(0..=PRIORITY_MAX).contains(&request.priority) {
            let reason = format!("Priority must be between 0 and {PRIORITY_MAX}");
            return Err(PullFault { reason });
        }
        // One that is over before it came is told its numbers as they came.
        request.batch = request.batch.max(i64::from(request.expires >= 0));
        Ok(request)
    }
}

/// The priority of those who come last.
const PRIORITY_MAX: i64 = 9;

/// A pull request that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullFault {
    reason: String,
}

/// The description of the status `400` that answers the request.
impl fmt::Display for PullFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bad Request - {}", self.reason)
    }
}

impl std::error::Error for PullFault {}
