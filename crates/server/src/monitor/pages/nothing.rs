//! Pages about what a single server does not have.

use crate::monitor::facts::ServerFacts;
use crate::monitor::route::Answer;
use serde::Serialize;
use serde_json::{Map, Value};

#[derive(Serialize)]
struct Routes<'a> {
    server_id: &'a str,
    server_name: &'a str,
    now: String,
    num_routes: u32,
    routes: [u32; 0],
}

#[derive(Serialize)]
struct Gateways<'a> {
    server_id: &'a str,
    now: String,
    outbound_gateways: Map<String, Value>,
    inbound_gateways: Map<String, Value>,
}

#[derive(Serialize)]
struct Leafs<'a> {
    server_id: &'a str,
    now: String,
    leafnodes: u32,
    leafs: [u32; 0],
}

/// Returns the page for `path`.
pub(in crate::monitor) fn nothing(server: &ServerFacts, path: &str) -> Answer {
    let (server_id, now) = (server.id.as_str(), server.now.to_string());
    match path {
        "/routez" => {
            Answer::json(&Routes { server_id, server_name: &server.name, now, num_routes: 0, routes: [] })
        }
        "/gatewayz" => Answer::json(&Gateways {
            server_id,
            now,
            outbound_gateways: Map::new(),
            inbound_gateways: Map::new(),
        }),
        "/leafz" => Answer::json(&Leafs { server_id, now, leafnodes: 0, leafs: [] }),
        _ => Answer::json(&Map::<String, Value>::new()),
    }
}
