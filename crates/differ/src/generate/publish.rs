//! Publishing into streams with every header, well-formed and not.

use super::messages;
use super::plan::Plan;
use super::stream_config;
use crate::script::{Reply, Step, Wait};

pub(crate) fn steps(seed: u64) -> Vec<Step> {
    let mut plan = Plan::connected(seed, 3);
    create_bucket(&mut plan);
    let has_second = plan.chance(60);
    if has_second {
        create_plain(&mut plan);
    }
    for _ in 0..plan.between(10, 40) {
        match plan.rng.below(100) {
            0..3 => {
                let seq = plan.between(1, 9);
                plan.request("$JS.API.STREAM.MSG.DELETE.KV_a", format!("{{\"seq\":{seq}}}"));
            }
            3..5 => {
                let body = plan.pick(&["", "{\"filter\":\"$KV.a.k\"}", "{\"keep\":1}"]);
                plan.request("$JS.API.STREAM.PURGE.KV_a", body);
            }
            _ => publish(&mut plan),
        }
    }
    messages::dump(&mut plan, "KV_a", 12);
    if has_second {
        messages::dump(&mut plan, "S0", 5);
    }
    // A script ends where the servers are meant to differ, so this comes last.
    (0..4).for_each(|_| unusual(&mut plan));
    plan.finish()
}

fn create_bucket(plan: &mut Plan) {
    let history = plan.between(1, 3);
    let mut config = stream_config::bucket("a", history);
    for (field, percent) in
        [("allow_msg_ttl", 60), ("allow_rollup_hdrs", 85), ("deny_purge", 10), ("allow_atomic", 20)]
    {
        let value = plan.chance(percent);
        config.set(field, value.to_string());
    }
    for (field, percent, values) in [
        ("subject_delete_marker_ttl", 25, &["60000000000", "1000000000"][..]),
        ("max_msg_size", 10, &["60", "200"]),
        ("first_seq", 8, &["5"]),
        ("discard", 30, &["\"old\""]),
        ("deny_delete", 70, &["false"]),
        ("duplicate_window", 10, &["3600000000000"]),
        ("max_msgs", 10, &["4"]),
        (
            "subject_transform",
            8,
            &["{\"src\":\"$KV.a.k\",\"dest\":\"$KV.a.l\"}", "{\"src\":\"$KV.a.>\",\"dest\":\"moved.>\"}"],
        ),
        ("discard_new_per_subject", 5, &["true"]),
        ("storage", 30, &["\"memory\""]),
        ("no_ack", 3, &["true"]),
    ] {
        if plan.chance(percent) {
            let value = plan.pick(values);
            config.set(field, value);
        }
    }
    // Without an answer nobody sees that something bad was stored, or was not.
    plan.answers = !config.has("no_ack", "true");
    let config = config.json(plan);
    plan.request("$JS.API.STREAM.CREATE.KV_a", config);
    if plan.chance(3) {
        let update = stream_config::bucket("a", history).set("sealed", "true").json(plan);
        messages::fill(plan, 3, Wait::ANSWER);
        plan.request("$JS.API.STREAM.UPDATE.KV_a", update);
    }
}

fn create_plain(plan: &mut Plan) {
    let mut config = stream_config::any(plan, "S0");
    config.text("name", "S0").set("subjects", "[\"o0.>\"]");
    for field in ["mirror", "sources", "unknown_field", "num_replicas", "max_age"] {
        config.remove(field);
    }
    let config = config.json(plan);
    plan.request("$JS.API.STREAM.CREATE.S0", config);
}

fn publish(plan: &mut Plan) {
    let subject = match plan.rng.below(20) {
        0..15 => format!("$KV.a.{}", messages::key(plan)),
        15..18 => "o0.a".to_owned(),
        _ => messages::subject(plan),
    };
    let mut lines = Vec::new();
    if plan.chance(70) {
        for _ in 0..plan.between(1, 3) {
            let line = header_line(plan, &subject);
            lines.push(line);
        }
    }
    let (block, body) = (messages::block(&lines), messages::body(plan));
    if plan.chance(5) {
        plan.publish(0, &subject, Reply::None, block, body, Wait::QUIET);
    } else {
        plan.ask(0, &subject, block, body, Wait::ANSWER);
    }
}

fn header_line(plan: &mut Plan, subject: &str) -> String {
    let colon = plan.pick(&[": ", ": ", ": ", ":", ":  ", " : "]);
    let (name, value) = match plan.rng.below(100) {
        0..14 => ("Nats-Msg-Id", plan.pick(&["1", "2", "3", "x y", "", " 1", "ü"]).to_owned()),
        14..34 => ("Nats-Expected-Last-Subject-Sequence", sequence(plan, &format!("KV_a:{subject}"))),
        34..44 => ("Nats-Expected-Last-Sequence", sequence(plan, "KV_a")),
        44..48 => {
            let about =
                plan.pick(&["$KV.a.k", "$KV.a.l", "$KV.a.*", "$KV.a.>", "other", "a..b", "", "$KV.b.k"]);
            ("Nats-Expected-Last-Subject-Sequence-Subject", about.to_owned())
        }
        48..53 => ("Nats-Expected-Stream", plan.pick(&["KV_a", "KV_a", "S0", "x", ""]).to_owned()),
        53..58 => ("Nats-Expected-Last-Msg-Id", plan.pick(&["1", "2", "3", "x", ""]).to_owned()),
        58..68 => {
            ("Nats-Rollup", plan.pick(&["sub", "sub", "all", "SUB", "All", "foo", "", "subject"]).to_owned())
        }
        68..80 => ("Nats-TTL", plan.pick(TTLS).to_owned()),
        80..86 => ("KV-Operation", plan.pick(&["DEL", "PURGE", "PUT", "x"]).to_owned()),
        86..88 => ("Nats-Marker-Reason", plan.pick(&["MaxAge", "Purge", "Remove"]).to_owned()),
        88..89 => ("Nats-Stream-Source", "S 1 > > a x".to_owned()),
        89..90 => ("Nats-Required-Api-Level", "99".to_owned()),
        90..92 => ("nats-msg-id", "1".to_owned()),
        92..93 => ("Nats-Batch-Id", "b".to_owned()),
        _ => (
            plan.pick(&["A", "Nats-Sequence", "Nats-Subject", "X-Empty", "Nats-Msg-Size"]),
            plan.pick(&["b", "", "77", "a: b"]).to_owned(),
        ),
    };
    format!("{name}{colon}{value}")
}

/// Returns the sequence that is expected, near it, or something that is none.
fn sequence(plan: &mut Plan, place: &str) -> String {
    match plan.rng.below(10) {
        0..5 => format!("@{{last:{place}}}"),
        5 | 6 => "0".to_owned(),
        7 | 8 => plan.between(1, 9).to_string(),
        _ => plan
            .pick(&[
                "x",
                "",
                "-1",
                "+1",
                "1.0",
                "007",
                "18446744073709551615",
                "18446744073709551616",
                "1 2",
                "0x1",
            ])
            .to_owned(),
    }
}

/// Keys and header blocks that no client makes, and publishes that are no publishes of a value.
fn unusual(plan: &mut Plan) {
    if !plan.answers {
        return;
    }
    if plan.chance(50) {
        let subject = format!("$KV.a.{}", messages::key(plan));
        let block = match plan.rng.below(8) {
            0 => b"NATS/1.0\r\nA: \xff\xfe\r\n\r\n".to_vec(),
            _ => plan.pick(BLOCKS).as_bytes().to_vec(),
        };
        let body = messages::body(plan);
        plan.ask(0, &subject, Some(block), body, Wait::ANSWER);
        return;
    }
    let subject = plan.pick(&[
        "$KV.a.*",
        "$KV.a.>",
        "$KV.a.x*",
        "$KV.a.",
        "$KV.a..b",
        "$KV.a",
        "$KV.a.\u{1}",
        "$KV.a.ünï",
        "$KV.a.a/b=c",
    ]);
    plan.ask(0, subject, None, "v", Wait::ANSWER);
}

const TTLS: &[&str] = &[
    "100",
    "1h",
    "1h30m",
    "90s",
    "never",
    "30500ms",
    "2m30.5s",
    "0",
    "-1",
    "-5s",
    "500ms",
    "999ms",
    "",
    "abc",
    "1.5",
    "1.5h",
    "0s",
    "1d",
    "NEVER",
    "9999999999",
    "99999999999999999999",
    " 100 ",
    "+100",
    "1e3",
    "100000000000ns",
    "60",
    "30s",
    "1h1",
    "31",
];

const BLOCKS: &[&str] = &[
    "garbage",
    "NATS/1.0\r\n",
    "NATS/1.0\r\nA\r\n\r\n",
    "NATS/1.0 503\r\n\r\n",
    "NATS/1.0 100 Idle Heartbeat\r\nA: b\r\n\r\n",
    "NATS/1.0\nA: b\n\n",
    "NATS/1.0\r\nA: \0\r\n\r\n",
    "NATS/1.1\r\nA: b\r\n\r\n",
    "NATS/1.0\r\n: b\r\n\r\n",
    "NATS/1.0\r\n A: b\r\n\r\n",
    "NATS/1.0\r\nA: b\r\n\r\n\r\n",
    "",
    "NATS/1.0\r\nA: b\r\nNats-Msg-Id: 9",
];
