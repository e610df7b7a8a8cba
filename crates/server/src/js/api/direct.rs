//! `DIRECT.GET`: reading a request for messages (PROTOCOL 2.9).

use super::check_level;
use crate::js::context::Ctx;
use crate::js::direct::{Ask, Form, From, UpTo, send_failure};
use crate::js::publish::Handled;
use crate::js::run::Run;
use crate::js::state::JetStream;
use crate::router::Msg;
use jetkv_types::{SubjectFilter, Timestamp};
use jetkv_wire::api::MsgGetRequest;
use jetkv_wire::header;
use jetkv_wire::json::{self, Strictness};
use std::sync::Arc;

/// Answers a request with messages. The most frequent ones may wait for those behind them.
pub(super) fn get<'a>(
    jetstream: &Arc<JetStream>,
    ctx: &mut Ctx<'_>,
    run: &mut Run<'a>,
    rest: &'a str,
    msg: &Msg<'a>,
) -> Handled {
    let (name, subject) = match rest.split_once('.') {
        Some((name, subject)) => (name, Some(subject)),
        None => (rest, None),
    };
    if !run.reads(name) {
        run.answer(ctx);
        let Some(handle) = jetstream.find(name) else { return of_broken(jetstream, ctx, name, msg) };
        if !handle.answers_directly() {
            return Handled::No;
        }
        run.read_from(name, handle);
    }
    run.count_get();
    let Some(reply) = msg.reply else { return Handled::Yes };
    let is_plain = msg.headers.is_empty() && msg.payload.is_empty();
    if let Some(subject) = subject.filter(|_| is_plain)
        && memchr::memchr2(b'*', b'>', subject.as_bytes()).is_none()
    {
        run.push_get(ctx, subject, reply);
        return Handled::Yes;
    }
    run.answer(ctx);
    let Some(handle) = run.reader() else { return Handled::No };
    let router = &ctx.account.router;
    let publisher = &mut *ctx.publisher;
    let mut send = |msg: &Msg<'_>| {
        publisher.deliver(router, &Msg { subject: reply, ..*msg });
    };
    match read(subject, msg) {
        Ok((ask, form)) => handle.direct_get(&ask, form, &mut send),
        Err((code, text)) => {
            let mut block = Vec::new();
            header::push_status(&mut block, code, text);
            send(&Msg { subject: b"", reply: None, headers: &block, payload: b"" });
        }
    }
    Handled::Yes
}

/// Answers for a stream that exists and cannot be opened; nobody responds for one that does not exist.
fn of_broken(jetstream: &JetStream, ctx: &mut Ctx<'_>, name: &str, msg: &Msg<'_>) -> Handled {
    let Some(error) = jetstream.broken(name) else { return Handled::No };
    send_failure(&error, &mut |answer| ctx.reply(msg.reply, answer.headers, b""));
    Handled::Yes
}

type Refusal = (u16, &'static str);

fn read(subject: Option<&str>, msg: &Msg<'_>) -> Result<(Ask, Form), Refusal> {
    if !msg.headers.is_empty() {
        check_level(msg.headers).map_err(|_| (412, "Required Api Level"))?;
    }
    if msg.payload.is_empty() {
        return match subject {
            Some(subject) => Ok((Ask::Last(filter(subject)?), Form::Whole)),
            None => Err(EMPTY),
        };
    }
    let request: MsgGetRequest =
        json::decode(msg.payload, Strictness::Lenient).map_err(|_| (408, "Malformed Request"))?;
    let form = if request.no_hdr { Form::Body } else { Form::Whole };
    let ask = match subject {
        None => ask(&request)?,
        Some(_) if MsgGetRequest { no_hdr: false, ..request } != MsgGetRequest::default() => return Err(BAD),
        Some(subject) => Ask::Last(filter(subject)?),
    };
    Ok((ask, form))
}

fn ask(request: &MsgGetRequest) -> Result<Ask, Refusal> {
    let time = |time: Option<Timestamp>| time.filter(|time| *time != Timestamp::ZERO);
    let (start, up_to_time) = (time(request.start_time), time(request.up_to_time));
    let (last, next) = (request.last_by_subj.as_str(), request.next_by_subj.as_str());
    let multiple = !request.multi_last.is_empty();
    let contradictions = [
        request.seq > 0 && !last.is_empty(),
        request.seq > 0 && start.is_some(),
        start.is_some() && !last.is_empty(),
        !last.is_empty() && !next.is_empty(),
        !last.is_empty() && request.batch > 0,
        !last.is_empty() && multiple,
        !next.is_empty() && multiple,
        multiple && request.up_to_seq > 0 && up_to_time.is_some(),
    ];
    if contradictions.contains(&true) {
        return Err(BAD);
    }
    let bytes_max = match request.max_bytes {
        0 => BYTES_MAX,
        // Less than nothing is reached by the first message.
        bytes => u64::try_from(bytes).unwrap_or(1),
    };
    let count = (request.batch != 0).then(|| u64::try_from(request.batch).unwrap_or(0));
    if multiple {
        // What is no subject has no messages.
        let filters = request.multi_last.iter().filter_map(|text| filter(text).ok()).collect();
        let up_to = match (request.up_to_seq, up_to_time) {
            (0, None) => UpTo::Now,
            (0, Some(time)) => UpTo::Time(time),
            (sequence, _) => UpTo::Sequence(sequence),
        };
        let count = count.filter(|count| *count > 0).unwrap_or(u64::MAX);
        return Ok(Ask::LastOfEach { filters, from: request.seq, up_to, count, bytes_max });
    }
    if !last.is_empty() {
        return Ok(Ask::Last(filter(last)?));
    }
    let from = match start {
        Some(time) => From::Time(time),
        None if request.seq > 0 => From::Sequence(request.seq),
        None if !next.is_empty() => From::Sequence(1),
        None => return Err(EMPTY),
    };
    let filters = || Ok(vec![if next.is_empty() { SubjectFilter::all() } else { filter(next)? }]);
    Ok(match (count, from) {
        (Some(count), from) => Ask::Batch { filters: filters()?, from, count, bytes_max },
        (None, From::Sequence(sequence)) if next.is_empty() => Ask::Sequence(sequence),
        (None, from) => Ask::Next(filters()?, from),
    })
}

/// What is no subject is found nowhere.
fn filter(text: &str) -> Result<SubjectFilter, Refusal> {
    SubjectFilter::new(text).map_err(|_| (404, "Message Not Found"))
}

const EMPTY: Refusal = (408, "Empty Request");
const BAD: Refusal = (408, "Bad Request");
/// As many as wait for one connection at most, if the request says nothing (PROTOCOL 2.9.2).
const BYTES_MAX: u64 = 64 << 20;
