//! Damaged is not absent (RELIABILITY, row 5): whatever is done with a key whose record cannot be read, the answer is an
//! error that says so, or the write that replaces it. Nothing is silent, and nothing says "not found".

use crate::disk::{Running, api, create_bucket, damage_record, dig_hole, get, put, ruin_stream, send, value};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::nats::{Client, Message, Request};
use testkit::{DiskModel, SimFs};

/// What is wrong with the key `k` of the bucket `b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// One bit of its value flipped.
    Record,
    /// Its entry is gone with all that tells of it, so that any key could be concerned.
    Hole,
    /// Nothing of its stream can be read.
    Stream,
}

/// What must come of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Must {
    /// An error that is not "not found".
    Fail,
    /// Success: it replaces what is damaged, or does not depend on it.
    Work,
}

use Must::{Fail, Work};

/// What came of an operation.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    Failed(String),
    /// What must never be said of a damaged key.
    Absent(String),
}

/// A disk with two buckets, stopped cleanly; `k` has the revision 2 in both histories.
fn disk(history: u32) -> SimFs {
    let fs = SimFs::new(DiskModel::Posix);
    let running = Running::on(&fs);
    let mut client = running.client();
    create_bucket(&mut client, "b", history);
    create_bucket(&mut client, "other", history);
    for key in ["a", "k", "z"] {
        put(&mut client, &format!("b.{key}"), &format!("value-of-b-{key}"));
        put(&mut client, &format!("other.{key}"), &format!("value-of-other-{key}"));
    }
    drop(running);
    fs
}

fn spoil(fs: &SimFs, state: State) {
    match state {
        State::Record => damage_record(fs, "value-of-b-k"),
        State::Hole => dig_hole(fs, "k", "value-of-b-k"),
        State::Stream => ruin_stream(fs, "KV_b"),
    }
}

fn judge(message: &Message) -> Outcome {
    if let Some(status) = message.status() {
        return if status.starts_with("404") { Outcome::Absent(status) } else { Outcome::Failed(status) };
    }
    match serde_json::from_slice::<Value>(&message.payload) {
        Ok(body) if body.get("error").is_some() => {
            let error = &body["error"];
            let text = error.to_string();
            if error["code"] == 404 { Outcome::Absent(text) } else { Outcome::Failed(text) }
        }
        _ => Outcome::Done,
    }
}

fn ask(client: &mut Client, operation: &str, body: Value) -> Outcome {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    judge(&client.request(&format!("$JS.API.{operation}"), body.as_str()).unwrap())
}

/// Reads answers of a direct get for several messages until it ends.
fn ask_many(client: &mut Client, body: Value) -> Outcome {
    client.subscribe("batch", None, "batch").unwrap();
    let request = body.to_string();
    client.publish("$JS.API.DIRECT.GET.KV_b", Some("batch"), Request::from(request.as_str())).unwrap();
    loop {
        let message = client.next_message("batch", LIMIT).unwrap().expect("an answer must end");
        match message.status() {
            None => {}
            Some(status) if status.starts_with("204") => return Outcome::Done,
            Some(_) => return judge(&message),
        }
    }
}

fn publish(client: &mut Client, headers: &[(&str, &str)], value: &str) -> Outcome {
    judge(&send(client, "b.k", headers, value))
}

/// Watches as official clients do, until everything that is there was delivered.
fn watch(client: &mut Client, filter: &str, more: Value) -> Outcome {
    client.subscribe("deliver", None, "watch").unwrap();
    let mut config = json!({
        "name": "watcher", "filter_subject": filter, "deliver_subject": "deliver", "ack_policy": "none",
        "deliver_policy": "last_per_subject", "max_deliver": 1, "flow_control": true,
        "idle_heartbeat": 5_000_000_000_u64, "num_replicas": 1, "mem_storage": true,
    });
    for (name, value) in more.as_object().unwrap() {
        config[name] = value.clone();
    }
    let body = json!({ "stream_name": "KV_b", "config": config }).to_string();
    let created =
        client.request(&format!("$JS.API.CONSUMER.CREATE.KV_b.watcher.{filter}"), body.as_str()).unwrap();
    let failed = judge(&created);
    if failed != Outcome::Done {
        return failed;
    }
    let created: Value = serde_json::from_slice(&created.payload).unwrap();
    let mut left = created["num_pending"].as_u64().unwrap();
    while left > 0 {
        let message = client.next_message("watch", LIMIT).unwrap().expect("a watch must go on");
        match message.status() {
            None => left -= 1,
            Some(status) if status.starts_with("100") => {}
            Some(status) => return Outcome::Failed(status),
        }
    }
    Outcome::Done
}

/// An operation with what must come of it when the record is damaged, behind a hole, and in a lost stream.
type Row = (&'static str, [Must; 3], fn(&mut Client) -> Outcome);

const ROWS: &[Row] = &[
    ("direct get by subject", [Fail, Fail, Fail], |c| judge(&get(c, "b", "k"))),
    ("direct get with a body", [Fail, Fail, Fail], |c| {
        ask(c, "DIRECT.GET.KV_b", json!({ "last_by_subj": "$KV.b.k" }))
    }),
    ("direct get by sequence", [Fail, Fail, Fail], |c| ask(c, "DIRECT.GET.KV_b", json!({ "seq": 2 }))),
    ("direct get of the next", [Fail, Fail, Fail], |c| {
        ask(c, "DIRECT.GET.KV_b", json!({ "next_by_subj": "$KV.b.k" }))
    }),
    ("direct get of a batch", [Fail, Fail, Fail], |c| {
        ask_many(c, json!({ "next_by_subj": "$KV.b.>", "batch": 10 }))
    }),
    ("direct get of the last of many", [Fail, Fail, Fail], |c| {
        ask_many(c, json!({ "multi_last": ["$KV.b.>"] }))
    }),
    ("get by subject", [Fail, Fail, Fail], |c| {
        ask(c, "STREAM.MSG.GET.KV_b", json!({ "last_by_subj": "$KV.b.k" }))
    }),
    ("get by sequence", [Fail, Fail, Fail], |c| ask(c, "STREAM.MSG.GET.KV_b", json!({ "seq": 2 }))),
    ("get of the next", [Fail, Fail, Fail], |c| {
        ask(c, "STREAM.MSG.GET.KV_b", json!({ "next_by_subj": "$KV.b.k", "seq": 1 }))
    }),
    ("put", [Work, Work, Fail], |c| publish(c, &[], "new")),
    ("create", [Fail, Fail, Fail], |c| publish(c, &[("Nats-Expected-Last-Subject-Sequence", "0")], "new")),
    ("update", [Fail, Fail, Fail], |c| publish(c, &[("Nats-Expected-Last-Subject-Sequence", "2")], "new")),
    ("delete", [Work, Work, Fail], |c| publish(c, &[("KV-Operation", "DEL")], "")),
    ("delete with a revision", [Fail, Fail, Fail], |c| {
        publish(c, &[("KV-Operation", "DEL"), ("Nats-Expected-Last-Subject-Sequence", "2")], "")
    }),
    ("purge", [Work, Work, Fail], |c| publish(c, &[("KV-Operation", "PURGE"), ("Nats-Rollup", "sub")], "")),
    ("purge with a revision", [Fail, Fail, Fail], |c| {
        let expected = ("Nats-Expected-Last-Subject-Sequence", "2");
        publish(c, &[("KV-Operation", "PURGE"), ("Nats-Rollup", "sub"), expected], "")
    }),
    ("purge by the API", [Work, Work, Fail], |c| ask(c, "STREAM.PURGE.KV_b", json!({ "filter": "$KV.b.k" }))),
    ("atomic batch", [Fail, Fail, Fail], |c| {
        let headers = [
            ("Nats-Batch-Id", "one"),
            ("Nats-Batch-Sequence", "1"),
            ("Nats-Batch-Commit", "1"),
            ("Nats-Expected-Last-Subject-Sequence", "2"),
        ];
        publish(c, &headers, "new")
    }),
    ("watch of the key", [Fail, Fail, Fail], |c| watch(c, "$KV.b.k", json!({}))),
    ("watch of all keys", [Fail, Fail, Fail], |c| watch(c, "$KV.b.>", json!({}))),
    ("list of keys", [Fail, Fail, Fail], |c| watch(c, "$KV.b.>", json!({ "headers_only": true }))),
    ("history", [Fail, Fail, Fail], |c| watch(c, "$KV.b.k", json!({ "deliver_policy": "all" }))),
    ("resumed watch", [Fail, Fail, Fail], |c| {
        watch(c, "$KV.b.>", json!({ "deliver_policy": "by_start_sequence", "opt_start_seq": 2 }))
    }),
    ("watch of updates", [Work, Work, Fail], |c| watch(c, "$KV.b.k", json!({ "deliver_policy": "new" }))),
    ("info", [Work, Work, Fail], |c| ask(c, "STREAM.INFO.KV_b", Value::Null)),
    ("info with subjects", [Work, Fail, Fail], |c| {
        ask(c, "STREAM.INFO.KV_b", json!({ "subjects_filter": ">" }))
    }),
    ("names of consumers", [Work, Work, Fail], |c| ask(c, "CONSUMER.NAMES.KV_b", Value::Null)),
    ("list of consumers", [Work, Work, Fail], |c| ask(c, "CONSUMER.LIST.KV_b", Value::Null)),
    ("info of a consumer", [Work, Work, Fail], |c| match ask(c, "CONSUMER.INFO.KV_b.none", Value::Null) {
        // There is none of that name, and that is known if the stream is.
        Outcome::Absent(text) if text.contains("10014") => Outcome::Done,
        outcome => outcome,
    }),
    ("create of the bucket", [Fail, Fail, Fail], |c| {
        let config = json!({ "name": "KV_b", "subjects": ["$KV.b.>"], "max_msgs_per_subject": 3 });
        ask(c, "STREAM.CREATE.KV_b", config)
    }),
    ("edit of the bucket", [Work, Work, Fail], |c| {
        let info = api(c, "STREAM.INFO.KV_b", "");
        let config =
            if info["config"].is_null() { json!({ "name": "KV_b" }) } else { info["config"].clone() };
        ask(c, "STREAM.UPDATE.KV_b", config)
    }),
];

fn check_rows(state: State, at: usize, history: u32) {
    let disk = disk(history);
    let mut violations = Vec::new();
    for (name, musts, run) in ROWS {
        let fs = disk.fork();
        spoil(&fs, state);
        let running = Running::on(&fs);
        let mut client = running.client();
        let outcome = run(&mut client);
        let agrees = match musts[at] {
            Work => outcome == Outcome::Done,
            Fail => matches!(outcome, Outcome::Failed(_)),
        };
        if !agrees {
            violations.push(format!("{state:?}, history {history}, {name}: {outcome:?}"));
        }
        // What is not damaged is not concerned.
        assert_eq!(value(&mut client, "other", "k"), "value-of-other-k", "{name}");
        put(&mut client, "other.k", "goes on");
    }
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn a_damaged_record_is_never_absent() {
    check_rows(State::Record, 0, 1);
    check_rows(State::Record, 0, 5);
}

#[test]
fn behind_a_hole_no_key_is_absent() {
    check_rows(State::Hole, 1, 1);
    check_rows(State::Hole, 1, 5);
}

#[test]
fn a_lost_stream_is_never_absent() {
    check_rows(State::Stream, 2, 1);
}

#[test]
fn a_lost_bucket_is_in_the_lists_of_buckets() {
    let fs = disk(1);
    spoil(&fs, State::Stream);
    let running = Running::on(&fs);
    let mut client = running.client();
    for body in ["", r#"{"subject":"$KV.*.>"}"#] {
        let names = api(&mut client, "STREAM.NAMES", body);
        let mut found: Vec<_> =
            names["streams"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, ["KV_b", "KV_other"], "{body}");
        let list = api(&mut client, "STREAM.LIST", body);
        assert_eq!(list["streams"].as_array().unwrap().len(), 1, "{list}");
        assert!(list["offline"]["KV_b"].as_str().unwrap().contains("KV_b"), "{list}");
    }
    // Who looks for the stream of a subject does not get one of which nobody knows the subjects.
    let names = api(&mut client, "STREAM.NAMES", r#"{"subject":"$KV.other.k"}"#);
    assert_eq!(names["streams"], json!(["KV_other"]));
}

#[test]
fn a_put_heals_the_key_and_everything_that_it_was_in() {
    let fs = disk(1);
    spoil(&fs, State::Record);
    let running = Running::on(&fs);
    let mut client = running.client();
    assert!(get(&mut client, "b", "k").status().unwrap().starts_with("500"));
    assert_eq!(running.page("/healthz").0, 503);
    assert_eq!(put(&mut client, "b.k", "new"), 4);
    assert_eq!(value(&mut client, "b", "k"), "new");
    assert_eq!(running.page("/healthz"), (200, r#"{"status":"ok"}"#.into()));
    assert_eq!(watch(&mut client, "$KV.b.>", json!({})), Outcome::Done);
    assert!(api(&mut client, "STREAM.INFO.KV_b", "")["state"].get("lost").is_none());
    let update = publish(&mut client, &[("Nats-Expected-Last-Subject-Sequence", "4")], "newer");
    assert_eq!(update, Outcome::Done);
}

#[test]
fn the_other_keys_of_a_damaged_bucket_are_served() {
    let fs = disk(1);
    spoil(&fs, State::Record);
    let running = Running::on(&fs);
    let mut client = running.client();
    assert!(get(&mut client, "b", "k").status().unwrap().starts_with("500"));
    assert_eq!(value(&mut client, "b", "a"), "value-of-b-a");
    assert_eq!(watch(&mut client, "$KV.b.a", json!({})), Outcome::Done);
    let expected = [("Nats-Expected-Last-Subject-Sequence", "1")];
    assert_eq!(judge(&send(&mut client, "b.a", &expected, "new")), Outcome::Done);
}

/// Damages the key while the server runs and nobody has noticed.
fn damage_behind_its_back(running: &Running, fs: &SimFs) -> Client {
    let mut client = running.client();
    // The look at everything, after the start, is over.
    running.wait_for_line(&["Verified"]);
    assert_eq!(value(&mut client, "b", "k"), "value-of-b-k");
    damage_record(fs, "value-of-b-k");
    client
}

#[test]
fn a_watch_that_meets_damage_shows_a_gap_and_is_not_begun_again() {
    let fs = disk(1);
    let running = Running::on(&fs);
    let mut client = damage_behind_its_back(&running, &fs);
    client.subscribe("deliver", None, "watch").unwrap();
    let config = json!({ "stream_name": "KV_b", "config": {
        "name": "w", "deliver_subject": "deliver", "ack_policy": "none", "deliver_policy": "last_per_subject",
        "filter_subject": "$KV.b.>", "idle_heartbeat": 5_000_000_000_u64, "flow_control": true,
    }});
    let created = api(&mut client, "CONSUMER.CREATE.KV_b.w.$KV.b.>", &config.to_string());
    assert_eq!(created["num_pending"], 3, "{created}");
    let mut next = || client.next_message("watch", LIMIT).unwrap().expect("a watch must go on");
    let tokens = |message: &Message| String::from_utf8(message.reply.clone().unwrap()).unwrap();
    assert!(tokens(&next()).starts_with("$JS.ACK.KV_b.w.1.1.1."));
    let status = next();
    assert_eq!(status.status().as_deref(), Some("500 Record Damaged"));
    assert_eq!(status.header("Nats-Sequence").as_deref(), Some("2"));
    assert_eq!(status.header("Nats-Subject").as_deref(), Some("$KV.b.k"));
    // A client that counts notices at once, even if nothing comes behind it.
    let heartbeat = next();
    assert_eq!(heartbeat.status().as_deref(), Some("100 Idle Heartbeat"));
    assert_eq!(heartbeat.header("Nats-Last-Consumer").as_deref(), Some("2"));
    assert_eq!(heartbeat.header("Nats-Last-Stream").as_deref(), Some("2"));
    let last = tokens(&next());
    assert!(last.starts_with("$JS.ACK.KV_b.w.1.3.3.") && last.ends_with(".0"), "{last}");
    let again = json!({ "stream_name": "KV_b", "config": {
        "name": "v", "deliver_subject": "deliver2", "ack_policy": "none", "deliver_policy": "by_start_sequence",
        "opt_start_seq": 2, "filter_subject": "$KV.b.>",
    }});
    let refused = api(&mut client, "CONSUMER.CREATE.KV_b.v.$KV.b.>", &again.to_string());
    let text = refused["error"]["description"].as_str().unwrap();
    assert!(text.contains("$KV.b.k") && text.contains("sequence 2"), "{refused}");
}

#[test]
fn a_pull_that_meets_damage_ends_with_an_error_and_the_next_one_goes_on() {
    let fs = disk(1);
    let running = Running::on(&fs);
    let mut client = damage_behind_its_back(&running, &fs);
    let config = json!({ "stream_name": "KV_b", "config": {
        "durable_name": "d", "ack_policy": "explicit", "deliver_policy": "all",
    }});
    api(&mut client, "CONSUMER.DURABLE.CREATE.KV_b.d", &config.to_string());
    let mut pull = |body: &str| {
        client.subscribe("pulled", None, "pull").unwrap();
        client.publish("$JS.API.CONSUMER.MSG.NEXT.KV_b.d", Some("pulled"), body.into()).unwrap();
        let mut statuses = Vec::new();
        loop {
            let message = client.next_message("pull", LIMIT).unwrap().expect("a pull must end");
            let status = message.status();
            statuses.push(status.clone().unwrap_or_else(|| String::from_utf8(message.payload).unwrap()));
            if status.is_some() {
                client.unsubscribe("pull", None).unwrap();
                return statuses;
            }
        }
    };
    assert_eq!(pull(r#"{"batch":5,"no_wait":true}"#), ["value-of-b-a", "500 Record Damaged"]);
    assert_eq!(pull(r#"{"batch":5,"no_wait":true}"#), ["value-of-b-z", "404 No Messages"]);
    let info = api(&mut client, "CONSUMER.INFO.KV_b.d", "");
    assert_eq!(info["delivered"]["consumer_seq"], 3, "{info}");
    // What is lost is not waited for.
    assert_eq!(info["num_ack_pending"], 2, "{info}");
}

const LIMIT: Duration = Duration::from_secs(10);
