//! What headers tell of an entry whose value is the body.

use crate::form::{operation_name, user_headers};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use bytes::Bytes;
use jetkv::Entry;

/// Returns the headers of an answer that has the value of `entry` as its body.
pub(crate) fn headers_of(entry: &Entry) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(HEADERS_USUAL);
    // The tag is the revision between quotes.
    let tag = Bytes::from(format!("\"{}\"", entry.revision));
    let revision = tag.slice(1..tag.len().saturating_sub(1));
    for (name, text) in [(header::ETAG, tag), (REVISION, revision)] {
        if let Ok(value) = HeaderValue::from_maybe_shared(text) {
            headers.insert(name, value);
        }
    }
    if let Ok(created) = HeaderValue::from_maybe_shared(Bytes::from(entry.created.to_string())) {
        headers.insert(CREATED, created);
    }
    headers.insert(OPERATION, HeaderValue::from_static(operation_name(entry.operation)));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    for (name, content) in user_headers(&entry.headers) {
        let value = HeaderValue::from_str(content);
        if name.eq_ignore_ascii_case("content-type") {
            value.ok().map(|value| headers.insert(header::CONTENT_TYPE, value));
        } else if let (Ok(name), Ok(value)) = (format!("{HEADER_PREFIX}{name}").parse::<HeaderName>(), value)
        {
            headers.append(name, value);
        }
    }
    if let Some(ttl) = entry.headers.get("Nats-TTL").and_then(|ttl| HeaderValue::from_str(ttl).ok()) {
        headers.insert(TTL, ttl);
    }
    headers
}

const REVISION: HeaderName = HeaderName::from_static("kv-revision");
const CREATED: HeaderName = HeaderName::from_static("kv-created");
const OPERATION: HeaderName = HeaderName::from_static("kv-operation");
const TTL: HeaderName = HeaderName::from_static("kv-ttl");

/// Before the names of headers that are stored with a value.
pub(super) const HEADER_PREFIX: &str = "kv-header-";

/// Headers of an answer, those that every answer has among them.
const HEADERS_USUAL: usize = 16;
