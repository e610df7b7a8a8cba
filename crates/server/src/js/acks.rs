//! What clients say about deliveries: acknowledgements and answers to flow control (PROTOCOL 5.5, 5.6).

use super::api::read_pull;
use super::context::Ctx;
use super::publish::Handled;
use super::state::JetStream;
use crate::router::Msg;
use jetkv_jetstream::consumer::{Ack, AckKind, AckOutcome};
use jetkv_jetstream::duration;
use jetkv_wire::ack::{self, AckReply, FlowControl, NakDelay};
use std::time::Duration;
use tokio::task::block_in_place;

/// Takes a message to `$JS.ACK.>`.
pub(super) fn acknowledge(jetstream: &JetStream, ctx: &mut Ctx<'_>, msg: &Msg<'_>) -> Handled {
    let Some(reply) = AckReply::parse(msg.subject) else { return Handled::No };
    let Some(handle) = jetstream.find(reply.stream) else { return Handled::No };
    // What is no acknowledgement does nothing, and is yet answered.
    let kind = ack::Ack::parse(msg.payload).and_then(kind_of);
    let place = handle.place(jetstream, ctx.account);
    let to = msg.reply.and_then(|reply| std::str::from_utf8(reply).ok());
    let outcome = handle.consumers.act(ctx.publisher, place, |set, out| {
        let key = set.find(reply.consumer).filter(|key| set.awaits_acks(*key))?;
        let Some(kind) = &kind else { return Some(AckOutcome::Taken) };
        let (stream_seq, consumer_seq) = (reply.stream_seq, reply.consumer_seq);
        let ack = Ack { stream_seq, consumer_seq, kind, reply: to };
        Some(set.ack(key, &ack, place.now, out))
    });
    let is_answered = match (outcome, &kind) {
        (None, _) => return Handled::No,
        (_, Some(AckKind::Next(_))) => false,
        // What was not delivered cannot be done, and nobody is told that it is.
        (Some(AckOutcome::NotDelivered), Some(AckKind::Ack | AckKind::Term { .. })) => false,
        _ => msg.reply.is_some(),
    };
    if is_answered {
        // Who asks for an answer wants to be sure: what it acknowledged does not come again, whatever happens to the server.
        block_in_place(|| handle.consumers.keep(&jetstream.keeper, reply.stream));
        ctx.reply(msg.reply, b"", b"");
    }
    Handled::Yes
}

fn kind_of(ack: ack::Ack<'_>) -> Option<AckKind> {
    Some(match ack {
        ack::Ack::Done => AckKind::Ack,
        ack::Ack::Progress => AckKind::Progress,
        ack::Ack::Nak(delay) => AckKind::Nak { delay: delay_of(delay) },
        ack::Ack::Next(request) => AckKind::Next(read_pull(request).ok()?),
        ack::Ack::Term(reason) => AckKind::Term { reason: String::from_utf8_lossy(reason).into_owned() },
    })
}

fn delay_of(delay: NakDelay<'_>) -> Option<Duration> {
    match delay {
        NakDelay::None => None,
        NakDelay::Nanos(nanos) => {
            u64::try_from(nanos).ok().filter(|nanos| *nanos > 0).map(Duration::from_nanos)
        }
        NakDelay::Text(text) => duration::parse(text).ok(),
    }
}

/// Takes a message to `$JS.FC.>`.
pub(super) fn answer_flow(jetstream: &JetStream, ctx: &mut Ctx<'_>, msg: &Msg<'_>) -> Handled {
    let Some(flow) = FlowControl::parse(msg.subject) else { return Handled::No };
    let Some(handle) = jetstream.find(flow.stream) else { return Handled::No };
    let Ok(subject) = std::str::from_utf8(msg.subject) else { return Handled::No };
    let place = handle.place(jetstream, ctx.account);
    let found = handle.consumers.act(ctx.publisher, place, |set, _| {
        let key = set.find(flow.consumer).filter(|key| set.controls_flow(*key))?;
        set.flow_answer(key, subject);
        Some(())
    });
    if found.is_some() { Handled::Yes } else { Handled::No }
}
