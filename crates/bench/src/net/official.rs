//! The same work by an official client, async-nats: slower than the raw generator, and nearer to what programs do.

use super::site::Site;
use super::sizes::Sizes;
use crate::Outcome;

/// Puts, gets, a watch and a listing of the key/value interface of the client.
#[cfg(feature = "peers")]
pub(super) fn run(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    client::run(site, sizes)
}

/// Says what is missing.
#[cfg(not(feature = "peers"))]
pub(super) fn run(_: &mut Site, _: &Sizes) -> Outcome<()> {
    Err("this build has no official client; `--features peers` brings it, or leave the session `official` out".into())
}

#[cfg(feature = "peers")]
mod client {
    use super::{Outcome, Site, Sizes};
    use crate::data::{Data, Random};
    use crate::gauge::percentile;
    use crate::phases::{micros, per_op};
    use async_nats::jetstream::{self, kv};
    use bytes::Bytes;
    use futures_util::StreamExt;
    use std::time::{Duration, Instant};

    pub(super) fn run(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let url = format!("nats://{}", site.server.address());
        let data = Data::new(sizes.keys);
        let stores = runtime.block_on(open(&url))?;
        runtime.block_on(fill(&stores, data, sizes.keys))?;
        for (work, what) in [("put", Ask::Put), ("get", Ask::Get)] {
            let meter = site.meter()?;
            let started = Instant::now();
            let mut times = runtime.block_on(requests(&stores, data, sizes, what))?;
            let wall = started.elapsed();
            let spent = meter.stop()?;
            times.sort_unstable();
            let (count, work) =
                (u64::try_from(times.len())?, format!("{work} by async-nats, {IN_FLIGHT} in flight"));
            site.push(&work, "requests/s", per_op(count, 1) / wall.as_secs_f64());
            site.push(&work, "p50, µs", micros(percentile(&times, 50)));
            site.push(&work, "p99, µs", micros(percentile(&times, 99)));
            site.push(&work, "server CPU, µs/request", micros(spent.server) / per_op(count, 1));
            site.push(&work, "generator CPU, µs/request", micros(spent.generator) / per_op(count, 1));
        }
        for (work, values) in [("initial values", Values::Wanted), ("list of keys", Values::Left)] {
            let meter = site.meter()?;
            let started = Instant::now();
            runtime.block_on(list(&stores[0], values, sizes.keys))?;
            let wall = started.elapsed();
            let spent = meter.stop()?;
            let work = format!("{work} by async-nats, {} keys", sizes.keys);
            site.push(&work, "p50, ms", micros(wall) / 1e3);
            site.push(&work, "server CPU, µs/key", micros(spent.server) / per_op(sizes.keys, 1));
        }
        Ok(())
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Ask {
        Put,
        Get,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Values {
        Wanted,
        Left,
    }

    /// Makes the bucket, and opens it on every connection.
    async fn open(url: &str) -> Outcome<Vec<kv::Store>> {
        let mut stores = Vec::new();
        for _ in 0..CONNECTIONS {
            let context = jetstream::new(async_nats::connect(url).await?);
            if stores.is_empty() {
                let config = kv::Config { bucket: BUCKET.to_owned(), ..kv::Config::default() };
                context.create_key_value(config).await?;
            }
            stores.push(context.get_key_value(BUCKET).await?);
        }
        Ok(stores)
    }

    async fn fill(stores: &[kv::Store], data: Data, keys: u64) -> Outcome<()> {
        let each = futures_util::stream::iter(0..keys).map(|index| async move {
            let key = data.key(index);
            stores[0].put(key.as_str(), Bytes::copy_from_slice(&key.value(0))).await
        });
        let mut puts = each.buffer_unordered(FILLING);
        while let Some(done) = puts.next().await {
            done?;
        }
        Ok(())
    }

    /// Asks one thing after the other in as many tasks as are to be in flight, and returns how long each took.
    async fn requests(stores: &[kv::Store], data: Data, sizes: &Sizes, ask: Ask) -> Outcome<Vec<Duration>> {
        let end = Instant::now() + sizes.time_max();
        let (keys, each) = (sizes.keys, sizes.requests.div_ceil(IN_FLIGHT));
        let tasks: Vec<_> = (0..IN_FLIGHT)
            .zip(stores.iter().cycle())
            .map(|(task, store)| {
                let store = store.clone();
                tokio::spawn(async move {
                    let mut random = Random::new(task);
                    let mut times = Vec::new();
                    for version in 1..=each {
                        let key = data.key(random.below(keys));
                        let started = Instant::now();
                        if started > end {
                            break;
                        }
                        match ask {
                            Ask::Put => {
                                store.put(key.as_str(), Bytes::copy_from_slice(&key.value(version))).await?;
                            }
                            Ask::Get => {
                                let value = store.get(key.as_str()).await?.ok_or("a key is gone")?;
                                if !key.owns(&value) {
                                    return Err(format!("{} has a wrong value", key.as_str()).into());
                                }
                            }
                        }
                        times.push(started.elapsed());
                    }
                    Outcome::Ok(times)
                })
            })
            .collect();
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await??);
        }
        Ok(times)
    }

    async fn list(store: &kv::Store, values: Values, keys: u64) -> Outcome<()> {
        let mut found = 0;
        if values == Values::Wanted {
            let mut watch = store.watch_with_history(">").await?;
            while found < keys {
                let entry = watch.next().await.ok_or("the watch ended")??;
                if entry.value.is_empty() {
                    return Err(format!("{} has no value", entry.key).into());
                }
                found += 1;
            }
        } else {
            let mut listed = store.keys().await?;
            while let Some(key) = listed.next().await {
                key?;
                found += 1;
            }
        }
        if found == keys { Ok(()) } else { Err(format!("{found} of {keys} keys were listed").into()) }
    }

    const BUCKET: &str = "official";
    const CONNECTIONS: u64 = 4;
    const IN_FLIGHT: u64 = 32;
    const FILLING: usize = 256;
}
