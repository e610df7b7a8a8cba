//! Cases about keys and histories.

use crate::frame::{Cases, Outcome, World, all, equal, texts};
use async_nats::jetstream::kv::Config;
use async_nats::jetstream::stream::StorageType;

pub fn add(cases: &mut Cases) {
    cases.add("list/keys", keys);
    cases.add("list/many-keys", many_keys);
    cases.add("list/history", history);
}

async fn keys(w: World) -> Outcome {
    let kv = w.bucket(Config { history: 3, ..Config::default() }).await?;
    equal(all(kv.keys().await?).await?, Vec::<String>::new())?;
    for key in ["b", "a.x", "c", "b"] {
        kv.put(key, "1".into()).await?;
    }
    kv.delete("c").await?;
    kv.put("d", bytes::Bytes::new()).await?;
    equal(all(kv.keys().await?).await?, vec!["a.x".to_owned(), "b".into(), "d".into()])
}

async fn many_keys(w: World) -> Outcome {
    let kv = w.bucket(Config { storage: StorageType::Memory, ..Config::default() }).await?;
    let mut acks = Vec::new();
    for number in 0..3000 {
        acks.push(w.js.publish(format!("$KV.{}.k{number}", kv.name), "v".into()).await?.into_future());
        if acks.len() == 500 {
            for ack in acks.drain(..) {
                ack.await?;
            }
        }
    }
    let mut listed = all(kv.keys().await?).await?;
    listed.sort();
    listed.dedup();
    equal(listed.len(), 3000)
}

async fn history(w: World) -> Outcome {
    let kv = w.bucket(Config { history: 3, ..Config::default() }).await?;
    equal(texts(&all(kv.history("a").await?).await?), Vec::<String>::new())?;
    for value in ["1", "2", "3", "4"] {
        kv.put("a", value.into()).await?;
    }
    kv.put("b", "5".into()).await?;
    kv.delete("a").await?;
    let entries = all(kv.history("a").await?).await?;
    equal(texts(&entries), vec!["a=3@3".to_owned(), "a=4@4".into(), "a!Delete@6".into()])?;
    equal(entries.iter().map(|entry| entry.delta).collect::<Vec<_>>(), vec![2, 1, 0])
}
