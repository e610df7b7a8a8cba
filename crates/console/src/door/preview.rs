//! What a change of a bucket's configuration would remove, told before it is made.

use crate::problem::Problem;
use jetkv::{KeyValue, KeyValueConfig, Page, Timestamp, WatchEvent, WatchOptions};
use serde::Serialize;
use std::time::Duration;

/// What would go at once.
#[derive(Debug, Serialize)]
pub(crate) struct Preview {
    /// Entries that would be removed because a key has more of them than the new history.
    by_history: u64,
    /// Entries that would be removed because they are older than the new time to live.
    by_age: u64,
    /// Bytes that the bucket holds beyond its new limit; writes are refused until there is room.
    bytes_over: u64,
    /// Keys and entries now, to compare with.
    keys: u64,
    values: u64,
}

/// Reckons what `config` would remove from the bucket.
pub(super) async fn of(kv: &KeyValue, config: &KeyValueConfig, now: Timestamp) -> Result<Preview, Problem> {
    let status = kv.status().await?;
    let by_history = match config.history < status.config.history {
        true => beyond_history(kv, u64::from(config.history)).await?,
        false => 0,
    };
    let shortens = config.ttl.is_some_and(|ttl| status.config.ttl.is_none_or(|now| ttl < now));
    let by_age = match config.ttl.filter(|_| shortens) {
        Some(ttl) => older(kv, ttl, now).await?,
        None => 0,
    };
    let bytes_over = config.max_bytes.map_or(0, |max| status.bytes.saturating_sub(max));
    Ok(Preview { by_history, by_age, bytes_over, keys: status.keys, values: status.values })
}

async fn beyond_history(kv: &KeyValue, history: u64) -> Result<u64, Problem> {
    let mut page = Page::first(jetkv::PAGE_KEYS_MAX).include_deletes();
    let mut count = 0;
    loop {
        let found = kv.list(">", page.clone()).await?;
        count += found.keys.iter().map(|key| key.history.saturating_sub(history)).sum::<u64>();
        match found.next {
            Some(next) => page = page.after(next),
            None => return Ok(count),
        }
    }
}

async fn older(kv: &KeyValue, ttl: Duration, now: Timestamp) -> Result<u64, Problem> {
    let mut watcher = kv.watch_with(">", WatchOptions::new().include_history().meta_only()).await?;
    let mut count = 0;
    while let Some(event) = watcher.next().await {
        match event? {
            WatchEvent::Entry(entry) if now.since(entry.created) >= ttl => count += 1,
            // They come in the order of their times.
            WatchEvent::Entry(_) | WatchEvent::EndOfInitial => break,
        }
    }
    Ok(count)
}
