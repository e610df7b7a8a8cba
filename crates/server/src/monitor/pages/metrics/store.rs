//! What concerns all streams together: the API, the disk, syncs, damage.

use super::text::{Text, Type};
use crate::monitor::facts::{AccountStreams, JetStreamFacts, LoadFacts, ServerFacts};
use crate::monitor::pages::jsz::Totals;
use jetkv_engine::{Sync, SyncTimes};
use jetkv_types::Timestamp;
use std::time::Duration;

pub(super) fn write(page: &mut Text, server: &ServerFacts, load: &LoadFacts, facts: &JetStreamFacts) {
    let totals = Totals::of(facts);
    page.gauge("jetkv_streams", "Streams", totals.streams);
    page.gauge("jetkv_consumers", "Consumers", totals.consumers);
    page.gauge("jetkv_messages", "Messages in streams", totals.messages);
    page.gauge("jetkv_storage_bytes", "Bytes of messages in file streams", totals.storage);
    page.gauge("jetkv_memory_storage_bytes", "Bytes of messages in memory streams", totals.memory);
    let sum = |of: fn(&AccountStreams) -> u64| facts.accounts.iter().map(of).sum::<u64>();
    page.counter("jetkv_api_requests_total", "Requests to the JetStream API", sum(|each| each.api.0));
    page.counter("jetkv_api_errors_total", "Those that failed", sum(|each| each.api.1));
    page.counter("jetkv_compactions_total", "Segments rewritten", sum(|each| each.store.compaction_count));
    page.gauge("jetkv_disk_bytes", "Bytes of all segments", sum(|each| each.store.disk_bytes));
    page.gauge(
        "jetkv_live_bytes",
        "Bytes of segments that live messages need",
        sum(|each| each.store.live_bytes),
    );
    page.gauge("jetkv_index_bytes", "Memory of the indexes", sum(|each| each.store.index_bytes));
    page.gauge(
        "jetkv_cache_bytes",
        "Memory of what was read from files, as cache_size allows",
        sum(|each| each.store.cache_bytes),
    );
    page.counter(
        "jetkv_cache_fills_total",
        "Blocks read into that memory",
        sum(|each| each.store.cache_fill_count),
    );
    if let Some(free) = load.disk_free {
        page.gauge("jetkv_disk_free_bytes", "Bytes that are free on the disk of the streams", free);
    }
    let full = facts.accounts.iter().filter(|account| account.full.is_some()).count();
    page.gauge("jetkv_disk_full", "Accounts whose values are refused as their disk is full", full);
    syncs(page, server, facts);
    let sum = |of: fn(&AccountStreams) -> usize| facts.accounts.iter().map(of).sum::<usize>();
    page.gauge("jetkv_corrupt_records", "Damaged places in streams", sum(|each| each.corrupt_records));
    page.gauge("jetkv_damaged_keys", "Keys that cannot be read", sum(|each| each.damaged_keys));
    page.gauge("jetkv_read_only_streams", "Streams that take no writes", sum(|each| each.read_only));
    scrubs(page, facts);
}

fn syncs(page: &mut Text, server: &ServerFacts, facts: &JetStreamFacts) {
    let mode = match server.options.jetstream.as_ref().map(|options| options.sync) {
        Some(Sync::Always) => "always",
        Some(Sync::Every(_)) => "every",
        Some(Sync::Os) => "os",
        None => return,
    };
    page.labelled("jetkv_sync_mode", Type::Gauge, "When writes are synced", &[("mode", mode)], 1);
    let all = facts.accounts.iter().map(|account| account.sync_times);
    let times = all.fold(SyncTimes::default(), |mut all, each| {
        all.counts.iter_mut().zip(each.counts).for_each(|(sum, count)| *sum += count);
        all.total += each.total;
        all.failures += each.failures;
        all.last = all.last.max(each.last);
        all
    });
    let sum: u64 = facts.accounts.iter().map(|account| account.store.sync_count).sum();
    page.counter("jetkv_syncs_total", "Syncs of segments", sum);
    page.counter("jetkv_sync_failures_total", "Syncs that failed", times.failures);
    page.gauge(
        "jetkv_last_sync_timestamp_seconds",
        "When the last sync of a segment ended, 0 for never",
        seconds(times.last),
    );
    let name = "jetkv_sync_duration_seconds";
    page.family(name, Type::Histogram, "How long syncs of segments took");
    let bounds = SyncTimes::BOUNDS.iter().map(Duration::as_secs_f64).map(|bound| bound.to_string());
    let mut count = 0;
    for (bound, more) in bounds.chain(["+Inf".to_owned()]).zip(times.counts) {
        count += more;
        page.sample(&format!("{name}_bucket"), &[("le", &bound)], count);
    }
    page.sample(&format!("{name}_sum"), &[], times.total.as_secs_f64());
    page.sample(&format!("{name}_count"), &[], count);
}

fn scrubs(page: &mut Text, facts: &JetStreamFacts) {
    let bytes: u64 = facts.accounts.iter().map(|account| account.scrub.bytes).sum();
    page.counter("jetkv_scrub_bytes_total", "Bytes that were read to look for damage", bytes);
    // Of several accounts the one that waits longest counts.
    let ended = facts.accounts.iter().map(|account| account.scrub.ended.unwrap_or_default()).min();
    page.gauge(
        "jetkv_last_scrub_timestamp_seconds",
        "When everything had last been read to look for damage, 0 for never",
        seconds(ended.unwrap_or_default()),
    );
}

/// Returns the seconds since 1970.
pub(super) fn seconds(time: Timestamp) -> f64 {
    Duration::from_nanos(time.as_nanos()).as_secs_f64()
}
