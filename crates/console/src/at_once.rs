//! The one request that programs make again and again, answered without a detour: the value of a key.

use crate::access::{Act, ready};
use crate::door::facts::headers_of;
use crate::guard::Hosts;
use crate::routes::Shared;
use axum::http::{Method, Request, Response, header};
use bytes::Bytes;

/// Answers a `GET` of a value that can be read here and now by somebody who is known. `None` is no refusal: the long way says
/// what there is to say.
pub(crate) fn answer<B>(shared: &Shared, request: &Request<B>) -> Option<Response<Bytes>> {
    let (bucket, key) = target(request)?;
    shared.guard.check(request.method(), request.headers(), Hosts::Known).ok()?;
    let seat = shared.keeper.admit_at_once(request.headers())?;
    seat.check(&Act::Get(bucket, key)).ok()?;
    let kv = seat.at_once(bucket)?;
    let Some(Ok(found)) = ready(kv.get(key)) else {
        seat.forget(bucket);
        return None;
    };
    let entry = found?;
    let headers = headers_of(&entry);
    let mut response = Response::new(entry.value);
    *response.headers_mut() = headers;
    Some(response)
}

/// Returns bucket and key of a request for a value and nothing else.
fn target<B>(request: &Request<B>) -> Option<(&str, &str)> {
    let (uri, headers) = (request.uri(), request.headers());
    if *request.method() != Method::GET
        || uri.query().is_some()
        || headers.contains_key(header::IF_NONE_MATCH)
        || headers.contains_key(header::IF_MATCH)
    {
        return None;
    }
    let (bucket, key) = uri.path().strip_prefix("/v1/kv/")?.split_once('/')?;
    // Nothing that is spelled in another way is looked at here.
    (!uri.path().contains('%') && !bucket.is_empty() && !key.is_empty()).then_some((bucket, key))
}
