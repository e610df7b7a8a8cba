//! Priority groups over the wire: pins, advisories, requests that wait for more (PROTOCOL 5.7).

use crate::world::{PATIENCE, World, request};
use serde_json::{Value, json};
use testkit::nats::{Client, Message};

fn api(client: &mut Client, operation: &str, body: &Value) -> Value {
    request(client, &format!("$JS.API.{operation}"), body)
}

fn world() -> (World, Client) {
    let world = World::new(|_| {});
    let mut client = world.client();
    api(&mut client, "STREAM.CREATE.S", &json!({ "name": "S", "subjects": ["s"] }));
    for sid in ["a", "b"] {
        client.subscribe(sid, None, sid).unwrap();
    }
    (world, client)
}

fn consumer(client: &mut Client, name: &str, policy: &str) -> Value {
    let config = json!({
        "durable_name": name, "ack_policy": "explicit", "priority_groups": ["A"], "priority_policy": policy
    });
    let body = json!({ "stream_name": "S", "config": config });
    api(client, &format!("CONSUMER.DURABLE.CREATE.S.{name}"), &body)
}

fn pull(client: &mut Client, name: &str, reply: &str, body: &Value) {
    let subject = format!("$JS.API.CONSUMER.MSG.NEXT.S.{name}");
    client.publish(&subject, Some(reply), body.to_string().as_str().into()).unwrap();
    client.flush().unwrap();
}

fn next(client: &mut Client, sid: &str) -> Message {
    client.next_message(sid, PATIENCE).unwrap().unwrap()
}

fn block(message: &Message) -> String {
    String::from_utf8(message.headers.clone().unwrap_or_default()).unwrap()
}

fn json_of(message: &Message) -> Value {
    serde_json::from_slice(&message.payload).unwrap()
}

#[test]
fn one_client_is_pinned_until_an_operator_says_otherwise() {
    let (_world, mut client) = world();
    client.subscribe("$JS.EVENT.ADVISORY.CONSUMER.PINNED.S.p", None, "pinned").unwrap();
    client.subscribe("$JS.EVENT.ADVISORY.CONSUMER.UNPINNED.S.p", None, "unpinned").unwrap();
    let info = consumer(&mut client, "p", "pinned_client");
    assert_eq!(info["config"]["priority_timeout"], 120_000_000_000_u64);
    assert_eq!(info["priority_groups"], json!([{ "group": "A", "pinned_ts": "0001-01-01T00:00:00Z" }]));
    pull(&mut client, "p", "a", &json!({ "batch": 5, "group": "A" }));
    pull(&mut client, "p", "b", &json!({ "batch": 5, "group": "A" }));
    client.publish("s", None, "1".into()).unwrap();
    let first = next(&mut client, "a");
    let pin = block(&first).strip_prefix("NATS/1.0\r\nNats-Pin-Id: ").unwrap().trim_end().to_owned();
    assert_eq!((pin.len(), &*first.payload), (22, &b"1"[..]));
    let told = json_of(&next(&mut client, "pinned"));
    assert_eq!(told["type"], "io.nats.jetstream.advisory.v1.consumer_group_pinned");
    let expected = json!(["$G", "S", "p", "A", pin]);
    let fields = ["account", "stream", "consumer", "group", "pinned_id"];
    assert_eq!(json!(fields.map(|field| told[field].clone())), expected);
    let info = api(&mut client, "CONSUMER.INFO.S.p", &Value::Null);
    assert_eq!(info["priority_groups"][0]["pinned_client_id"], pin.as_str(), "{info}");
    assert_eq!(info["num_waiting"], 2);
    pull(&mut client, "p", "b", &json!({ "group": "A", "id": "other" }));
    assert_eq!(block(&next(&mut client, "b")), "NATS/1.0 423 Nats-Pin-Id mismatch\r\n\r\n");
    let unpinned = api(&mut client, "CONSUMER.UNPIN.S.p", &json!({ "group": "A" }));
    assert_eq!(unpinned, json!({ "type": "io.nats.jetstream.api.v1.consumer_unpin_response" }));
    let told = json_of(&next(&mut client, "unpinned"));
    assert_eq!((&told["reason"], &told["group"]), (&json!("admin"), &json!("A")));
    // The next in the row is pinned; the old pin counts no more.
    client.publish("s", None, "2".into()).unwrap();
    let second = next(&mut client, "b");
    assert!(block(&second).starts_with("NATS/1.0\r\nNats-Pin-Id: ") && !block(&second).contains(&pin));
    client.publish("s", None, "3".into()).unwrap();
    let over = "NATS/1.0 423 Nats-Wrong-Pin-Id\r\nNats-Pending-Messages: 4\r\nNats-Pending-Bytes: 0\r\n\r\n";
    assert_eq!(block(&next(&mut client, "a")), over);
    assert_eq!(&*next(&mut client, "b").payload, b"3");
    for (operation, group, code) in [
        ("S.p", "B", 10160),
        ("S.p", "a b", 10162),
        ("S.x", "A", 10014),
        ("X.x", "A", 10059),
        ("S.p", "", 10025),
    ] {
        let answer = api(&mut client, &format!("CONSUMER.UNPIN.{operation}"), &json!({ "group": group }));
        assert_eq!(answer["error"]["err_code"], code, "{operation} {group}");
    }
}

#[test]
fn ranked_requests_get_what_they_may() {
    let (_world, mut client) = world();
    consumer(&mut client, "o", "overflow");
    consumer(&mut client, "q", "prioritized");
    pull(&mut client, "o", "a", &json!({ "batch": 9, "group": "A", "min_pending": 2 }));
    client.publish("s", None, "1".into()).unwrap();
    client.publish("s", None, "2".into()).unwrap();
    assert_eq!(&*next(&mut client, "a").payload, b"1");
    let info = api(&mut client, "CONSUMER.INFO.S.o", &Value::Null);
    assert_eq!((&info["num_pending"], &info["num_waiting"]), (&json!(1), &json!(1)));
    pull(&mut client, "o", "b", &json!({ "group": "C" }));
    assert_eq!(block(&next(&mut client, "b")), "NATS/1.0 400 Bad Request - Invalid Priority Group\r\n\r\n");
    api(&mut client, "CONSUMER.DELETE.S.o", &Value::Null);
    assert_eq!(block(&next(&mut client, "a")), "NATS/1.0 409 Consumer Deleted\r\n\r\n");
    for _ in 0..2 {
        pull(&mut client, "q", "a", &json!({ "group": "A", "priority": 1 }));
        assert!(next(&mut client, "a").reply.is_some());
    }
    pull(&mut client, "q", "a", &json!({ "group": "A", "priority": 2 }));
    pull(&mut client, "q", "b", &json!({ "group": "A", "priority": 1 }));
    client.publish("s", None, "3".into()).unwrap();
    assert_eq!(&*next(&mut client, "b").payload, b"3");
}
