//! Cases about the stream below a bucket.

use crate::frame::{Cases, Outcome, World, equal, fails};
use async_nats::HeaderMap;
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::kv::Config;
use futures_util::StreamExt;

pub fn add(cases: &mut Cases) {
    cases.add("stream/messages", messages);
    cases.add("stream/purge", purge);
    cases.add("consumer/pull", pull_consumer);
    cases.add("publish/headers", headers);
    cases.add("account/info", account);
}

async fn messages(w: World) -> Outcome {
    let kv = w.bucket(Config { history: 5, ..Config::default() }).await?;
    for key in ["a", "b", "a"] {
        kv.put(key, key.to_owned().into()).await?;
    }
    let stream = w.js.get_stream(kv.stream_name.clone()).await?;
    let pre = format!("$KV.{}.", kv.name);
    equal(stream.get_raw_message(2).await?.subject.as_str(), format!("{pre}b").as_str())?;
    equal(stream.get_last_raw_message_by_subject(&format!("{pre}a")).await?.sequence, 3)?;
    equal(stream.direct_get(1).await?.sequence, 1)?;
    equal(stream.direct_get_last_for_subject(format!("{pre}a")).await?.sequence, 3)?;
    equal(stream.direct_get_next_for_subject(format!("{pre}a"), Some(2)).await?.sequence, 3)?;
    equal(stream.direct_get_first_for_subject(format!("{pre}a")).await?.sequence, 1)?;
    fails(stream.get_raw_message(99).await, "no message found")?;
    fails(stream.direct_get(99).await, "not found")?;
    fails(stream.delete_message(1).await, "message delete not permitted")
}

async fn purge(w: World) -> Outcome {
    let kv = w.bucket(Config { history: 5, ..Config::default() }).await?;
    for key in ["a", "b", "a", "b", "a"] {
        kv.put(key, "x".into()).await?;
    }
    let stream = w.js.get_stream(kv.stream_name.clone()).await?;
    equal(stream.purge().filter(format!("$KV.{}.a", kv.name)).keep(1).await?.purged, 2)?;
    equal(stream.purge().sequence(5).await?.purged, 2)?;
    equal(stream.purge().await?.purged, 1)
}

async fn pull_consumer(w: World) -> Outcome {
    let kv = w.bucket(Config { history: 5, ..Config::default() }).await?;
    for value in ["1", "2", "3"] {
        kv.put("a", value.into()).await?;
    }
    let stream = w.js.get_stream(kv.stream_name.clone()).await?;
    let config = pull::Config {
        durable_name: Some("c".into()),
        ack_policy: AckPolicy::Explicit,
        ..Default::default()
    };
    let mut consumer: PullConsumer = stream.create_consumer(config).await?;
    let mut batch = consumer.fetch().max_messages(3).messages().await?;
    let mut seen = Vec::new();
    while let Some(message) = batch.next().await {
        let message = message?;
        seen.push(String::from_utf8_lossy(&message.payload).into_owned());
        message.double_ack().await.map_err(|fault| fault.to_string())?;
    }
    equal(seen, vec!["1".to_owned(), "2".into(), "3".into()])?;
    let info = consumer.info().await?;
    equal((info.num_pending, info.num_ack_pending, info.ack_floor.stream_sequence), (0, 0, 3))?;
    stream.delete_consumer("c").await?;
    fails(stream.get_consumer::<pull::Config>("c").await.map_err(std::io::Error::other), "consumer not found")
}

async fn headers(w: World) -> Outcome {
    let kv = w.bucket(Config { history: 5, ..Config::default() }).await?;
    let subject = format!("$KV.{}.a", kv.name);
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", "once");
    headers.append("many", "1");
    headers.append("many", "2");
    let first = w.js.publish_with_headers(subject.clone(), headers.clone(), "x".into()).await?.await?;
    let again = w.js.publish_with_headers(subject, headers, "x".into()).await?.await?;
    equal((first.sequence, first.duplicate, again.sequence, again.duplicate), (1, false, 1, true))?;
    let stream = w.js.get_stream(kv.stream_name.clone()).await?;
    let stored = stream.direct_get(1).await?;
    let values: Vec<_> = stored.headers.get_all("many").map(|value| value.to_string()).collect();
    equal(values, vec!["1".to_owned(), "2".into()])
}

async fn account(w: World) -> Outcome {
    w.bucket(Config::default()).await?;
    let account = w.js.query_account().await?;
    // Minus one on the wire means no limit.
    equal(
        (account.limits.max_streams, account.limits.max_memory, account.limits.max_storage),
        (None, None, None),
    )?;
    equal(account.streams > 0, true)
}
