//! What the console's page about the server shows.

use super::start_lines::durability;
use jetkv_server::Server;
use jetkv_server::options::ServerOptions;
use serde_json::{Value, json};

/// Returns it, from the monitoring.
pub(super) fn told(server: &Server, options: &ServerOptions) -> Value {
    let page = |path: &str, query: &str| -> Value {
        let body = server.page(path, query).unwrap_or_default();
        serde_json::from_slice(&body).unwrap_or(Value::Null)
    };
    let (load, clients, streams) = (page("/varz", ""), page("/connz", CLIENTS), page("/jsz", STREAMS));
    let health = page("/healthz", "details=true");
    let jetstream = options.jetstream.as_ref();
    json!({
        "version": format!("jetkv {}, NATS {}", env!("CARGO_PKG_VERSION"), jetkv_server::VERSION),
        "nats": server.local_addr().to_string(),
        "store": jetstream.map(|each| each.store_dir.display().to_string()),
        "durability": jetstream.map(|each| durability(each.sync)),
        // Damage is told by itself.
        "errors": list(&health["errors"])
            .filter(|each| each["type"] != "STREAM")
            .map(|each| &each["error"])
            .collect::<Vec<_>>(),
        "uptime_seconds": server.snapshot().uptime.as_secs(),
        "memory_bytes": load["mem"],
        "disk_bytes": streams["storage"],
        "connections": load["connections"],
        "subscriptions": load["subscriptions"],
        "slow_consumers": load["slow_consumers"],
        "pending_bytes": server.snapshot().pending_bytes,
        "clients": list(&clients["connections"]).map(client).collect::<Vec<_>>(),
        "watches": list(&streams["account_details"])
            .flat_map(|account| list(&account["stream_detail"]))
            .flat_map(|stream| list(&stream["consumer_detail"]))
            .take(ROWS_MAX)
            .map(watch)
            .collect::<Vec<_>>(),
    })
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn client(connection: &Value) -> Value {
    json!({
        "id": connection["cid"],
        "name": connection["name"],
        "lang": connection["lang"],
        "version": connection["version"],
        "address": format!("{}:{}", connection["ip"].as_str().unwrap_or_default(), connection["port"]),
        "pending_bytes": connection["pending_bytes"],
        "in_messages": connection["in_msgs"],
        "out_messages": connection["out_msgs"],
    })
}

fn watch(consumer: &Value) -> Value {
    json!({
        "stream": consumer["stream_name"],
        "name": consumer["name"],
        "pending": consumer["num_pending"],
        "unacknowledged": consumer["num_ack_pending"],
    })
}

/// Most clients and watches that the page shows.
const ROWS_MAX: usize = 100;
const CLIENTS: &str = "limit=100&sort=pending";
const STREAMS: &str = "streams=true&consumers=true&limit=100";
