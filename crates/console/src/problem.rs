//! Errors as `application/problem+json` (RFC 9457), with the kinds of the library.

use crate::form::ConfigProblem;
use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jetkv::{ErrorKind, KvError};
use serde::Serialize;

/// What went wrong with a request.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Problem(Box<Told>);

/// What is told about it.
#[derive(Debug, Serialize)]
struct Told {
    #[serde(rename = "type")]
    name: String,
    title: &'static str,
    status: u16,
    detail: String,
    /// The kind of the library's error, or of what the door itself refuses.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The revision that a condition met.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    #[serde(skip)]
    header: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Told {
            name: format!("urn:jetkv:problem:{kind}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            kind,
            hint: None,
            revision: None,
            header: None,
        }))
    }

    fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.0.header = Some((name, HeaderValue::from_static(value)));
        self
    }

    /// The request cannot be understood.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", detail)
    }

    /// There is no such thing.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// The door does not let this one in.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "denied", detail)
    }

    /// It does not fit what is there.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// A condition does not hold, and never can.
    pub(crate) fn impossible(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "conflict", detail)
    }

    /// The key is at another revision than the one that is asked for.
    pub(crate) fn moved(bucket: &str, key: &str, now: u64) -> Self {
        let mut problem = Self::impossible(format!("key {key:?} of bucket {bucket:?} is at revision {now}"));
        problem.0.revision = Some(now);
        problem
    }

    /// What a place says to a configuration. Room that is reserved by it and is not there is no fault of the place.
    pub(crate) fn of_settings(error: KvError, reserves: bool) -> Self {
        if !reserves || error.kind() != ErrorKind::LimitReached {
            return error.into();
        }
        Self::new(StatusCode::CONFLICT, "limit-reached", text_of(&error))
            .hint("a bucket reserves max_bytes on the server: ask for less, or for none")
    }

    /// Whoever asks must say who they are.
    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::UNAUTHORIZED, "denied", detail);
        problem.with_header(header::WWW_AUTHENTICATE, "Basic realm=\"jetkv\"")
    }

    /// The address has no such method.
    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        let detail = format!("this address takes {allow}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "invalid", detail).with_header(header::ALLOW, allow)
    }

    /// A body has the wrong media type.
    pub(crate) fn media_type(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid", detail)
    }

    /// A body is too large.
    pub(crate) fn too_large(bytes_max: usize) -> Self {
        let detail = format!("the body has more than {bytes_max} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid", detail)
    }

    /// A body did not come in time.
    pub(crate) fn timed_out(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "unavailable", detail)
    }

    /// The door has enough of these already.
    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            .with_header(header::RETRY_AFTER, "5")
    }

    /// Adds what can be done about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }
}

impl From<KvError> for Problem {
    fn from(error: KvError) -> Self {
        let (status, kind) = match (&error, error.kind()) {
            (KvError::ValueTooLarge { .. } | KvError::PayloadTooLarge { .. }, _) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "invalid")
            }
            (KvError::Denied { .. }, _) => (StatusCode::FORBIDDEN, "denied"),
            // Another bucket would take it, or this one after an edit.
            (KvError::TtlNotSupported { .. }, _) => (StatusCode::CONFLICT, "conflict"),
            (KvError::BucketFull { .. }, _) => (StatusCode::CONFLICT, "limit-reached"),
            (KvError::KeyExists { .. } | KvError::WrongRevision { .. }, _) => {
                (StatusCode::PRECONDITION_FAILED, "conflict")
            }
            (_, ErrorKind::NotFound) => (StatusCode::NOT_FOUND, "not-found"),
            (_, ErrorKind::Conflict) => (StatusCode::CONFLICT, "conflict"),
            (_, ErrorKind::Invalid) => (StatusCode::BAD_REQUEST, "invalid"),
            (_, ErrorKind::LimitReached) => (StatusCode::INSUFFICIENT_STORAGE, "limit-reached"),
            (_, ErrorKind::Unavailable) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            (_, ErrorKind::Corrupt) => (StatusCode::INTERNAL_SERVER_ERROR, "corrupt"),
            (KvError::BucketDeleted { .. }, _) => (StatusCode::NOT_FOUND, "not-found"),
            (_, ErrorKind::Closed) => (StatusCode::SERVICE_UNAVAILABLE, "closed"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
        };
        let revision = match &error {
            KvError::KeyExists { revision, .. } => Some(*revision),
            KvError::WrongRevision { found, .. } => Some(*found),
            _ => None,
        };
        let mut problem = Self::new(status, kind, text_of(&error));
        problem.0.hint = error.hint();
        problem.0.revision = revision;
        problem
    }
}

impl From<ConfigProblem> for Problem {
    fn from(problem: ConfigProblem) -> Self {
        Self::invalid(problem.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let extra = self.0.header.clone();
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some((name, value)) = extra {
            headers.insert(name, value);
        }
        response
    }
}

/// Returns the error with its causes.
fn text_of(error: &KvError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
