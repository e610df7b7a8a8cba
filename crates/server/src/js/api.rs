//! Requests to the JetStream API: which handler takes which subject (PROTOCOL 2.2).

mod direct;

use super::context::Ctx;
use super::pending::Pending;
use super::publish::Handled;
use super::state::JetStream;
use crate::router::Msg;
use std::sync::Arc;

/// A request, taken apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// The message as it came.
    pub(crate) msg: &'a Msg<'a>,
    /// What follows the name of the operation in the subject.
    pub(crate) rest: &'a str,
}

/// Takes a message whose subject begins with `$JS.`; `rest` is what follows.
pub(crate) fn request(
    jetstream: &Arc<JetStream>,
    ctx: &mut Ctx<'_>,
    pending: &mut Pending,
    rest: &str,
    msg: &Msg<'_>,
) -> Handled {
    if let Some(operation) = rest.strip_prefix("API.") {
        return operate(jetstream, ctx, operation, msg);
    }
    let Some(domain) = jetstream.settings.domain.as_deref() else { return Handled::No };
    let inner = rest.strip_prefix(domain).and_then(|rest| rest.strip_prefix(".API."));
    match inner {
        // Clients with a domain publish their values below its prefix (PROTOCOL 2.1.4).
        Some(subject) if subject.starts_with("$KV.") || subject.starts_with("$O.") => {
            let msg = Msg { subject: subject.as_bytes(), ..*msg };
            ctx.publisher.deliver(&ctx.account.router, &msg);
            jetstream.ingest(ctx, pending, subject, &msg)
        }
        Some(operation) => operate(jetstream, ctx, operation, msg),
        None => Handled::No,
    }
}

fn operate(jetstream: &Arc<JetStream>, ctx: &mut Ctx<'_>, operation: &str, msg: &Msg<'_>) -> Handled {
    if let Some(rest) = operation.strip_prefix("DIRECT.GET.") {
        return direct::get(jetstream, ctx, Request { msg, rest });
    }
    Handled::Yes
}
