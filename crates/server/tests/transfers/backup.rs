//! What a backup brings, and how it flows.

use crate::world::{
    World, acknowledge, api, backup, begin_backup, entries, err_code, fill, finish_backup, next_chunk,
    publish,
};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::nats::{Client, Request};

#[test]
fn a_backup_holds_the_state_the_consumers_and_the_messages() {
    let world = World::new();
    let mut client = world.client();
    fill(&mut client);
    let info = api(&mut client, "STREAM.INFO.S", &Value::Null);
    let backup = backup(&mut client, &json!({}));
    assert_eq!((backup.chunks.len(), backup.end), (1, None), "the end of a short one has no status");
    assert_eq!(backup.response["type"], "io.nats.jetstream.api.v1.stream_snapshot_response");
    assert_eq!(backup.response["config"]["subjects"], json!(["s.>"]));
    assert_eq!(backup.response["state"], info["state"]);
    let entries = entries(&backup.bytes);
    let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(
        names,
        ["state.json", "consumers/C1", "consumers/E1", "s.1", "s.2", "s.1", "s.2", "s.0", "s.1", "s.2"]
    );
    assert_eq!(serde_json::from_slice::<Value>(&entries[0].payload).unwrap(), info["state"]);
    let consumer: Value = serde_json::from_slice(&entries[1].payload).unwrap();
    assert_eq!(consumer["config"]["durable_name"], "C1");
    assert_eq!(consumer["state"]["delivered"], json!({ "consumer_seq": 3, "stream_seq": 5 }));
    assert_eq!(consumer["state"]["ack_floor"], json!({ "consumer_seq": 1, "stream_seq": 2 }));
    assert_eq!(consumer["state"]["pending"]["5"]["Sequence"], 3);
    let sequences: Vec<_> = entries[3..].iter().map(|entry| entry.sequence).collect();
    assert_eq!(sequences, [2, 3, 5, 6, 7, 8, 9]);
    assert_eq!((&*entries[4].headers, &*entries[4].payload), (&b"NATS/1.0\r\nA: b\r\n\r\n"[..], &b"v2"[..]));
    let stored = api(&mut client, "STREAM.MSG.GET.S", &json!({ "seq": 3 }));
    let time = jetkv_types::Timestamp::from_nanos(u64::try_from(entries[4].time).unwrap());
    assert_eq!(stored["message"]["time"], time.to_string());
}

#[test]
fn consumers_are_left_out_on_request() {
    let world = World::new();
    let mut client = world.client();
    fill(&mut client);
    let backup = backup(&mut client, &json!({ "no_consumers": true }));
    assert_eq!(backup.response["state"]["consumer_count"], 2);
    let entries = entries(&backup.bytes);
    assert_eq!(entries.len(), 8);
    assert_eq!(serde_json::from_slice::<Value>(&entries[0].payload).unwrap()["consumer_count"], 0);
}

#[test]
fn bad_requests_are_refused_as_by_the_reference() {
    let world = World::new();
    let mut client = world.client();
    fill(&mut client);
    let rows = [
        ("S", "", 10003),
        ("S", "{}", 10003),
        ("NOPE", "", 10003),
        ("S", "x", 10025),
        ("S", r#"{"foo":1}"#, 10025),
        ("NOPE", r#"{"deliver_subject":"x"}"#, 10059),
        ("S", r#"{"deliver_subject":""}"#, 10015),
        ("S", r#"{"deliver_subject":"a b"}"#, 10015),
        ("S", r#"{"deliver_subject":"a.*"}"#, 10015),
        ("S", r#"{"deliver_subject":"a..b"}"#, 10015),
    ];
    for (stream, body, code) in rows {
        let answer = client.request(&format!("$JS.API.STREAM.SNAPSHOT.{stream}"), body).unwrap();
        let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
        assert_eq!(
            (err_code(&answer), &answer["type"]),
            (code, &json!("io.nats.jetstream.api.v1.stream_snapshot_response")),
            "{stream} {body}"
        );
    }
}

/// Makes the stream `S` with so many messages of 1,000 bytes that do not compress.
fn fill_large(client: &mut Client, messages: u64) {
    api(client, "STREAM.CREATE.S", &json!({ "name": "S", "subjects": ["s.>"], "max_msgs_per_subject": 1 }));
    let mut random = 1_u64;
    for n in 0..messages {
        let mut byte = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            random.to_be_bytes()[0]
        };
        let payload: Vec<u8> = (0..1_000).map(|_| byte()).collect();
        publish(client, &format!("s.{n}"), Request { headers: b"", payload: &payload });
    }
}

#[test]
fn chunks_wait_for_acks_as_far_as_the_window_goes() {
    let world = World::new();
    let mut client = world.client();
    fill_large(&mut client, 20);
    // (chunk asked for, its size, window asked for, chunks that come without an ack)
    let rows = [(1_000, 1_024, 5_000, 4), (1_500, 1_500, 10, 1), (-3, 1_024, 3_072, 3), (4_096, 4_096, 0, 4)];
    for (asked, bytes, window, free) in rows {
        let response = begin_backup(&mut client, &json!({ "chunk_size": asked, "window_size": window }));
        let mut waiting: Vec<_> = (0..free).map(|_| next_chunk(&mut client)).collect();
        let reply = String::from_utf8(waiting[0].reply.clone().unwrap()).unwrap();
        assert!(
            reply.starts_with("$JS.SNAPSHOT.ACK.S.") && reply.ends_with(&format!(".{bytes}.1")),
            "{reply}"
        );
        if window != 0 {
            assert_eq!(client.next_message("chunks", Duration::from_millis(50)).unwrap(), None);
            // An ack of something else, and one that comes twice, make room for no more than one.
            client.publish(&reply.replace(".1", ".99"), None, "".into()).unwrap();
            acknowledge(&mut client, &waiting[0]);
            acknowledge(&mut client, &waiting[0]);
            waiting.push(next_chunk(&mut client));
            assert_eq!(client.next_message("chunks", Duration::from_millis(50)).unwrap(), None);
        }
        assert!(waiting.iter().all(|chunk| chunk.payload.len() == bytes));
        waiting[1..].iter().for_each(|chunk| acknowledge(&mut client, chunk));
        let rest = finish_backup(&mut client, response);
        assert_eq!(rest.end.as_deref(), Some("NATS/1.0 204\r\n\r\n"));
        let mut all: Vec<u8> = waiting.into_iter().flat_map(|chunk| chunk.payload).collect();
        all.extend_from_slice(&rest.bytes);
        assert_eq!(entries(&all).len(), 21);
    }
}

#[test]
fn a_backup_is_one_moment_whatever_is_written_meanwhile() {
    let world = World::new();
    let mut client = world.client();
    fill_large(&mut client, 30);
    let response = begin_backup(&mut client, &json!({ "chunk_size": 1_024, "window_size": 1_024 }));
    let first = next_chunk(&mut client);
    // It waits for its ack now. Everything is replaced, removed, and the stream as well.
    for n in 0..40 {
        publish(&mut client, &format!("s.{n}"), "new".into());
    }
    api(&mut client, "STREAM.PURGE.S", &Value::Null);
    api(&mut client, "STREAM.DELETE.S", &Value::Null);
    acknowledge(&mut client, &first);
    let rest = finish_backup(&mut client, response);
    let all = [first.payload, rest.bytes].concat();
    let messages = &entries(&all)[1..];
    let sequences: Vec<_> = messages.iter().map(|entry| entry.sequence).collect();
    assert_eq!(sequences, (1..=30).collect::<Vec<_>>());
    assert!(messages.iter().all(|entry| entry.payload.len() == 1_000));
    assert_eq!(rest.response["state"]["last_seq"], 30);
}

#[test]
fn a_client_may_subscribe_when_it_has_the_answer() {
    let world = World::new();
    let mut client = world.client();
    fill(&mut client);
    // As official clients do: below the wildcard that they have for all answers.
    client.subscribe("_INBOX.mine.*", None, "all").unwrap();
    let request = json!({ "deliver_subject": "_INBOX.mine.1" });
    api(&mut client, "STREAM.SNAPSHOT.S", &request);
    assert_eq!(client.next_message("all", Duration::from_millis(50)).unwrap(), None);
    client.subscribe("_INBOX.mine.1", None, "own").unwrap();
    let chunk = client.next_message("own", crate::world::PATIENCE).unwrap().unwrap();
    assert_eq!(entries(&chunk.payload).len(), 10);
    // One that has nothing but a wildcard gets it, too.
    api(&mut client, "STREAM.SNAPSHOT.S", &json!({ "deliver_subject": "_INBOX.mine.2" }));
    let chunks =
        std::iter::repeat_with(|| client.next_message("all", crate::world::PATIENCE).unwrap().unwrap());
    let chunk = chunks.into_iter().find(|chunk| chunk.subject == b"_INBOX.mine.2").unwrap();
    assert_eq!(entries(&chunk.payload).len(), 10);
}

#[test]
fn events_tell_of_a_backup_even_if_nobody_takes_it() {
    let world = World::new();
    let mut client = world.client();
    fill(&mut client);
    client.subscribe("$JS.EVENT.ADVISORY.STREAM.>", None, "events").unwrap();
    client.subscribe("chunks", None, "chunks").unwrap();
    api(&mut client, "STREAM.SNAPSHOT.S", &json!({ "deliver_subject": "chunks", "chunk_size": 1_024 }));
    let mut next = || {
        let event = client.next_message("events", crate::world::PATIENCE).unwrap().unwrap();
        let body: Value = serde_json::from_slice(&event.payload).unwrap();
        (String::from_utf8(event.subject).unwrap(), body)
    };
    let (begins, ends) = (next(), next());
    assert_eq!(begins.0, "$JS.EVENT.ADVISORY.STREAM.SNAPSHOT_CREATE.S");
    assert_eq!(begins.1["type"], "io.nats.jetstream.advisory.v1.snapshot_create");
    assert_eq!((&begins.1["stream"], &begins.1["state"]["messages"]), (&json!("S"), &json!(7)));
    assert_eq!(ends.0, "$JS.EVENT.ADVISORY.STREAM.SNAPSHOT_COMPLETE.S");
    assert!(ends.1["start"].is_string() && ends.1["end"].is_string() && ends.1["bytes"].is_null());
    // Nobody listens: after two seconds it is over.
    api(&mut client, "STREAM.SNAPSHOT.S", &json!({ "deliver_subject": "nowhere" }));
    let end =
        std::iter::repeat_with(|| client.next_message("events", crate::world::PATIENCE).unwrap().unwrap())
            .nth(1);
    assert_eq!(String::from_utf8(end.unwrap().subject).unwrap(), ends.0);
}
