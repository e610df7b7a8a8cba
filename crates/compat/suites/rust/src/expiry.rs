//! Cases about time to live: of buckets, of keys, of markers.

use crate::frame::{Cases, Outcome, World, equal, eventually, fails, take, texts};
use async_nats::jetstream::kv::{Config, Store};
use std::time::Duration;

pub fn add(cases: &mut Cases) {
    cases.add("expiry/bucket-ttl", bucket_ttl);
    cases.add("expiry/key-ttl", key_ttl);
    cases.add("expiry/purge-ttl", purge_ttl);
    cases.add("expiry/ttl-not-allowed", not_allowed);
}

async fn holds(w: &World, kv: &Store, count: u64) -> Outcome {
    eventually("the bucket holds less", async || {
        let stream = w.js.get_stream(kv.stream_name.clone()).await;
        stream.is_ok_and(|stream| stream.cached_info().state.messages == count)
    })
    .await
}

async fn bucket_ttl(w: World) -> Outcome {
    let kv =
        w.bucket(Config { max_age: Duration::from_millis(500), history: 3, ..Config::default() }).await?;
    kv.put("a", "1".into()).await?;
    kv.put("a", "2".into()).await?;
    holds(&w, &kv, 0).await?;
    equal(kv.get("a").await?, None)?;
    equal(kv.create("a", "3".into()).await?, 3)
}

async fn key_ttl(w: World) -> Outcome {
    let kv = w
        .bucket(Config { limit_markers: Some(Duration::from_secs(1)), history: 3, ..Config::default() })
        .await?;
    let mut watch = kv.watch_all().await?;
    kv.create_with_ttl("a", "1".into(), Duration::from_secs(1)).await?;
    kv.create_with_ttl("b", "2".into(), Duration::from_secs(3600)).await?;
    equal(texts(&take(&mut watch, 3).await?), vec!["a=1@1".to_owned(), "b=2@2".into(), "a!Purge@3".into()])?;
    equal(kv.get("a").await?, None)?;
    holds(&w, &kv, 1).await
}

async fn purge_ttl(w: World) -> Outcome {
    let kv = w
        .bucket(Config { limit_markers: Some(Duration::from_secs(1)), history: 3, ..Config::default() })
        .await?;
    kv.put("a", "1".into()).await?;
    kv.purge_with_ttl("a", Duration::from_secs(1)).await?;
    kv.put("b", "1".into()).await?;
    fails(kv.purge_expect_revision_with_ttl("b", 9, Duration::from_secs(1)).await, "wrong last sequence")?;
    kv.purge_expect_revision_with_ttl("b", 3, Duration::from_secs(1)).await?;
    holds(&w, &kv, 0).await
}

async fn not_allowed(w: World) -> Outcome {
    let kv = w.bucket(Config::default()).await?;
    fails(kv.create_with_ttl("a", "1".into(), Duration::from_secs(5)).await, "per-message TTL is disabled")
}
