//! Requests to the JetStream API: which handler takes which subject (PROTOCOL 2.2).

mod account;
mod consumers;
mod direct;
mod messages;
mod streams;

pub(super) use consumers::read_pull;
pub(super) use streams::show_created;

use super::acks;
use super::context::Ctx;
use super::errors::fixed;
use super::events::Events;
use super::pending::Pending;
use super::publish::Handled;
use super::run::Run;
use super::state::JetStream;
use super::transfer;
use crate::router::Msg;
use crate::span::{SpanKind, SpanOutcome};
use crate::version::API_LEVEL;
use jetkv_wire::api::{self, Body};
use jetkv_wire::error::ApiError;
use jetkv_wire::header;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::task::block_in_place;

/// Takes a message whose subject begins with `$JS.`; `rest` is what follows.
pub(crate) fn request<'a>(
    jetstream: &Arc<JetStream>,
    ctx: &mut Ctx<'_>,
    pending: &mut Pending,
    run: &mut Run<'a>,
    rest: &'a str,
    msg: &Msg<'a>,
) -> Handled {
    // Such a subject matches none of the reference's subscriptions.
    if rest.starts_with('.') || rest.ends_with('.') || rest.contains("..") {
        return Handled::No;
    }
    if let Some(operation) = rest.strip_prefix("API.") {
        return operate(jetstream, ctx, run, operation, msg);
    }
    if rest.starts_with("ACK.") {
        return acks::acknowledge(jetstream, ctx, msg);
    }
    if rest.starts_with("FC.") {
        return acks::answer_flow(jetstream, ctx, msg);
    }
    if let Some(rest) = rest.strip_prefix("SNAPSHOT.") {
        return transfer::take(jetstream, ctx, rest, msg);
    }
    let Some(domain) = jetstream.settings.domain.as_deref() else { return Handled::No };
    let inner = rest.strip_prefix(domain).and_then(|rest| rest.strip_prefix(".API."));
    match inner {
        // Clients with a domain publish their values below its prefix (PROTOCOL 2.1.4).
        Some(subject) if subject.starts_with("$KV.") || subject.starts_with("$O.") => {
            let msg = Msg { subject: subject.as_bytes(), ..*msg };
            ctx.publisher.deliver(&ctx.account.router, &msg);
            jetstream.ingest(ctx, pending, run, subject, &msg)
        }
        Some(operation) => operate(jetstream, ctx, run, operation, msg),
        None => Handled::No,
    }
}

/// What a request is answered with.
pub(super) struct Answer {
    body: Vec<u8>,
    failed: bool,
    operation: &'static str,
}

impl Answer {
    /// Puts the outcome of an operation into words.
    pub(super) fn of<B: Body>(operation: &'static str, outcome: Result<B, ApiError>) -> Self {
        let mut body = Vec::new();
        api::respond(&mut body, outcome.as_ref());
        Self { body, failed: outcome.is_err(), operation }
    }
}

fn operate<'a>(
    jetstream: &Arc<JetStream>,
    ctx: &mut Ctx<'_>,
    run: &mut Run<'a>,
    operation: &'a str,
    msg: &Msg<'a>,
) -> Handled {
    if let Some(rest) = operation.strip_prefix("DIRECT.GET.") {
        return direct::get(jetstream, ctx, run, rest, msg);
    }
    if let Some(rest) = operation.strip_prefix("CONSUMER.MSG.NEXT.") {
        return consumers::next(jetstream, ctx, rest, msg);
    }
    let began = jetstream.begin_span();
    // What nobody knows is not answered: the reference listens on all of `$JS.API.>` (PROTOCOL 2.1.3).
    if let Some(answer) = answer(jetstream, ctx, operation, msg) {
        jetstream.count(answer.failed);
        let kind = SpanKind::Request { operation: answer.operation, subject: operation };
        let outcome = if answer.failed { SpanOutcome::Failed } else { SpanOutcome::Done };
        jetstream.end_span(began, kind, outcome);
        // Whatever is asked is told to others, but for messages that were read.
        if answer.failed || answer.operation != "STREAM.MSG.GET" {
            let mut events = Events { jetstream, publisher: ctx.publisher, router: &ctx.account.router };
            let subject = String::from_utf8_lossy(msg.subject);
            events.audit(&subject, msg.payload, &answer.body);
        }
        ctx.reply(msg.reply, b"", &answer.body);
    }
    Handled::Yes
}

/// Answers a request to the API of streams that are being opened; everything else gets "no responders", which is true.
pub(crate) fn refuse_while_starting(ctx: &mut Ctx<'_>, msg: &Msg<'_>) -> Handled {
    let subject = std::str::from_utf8(msg.subject).ok();
    let operation = subject.and_then(|subject| subject.strip_prefix("$JS.")?.split_once("API."));
    let Some((verb, _)) = operation.and_then(|(_, operation)| split(operation)) else { return Handled::No };
    let kind = match verb {
        "INFO" => "account_info_response".to_owned(),
        "CONSUMER.DURABLE.CREATE" => "consumer_create_response".to_owned(),
        "STREAM.PEER.REMOVE" => "stream_remove_peer_response".to_owned(),
        verb => format!("{}_response", verb.to_ascii_lowercase().replace('.', "_")),
    };
    ctx.reply(msg.reply, b"", &refused(&kind, &fixed::STARTING).body);
    Handled::Yes
}

/// Finds the handler and runs it. What writes files makes room for others meanwhile.
fn answer(jetstream: &Arc<JetStream>, ctx: &mut Ctx<'_>, operation: &str, msg: &Msg<'_>) -> Option<Answer> {
    let (verb, rest) = split(operation)?;
    let body = msg.payload;
    let level = check_level(msg.headers);
    macro_rules! answered {
        ($outcome:expr) => {
            Some(Answer::of(verb, level.and_then(|()| $outcome)))
        };
    }
    match verb {
        "INFO" => answered!(account::info(jetstream)),
        "STREAM.CREATE" => block_in_place(|| answered!(streams::create(jetstream, ctx, rest, body))),
        "STREAM.UPDATE" => block_in_place(|| answered!(streams::update(jetstream, ctx, rest, body))),
        "STREAM.DELETE" => block_in_place(|| answered!(streams::delete(jetstream, ctx, rest, body))),
        "STREAM.PURGE" => block_in_place(|| answered!(streams::purge(jetstream, ctx, rest, body))),
        "STREAM.INFO" => answered!(streams::info(jetstream, rest, body)),
        "STREAM.NAMES" => answered!(streams::names(jetstream, body)),
        "STREAM.LIST" => answered!(streams::list(jetstream, body)),
        "STREAM.MSG.GET" => answered!(messages::get(jetstream, rest, body)),
        "STREAM.MSG.DELETE" => block_in_place(|| answered!(messages::delete(jetstream, ctx, rest, body))),
        "CONSUMER.CREATE" => answered!(consumers::create(jetstream, ctx, false, rest, body)),
        "CONSUMER.DURABLE.CREATE" => answered!(consumers::create(jetstream, ctx, true, rest, body)),
        "CONSUMER.NAMES" => answered!(consumers::names(jetstream, ctx, rest, body)),
        "CONSUMER.LIST" => answered!(consumers::list(jetstream, ctx, rest, body)),
        "CONSUMER.INFO" => answered!(consumers::info(jetstream, ctx, rest, body)),
        "CONSUMER.DELETE" => answered!(consumers::delete(jetstream, ctx, rest, body)),
        "CONSUMER.PAUSE" => answered!(consumers::pause(jetstream, ctx, rest, body)),
        "CONSUMER.UNPIN" => answered!(consumers::unpin(jetstream, ctx, rest, body)),
        "CONSUMER.RESET" => match level {
            Ok(()) => consumers::reset(jetstream, ctx, rest, body).map(|outcome| Answer::of(verb, outcome)),
            Err(problem) => Some(Answer::of::<api::ConsumerResetResponse>(verb, Err(problem))),
        },
        "STREAM.SNAPSHOT" => {
            let begun = level.and_then(|()| transfer::begin_backup(jetstream, ctx, rest, msg));
            // If it has begun, it answers by itself.
            begun.err().map(|error| Answer::of::<api::SnapshotResponse>(verb, Err(error)))
        }
        "STREAM.RESTORE" => answered!(transfer::begin_restore(jetstream, ctx, rest, body)),
        "STREAM.LEADER.STEPDOWN" => Some(not_clustered("stream_leader_stepdown_response")),
        "STREAM.PEER.REMOVE" => Some(not_clustered("stream_remove_peer_response")),
        "CONSUMER.LEADER.STEPDOWN" => Some(not_clustered("consumer_leader_stepdown_response")),
        _ => None,
    }
}

/// Cuts an operation into its name and what follows: the stream, and perhaps more.
fn split(operation: &str) -> Option<(&'static str, &str)> {
    OPERATIONS.iter().find_map(|(name, tokens)| {
        let rest = operation.strip_prefix(name)?;
        match tokens {
            Tokens::None => rest.is_empty().then_some((*name, "")),
            Tokens::One => {
                let rest = rest.strip_prefix('.')?;
                (!rest.is_empty() && !rest.contains('.')).then_some((*name, rest))
            }
            Tokens::Some => rest.strip_prefix('.').filter(|rest| !rest.is_empty()).map(|rest| (*name, rest)),
            Tokens::Two => {
                let rest = rest.strip_prefix('.')?;
                let (stream, second) = rest.split_once('.')?;
                (!stream.is_empty() && !second.is_empty() && !second.contains('.')).then_some((*name, rest))
            }
        }
    })
}

/// How many tokens follow the name of an operation.
#[derive(Debug, Clone, Copy)]
enum Tokens {
    None,
    One,
    Two,
    /// One or more.
    Some,
}

const OPERATIONS: &[(&str, Tokens)] = &[
    ("INFO", Tokens::None),
    ("STREAM.CREATE", Tokens::One),
    ("STREAM.UPDATE", Tokens::One),
    ("STREAM.DELETE", Tokens::One),
    ("STREAM.PURGE", Tokens::One),
    ("STREAM.INFO", Tokens::One),
    ("STREAM.NAMES", Tokens::None),
    ("STREAM.LIST", Tokens::None),
    ("STREAM.MSG.GET", Tokens::One),
    ("STREAM.MSG.DELETE", Tokens::One),
    ("STREAM.SNAPSHOT", Tokens::One),
    ("STREAM.RESTORE", Tokens::One),
    ("STREAM.LEADER.STEPDOWN", Tokens::One),
    ("STREAM.PEER.REMOVE", Tokens::One),
    ("CONSUMER.CREATE", Tokens::Some),
    ("CONSUMER.DURABLE.CREATE", Tokens::Two),
    ("CONSUMER.NAMES", Tokens::One),
    ("CONSUMER.LIST", Tokens::One),
    ("CONSUMER.INFO", Tokens::Two),
    ("CONSUMER.DELETE", Tokens::Two),
    ("CONSUMER.PAUSE", Tokens::Two),
    ("CONSUMER.UNPIN", Tokens::Two),
    ("CONSUMER.RESET", Tokens::Two),
    ("CONSUMER.LEADER.STEPDOWN", Tokens::Two),
];

/// Refuses a request that needs more than this server has (PROTOCOL 2.1.2).
fn check_level(headers: &[u8]) -> Result<(), ApiError> {
    let asked = header::get(headers, b"Nats-Required-Api-Level").filter(|asked| !asked.is_empty());
    let Some(asked) = asked else { return Ok(()) };
    let asked = std::str::from_utf8(asked).ok().and_then(|text| text.parse::<u64>().ok());
    if asked.is_some_and(|asked| asked <= API_LEVEL) { Ok(()) } else { Err(fixed::API_LEVEL) }
}

fn not_clustered(kind: &str) -> Answer {
    refused(kind, &fixed::NOT_CLUSTERED)
}

fn refused(kind: &str, error: &ApiError) -> Answer {
    let mut body = Vec::new();
    api::refuse(&mut body, kind, error);
    Answer { body, failed: true, operation: "" }
}

impl JetStream {
    /// Reads the body of a request.
    pub(super) fn decode<T: DeserializeOwned + Default>(&self, body: &[u8]) -> Result<T, ApiError> {
        use jetkv_wire::json::Strictness;
        let strictness = if self.settings.strict { Strictness::Strict } else { Strictness::Lenient };
        api::decode(body, strictness)
    }

    /// Reads the body of a request that may be left out in many ways (PROTOCOL 2.1.1).
    pub(super) fn decode_optional<T: DeserializeOwned + Default>(&self, body: &[u8]) -> Result<T, ApiError> {
        if api::is_absent(body) { Ok(T::default()) } else { self.decode(body) }
    }
}
