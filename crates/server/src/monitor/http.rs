//! The HTTP side: accepts connections, reads requests, sends answers.

use super::collect::Collector;
use super::extension::{HttpBody, HttpExtension, http_body};
use super::route::{self, Answer, Kind};
use crate::listener;
use crate::log::LogLevel;
use crate::options::{HttpOptions, HttpScheme};
use crate::state::Shared;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, block_in_place};

/// The monitoring of a server, listening. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Monitor {
    address: SocketAddr,
    collector: Arc<Collector>,
    extension: Arc<OnceLock<Arc<dyn HttpExtension>>>,
    accepting: JoinHandle<()>,
}

impl Monitor {
    /// Listens where `options` say; `clients` is where clients connect.
    pub(crate) async fn start(
        shared: &Arc<Shared>,
        options: &HttpOptions,
        clients: SocketAddr,
    ) -> io::Result<Self> {
        let listener = listener::bind(&options.listen).await?;
        let address = listener.local_addr()?;
        let collector = Collector::new(Arc::clone(shared), clients, address, &options.base_path);
        let collector = Arc::new(collector);
        let extension: Arc<OnceLock<Arc<dyn HttpExtension>>> = Arc::default();
        let door = Door {
            shared: Arc::clone(shared),
            collector: Arc::clone(&collector),
            scheme: options.scheme,
            extension: Arc::clone(&extension),
        };
        let name = match options.scheme {
            HttpScheme::Plain => "http",
            HttpScheme::Tls => "https",
        };
        let accepting = tokio::spawn(door.accept(listener));
        shared.log(LogLevel::Info, format_args!("Starting {name} monitor on {address}"));
        Ok(Self { address, collector, extension, accepting })
    }

    /// Returns where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves other paths, too; the first extension stays.
    pub(crate) fn carry(&self, extension: Arc<dyn HttpExtension>) {
        let _ = self.extension.set(extension);
    }

    /// Returns a page without the detour over the network.
    pub(crate) fn page(&self, path: &str, query: &str) -> Option<Vec<u8>> {
        let answer = route::answer(&self.collector, path, query);
        (answer.status == 200).then_some(answer.body)
    }

    /// Notes that the server has new options.
    pub(crate) fn reloaded(&self) {
        self.collector.reloaded();
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What comes in, and where it goes.
#[derive(Debug, Clone)]
struct Door {
    shared: Arc<Shared>,
    collector: Arc<Collector>,
    scheme: HttpScheme,
    extension: Arc<OnceLock<Arc<dyn HttpExtension>>>,
}

impl Door {
    /// Accepts until it is dropped; whoever comes while [`CONNECTIONS_MAX`] are here waits in the system's queue.
    async fn accept(self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            // It is never closed.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let door = self.clone();
                    tokio::spawn(async move {
                        // Watches stay; without them no connection stays longer than this, whatever its client does.
                        if door.extension.get().is_some() {
                            door.serve(stream).await;
                        } else {
                            let _ = tokio::time::timeout(CONNECTION_LIFE, door.serve(stream)).await;
                        }
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(RETRY).await,
            }
        }
    }

    async fn serve(self, stream: TcpStream) {
        match self.scheme {
            HttpScheme::Plain => self.serve_on(stream).await,
            HttpScheme::Tls => {
                let Some(tls) = self.shared.settings().tls.clone() else { return };
                if let Ok(Ok(stream)) = tokio::time::timeout(tls.timeout, tls.acceptor.accept(stream)).await {
                    self.serve_on(stream).await;
                }
            }
        }
    }

    async fn serve_on(self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let (collector, extension) = (self.collector, self.extension.get().cloned());
        let service = service_fn(|request| {
            let response = match &extension {
                Some(extension) if extension.serves(request.uri().path()) => Err(extension.answer(request)),
                _ => Ok(respond(&collector, &request)),
            };
            async move {
                Ok::<_, Infallible>(match response {
                    Ok(response) => response,
                    Err(answer) => answer.await,
                })
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEADER_PATIENCE).max_buf_size(REQUEST_BYTES_MAX);
        // A client that breaks off or sends nonsense is no business of the server's log.
        let _ = http.serve_connection(TokioIo::new(stream), service).await;
    }
}

fn respond(collector: &Collector, request: &Request<Incoming>) -> Response<HttpBody> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = Response::new(http_body(Full::default()));
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
    let mut response = Response::new(http_body(Full::new(Bytes::from(answer.body))));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let kind = match answer.kind {
        Kind::Json => "application/json",
        Kind::Html => "text/html; charset=utf-8",
        Kind::Text => "text/plain; charset=utf-8",
        Kind::Metrics => "text/plain; version=0.0.4; charset=utf-8",
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if answer.kind == Kind::Json {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    response
}

/// Most connections at a time.
const CONNECTIONS_MAX: usize = 2_048;

/// How long a connection may last.
const CONNECTION_LIFE: Duration = Duration::from_secs(60);

/// How long a request's head may take.
const HEADER_PATIENCE: Duration = Duration::from_secs(5);

/// Largest head of a request; hyper asks for at least 8 KiB.
const REQUEST_BYTES_MAX: usize = 16 << 10;

/// How long to wait when nothing can be accepted.
const RETRY: Duration = Duration::from_millis(100);
