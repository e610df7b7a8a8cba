//! Cases about lost connections and servers that are killed. They use the door, so they run alone.

use crate::frame::{Cases, Outcome, World, all, equal, take, texts};
use async_nats::jetstream::kv::Config;

pub fn add(cases: &mut Cases) {
    cases.add_alone("reconnect/watch", watch);
    cases.add_alone("reconnect/writes", writes);
    cases.add_alone("restart/keeps-everything", restart);
}

async fn watch(w: World) -> Outcome {
    let kv = w.bucket(Config { history: 64, ..Config::default() }).await?;
    let (_, js) = w.far().await?;
    let mut watch = js.get_key_value(kv.name.clone()).await?.watch_all().await?;
    for round in 0..3 {
        let before = kv.put("a", format!("{round}").into()).await?;
        equal(texts(&take(&mut watch, 1).await?), vec![format!("a={round}@{before}")])?;
        w.order("CUT").await?;
        let mut want = Vec::new();
        for number in 0..5 {
            let revision = kv.put("a", format!("{round}.{number}").into()).await?;
            want.push(format!("a={round}.{number}@{revision}"));
        }
        equal(texts(&take(&mut watch, 5).await?), want)?;
    }
    Ok(())
}

async fn writes(w: World) -> Outcome {
    let (_, js) = w.far().await?;
    let kv = js.create_key_value(Config { bucket: w.name(), ..Config::default() }).await?;
    kv.put("a", "1".into()).await?;
    w.order("CUT").await?;
    w.back(&js).await?;
    equal(kv.put("a", "2".into()).await?, 2)?;
    equal(kv.get("a").await?, Some("2".into()))
}

async fn restart(w: World) -> Outcome {
    let (_, js) = w.far().await?;
    let kv = js
        .create_key_value(Config {
            bucket: w.name(),
            history: 5,
            description: "kept".into(),
            ..Config::default()
        })
        .await?;
    for number in 0..20 {
        kv.put(format!("k{}", number % 4), number.to_string().into()).await?;
    }
    kv.delete("k1").await?;
    w.order("KILL").await?;
    w.back(&js).await?;
    let stream = js.get_stream(kv.stream_name.clone()).await?;
    equal((stream.cached_info().state.messages, stream.cached_info().state.last_sequence), (20, 21))?;
    equal(all(kv.keys().await?).await?, vec!["k0".to_owned(), "k2".into(), "k3".into()])?;
    equal(kv.put("k0", "more".into()).await?, 22)?;
    let history = all(kv.history("k0").await?).await?;
    equal(history.iter().map(|entry| entry.revision).collect::<Vec<_>>(), vec![5, 9, 13, 17, 22])
}
