//! The listening socket of clients.

use crate::conn;
use crate::log::LogLevel;
use crate::options::Address;
use crate::state::Shared;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, lookup_host};

/// Binds to the first of the host's addresses that can be bound.
pub(crate) async fn bind(address: &Address) -> io::Result<TcpListener> {
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for each in lookup_host((address.host.as_str(), address.port)).await? {
        match listen(each) {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A server that was killed is started again on its port at once (COMPAT 1).
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
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

/// How many clients may wait to be accepted, if the system allows as many. Who comes when the queue is full tries again after
/// a second, so that all who come back after a restart must find room.
const BACKLOG: u32 = 16_384;
const RETRY: Duration = Duration::from_millis(100);

fn spawn(server: &Arc<Shared>, stream: tokio::net::TcpStream, peer: SocketAddr) {
    tokio::spawn(conn::serve(Arc::clone(server), stream, peer));
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[tokio::test]
    async fn as_many_clients_wait_to_be_accepted_as_the_system_allows() {
        let listener = bind(&Address { host: "127.0.0.1".to_owned(), port: 0 }).await.unwrap();
        let address = listener.local_addr().unwrap();
        let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
        let allowed: u32 = allowed.trim().parse().unwrap();
        for _ in 0..allowed.min(4_096) {
            // One that has gone again keeps its place.
            TcpStream::connect_timeout(&address, Duration::from_millis(900)).unwrap();
        }
    }
}
