//! `DIRECT.GET`: reading a request for messages (PROTOCOL 2.9).

use super::Request;
use crate::js::context::Ctx;
use crate::js::direct::{Ask, Form};
use crate::js::publish::Handled;
use crate::js::state::JetStream;
use crate::router::Msg;
use jetkv_types::SubjectFilter;
use std::sync::Arc;

/// Answers a request with messages.
pub(super) fn get(jetstream: &Arc<JetStream>, ctx: &mut Ctx<'_>, request: Request<'_>) -> Handled {
    let (name, subject) = match request.rest.split_once('.') {
        Some((name, subject)) => (name, Some(subject)),
        None => (request.rest, None),
    };
    let Some(handle) = jetstream.find(name) else { return Handled::No };
    let Some(reply) = request.msg.reply else { return Handled::Yes };
    let ask = match subject {
        Some(subject) => SubjectFilter::new(subject).map(Ask::Last).ok(),
        None => None,
    };
    if let Some(ask) = ask {
        let router = &ctx.account.router;
        let publisher = &mut *ctx.publisher;
        handle.direct_get(&ask, Form::Whole, &mut |msg| {
            publisher.deliver(router, &Msg { subject: reply, ..*msg });
        });
    }
    Handled::Yes
}
