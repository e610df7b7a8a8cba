//! `/varz`: the server in general.

use super::jsz::{Api, Config, Limits, Totals as StreamTotals};
use super::spans::{nanos, uptime};
use crate::monitor::facts::{JetStreamFacts, LoadFacts, ServerFacts};
use crate::monitor::json;
use crate::monitor::route::Answer;
use crate::options::HttpScheme;
use crate::version;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Varz<'a> {
    server_id: &'a str,
    server_name: &'a str,
    version: &'a str,
    proto: i32,
    go: &'a str,
    host: &'a str,
    port: u16,
    #[serde(skip_serializing_if = "is_false")]
    auth_required: bool,
    #[serde(skip_serializing_if = "is_false")]
    tls_required: bool,
    #[serde(skip_serializing_if = "is_false")]
    tls_verify: bool,
    max_connections: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_subscriptions: Option<u32>,
    ping_interval: u64,
    ping_max: u32,
    http_host: String,
    http_port: u16,
    http_base_path: &'a str,
    https_port: u16,
    auth_timeout: Box<RawValue>,
    max_control_line: u32,
    max_payload: u32,
    max_pending: u64,
    cluster: Empty,
    gateway: Empty,
    leaf: Empty,
    mqtt: Empty,
    websocket: Empty,
    jetstream: Option<JetStream<'a>>,
    tls_timeout: Box<RawValue>,
    write_deadline: u64,
    start: String,
    now: String,
    uptime: String,
    mem: u64,
    cores: u64,
    gomaxprocs: u64,
    cpu: Box<RawValue>,
    connections: u64,
    total_connections: u64,
    routes: u32,
    remotes: u32,
    leafnodes: u32,
    in_msgs: u64,
    in_bytes: u64,
    in_client_msgs: u64,
    in_client_bytes: u64,
    out_msgs: u64,
    out_bytes: u64,
    out_client_msgs: u64,
    out_client_bytes: u64,
    slow_consumers: u64,
    stale_connections: u64,
    stalled_clients: u64,
    subscriptions: u64,
    http_req_stats: &'a BTreeMap<&'static str, u64>,
    config_load_time: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    config_digest: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: &'a BTreeMap<String, String>,
    system_account: &'a str,
    slow_consumer_stats: ByKind,
    stale_connection_stats: ByKind,
}

type Empty = Map<String, Value>;

#[derive(Serialize)]
struct JetStream<'a> {
    config: Config<'a>,
    stats: Stats,
    limits: Limits,
}

#[derive(Serialize)]
struct Stats {
    memory: u64,
    storage: u64,
    reserved_memory: u64,
    reserved_storage: u64,
    accounts: usize,
    ha_assets: u32,
    api: Api,
}

#[derive(Serialize)]
struct ByKind {
    clients: u64,
    routes: u64,
    gateways: u64,
    leafs: u64,
}

impl ByKind {
    fn of_clients(clients: u64) -> Self {
        Self { clients, routes: 0, gateways: 0, leafs: 0 }
    }
}

/// Returns the page.
pub(in crate::monitor) fn varz(
    server: &ServerFacts,
    load: &LoadFacts,
    streams: Option<&JetStreamFacts>,
) -> Answer {
    let options = &server.options;
    let totals = &load.totals;
    let limits = &options.limits;
    let http = options.http.as_ref();
    let port_of = |scheme| {
        let is_on = http.is_some_and(|http| http.scheme == scheme);
        server.monitor.filter(|_| is_on).map_or(0, |address| address.port())
    };
    let tls = options.tls.as_ref();
    Answer::json(&Varz {
        server_id: &server.id,
        server_name: &server.name,
        version: version::VERSION,
        proto: version::PROTOCOL,
        go: version::COMPILER,
        host: &server.host,
        port: server.port,
        auth_required: server.auth_required,
        tls_required: tls.is_some_and(|tls| !tls.allow_non_tls),
        tls_verify: tls.is_some_and(|tls| tls.verify || tls.verify_and_map),
        max_connections: limits.max_connections,
        max_subscriptions: Some(limits.max_subscriptions),
        ping_interval: nanos(options.keep_alive.ping_interval),
        ping_max: options.keep_alive.ping_max,
        http_host: server.monitor.map(|address| address.ip().to_string()).unwrap_or_default(),
        http_port: port_of(HttpScheme::Plain),
        http_base_path: http.map_or("", |http| http.base_path.as_str()),
        https_port: port_of(HttpScheme::Tls),
        auth_timeout: json::number(options.auth.timeout.as_secs_f64()),
        max_control_line: limits.max_control_line,
        max_payload: limits.max_payload,
        max_pending: limits.max_pending,
        cluster: Empty::new(),
        gateway: Empty::new(),
        leaf: Empty::new(),
        mqtt: Empty::new(),
        websocket: Empty::new(),
        jetstream: streams.map(|facts| jetstream(server, facts)),
        tls_timeout: json::number(tls.map_or(TLS_TIMEOUT, |tls| tls.timeout.as_secs_f64())),
        write_deadline: nanos(options.keep_alive.write_deadline),
        start: server.started.to_string(),
        now: server.now.to_string(),
        uptime: uptime(server.uptime),
        mem: load.memory,
        cores: load.cores,
        gomaxprocs: load.cores,
        cpu: json::number(load.cpu),
        connections: load.connections,
        total_connections: load.total_connections,
        routes: 0,
        remotes: 0,
        leafnodes: 0,
        in_msgs: totals.in_messages,
        in_bytes: totals.in_bytes,
        in_client_msgs: totals.in_messages,
        in_client_bytes: totals.in_bytes,
        out_msgs: totals.out_messages,
        out_bytes: totals.out_bytes,
        out_client_msgs: totals.out_messages,
        out_client_bytes: totals.out_bytes,
        slow_consumers: totals.slow_consumers,
        stale_connections: totals.stale_connections,
        stalled_clients: totals.stalled_clients,
        subscriptions: load.subscriptions,
        http_req_stats: &server.requests,
        config_load_time: server.config_loaded.to_string(),
        config_digest: &options.config_digest,
        tags: &options.server_tags,
        metadata: &options.server_metadata,
        system_account: &options.auth.system_account,
        slow_consumer_stats: ByKind::of_clients(totals.slow_consumers),
        stale_connection_stats: ByKind::of_clients(totals.stale_connections),
    })
}

fn jetstream<'a>(server: &'a ServerFacts, facts: &JetStreamFacts) -> JetStream<'a> {
    let totals = StreamTotals::of(facts);
    JetStream {
        config: Config::of(server),
        stats: Stats {
            memory: totals.memory,
            storage: totals.storage,
            reserved_memory: totals.reserved_memory,
            reserved_storage: totals.reserved_storage,
            accounts: facts.accounts.len(),
            ha_assets: 0,
            api: Api::of_server(facts),
        },
        limits: Limits::of(server),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(truth: &bool) -> bool {
    !truth
}

/// Seconds that the reference shows without TLS.
const TLS_TIMEOUT: f64 = 2.0;
