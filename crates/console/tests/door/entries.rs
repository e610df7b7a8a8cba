use crate::harness::World;
use axum::http::Method;

#[tokio::test]
async fn a_value_comes_back_as_it_went_in() {
    let (world, kv) = World::with_bucket(|config| config.history(5)).await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let put = world.ask(Method::PUT, "/v1/kv/app/web.port", &[], &every_byte).await;
    assert_eq!(
        (put.status.as_u16(), put.header("etag"), put.json()["revision"].as_u64()),
        (200, "\"1\"", Some(1))
    );
    assert_eq!(kv.get("web.port").await.unwrap().unwrap().value, every_byte);
    let got = world.get("/v1/kv/app/web.port").await;
    assert_eq!((got.status.as_u16(), got.header("etag"), &got.body), (200, "\"1\"", &every_byte));
    assert_eq!(got.header("content-type"), "application/octet-stream");
    assert_eq!(got.header("kv-revision"), "1");
    assert!(got.header("kv-created").ends_with('Z'));
    let empty = world.put("/v1/kv/app/empty", &[], "").await;
    assert_eq!(empty.status, 200);
    assert_eq!(world.get("/v1/kv/app/empty").await.body, b"");
}

#[tokio::test]
async fn keys_with_slashes_and_escapes_reach_the_same_key() {
    let (world, kv) = World::with_bucket(|config| config).await;
    assert_eq!(world.put("/v1/kv/app/etc/hosts=1", &[], "a").await.status, 200);
    assert_eq!(kv.keys().await.unwrap(), ["etc/hosts=1"]);
    assert_eq!(world.get("/v1/kv/app/etc%2Fhosts%3D1").await.body, b"a");
}

#[tokio::test]
async fn if_match_updates_only_the_revision_it_names() {
    let (world, _kv) = World::with_bucket(|config| config).await;
    world.put("/v1/kv/app/k", &[], "1").await;
    let won = world.put("/v1/kv/app/k", &[("if-match", "\"1\"")], "2").await;
    assert_eq!((won.status.as_u16(), won.header("etag")), (200, "\"2\""));
    let lost = world.put("/v1/kv/app/k", &[("if-match", "\"1\"")], "3").await;
    assert_eq!(
        lost.problem(412, "conflict"),
        r#"wrong last revision for key "k" in bucket "app": expected 1, found 2"#
    );
    assert_eq!(lost.json()["revision"], 2);
    assert_eq!(world.get("/v1/kv/app/k").await.body, b"2");
    world.put("/v1/kv/app/nothing", &[("if-match", "*")], "3").await.problem(412, "conflict");
    assert_eq!(world.put("/v1/kv/app/k", &[("if-match", "*")], "3").await.header("etag"), "\"3\"");
}

#[tokio::test]
async fn if_none_match_creates_only_what_has_no_value() {
    let (world, _kv) = World::with_bucket(|config| config.history(5)).await;
    let absent = [("if-none-match", "*")];
    assert_eq!(world.put("/v1/kv/app/k", &absent, "1").await.status, 201);
    let lost = world.put("/v1/kv/app/k", &absent, "2").await;
    lost.problem(412, "conflict");
    assert_eq!(lost.json()["revision"], 1);
    assert_eq!(world.delete("/v1/kv/app/k", &[]).await.status, 200);
    assert_eq!(world.put("/v1/kv/app/k", &absent, "3").await.status, 201);
}

#[tokio::test]
async fn what_somebody_has_already_is_not_sent_again() {
    let (world, _kv) = World::with_bucket(|config| config).await;
    world.put("/v1/kv/app/k", &[], "1").await;
    let known = world.ask(Method::GET, "/v1/kv/app/k", &[("if-none-match", "\"1\"")], b"").await;
    assert_eq!((known.status.as_u16(), known.body.len(), known.header("etag")), (304, 0, "\"1\""));
    world.put("/v1/kv/app/k", &[], "2").await;
    let new = world.ask(Method::GET, "/v1/kv/app/k", &[("if-none-match", "\"1\"")], b"").await;
    assert_eq!((new.status.as_u16(), new.body.as_slice()), (200, &b"2"[..]));
    let head = world.ask(Method::HEAD, "/v1/kv/app/k", &[], b"").await;
    assert_eq!((head.status.as_u16(), head.body.len(), head.header("content-length")), (200, 0, "1"));
}

#[tokio::test]
async fn whoever_reads_with_if_match_gets_that_revision_or_none() {
    let (world, _kv) = World::with_bucket(|config| config.history(5)).await;
    world.put("/v1/kv/app/k", &[], "1").await;
    world.put("/v1/kv/app/k", &[], "2").await;
    for tags in ["\"2\"", "\"1\", \"2\"", "*"] {
        let got = world.ask(Method::GET, "/v1/kv/app/k", &[("if-match", tags)], b"").await;
        assert_eq!((got.status.as_u16(), got.body.as_slice()), (200, &b"2"[..]), "{tags}");
    }
    for tags in ["\"1\"", "\"x\"", ""] {
        let other = world.ask(Method::GET, "/v1/kv/app/k", &[("if-match", tags)], b"").await;
        other.problem(412, "conflict");
        assert_eq!(other.json()["revision"], 2, "{tags}");
    }
    let old = world.ask(Method::GET, "/v1/kv/app/k?revision=1", &[("if-match", "\"1\"")], b"").await;
    assert_eq!(old.body, b"1");
    let twice = [("if-match", "\"1\""), ("if-match", "\"2\"")];
    world.ask(Method::GET, "/v1/kv/app/k", &twice, b"").await.problem(400, "invalid");
}

#[tokio::test]
async fn deletes_keep_the_history_and_purges_do_not() {
    let (world, kv) = World::with_bucket(|config| config.history(5)).await;
    world.put("/v1/kv/app/k", &[], "1").await;
    world.delete("/v1/kv/app/k", &[("if-match", "\"9\"")]).await.problem(412, "conflict");
    assert_eq!(world.delete("/v1/kv/app/k", &[("if-match", "\"1\"")]).await.json()["revision"], 2);
    world.get("/v1/kv/app/k").await.problem(404, "not-found");
    assert_eq!(world.get("/v1/kv/app/k?revision=1").await.body, b"1");
    let entry = world.get("/v1/kv/app/k?format=json").await.json();
    assert_eq!((entry["operation"].as_str(), entry["revision"].as_u64()), (Some("delete"), Some(2)));
    assert_eq!(world.get("/v1/kv/app/k?history").await.json()["entries"].as_array().unwrap().len(), 2);
    assert_eq!(world.delete("/v1/kv/app/k?purge", &[]).await.json()["revision"], 3);
    assert_eq!(kv.history("k").await.unwrap().len(), 1);
    world.get("/v1/kv/app/k?revision=1").await.problem(404, "not-found");
}

#[tokio::test]
async fn headers_and_the_media_type_are_stored_with_the_value() {
    let (world, kv) =
        World::with_bucket(|config| config.limit_marker_ttl(std::time::Duration::from_secs(9))).await;
    let headers = [("content-type", "application/json"), ("kv-header-author", "anna")];
    assert_eq!(world.put("/v1/kv/app/k?ttl=1h", &headers, "{}").await.status, 200);
    let entry = kv.get("k").await.unwrap().unwrap();
    assert_eq!(entry.headers.get("author"), Some("anna"));
    assert_eq!(entry.headers.get("Nats-TTL"), Some("3600"));
    let got = world.get("/v1/kv/app/k").await;
    assert_eq!((got.header("content-type"), got.header("kv-header-author")), ("application/json", "anna"));
    assert_eq!(got.header("kv-ttl"), "3600");
    // Nobody said what these bytes are.
    let form = [("content-type", "application/x-www-form-urlencoded")];
    world.put("/v1/kv/app/form", &form, "x").await;
    assert_eq!(world.get("/v1/kv/app/form").await.header("content-type"), "application/octet-stream");
}

#[tokio::test]
async fn a_value_that_claims_to_be_a_page_is_never_run() {
    let (world, _kv) = World::with_bucket(|config| config).await;
    let html = [("content-type", "text/html")];
    world.put("/v1/kv/app/page", &html, "<script>alert(1)</script>").await;
    let got = world.get("/v1/kv/app/page").await;
    assert!(got.header("content-security-policy").contains("sandbox"), "{got:?}");
    assert_eq!(got.header("x-content-type-options"), "nosniff");
}
