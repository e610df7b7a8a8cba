//! Pull requests: what a client may ask for, and what it is told at once (PROTOCOL 5.7).

use super::Ranking;
use super::rules::Rules;
use super::status::{Status, Unserved};
use super::waiting::{Heartbeat, Waiter};
use jetkv_types::Timestamp;
use std::time::Duration;

/// What a client asks for in one request; zero and less mean absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullRequest {
    /// Messages; 1 if absent.
    pub batch: i64,
    /// Nanoseconds that the request may wait; for ever if absent.
    pub expires: i64,
    /// Whether to answer at once with what is there.
    pub no_wait: bool,
    /// Most bytes.
    pub max_bytes: i64,
    /// Nanoseconds of silence after which the client gets a sign of life.
    pub idle_heartbeat: i64,
    /// Its place among others, for priority groups; absent if the request is no more than a number.
    pub ranking: Option<Ranking>,
}

impl PullRequest {
    /// Returns the request as it waits, or why it does not.
    pub(super) fn check(
        &self,
        reply: &str,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<Waiter, Status<'static>> {
        let batch = positive(self.batch).unwrap_or(1);
        let expires = positive(self.expires).map(Duration::from_nanos);
        let bytes = positive(self.max_bytes);
        let heartbeat = positive(self.idle_heartbeat).map(Duration::from_nanos);
        if heartbeat.is_some_and(|every| every.saturating_mul(2) > expires.unwrap_or_default()) {
            return Err(Status::BadRequest("heartbeat value too large"));
        }
        if let Some(ranking) = &self.ranking {
            ranking.check()?;
        }
        match (rules.max_batch, rules.max_expires, rules.max_bytes) {
            (Some(limit), _, _) if batch > limit => return Err(Status::ExceededMaxRequestBatch(limit)),
            (_, Some(limit), _) if expires.is_some_and(|expires| expires > limit) => {
                return Err(Status::ExceededMaxRequestExpires(limit));
            }
            (_, _, Some(limit)) if bytes.is_some_and(|bytes| bytes > limit) => {
                return Err(Status::ExceededMaxRequestMaxBytes(limit));
            }
            _ => {}
        }
        let claimed = self.ranking.as_ref().map(|ranking| ranking.claim(rules)).transpose()?.flatten();
        let (claim, place) = claimed.map_or((None, 0), |(claim, place)| (Some(claim), place));
        Ok(Waiter {
            reply: reply.into(),
            left: batch,
            served: 0,
            bytes_left: bytes,
            no_wait: self.no_wait,
            expires: expires.map(|span| now.saturating_add(span)),
            heartbeat: heartbeat.map(|every| Heartbeat { every, next: now.saturating_add(every) }),
            claim,
            place,
        })
    }

    /// Returns what a request is told that is over before it came; it is refused first if too many wait.
    pub(super) fn over(&self) -> Option<Status<'static>> {
        // The numbers are told as they came.
        let messages = positive(self.batch).unwrap_or(0);
        let bytes = positive(self.max_bytes).unwrap_or(0);
        (self.expires < 0).then_some(Status::RequestTimeout(Unserved { messages, bytes }))
    }
}

fn positive(number: i64) -> Option<u64> {
    u64::try_from(number).ok().filter(|number| *number > 0)
}
