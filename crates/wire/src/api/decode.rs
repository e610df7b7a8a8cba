//! Reading request bodies (PROTOCOL 2.1.1).

use crate::error::{self, ApiError};
use crate::json::{self, Strictness};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::BTreeMap;

/// Reads a request.
///
/// [`Strictness::Strict`] is the reference's default, [`Strictness::Lenient`] is `jetstream { strict: false }`: fields
/// that are not known are passed over. A blank body is the default of the request in both.
///
/// # Errors
/// `400/10025 "invalid JSON: …"` in the reference's words.
pub fn decode<T: DeserializeOwned + Default>(body: &[u8], strictness: Strictness) -> Result<T, ApiError> {
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    json::decode(body, strictness).map_err(error::invalid_json)
}

/// Says whether a body is empty in the way that `STREAM.DELETE`, `CONSUMER.INFO` and `CONSUMER.DELETE` want it
/// (else `400/10038`), and `MSG.GET`, `MSG.DELETE`, `SNAPSHOT` and `RESTORE` do not (`400/10003`): no bytes, or an
/// object without members.
#[must_use]
pub fn is_empty(body: &[u8]) -> bool {
    body.is_empty() || is_empty_object(body)
}

/// Says whether a body is empty in any way that a client may mean it: blank, `{}`, `[]` or `null`.
#[must_use]
pub fn is_empty_or_absent(body: &[u8]) -> bool {
    let text = body.trim_ascii();
    text.is_empty()
        || text == b"null"
        || is_empty_object(text)
        || text.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).is_some_and(<[u8]>::is_empty)
}

/// Says whether a body is to be passed over by `STREAM.INFO`, `STREAM.NAMES`, `STREAM.LIST`, `STREAM.PURGE`,
/// `CONSUMER.PAUSE`, `CONSUMER.LIST` and `CONSUMER.NAMES`: what begins with neither `{` nor `[`, white space aside.
#[must_use]
pub fn is_absent(body: &[u8]) -> bool {
    !matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
}

fn is_empty_object(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"{")
        && json::decode::<Object>(body, Strictness::Lenient).is_ok_and(|Object(members)| members.is_empty())
}

/// An object of which only the number of members matters.
#[derive(Deserialize)]
struct Object(BTreeMap<String, IgnoredAny>);

#[cfg(test)]
mod tests;
