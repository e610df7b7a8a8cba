//! Consumers as the API sees them: configurations, changes, lists. Nothing is delivered here.

use super::fields::{FieldChoice, Fields, field};
use super::messages;
use super::plan::Plan;
use super::stream_config;
use crate::script::{Step, Wait};

pub(crate) fn steps(seed: u64) -> Vec<Step> {
    let mut plan = Plan::connected(seed, 6);
    let mut config = stream_config::bucket("a", 2);
    for (field, percent, values) in [
        // Not offered: a script ends there.
        ("retention", 3, &["\"workqueue\"", "\"interest\""][..]),
        ("max_consumers", 10, &["2"]),
        ("consumer_limits", 10, &["{\"max_ack_pending\":5,\"inactive_threshold\":90000000000}"]),
        ("storage", 30, &["\"memory\""]),
        ("deny_delete", 30, &["false"]),
    ] {
        if plan.chance(percent) {
            let value = plan.pick(values);
            config.set(field, value);
        }
    }
    let config = config.json(&mut plan);
    plan.request("$JS.API.STREAM.CREATE.KV_a", config);
    let count = plan.between(0, 6);
    messages::fill(&mut plan, count, Wait::ANSWER);
    // Names that the server makes up come in any order in a list.
    let lists = plan.chance(50);
    for _ in 0..plan.between(10, 35) {
        match plan.rng.below(100) {
            0..55 => create(&mut plan, !lists),
            55..65 => manage(&mut plan, "INFO", &["", "", "{}", "{\"x\":1}", "null"]),
            65..72 => manage(&mut plan, "DELETE", &["", "", "{}", "{\"x\":1}"]),
            72..78 => manage(
                &mut plan,
                "PAUSE",
                &[
                    "",
                    "{}",
                    "{\"pause_until\":\"2100-01-01T00:00:00Z\"}",
                    "{\"pause_until\":\"2001-01-01T00:00:00Z\"}",
                    "{\"pause_until\":\"x\"}",
                    "null",
                ],
            ),
            78..81 => manage(
                &mut plan,
                "UNPIN",
                &["", "{}", "{\"group\":\"A\"}", "{\"group\":\"B\"}", "{\"group\":\"\"}"],
            ),
            81..85 => manage(
                &mut plan,
                "RESET",
                &["", "{}", "{\"seq\":1}", "{\"seq\":4}", "{\"seq\":99}", "{\"seq\":-1}"],
            ),
            85..92 if lists => {
                let kind = plan.pick(&["NAMES", "LIST"]);
                let body = plan.pick(&[
                    "",
                    "{}",
                    "{\"offset\":1}",
                    "{\"offset\":99}",
                    "null",
                    "{\"x\":1}",
                    "{\"offset\":-1}",
                ]);
                plan.request(&format!("$JS.API.CONSUMER.{kind}.KV_a"), body);
            }
            85..92 => {
                plan.request("$JS.API.STREAM.INFO.KV_a", "");
            }
            _ => messages::fill(&mut plan, 1, Wait::ANSWER),
        }
    }
    plan.finish()
}

fn create(plan: &mut Plan, may_be_nameless: bool) {
    let mut fields = Fields::default();
    let (percent, odd) = (plan.between(2, 22), if plan.chance(60) { 0 } else { 30 });
    let is_push = plan.chance(45);
    if is_push {
        let deliver = plan.pick(&["dlv.1", "dlv.1", "dlv.2", "dlv.*", "$KV.a.k", "", "a b"]);
        fields.text("deliver_subject", deliver);
        fields.draw(plan, PUSH_FIELDS, percent, odd);
    } else {
        fields.draw(plan, PULL_FIELDS, percent, odd);
    }
    fields.draw(plan, FIELDS, percent, odd);
    start_position(plan, &mut fields);
    filters(plan, &mut fields);
    if plan.chance(3) {
        fields.draw(plan, PULL_FIELDS, 30, 50);
        fields.draw(plan, PUSH_FIELDS, 30, 50);
    }
    let subject = name(plan, &mut fields, may_be_nameless);
    let action = plan.pick(&[
        "",
        "",
        "",
        ",\"action\":\"\"",
        ",\"action\":\"create\"",
        ",\"action\":\"update\"",
        ",\"action\":\"x\"",
    ]);
    let pedantic = plan.pick(&["", "", "", "", ",\"pedantic\":false", ",\"pedantic\":true"]);
    let stream = if plan.chance(97) { "KV_a" } else { plan.pick(&["", "KV_b", "x"]) };
    let config = fields.json(plan);
    plan.request(&subject, format!("{{\"stream_name\":\"{stream}\",\"config\":{config}{action}{pedantic}}}"));
}

/// Names the consumer, and returns the subject of the request.
fn name(plan: &mut Plan, fields: &mut Fields, may_be_nameless: bool) -> String {
    let name = plan.pick(&["c1", "c2", "c3", "d1", "d1"]);
    match plan.rng.below(20) {
        0..8 => {
            if name == "d1" {
                fields.text("durable_name", name);
            }
            format!("$JS.API.CONSUMER.CREATE.KV_a.{name}")
        }
        8 | 9 => {
            let filter = plan.pick(&["$KV.a.k", "$KV.a.>", "$KV.a.*"]);
            if plan.chance(80) {
                fields.text("filter_subject", filter).remove("filter_subjects");
            }
            format!("$JS.API.CONSUMER.CREATE.KV_a.{name}.{filter}")
        }
        10..13 => {
            if plan.chance(90) {
                fields.text("durable_name", name);
            }
            format!("$JS.API.CONSUMER.DURABLE.CREATE.KV_a.{name}")
        }
        13..17 => {
            if !may_be_nameless || plan.chance(40) {
                fields.text("name", name);
            }
            "$JS.API.CONSUMER.CREATE.KV_a".to_owned()
        }
        17 => {
            let (durable, own) = (plan.pick(&["d1", "d2"]), plan.pick(&["d1", "c1", ""]));
            fields.text("durable_name", durable).text("name", own);
            format!("$JS.API.CONSUMER.CREATE.KV_a.{name}")
        }
        18 => {
            let odd = plan.pick(&["a/b", "a\\\\b", "a*", ">", "a.b"]);
            format!("$JS.API.CONSUMER.CREATE.KV_a.{odd}")
        }
        _ => {
            fields.text("name", plan.pick(&["c1", "c2"]));
            format!("$JS.API.CONSUMER.CREATE.NOPE.{name}")
        }
    }
}

fn start_position(plan: &mut Plan, fields: &mut Fields) {
    let policy = plan.pick(&[
        "",
        "all",
        "last",
        "new",
        "by_start_sequence",
        "by_start_time",
        "last_per_subject",
        "undefined",
        "bogus",
    ]);
    if !policy.is_empty() {
        fields.text("deliver_policy", policy);
    }
    if (policy == "by_start_sequence") != plan.chance(7) {
        let seq = plan.between(0, 9);
        fields.set("opt_start_seq", seq.to_string());
    }
    if (policy == "by_start_time") != plan.chance(5) {
        let time =
            plan.pick(&["2001-01-01T00:00:00Z", "2100-01-01T00:00:00.5Z", "2026-01-01T00:00:00+02:00", "x"]);
        fields.text("opt_start_time", time);
    }
}

fn filters(plan: &mut Plan, fields: &mut Fields) {
    let wants = plan.pick(&["none", "one", "one", "many", "both"]);
    if matches!(wants, "one" | "both") {
        let pattern = messages::pattern(plan);
        fields.text("filter_subject", pattern);
    }
    if wants == "many" || (wants == "both" && plan.chance(10)) {
        let list = plan.pick(&[
            "[\"$KV.a.k\",\"$KV.a.l\"]",
            "[\"$KV.a.k\"]",
            "[]",
            "[\"$KV.a.k\",\"$KV.a.*\"]",
            "[\"\"]",
            "[\"$KV.a.m.*\",\"nothing\"]",
            "[\"a..b\"]",
            "null",
            "[\"$KV.a.k\",\"$KV.a.k\"]",
            "[\"$KV.a.k\",\"\"]",
        ]);
        fields.set("filter_subjects", list);
    }
}

fn manage(plan: &mut Plan, verb: &str, bodies: &[&str]) {
    let name = plan.pick(&["c1", "c2", "c3", "d1", "nope", "a.b"]);
    let stream = if plan.chance(95) { "KV_a" } else { "NOPE" };
    let body = plan.pick(bodies);
    plan.request(&format!("$JS.API.CONSUMER.{verb}.{stream}.{name}"), body);
}

const FIELDS: &[FieldChoice] = &[
    field("description", &["\"text\"", "\"\"", "null"], &["1"]),
    field("ack_policy", &["\"none\"", "\"explicit\"", "\"all\""], &["\"bogus\"", "\"\"", "\"flow_control\""]),
    field("ack_wait", &["30000000000", "0", "60000000000"], &["-1", "\"1s\""]),
    field("max_deliver", &["-1", "0", "1", "5"], &["-7", "\"1\""]),
    field("backoff", &["[60000000000]", "[]", "null", "[60000000000,120000000000]"], &["[-1]", "[0]", "5"]),
    field("replay_policy", &["\"instant\"", "\"original\""], &["\"bogus\""]),
    field("sample_freq", &["\"50\"", "\"50%\"", "\"\""], &["\"x\"", "\"-1\"", "\"200\"", "5"]),
    field("max_ack_pending", &["0", "1", "5", "1000"], &["-1", "-2"]),
    field("headers_only", &["true", "false"], &["1"]),
    field("inactive_threshold", &["0", "60000000000", "3600000000000"], &["-1", "\"x\""]),
    field("num_replicas", &["0", "1"], &["3", "-1"]),
    field("mem_storage", &["true", "false"], &[]),
    field("metadata", &["{\"a\":\"b\"}", "{}", "null"], &["{\"a\":1}"]),
    field("pause_until", &["\"2100-01-01T00:00:00Z\"", "\"2001-01-01T00:00:00Z\"", "null"], &["\"x\""]),
    field(
        "priority_groups",
        &["[\"A\"]", "null", "[]"],
        &["[\"\"]", "[\"a b\"]", "[\"A\",\"B\"]", "[\"this-name-is-too-long\"]"],
    ),
    field(
        "priority_policy",
        &["\"none\"", "\"overflow\"", "\"pinned_client\"", "\"prioritized\""],
        &["\"bogus\""],
    ),
    field("priority_timeout", &["0", "60000000000"], &["-1"]),
    field("unknown_field", &[], &["1"]),
    field("direct", &["false"], &[]),
];

const PUSH_FIELDS: &[FieldChoice] = &[
    field("deliver_group", &["\"g\"", "\"\""], &["\"a b\"", "1"]),
    field("idle_heartbeat", &["5000000000", "100000000", "0"], &["1", "-1", "99999999"]),
    field("flow_control", &["true", "false"], &[]),
    field("rate_limit_bps", &["1000000", "0"], &["-1"]),
    field("max_waiting", &["0"], &["5"]),
];

const PULL_FIELDS: &[FieldChoice] = &[
    field("max_waiting", &["0", "5", "512"], &["-1"]),
    field("max_batch", &["0", "10"], &["-1"]),
    field("max_expires", &["0", "1000000000"], &["1", "-1", "999999"]),
    field("max_bytes", &["0", "1000"], &["-1"]),
    field("idle_heartbeat", &["0"], &["5000000000"]),
    field("flow_control", &["false"], &["true"]),
    field("rate_limit_bps", &["0"], &["1000"]),
    field("deliver_group", &["\"\""], &["\"g\""]),
];
