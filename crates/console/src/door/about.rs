//! What the door is, and what stands behind it.

use super::query::Query;
use crate::access::Seat;
use crate::problem::Problem;
use crate::routes::Shared;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jetkv::{KvError, SyncTimes};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// `GET /v1`
pub(crate) async fn show(query: Query) -> Result<Response, Problem> {
    query.only(&[])?;
    let about = json!({
        "name": "jetkv",
        "version": env!("CARGO_PKG_VERSION"),
        "openapi": "/v1/openapi.json",
        "buckets": "/v1/buckets",
        "server": "/v1/server",
    });
    Ok(Json(about).into_response())
}

/// `GET /v1/openapi.json`
pub(crate) async fn openapi(query: Query) -> Result<Response, Problem> {
    query.only(&[])?;
    Ok(([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response())
}

/// `GET /v1/server`: health, damages, and what the server tells of itself.
pub(crate) async fn server(
    State(shared): State<Arc<Shared>>,
    seat: Seat,
    query: Query,
) -> Result<Response, Problem> {
    query.only(&[])?;
    let damages = match seat.near().health().await {
        Ok(damages) => Some(damages.iter().map(ToString::to_string).collect::<Vec<_>>()),
        // Servers elsewhere tell their own operators.
        Err(KvError::Unsupported { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let told = Told {
        healthy: damages.as_ref().map(Vec::is_empty),
        damages: damages.unwrap_or_default(),
        watches: shared.open_watches(),
        syncs: seat.near().sync_times().await.ok().map(Syncs::of),
        server: shared.about.tell(),
    };
    Ok(Json(told).into_response())
}

#[derive(Serialize)]
struct Told {
    /// Missing if the place does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    healthy: Option<bool>,
    damages: Vec<String>,
    /// Watches through this door.
    watches: usize,
    /// Missing if the place does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    syncs: Option<Syncs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Value>,
}

/// How long syncs took, in microseconds.
#[derive(Serialize)]
struct Syncs {
    count: u64,
    mean: u64,
    /// What 99 of 100 took at most; missing if that is longer than anything that is told apart, or there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    most: Option<u64>,
}

impl Syncs {
    fn of(times: SyncTimes) -> Self {
        let count = times.count();
        let micros = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        let mut within = 0;
        let most = times.counts.iter().zip(SyncTimes::BOUNDS).find(|(each, _)| {
            within += **each;
            within > 0 && (count - within) <= count / 100
        });
        Self {
            count,
            mean: micros(times.total).checked_div(count).unwrap_or_default(),
            most: most.map(|(_, bound)| micros(bound)),
        }
    }
}

const OPENAPI: &str = include_str!("../openapi.json");

#[cfg(test)]
mod tests;
