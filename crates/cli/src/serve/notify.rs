//! Tells systemd how far the server is: one datagram to the socket that `NOTIFY_SOCKET` names (sd_notify(3)).

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Clients can connect.
pub(crate) const READY: &str = "READY=1";

/// The server is on its way out.
pub(crate) const STOPPING: &str = "STOPPING=1";

/// The configuration was read again.
pub(crate) const RELOADED: &str = "READY=1\nSTATUS=reloaded";

/// Sends `state` if somebody waits for it. A failure is of no consequence to the server.
pub(crate) fn notify(state: &str) {
    if let Some(socket) = env::var_os("NOTIFY_SOCKET") {
        send(&socket, state).ok();
    }
}

fn send(socket: &OsStr, state: &str) -> io::Result<()> {
    let to = address(socket)?;
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &to).map(drop)
}

/// A name that begins with `@` is one of Linux's abstract sockets.
fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    let bytes = socket.as_encoded_bytes();
    match bytes.strip_prefix(b"@") {
        #[cfg(target_os = "linux")]
        Some(name) => <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name),
        _ => SocketAddr::from_pathname(socket),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_arrives_at_the_socket() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        send(path.as_os_str(), READY).unwrap();
        let mut buffer = [0; 64];
        let length = socket.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], READY.as_bytes());
    }
}
