//! Events and the answer about a user, as the reference server sends them, built by this crate.
//!
//! The file is recorded by `cargo xtask golden`; its form is told in `crates/xtask/src/golden.rs`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod golden_script;

use golden_script::exchanges;
use jetkv_types::Timestamp;
use jetkv_wire::advisory::{Action, Advisory, Client, Event};
use jetkv_wire::user_info::{ServerInfo, User, UserInfo};
use serde_json::Value;

#[test]
fn events_are_built_as_the_reference_builds_them() {
    let script = exchanges(include_str!("golden/advisories.txt"));
    let mut types = Vec::new();
    for answer in script.iter().flat_map(|exchange| &exchange.answers) {
        if answer.subject.starts_with("$JS.EVENT.ADVISORY.") {
            let read: Value = serde_json::from_str(&answer.body).unwrap();
            let advisory = rebuilt(&read);
            let mut written = Vec::new();
            advisory.write(&mut written);
            assert_eq!(String::from_utf8(written).unwrap(), answer.body);
            assert_eq!(advisory.subject(), answer.subject);
            types.push(text(&read, "type").to_owned());
        }
    }
    types.sort();
    types.dedup();
    assert_eq!(types.len(), 5, "{types:?}");
}

#[test]
fn the_answer_about_a_user_is_built_as_the_reference_builds_it() {
    let script = exchanges(include_str!("golden/advisories.txt"));
    let exchange = script.iter().find(|exchange| exchange.subject == "$SYS.REQ.USER.INFO").unwrap();
    let body = &exchange.answers.first().unwrap().body;
    let read: Value = serde_json::from_str(body).unwrap();
    let (server, data) = (&read["server"], &read["data"]);
    let flags = server["feature_flags"].as_object().unwrap();
    let info = UserInfo {
        server: ServerInfo {
            name: text(server, "name"),
            host: text(server, "host"),
            id: text(server, "id"),
            ver: text(server, "ver"),
            feature_flags: flags.iter().map(|(name, on)| (name.as_str(), on == true)).collect(),
            jetstream: server["jetstream"] == true,
            flags: number(server, "flags"),
            seq: number(server, "seq"),
            time: time(server, "time"),
        },
        data: User {
            user: text(data, "user"),
            account: text(data, "account"),
            account_name: text(data, "account_name"),
            permissions: None,
        },
    };
    let mut written = Vec::new();
    info.write(&mut written);
    assert_eq!(&String::from_utf8(written).unwrap(), body);
}

fn rebuilt(read: &Value) -> Advisory<'_> {
    let (stream, consumer) = (text(read, "stream"), text(read, "consumer"));
    let action = match text(read, "action") {
        "create" => Action::Create,
        "modify" => Action::Modify,
        _ => Action::Delete,
    };
    let event = match text(read, "type").rsplit('.').next().unwrap() {
        "stream_action" => Event::Stream { stream, action },
        "consumer_action" => Event::Consumer { stream, consumer, action },
        "consumer_pause" => Event::Paused {
            stream,
            consumer,
            paused: read["paused"] == true,
            pause_until: time(read, "pause_until"),
        },
        "max_deliver" => Event::MaxDeliver {
            stream,
            consumer,
            stream_seq: number(read, "stream_seq"),
            deliveries: number(read, "deliveries"),
        },
        "api_audit" => Event::Api {
            server: text(read, "server"),
            client: client(&read["client"]),
            subject: text(read, "subject"),
            request: text(read, "request"),
            response: text(read, "response"),
        },
        other => panic!("{other}"),
    };
    Advisory { id: text(read, "id"), timestamp: time(read, "timestamp"), event, domain: None }
}

fn client(read: &Value) -> Client<'_> {
    Client {
        start: time(read, "start"),
        host: text(read, "host"),
        id: number(read, "id"),
        acc: text(read, "acc"),
        user: text(read, "user"),
        name: text(read, "name"),
        lang: text(read, "lang"),
        ver: text(read, "ver"),
        rtt: number(read, "rtt"),
        server: text(read, "server"),
        kind: text(read, "kind"),
        client_type: text(read, "client_type"),
    }
}

fn text<'a>(read: &'a Value, field: &str) -> &'a str {
    read[field].as_str().unwrap_or_default()
}

fn number(read: &Value, field: &str) -> u64 {
    read[field].as_u64().unwrap_or_default()
}

fn time(read: &Value, field: &str) -> Timestamp {
    text(read, field).parse().unwrap()
}
