//! What else the HTTP port serves: whoever starts the server may carry more on it than the monitoring.

use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use std::error::Error;
use std::fmt::{self, Debug};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

pub use hyper::{Request, Response};

/// Answers requests for paths that are none of the monitoring's.
pub trait HttpExtension: Debug + Send + Sync {
    /// Says whether a path is the extension's.
    fn serves(&self, path: &str) -> bool;

    /// Returns the pages that the first page of the port links to: paths and titles.
    fn links(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Returns what is answered in the place of a page of the monitoring, if this request may not see any.
    fn refuse(&self, _: &Request<Incoming>) -> Option<Response<HttpBody>> {
        None
    }

    /// Answers one request.
    fn answer(&self, request: Request<Incoming>) -> HttpAnswer;
}

/// An answer, which is there or comes later.
pub enum HttpAnswer {
    /// It is there.
    Now(Option<Response<HttpBody>>),
    /// It comes.
    Later(Pin<Box<dyn Future<Output = Response<HttpBody>> + Send>>),
}

/// The body of an answer.
pub enum HttpBody {
    /// These bytes, until they are taken.
    Whole(Option<Bytes>),
    /// Another body.
    Other(UnsyncBoxBody<Bytes, BodyError>),
}

/// Why a body ends before its end.
pub type BodyError = Box<dyn Error + Send + Sync>;

/// The body of a request.
pub type HttpIncoming = Incoming;

impl HttpAnswer {
    /// Returns an answer that is there.
    #[must_use]
    pub fn now(response: Response<HttpBody>) -> Self {
        Self::Now(Some(response))
    }

    /// Returns an answer that comes.
    pub fn later(answer: impl Future<Output = Response<HttpBody>> + Send + 'static) -> Self {
        Self::Later(Box::pin(answer))
    }
}

impl Future for HttpAnswer {
    type Output = Response<HttpBody>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Now(response) => match response.take() {
                Some(response) => Poll::Ready(response),
                None => Poll::Pending,
            },
            Self::Later(answer) => answer.as_mut().poll(cx),
        }
    }
}

impl HttpBody {
    /// Makes a body out of another.
    pub fn of<B>(body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        Self::Other(body.map_err(Into::into).boxed_unsync())
    }

    /// Makes a body of bytes.
    pub fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::Whole(Some(bytes.into()).filter(|bytes| !bytes.is_empty()))
    }
}

impl Body for HttpBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Other(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Other(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(
                bytes.as_ref().map_or(0, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            ),
            Self::Other(body) => body.size_hint(),
        }
    }
}

impl Debug for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Now(_) => "Now",
            Self::Later(_) => "Later",
        })
    }
}

impl Debug for HttpBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole(_) => "Whole",
            Self::Other(_) => "Other",
        })
    }
}
