//! What a restore puts back, and what it refuses.

use crate::world::{
    PATIENCE, World, api, backup, begin_restore, entries, err_code, fill, pack, pack_part, publish, restore,
};
use jetkv_server::options::{
    Credential, PermissionOptions, Secret, ServerOptions, SubjectPermission, UserOptions,
};
use jetkv_wire::archive::Entry;
use serde_json::{Value, json};
use testkit::nats::Client;

/// Returns a backup of the stream `S` of [`fill`], and its configuration.
fn made() -> (Vec<u8>, Value) {
    let world = World::new();
    let mut client = world.client();
    fill(&mut client);
    let backup = backup(&mut client, &json!({}));
    (backup.bytes, backup.response["config"].clone())
}

/// Expects the stream `S` of [`fill`] with nothing changed.
#[track_caller]
pub(crate) fn expect_filled(client: &mut Client) {
    let info = api(client, "STREAM.INFO.S", &json!({ "deleted_details": true }));
    let state = &info["state"];
    assert_eq!(
        (&state["messages"], &state["first_seq"], &state["last_seq"]),
        (&json!(7), &json!(2), &json!(10)),
        "{info}"
    );
    // Memory needs less around a message (PROTOCOL 4.1).
    let bytes = if info["config"]["storage"] == "memory" { 165 } else { 267 };
    assert_eq!((&state["deleted"], &state["bytes"]), (&json!([4, 10]), &json!(bytes)));
    for (seq, subject, data) in [(2, "s.1", "djE="), (3, "s.2", "djI="), (9, "s.2", "djg=")] {
        let message = &api(client, "STREAM.MSG.GET.S", &json!({ "seq": seq }))["message"];
        assert_eq!((&message["subject"], &message["data"]), (&json!(subject), &json!(data)));
        assert_eq!(message["hdrs"].is_string(), seq == 3);
    }
}

#[test]
fn what_was_backed_up_is_put_back_and_served_at_once() {
    let source = World::new();
    let mut client = source.client();
    fill(&mut client);
    let original = backup(&mut client, &json!({}));
    let consumer = api(&mut client, "CONSUMER.INFO.S.C1", &Value::Null);
    let times: Vec<_> = entries(&original.bytes).iter().map(|entry| entry.time).collect();
    for chunk in [50, 100_000] {
        let world = World::new();
        let mut client = world.client();
        client.subscribe("$JS.EVENT.ADVISORY.STREAM.>", None, "events").unwrap();
        let created = restore(&mut client, &original.response["config"], &original.bytes, chunk);
        assert_eq!(created["type"], "io.nats.jetstream.api.v1.stream_create_response");
        assert_eq!(
            (&created["state"]["last_seq"], created.get("did_create")),
            (&json!(10), None),
            "{created}"
        );
        expect_filled(&mut client);
        let again = backup(&mut client, &json!({}));
        let found: Vec<_> = entries(&again.bytes).iter().map(|entry| entry.time).collect();
        assert_eq!(found[3..], times[3..], "messages keep their times");
        let info = api(&mut client, "CONSUMER.INFO.S.C1", &Value::Null);
        for field in ["delivered", "ack_floor", "num_ack_pending", "num_pending"] {
            let bare = |info: &Value| {
                json!([info[field]["stream_seq"], info[field]["consumer_seq"], info[field].as_u64()])
            };
            assert_eq!(bare(&info), bare(&consumer), "{field}");
        }
        let names = api(&mut client, "CONSUMER.NAMES.S", &Value::Null);
        assert_eq!(names["consumers"], json!(["C1", "E1"]));
        let direct = client.request("$JS.API.DIRECT.GET.S.s.0", "").unwrap();
        assert_eq!(direct.payload, b"v6");
        assert_eq!(publish(&mut client, "s.new", "x".into()), json!({ "stream": "S", "seq": 11 }));
        client.subscribe("pulled", None, "pulled").unwrap();
        client.publish("$JS.API.CONSUMER.MSG.NEXT.S.C1", Some("pulled"), "1".into()).unwrap();
        let pulled = client.next_message("pulled", PATIENCE).unwrap().unwrap();
        assert!(String::from_utf8(pulled.reply.unwrap()).unwrap().starts_with("$JS.ACK.S.C1.1.6.4."));
        let events: Vec<_> =
            std::iter::repeat_with(|| client.next_message("events", PATIENCE).unwrap().unwrap())
                .take(3)
                .map(|event| {
                    String::from_utf8(event.subject).unwrap().replace("$JS.EVENT.ADVISORY.STREAM.", "")
                })
                .collect();
        assert_eq!(events, ["RESTORE_CREATE.S", "CREATED.S", "RESTORE_COMPLETE.S"]);
        assert!(!world.has_drafts());
    }
}

#[test]
fn nothing_is_there_before_the_end() {
    let (bytes, config) = made();
    let world = World::new();
    let mut client = world.client();
    let to = begin_restore(&mut client, &config);
    assert!(to.starts_with("$JS.SNAPSHOT.RESTORE.S."));
    client.request(&to, &bytes[..]).unwrap();
    assert!(world.has_drafts());
    assert_eq!(err_code(&api(&mut client, "STREAM.INFO.S", &Value::Null)), 10059);
    assert_eq!(client.request("s.1", "x").unwrap().status().as_deref(), Some("503"));
    assert_eq!(api(&mut client, "INFO", &Value::Null)["streams"], 0);
    client.request(&to, "").unwrap();
    expect_filled(&mut client);
    assert_eq!(client.request(&to, "").unwrap().status().as_deref(), Some("503"), "it is over");
}

#[test]
fn a_stream_in_memory_is_put_back_into_memory() {
    let (bytes, mut config) = made();
    config["storage"] = json!("memory");
    let world = World::new();
    let mut client = world.client();
    let files = world.fs.paths();
    assert_eq!(restore(&mut client, &config, &bytes, 100)["config"]["storage"], "memory");
    expect_filled(&mut client);
    let own = |path: &std::path::PathBuf| path.to_string_lossy().contains("-S");
    assert!(!files.iter().chain(&world.fs.paths()).any(own));
}

#[test]
fn a_restore_into_another_stream_is_refused() {
    let world = World::new();
    let mut client = world.client();
    fill(&mut client);
    let config = |name: &str| json!({ "name": name, "subjects": ["t.>"] });
    let rows = [
        ("T", json!({ "config": config("S"), "state": {} }), 10056),
        ("S", json!({ "config": config("T"), "state": {} }), 10056),
        ("S", json!({ "config": config("S"), "state": {} }), 10130),
        ("$jetkv-consumers", json!({ "config": config("$jetkv-consumers") }), 10130),
        ("T", json!({}), 10003),
        ("T", Value::Null, 10003),
        ("T", json!({ "foo": 1 }), 10025),
        ("T", json!({ "config": { "name": "T", "subjects": ["a..b"] } }), 10052),
        ("T", json!({ "config": { "name": "T", "allow_msg_counter": true } }), 10052),
        ("T", json!({ "config": { "name": "T", "num_replicas": 3 } }), 10074),
    ];
    for (stream, body, code) in rows {
        let answer = api(&mut client, &format!("STREAM.RESTORE.{stream}"), &body);
        let expected = (code, &json!("io.nats.jetstream.api.v1.stream_restore_response"), &json!(""));
        assert_eq!(
            (err_code(&answer), &answer["type"], &answer["deliver_subject"]),
            expected,
            "{stream} {body}"
        );
    }
    expect_filled(&mut client);
}

#[test]
fn names_and_subjects_that_were_taken_meanwhile_stay_with_their_streams() {
    let (bytes, config) = made();
    let world = World::new();
    let mut client = world.client();
    let (first, second) = (begin_restore(&mut client, &config), begin_restore(&mut client, &config));
    client.request(&first, &bytes[..]).unwrap();
    client.request(&second, &bytes[..]).unwrap();
    let mut end =
        |to: &str| -> Value { serde_json::from_slice(&client.request(to, "").unwrap().payload).unwrap() };
    assert_eq!((err_code(&end(&second)), err_code(&end(&first))), (0, 10130));
    expect_filled(&mut client);
    api(&mut client, "STREAM.DELETE.S", &Value::Null);
    let third = begin_restore(&mut client, &config);
    api(&mut client, "STREAM.CREATE.T", &json!({ "name": "T", "subjects": ["s.1"] }));
    client.request(&third, &bytes[..]).unwrap();
    let answer: Value = serde_json::from_slice(&client.request(&third, "").unwrap().payload).unwrap();
    let text = "restore failed: error adding stream: subjects overlap with an existing stream (10065)";
    assert_eq!(
        (&answer["error"]["err_code"], &answer["error"]["description"]),
        (&json!(10062), &json!(text))
    );
    assert_eq!(api(&mut client, "STREAM.NAMES", &Value::Null)["streams"], json!(["T"]));
    assert!(!world.has_drafts());
}

fn entry(name: &str, sequence: u64, payload: &str) -> Entry {
    Entry {
        name: name.into(),
        time: 1_795_847_777_270_634_506,
        sequence,
        headers: Default::default(),
        payload: payload.to_owned().into(),
    }
}

#[test]
fn archives_that_are_not_whole_leave_nothing() {
    let (bytes, config) = made();
    let state = entry("state.json", 0, r#"{"messages":2,"last_seq":10}"#);
    let with_consumer = entry("state.json", 0, r#"{"last_seq":10,"consumer_count":1}"#);
    let (one, two) = (entry("s.1", 2, "v"), entry("s.2", 5, "v"));
    let packed = |list: &[&Entry]| pack(&list.iter().map(|&each| each.clone()).collect::<Vec<_>>());
    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let no_end = pack_part(&[state.clone(), one.clone()]);
    let rows: [(Vec<u8>, &str); 16] = [
        (no_end, "snapshot is cut off"),
        (Vec::new(), "S2 stream is cut off"),
        (b"hello, this is no backup".to_vec(), "too large"),
        (b"\xff\x06\0\0sNaPpz".to_vec(), "not an S2 stream"),
        (bytes[..bytes.len() - 1].to_vec(), "cut off"),
        (flipped, "corrupt"),
        (packed(&[]), "expected state.json first"),
        (packed(&[&one, &state]), "expected state.json first"),
        (packed(&[&entry("state.json", 0, "{")]), "error in state.json"),
        (packed(&[&state, &two, &one]), "message sequence 2 out of order"),
        (packed(&[&state, &one, &one]), "message sequence 2 out of order"),
        (packed(&[&state, &entry("s.1", 0, "")]), "expected message sequence"),
        (packed(&[&state, &entry("s..1", 2, "")]), "malformed subject"),
        (packed(&[&with_consumer, &one]), "expected consumer, found"),
        (packed(&[&with_consumer]), "expected consumer"),
        (packed(&[&with_consumer, &entry("consumers/C", 0, "{")]), "failed to decode consumer"),
    ];
    let world = World::new();
    let mut client = world.client();
    for (bytes, text) in rows {
        let answer = restore(&mut client, &config, &bytes, 64);
        let found = answer["error"]["description"].as_str().unwrap();
        assert!(found.starts_with("restore failed: ") && found.contains(text), "{text}: {answer}");
        assert_eq!((err_code(&answer), &answer["error"]["code"]), (10062, &json!(500)));
        assert_eq!(err_code(&api(&mut client, "STREAM.INFO.S", &Value::Null)), 10059);
        assert!(!world.has_drafts(), "{text}");
    }
    let last = entry("state.json", 0, &format!(r#"{{"last_seq":{}}}"#, u64::MAX));
    assert_eq!(err_code(&restore(&mut client, &config, &packed(&[&last]), 64)), 10062);
    let consumer =
        r#"{"config":{"durable_name":"C","ack_policy":"explicit","deliver_policy":"by_start_sequence"}}"#;
    let answer = restore(
        &mut client,
        &config,
        &packed(&[&with_consumer, &entry("consumers/C", 0, consumer), &one]),
        64,
    );
    assert!(answer["error"]["description"].as_str().unwrap().ends_with("(10094)"), "{answer}");
    assert_eq!(api(&mut client, "STREAM.NAMES", &Value::Null)["total"], 0);
}

#[test]
fn odd_archives_are_put_back_as_by_the_reference() {
    let config = json!({ "name": "S", "subjects": ["s.>"], "max_msgs_per_subject": 1 });
    let world = World::new();
    let mut client = world.client();
    let state = |json: &str| entry("state.json", 0, json);
    // (entries, messages, first and last sequence)
    let rows = [
        (vec![state(r#"{"first_seq":11,"last_seq":10}"#)], 0, 11, 10),
        (vec![state("{}"), entry("s.1", 3, "a")], 1, 3, 3),
        // More than the limits allow: the newest stay. Sequences far apart, and a subject that the stream no longer takes.
        (
            vec![
                state(r#"{"last_seq":3}"#),
                entry("s.1", 2, "a"),
                entry("s.2", 5, "b"),
                entry("s.1", 7, "c"),
            ],
            2,
            5,
            7,
        ),
        (
            vec![
                state("{}"),
                entry("s.1", 1, "a"),
                entry("s.2", 1 << 40, "b"),
                entry("old.x", (1 << 40) + 1, "c"),
            ],
            3,
            1,
            (1_u64 << 40) + 1,
        ),
    ];
    for (entries, messages, first, last) in rows {
        let answer = restore(&mut client, &config, &pack(&entries), 1_000);
        let state = &answer["state"];
        let found = (&state["messages"], &state["first_seq"], &state["last_seq"]);
        assert_eq!(found, (&json!(messages), &json!(first), &json!(last)), "{answer}");
        assert_eq!(publish(&mut client, "s.new", "x".into())["seq"], last + 1);
        api(&mut client, "STREAM.DELETE.S", &Value::Null);
    }
    // Sealed, with keys purged and deleted, none of which does anything again.
    let markers = |word: &str, sequence| Entry {
        headers: format!("NATS/1.0\r\nKV-Operation: {word}\r\nNats-Rollup: sub\r\n\r\n").into_bytes().into(),
        ..entry("s.1", sequence, "")
    };
    let list = [state(r#"{"last_seq":9}"#), entry("s.1", 2, "a"), markers("PURGE", 3), markers("DEL", 4)];
    let config = json!({ "name": "S", "subjects": ["s.>"], "sealed": true });
    let answer = restore(&mut client, &config, &pack(&list), 1_000);
    assert_eq!(
        (&answer["state"]["messages"], &answer["config"]["sealed"]),
        (&json!(3), &json!(true)),
        "{answer}"
    );
}

#[test]
fn a_restore_takes_no_more_than_its_account_may_have() {
    let limit = |options: &mut ServerOptions| {
        if let Some(jetstream) = &mut options.jetstream {
            jetstream.max_file = Some(10_000);
        }
    };
    let world = World::with(testkit::SimFs::new(testkit::DiskModel::Posix), limit);
    let mut client = world.client();
    let config = json!({ "name": "S", "subjects": ["s.>"] });
    let mut list = vec![entry("state.json", 0, "{}")];
    list.extend((1..=20).map(|n| entry(&format!("s.{n}"), n, &"x".repeat(1_000))));
    assert_eq!(err_code(&restore(&mut client, &config, &pack(&list), 1_000)), 10047);
    assert!(!world.has_drafts());
    list.truncate(9);
    assert_eq!(err_code(&restore(&mut client, &config, &pack(&list), 1_000)), 0);
    let reserving = json!({ "config": { "name": "T", "max_bytes": 20_000 }, "state": {} });
    assert_eq!(err_code(&api(&mut client, "STREAM.RESTORE.T", &reserving)), 10047);
}

#[test]
fn a_restore_ends_with_its_client() {
    let (bytes, config) = made();
    let world = World::new();
    let mut client = world.client();
    client.subscribe("$JS.EVENT.ADVISORY.STREAM.RESTORE_COMPLETE.S", None, "events").unwrap();
    // A chunk that wants no answer means that nobody waits for one.
    let to = begin_restore(&mut client, &config);
    client.request(&to, &bytes[..]).unwrap();
    client.publish(&to, None, "".into()).unwrap();
    let event = client.next_message("events", PATIENCE).unwrap().unwrap();
    let event: Value = serde_json::from_slice(&event.payload).unwrap();
    assert_eq!(event["bytes"], bytes.len());
    assert_eq!(err_code(&api(&mut client, "STREAM.INFO.S", &Value::Null)), 10059);
    // The name is free.
    assert_eq!(err_code(&restore(&mut client, &config, &bytes, 1_000)), 0);
}

#[test]
fn who_may_restore_one_stream_may_not_restore_another() {
    let (bytes, config) = made();
    let world = World::with(testkit::SimFs::new(testkit::DiskModel::Posix), |options| {
        let own = |list: &[&str]| {
            Some(SubjectPermission {
                allow: Some(list.iter().map(|&each| each.to_owned()).collect()),
                deny: Vec::new(),
            })
        };
        let permissions = PermissionOptions {
            publish: own(&["$JS.API.STREAM.RESTORE.T", "$JS.SNAPSHOT.RESTORE.T.>"]),
            ..PermissionOptions::default()
        };
        let user = |name: &str| {
            UserOptions::new(Credential::Password { user: name.to_owned(), password: Secret::new("p") })
        };
        options.auth.users = vec![user("all"), UserOptions { permissions: Some(permissions), ..user("one") }];
    });
    let connect = |user: &str| {
        format!(
            r#"{{"user":"{user}","pass":"p","verbose":false,"headers":true,"no_responders":true,"protocol":1}}"#
        )
    };
    let (mut all, mut one) = (world.client_with(&connect("all")), world.client_with(&connect("one")));
    let answer = api(&mut one, "STREAM.RESTORE.T", &json!({ "config": config, "state": {} }));
    assert_eq!(err_code(&answer), 10056);
    let answer = api(&mut one, "STREAM.RESTORE.T", &json!({ "config": { "name": "T" }, "state": {} }));
    let to = answer["deliver_subject"].as_str().unwrap().to_owned();
    one.request(&to, &bytes[..]).unwrap();
    // Nor may it put chunks into the restore of somebody else.
    let foreign = begin_restore(&mut all, &config);
    one.publish(&foreign, Some("x"), "garbage".into()).unwrap();
    one.flush().unwrap();
    all.request(&foreign, &bytes[..]).unwrap();
    all.request(&foreign, "").unwrap();
    expect_filled(&mut all);
    one.request(&to, "").unwrap();
    assert_eq!(api(&mut all, "STREAM.NAMES", &Value::Null)["streams"], json!(["S", "T"]));
}
