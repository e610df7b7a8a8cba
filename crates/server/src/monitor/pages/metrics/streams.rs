//! What concerns each stream, and so each bucket: a bucket `b` is the stream `KV_b`.

use super::store::seconds;
use super::text::{Text, Type};
use crate::monitor::facts::{JetStreamFacts, StreamFacts};
use std::fmt::Display;

/// A family that has one sample of each stream.
struct Family(&'static str, Type, &'static str, fn(&StreamFacts) -> Figure);

/// A value of a sample.
enum Figure {
    Whole(u64),
    Seconds(f64),
}

pub(super) fn write(page: &mut Text, facts: &JetStreamFacts) {
    let streams = || {
        let of_account = facts.accounts.iter().map(|account| (&account.name, &account.streams));
        of_account.flat_map(|(account, streams)| streams.iter().map(move |stream| (account, stream)))
    };
    for Family(name, kind, help, value) in FAMILIES {
        page.family(name, *kind, help);
        for (account, stream) in streams().take(STREAMS_MAX) {
            let labels = [
                ("account", account.as_str()),
                ("stream", stream.name.as_str()),
                ("bucket", stream.name.strip_prefix("KV_").unwrap_or_default()),
            ];
            page.sample(name, &labels, value(stream));
        }
    }
    page.gauge(
        "jetkv_streams_left_out",
        "Streams beyond the number that has figures of its own",
        streams().count().saturating_sub(STREAMS_MAX),
    );
}

const FAMILIES: &[Family] = &[
    Family("jetkv_stream_messages", Type::Gauge, "Messages that are kept", |it| Figure::Whole(it.messages)),
    Family("jetkv_stream_keys", Type::Gauge, "Subjects that have messages, markers included", |it| {
        Figure::Whole(it.figures.subjects)
    }),
    Family("jetkv_stream_bytes", Type::Gauge, "Bytes of messages, as limits count them", |it| {
        Figure::Whole(it.bytes)
    }),
    Family("jetkv_stream_limit_bytes", Type::Gauge, "Most bytes that it may have, 0 for no limit", |it| {
        Figure::Whole(it.reserved)
    }),
    Family("jetkv_stream_disk_bytes", Type::Gauge, "Bytes of its segments", |it| {
        Figure::Whole(it.figures.store.disk_bytes)
    }),
    Family("jetkv_stream_live_bytes", Type::Gauge, "Bytes of segments that its messages need", |it| {
        Figure::Whole(it.figures.store.live_bytes)
    }),
    Family("jetkv_stream_index_bytes", Type::Gauge, "Memory of its index", |it| {
        Figure::Whole(it.figures.store.index_bytes)
    }),
    Family("jetkv_stream_segments", Type::Gauge, "Its segments", |it| {
        Figure::Whole(it.figures.store.segment_count)
    }),
    Family("jetkv_stream_last_sequence", Type::Gauge, "Its last sequence", |it| {
        Figure::Whole(it.figures.last_sequence)
    }),
    Family("jetkv_stream_puts_total", Type::Counter, "Messages stored, markers included", |it| {
        Figure::Whole(it.figures.store.stored_count)
    }),
    Family("jetkv_stream_put_bytes_total", Type::Counter, "Bytes that they took in segments", |it| {
        Figure::Whole(it.figures.store.stored_bytes)
    }),
    Family("jetkv_stream_refused_puts_total", Type::Counter, "Messages refused, conflicts included", |it| {
        Figure::Whole(it.figures.refused)
    }),
    Family("jetkv_stream_gets_total", Type::Counter, "Requests for messages", |it| {
        Figure::Whole(it.figures.gets)
    }),
    Family(
        "jetkv_stream_deliveries_total",
        Type::Counter,
        "Messages delivered to watches and consumers",
        |it| Figure::Whole(it.figures.deliveries),
    ),
    Family("jetkv_stream_consumers", Type::Gauge, "Watches and consumers now", |it| {
        Figure::Whole(it.consumers.len().try_into().unwrap_or(u64::MAX))
    }),
    Family("jetkv_stream_compactions_total", Type::Counter, "Rewrites of its segments", |it| {
        Figure::Whole(it.figures.store.compaction_count)
    }),
    Family(
        "jetkv_stream_last_sync_timestamp_seconds",
        Type::Gauge,
        "When it was last synced with all that it had then, 0 for never",
        |it| Figure::Seconds(seconds(it.figures.store.synced)),
    ),
    Family("jetkv_stream_damages", Type::Gauge, "What is wrong with it", |it| {
        Figure::Whole(it.damages.len().try_into().unwrap_or(u64::MAX))
    }),
];

impl Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(value) => value.fmt(f),
            Self::Seconds(value) => value.fmt(f),
        }
    }
}

/// Most streams that have samples of their own.
const STREAMS_MAX: usize = 2_000;
