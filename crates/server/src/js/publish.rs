//! The way in: every message that a client publishes.

use super::api;
use super::context::Ctx;
use super::pending::Pending;
use super::run::Run;
use crate::router::Msg;

/// Whether JetStream is the receiver of a message; if nobody else is, no "no responders" is sent then (PROTOCOL 1.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handled {
    /// A stream captures it, or it is a request that was or will be answered.
    Yes,
    /// It is none of JetStream's business.
    No,
}

/// Takes a message after it went to the subscribers of its subject. It may be put into the run, which is handed over when
/// something comes that is of another kind.
///
/// With JetStream off nothing is JetStream's business, so that requests get 503 (PROTOCOL 2.1.3).
pub(crate) fn publish<'a>(
    ctx: &mut Ctx<'_>,
    pending: &mut Pending,
    run: &mut Run<'a>,
    msg: &Msg<'a>,
) -> Handled {
    let account = ctx.account;
    let Some(jetstream) = account.jetstream() else { return Handled::No };
    // Subjects of streams are text.
    let Ok(subject) = std::str::from_utf8(msg.subject) else { return Handled::No };
    if let Some(rest) = subject.strip_prefix("$JS.") {
        // A read sees what is committed: what waits for its turn is not, handed over or not.
        if !rest.starts_with("API.DIRECT.GET.") {
            run.finish(ctx, pending);
        }
        return api::request(jetstream, ctx, pending, run, rest, msg);
    }
    jetstream.ingest(ctx, pending, run, subject, msg)
}
