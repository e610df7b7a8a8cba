//! A user of a part of a bucket reads and changes that part and nothing else (RELIABILITY, row 17). `differ escape` tries
//! the same with ten thousand random requests.

use crate::disk::{Running, api, create_bucket, put, send, value};
use crate::harness::user;
use jetkv_server::options::{AuthOptions, PermissionOptions, SubjectPermission, UserOptions};
use serde_json::Value;
use std::time::Duration;
use testkit::nats::{Client, Message, Request};
use testkit::{DiskModel, SimFs};

fn list(allow: &[&str]) -> Option<SubjectPermission> {
    Some(SubjectPermission {
        allow: Some(allow.iter().map(|&each| each.to_owned()).collect()),
        deny: Vec::new(),
    })
}

/// The recipe of docs/server.md for the keys below `alice.` of the bucket `b`.
fn alice() -> UserOptions {
    let publish = [
        "$KV.b.alice.>",
        "$JS.API.STREAM.INFO.KV_b",
        "$JS.API.DIRECT.GET.KV_b.$KV.b.alice.>",
        "$JS.API.CONSUMER.CREATE.KV_b.*.$KV.b.alice.>",
        "$JS.API.CONSUMER.DELETE.KV_b.*",
        "$JS.FC.KV_b.>",
    ];
    let permissions =
        PermissionOptions { publish: list(&publish), subscribe: list(&["_INBOX.>"]), allow_responses: None };
    UserOptions { permissions: Some(permissions), ..user("alice", "p") }
}

struct Scene {
    running: Running,
    admin: Client,
    alice: Client,
}

fn scene() -> Scene {
    let fs = SimFs::new(DiskModel::Posix);
    let users = vec![user("admin", "p"), alice()];
    let running =
        Running::on_with(&fs, |options| options.auth = AuthOptions { users, ..AuthOptions::default() });
    let mut admin = running.client_as("admin");
    create_bucket(&mut admin, "b", 3);
    for key in ["alice.k", "bob", "bob.k"] {
        put(&mut admin, &format!("b.{key}"), "precious");
    }
    let alice = running.client_as("alice");
    Scene { running, admin, alice }
}

impl Scene {
    /// Checks that what is not Alice's is as it was.
    #[track_caller]
    fn check(&mut self) {
        let state = api(&mut self.admin, "STREAM.INFO.KV_b", r#"{"subjects_filter":"$KV.b.bob.>"}"#);
        assert_eq!(state["state"]["subjects"]["$KV.b.bob.k"], 1, "{state}");
        assert_eq!(value(&mut self.admin, "b", "bob"), "precious");
        assert_eq!(value(&mut self.admin, "b", "bob.k"), "precious");
    }

    /// Sends a request as Alice that must not be answered: she may not publish there.
    #[track_caller]
    fn forbidden(&mut self, subject: &str, body: &str) {
        self.alice.subscribe("_INBOX.none", None, "none").unwrap();
        self.alice.publish(subject, Some("_INBOX.none"), Request::from(body)).unwrap();
        // A violation is told in a frame that is no answer.
        let _ = self.alice.flush();
        let answer = self.alice.next_message("none", Duration::from_millis(1)).unwrap();
        assert_eq!(answer, None, "{subject}");
        self.check();
    }
}

fn refusal(message: &Message) -> u64 {
    let body: Value = serde_json::from_slice(&message.payload).unwrap();
    body["error"]["err_code"].as_u64().unwrap_or_default()
}

#[test]
fn a_user_of_some_keys_works_with_them() {
    let mut scene = scene();
    assert_eq!(put(&mut scene.alice, "b.alice.k", "mine"), 4);
    assert_eq!(value(&mut scene.alice, "b", "alice.k"), "mine");
    let own = [("KV-Operation", "PURGE"), ("Nats-Rollup", "sub")];
    assert_eq!(refusal(&send(&mut scene.alice, "b.alice.k", &own, "")), 0);
    scene.check();
    let config = r#"{"stream_name":"KV_b","config":{"name":"w","filter_subject":"$KV.b.alice.>","deliver_policy":"all"}}"#;
    let created = api(&mut scene.alice, "CONSUMER.CREATE.KV_b.w.$KV.b.alice.>", config);
    assert_eq!(created["num_pending"], 1, "{created}");
    assert!(scene.running.page("/healthz").0 == 200);
}

#[test]
fn a_rollup_removes_nothing_of_others() {
    let mut scene = scene();
    let all = send(&mut scene.alice, "b.alice.k", &[("Nats-Rollup", "all")], "");
    assert_eq!(refusal(&all), 10111);
    scene.check();
}

#[test]
fn other_keys_cannot_be_written_or_read() {
    let mut scene = scene();
    scene.forbidden("$KV.b.bob", "mine");
    scene.forbidden("$KV.b.>", "mine");
    scene.forbidden("$JS.API.DIRECT.GET.KV_b.$KV.b.bob", "");
    scene.forbidden("$JS.API.DIRECT.GET.KV_b", r#"{"multi_last":["$KV.b.>"]}"#);
    scene.forbidden("$JS.API.STREAM.MSG.GET.KV_b", r#"{"last_by_subj":"$KV.b.bob"}"#);
    scene.forbidden("$JS.API.STREAM.PURGE.KV_b", r#"{"filter":"$KV.b.bob"}"#);
    scene.forbidden("$JS.API.STREAM.SNAPSHOT.KV_b", r#"{"deliver_subject":"_INBOX.x"}"#);
    // The body does not say something else than the subject.
    let get = "$JS.API.DIRECT.GET.KV_b.$KV.b.alice.k";
    let other = scene.alice.request(get, r#"{"last_by_subj":"$KV.b.bob"}"#).unwrap();
    assert_eq!(other.status().as_deref(), Some("408 Bad Request"));
    let config = r#"{"stream_name":"KV_b","config":{"name":"w","filter_subject":"$KV.b.>"}}"#;
    let other = scene.alice.request("$JS.API.CONSUMER.CREATE.KV_b.w.$KV.b.alice.>", config).unwrap();
    assert_eq!(refusal(&other), 10131);
    let config = r#"{"stream_name":"KV_b","config":{"name":"w","filter_subjects":["$KV.b.>"]}}"#;
    let other = scene.alice.request("$JS.API.CONSUMER.CREATE.KV_b.w.$KV.b.alice.>", config).unwrap();
    assert_ne!(refusal(&other), 0);
}

#[test]
fn an_answer_is_not_stored_under_a_key() {
    let mut scene = scene();
    let get = "$JS.API.DIRECT.GET.KV_b.$KV.b.alice.k";
    scene.alice.publish(get, Some("$KV.b.bob"), Request::from("")).unwrap();
    scene.alice.publish("$KV.b.alice.k", Some("$KV.b.bob"), Request::from("mine")).unwrap();
    let _ = scene.alice.flush();
    scene.check();
}

#[test]
fn deliveries_are_not_stored_under_a_key() {
    let mut scene = scene();
    let config = r#"{"stream_name":"KV_b","config":{"name":"w","filter_subject":"$KV.b.alice.>","deliver_subject":"$KV.b.bob"}}"#;
    let _ = scene.alice.request("$JS.API.CONSUMER.CREATE.KV_b.w.$KV.b.alice.>", config).unwrap();
    put(&mut scene.alice, "b.alice.k", "mine");
    scene.check();
}
