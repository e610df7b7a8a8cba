//! Buckets as resources: `/v1/buckets`.

use super::conditions::{self, Condition};
use super::keys::{Address, address};
use super::query::Query;
use super::{body, preview};
use crate::access::{Act, Seat};
use crate::form::{ConfigRequest, StatusForm};
use crate::problem::Problem;
use axum::Json;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jetkv::{KeyValue, KeyValueConfig, KvError, PURGE_DELETES_OLDER_THAN_DEFAULT};
use serde::Serialize;

#[derive(Serialize)]
struct Buckets<'a> {
    buckets: Vec<StatusForm<'a>>,
}

/// `GET /v1/buckets`
pub(crate) async fn list(seat: Seat, query: Query) -> Result<Response, Problem> {
    query.only(&[])?;
    seat.check(&Act::ListBuckets)?;
    let statuses = seat.near().key_value_statuses().await?;
    Ok(Json(Buckets { buckets: statuses.iter().map(StatusForm::new).collect() }).into_response())
}

/// `POST /v1/buckets`
pub(crate) async fn create(
    seat: Seat,
    query: Query,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    query.only(&[])?;
    conditions::none(&headers)?;
    let mut request: ConfigRequest = body::json(&headers, body).await?;
    let name = request.bucket.take().ok_or_else(|| Problem::invalid("the body: missing field `bucket`"))?;
    let mut config = KeyValueConfig::new(name);
    request.apply(&mut config)?;
    created(&seat, config).await
}

async fn created(seat: &Seat, config: KeyValueConfig) -> Result<Response, Problem> {
    seat.check(&Act::Create(&config.bucket))?;
    let (name, place) = (config.bucket.clone(), format!("/v1/buckets/{}", config.bucket));
    let existed = seat.front().await?.key_value(&config.bucket).await.is_ok();
    let reserves = config.max_bytes.is_some();
    let made = seat.front().await?.create_key_value(config).await;
    made.map_err(|error| Problem::of_settings(error, reserves))?;
    // The near place knows more of it than a server tells its clients.
    let kv = seat.near().key_value(&name).await?;
    let status = if existed { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, [(header::LOCATION, place)], shown(&kv).await?).into_response())
}

/// `GET /v1/buckets/{bucket}`
pub(crate) async fn show(seat: Seat, at: Address, query: Query) -> Result<Response, Problem> {
    let bucket = address(at)?;
    query.only(&[])?;
    seat.check(&Act::Show(&bucket))?;
    shown(&seat.near().key_value(&bucket).await?).await
}

/// `PUT /v1/buckets/{bucket}`: this configuration and no other; what the body leaves out is at its default.
pub(crate) async fn put(
    seat: Seat,
    at: Address,
    query: Query,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let bucket = address(at)?;
    let previews = query.only(&["preview"])?.flag("preview")?;
    let creates_only = match Condition::of(&headers)? {
        Condition::None => false,
        Condition::Absent => true,
        _ => return Err(Problem::invalid("buckets have no revisions: If-Match cannot be used")),
    };
    let request = request_for(&bucket, &headers, body).await?;
    let mut config = KeyValueConfig::new(bucket.as_str());
    match seat.near().key_value(&bucket).await {
        Ok(_) if creates_only => Err(KvError::BucketExists { bucket }.into()),
        Ok(kv) => {
            // Where entries live never changes, so leaving it out cannot mean another place.
            config.storage = kv.status().await?.config.storage;
            request.apply(&mut config)?;
            changed(&seat, &kv, config, previews).await
        }
        Err(KvError::BucketNotFound { .. }) if !previews => {
            request.apply(&mut config)?;
            created(&seat, config).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `PATCH /v1/buckets/{bucket}`: what the body leaves out stays as it is.
pub(crate) async fn edit(
    seat: Seat,
    at: Address,
    query: Query,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let bucket = address(at)?;
    let previews = query.only(&["preview"])?.flag("preview")?;
    conditions::none(&headers)?;
    let request = request_for(&bucket, &headers, body).await?;
    let kv = seat.near().key_value(&bucket).await?;
    let mut config = kv.status().await?.config;
    request.apply(&mut config)?;
    changed(&seat, &kv, config, previews).await
}

async fn request_for(bucket: &str, headers: &HeaderMap, body: Body) -> Result<ConfigRequest, Problem> {
    let request: ConfigRequest = body::json(headers, body).await?;
    match &request.bucket {
        Some(other) if other != bucket => {
            Err(Problem::invalid(format!("the body names bucket {other:?}, the address {bucket:?}")))
        }
        _ => Ok(request),
    }
}

/// Gives a bucket another configuration, or tells what that would remove.
async fn changed(
    seat: &Seat,
    kv: &KeyValue,
    config: KeyValueConfig,
    previews: bool,
) -> Result<Response, Problem> {
    if config.storage != kv.status().await?.config.storage {
        return Err(Problem::conflict(format!("the storage of bucket {:?} never changes", kv.bucket())));
    }
    config.check()?;
    if previews {
        seat.check(&Act::Watch(kv.bucket(), ">"))?;
        return Ok(Json(preview::of(kv, &config, kv.now().await?).await?).into_response());
    }
    seat.check(&Act::Edit(kv.bucket()))?;
    let reserves = config.max_bytes.is_some();
    let changed = seat.front().await?.update_key_value(config).await;
    changed.map_err(|error| Problem::of_settings(error, reserves))?;
    shown(kv).await
}

/// `DELETE /v1/buckets/{bucket}`
pub(crate) async fn delete(
    seat: Seat,
    at: Address,
    query: Query,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let bucket = address(at)?;
    query.only(&[])?;
    conditions::none(&headers)?;
    seat.check(&Act::Delete(&bucket))?;
    seat.front().await?.delete_key_value(&bucket).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
struct Removed {
    removed: u64,
}

/// `POST /v1/buckets/{bucket}/empty`
pub(crate) async fn empty(
    seat: Seat,
    at: Address,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let bucket = address(at)?;
    query.only(&[])?;
    conditions::none(&headers)?;
    seat.check(&Act::Purge(&bucket))?;
    let removed = seat.front().await?.key_value(&bucket).await?.empty().await?;
    Ok(Json(Removed { removed }).into_response())
}

/// `POST /v1/buckets/{bucket}/compact`: removes old markers.
pub(crate) async fn compact(
    seat: Seat,
    at: Address,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let bucket = address(at)?;
    let query = query.only(&["older_than"])?;
    conditions::none(&headers)?;
    let older_than = query.span("older_than")?.unwrap_or(PURGE_DELETES_OLDER_THAN_DEFAULT);
    seat.check(&Act::Purge(&bucket))?;
    let removed = seat.front().await?.key_value(&bucket).await?.purge_deletes(older_than).await?;
    Ok(Json(Removed { removed }).into_response())
}

async fn shown(kv: &KeyValue) -> Result<Response, Problem> {
    Ok(Json(StatusForm::new(&kv.status().await?)).into_response())
}
