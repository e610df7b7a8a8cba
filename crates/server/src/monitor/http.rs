//! The pages of the monitoring on an HTTP port, and what else is carried on it.

use super::collect::Collector;
use super::extension::{HttpAnswer, HttpBody, HttpExtension, HttpIncoming};
use super::port::{HttpPort, HttpService, Secure};
use super::route::{self, Answer, Kind};
use crate::listener;
use crate::log::LogLevel;
use crate::options::{Address, HttpOptions, HttpScheme, IfTaken};
use crate::state::Shared;
use hyper::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Method, Request, Response, StatusCode};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use tokio::net::TcpListener;
use tokio::task::block_in_place;

/// The monitoring of a server, listening. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Monitor {
    port: HttpPort,
    collector: Arc<Collector>,
    extension: Arc<OnceLock<Arc<dyn HttpExtension>>>,
}

impl Monitor {
    /// Listens where `options` say; `clients` is where clients connect.
    pub(crate) async fn start(
        shared: &Arc<Shared>,
        options: &HttpOptions,
        clients: SocketAddr,
    ) -> io::Result<Self> {
        let listener = listen(shared, options).await?;
        let address = listener.local_addr()?;
        let collector = Collector::new(Arc::clone(shared), clients, address, &options.base_path);
        let collector = Arc::new(collector);
        let extension: Arc<OnceLock<Arc<dyn HttpExtension>>> = Arc::default();
        let pages = Pages { collector: Arc::clone(&collector), extension: Arc::clone(&extension) };
        let port = HttpPort::open_with(listener, Arc::new(pages), secure(shared, options.scheme))?;
        let name = match options.scheme {
            HttpScheme::Plain => "http",
            HttpScheme::Tls => "https",
        };
        shared.log(LogLevel::Info, format_args!("Starting {name} monitor on {address}"));
        Ok(Self { port, collector, extension })
    }

    /// Returns where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Serves other paths, too; the first extension stays.
    pub(crate) fn carry(&self, extension: Arc<dyn HttpExtension>) {
        self.collector.link(extension.links());
        let _ = self.extension.set(extension);
    }

    /// Returns a page without the detour over the network.
    pub(crate) fn page(&self, path: &str, query: &str) -> Option<Vec<u8>> {
        let answer = route::answer(&self.collector, path, query);
        // What is not well is told with another status.
        matches!(answer.status, 200 | 503).then_some(answer.body)
    }

    /// Notes that the server has new options.
    pub(crate) fn reloaded(&self) {
        self.collector.reloaded();
    }
}

/// Listens where `options` say, or elsewhere if nobody asked for that place.
async fn listen(shared: &Shared, options: &HttpOptions) -> io::Result<TcpListener> {
    let taken = match (listener::bind(&options.listen).await, options.if_taken) {
        (Err(error), IfTaken::Elsewhere) => error,
        (bound, _) => return bound,
    };
    let Address { host, port } = &options.listen;
    let listener = listener::bind(&Address { host: host.clone(), port: 0 }).await?;
    shared.log(
        LogLevel::Warning,
        format_args!("http cannot listen on {host}:{port} ({taken}), so on another port"),
    );
    Ok(listener)
}

/// Certificates change with a reload.
fn secure(shared: &Arc<Shared>, scheme: HttpScheme) -> Secure {
    if scheme == HttpScheme::Plain {
        return Secure(None);
    }
    let shared = Arc::downgrade(shared);
    Secure(Some(Arc::new(move || {
        let settings = shared.upgrade()?.settings();
        settings.tls.as_ref().map(|tls| (tls.acceptor.clone(), tls.timeout))
    })))
}

/// What is on the port.
#[derive(Debug)]
struct Pages {
    collector: Arc<Collector>,
    extension: Arc<OnceLock<Arc<dyn HttpExtension>>>,
}

impl HttpService for Pages {
    fn answer(&self, request: Request<HttpIncoming>) -> HttpAnswer {
        let Some(extension) = self.extension.get() else {
            let mut response = respond(&self.collector, &request);
            for_all_sites(&mut response);
            return HttpAnswer::now(response);
        };
        if extension.serves(request.uri().path()) {
            return extension.answer(request);
        }
        let refusal = extension.refuse(&request);
        HttpAnswer::now(refusal.unwrap_or_else(|| respond(&self.collector, &request)))
    }
}

fn respond(collector: &Collector, request: &Request<HttpIncoming>) -> Response<HttpBody> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = Response::new(HttpBody::whole(Vec::new()));
        *refused.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    let uri = request.uri();
    let answer = match uri.path().strip_prefix(collector.base_path()) {
        Some(path) if path.is_empty() || path.starts_with('/') => {
            // A page about thousands of streams takes a while; clients do not wait for it.
            block_in_place(|| route::answer(collector, path, uri.query().unwrap_or_default()))
        }
        _ => Answer::not_found(),
    };
    response(answer)
}

fn response(answer: Answer) -> Response<HttpBody> {
    let mut response = Response::new(HttpBody::whole(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let kind = match answer.kind {
        Kind::Json => JSON,
        Kind::Html => "text/html; charset=utf-8",
        Kind::Text => "text/plain; charset=utf-8",
        Kind::Metrics => "text/plain; version=0.0.4; charset=utf-8",
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Lets scripts of all sites read a page, as the reference does.
fn for_all_sites(response: &mut Response<HttpBody>) {
    let headers = response.headers_mut();
    if headers.get(CONTENT_TYPE).is_some_and(|kind| kind == JSON) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
}

const JSON: &str = "application/json";
