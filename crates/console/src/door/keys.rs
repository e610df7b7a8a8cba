//! The keys of a bucket: a page of them, their changes (`GET /v1/kv/{bucket}`), or a level of their tree.

use super::query::Query;
use super::watch;
use crate::access::{Act, Seat};
use crate::form::operation_name;
use crate::limits::{PAGE_BRANCHES_DEFAULT, PAGE_KEYS_DEFAULT};
use crate::problem::Problem;
use crate::routes::Shared;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use jetkv::{KeyInfo, Page};
use serde::Serialize;
use std::sync::Arc;

/// The bucket of an address.
pub(crate) type Address = Result<Path<String>, PathRejection>;

pub(crate) fn address(address: Address) -> Result<String, Problem> {
    address.map(|Path(bucket)| bucket).map_err(|_| Problem::invalid("the bucket must be UTF-8"))
}

/// `GET`: what the parameters ask for.
pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    seat: Seat,
    at: Address,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let bucket = address(at)?;
    if query.flag("watch")? {
        return watch::open(&shared, &seat, &bucket, query, &headers).await;
    }
    page(&seat, &bucket, query).await
}

#[derive(Serialize)]
struct Keys {
    keys: Vec<KeyForm>,
    /// What `after` must be for the next page; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
struct KeyForm {
    key: String,
    revision: u64,
    operation: &'static str,
    history: u64,
}

impl From<KeyInfo> for KeyForm {
    fn from(info: KeyInfo) -> Self {
        let KeyInfo { key, revision, operation, history } = info;
        Self { key, revision, operation: operation_name(operation), history }
    }
}

async fn page(seat: &Seat, bucket: &str, query: Query) -> Result<Response, Problem> {
    let query = query.only(&["filter", "after", "limit", "deletes", "watch"])?;
    let filter = one_filter(&query)?;
    seat.check(&Act::Watch(bucket, filter))?;
    let page = Page {
        after: query.text("after").map(str::to_owned),
        limit: limit(&query, PAGE_KEYS_DEFAULT)?,
        include_deletes: query.flag("deletes")?,
    };
    let kv = seat.near().key_value(bucket).await?;
    let found = kv.list(filter, page).await?;
    Ok(Json(Keys { keys: found.keys.into_iter().map(KeyForm::from).collect(), next: found.next })
        .into_response())
}

fn one_filter(query: &Query) -> Result<&str, Problem> {
    match query.all("filter").as_slice() {
        [] => Ok(">"),
        [filter] => Ok(filter),
        _ => Err(Problem::invalid("a listing takes one filter; a watch takes several")),
    }
}

fn limit(query: &Query, default: usize) -> Result<usize, Problem> {
    let given = query.number("limit")?;
    Ok(given.map_or(default, |limit| usize::try_from(limit).unwrap_or(usize::MAX)))
}

#[derive(Serialize)]
struct Level {
    branches: Vec<BranchForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
struct BranchForm {
    /// The token at this level.
    token: String,
    /// The key or prefix that ends with it.
    path: String,
    /// Keys below it, itself left out; deleted ones whose markers are kept included.
    below: u64,
    /// The key that is exactly this path, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<KeyForm>,
}

/// One level of the tree of keys: what follows `?prefix=`, with counts (`GET /v1/tree/{bucket}`).
pub(crate) async fn level(seat: Seat, at: Address, query: Query) -> Result<Response, Problem> {
    let bucket = &address(at)?;
    let query = query.only(&["prefix", "after", "limit"])?;
    let prefix = query.text("prefix").filter(|prefix| !prefix.is_empty());
    let filter = prefix.map_or_else(|| ">".to_owned(), |prefix| format!("{prefix}.>"));
    seat.check(&Act::Watch(bucket, &filter))?;
    let kv = seat.near().key_value(bucket).await?;
    let after = query.text("after");
    if after.is_some_and(|token| token.contains('.')) {
        return Err(Problem::invalid("parameter after is one token, without a dot"));
    }
    let limit = limit(&query, PAGE_BRANCHES_DEFAULT)?;
    let found = kv.branches(prefix, after, limit).await?;
    let branches = found.branches.into_iter().map(|branch| BranchForm {
        path: prefix.map_or_else(|| branch.token.clone(), |prefix| format!("{prefix}.{}", branch.token)),
        token: branch.token,
        below: branch.below,
        key: branch.key.map(KeyForm::from),
    });
    Ok(Json(Level { branches: branches.collect(), next: found.next }).into_response())
}
