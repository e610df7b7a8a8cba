//! One key: `GET`, `PUT` and `DELETE /v1/kv/{bucket}/{key}`. The value travels as it is, everything else in headers.

use super::body;
use super::conditions::{self, Condition};
use super::facts::{HEADER_PREFIX, headers_of};
use super::query::Query;
use crate::access::{Act, Seat};
use crate::duration;
use crate::form::EntryForm;
use crate::limits::HISTORY_BYTES_MAX;
use crate::problem::Problem;
use crate::routes::Shared;
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jetkv::{Entry, KeyValue, KvError, PurgeOptions, Revision, WriteOptions};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// Bucket and key of an address.
pub(crate) type Address = Result<Path<(String, String)>, PathRejection>;

pub(crate) fn address(address: Address) -> Result<(String, String), Problem> {
    address.map(|Path(parts)| parts).map_err(|_| Problem::invalid("bucket and key must be UTF-8"))
}

/// `GET`: the value, a revision of it, the entry as JSON, or all its revisions.
pub(crate) async fn get(
    seat: Seat,
    at: Address,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (bucket, key) = address(at)?;
    let query = query.only(&["revision", "history", "format"])?;
    let as_json = match query.text("format") {
        None | Some("raw") => false,
        Some("json") => true,
        Some(other) => return Err(Problem::invalid(format!("format is raw or json, not {other:?}"))),
    };
    if query.flag("history")? {
        seat.check(&Act::Watch(&bucket, &key))?;
        let kv = seat.near().key_value(&bucket).await?;
        return history(&kv, &key).await;
    }
    seat.check(&Act::Get(&bucket, &key))?;
    let kv = seat.near().key_value(&bucket).await?;
    let entry = match query.number("revision")? {
        Some(revision) => kv.get_revision(&key, revision).await?,
        // Who asks for JSON can tell a marker from a value.
        None if as_json => kv.entry(&key).await?,
        None => kv.get(&key).await?,
    };
    let entry = entry.ok_or_else(|| missing(&bucket, &key, &query))?;
    if !conditions::is_wanted(&headers, entry.revision)? {
        return Err(Problem::moved(&bucket, &key, entry.revision));
    }
    if conditions::is_known(&headers, entry.revision) {
        let tag = [(header::ETAG, conditions::entity_tag(entry.revision))];
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    if as_json {
        let tag = [(header::ETAG, conditions::entity_tag(entry.revision))];
        return Ok((tag, Json(EntryForm::new(&entry))).into_response());
    }
    Ok((headers_of(&entry), Body::from(entry.value)).into_response())
}

fn missing(bucket: &str, key: &str, query: &Query) -> Problem {
    match query.text("revision") {
        Some(revision) => Problem::not_found(format!(
            "key {key:?} of bucket {bucket:?} has no revision {revision} any more"
        )),
        None => Problem::not_found(format!("key {key:?} not found in bucket {bucket:?}")),
    }
}

#[derive(Serialize)]
struct History<'a> {
    entries: Vec<EntryForm<'a>>,
    /// Whether older revisions were left out because the answer would have been too large.
    truncated: bool,
}

async fn history(kv: &KeyValue, key: &str) -> Result<Response, Problem> {
    let entries = kv.history(key).await?;
    if entries.is_empty() {
        return Err(Problem::not_found(format!("key {key:?} not found in bucket {:?}", kv.bucket())));
    }
    let mut bytes = 0_usize;
    let fits = |entry: &&Entry| {
        bytes = bytes.saturating_add(entry.value.len());
        bytes <= HISTORY_BYTES_MAX
    };
    // The newest matter most.
    let newest: Vec<_> = entries.iter().rev().take_while(fits).collect();
    let truncated = newest.len() < entries.len();
    let entries = newest.into_iter().rev().map(EntryForm::new).collect();
    Ok(Json(History { entries, truncated }).into_response())
}

#[derive(Serialize)]
struct Written {
    revision: Revision,
}

/// `PUT`: writes the value, under the condition that `If-Match` or `If-None-Match` states.
pub(crate) async fn put(
    State(shared): State<Arc<Shared>>,
    seat: Seat,
    at: Address,
    query: Query,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (bucket, key) = address(at)?;
    let query = query.only(&["ttl"])?;
    let options = options(&query, &headers)?;
    as_it_is(&headers)?;
    let condition = Condition::of(&headers)?;
    seat.check(&Act::Write(&bucket, &key))?;
    let kv = seat.front().await?.key_value(&bucket).await?;
    let value = body::raw(body, shared.value_bytes_max).await?;
    let (revision, status) = match condition {
        Condition::None => (kv.put_with(&key, value, options).await?, StatusCode::OK),
        Condition::Absent => (kv.create_with(&key, value, options).await?, StatusCode::CREATED),
        Condition::Revision(expected) => {
            (kv.update_with(&key, value, expected, options).await?, StatusCode::OK)
        }
        Condition::Present => {
            let expected = present(&kv, &key).await?;
            (kv.update_with(&key, value, expected, options).await?, StatusCode::OK)
        }
        Condition::Never => return Err(never(&kv, &key).await?),
    };
    Ok(written(status, revision))
}

/// `DELETE`: writes a marker; `?purge` removes the history, too, and `?purge_ttl=` lets its
/// marker go after a time.
pub(crate) async fn delete(
    seat: Seat,
    at: Address,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (bucket, key) = address(at)?;
    let query = query.only(&["purge", "purge_ttl"])?;
    let ttl = query.span("purge_ttl")?;
    let purges = query.flag("purge")? || ttl.is_some();
    if ttl.is_some() && query.text("purge").is_some() && !query.flag("purge")? {
        return Err(Problem::conflict("purge_ttl is for a purge, and purge is false"));
    }
    let condition = Condition::of(&headers)?;
    seat.check(&Act::Write(&bucket, &key))?;
    let kv = seat.front().await?.key_value(&bucket).await?;
    let expected = match condition {
        Condition::None => None,
        Condition::Revision(revision) => Some(revision),
        Condition::Present => Some(present(&kv, &key).await?),
        Condition::Absent => return Err(Problem::invalid("If-None-Match makes no sense for a DELETE")),
        Condition::Never => return Err(never(&kv, &key).await?),
    };
    let revision = match (purges, expected) {
        (true, _) => kv.purge_with(&key, PurgeOptions { expected, ttl }).await?,
        (false, Some(expected)) => kv.delete_if(&key, expected).await?,
        (false, None) => kv.delete(&key).await?,
    };
    Ok(written(StatusCode::OK, revision))
}

/// Returns the revision of the value that `If-Match: *` demands.
async fn present(kv: &KeyValue, key: &str) -> Result<Revision, Problem> {
    match kv.entry(key).await? {
        Some(entry) if !entry.operation.is_marker() => Ok(entry.revision),
        other => Err(KvError::WrongRevision {
            bucket: kv.bucket().to_owned(),
            key: key.to_owned(),
            expected: 1,
            found: other.map_or(0, |marker| marker.revision),
        }
        .into()),
    }
}

/// Refuses what can never be done, once it is known that bucket and key could be.
async fn never(kv: &KeyValue, key: &str) -> Result<Problem, Problem> {
    kv.entry(key).await?;
    Ok(Problem::impossible("If-Match and If-None-Match contradict each other"))
}

fn written(status: StatusCode, revision: Revision) -> Response {
    let tag = [(header::ETAG, conditions::entity_tag(revision))];
    (status, tag, Json(Written { revision })).into_response()
}

/// Reads what goes with a value: `?ttl=`, the headers to store, and the media type.
fn options(query: &Query, headers: &HeaderMap) -> Result<WriteOptions, Problem> {
    let mut options = WriteOptions::new();
    options = match query.text("ttl") {
        None => options,
        Some("never") => options.never_expires(),
        Some(text) => {
            let wrong = |reason| Problem::invalid(format!("parameter ttl: {reason}, got {text:?}"));
            let ttl = duration::parse(text).map_err(wrong)?;
            if ttl < TTL_MIN {
                return Err(Problem::invalid(format!("parameter ttl: at least 1s is needed, got {text:?}")));
            }
            options.ttl(ttl)
        }
    };
    for (name, value) in headers {
        let stored = match name.as_str().strip_prefix(HEADER_PREFIX) {
            Some(stored) => stored,
            None if *name == header::CONTENT_TYPE && !is_unspecific(value) => "Content-Type",
            None => continue,
        };
        let text = value.to_str().map_err(|_| Problem::invalid(format!("header {name} is no text")))?;
        options = options.header(stored, text);
    }
    Ok(options)
}

/// Refuses a body that is not the value as it will be read again.
fn as_it_is(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(header::CONTENT_RANGE) {
        return Err(Problem::invalid("a value is written as a whole: Content-Range cannot be used"));
    }
    let coding = headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes);
    if coding.is_some_and(|coding| !coding.eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::media_type("a value is stored as it comes: Content-Encoding cannot be used")
            .hint(
                "send it without, or tell the coding in a header that is stored: Kv-Header-Content-Encoding",
            ));
    }
    Ok(())
}

/// What tools send when nobody told them what the bytes are.
fn is_unspecific(kind: &HeaderValue) -> bool {
    matches!(kind.as_bytes(), b"application/x-www-form-urlencoded" | b"application/octet-stream" | b"")
}

/// Shortest time to live of a key.
const TTL_MIN: Duration = Duration::from_secs(1);
