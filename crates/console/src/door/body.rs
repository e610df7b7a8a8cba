//! Bodies of requests, within a size and a time.

use crate::limits::{BODY_PATIENCE, JSON_BYTES_MAX};
use crate::problem::Problem;
use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Reads a body as it is.
pub(crate) async fn raw(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    read(body, bytes_max).await
}

/// Reads a body of JSON; nothing at all counts as an empty object.
///
/// Pages of other sites cannot send this media type without asking first.
pub(crate) async fn json<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Problem> {
    let bytes = read(body, JSON_BYTES_MAX).await?;
    if bytes.is_empty() {
        return serde_json::from_str("{}").map_err(|error| Problem::invalid(error.to_string()));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Problem::media_type("the body must be application/json"));
    }
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::invalid("the body is not a JSON object"));
    }
    serde_json::from_slice(&bytes).map_err(|error| Problem::invalid(format!("the body: {error}")))
}

async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    read_within(body, bytes_max, BODY_PATIENCE).await
}

async fn read_within(body: Body, bytes_max: usize, patience: Duration) -> Result<Bytes, Problem> {
    // Whoever says how long it is need not send it.
    if usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX) > bytes_max {
        return Err(Problem::too_large(bytes_max));
    }
    match tokio::time::timeout(patience, axum::body::to_bytes(body, bytes_max)).await {
        Err(_) => Err(Problem::timed_out("the body did not come in time")),
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => match is_too_large(&error) {
            true => Err(Problem::too_large(bytes_max)),
            false => Err(Problem::invalid("the body broke off")),
        },
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.to_string().contains("length limit exceeded") {
            return true;
        }
        source = cause.source();
    }
    error.to_string().contains("length limit exceeded")
}

#[cfg(test)]
mod tests;
