use crate::harness::World;
use axum::http::Method;
use serde_json::json;

#[tokio::test]
async fn a_bucket_is_created_shown_changed_and_deleted() {
    let world = World::new().await;
    let body = json!({"bucket": "app", "history": 5, "ttl": "1h", "metadata": {"team": "web"}});
    let created = world.send(Method::POST, "/v1/buckets", &body).await;
    assert_eq!((created.status.as_u16(), created.header("location")), (201, "/v1/buckets/app"));
    assert_eq!(created.json()["history"], 5);
    assert_eq!(world.send(Method::POST, "/v1/buckets", &body).await.status, 200);
    world.send(Method::POST, "/v1/buckets", &json!({"bucket": "app"})).await.problem(409, "conflict");
    let shown = world.get("/v1/buckets/app").await.json();
    assert_eq!((shown["ttl"].as_str(), shown["metadata"]["team"].as_str()), (Some("1h"), Some("web")));
    let edited =
        world.send(Method::PATCH, "/v1/buckets/app", &json!({"ttl": null, "description": "d"})).await.json();
    assert_eq!((edited["history"].as_u64(), edited["description"].as_str()), (Some(5), Some("d")));
    assert!(edited.get("ttl").is_none());
    let replaced = world.send(Method::PUT, "/v1/buckets/app", &json!({"history": 2})).await.json();
    assert_eq!((replaced["history"].as_u64(), replaced["description"].as_str()), (Some(2), Some("")));
    assert_eq!(world.get("/v1/buckets").await.json()["buckets"].as_array().unwrap().len(), 1);
    assert_eq!(world.delete("/v1/buckets/app", &[]).await.status, 204);
    world.get("/v1/buckets/app").await.problem(404, "not-found");
}

#[tokio::test]
async fn put_creates_and_if_none_match_refuses_to_replace() {
    let world = World::new().await;
    assert_eq!(world.send(Method::PUT, "/v1/buckets/app", &json!({})).await.status, 201);
    let headers = [("content-type", "application/json"), ("if-none-match", "*")];
    world.ask(Method::PUT, "/v1/buckets/app", &headers, b"{}").await.problem(409, "conflict");
    world.send(Method::PUT, "/v1/buckets/app", &json!({"bucket": "other"})).await.problem(400, "invalid");
    world.send(Method::PATCH, "/v1/buckets/none", &json!({})).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_preview_tells_what_an_edit_would_remove_and_changes_nothing() {
    let (world, kv) = World::with_bucket(|config| config.history(5)).await;
    for value in 0..4 {
        kv.put("a", value.to_string()).await.unwrap();
        kv.put("b", value.to_string()).await.unwrap();
    }
    kv.put("c", "x").await.unwrap();
    let told = world.send(Method::PATCH, "/v1/buckets/app?preview", &json!({"history": 1})).await.json();
    assert_eq!((told["by_history"].as_u64(), told["by_age"].as_u64()), (Some(6), Some(0)));
    let told = world.send(Method::PATCH, "/v1/buckets/app?preview", &json!({"max_bytes": 1})).await.json();
    assert!(told["bytes_over"].as_u64().unwrap() > 0);
    assert_eq!(kv.status().await.unwrap().values, 9);
    assert_eq!(kv.status().await.unwrap().config.history, 5);
}

#[tokio::test]
async fn a_bucket_is_emptied_and_compacted() {
    let (world, kv) = World::with_bucket(|config| config).await;
    kv.put("a", "1").await.unwrap();
    kv.put("b", "1").await.unwrap();
    kv.delete("a").await.unwrap();
    let answer = world.ask(Method::POST, "/v1/buckets/app/compact?older_than=0s", &[], b"").await;
    assert_eq!(answer.json()["removed"], 1);
    let answer = world.ask(Method::POST, "/v1/buckets/app/empty", &[], b"").await;
    assert_eq!(answer.json()["removed"], 1);
    assert_eq!(kv.status().await.unwrap().values, 0);
}
