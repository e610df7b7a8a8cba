//! A door to an empty store in memory, and requests to it.

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use jetkv::{JetStream, KeyValue, KeyValueConfig};
use jetkv_console::{About, Access, Console, Guard, Options, Seat, VALUE_BYTES_MAX};
use serde_json::Value;
use tower::ServiceExt;

/// A door, and the place behind it.
pub(crate) struct World {
    pub(crate) place: JetStream,
    pub(crate) console: Console,
}

/// Returns a door that lets in whom `access` says.
pub(crate) fn console(access: Access) -> Console {
    let (guard, about) = (Guard::default(), About::default());
    Console::new(Options { access, guard, about, value_bytes_max: VALUE_BYTES_MAX })
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let place = JetStream::memory().await.unwrap();
        let access = Access::Open(Seat::at(place.clone()));
        Self { place, console: console(access) }
    }

    /// A door with one bucket `app` behind it.
    pub(crate) async fn with_bucket(
        config: impl FnOnce(KeyValueConfig) -> KeyValueConfig,
    ) -> (Self, KeyValue) {
        let world = Self::new().await;
        let kv = world.place.create_key_value(config(KeyValueConfig::new("app"))).await.unwrap();
        (world, kv)
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "localhost");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_vec())).unwrap();
        let response = self.console.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], b"").await
    }

    pub(crate) async fn put(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.ask(Method::PUT, path, headers, body.as_bytes()).await
    }

    pub(crate) async fn delete(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(Method::DELETE, path, headers, b"").await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.ask(method, path, &headers, body.to_string().as_bytes()).await
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks that it is a problem of this kind, and returns its text.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, kind: &str) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        let json = self.json();
        assert_eq!(json["kind"], kind, "{json}");
        assert_eq!(json["status"], status);
        json["detail"].as_str().unwrap().to_owned()
    }
}
