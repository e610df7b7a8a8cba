//! Thousands of watches at once (RELIABILITY row 22): each gets exactly its events. `bench reach` does the same with ten thousand
//! on a server of its own, and measures.

use crate::world::{PATIENCE, World, request};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::nats::{Client, Frame, Request};

const CONNECTIONS: usize = 20;
const WATCHES_EACH: usize = 100;
const EVENTS: [&str; 3] = ["made", "changed", "removed"];

/// Makes watches, each of a subtree that is its own, without waiting for one before the next.
fn watch(world: &World, connection: usize) -> Client {
    let mut client = world.client();
    let begun: Vec<String> = (0..WATCHES_EACH)
        .map(|number| {
            let to = format!("to.{connection}.{number}");
            client.subscribe(&to, None, &number.to_string()).unwrap();
            let config = json!({
                "deliver_subject": to, "ack_policy": "none", "max_deliver": 1, "deliver_policy": "new",
                "filter_subject": format!("$KV.b.{connection}.{number}.>"), "mem_storage": true,
            });
            let body = json!({ "stream_name": "KV_b", "config": config }).to_string();
            client.begin("$JS.API.CONSUMER.CREATE.KV_b", body.as_str()).unwrap()
        })
        .collect();
    for reply in begun {
        let created: Value = serde_json::from_slice(&client.answer(&reply).unwrap().payload).unwrap();
        assert!(created["error"].is_null(), "{created}");
    }
    client
}

#[test]
fn each_of_thousands_of_watches_gets_its_events_and_no_others() {
    let world = World::new(|_| {});
    let mut writer = world.client();
    let config = json!({ "name": "KV_b", "subjects": ["$KV.b.>"], "max_msgs_per_subject": 1 });
    request(&mut writer, "$JS.API.STREAM.CREATE.KV_b", &config);
    let mut clients: Vec<Client> = (0..CONNECTIONS).map(|number| watch(&world, number)).collect();
    for event in EVENTS {
        for connection in 0..CONNECTIONS {
            let put = |number| {
                let subject = format!("$KV.b.{connection}.{number}.{event}");
                writer.begin(&subject, Request::from(event)).unwrap()
            };
            let begun: Vec<String> = (0..WATCHES_EACH).map(put).collect();
            for reply in begun {
                let ack: Value = serde_json::from_slice(&writer.answer(&reply).unwrap().payload).unwrap();
                assert!(ack["error"].is_null(), "{ack}");
            }
        }
    }
    for (connection, client) in clients.iter_mut().enumerate() {
        for number in 0..WATCHES_EACH {
            for event in EVENTS {
                let message = client.next_message(&number.to_string(), PATIENCE).unwrap().unwrap();
                let subject = format!("$KV.b.{connection}.{number}.{event}");
                assert_eq!(String::from_utf8_lossy(&message.subject), subject);
                assert_eq!(message.payload, event.as_bytes());
            }
        }
        // Nothing else has come for any of them.
        client.flush().unwrap();
        while let Some(frame) = client.next(Duration::from_millis(1)).unwrap() {
            assert!(!matches!(frame, Frame::Message(_)), "{frame:?}");
        }
    }
    let info = request(&mut writer, "$JS.API.STREAM.INFO.KV_b", &Value::Null);
    assert_eq!(info["state"]["consumer_count"], CONNECTIONS * WATCHES_EACH);
}
