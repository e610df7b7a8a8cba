//! `STREAM.MSG.GET` and `STREAM.MSG.DELETE` (PROTOCOL 2.4.7, 2.4.8).

use crate::js::context::Ctx;
use crate::js::errors::{self, fixed};
use crate::js::handle::StreamHandle;
use crate::js::state::JetStream;
use jetkv_engine::{EngineError, Storage};
use jetkv_types::{Message, Sequence, SubjectFilter, Timestamp};
use jetkv_wire::api;
use jetkv_wire::error::ApiError;

/// Reads one message.
pub(super) fn get(jetstream: &JetStream, name: &str, body: &[u8]) -> Result<api::MsgGetResponse, ApiError> {
    if api::is_empty(body) {
        return Err(fixed::BAD_REQUEST);
    }
    let request: api::MsgGetRequest = jetstream.decode(body)?;
    let batched = request.batch != 0
        || request.max_bytes != 0
        || !request.multi_last.is_empty()
        || request.up_to_seq != 0
        || request.up_to_time.is_some();
    if batched || contradicts_itself(&request) {
        return Err(fixed::BAD_REQUEST);
    }
    let handle = jetstream.known(name)?;
    handle.count_gets(1);
    let found = select(&handle, &request)?.map_err(|error| errors::of_engine(&error))?;
    let message = found.ok_or(fixed::NO_MESSAGE)?;
    let hdrs = if request.no_hdr { Vec::new() } else { message.headers.as_block().to_vec() };
    Ok(api::MsgGetResponse {
        message: api::StoredMessage {
            subject: message.subject.as_str().into(),
            seq: message.sequence,
            hdrs,
            data: message.payload.to_vec(),
            time: message.time,
        },
    })
}

/// Says whether a request names no message, or in two ways.
fn contradicts_itself(request: &api::MsgGetRequest) -> bool {
    let has_time = request.start_time.is_some_and(|time| time != Timestamp::ZERO);
    let (has_last, has_next) = (!request.last_by_subj.is_empty(), !request.next_by_subj.is_empty());
    let names_none = request.seq == 0 && !has_last && !has_next && !has_time;
    names_none || (has_last && (request.seq > 0 || has_next || has_time)) || (request.seq > 0 && has_time)
}

type Found = Result<Option<Message>, EngineError>;

fn select(handle: &StreamHandle, request: &api::MsgGetRequest) -> Result<Found, ApiError> {
    let stream = &handle.stream;
    let time = request.start_time.filter(|time| *time != Timestamp::ZERO);
    let (last, next) = (request.last_by_subj.as_str(), request.next_by_subj.as_str());
    // What is no subject matches nothing.
    let filter = |text: &str| SubjectFilter::new(text).map_err(|_| fixed::NO_MESSAGE);
    Ok(match (request.seq, last, next, time) {
        (0, "", "", None) => return Err(fixed::BAD_REQUEST),
        (sequence, "", "", None) => stream.get(sequence),
        (0, last, "", None) => handle.last(&filter(last)?),
        (sequence, "", next, None) => stream.first_matching(&[filter(next)?], sequence.max(1)),
        (0, "", next, Some(time)) => {
            let filter = if next.is_empty() { SubjectFilter::all() } else { filter(next)? };
            stream.sequence_at(time).and_then(|from| stream.first_matching(&[filter], from))
        }
        _ => return Err(fixed::BAD_REQUEST),
    })
}

/// Removes one message. Its bytes stay on disk until compaction, whether the request says `no_erase` or not.
pub(super) fn delete(
    jetstream: &JetStream,
    ctx: &mut Ctx<'_>,
    name: &str,
    body: &[u8],
) -> Result<api::MsgDeleteResponse, ApiError> {
    if api::is_empty(body) {
        return Err(fixed::BAD_REQUEST);
    }
    let request: api::MsgDeleteRequest = jetstream.decode(body)?;
    let handle = jetstream.known(name)?;
    let facts = handle.facts();
    if facts.settings.sealed {
        return Err(fixed::SEALED);
    }
    if facts.settings.deny_delete {
        return Err(fixed::DELETE_DENIED);
    }
    let removed = handle.stream.remove(request.seq).map_err(|error| errors::of_engine(&error))?;
    if removed {
        handle.settle_removal(jetstream, ctx);
        return Ok(api::MsgDeleteResponse { success: true });
    }
    Err(why_not_removed(&handle, request.seq))
}

/// The reference's files and its memory do not say alike why there is nothing to remove (PROTOCOL 2.4.7).
fn why_not_removed(handle: &StreamHandle, sequence: Sequence) -> ApiError {
    let state = handle.stream.state();
    if handle.facts().settings.storage == Storage::File {
        if sequence > state.last_sequence {
            return ApiError::fixed(500, 10057, "stream store EOF");
        }
        if sequence < state.first_sequence.max(1) {
            return ApiError::fixed(500, 10057, "no message found");
        }
    }
    ApiError { code: 400, err_code: 10043, description: format!("sequence {sequence} not found").into() }
}
