//! Priority groups: which of the pull requests that wait gets the next message (PROTOCOL 5.7).

use super::rules::Rules;
use super::status::Status;
use jetkv_types::Timestamp;
use std::sync::Arc;

/// What a pull request says about its place among others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranking {
    /// The group of the client.
    pub group: String,
    /// Smaller ones come first; 0 to 9.
    pub priority: i64,
    /// Messages that must be left, the next one included, for it to be served.
    pub min_pending: i64,
    /// Deliveries that must await their acks for it to be served; one of the two minima is enough.
    pub min_ack_pending: i64,
    /// The pin that the client was given.
    pub id: String,
}

/// What is left of that while a request waits.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) group: Box<str>,
    min_pending: Option<u64>,
    min_ack_pending: Option<u64>,
    /// The pin that it shows, or got.
    pub(super) id: Box<str>,
}

/// The one client that gets everything.
#[derive(Debug)]
pub(super) struct Pin {
    pub(super) id: Arc<str>,
    pub(super) group: Box<str>,
    pub(super) since: Timestamp,
    /// When it is given up, unless the client asks before.
    pub(super) until: Timestamp,
}

/// What is told of the group of a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupInfo {
    /// Its name; the first one of several.
    pub group: String,
    /// The pin, and since when.
    pub pinned: Option<(Arc<str>, Timestamp)>,
}

impl Ranking {
    /// Checks it alone.
    pub(super) fn check(&self) -> Result<(), Status<'static>> {
        if !(0..=9).contains(&self.priority) {
            return Err(Status::BadRequest("Priority must be between 0 and 9"));
        }
        Ok(())
    }

    /// Checks it against its consumer; returns its claim, if the consumer ranks requests, and its place.
    pub(super) fn claim(&self, rules: &Rules) -> Result<Option<(Box<Claim>, u8)>, Status<'static>> {
        use super::PriorityPolicy::{None as Unranked, Overflow, PinnedClient, Prioritized};
        let has_minimum = self.min_pending != 0 || self.min_ack_pending != 0;
        if has_minimum && rules.priority != Overflow {
            return Err(Status::BadRequest("Not a Overflow Priority consumer"));
        }
        if !self.id.is_empty() && rules.priority != PinnedClient {
            return Err(Status::BadRequest("Not a Pinned Client Priority consumer"));
        }
        if rules.priority == Unranked {
            return Ok(None);
        }
        if self.group.is_empty() {
            return Err(Status::BadRequest("Priority Group missing"));
        }
        if !rules.groups.contains(&self.group) {
            return Err(Status::BadRequest("Invalid Priority Group"));
        }
        let minimum = |number: i64| u64::try_from(number).ok().filter(|number| *number > 0);
        let claim = Claim {
            group: self.group.as_str().into(),
            min_pending: minimum(self.min_pending),
            min_ack_pending: minimum(self.min_ack_pending),
            id: self.id.as_str().into(),
        };
        let place = if rules.priority == Prioritized { u8::try_from(self.priority).unwrap_or(9) } else { 0 };
        Ok(Some((Box::new(claim), place)))
    }
}

impl Claim {
    /// Says whether the request may be served when so many messages are left, the next one included, and so many deliveries
    /// await their acks.
    pub(super) fn is_met(&self, pending: u64, unacked: u64) -> bool {
        match (self.min_pending, self.min_ack_pending) {
            (None, None) => true,
            (left, acks) => {
                left.is_some_and(|least| pending >= least) || acks.is_some_and(|least| unacked >= least)
            }
        }
    }
}
