//! `CONSUMER.*`: creating, showing, listing, pausing and deleting consumers, and pulling from them (PROTOCOL 2.6, 5.7).

use crate::js::consumers::{CreateMode, Details, action_of, info_of, request_config};
use crate::js::context::Ctx;
use crate::js::errors::{self, fixed};
use crate::js::events::{Action, Events};
use crate::js::handle::StreamHandle;
use crate::js::publish::Handled;
use crate::js::state::JetStream;
use crate::router::Msg;
use jetkv_jetstream::consumer::{ConsumerError, CreateForm, CreateRequest, PullRequest, Ranking};
use jetkv_types::Timestamp;
use jetkv_wire::api::{self, Page};
use jetkv_wire::error::{ApiError, invalid_json};
use jetkv_wire::header;
use jetkv_wire::json::{self, Strictness};
use std::sync::Arc;
use tokio::task::block_in_place;

/// Creates or changes a consumer. `rest` is `<stream>`, `<stream>.<name>` or `<stream>.<name>.<filter>`.
pub(super) fn create(
    jetstream: &Arc<JetStream>,
    ctx: &mut Ctx<'_>,
    durable: bool,
    rest: &str,
    body: &[u8],
) -> Result<api::ConsumerCreateResponse, ApiError> {
    let request: api::ConsumerCreateRequest = jetstream.decode(body)?;
    let mut parts = rest.splitn(3, '.');
    let stream = parts.next().unwrap_or_default();
    let (name, filter) = (parts.next(), parts.next());
    let form = match (durable, name) {
        (true, _) => CreateForm::Durable,
        (false, Some(_)) => CreateForm::Named,
        (false, None) => CreateForm::Unnamed,
    };
    let mode = CreateMode { action: action_of(request.action), pedantic: request.pedantic };
    let config = CreateRequest {
        form,
        stream,
        name: name.unwrap_or_default(),
        filter,
        stream_in_body: &request.stream_name,
        config: request_config(request.config),
    };
    let config = config.resolve().map_err(|error| errors::of_consumer(&error))?;
    let handle = jetstream.known(stream)?;
    let place = handle.place(jetstream, ctx.account);
    let created = handle.consumers.create(&handle, config, mode, place);
    let created = created.map_err(|error| errors::of_consumer(&error))?;
    if created.is_kept {
        block_in_place(|| handle.consumers.keep(&jetstream.keeper, stream));
    }
    if created.is_new {
        let mut events = Events { jetstream, publisher: ctx.publisher, router: &ctx.account.router };
        events.consumer(Action::Created, stream, &created.info.name);
    }
    let info = info_of(&created.info, stream, place.now, Details::Full);
    Ok(api::ConsumerCreateResponse { info })
}

/// Shows a consumer.
pub(super) fn info(
    jetstream: &JetStream,
    ctx: &mut Ctx<'_>,
    rest: &str,
    body: &[u8],
) -> Result<api::ConsumerInfoResponse, ApiError> {
    if !api::is_empty(body) {
        return Err(fixed::NOT_EMPTY);
    }
    let (handle, name) = find(jetstream, rest)?;
    let info = show(jetstream, ctx, &handle, name, Details::Full)?;
    Ok(api::ConsumerInfoResponse { info })
}

fn find<'a>(jetstream: &JetStream, rest: &'a str) -> Result<(Arc<StreamHandle>, &'a str), ApiError> {
    let (stream, name) = rest.split_once('.').ok_or(fixed::STREAM_NOT_FOUND)?;
    Ok((jetstream.known(stream)?, name))
}

fn show(
    jetstream: &JetStream,
    ctx: &mut Ctx<'_>,
    handle: &StreamHandle,
    name: &str,
    details: Details,
) -> Result<api::ConsumerInfo, ApiError> {
    let now = jetstream.store.now();
    let info = handle.consumers.look(ctx.publisher, handle.place(jetstream, ctx.account), |set, out| {
        let key = set.find(name).ok_or(ConsumerError::NotFound)?;
        set.info(key, now, out)
    });
    let info = info.map_err(|error| errors::of_consumer(&error))?;
    Ok(info_of(&info, handle.stream.name().as_str(), now, details))
}

/// Lists names of consumers.
pub(super) fn names(
    jetstream: &JetStream,
    ctx: &mut Ctx<'_>,
    stream: &str,
    body: &[u8],
) -> Result<api::ConsumerNamesResponse, ApiError> {
    let request: api::ConsumersRequest = jetstream.decode_optional(body)?;
    let handle = jetstream.known(stream)?;
    let names = all_names(jetstream, ctx, &handle);
    let (page, range) = Page::of(names.len(), request.offset, Page::NAMES_MAX);
    Ok(api::ConsumerNamesResponse { page, consumers: names[range].to_vec() })
}

/// Lists consumers.
pub(super) fn list(
    jetstream: &JetStream,
    ctx: &mut Ctx<'_>,
    stream: &str,
    body: &[u8],
) -> Result<api::ConsumerListResponse, ApiError> {
    let request: api::ConsumersRequest = jetstream.decode_optional(body)?;
    let handle = jetstream.known(stream)?;
    let names = all_names(jetstream, ctx, &handle);
    let (page, range) = Page::of(names.len(), request.offset, Page::INFOS_MAX);
    // One that is gone since is no longer of interest.
    let consumers = names[range]
        .iter()
        .filter_map(|name| show(jetstream, ctx, &handle, name, Details::Listed).ok())
        .collect();
    Ok(api::ConsumerListResponse { page, consumers })
}

fn all_names(jetstream: &JetStream, ctx: &mut Ctx<'_>, handle: &StreamHandle) -> Vec<String> {
    handle.consumers.look(ctx.publisher, handle.place(jetstream, ctx.account), |set, _| {
        set.names(None).map(|(name, _)| name.to_owned()).collect()
    })
}

/// Deletes a consumer.
pub(super) fn delete(
    jetstream: &JetStream,
    ctx: &mut Ctx<'_>,
    rest: &str,
    body: &[u8],
) -> Result<api::ConsumerDeleteResponse, ApiError> {
    if !api::is_empty(body) {
        return Err(fixed::NOT_EMPTY);
    }
    let (handle, name) = find(jetstream, rest)?;
    let place = handle.place(jetstream, ctx.account);
    let deleted = handle.consumers.delete(name, ctx.publisher, place);
    let durable = deleted.map_err(|error| errors::of_consumer(&error))?;
    if durable {
        let stream = handle.stream.name().as_str();
        // What nobody else needs is gone before that is forgotten, or is found again with the consumer.
        handle.settle_retention();
        block_in_place(|| jetstream.keeper.forget(stream, Some(name)))
            .map_err(|error| errors::of_engine(&error))?;
    }
    let mut events = Events { jetstream, publisher: ctx.publisher, router: &ctx.account.router };
    events.consumer(Action::Deleted, handle.stream.name().as_str(), name);
    Ok(api::ConsumerDeleteResponse { success: true })
}

/// Pauses a consumer, or lets it go on.
pub(super) fn pause(
    jetstream: &JetStream,
    ctx: &mut Ctx<'_>,
    rest: &str,
    body: &[u8],
) -> Result<api::ConsumerPauseResponse, ApiError> {
    let request: api::ConsumerPauseRequest = jetstream.decode_optional(body)?;
    let (handle, name) = find(jetstream, rest)?;
    let place = handle.place(jetstream, ctx.account);
    let until = Some(request.pause_until).filter(|until| *until != Timestamp::ZERO);
    let paused = handle.consumers.act(ctx.publisher, place, |set, _| {
        let key = set.find(name).ok_or(ConsumerError::NotFound)?;
        set.pause(key, until, place.now)
    });
    let paused = paused.map_err(|error| errors::of_consumer(&error))?;
    block_in_place(|| handle.consumers.keep(&jetstream.keeper, handle.stream.name().as_str()));
    let mut events = Events { jetstream, publisher: ctx.publisher, router: &ctx.account.router };
    events.paused(handle.stream.name().as_str(), name, paused.until.filter(|_| paused.remaining.is_some()));
    let nanos = |span: std::time::Duration| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
    Ok(api::ConsumerPauseResponse {
        paused: paused.remaining.is_some(),
        pause_until: paused.until.unwrap_or(Timestamp::ZERO),
        pause_remaining: paused.remaining.map_or(0, nanos),
    })
}

/// Takes the pin of a client away.
pub(super) fn unpin(
    jetstream: &JetStream,
    ctx: &mut Ctx<'_>,
    rest: &str,
    body: &[u8],
) -> Result<api::ConsumerUnpinResponse, ApiError> {
    let request: api::ConsumerUnpinRequest = json::decode(body, Strictness::Lenient).map_err(invalid_json)?;
    if request.group.is_empty() {
        return Err(ApiError::fixed(400, 10025, "invalid JSON: consumer group not specified"));
    }
    let (handle, name) = find(jetstream, rest)?;
    let place = handle.place(jetstream, ctx.account);
    let unpinned = handle.consumers.act(ctx.publisher, place, |set, out| {
        let key = set.find(name).ok_or(ConsumerError::NotFound)?;
        set.unpin(key, &request.group, place.now, out)
    });
    unpinned.map_err(|error| errors::of_consumer(&error))?;
    Ok(api::ConsumerUnpinResponse::default())
}

/// Lets a consumer begin anew. In the reference the consumer itself takes these requests: where there is none, nobody
/// answers.
pub(super) fn reset(
    jetstream: &JetStream,
    ctx: &mut Ctx<'_>,
    rest: &str,
    body: &[u8],
) -> Option<Result<api::ConsumerResetResponse, ApiError>> {
    let (handle, name) = find(jetstream, rest).ok()?;
    match try_reset(jetstream, ctx, &handle, name, body) {
        Err(problem) if problem.err_code == CONSUMER_NOT_FOUND => None,
        outcome => Some(outcome),
    }
}

fn try_reset(
    jetstream: &JetStream,
    ctx: &mut Ctx<'_>,
    handle: &StreamHandle,
    name: &str,
    body: &[u8],
) -> Result<api::ConsumerResetResponse, ApiError> {
    let place = handle.place(jetstream, ctx.account);
    show(jetstream, ctx, handle, name, Details::Full)?;
    let request: api::ConsumerResetRequest = if body.is_empty() {
        api::ConsumerResetRequest::default()
    } else {
        json::decode(body, Strictness::Lenient).map_err(invalid_json)?
    };
    let sequence = (request.seq > 0).then_some(request.seq);
    let reset = handle.consumers.act(ctx.publisher, place, |set, _| {
        let key = set.find(name).ok_or(ConsumerError::NotFound)?;
        set.reset(key, sequence, place.now)
    });
    let (info, reset_seq) = reset.map_err(|error| errors::of_consumer(&error))?;
    let stream = handle.stream.name().as_str();
    let info = info_of(&info, stream, place.now, Details::Full);
    Ok(api::ConsumerResetResponse { info, reset_seq })
}

/// Takes a pull request. Without its consumer there is nobody to respond.
pub(super) fn next(jetstream: &JetStream, ctx: &mut Ctx<'_>, rest: &str, msg: &Msg<'_>) -> Handled {
    let Some((stream, name)) = rest.split_once('.') else { return Handled::No };
    let Some(handle) = jetstream.find(stream) else { return Handled::No };
    let place = handle.place(jetstream, ctx.account);
    let key =
        handle.consumers.look(ctx.publisher, handle.place(jetstream, ctx.account), |set, _| set.find(name));
    let Some(key) = key else { return Handled::No };
    let Some(reply) = msg.reply.and_then(|reply| std::str::from_utf8(reply).ok()) else {
        return Handled::Yes;
    };
    if !msg.headers.is_empty() && super::check_level(msg.headers).is_err() {
        refuse(ctx, msg, 412, "Required Api Level");
        return Handled::Yes;
    }
    match read_pull(msg.payload) {
        Ok(request) => {
            handle
                .consumers
                .act(ctx.publisher, place, |set, out| set.pull(key, reply, &request, place.now, out));
        }
        Err(fault) => refuse(ctx, msg, 400, &fault),
    }
    Handled::Yes
}

fn refuse(ctx: &mut Ctx<'_>, msg: &Msg<'_>, code: u16, text: &str) {
    let mut block = Vec::new();
    header::push_status(&mut block, code, text);
    ctx.reply(msg.reply, &block, b"");
}

/// Reads the body of a pull request, also where it stands behind `+NXT`.
pub(in crate::js) fn read_pull(body: &[u8]) -> Result<PullRequest, String> {
    let request = api::PullRequest::parse(body).map_err(|fault| fault.to_string())?;
    let ranking = Ranking {
        group: request.group,
        priority: request.priority,
        min_pending: request.min_pending,
        min_ack_pending: request.min_ack_pending,
        id: request.id,
    };
    Ok(PullRequest {
        batch: request.batch,
        expires: request.expires,
        no_wait: request.no_wait,
        max_bytes: request.max_bytes,
        idle_heartbeat: request.idle_heartbeat,
        // A number alone asks for no place.
        ranking: body.starts_with(b"{").then_some(ranking),
    })
}

/// Number of the error that tells that there is no such consumer.
const CONSUMER_NOT_FOUND: u16 = 10014;
