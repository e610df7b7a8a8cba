//! Cases about values: every way to write and to read them, and what is refused.

use crate::frame::{Cases, Outcome, World, check, equal, fails, text};
use async_nats::jetstream::kv::{Config, CreateErrorKind, EntryErrorKind, Operation, UpdateErrorKind};
use bytes::Bytes;

pub fn add(cases: &mut Cases) {
    cases.add("value/put-get", put_get);
    cases.add("value/create", create);
    cases.add("value/update", update);
    cases.add("value/delete", delete);
    cases.add("value/purge", purge);
    cases.add("value/not-direct", not_direct);
    cases.add("value/all-sizes", all_sizes);
    cases.add("value/too-large", too_large);
    cases.add("value/keys-of-all-shapes", keys_of_all_shapes);
    cases.add("value/one-winner", one_winner);
}

fn history(history: i64) -> Config {
    Config { history, ..Config::default() }
}

async fn put_get(w: World) -> Outcome {
    let kv = w.bucket(history(2)).await?;
    equal(
        (kv.put("a", "1".into()).await?, kv.put("b", "2".into()).await?, kv.put("a", "3".into()).await?),
        (1, 2, 3),
    )?;
    let entry = kv.entry("a").await?.ok_or("there is no entry")?;
    equal((entry.bucket.as_str(), entry.delta, text(&entry)), (kv.name.as_str(), 0, "a=3@3".into()))?;
    equal(kv.entry_for_revision("a", 1).await?.map(|entry| text(&entry)), Some("a=1@1".into()))?;
    equal(kv.get("x").await?, None)?;
    for revision in [9, 2] {
        match kv.entry_for_revision("a", revision).await {
            Ok(None) => {}
            Ok(Some(entry)) => check(entry.key != "a", "another key's revision is not this key's")?,
            Err(fault) => check(fault.kind() == EntryErrorKind::Other, "it is another error")?,
        }
    }
    Ok(())
}

async fn create(w: World) -> Outcome {
    let kv = w.bucket(history(5)).await?;
    equal(kv.create("a", "1".into()).await?, 1)?;
    equal(
        kv.create("a", "2".into()).await.map_err(|fault| fault.kind()),
        Err(CreateErrorKind::AlreadyExists),
    )?;
    kv.delete("a").await?;
    equal(kv.create("a", "3".into()).await?, 3)?;
    kv.purge("a").await?;
    equal(kv.create("a", "4".into()).await?, 5)
}

async fn update(w: World) -> Outcome {
    let kv = w.bucket(Config::default()).await?;
    equal(kv.update("a", "1".into(), 0).await?, 1)?;
    equal(kv.update("a", "2".into(), 1).await?, 2)?;
    let wrong = kv.update("a", "3".into(), 1).await;
    equal(wrong.as_ref().map_err(|fault| fault.kind()), Err(UpdateErrorKind::WrongLastRevision))?;
    fails(wrong, "wrong last sequence: 2")?;
    fails(kv.update("b", "1".into(), 7).await, "wrong last sequence: 0")
}

async fn delete(w: World) -> Outcome {
    let kv = w.bucket(history(5)).await?;
    kv.put("a", "1".into()).await?;
    fails(kv.delete_expect_revision("a", Some(7)).await, "wrong last sequence: 1")?;
    kv.delete_expect_revision("a", Some(1)).await?;
    equal(kv.get("a").await?, None)?;
    equal(kv.entry("a").await?.map(|entry| entry.operation), Some(Operation::Delete))?;
    kv.delete("never.there").await?;
    Ok(())
}

async fn purge(w: World) -> Outcome {
    let kv = w.bucket(history(5)).await?;
    for value in ["1", "2", "3"] {
        kv.put("a", value.into()).await?;
    }
    fails(kv.purge_expect_revision("a", Some(1)).await, "wrong last sequence: 3")?;
    kv.purge_expect_revision("a", Some(3)).await?;
    equal(kv.entry("a").await?.map(|entry| text(&entry)), Some("a!Purge@4".into()))?;
    let stream = w.js.get_stream(kv.stream_name.clone()).await?;
    equal(stream.cached_info().state.messages, 1)
}

async fn not_direct(w: World) -> Outcome {
    let kv = w.bucket(history(5)).await?;
    let mut config = w.js.get_stream(kv.stream_name.clone()).await?.cached_info().config.clone();
    config.allow_direct = false;
    w.js.update_stream(config.clone()).await?;
    let kv = w.js.get_key_value(kv.name).await?;
    kv.put("a", "1".into()).await?;
    kv.delete("a").await?;
    equal(kv.entry("a").await?.map(|entry| text(&entry)), Some("a!Delete@2".into()))?;
    equal(kv.entry_for_revision("a", 1).await?.map(|entry| text(&entry)), Some("a=1@1".into()))?;
    equal(kv.get("b").await?, None)?;
    config.allow_direct = true;
    w.js.update_stream(config).await?;
    let kv = w.js.get_key_value(kv.name).await?;
    equal(kv.entry("a").await?.map(|entry| text(&entry)), Some("a!Delete@2".into()))
}

async fn all_sizes(w: World) -> Outcome {
    let kv = w.bucket(Config::default()).await?;
    let every: Vec<u8> = (0..=255).collect();
    for value in [Vec::new(), every, b"\r\n+OK\r\n".to_vec(), vec![7; 1024 * 1024]] {
        let value = Bytes::from(value);
        kv.put("a", value.clone()).await?;
        check(kv.get("a").await?.as_ref() == Some(&value), "the value comes back as it was")?;
    }
    Ok(())
}

async fn too_large(w: World) -> Outcome {
    let kv = w.bucket(Config { max_value_size: 10, ..Config::default() }).await?;
    fails(kv.put("a", vec![0; 11].into()).await, "message size exceeds maximum allowed")?;
    let full = w.bucket(Config { max_bytes: 1024, ..Config::default() }).await?;
    let mut last = Ok(0);
    for number in 0..50 {
        last = full.put(format!("k{number}"), vec![0; 100].into()).await;
        if last.is_err() {
            break;
        }
    }
    fails(last, "maximum bytes exceeded")
}

async fn keys_of_all_shapes(w: World) -> Outcome {
    let kv = w.bucket(Config::default()).await?;
    let long = "k".repeat(200);
    for key in ["a", "A", "0", "-", "_", "/", "=", "a=b", "/a/b", "x.y.z", "_kv.x", &long] {
        kv.put(key, key.to_owned().into()).await?;
        equal(kv.get(key).await?, Some(key.to_owned().into()))?;
    }
    for key in ["", ".a", "a.", "a b", "a*", "ä"] {
        fails(kv.put(key, Bytes::new()).await, "key")?;
    }
    Ok(())
}

async fn one_winner(w: World) -> Outcome {
    let kv = w.bucket(history(64)).await?;
    let racers: Vec<_> = (0..10).map(|_| kv.create("n", "0".into())).collect();
    let won = futures_util::future::join_all(racers).await;
    equal(won.iter().filter(|each| each.is_ok()).count(), 1)?;
    let adders = (0..8).map(|_| {
        let kv = kv.clone();
        tokio::spawn(async move {
            let mut done = 0;
            while done < 5 {
                let Ok(Some(entry)) = kv.entry("n").await else { return };
                let value: u64 = String::from_utf8_lossy(&entry.value).parse().unwrap_or_default();
                done +=
                    u32::from(kv.update("n", (value + 1).to_string().into(), entry.revision).await.is_ok());
            }
        })
    });
    futures_util::future::join_all(adders).await;
    equal(kv.get("n").await?, Some("40".into()))
}
