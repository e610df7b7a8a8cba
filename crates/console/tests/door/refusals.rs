use crate::harness::World;
use axum::http::Method;
use serde_json::json;

#[tokio::test]
async fn what_is_not_there_is_a_problem_that_names_it() {
    let (world, _kv) = World::with_bucket(|config| config).await;
    assert_eq!(
        world.get("/v1/kv/app/k").await.problem(404, "not-found"),
        r#"key "k" not found in bucket "app""#
    );
    let gone = world.get("/v1/kv/other/k").await;
    assert_eq!(gone.problem(404, "not-found"), r#"bucket "other" not found"#);
    assert_eq!(gone.json()["hint"], r#"create "other" first"#);
    for path in ["/v2", "/v1/nothing", "/v1/kv/app/k?revision=9", "/console/nothing.js"] {
        world.get(path).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn bad_names_paths_and_parameters_are_refused_before_anything_is_written() {
    let (world, kv) = World::with_bucket(|config| config).await;
    let paths = [
        "/v1/kv/app/a..b",
        "/v1/kv/app/.a",
        "/v1/kv/app/a.*",
        "/v1/kv/app/%3E",
        "/v1/kv/app/a%20b",
        "/v1/kv/app/%00",
        "/v1/kv/app/..%2F..%2Fetc",
        "/v1/kv/app/%FF",
        "/v1/kv/app/a%0D%0Ab",
        "/v1/kv/app/k?ttl=soon",
        "/v1/kv/app/k?tll=1s",
        "/v1/kv/app/k?ttl=1s&ttl=2s",
        "/v1/kv/app//etc/passwd..",
        "/v1/kv/app/../../etc/passwd",
        "/v1/kv/app/a/../../b",
        "/v1/kv/app/%2e%2e/%2e%2e/etc",
        "/v1/kv/app/%2E",
        "/v1/kv/app/a%00b",
        "/v1/kv/app/a%5Cb",
        "/v1/kv/app/%252F..",
        "/v1/kv/app/%C0%AE%C0%AE",
        "/v1/kv/app/%24KV.other.k",
        "/v1/kv/app/%24JS.API.INFO",
        "/v1/kv/b%20d/k",
        "/v1/kv/app.other/k",
        "/v1/kv/%2e%2e/k",
        "/v1/kv/%00/k",
        "/v1/kv/..%2Fapp/k",
    ];
    for path in paths {
        world.put(path, &[], "x").await.problem(400, "invalid");
    }
    // Every byte that is in no key, with what JSON and log lines would stumble over among them.
    let is_in_keys = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/=.".contains(&byte);
    for byte in (0..=u8::MAX).filter(|byte| !is_in_keys(*byte)) {
        let path = format!("/v1/kv/app/a%{byte:02X}b");
        world.put(&path, &[], "x").await.problem(400, "invalid");
        world.get(&path).await.problem(400, "invalid");
    }
    for path in
        ["/v1/kv/app/k?revision=x", "/v1/kv/app/k?format=xml", "/v1/kv/app?limit=0", "/v1/kv/app?limit=-1"]
    {
        world.get(path).await.problem(400, "invalid");
    }
    assert!(kv.keys().await.unwrap().is_empty());
    world.delete("/v1/kv/app/k?purge_ttl=soon", &[]).await.problem(400, "invalid");
}

#[tokio::test]
async fn whoever_wants_no_purge_gets_none() {
    let (world, kv) = World::with_bucket(|config| config.history(5)).await;
    world.put("/v1/kv/app/k", &[], "1").await;
    world.delete("/v1/kv/app/k?purge=false&purge_ttl=1h", &[]).await.problem(409, "conflict");
    assert!(kv.get("k").await.unwrap().is_some());
}

#[tokio::test]
async fn parts_and_codings_of_a_value_do_not_replace_it() {
    let (world, _kv) = World::with_bucket(|config| config).await;
    world.put("/v1/kv/app/k", &[], "all of it").await;
    world.put("/v1/kv/app/k", &[("content-range", "bytes 0-0/9")], "A").await.problem(400, "invalid");
    world.put("/v1/kv/app/k", &[("content-encoding", "gzip")], "A").await.problem(415, "invalid");
    assert_eq!(world.get("/v1/kv/app/k").await.body, b"all of it");
    assert_eq!(world.put("/v1/kv/app/k", &[("content-encoding", "identity")], "A").await.status, 200);
}

#[tokio::test]
async fn a_bucket_has_no_revision_to_depend_on() {
    let (world, kv) = World::with_bucket(|config| config).await;
    world.put("/v1/kv/app/k", &[], "1").await;
    let condition = [("if-match", "\"9\""), ("content-type", "application/json")];
    for (method, path) in [
        (Method::DELETE, "/v1/buckets/app"),
        (Method::PATCH, "/v1/buckets/app"),
        (Method::PUT, "/v1/buckets/app"),
        (Method::POST, "/v1/buckets"),
        (Method::POST, "/v1/buckets/app/empty"),
        (Method::POST, "/v1/buckets/app/compact"),
    ] {
        world.ask(method, path, &condition, br#"{"history":3}"#).await.problem(400, "invalid");
    }
    assert_eq!(kv.keys().await.unwrap(), ["k"]);
    assert_eq!(kv.status().await.unwrap().config.history, 1);
}

#[tokio::test]
async fn a_request_is_meant_for_one_host() {
    let (world, _kv) = World::with_bucket(|config| config).await;
    let hosts = [("host", "localhost"), ("host", "evil.example")];
    world.ask(Method::GET, "/v1/buckets", &hosts, b"").await.problem(400, "invalid");
}

#[tokio::test]
async fn other_methods_are_named() {
    let (world, _kv) = World::with_bucket(|config| config).await;
    for (method, path, allow) in [
        (Method::POST, "/v1/kv/app/k", "GET, HEAD, PUT, DELETE"),
        (Method::PUT, "/v1/buckets", "GET, HEAD, POST"),
        (Method::GET, "/v1/buckets/app/empty", "POST"),
        (Method::DELETE, "/console/", "GET, HEAD"),
    ] {
        let answer = world.ask(method, path, &[], b"").await;
        answer.problem(405, "invalid");
        assert_eq!(answer.header("allow"), allow);
    }
}

#[tokio::test]
async fn large_values_and_long_bodies_are_refused() {
    let (world, _kv) = World::with_bucket(|config| config.max_value_size(10)).await;
    world.put("/v1/kv/app/k", &[], "12345678901").await.problem(413, "invalid");
    let body = vec![b' '; (64 << 20) + 1];
    world.ask(Method::PUT, "/v1/kv/app/k", &[], &body).await.problem(413, "invalid");
    let json = [("content-type", "application/json")];
    world.ask(Method::POST, "/v1/buckets", &json, &body[..(1 << 20) + 1]).await.problem(413, "invalid");
}

#[tokio::test]
async fn other_sites_and_other_names_are_refused() {
    let (world, kv) = World::with_bucket(|config| config).await;
    for headers in
        [[("origin", "http://evil.example")], [("sec-fetch-site", "cross-site")], [("origin", "null")]]
    {
        world.put("/v1/kv/app/k", &headers, "x").await.problem(403, "denied");
    }
    // A foreign name that leads here reads nothing, whatever page its answer would go to.
    let rebound = world.ask(Method::GET, "/v1/buckets", &[("host", "evil.example")], b"").await;
    rebound.problem(403, "denied");
    assert!(kv.keys().await.unwrap().is_empty());
}

#[tokio::test]
async fn bodies_of_buckets_must_be_json_objects_with_known_fields() {
    let world = World::new().await;
    let plain = [("content-type", "text/plain")];
    world.ask(Method::POST, "/v1/buckets", &plain, br#"{"bucket":"app"}"#).await.problem(415, "invalid");
    for body in
        [json!([]), json!({"bucket": "app", "histroy": 3}), json!({"bucket": 3}), json!({}), json!(null)]
    {
        world.send(Method::POST, "/v1/buckets", &body).await.problem(400, "invalid");
    }
    for body in [
        json!({"bucket": "a b"}),
        json!({"bucket": "app", "history": 65}),
        json!({"bucket": "app", "ttl": "soon"}),
        json!({"bucket": "app", "storage": "tape"}),
        json!({"bucket": "app", "replicas": 3}),
    ] {
        world.send(Method::POST, "/v1/buckets", &body).await.problem(400, "invalid");
    }
    assert!(world.place.key_value_names().await.unwrap().is_empty());
}
