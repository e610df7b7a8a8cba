//! The listening socket of clients.

use crate::conn;
use crate::log::LogLevel;
use crate::options::Address;
use crate::state::Shared;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, lookup_host};

/// Binds to the first of the host's addresses that can be bound.
pub(crate) async fn bind(address: &Address) -> io::Result<TcpListener> {
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for each in lookup_host((address.host.as_str(), address.port)).await? {
        // A server that was killed is started again on its port at once: the listener sets SO_REUSEADDR (COMPAT 1).
        match TcpListener::bind(each).await {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Accepts clients until it is dropped.
pub(crate) async fn accept(server: Arc<Shared>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => spawn(&server, stream, peer),
            Err(error) => {
                // Without free descriptors this fails until connections close; clients wait in the queue meanwhile.
                server.log(
                    LogLevel::Error,
                    format_args!("Temporary Client Accept Error ({error}), sleeping {RETRY:?}"),
                );
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

const RETRY: Duration = Duration::from_millis(100);

fn spawn(server: &Arc<Shared>, stream: tokio::net::TcpStream, peer: SocketAddr) {
    tokio::spawn(conn::serve(Arc::clone(server), stream, peer));
}
