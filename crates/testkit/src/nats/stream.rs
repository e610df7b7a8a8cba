//! The frames of one connection, read with a time limit.

use super::frame::{Frame, take_frame};
use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The reading half of a connection.
#[derive(Debug)]
pub struct FrameStream {
    socket: TcpStream,
    buffer: Vec<u8>,
    taken: usize,
}

/// What reading brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A whole frame.
    Frame(Frame),
    /// Nothing within the time limit.
    Nothing,
    /// The server closed the connection.
    Closed,
}

impl FrameStream {
    /// Returns the frames that `socket` will bring.
    #[must_use]
    pub const fn new(socket: TcpStream) -> Self {
        Self { socket, buffer: Vec::new(), taken: 0 }
    }

    /// Returns the next frame, waiting for at most `limit`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidData`] if the server sent what no server may; those of the socket, of which a reset
    /// counts as [`Incoming::Closed`].
    pub fn next(&mut self, limit: Duration) -> io::Result<Incoming> {
        let deadline = now() + limit;
        loop {
            let frame = take_frame(&self.buffer[self.taken..]);
            if let Some((frame, bytes)) =
                frame.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?
            {
                self.taken += bytes;
                return Ok(Incoming::Frame(frame));
            }
            let left = deadline.saturating_duration_since(now());
            if left.is_zero() {
                return Ok(Incoming::Nothing);
            }
            match self.fill(left) {
                Ok(0) => return Ok(Incoming::Closed),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_end(&error) => return Ok(Incoming::Closed),
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns the bytes that were read and are not yet part of a frame.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        &self.buffer[self.taken..]
    }

    fn fill(&mut self, limit: Duration) -> io::Result<usize> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        // A limit of zero would mean none at all.
        self.socket.set_read_timeout(Some(limit.max(Duration::from_millis(1))))?;
        let mut chunk = [0; CHUNK_BYTES];
        let count = self.socket.read(&mut chunk)?;
        self.buffer.extend_from_slice(&chunk[..count]);
        Ok(count)
    }
}

/// Returns whether the error is one way of a server to end a connection.
pub(super) fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof
    )
}

#[expect(clippy::disallowed_methods, reason = "a real server answers in real time; nothing is decided by it")]
fn now() -> Instant {
    Instant::now()
}

const CHUNK_BYTES: usize = 16 * 1024;
