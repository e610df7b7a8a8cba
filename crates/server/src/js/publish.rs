//! The way in: every message that a client publishes.

use super::context::Ctx;
use super::pending::Pending;
use crate::router::Msg;

/// Whether JetStream is the receiver of a message; if nobody else is, no "no responders" is sent then (PROTOCOL 1.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handled {
    /// A stream captures it, or it is a request that was or will be answered.
    Yes,
    /// It is none of JetStream's business.
    No,
}

/// Takes a message after it went to the subscribers of its subject.
///
/// With JetStream off nothing is JetStream's business, so that requests get 503 (PROTOCOL 2.1.3).
pub(crate) fn publish(_ctx: &mut Ctx<'_>, _pending: &mut Pending, _msg: &Msg<'_>) -> Handled {
    Handled::No
}
