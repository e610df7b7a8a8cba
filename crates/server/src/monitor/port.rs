//! An HTTP port: accepts connections, reads requests, sends answers, and ends connections on which nothing moves.

use super::again::Again;
use super::extension::{HttpAnswer, HttpIncoming};
use super::gathered::gathered;
use hyper::Request;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::fmt::{self, Debug};
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Answers the requests of a port.
pub trait HttpService: Debug + Send + Sync {
    /// Answers one request.
    fn answer(&self, request: Request<HttpIncoming>) -> HttpAnswer;
}

/// A port that is open. Dropping it stops it.
#[derive(Debug)]
pub struct HttpPort {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl HttpPort {
    /// Begins to answer whoever comes to `listener`. It needs a tokio runtime with time and I/O.
    ///
    /// # Errors
    /// Of the system.
    pub fn open(listener: TcpListener, service: Arc<dyn HttpService>) -> io::Result<Self> {
        Self::open_with(listener, service, Secure(None))
    }

    pub(super) fn open_with(
        listener: TcpListener,
        service: Arc<dyn HttpService>,
        secure: Secure,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(Accepting { service, secure }.accept(listener));
        Ok(Self { address, accepting })
    }

    /// Returns where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for HttpPort {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// TLS as it is for the next connection; nothing without TLS.
#[derive(Clone)]
pub(super) struct Secure(pub(super) Option<Renewed>);

/// Returns how to accept now, and how long a handshake may take.
pub(super) type Renewed = Arc<dyn Fn() -> Option<(TlsAcceptor, Duration)> + Send + Sync>;

impl Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Secure").field(&self.0.is_some()).finish()
    }
}

#[derive(Debug, Clone)]
struct Accepting {
    service: Arc<dyn HttpService>,
    secure: Secure,
}

impl Accepting {
    /// Accepts until it is dropped; whoever comes while [`CONNECTIONS_MAX`] are here waits in the system's queue.
    async fn accept(self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            // It is never closed.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let accepting = self.clone();
                    tokio::spawn(async move {
                        accepting.welcome(stream).await;
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(RETRY).await,
            }
        }
    }

    async fn welcome(self, stream: TcpStream) {
        // Answers are small and wanted at once; a socket that refuses this is as good as any.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.secure.0 else { return serve(stream, &*self.service, PATIENCE).await };
        let Some((acceptor, patience)) = tls() else { return };
        if let Ok(Ok(stream)) = tokio::time::timeout(patience, acceptor.accept(stream)).await {
            serve(stream, &*self.service, PATIENCE).await;
        }
    }
}

/// Serves one connection until it ends, or nothing has moved on it for up to twice `patience`: no request has begun, none is
/// being answered, and nothing was written. Slow heads, idle connections and clients that do not read end by that; how long a
/// body may take is the service's matter.
async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, service: &dyn HttpService, patience: Duration) {
    let (begun, under_way) = (AtomicU64::new(0), AtomicU64::new(0));
    let (stream, out) = gathered(stream);
    let answer = service_fn(|request| {
        begun.fetch_add(1, Ordering::Relaxed);
        under_way.fetch_add(1, Ordering::Relaxed);
        let answer = service.answer(request);
        let under_way = &under_way;
        async move {
            let response = answer.await;
            under_way.fetch_sub(1, Ordering::Relaxed);
            Ok::<_, Infallible>(response)
        }
    });
    let mut http = http1::Builder::new();
    http.max_buf_size(REQUEST_BYTES_MAX);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), answer));
    let again = Again::new();
    // Answers that are ready at the same time leave in one system call.
    let mut moving = pin!(poll_fn(|cx| match again.poll(cx, TURNS_MAX, |cx| connection.as_mut().poll(cx)) {
        Poll::Ready(_) => Poll::Ready(()),
        Poll::Pending => match out.poll_send(cx) {
            Poll::Ready(Err(_)) => Poll::Ready(()),
            _ => Poll::Pending,
        },
    }));
    let mut ticks = tokio::time::interval(patience);
    ticks.reset();
    let mut before = None;
    loop {
        tokio::select! {
            // A client that breaks off or sends nonsense is no business of the server's log.
            () = moving.as_mut() => return,
            _ = ticks.tick() => {}
        }
        let now = (begun.load(Ordering::Relaxed), out.writes());
        if before == Some(now) && under_way.load(Ordering::Relaxed) == 0 {
            return;
        }
        before = Some(now);
    }
}

/// Most connections at a time.
const CONNECTIONS_MAX: usize = 2_048;

/// How long nothing may move. Streams of events say more often that they are alive.
const PATIENCE: Duration = Duration::from_secs(15);

/// Largest head of a request; hyper asks for at least 8 KiB.
const REQUEST_BYTES_MAX: usize = 16 << 10;

/// Most turns of hyper, of 16 requests each, before what was answered is sent and others get their turn.
const TURNS_MAX: usize = 8;

/// How long to wait when nothing can be accepted.
const RETRY: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
