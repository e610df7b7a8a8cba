//! Addresses, and what every request goes through before it reaches its handler.

use crate::access::{Access, Doorkeeper, Seat};
use crate::guard::{self, Guard, Hosts};
use crate::limits::WATCHES_MAX;
use crate::problem::Problem;
use crate::{assets, at_once, door};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Router, extract::DefaultBodyLimit};
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

/// What the door and the console need to know.
#[derive(Debug)]
pub struct Options {
    /// Who may come in.
    pub access: Access,
    /// From where requests may come.
    pub guard: Guard,
    /// What the page about the server shows.
    pub about: About,
    /// Largest value that is taken, in bytes; [`crate::VALUE_BYTES_MAX`] is the most that any place takes.
    pub value_bytes_max: usize,
}

/// What is told about the server behind the door, as JSON, made anew for each request.
#[derive(Clone, Default)]
pub struct About(Option<Arc<dyn Fn() -> serde_json::Value + Send + Sync>>);

/// What all handlers share.
pub(crate) struct Shared {
    pub(crate) keeper: Doorkeeper,
    pub(crate) guard: Guard,
    pub(crate) about: About,
    pub(crate) value_bytes_max: usize,
    pub(crate) watches: Arc<Semaphore>,
    /// Changes when everybody has to be asked anew.
    pub(crate) turns: watch::Sender<()>,
}

impl Shared {
    /// Returns how many watches are open.
    pub(crate) fn open_watches(&self) -> usize {
        WATCHES_MAX.saturating_sub(self.watches.available_permits())
    }
}

/// The door and the console. Cheap to clone.
#[derive(Clone)]
pub struct Console {
    shared: Arc<Shared>,
    router: Router,
}

impl Console {
    /// Makes the door and the console; nothing is open yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let Options { access, guard, about, value_bytes_max } = options;
        let keeper = Doorkeeper::new(access);
        let watches = Arc::new(Semaphore::new(WATCHES_MAX));
        let shared = Arc::new(Shared {
            keeper,
            guard,
            about,
            value_bytes_max,
            watches,
            turns: watch::Sender::new(()),
        });
        Self { router: router(Arc::clone(&shared)), shared }
    }

    /// Returns it as a service that any HTTP server can carry.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Says whether a path belongs to the console or the door; others may be on the same port.
    #[must_use]
    pub fn serves(path: &str) -> bool {
        ROOTS
            .iter()
            .any(|root| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    /// Answers one request.
    pub async fn answer<B>(&self, request: axum::http::Request<B>) -> Response
    where
        B: axum::body::HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let answer = self.router().oneshot(request.map(axum::body::Body::new)).await;
        answer.unwrap_or_else(|never| match never {})
    }

    /// Answers the most frequent request, that for a value, if that can be done without waiting; otherwise [`Self::answer`] has
    /// to be asked.
    pub fn answer_at_once<B>(&self, request: &axum::http::Request<B>) -> Option<axum::http::Response<Bytes>> {
        at_once::answer(&self.shared, request)
    }

    /// Returns the refusal of a request that a page of another site has sent, or that was meant for another host; for what
    /// else is on the same port.
    #[must_use]
    pub fn refuse(&self, method: &Method, headers: &HeaderMap, hosts: Hosts) -> Option<Response> {
        let problem = self.shared.guard.check(method, headers, hosts).err()?;
        let mut response = problem.into_response();
        guard::seal(response.headers_mut());
        Some(response)
    }

    /// Asks everybody anew who they are: users or their rights have changed. Watches end, and may come again.
    pub fn forget_sessions(&self) {
        self.shared.keeper.forget();
        self.shared.turns.send_replace(());
    }
}

fn router(shared: Arc<Shared>) -> Router {
    let door = Router::new()
        .route("/v1", allow(get(door::about::show), "GET, HEAD"))
        .route("/v1/openapi.json", allow(get(door::about::openapi), "GET, HEAD"))
        .route("/v1/server", allow(get(door::about::server), "GET, HEAD"))
        .route("/v1/buckets", allow(get(door::buckets::list).post(door::buckets::create), "GET, HEAD, POST"))
        .route(
            "/v1/buckets/{bucket}",
            allow(
                get(door::buckets::show)
                    .put(door::buckets::put)
                    .patch(door::buckets::edit)
                    .delete(door::buckets::delete),
                "GET, HEAD, PUT, PATCH, DELETE",
            ),
        )
        .route("/v1/buckets/{bucket}/empty", allow(post(door::buckets::empty), "POST"))
        .route("/v1/buckets/{bucket}/compact", allow(post(door::buckets::compact), "POST"))
        .route("/v1/tree/{bucket}", allow(get(door::keys::level), "GET, HEAD"))
        .route("/v1/kv/{bucket}", allow(get(door::keys::get), "GET, HEAD"))
        .route(
            "/v1/kv/{bucket}/{*key}",
            allow(
                get(door::entry::get).put(door::entry::put).delete(door::entry::delete),
                "GET, HEAD, PUT, DELETE",
            ),
        );
    assets::routes(door)
        .fallback(nowhere)
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(&shared), guarded))
        .with_state(shared)
}

/// Names the methods that an address takes to whoever uses another.
pub(crate) fn allow(methods: MethodRouter<Arc<Shared>>, names: &'static str) -> MethodRouter<Arc<Shared>> {
    methods.fallback(move || async move { Problem::method_not_allowed(names) })
}

async fn nowhere(request: Request) -> Problem {
    Problem::not_found(format!("there is nothing at {}", request.uri().path()))
}

async fn guarded(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let mut response = match shared.guard.check(request.method(), request.headers(), Hosts::Known) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    guard::seal(response.headers_mut());
    response
}

/// Whoever asks has been let in.
impl FromRequestParts<Arc<Shared>> for Seat {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        shared.keeper.admit(&parts.headers).await
    }
}

impl About {
    /// Returns what is told by calling `tell` for each request.
    pub fn new(tell: impl Fn() -> serde_json::Value + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    pub(crate) fn tell(&self) -> Option<serde_json::Value> {
        self.0.as_ref().map(|tell| tell())
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}

impl fmt::Debug for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("About").finish_non_exhaustive()
    }
}

/// What all paths begin with.
const ROOTS: &[&str] = &["/v1", "/console"];
