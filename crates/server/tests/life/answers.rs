//! Small things that clients see, each as the reference server was seen to do it.

use crate::world::{PATIENCE, World, request};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::nats::{Client, Request};

/// Makes the bucket `a` with these settings beside the usual ones.
fn bucket(client: &mut Client, settings: &Value) -> Value {
    let mut config = json!({ "name": "KV_a", "subjects": ["$KV.a.>"], "max_msgs_per_subject": 2 });
    let more = settings.as_object().unwrap().clone();
    config.as_object_mut().unwrap().extend(more);
    let created = request(client, "$JS.API.STREAM.CREATE.KV_a", &config);
    assert_eq!(created["error"], Value::Null, "{created}");
    created
}

fn consumer(client: &mut Client, name: &str, config: &Value) -> Value {
    let body = json!({ "stream_name": "KV_a", "config": config });
    let created = request(client, &format!("$JS.API.CONSUMER.CREATE.KV_a.{name}"), &body);
    assert_eq!(created["error"], Value::Null, "{created}");
    created
}

/// Says what a request is answered with that is answered at once or never.
fn outcome(client: &mut Client, subject: &str, body: &str) -> String {
    client.publish(subject, Some("answers"), body.into()).unwrap();
    client.flush().unwrap();
    match client.next_message("told", Duration::from_millis(1)).unwrap() {
        None => "nothing".to_owned(),
        Some(message) => message.status().unwrap_or_else(|| "an answer".to_owned()),
    }
}

#[test]
fn acknowledgements_are_answered_where_they_mean_something() {
    let world = World::new(|_| {});
    let mut client = world.client();
    bucket(&mut client, &json!({}));
    request(&mut client, "$KV.a.k", &json!("v"));
    client.subscribe("answers", None, "told").unwrap();
    consumer(&mut client, "none", &json!({ "ack_policy": "none" }));
    consumer(&mut client, "explicit", &json!({ "ack_policy": "explicit" }));
    let ack = "$JS.ACK.KV_a.explicit.1.1.1.1.0";
    for (subject, body, expected) in [
        ("$JS.ACK.KV_a.none.1.1.1.1.0", "+ACK", "503"),
        ("$JS.ACK.KV_a.nobody.1.1.1.1.0", "+ACK", "503"),
        // Not delivered yet.
        (ack, "+ACK", "nothing"),
        (ack, "", "nothing"),
        (ack, "+TERM why", "nothing"),
        (ack, "-NAK", "an answer"),
        (ack, "+WPI", "an answer"),
        (ack, "unknown", "an answer"),
    ] {
        assert_eq!(outcome(&mut client, subject, body), expected, "{subject} {body}");
    }
    client.publish("$JS.API.CONSUMER.MSG.NEXT.KV_a.explicit", Some("answers"), "1".into()).unwrap();
    let next = client.next_message("told", PATIENCE).unwrap().unwrap();
    assert_eq!(next.subject, b"$KV.a.k");
    for body in ["+ACK", "+TERM", "+ACK"] {
        assert_eq!(outcome(&mut client, ack, body), "an answer", "{body}");
    }
}

#[test]
fn answers_to_flow_control_have_somebody_to_take_them_or_not() {
    let world = World::new(|_| {});
    let mut client = world.client();
    bucket(&mut client, &json!({}));
    client.subscribe("answers", None, "told").unwrap();
    consumer(&mut client, "plain", &json!({ "deliver_subject": "d" }));
    let flow = json!({ "deliver_subject": "d", "flow_control": true, "idle_heartbeat": 5_000_000_000_u64 });
    consumer(&mut client, "flow", &flow);
    for (subject, expected) in [
        ("$JS.FC.KV_a.flow.x", "nothing"),
        ("$JS.FC.KV_a.plain.x", "503"),
        ("$JS.FC.KV_a.nobody.x", "503"),
        ("$JS.FC.KV_b.flow.x", "503"),
    ] {
        assert_eq!(outcome(&mut client, subject, ""), expected, "{subject}");
    }
}

#[test]
fn a_push_consumer_waits_for_a_subscription_to_its_very_subject() {
    let world = World::new(|_| {});
    let mut client = world.client();
    bucket(&mut client, &json!({}));
    request(&mut client, "$KV.a.k", &json!("v"));
    client.subscribe("d.>", None, "wild").unwrap();
    let created = consumer(&mut client, "c", &json!({ "deliver_subject": "d.1", "ack_policy": "none" }));
    assert_eq!(created["push_bound"], Value::Null);
    client.subscribe("d.1", None, "own").unwrap();
    // Once it delivers, whoever subscribes gets it.
    for sid in ["own", "wild"] {
        let message = client.next_message(sid, PATIENCE).unwrap().unwrap();
        assert_eq!(message.subject, b"$KV.a.k");
    }
    let info = request(&mut client, "$JS.API.CONSUMER.INFO.KV_a.c", &Value::Null);
    assert_eq!((&info["push_bound"], &info["num_pending"]), (&json!(true), &json!(0)));
}

#[test]
fn what_is_published_again_keeps_the_headers_of_its_publisher() {
    let world = World::new(|_| {});
    let mut client = world.client();
    bucket(&mut client, &json!({ "republish": { "src": ">", "dest": "again.>" } }));
    client.subscribe("again.>", None, "again").unwrap();
    let value = Request { headers: b"NATS/1.0\r\nNats-Sequence: 77\r\n\r\n", payload: b"v" };
    client.publish("$KV.a.k", None, value).unwrap();
    let again = client.next_message("again", PATIENCE).unwrap().unwrap();
    let block = String::from_utf8(again.headers.unwrap()).unwrap();
    let names: Vec<_> = block.lines().filter_map(|line| line.split_once(": ")).collect();
    let own = [
        ("Nats-Sequence", "77"),
        ("Nats-Stream", "KV_a"),
        ("Nats-Subject", "$KV.a.k"),
        ("Nats-Sequence", "1"),
    ];
    assert_eq!(names[..4], own, "{block}");
    assert_eq!(names[5], ("Nats-Last-Sequence", "0"), "{block}");
}

#[test]
fn full_streams_take_what_replaces_something_as_large() {
    let world = World::new(|_| {});
    let mut client = world.client();
    bucket(&mut client, &json!({ "max_msgs_per_subject": 1, "discard": "new", "storage": "memory" }));
    for key in ["k", "l"] {
        assert_eq!(request(&mut client, &format!("$KV.a.{key}"), &json!("12345678"))["error"], Value::Null);
    }
    let limited = json!({ "name": "KV_a", "subjects": ["$KV.a.>"], "max_msgs_per_subject": 1, "discard": "new",
        "storage": "memory", "max_msgs": 1, "max_bytes": 60 });
    let updated = request(&mut client, "$JS.API.STREAM.UPDATE.KV_a", &limited);
    assert_eq!(updated["state"]["messages"], 2, "{updated}");
    for (key, value, expected) in [
        ("k", "12345678", Value::Null),
        ("l", "123456789", json!("maximum bytes exceeded")),
        ("l", "1234567", Value::Null),
        ("m", "1", json!("maximum messages exceeded")),
    ] {
        let stored = request(&mut client, &format!("$KV.a.{key}"), &json!(value));
        assert_eq!(stored["error"]["description"], expected, "{key} {value} {stored}");
    }
}

#[test]
fn settings_are_shown_as_they_are_understood() {
    let world = World::new(|_| {});
    let mut client = world.client();
    let created = bucket(&mut client, &json!({ "first_seq": 1, "placement": {} }));
    assert_eq!((&created["state"]["first_seq"], &created["state"]["last_seq"]), (&json!(1), &json!(0)));
    assert_eq!(created["config"]["placement"], Value::Null);
    for filter in ["..", "a b", "$KV..k"] {
        let info = request(&mut client, "$JS.API.STREAM.INFO.KV_a", &json!({ "subjects_filter": filter }));
        assert_eq!((&info["error"], &info["total"]), (&Value::Null, &json!(0)), "{filter}");
    }
    // A body of several values is one, and a level that says nothing asks for nothing.
    let names = client.request("$JS.API.STREAM.NAMES", "{\"offset\":9} {\"offset\":0}").unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&names.payload).unwrap()["streams"], json!(["KV_a"]));
    client.subscribe("answers", None, "told").unwrap();
    let no_level = Request { headers: b"NATS/1.0\r\nNats-Required-Api-Level: \r\n\r\n", payload: b"" };
    client.publish("$JS.API.INFO", Some("answers"), no_level).unwrap();
    let info = client.next_message("told", PATIENCE).unwrap().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&info.payload).unwrap()["error"], Value::Null);
    let both = json!({ "name": "S", "subjects": ["s"], "storage": "memory", "persist_mode": "async", "allow_atomic": true });
    let refused = request(&mut client, "$JS.API.STREAM.CREATE.S", &both);
    assert_eq!(refused["error"]["description"], "async persist mode is only supported on file storage");
}

#[test]
fn copies_tell_how_far_they_have_come() {
    let world = World::new(|_| {});
    let mut client = world.client();
    let origin = json!({ "name": "KV_a", "filter_subject": "$KV.a.k" });
    let sourced = json!({ "name": "S", "subjects": ["s"], "sources": [origin] });
    let mirror = json!({ "name": "M", "mirror": origin });
    request(&mut client, "$JS.API.STREAM.CREATE.S", &sourced);
    let created = request(&mut client, "$JS.API.STREAM.CREATE.M", &mirror);
    assert_eq!(created["mirror"]["filter_subject"], Value::Null, "before it has begun: {created}");
    let told = |client: &mut Client, name: &str, is_wanted: &dyn Fn(&Value) -> bool| {
        let mut copy = Value::Null;
        for _ in 0..ASKED_MAX {
            let info = request(client, &format!("$JS.API.STREAM.INFO.{name}"), &Value::Null);
            copy = if name == "M" { info["mirror"].clone() } else { info["sources"][0].clone() };
            if is_wanted(&copy) {
                return copy;
            }
        }
        panic!("{name}: {copy}")
    };
    for name in ["S", "M"] {
        let copy = told(&mut client, name, &|copy| !copy["error"].is_null());
        assert_eq!((&copy["error"]["err_code"], &copy["active"]), (&json!(10059), &json!(-1)), "{copy}");
    }
    bucket(&mut client, &json!({}));
    request(&mut client, "$KV.a.other", &json!("v"));
    request(&mut client, "$KV.a.k", &json!("v"));
    let copy = told(&mut client, "S", &|copy| copy["seq"] == 2);
    assert_eq!((&copy["error"], &copy["lag"]), (&Value::Null, &json!(0)), "{copy}");
    let copy = told(&mut client, "M", &|copy| copy["active"] != -1);
    assert_eq!((&copy["filter_subject"], &copy["seq"]), (&json!("$KV.a.k"), &Value::Null), "{copy}");
    let info = request(&mut client, "$JS.API.STREAM.INFO.KV_a", &Value::Null);
    assert_eq!(info["alternates"], Value::Null, "{info}");
}

/// So often somebody asks for what should come within a second.
const ASKED_MAX: usize = 1_000_000;

/// Beyond what a sequence can be nothing is removed; the reference goes there, and counts round at the last number.
#[test]
fn a_purge_that_is_refused_removes_nothing() {
    let world = World::new(|_| {});
    let mut client = world.client();
    bucket(&mut client, &json!({}));
    request(&mut client, "$KV.a.k", &json!("v"));
    let messages = |client: &mut Client| {
        request(client, "$JS.API.STREAM.INFO.KV_a", &Value::Null)["state"]["messages"].clone()
    };
    for seq in [u64::MAX, 1 << 63, (1 << 62) + 1] {
        let answer = request(&mut client, "$JS.API.STREAM.PURGE.KV_a", &json!({ "seq": seq }));
        assert_eq!(answer["error"]["err_code"], 10077, "{answer}");
        assert_eq!(messages(&mut client), 1, "{seq}");
    }
    let answer = request(&mut client, "$JS.API.STREAM.PURGE.KV_a", &json!({ "seq": 1_u64 << 60 }));
    assert_eq!(answer["purged"], 1, "{answer}");
    let stored = request(&mut client, "$KV.a.k", &json!("v"));
    assert_eq!(stored["seq"], 1_u64 << 60);
}

#[test]
fn a_purge_that_keeps_some_does_not_show_where_there_was_nothing() {
    let world = World::new(|_| {});
    let mut client = world.client();
    bucket(&mut client, &json!({}));
    for (body, first) in [(json!({ "keep": 1 }), 0), (json!({}), 1)] {
        request(&mut client, "$JS.API.STREAM.PURGE.KV_a", &body);
        let info = request(&mut client, "$JS.API.STREAM.INFO.KV_a", &Value::Null);
        assert_eq!(info["state"]["first_seq"], first, "{body}");
    }
}

#[test]
fn too_many_replicas_are_told_before_what_else_is_wrong() {
    let world = World::new(|_| {});
    let mut client = world.client();
    bucket(&mut client, &json!({}));
    let config = json!({ "name": "KV_a", "subjects": ["$KV.a.>"], "num_replicas": 3, "storage": "memory" });
    for operation in ["CREATE", "UPDATE"] {
        let answer = request(&mut client, &format!("$JS.API.STREAM.{operation}.KV_a"), &config);
        assert_eq!(answer["error"]["err_code"], 10074, "{operation}: {answer}");
    }
}
