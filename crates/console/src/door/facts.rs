//! What headers tell of an entry whose value is the body.

use crate::form::{operation_name, user_headers};
use crate::guard;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use bytes::Bytes;
use jetkv::{Entry, Operation, Timestamp};
use std::fmt::Write;
use std::sync::LazyLock;

/// Returns the headers of an answer that has the value of `entry` as its body, sealed ones.
pub(crate) fn headers_of(entry: &Entry) -> HeaderMap {
    let mut headers = USUAL.clone();
    // The tag, which is the revision between quotes, and the time lie behind each other in one piece of memory.
    let mut text = String::with_capacity(TEXT_BYTES_USUAL);
    // A text takes everything.
    let _ = write!(text, "\"{}\"", entry.revision);
    let tag_end = text.len();
    text.push_str(entry.created.to_text(&mut [0; Timestamp::TEXT_BYTES_MAX]));
    let text = Bytes::from(text);
    // They are there already, in front of the others, so a walk is quicker than to look each of them up.
    for (name, value) in headers.iter_mut().take(MADE.len()) {
        let place = match name {
            _ if *name == header::ETAG => 0..tag_end,
            _ if *name == REVISION => 1..tag_end - 1,
            _ if *name == CREATED => tag_end..text.len(),
            _ => continue,
        };
        if let Ok(made) = HeaderValue::from_maybe_shared(text.slice(place)) {
            *value = made;
        }
    }
    if entry.operation != Operation::Put {
        headers.insert(OPERATION, HeaderValue::from_static(operation_name(entry.operation)));
    }
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

/// The headers of the answer that is given most often; its texts are still to come. A copy costs less than to put them together.
static USUAL: LazyLock<HeaderMap> = LazyLock::new(|| {
    let mut headers = HeaderMap::with_capacity(HEADERS_USUAL);
    for name in MADE {
        headers.insert(name, HeaderValue::from_static(""));
    }
    headers.insert(OPERATION, HeaderValue::from_static(operation_name(Operation::Put)));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    guard::seal(&mut headers);
    headers
});

/// The headers that are made for each answer.
const MADE: [HeaderName; 3] = [header::ETAG, REVISION, CREATED];

/// Headers of an answer, those that every answer has among them.
const HEADERS_USUAL: usize = 16;

/// Room for the tag and the time.
const TEXT_BYTES_USUAL: usize = 64;
