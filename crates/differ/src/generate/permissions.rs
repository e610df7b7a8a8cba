//! Users with permissions for one key, one bucket, or all but a few, and every request there is.

use super::messages;
use super::plan::Plan;
use super::stream_config;
use crate::script::{Reply, Step, Wait};

/// The users. `alice` has one subtree of one bucket, `bucket` one bucket, `reader` no right to write, `denied` all but a subtree.
pub(crate) const CONFIG: &str = r#"
jetstream: enabled
authorization {
  timeout: 10
  users = [
    { user: admin, password: admin }
    { user: alice, password: a, permissions: {
        publish: ["$KV.a.alice.>", "$JS.API.DIRECT.GET.KV_a.$KV.a.alice.>", "$JS.API.CONSUMER.CREATE.KV_a.*.$KV.a.alice.>",
                  "$JS.API.STREAM.INFO.KV_a", "$JS.FC.KV_a.>"],
        subscribe: ["_INBOX.>"] } }
    { user: bucket, password: b, permissions: {
        publish: ["$KV.a.>", "$JS.API.INFO", "$JS.API.*.*.KV_a", "$JS.API.*.*.KV_a.>", "$JS.API.STREAM.MSG.*.KV_a", "$JS.ACK.KV_a.>", "$JS.FC.KV_a.>"],
        subscribe: ["_INBOX.>", "$KV.a.>"] } }
    { user: reader, password: r, permissions: {
        publish: { allow: ["$JS.API.>"], deny: ["$JS.API.STREAM.DELETE.>", "$JS.API.STREAM.PURGE.>", "$JS.API.*.CREATE.>", "$JS.API.*.UPDATE.>"] },
        subscribe: { allow: [">"], deny: ["$KV.a.secret.>", "_INBOX.d7.>"] } } }
    { user: denied, password: d, permissions: {
        publish: { deny: ["$KV.a.secret.>", "$JS.API.DIRECT.GET.KV_a.$KV.a.secret.>"] },
        subscribe: { deny: "$KV.a.secret.>", allow: [">", "grp g"] }, allow_responses: true } }
  ]
}
"#;

/// What the administrator sends.
pub(crate) const ADMIN: &str = r#"{"verbose":false,"pedantic":false,"protocol":1,"headers":true,"no_responders":true,"user":"admin","pass":"admin"}"#;

pub(crate) fn steps(seed: u64) -> Vec<Step> {
    let mut plan = Plan::new(seed, 10);
    plan.open(0, ADMIN);
    let config = stream_config::bucket("a", 2)
        .set("deny_delete", "false")
        .set("allow_msg_ttl", "true")
        .json(&mut plan);
    plan.request("$JS.API.STREAM.CREATE.KV_a", config);
    for key in ["alice.x", "secret.y", "bob"] {
        plan.request(&format!("$KV.a.{key}"), "SECRET");
    }
    plan.request(
        "$JS.API.CONSUMER.CREATE.KV_a.c",
        "{\"stream_name\":\"KV_a\",\"config\":{\"ack_policy\":\"explicit\",\"inactive_threshold\":60000000000}}",
    );
    open_user(&mut plan, 1);
    for _ in 0..plan.between(10, 35) {
        match plan.rng.below(20) {
            0 => open_user(&mut plan, 1),
            1 => subscribe(&mut plan),
            2..9 => publish(&mut plan),
            _ => request(&mut plan),
        }
    }
    messages::dump(&mut plan, "KV_a", 8);
    reach_out(&mut plan);
    plan.finish()
}

fn open_user(plan: &mut Plan, conn: usize) {
    let (user, password) = *plan.rng.pick(&[
        ("alice", "a"),
        ("alice", "a"),
        ("bucket", "b"),
        ("reader", "r"),
        ("denied", "d"),
        ("denied", "d"),
        ("alice", "wrong"),
        ("nobody", "x"),
    ]);
    let extra = plan.pick(&["", "", "", ",\"verbose\":true", ",\"auth_token\":\"x\""]);
    let options = match plan.rng.below(30) {
        0 => "{\"headers\":true}".to_owned(),
        _ => format!(
            "{{\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true,\"protocol\":1,\"user\":\"{user}\",\"pass\":\"{password}\"{extra}}}"
        ),
    };
    plan.open(conn, &options);
}

fn subscribe(plan: &mut Plan) {
    let subject = plan.pick(&[
        "_INBOX.x.>",
        "$KV.a.>",
        "$KV.a.alice.>",
        "$KV.a.secret.y",
        "$KV.a.*.y",
        ">",
        "$JS.API.>",
        "_INBOX.d7.x",
        "grp",
        "$SYS.>",
    ]);
    let queue = plan.pick(&["", "", "g ", "h "]);
    let number = plan.between(1, 4);
    // Who sees everything sees it in no certain order: requests, answers and advisories come on ways of their own.
    let sid = if subject == ">" { format!("qall_{number}") } else { format!("w{number}") };
    plan.raw(1, format!("SUB {subject} {queue}{sid}\r\n"), Wait::PONG);
}

fn publish(plan: &mut Plan) {
    let subject = plan.pick(&[
        "$KV.a.alice.x",
        "$KV.a.alice.z",
        "$KV.a.bob",
        "$KV.a.secret.y",
        "$KV.a.*",
        "$KV.b.k",
        "$KV.a.>",
        "_INBOX.x.y",
    ]);
    let mut lines = Vec::new();
    if plan.chance(40) {
        let line = plan.pick(&[
            "Nats-Rollup: sub",
            "Nats-Expected-Last-Subject-Sequence: 0",
            "Nats-Expected-Last-Subject-Sequence-Subject: $KV.a.secret.y",
            "Nats-Msg-Id: 1",
            "Nats-Expected-Last-Msg-Id: 5",
            "Nats-TTL: 100",
            "KV-Operation: PURGE",
            "Nats-Expected-Last-Sequence: 3",
        ]);
        lines.push(line.to_owned());
        if line.contains("-Subject:") {
            lines.push("Nats-Expected-Last-Subject-Sequence: 2".to_owned());
        }
    }
    plan.ask(1, subject, messages::block(&lines), "new", Wait::ANSWER);
}

/// What the reference lets through to keys of others, at the end of a script since the servers are apart then: an answer
/// that is sent, and stored, where the user may not publish, and a rollup of everything.
fn reach_out(plan: &mut Plan) {
    for key in ["secret.y", "bob"] {
        plan.request(&format!("$KV.a.{key}"), "SECRET");
    }
    if plan.chance(40) {
        let rollup = messages::block(&["Nats-Rollup: all".to_owned()]);
        plan.ask(1, "$KV.a.alice.x", rollup, "new", Wait::ANSWER);
    } else {
        let (subject, body) = *plan.rng.pick(&[
            ("$KV.a.alice.x", "new"),
            ("$JS.API.DIRECT.GET.KV_a.$KV.a.alice.x", ""),
            ("nobody.there", "x"),
        ]);
        let reply = plan.pick(&["$KV.a.secret.y", "$KV.a.bob", "_INBOX.d7.x"]).to_owned();
        plan.publish(1, subject, Reply::Subject(reply), None, body, Wait::QUIET);
    }
    for key in ["secret.y", "bob"] {
        let body = format!("{{\"last_by_subj\":\"$KV.a.{key}\"}}");
        plan.request("$JS.API.STREAM.MSG.GET.KV_a", body);
    }
}

fn request(plan: &mut Plan) {
    let (subject, body) = *plan.rng.pick(REQUESTS);
    plan.ask(1, subject, None, body, Wait::ANSWER_AND_MORE);
}

const REQUESTS: &[(&str, &str)] = &[
    ("$JS.API.INFO", ""),
    ("$JS.API.STREAM.INFO.KV_a", ""),
    ("$JS.API.STREAM.INFO.KV_a", "{\"subjects_filter\":\">\"}"),
    ("$JS.API.STREAM.NAMES", ""),
    ("$JS.API.STREAM.LIST", ""),
    ("$JS.API.STREAM.CREATE.KV_b", "{\"name\":\"KV_b\",\"mirror\":{\"name\":\"KV_a\"}}"),
    (
        "$JS.API.STREAM.UPDATE.KV_a",
        "{\"name\":\"KV_a\",\"subjects\":[\"$KV.a.>\"],\"republish\":{\"src\":\">\",\"dest\":\"_INBOX.x.>\"}}",
    ),
    ("$JS.API.STREAM.PURGE.KV_a", "{\"filter\":\"$KV.a.secret.y\"}"),
    ("$JS.API.STREAM.MSG.GET.KV_a", "{\"seq\":2}"),
    ("$JS.API.STREAM.MSG.GET.KV_a", "{\"last_by_subj\":\"$KV.a.secret.y\"}"),
    ("$JS.API.STREAM.MSG.DELETE.KV_a", "{\"seq\":1}"),
    ("$JS.API.DIRECT.GET.KV_a", "{\"seq\":2}"),
    ("$JS.API.DIRECT.GET.KV_a", "{\"last_by_subj\":\"$KV.a.secret.y\"}"),
    ("$JS.API.DIRECT.GET.KV_a", "{\"multi_last\":[\"$KV.a.>\"]}"),
    ("$JS.API.DIRECT.GET.KV_a.$KV.a.alice.x", ""),
    ("$JS.API.DIRECT.GET.KV_a.$KV.a.alice.>", ""),
    ("$JS.API.DIRECT.GET.KV_a.$KV.a.alice.x", "{\"last_by_subj\":\"$KV.a.secret.y\"}"),
    ("$JS.API.DIRECT.GET.KV_a.$KV.a.alice.x", "{\"seq\":2}"),
    ("$JS.API.DIRECT.GET.KV_a.$KV.a.secret.y", ""),
    ("$JS.API.DIRECT.GET.KV_a.$KV.a.>", ""),
    ("$JS.API.DIRECT.GET.KV_a.$KV.a.*.y", ""),
    (
        "$JS.API.CONSUMER.CREATE.KV_a.w.$KV.a.alice.>",
        "{\"stream_name\":\"KV_a\",\"config\":{\"filter_subject\":\"$KV.a.alice.>\",\"deliver_subject\":\"_INBOX.x.w\",\"ack_policy\":\"none\"}}",
    ),
    (
        "$JS.API.CONSUMER.CREATE.KV_a.w.$KV.a.alice.>",
        "{\"stream_name\":\"KV_a\",\"config\":{\"filter_subject\":\"$KV.a.>\",\"deliver_subject\":\"_INBOX.x.w\",\"ack_policy\":\"none\"}}",
    ),
    (
        "$JS.API.CONSUMER.CREATE.KV_a.w.$KV.a.alice.>",
        "{\"stream_name\":\"KV_a\",\"config\":{\"filter_subjects\":[\"$KV.a.secret.>\"],\"deliver_subject\":\"_INBOX.x.w\",\"ack_policy\":\"none\"}}",
    ),
    (
        "$JS.API.CONSUMER.CREATE.KV_a.w.$KV.a.alice.>",
        "{\"stream_name\":\"KV_a\",\"config\":{\"deliver_subject\":\"_INBOX.x.w\",\"ack_policy\":\"none\"}}",
    ),
    (
        "$JS.API.CONSUMER.CREATE.KV_a",
        "{\"stream_name\":\"KV_a\",\"config\":{\"name\":\"w\",\"deliver_subject\":\"_INBOX.x.w\",\"ack_policy\":\"none\"}}",
    ),
    (
        "$JS.API.CONSUMER.CREATE.KV_a.w",
        "{\"stream_name\":\"KV_a\",\"config\":{\"deliver_subject\":\"$KV.b.k\",\"ack_policy\":\"none\"}}",
    ),
    (
        "$JS.API.CONSUMER.DURABLE.CREATE.KV_a.d",
        "{\"stream_name\":\"KV_a\",\"config\":{\"durable_name\":\"d\",\"ack_policy\":\"explicit\"}}",
    ),
    ("$JS.API.CONSUMER.INFO.KV_a.c", ""),
    ("$JS.API.CONSUMER.NAMES.KV_a", ""),
    ("$JS.API.CONSUMER.LIST.KV_a", ""),
    ("$JS.API.CONSUMER.DELETE.KV_a.c", ""),
    ("$JS.API.CONSUMER.PAUSE.KV_a.c", "{}"),
    ("$JS.API.CONSUMER.MSG.NEXT.KV_a.c", "{\"batch\":1,\"no_wait\":true}"),
    ("$JS.API.STREAM.SNAPSHOT.NOPE", "{\"deliver_subject\":\"_INBOX.x.s\"}"),
    ("$JS.API.STREAM.RESTORE.KV_a", "{\"config\":{\"name\":\"KV_a\"},\"state\":{}}"),
    ("$JS.API.STREAM.DELETE.KV_b", ""),
    ("$JS.ACK.KV_a.c.1.1.1.1.0", "+TERM"),
    ("$JS.FC.KV_a.c.x", ""),
    ("$SYS.REQ.USER.INFO", ""),
];
