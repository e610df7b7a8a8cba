//! A stream whose small writes go out together, when whoever writes has nothing left to do.

use parking_lot::Mutex;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that gathers what is written. Flushing it does nothing: [`Out`] does that, once for many answers.
#[derive(Debug)]
pub(super) struct Gathered<S>(Arc<Mutex<Inner<S>>>);

/// The way out of a [`Gathered`].
#[derive(Debug)]
pub(super) struct Out<S>(Arc<Mutex<Inner<S>>>);

#[derive(Debug)]
struct Inner<S> {
    stream: S,
    waiting: Vec<u8>,
    /// How much of it is out.
    out: usize,
    /// Writes that did something.
    writes: u64,
}

/// Returns the stream, and its way out.
pub(super) fn gathered<S>(stream: S) -> (Gathered<S>, Out<S>) {
    let inner = Arc::new(Mutex::new(Inner { stream, waiting: Vec::new(), out: 0, writes: 0 }));
    (Gathered(Arc::clone(&inner)), Out(inner))
}

impl<S: AsyncWrite + Unpin> Out<S> {
    /// Sends what was gathered.
    pub(super) fn poll_send(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.0.lock();
        if inner.waiting.is_empty() { Poll::Ready(Ok(())) } else { inner.poll_send(cx) }
    }
}

impl<S> Out<S> {
    /// Returns the number of writes that did something.
    pub(super) fn writes(&self) -> u64 {
        self.0.lock().writes
    }
}

impl<S: AsyncWrite + Unpin> Inner<S> {
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.waiting.get(self.out..).filter(|rest| !rest.is_empty()) {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.writes += 1;
            self.out += written;
        }
        self.out = 0;
        // What was needed for much is not kept for little.
        if self.waiting.capacity() > KEPT_MAX {
            self.waiting = Vec::new()
        } else {
            self.waiting.clear()
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Takes what fits; what is too large goes out at once, behind everything before it.
    fn poll_take(&mut self, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        if self.waiting.len() + bytes > GATHERED_MAX {
            ready!(self.poll_send(cx))?;
        }
        if bytes > GATHERED_MAX {
            let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, parts))?;
            self.writes += u64::from(written > 0);
            return Poll::Ready(Ok(written));
        }
        parts.iter().for_each(|part| self.waiting.extend_from_slice(part));
        Poll::Ready(Ok(bytes))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gathered<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.lock().stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathered<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.lock().poll_take(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.lock().poll_take(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.0.lock();
        ready!(inner.poll_send(cx))?;
        Pin::new(&mut inner.stream).poll_shutdown(cx)
    }
}

/// Most that waits.
const GATHERED_MAX: usize = 64 << 10;

/// Largest buffer that a connection keeps while nothing waits.
const KEPT_MAX: usize = 16 << 10;

#[cfg(test)]
mod tests;
