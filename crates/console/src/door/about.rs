//! What the door is, and what stands behind it.

use super::query::Query;
use crate::access::Seat;
use crate::problem::Problem;
use crate::routes::Shared;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::sync::Arc;

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
    let damages = seat.near.health().await?;
    let damages: Vec<String> = damages.iter().map(ToString::to_string).collect();
    let mut answer = json!({ "healthy": damages.is_empty(), "damages": damages });
    if let (Some(told), Some(fields)) = (shared.about.tell(), answer.as_object_mut()) {
        fields.insert("server".into(), told);
    }
    Ok(Json(answer).into_response())
}

const OPENAPI: &str = include_str!("../openapi.json");
