use crate::harness::console;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use jetkv::{JetStream, KeyValueConfig};
use jetkv_console::{Access, Console, Credentials, Front, Login, LoginError, LoginFuture, Seat};
use std::sync::Arc;
use tower::ServiceExt;

/// Lets anna in, who may read below `alice` in bucket `app`, and nothing else.
struct OneUser(JetStream);

impl Login for OneUser {
    fn login(&self, credentials: Credentials) -> LoginFuture {
        let place = self.0.clone();
        Box::pin(async move {
            match credentials {
                Credentials::Password { user, password } if user == "anna" && password == "secret" => {
                    let may = |subject: &str| {
                        subject.starts_with("$JS.API.DIRECT.GET.KV_app.$KV.app.alice.")
                            || subject.ends_with(".$KV.app.alice.>")
                            || subject.ends_with(".$KV.app.alice.k")
                    };
                    Ok(Seat::new(place, Front::Near, Some(Arc::new(may))))
                }
                _ => Err(LoginError::Denied),
            }
        })
    }
}

async fn ask(console: &Console, path: &str, authorization: Option<&str>) -> StatusCode {
    let mut request = Request::builder().uri(path).header("host", "localhost");
    if let Some(text) = authorization {
        request = request.header("authorization", text);
    }
    console.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
}

#[tokio::test]
async fn users_read_what_they_may_and_nothing_else() {
    let place = JetStream::memory().await.unwrap();
    let kv = place.create_key_value(KeyValueConfig::new("app").history(2)).await.unwrap();
    kv.put("alice.k", "1").await.unwrap();
    kv.put("bob.k", "1").await.unwrap();
    let access = Access::PerUser(Arc::new(OneUser(place)));
    let console = console(access);
    // anna:secret
    let anna = Some("Basic YW5uYTpzZWNyZXQ=");
    assert_eq!(ask(&console, "/v1/kv/app/alice.k", None).await, 401);
    assert_eq!(ask(&console, "/v1/kv/app/alice.k", Some("Basic YW5uYTp3cm9uZw==")).await, 401);
    let may = [
        "/v1/kv/app/alice.k",
        "/v1/kv/app?filter=alice.%3E",
        "/v1/kv/app/alice.k?history",
        "/v1/tree/app?prefix=alice",
    ];
    for path in may {
        assert_eq!(ask(&console, path, anna).await, 200, "{path}");
    }
    let may_not = [
        "/v1/kv/app/bob.k",
        "/v1/kv/app/bob.k?history",
        "/v1/kv/app/bob.k?revision=2",
        "/v1/kv/app/bob.k?format=json",
        "/v1/kv/app",
        "/v1/kv/app?filter=*.k",
        "/v1/tree/app?prefix=",
        "/v1/kv/app?watch",
        "/v1/buckets/app",
        "/v1/buckets",
        "/v1/kv/app?watch&filter=alice.%3E&filter=bob.%3E",
    ];
    for path in may_not {
        assert_eq!(ask(&console, path, anna).await, 403, "{path}");
    }
    // Pages are for everybody: they show nothing by themselves.
    assert_eq!(ask(&console, "/console/", None).await, 200);
}
