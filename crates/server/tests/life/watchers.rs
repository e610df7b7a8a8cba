//! Watches whose clients die, or are there and say nothing (RELIABILITY row 22): nothing of them stays.

use crate::world::{PATIENCE, World, request};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::nats::Client;

const CONNECTIONS: u64 = 10;
const WATCHES_EACH: u64 = 20;
const PING: Duration = Duration::from_millis(500);
const THRESHOLD: Duration = Duration::from_secs(1);

/// Connects, and makes watches that live for the threshold without interest.
fn watch(world: &World, number: u64) -> Client {
    let mut client = world.client();
    for n in 0..WATCHES_EACH {
        let to = format!("watch.{number}.{n}");
        client.subscribe(&to, None, &to).unwrap();
        let config = json!({
            "deliver_subject": to, "ack_policy": "none", "max_deliver": 1, "deliver_policy": "last_per_subject",
            "filter_subject": "$KV.b.>", "inactive_threshold": THRESHOLD.as_nanos(), "mem_storage": true,
        });
        let created = request(
            &mut client,
            "$JS.API.CONSUMER.CREATE.KV_b",
            &json!({ "stream_name": "KV_b", "config": config }),
        );
        assert!(created["error"].is_null(), "{created}");
        assert!(client.next_message(&to, PATIENCE).unwrap().is_some());
    }
    client
}

#[test]
fn watches_of_clients_that_are_gone_or_frozen_go_soon_after() {
    let world = World::new(|options| {
        options.keep_alive.ping_interval = PING;
        options.keep_alive.first_ping = PING;
    });
    let mut admin = world.client();
    let config = json!({ "name": "KV_b", "subjects": ["$KV.b.>"], "max_msgs_per_subject": 1 });
    request(&mut admin, "$JS.API.STREAM.CREATE.KV_b", &config);
    request(&mut admin, "$KV.b.k", &json!("v"));
    let mut count = || {
        let info = request(&mut admin, "$JS.API.STREAM.INFO.KV_b", &Value::Null);
        info["state"]["consumer_count"].as_u64().unwrap()
    };
    for end in ["killed", "frozen"] {
        let clients: Vec<_> = (0..CONNECTIONS).map(|number| watch(&world, number)).collect();
        let begun = Instant::now();
        // A client that is not read does not answer pings either.
        let frozen = if end == "killed" { Vec::new() } else { clients };
        let cut = if end == "killed" { Duration::ZERO } else { PING * 2 };
        while count() > 0 {
            assert!(
                begun.elapsed() < cut + THRESHOLD + Duration::from_secs(5),
                "{end}: {} are left",
                count()
            );
            std::thread::yield_now();
        }
        let elapsed = begun.elapsed();
        assert!(elapsed + Duration::from_millis(100) >= THRESHOLD, "{end}: {elapsed:?}");
        assert_eq!(world.server().snapshot().connections, 1, "{end}");
        assert_eq!(world.server().snapshot().routers.subscriptions, 1, "{end}");
        drop(frozen);
    }
}
