//! Reading: the bytes of a socket, together with what was left of the last operation.

use super::close::CloseReason;
use super::socket::Socket;
use std::cell::RefCell;
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;

/// What a connection keeps between two reads: nothing, or the beginning of an operation.
///
/// All connections of a thread read into one buffer, in which each has its operations parsed at once, so that idle
/// connections hold no memory for reading.
#[derive(Debug, Default)]
pub(super) struct Input {
    partial: Vec<u8>,
    /// Below this many bytes another look at `partial` is no use.
    needed: usize,
}

/// How far a look at the input came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Consumed {
    /// So many bytes are done with.
    pub(super) bytes: usize,
    /// So many, counted from there, are needed to go on; 0 if more can be done without another read, later.
    pub(super) needed: usize,
}

/// Bytes read at a time.
const READ_BYTES: usize = 64 << 10;
/// Room before them for the beginning of an operation, so that it need not be copied elsewhere.
const HEAD_BYTES: usize = 8 << 10;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Input {
    /// Reads once, and gives all that is there to `consume`. Returns how many bytes were read.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        socket: &mut Socket,
        consume: impl FnOnce(&[u8]) -> Result<Consumed, CloseReason>,
    ) -> Poll<Result<usize, CloseReason>> {
        SCRATCH.with_borrow_mut(|scratch| {
            if scratch.is_empty() {
                scratch.resize(HEAD_BYTES + READ_BYTES, 0);
            }
            let mut buffer = ReadBuf::new(&mut scratch[HEAD_BYTES..]);
            ready!(socket.poll_read(cx, &mut buffer)).map_err(|_| CloseReason::ReadError)?;
            let read = buffer.filled().len();
            if read == 0 {
                return Poll::Ready(Err(CloseReason::ClientClosed));
            }
            let end = HEAD_BYTES + read;
            if self.partial.len() + read < self.needed || self.partial.len() > HEAD_BYTES {
                self.partial.extend_from_slice(&scratch[HEAD_BYTES..end]);
                if self.partial.len() >= self.needed {
                    self.look(consume)?;
                }
            } else {
                let start = HEAD_BYTES - self.partial.len();
                scratch[start..HEAD_BYTES].copy_from_slice(&self.partial);
                let input = &scratch[start..end];
                let consumed = consume(input)?;
                self.keep(&input[consumed.bytes..], consumed.needed);
            }
            Poll::Ready(Ok(read))
        })
    }

    /// Says whether something is left that was not looked at because the session was not ready.
    pub(super) fn has_more(&self) -> bool {
        !self.partial.is_empty() && self.partial.len() >= self.needed
    }

    /// Gives what is left to `consume`, without reading.
    pub(super) fn look(
        &mut self,
        consume: impl FnOnce(&[u8]) -> Result<Consumed, CloseReason>,
    ) -> Result<(), CloseReason> {
        let partial = std::mem::take(&mut self.partial);
        let consumed = consume(&partial)?;
        self.keep(&partial[consumed.bytes..], consumed.needed);
        Ok(())
    }

    fn keep(&mut self, rest: &[u8], needed: usize) {
        if rest.is_empty() {
            self.partial = Vec::new();
        } else {
            self.partial.clear();
            self.partial.extend_from_slice(rest);
        }
        self.needed = needed;
    }
}
