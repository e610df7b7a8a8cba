//! `/metrics`: figures in the text format of Prometheus.

mod store;
mod streams;
mod text;

use crate::monitor::facts::{JetStreamFacts, LoadFacts, ServerFacts};
use crate::monitor::route::{Answer, Kind};
use crate::version;
use text::{Text, Type};

/// Returns the page.
pub(in crate::monitor) fn metrics(
    server: &ServerFacts,
    load: &LoadFacts,
    streams: Option<&JetStreamFacts>,
) -> Answer {
    let mut page = Text::default();
    let labels = [("version", version::VERSION), ("server_name", server.name.as_str())];
    page.labelled("jetkv_info", Type::Gauge, "What runs", &labels, 1);
    page.gauge("jetkv_uptime_seconds", "Time since the start", server.uptime.as_secs_f64());
    page.gauge("jetkv_memory_bytes", "Memory of the process", load.memory);
    page.counter("jetkv_cpu_seconds_total", "Processor time of the process", load.cpu_time.as_secs_f64());
    if let Some((open, most)) = load.files {
        page.gauge("jetkv_open_files", "Files and connections that the process has open", open);
        page.gauge("jetkv_open_files_max", "How many the system allows it", most);
    }
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
        store::write(&mut page, server, load, facts);
        streams::write(&mut page, facts);
    }
    Answer { status: 200, kind: Kind::Metrics, body: page.into_bytes() }
}
