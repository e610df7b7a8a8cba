//! `/metrics`: figures in the text format of Prometheus.

use super::jsz::Totals;
use crate::monitor::facts::{AccountStreams, JetStreamFacts, LoadFacts, ServerFacts};
use crate::monitor::route::{Answer, Kind};
use crate::version;
use std::fmt::{Display, Write};

/// Returns the page.
pub(in crate::monitor) fn metrics(
    server: &ServerFacts,
    load: &LoadFacts,
    streams: Option<&JetStreamFacts>,
) -> Answer {
    let mut page = Page(String::new());
    let labels = [("version", version::VERSION), ("server_name", server.name.as_str())];
    page.labelled("jetkv_info", Type::Gauge, "What runs", &labels, 1);
    page.gauge("jetkv_uptime_seconds", "Time since the start", server.uptime.as_secs_f64());
    page.gauge("jetkv_memory_bytes", "Memory of the process", load.memory);
    page.counter("jetkv_cpu_seconds_total", "Processor time of the process", load.cpu_time.as_secs_f64());
    page.gauge("jetkv_connections", "Connections now", load.connections);
    page.counter("jetkv_connections_total", "Connections since the start", load.total_connections);
    page.gauge("jetkv_pending_bytes", "Bytes that wait to be written to connections", load.pending_bytes);
    page.gauge("jetkv_subscriptions", "Subscriptions now", load.subscriptions);
    let totals = &load.totals;
    page.counter("jetkv_in_messages_total", "Messages from clients", totals.in_messages);
    page.counter("jetkv_in_bytes_total", "Bytes of messages from clients", totals.in_bytes);
    page.counter("jetkv_out_messages_total", "Messages to clients", totals.out_messages);
    page.counter("jetkv_out_bytes_total", "Bytes of messages to clients", totals.out_bytes);
    page.counter("jetkv_slow_consumers_total", "Connections closed as too slow", totals.slow_consumers);
    page.counter(
        "jetkv_stale_connections_total",
        "Connections closed without pongs",
        totals.stale_connections,
    );
    if let Some(facts) = streams {
        of_streams(&mut page, facts);
    }
    Answer { status: 200, kind: Kind::Metrics, body: page.0.into_bytes() }
}

fn of_streams(page: &mut Page, facts: &JetStreamFacts) {
    let totals = Totals::of(facts);
    page.gauge("jetkv_streams", "Streams", totals.streams);
    page.gauge("jetkv_consumers", "Consumers", totals.consumers);
    page.gauge("jetkv_messages", "Messages in streams", totals.messages);
    page.gauge("jetkv_storage_bytes", "Bytes of messages in file streams", totals.storage);
    page.gauge("jetkv_memory_storage_bytes", "Bytes of messages in memory streams", totals.memory);
    let sum = |of: fn(&AccountStreams) -> u64| facts.accounts.iter().map(of).sum::<u64>();
    page.counter("jetkv_api_requests_total", "Requests to the JetStream API", sum(|each| each.api.0));
    page.counter("jetkv_api_errors_total", "Those that failed", sum(|each| each.api.1));
    page.counter("jetkv_syncs_total", "Syncs of segments", sum(|each| each.store.sync_count));
    page.counter("jetkv_compactions_total", "Segments rewritten", sum(|each| each.store.compaction_count));
    page.gauge("jetkv_disk_bytes", "Bytes of all segments", sum(|each| each.store.disk_bytes));
    page.gauge(
        "jetkv_live_bytes",
        "Bytes of segments that live messages need",
        sum(|each| each.store.live_bytes),
    );
    page.gauge("jetkv_index_bytes", "Memory of the indexes", sum(|each| each.store.index_bytes));
    let sum = |of: fn(&AccountStreams) -> usize| facts.accounts.iter().map(of).sum::<usize>();
    page.gauge("jetkv_corrupt_records", "Damaged places in streams", sum(|each| each.corrupt_records));
    page.gauge("jetkv_damaged_keys", "Keys that cannot be read", sum(|each| each.damaged_keys));
    page.gauge("jetkv_read_only_streams", "Streams that take no writes", sum(|each| each.read_only));
}

struct Page(String);

#[derive(Clone, Copy)]
enum Type {
    Counter,
    Gauge,
}

impl Page {
    fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.labelled(name, Type::Counter, help, &[], value);
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.labelled(name, Type::Gauge, help, &[], value);
    }

    fn labelled(&mut self, name: &str, kind: Type, help: &str, labels: &[(&str, &str)], value: impl Display) {
        let kind = match kind {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
        };
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name}{labels} {value}").ok();
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
