//! Cases about buckets: making, opening, changing and removing them, and what their status says.

use crate::frame::{Cases, Outcome, World, check, equal, eventually, fails};
use async_nats::jetstream::kv::Config;
use async_nats::jetstream::stream::{self, Republish, Source, StorageType, SubjectTransform};
use futures_util::StreamExt;
use std::time::Duration;

pub fn add(cases: &mut Cases) {
    cases.add("bucket/create-default", create_default);
    cases.add("bucket/create-options", create_options);
    cases.add("bucket/create-again", create_again);
    cases.add("bucket/open", open);
    cases.add("bucket/update", update);
    cases.add("bucket/delete", delete);
    cases.add("bucket/invalid", invalid);
    cases.add("bucket/republish", republish);
    cases.add("bucket/republished-into-a-bucket", republished);
    cases.add("bucket/mirror", mirror);
    cases.add("bucket/sources", sources);
    cases.add_alone("bucket/list-streams", list_streams);
}

async fn create_default(w: World) -> Outcome {
    let kv = w.bucket(Config::default()).await?;
    let status = kv.status().await?;
    equal(
        (status.bucket(), status.values(), status.history(), status.max_age()),
        (kv.name.as_str(), 0, 1, Duration::ZERO),
    )?;
    let config = &status.info.config;
    equal(
        (config.allow_direct, config.deny_delete, config.allow_rollup, config.max_bytes),
        (true, true, true, -1),
    )?;
    equal(config.subjects.clone(), vec![format!("$KV.{}.>", kv.name)])
}

async fn create_options(w: World) -> Outcome {
    let options = Config {
        description: "d".into(),
        max_value_size: 100,
        history: 7,
        max_age: Duration::from_secs(3600),
        max_bytes: 10_000,
        storage: StorageType::Memory,
        num_replicas: 1,
        compression: true,
        limit_markers: Some(Duration::from_secs(60)),
        ..Config::default()
    };
    let status = w.bucket(options).await?.status().await?;
    equal((status.history(), status.max_age()), (7, Duration::from_secs(3600)))?;
    let config = &status.info.config;
    equal(
        (config.description.as_deref(), config.max_message_size, config.max_bytes),
        (Some("d"), 100, 10_000),
    )?;
    equal(
        (config.storage, config.compression.clone()),
        (StorageType::Memory, Some(stream::Compression::S2)),
    )?;
    equal((config.allow_message_ttl, config.subject_delete_marker_ttl), (true, Some(Duration::from_secs(60))))
}

async fn create_again(w: World) -> Outcome {
    let kv = w.bucket(Config { history: 3, ..Config::default() }).await?;
    kv.put("a", "1".into()).await?;
    let config = Config { bucket: kv.name.clone(), history: 3, ..Config::default() };
    equal(w.js.create_key_value(config.clone()).await?.get("a").await?, Some("1".into()))?;
    let other = Config { history: 4, ..config };
    fails(w.js.create_key_value(other.clone()).await, "different configuration")?;
    equal(w.js.create_or_update_key_value(other).await?.status().await?.history(), 4)
}

async fn open(w: World) -> Outcome {
    let kv = w.bucket(Config::default()).await?;
    kv.put("a", "1".into()).await?;
    equal(w.js.get_key_value(kv.name.clone()).await?.get("a").await?, Some("1".into()))?;
    fails(w.js.get_key_value(w.name()).await, "stream not found")?;
    fails(w.js.get_key_value("a.b").await, "invalid")?;
    let name = w.name();
    w.js.create_stream(stream::Config {
        name: format!("KV_{name}"),
        subjects: vec![name.clone()],
        ..Default::default()
    })
    .await?;
    fails(w.js.get_key_value(name).await, "invalid Key Value Store name")
}

async fn update(w: World) -> Outcome {
    let kv = w.bucket(Config { history: 2, ..Config::default() }).await?;
    let more =
        Config { bucket: kv.name.clone(), history: 5, description: "more".into(), ..Config::default() };
    let status = w.js.update_key_value(more).await?.status().await?;
    equal((status.history(), status.info.config.description.as_deref()), (5, Some("more")))?;
    fails(w.js.update_key_value(Config { bucket: w.name(), ..Config::default() }).await, "not found")
}

async fn delete(w: World) -> Outcome {
    let kv = w.bucket(Config::default()).await?;
    kv.put("a", "1".into()).await?;
    check(w.js.delete_key_value(kv.name.clone()).await?.success, "it is deleted")?;
    fails(w.js.delete_key_value(kv.name.clone()).await, "stream not found")?;
    fails(kv.put("a", "2".into()).await, "no stream found for given subject")?;
    fails(kv.get("a").await, "no responders")
}

async fn invalid(w: World) -> Outcome {
    for bucket in ["", "a b", "a.b", "ä"] {
        fails(
            w.js.create_key_value(Config { bucket: bucket.into(), ..Config::default() }).await,
            "invalid Key Value Store name",
        )?;
    }
    fails(
        w.bucket(Config { history: 65, ..Config::default() }).await.map_err(std::io::Error::other),
        "history",
    )?;
    let replicas = w.bucket(Config { num_replicas: 3, ..Config::default() }).await;
    fails(replicas.map_err(std::io::Error::other), "replicas > 1 not supported in non-clustered mode")?;
    let marker =
        w.bucket(Config { limit_markers: Some(Duration::from_millis(10)), ..Config::default() }).await;
    fails(marker.map_err(std::io::Error::other), "subject delete marker TTL must be at least 1 second")
}

async fn republish(w: World) -> Outcome {
    for headers_only in [false, true] {
        let target = w.name();
        let mut sub = w.client.subscribe(format!("{target}.>")).await?;
        w.client.flush().await?;
        let rule = Republish { source: ">".into(), destination: format!("{target}.>"), headers_only };
        let kv = w.bucket(Config { republish: Some(rule), ..Config::default() }).await?;
        kv.put("a", "11".into()).await?;
        let message =
            tokio::time::timeout(Duration::from_secs(20), sub.next()).await?.ok_or("it is closed")?;
        equal(message.subject.as_str(), format!("{target}.$KV.{}.a", kv.name).as_str())?;
        equal(message.payload.len(), if headers_only { 0 } else { 2 })?;
        let headers = message.headers.ok_or("there are no headers")?;
        equal(headers.get("Nats-Sequence").map(|value| value.as_str()), Some("1"))?;
        equal(headers.get("Nats-Msg-Size").map(|value| value.as_str()), headers_only.then_some("2"))?;
    }
    Ok(())
}

async fn republished(w: World) -> Outcome {
    let kv = w.bucket(Config { history: 5, ..Config::default() }).await?;
    let name = w.name();
    let subjects = vec![format!("{name}.>")];
    let rule = Republish {
        source: format!("{name}.>"),
        destination: format!("$KV.{}.>", kv.name),
        headers_only: false,
    };
    w.js.create_stream(stream::Config {
        name: name.clone(),
        subjects,
        republish: Some(rule),
        ..Default::default()
    })
    .await?;
    kv.put("first", "0".into()).await?;
    w.js.publish(format!("{name}.x"), "1".into()).await?.await?;
    eventually("the value arrives", async || kv.get("x").await.is_ok_and(|value| value.is_some())).await?;
    equal(kv.entry("x").await?.map(|entry| entry.revision), Some(2))
}

async fn mirror(w: World) -> Outcome {
    let origin = w.bucket(Config::default()).await?;
    origin.put("a", "1".into()).await?;
    let source = Source { name: origin.name.clone(), ..Default::default() };
    let mirror = w.bucket(Config { mirror: Some(source), mirror_direct: true, ..Config::default() }).await?;
    eventually("the mirror follows", async || {
        let status = mirror.status().await.map(|status| status.values());
        let info = w.js.get_stream(mirror.stream_name.clone()).await;
        status.is_ok() && info.is_ok_and(|stream| stream.cached_info().state.messages == 1)
    })
    .await?;
    let info = w.js.get_stream(mirror.stream_name.clone()).await?;
    let told = info.cached_info().mirror.as_ref().ok_or("no mirror is told")?;
    equal(told.name.as_str(), origin.stream_name.as_str())
}

async fn sources(w: World) -> Outcome {
    let origin = w.bucket(Config::default()).await?;
    origin.put("a", "1".into()).await?;
    // The client adds neither subjects nor transforms for sources, so the suite makes the stream itself.
    let name = w.name();
    let rule =
        SubjectTransform { source: format!("$KV.{}.>", origin.name), destination: format!("$KV.{name}.>") };
    let source =
        Source { name: origin.stream_name.clone(), subject_transforms: vec![rule], ..Default::default() };
    let config = stream::Config {
        name: format!("KV_{name}"),
        subjects: vec![format!("$KV.{name}.>")],
        sources: Some(vec![source]),
        max_messages_per_subject: 1,
        allow_direct: true,
        ..Default::default()
    };
    w.js.create_stream(config).await?;
    let kv = w.js.get_key_value(name).await?;
    eventually("the source is read", async || kv.get("a").await.is_ok_and(|value| value.is_some())).await?;
    kv.put("own", "2".into()).await?;
    equal(kv.get("own").await?, Some("2".into()))?;
    let plain = Source { name: origin.name.clone(), ..Default::default() };
    let bare = w.bucket(Config { sources: Some(vec![plain]), ..Config::default() }).await?;
    eventually("the bare source is read", async || {
        let info = w.js.get_stream(bare.stream_name.clone()).await;
        info.is_ok_and(|stream| stream.cached_info().state.messages == 1)
    })
    .await
}

async fn list_streams(w: World) -> Outcome {
    let mut names = Vec::new();
    for _ in 0..300 {
        names.push(w.bucket(Config { storage: StorageType::Memory, ..Config::default() }).await?.stream_name);
    }
    let mut listed = Vec::new();
    let mut infos = w.js.streams();
    while let Some(info) = infos.next().await {
        listed.push(info?.config.name);
    }
    let mut by_name = Vec::new();
    let mut all_names = w.js.stream_names();
    while let Some(name) = all_names.next().await {
        by_name.push(name?);
    }
    check(
        names.iter().all(|name| listed.contains(name) && by_name.contains(name)),
        "every bucket is listed",
    )?;
    for name in names {
        w.js.delete_stream(name).await?;
    }
    Ok(())
}
