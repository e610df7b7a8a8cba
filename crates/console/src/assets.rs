//! The pages of the console, which are in the binary.

use crate::problem::Problem;
use crate::routes::{Shared, allow};
use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use std::sync::Arc;

/// A file of the console.
struct Asset {
    path: &'static str,
    kind: &'static str,
    content: &'static [u8],
}

macro_rules! assets {
    ($($path:literal $kind:ident,)*) => {
        &[$(Asset { path: $path, kind: $kind, content: include_bytes!(concat!("../assets/", $path)) },)*]
    };
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const ASSETS: &[Asset] = assets![
    "index.html" HTML,
    "console.css" CSS,
    "icon.svg" SVG,
    "api.js" JS,
    "bucket.js" JS,
    "buckets.js" JS,
    "diff.js" JS,
    "dom.js" JS,
    "entry.js" JS,
    "format.js" JS,
    "history.js" JS,
    "live.js" JS,
    "main.js" JS,
    "server.js" JS,
    "theme.js" JS,
    "tree.js" JS,
    "value.js" JS,
];

/// Adds the pages to `door`.
pub(crate) fn routes(door: Router<Arc<Shared>>) -> Router<Arc<Shared>> {
    let door = door
        .route("/", allow(get(|| async { Redirect::temporary("/console/") }), "GET, HEAD"))
        .route("/console", allow(get(|| async { Redirect::temporary("/console/") }), "GET, HEAD"))
        .route("/console/", allow(get(|headers| show("index.html", headers)), "GET, HEAD"));
    ASSETS.iter().fold(door, |door, asset| {
        let path = asset.path;
        door.route(&format!("/console/{path}"), allow(get(move |headers| show(path, headers)), "GET, HEAD"))
    })
}

async fn show(path: &'static str, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.path == path) else {
        return Problem::not_found("there is no such page").into_response();
    };
    let digest = ring::digest::digest(&ring::digest::SHA256, asset.content);
    let tag: String = digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let tag = HeaderValue::from_str(&format!("\"{tag}\"")).unwrap_or(HeaderValue::from_static("\"0\""));
    let common = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    ];
    if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    (common, [(header::CONTENT_TYPE, asset.kind)], asset.content).into_response()
}

/// Nothing from elsewhere, nothing inline; images may come from the page itself, which shows values that are pictures.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' blob: data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
