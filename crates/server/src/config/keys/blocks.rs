//! Keys of the reference that this server does not have: refused by name, or taken with a word where nothing is lost.

use crate::config::problems::Problems;
use crate::config::read;
use crate::config::syntax::{Entry, Value};

/// Judges a key that means something to the reference only; says whether it is one.
pub(super) fn foreign(key: &str, entry: &Entry, problems: &mut Problems) -> bool {
    match key {
        "leaf" | "leafnodes" => listener(entry, "leaf nodes are", LEAFNODE_LISTENER, problems),
        "websocket" | "ws" => listener(entry, "WebSocket is", WEBSOCKET_LISTENER, problems),
        "cluster" => listener(entry, "clusters are", &["name"], problems),
        "gateway" => listener(entry, "gateways are", &["name"], problems),
        "mqtt" => listener(entry, "MQTT is", &[], problems),
        "mappings" | "maps" => unless_empty(entry, problems),
        "operator"
        | "operators"
        | "root"
        | "roots"
        | "root_operator"
        | "root_operators"
        | "trusted"
        | "trusted_keys"
        | "resolver"
        | "resolvers"
        | "account_resolver"
        | "account_resolvers"
        | "resolver_tls"
        | "resolver_preload"
        | "resolver_pinned_accounts"
        | "default_sentinel" => {
            let name = &entry.key;
            problems.error(
                &entry.place,
                format_args!("{name:?}: operator mode with JWTs is not supported by this server"),
            );
        }
        "syslog" | "no_header_support" | "proxy_protocol" | "proxy_required" | "ocsp" => {
            unless_false(entry, problems);
        }
        "remote_syslog" => unless_no_text(entry, problems),
        "proxies" | "ocsp_cache" | "default_js_domain" => unless_empty(entry, problems),
        "disable_sublist_cache"
        | "no_sublist_cache"
        | "trace_headers"
        | "max_traced_msg_len"
        | "no_fast_producer_stall"
        | "connect_error_reports"
        | "reconnect_error_reports"
        | "max_closed_clients"
        | "prof_port"
        | "prof_block_rate"
        | "write_timeout"
        | "feature_flags"
        | "no_system_account"
        | "no_system"
        | "no_sys_acc" => problems.no_effect(entry),
        _ => return false,
    }
    true
}

/// Takes a block that is empty or only says where to listen, with a word that nobody listens there; refuses any other.
fn listener(entry: &Entry, what: &str, harmless: &[&str], problems: &mut Problems) {
    let key = &entry.key;
    let Some(map) = read::map(entry, problems) else { return };
    let asks_more = map.entries.iter().find(|each| {
        !harmless.contains(&each.key.to_ascii_lowercase().as_str()) && !is_empty(&each.node.value)
    });
    match asks_more {
        Some(more) => {
            let name = &more.key;
            problems.error(
                &more.place,
                format_args!("{key:?} with {name:?}: {what} not supported by this server"),
            );
        }
        None => problems.warn(&entry.place, format_args!("{key:?}: {what} not served by this server")),
    }
}

fn unless_empty(entry: &Entry, problems: &mut Problems) {
    if !is_empty(&entry.node.value) {
        problems.unsupported(entry);
    }
}

fn unless_false(entry: &Entry, problems: &mut Problems) {
    if entry.node.value != Value::Bool(false) {
        problems.unsupported(entry);
    }
}

fn unless_no_text(entry: &Entry, problems: &mut Problems) {
    if read::text(entry, problems).is_some_and(|text| !text.is_empty()) {
        problems.unsupported(entry);
    }
}

/// Says whether a value asks for nothing.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Map(map) => map.entries.is_empty(),
        Value::Text(text) => text.is_empty(),
        Value::Bool(truth) => !truth,
        _ => false,
    }
}

const LEAFNODE_LISTENER: &[&str] = &["listen", "host", "net", "port", "no_advertise", "advertise"];

const WEBSOCKET_LISTENER: &[&str] = &[
    "listen",
    "host",
    "net",
    "port",
    "no_tls",
    "same_origin",
    "allowed_origins",
    "allowed_origin",
    "handshake_timeout",
    "compress",
    "compression",
    "advertise",
    "ping_interval",
];
