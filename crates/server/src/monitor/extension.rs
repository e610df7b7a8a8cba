//! What else the HTTP port serves: whoever starts the server may carry more on it than the monitoring.

use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Bytes, Incoming};
use std::error::Error;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

pub use hyper::{Request, Response};

/// Answers requests for paths that are none of the monitoring's.
pub trait HttpExtension: Debug + Send + Sync {
    /// Says whether a path is the extension's.
    fn serves(&self, path: &str) -> bool;

    /// Answers one request.
    fn answer(&self, request: Request<Incoming>) -> HttpAnswer;
}

/// What [`HttpExtension::answer`] returns.
pub type HttpAnswer = Pin<Box<dyn Future<Output = Response<HttpBody>> + Send>>;

/// The body of an answer.
pub type HttpBody = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// The body of a request.
pub type HttpIncoming = Incoming;

/// Makes a body out of another.
pub fn http_body<B>(body: B) -> HttpBody
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    body.map_err(Into::into).boxed_unsync()
}
