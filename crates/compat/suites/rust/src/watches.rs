//! Cases about watches.

use crate::frame::{Cases, Fault, Outcome, World, check, equal, eventually, take, texts};
use async_nats::jetstream::kv::{Config, Store, Watch};
use async_nats::jetstream::stream::StorageType;

pub fn add(cases: &mut Cases) {
    cases.add("watch/updates-only", updates_only);
    cases.add("watch/with-history", with_history);
    cases.add("watch/several-filters", several_filters);
    cases.add("watch/resume", resume);
    cases.add("watch/ignores-other-keys", other_keys);
    cases.add("watch/many-values", many_values);
    cases.add("watch/consumer-goes", consumer_goes);
    cases.add("watch/removed-before-delivery", removed_before_delivery);
}

async fn filled(w: &World) -> Result<Store, Fault> {
    let kv = w.bucket(Config { history: 5, ..Config::default() }).await?;
    kv.put("a", "1".into()).await?;
    kv.put("b.c", "2".into()).await?;
    kv.put("a", "3".into()).await?;
    kv.delete("b.c").await?;
    kv.put("b.d", "5".into()).await?;
    Ok(kv)
}

async fn tells(watch: &mut Watch, want: &[&str]) -> Outcome {
    let entries = take(watch, want.len()).await?;
    equal(texts(&entries), want.iter().map(|each| (*each).to_owned()).collect())
}

async fn updates_only(w: World) -> Outcome {
    let kv = filled(&w).await?;
    let (mut all, mut one) = (kv.watch_all().await?, kv.watch("a").await?);
    kv.put("b.d", "6".into()).await?;
    kv.purge("a").await?;
    tells(&mut all, &["b.d=6@6", "a!Purge@7"]).await?;
    tells(&mut one, &["a!Purge@7"]).await
}

async fn with_history(w: World) -> Outcome {
    let kv = filled(&w).await?;
    let mut watch = kv.watch_with_history(">").await?;
    let entries = take(&mut watch, 3).await?;
    equal(texts(&entries), vec!["a=3@3".to_owned(), "b.c!Delete@4".into(), "b.d=5@5".into()])?;
    equal(entries.iter().map(|entry| entry.seen_current).collect::<Vec<_>>(), vec![false, false, true])?;
    kv.put("b.d", "6".into()).await?;
    tells(&mut watch, &["b.d=6@6"]).await
}

async fn several_filters(w: World) -> Outcome {
    let kv = filled(&w).await?;
    tells(&mut kv.watch_many_with_history(["a", "b.*"]).await?, &["a=3@3", "b.c!Delete@4", "b.d=5@5"])
        .await?;
    let mut watch = kv.watch_many(["x", "b.c"]).await?;
    kv.put("a", "6".into()).await?;
    kv.put("x", "7".into()).await?;
    tells(&mut watch, &["x=7@7"]).await
}

async fn resume(w: World) -> Outcome {
    let kv = filled(&w).await?;
    tells(&mut kv.watch_all_from_revision(3).await?, &["a=3@3", "b.c!Delete@4", "b.d=5@5"]).await?;
    tells(&mut kv.watch_from_revision("b.>", 3).await?, &["b.c!Delete@4", "b.d=5@5"]).await
}

async fn other_keys(w: World) -> Outcome {
    let kv = w.bucket(Config::default()).await?;
    let mut watch = kv.watch("a.*").await?;
    for key in ["a", "a.b.c", "b.a", "a.x"] {
        kv.put(key, "1".into()).await?;
    }
    tells(&mut watch, &["a.x=1@4"]).await
}

async fn many_values(w: World) -> Outcome {
    let kv = w.bucket(Config { storage: StorageType::Memory, ..Config::default() }).await?;
    let mut watch = kv.watch_all().await?;
    for number in 0..1000_u64 {
        kv.put(format!("k{number}"), vec![0; 8000].into()).await?;
    }
    let entries = take(&mut watch, 1000).await?;
    check(entries.iter().zip(1..).all(|(entry, revision)| entry.revision == revision), "all come in order")?;
    let mut again = kv.watch_with_history(">").await?;
    let entries = take(&mut again, 1000).await?;
    check(entries.iter().rev().zip(0..).all(|(entry, delta)| entry.delta == delta), "the deltas count down")
}

async fn consumer_goes(w: World) -> Outcome {
    let kv = filled(&w).await?;
    let watch = kv.watch_with_history("a").await?;
    let stream = w.js.get_stream(kv.stream_name.clone()).await?;
    equal(stream.cached_info().state.consumer_count, 1)?;
    drop(watch);
    // The consumer itself is only removed after half a minute without listeners, which is not waited for.
    eventually("the bucket answers", async || kv.status().await.is_ok()).await
}

async fn removed_before_delivery(w: World) -> Outcome {
    let kv = w.bucket(Config::default()).await?;
    kv.put("a", "1".into()).await?;
    let mut watch = kv.watch_with_history(">").await?;
    kv.purge("a").await?;
    // Whether the value is delivered or replaced before, the purge is the last thing that is told.
    loop {
        let entries = take(&mut watch, 1).await?;
        if texts(&entries) == ["a!Purge@2"] {
            return Ok(());
        }
        equal(texts(&entries), vec!["a=1@1".to_owned()])?;
    }
}
