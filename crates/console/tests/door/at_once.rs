use crate::harness::World;
use axum::body::Body;
use axum::http::{Method, Request, Response};
use bytes::Bytes;
use jetkv::{KeyValueConfig, WriteOptions};
use std::time::Duration;

fn request(method: Method, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

fn at_once(world: &World, path: &str) -> Option<Response<Bytes>> {
    world.console.answer_at_once(&request(Method::GET, path, &[]))
}

#[tokio::test]
async fn the_short_way_says_what_the_long_way_says() {
    let config = |config: KeyValueConfig| config.history(3).limit_marker_ttl(Duration::from_secs(9));
    let (world, kv) = World::with_bucket(config).await;
    let options = WriteOptions::new().header("Content-Type", "text/html").header("author", "anna");
    kv.put_with("plain", "<b>", options.ttl(Duration::from_secs(60))).await.unwrap();
    kv.put("a/b.c=1", "").await.unwrap();
    kv.put("a/b.c=2", vec![0, 255]).await.unwrap();
    for path in ["/v1/kv/app/plain", "/v1/kv/app/a/b.c=1", "/v1/kv/app/a/b.c=2"] {
        let quick = at_once(&world, path).unwrap();
        let mut slow = world.get(path).await;
        assert_eq!(quick.status(), slow.status);
        assert_eq!(quick.body(), &slow.body);
        // Whoever sends the answer tells its length.
        slow.headers.remove("content-length");
        assert_eq!(quick.headers(), &slow.headers);
    }
}

#[tokio::test]
async fn what_is_not_simply_a_value_takes_the_long_way() {
    let (world, kv) = World::with_bucket(|config| config).await;
    kv.put("k", "1").await.unwrap();
    kv.put("gone", "1").await.unwrap();
    kv.delete("gone").await.unwrap();
    for path in [
        "/v1/kv/app/none",
        "/v1/kv/app/gone",
        "/v1/kv/other/k",
        "/v1/kv/app/k?revision=1",
        "/v1/kv/app/k?",
        "/v1/kv/app/%6B",
        "/v1/kv/app/a..b",
        "/v1/kv/app/",
        "/v1/kv/app",
        "/v1/kv//k",
        "/v1/buckets/app",
    ] {
        assert!(at_once(&world, path).is_none(), "{path}");
    }
    let wanted = request(Method::GET, "/v1/kv/app/k", &[("if-match", "\"9\"")]);
    assert!(world.console.answer_at_once(&wanted).is_none());
    assert!(at_once(&world, "/v1/kv/app/k").is_some());
    for (method, header) in [
        (Method::HEAD, ("accept", "*/*")),
        (Method::PUT, ("accept", "*/*")),
        (Method::GET, ("if-none-match", "\"1\"")),
        (Method::GET, ("origin", "http://evil.example")),
        (Method::GET, ("sec-fetch-site", "cross-site")),
    ] {
        let answer = world.console.answer_at_once(&request(method, "/v1/kv/app/k", &[header]));
        assert!(answer.is_none(), "{header:?}");
    }
}

#[tokio::test]
async fn a_bucket_that_went_and_came_again_is_the_new_one() {
    let (world, kv) = World::with_bucket(|config| config).await;
    kv.put("k", "old").await.unwrap();
    assert_eq!(at_once(&world, "/v1/kv/app/k").unwrap().body(), "old");
    world.place.delete_key_value("app").await.unwrap();
    assert!(at_once(&world, "/v1/kv/app/k").is_none());
    let kv = world.place.create_key_value(KeyValueConfig::new("app")).await.unwrap();
    kv.put("k", "new").await.unwrap();
    assert_eq!(at_once(&world, "/v1/kv/app/k").unwrap().body(), "new");
    // Also if nobody looked meanwhile.
    world.place.delete_key_value("app").await.unwrap();
    let kv = world.place.create_key_value(KeyValueConfig::new("app")).await.unwrap();
    kv.put("k", "newest").await.unwrap();
    let seen = [(); 2].map(|()| at_once(&world, "/v1/kv/app/k").map(Response::into_body));
    assert!(seen.iter().flatten().all(|body| body == "newest"), "{seen:?}");
    assert_eq!(seen[1].as_deref(), Some(b"newest".as_slice()));
}
