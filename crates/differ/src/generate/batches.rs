//! Atomic batches: committed, abandoned, interleaved, and wrong in every way.

use super::messages;
use super::plan::Plan;
use super::stream_config;
use crate::script::{Reply, Step, Wait};

pub(crate) fn steps(seed: u64) -> Vec<Step> {
    let mut plan = Plan::connected(seed, 5);
    let history = plan.between(1, 3);
    let mut config = stream_config::bucket("a", history);
    let is_allowed = plan.chance(93);
    config
        .set("allow_atomic", is_allowed.to_string())
        .set("allow_msg_ttl", "true")
        .set("deny_delete", "false");
    for (field, percent, value) in [
        ("storage", 30, "\"memory\""),
        ("max_msgs", 10, "5"),
        ("discard", 40, "\"old\""),
        ("max_msg_size", 10, "250"),
        ("max_bytes", 8, "2000"),
        ("discard_new_per_subject", 6, "true"),
        ("no_ack", 2, "true"),
        ("allow_rollup_hdrs", 10, "false"),
    ] {
        if plan.chance(percent) {
            config.set(field, value);
        }
    }
    let text = config.json(&mut plan);
    plan.request("$JS.API.STREAM.CREATE.KV_a", text);
    plan.raw(0, "SUB $KV.a.> live\r\n", Wait::PONG);
    messages::fill(&mut plan, 3, Wait::ANSWER);
    for number in 0..plan.between(1, 5) {
        match plan.rng.below(20) {
            0 => too_many(&mut plan, number),
            _ => batch(&mut plan, number),
        }
    }
    messages::dump(&mut plan, "KV_a", 14);
    plan.finish()
}

/// One batch, with faults now and then.
fn batch(plan: &mut Plan, number: u64) {
    let count = plan.between(1, 5);
    let id = match plan.rng.below(30) {
        0 => "x".repeat(64),
        1 => "x".repeat(65),
        2 => String::new(),
        3 => "b0".to_owned(),
        _ => format!("b{number}"),
    };
    let careful = plan.chance(60);
    for nth in 1..=count {
        let mut lines = vec![format!("Nats-Batch-Id: {id}")];
        let place = if !careful && plan.chance(8) {
            plan.pick(&["0", "9", "x", "", "-1"]).to_owned()
        } else {
            nth.to_string()
        };
        if careful || plan.chance(97) {
            lines.push(format!("Nats-Batch-Sequence: {place}"));
        }
        if nth == count {
            let commit = match plan.rng.below(20) {
                0..14 => Some("1"),
                14..17 => Some("eob"),
                17 => Some(plan.pick(&["0", "2", "true", "", "EOB"])),
                _ => None,
            };
            lines.extend(commit.map(|commit| format!("Nats-Batch-Commit: {commit}")));
        }
        let subject =
            if plan.chance(95) { format!("$KV.a.{}", messages::key(plan)) } else { "$KV.b.k".to_owned() };
        if plan.chance(if careful { 25 } else { 50 }) {
            let line = condition(plan, &subject);
            lines.push(line);
        }
        let body = messages::body(plan);
        let asks = nth == count || plan.chance(50);
        let (reply, wait) = if asks { (Reply::Inbox, Wait::ANSWER) } else { (Reply::None, Wait::PONG) };
        plan.publish(0, &subject, reply, messages::block(&lines), body, wait);
        if plan.chance(6) {
            messages::fill(plan, 1, Wait::ANSWER);
        }
    }
}

fn condition(plan: &mut Plan, subject: &str) -> String {
    match plan.rng.below(12) {
        0..4 => format!("Nats-Expected-Last-Subject-Sequence: @{{last:KV_a:{subject}}}"),
        4 => format!("Nats-Expected-Last-Subject-Sequence: {}", plan.between(0, 9)),
        5 => "Nats-Expected-Last-Sequence: @{last:KV_a}".to_owned(),
        6 => format!("Nats-Msg-Id: {}", plan.between(1, 4)),
        7 => format!("Nats-Rollup: {}", plan.pick(&["sub", "all", "x"])),
        8 => format!("Nats-TTL: {}", plan.pick(&["100", "never", "x", "0"])),
        9 => "KV-Operation: DEL".to_owned(),
        10 => format!("Nats-Expected-Stream: {}", plan.pick(&["KV_a", "x"])),
        _ => plan
            .pick(&[
                "Nats-Expected-Last-Msg-Id: 1",
                "A: b",
                "Nats-Expected-Last-Subject-Sequence-Subject: $KV.a.k",
            ])
            .to_owned(),
    }
}

/// More messages than a batch may have.
fn too_many(plan: &mut Plan, number: u64) {
    let count = plan.pick(&["1000", "1001"]).parse().unwrap_or(1001);
    let mut bytes = Vec::new();
    for nth in 1..count {
        let block = format!("NATS/1.0\r\nNats-Batch-Id: m{number}\r\nNats-Batch-Sequence: {nth}\r\n\r\n");
        bytes.extend_from_slice(
            format!("HPUB $KV.a.k {} {}\r\n{block}v\r\n", block.len(), block.len() + 1).as_bytes(),
        );
    }
    plan.raw(0, bytes, Wait::QUIET);
    let lines = [
        format!("Nats-Batch-Id: m{number}"),
        format!("Nats-Batch-Sequence: {count}"),
        "Nats-Batch-Commit: 1".to_owned(),
    ];
    plan.ask(0, "$KV.a.k", messages::block(&lines), "v", Wait::ANSWER_AND_MORE);
}
