//! Which page a path stands for, and what an answer looks like.

use super::collect::Collector;
use super::facts::Consumers;
use super::json;
use super::pages;
use super::query::Query;
use serde::Serialize;

/// An answer before it becomes HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// What the body is.
    pub(crate) kind: Kind,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// JSON, for scripts of all origins.
    Json,
    /// HTML.
    Html,
    /// A text.
    Text,
    /// The text format of Prometheus.
    Metrics,
}

impl Answer {
    /// Returns indented JSON.
    pub(super) fn json(value: &impl Serialize) -> Self {
        Self { status: 200, kind: Kind::Json, body: json::indented(value) }
    }

    /// Returns JSON in one line.
    pub(super) fn compact(status: u16, value: &impl Serialize) -> Self {
        Self { status, kind: Kind::Json, body: jetkv_wire::json::to_vec(value) }
    }

    /// Returns what is said about a bad query.
    pub(super) fn bad_request(text: impl Into<String>) -> Self {
        Self { status: 400, kind: Kind::Text, body: text.into().into_bytes() }
    }

    /// Returns what is said about an unknown path.
    pub(super) fn not_found() -> Self {
        Self { status: 404, kind: Kind::Text, body: b"404 page not found\n".to_vec() }
    }
}

/// The pages that there are, for the index and for counting.
pub(super) const PAGES: [&str; 13] = [
    "/",
    "/varz",
    "/connz",
    "/subsz",
    "/jsz",
    "/accountz",
    "/accstatz",
    "/healthz",
    "/readyz",
    "/routez",
    "/gatewayz",
    "/leafz",
    "/metrics",
];

/// Answers a request for `path`, which has no base path in front any more.
pub(super) fn answer(collector: &Collector, path: &str, query: &str) -> Answer {
    let path = if path == "/" { path } else { path.trim_end_matches('/') };
    let path = if path.is_empty() { "/" } else { path };
    if let Some(page) = PAGES.iter().find(|page| **page == path) {
        collector.count(page);
    }
    let query = Query::parse(query);
    let page = match path {
        "/" => Ok(pages::index(collector.base_path(), collector.links())),
        "/varz" => Ok(pages::varz(
            &collector.server(),
            &collector.load(),
            collector.jetstream(Consumers::Named).as_ref(),
        )),
        "/connz" => pages::connz(collector, &query),
        "/subsz" | "/subscriptionsz" => pages::subsz(collector, &query),
        "/jsz" => pages::jsz(&collector.server(), |consumers| collector.jetstream(consumers), &query),
        "/accountz" => pages::accountz(
            &collector.server(),
            &collector.accounts(),
            &collector.accounts_with_streams(),
            &query,
        ),
        "/accstatz" => pages::accstatz(&collector.server(), &collector.accounts(), &query),
        "/healthz" => {
            let named = || collector.jetstream(Consumers::Named);
            pages::healthz(collector.phase(), &collector.server(), named, &query)
        }
        "/readyz" => Ok(pages::readyz(collector.phase())),
        "/metrics" => Ok(pages::metrics(
            &collector.server(),
            &collector.load(),
            collector.jetstream(Consumers::Named).as_ref(),
        )),
        "/routez" | "/gatewayz" | "/leafz" | "/ipqueuesz" => Ok(pages::nothing(&collector.server(), path)),
        _ => Ok(Answer::not_found()),
    };
    page.unwrap_or_else(Answer::from)
}
