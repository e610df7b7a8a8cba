//! Limits and discarding, expiry with and without markers, mirrors, sources, republishing, deduplication by time.

use super::messages;
use super::plan::Plan;
use super::stream_config;
use crate::script::{Action, Step, Wait};

pub(crate) fn steps(seed: u64) -> Vec<Step> {
    let mut plan = Plan::connected(seed, 8);
    match plan.rng.below(20) {
        0..12 => limited(&mut plan),
        12..14 => expiring(&mut plan),
        14..17 => copied(&mut plan),
        _ => republished(&mut plan),
    }
    plan.finish()
}

fn limited(plan: &mut Plan) {
    let mut config = stream_config::bucket("a", 1);
    config.set("deny_delete", "false");
    vary(plan, &mut config, 60);
    let text = config.json(plan);
    plan.request("$JS.API.STREAM.CREATE.KV_a", text);
    for _ in 0..plan.between(10, 40) {
        match plan.rng.below(20) {
            0 => {
                vary(plan, &mut config, 25);
                let text = config.json(plan);
                plan.request("$JS.API.STREAM.UPDATE.KV_a", text);
            }
            1 => {
                let seq = plan.between(1, 12);
                plan.request("$JS.API.STREAM.MSG.DELETE.KV_a", format!("{{\"seq\":{seq}}}"));
            }
            2 => {
                plan.request(
                    "$JS.API.STREAM.INFO.KV_a",
                    "{\"subjects_filter\":\">\",\"deleted_details\":true}",
                );
            }
            _ => {
                let body = match plan.rng.below(4) {
                    0 => "x".repeat(50).into_bytes(),
                    1 => "x".repeat(120).into_bytes(),
                    _ => messages::body(plan),
                };
                let lines: Vec<_> = match plan.rng.below(10) {
                    0 => vec!["KV-Operation: DEL".to_owned()],
                    1 => vec!["KV-Operation: PURGE".to_owned(), "Nats-Rollup: sub".to_owned()],
                    2 => vec!["Nats-Rollup: all".to_owned()],
                    _ => Vec::new(),
                };
                let subject = format!("$KV.a.{}", messages::key(plan));
                plan.ask(0, &subject, messages::block(&lines), body, Wait::ANSWER);
            }
        }
    }
    messages::dump(plan, "KV_a", 12);
}

fn vary(plan: &mut Plan, config: &mut super::fields::Fields, percent: u64) {
    for (field, values) in [
        ("max_msgs", &["-1", "3", "5", "1"][..]),
        ("max_bytes", &["-1", "300", "500", "1000"]),
        ("max_msgs_per_subject", &["-1", "1", "2", "3"]),
        ("max_msg_size", &["-1", "60", "150"]),
        ("discard", &["\"old\"", "\"new\""]),
        ("storage", &["\"file\"", "\"file\"", "\"memory\""]),
    ] {
        if plan.chance(percent) {
            let value = plan.pick(values);
            config.set(field, value);
        }
    }
    if plan.chance(percent / 4) {
        config.set("discard", "\"new\"").set("discard_new_per_subject", "true");
    }
}

/// Messages go by age, alone or with a marker in their place.
fn expiring(plan: &mut Plan) {
    let history = plan.between(1, 2);
    let mut config = stream_config::bucket("a", history);
    let has_markers = plan.chance(50);
    if has_markers {
        config.set("allow_msg_ttl", "true").set("subject_delete_marker_ttl", "1000000000");
    }
    let by_age = plan.chance(50);
    if by_age {
        config.set("max_age", "300000000");
    } else {
        config.set("allow_msg_ttl", "true");
    }
    let text = config.json(plan);
    plan.request("$JS.API.STREAM.CREATE.KV_a", text);
    plan.raw(0, "SUB dlv.1 d1\r\n", Wait::PONG);
    let consumer = "{\"stream_name\":\"KV_a\",\"config\":{\"deliver_subject\":\"dlv.1\",\"ack_policy\":\"none\",\"filter_subject\":\"$KV.a.>\"}}";
    plan.request("$JS.API.CONSUMER.CREATE.KV_a.c.$KV.a.>", consumer);
    let mut lines = vec![plan.pick(&["KV-Operation: DEL", "KV-Operation: PURGE", "A: b"]).to_owned()];
    if !by_age {
        lines.push("Nats-TTL: 1s".to_owned());
    }
    plan.ask(0, "$KV.a.k", messages::block(&lines), "", Wait::ANSWER);
    let has_own_marker = !lines[0].contains("PURGE");
    if has_markers && has_own_marker {
        plan.push(0, Action::Await("d1".to_owned(), 2), Wait::QUIET);
        plan.ask(0, "$JS.API.STREAM.MSG.GET.KV_a", None, "{\"seq\":2}", Wait::ANSWER);
    }
}

/// A mirror and a stream with a source, each watched by a consumer that tells when a copy has arrived.
fn copied(plan: &mut Plan) {
    let config = stream_config::bucket("a", 3).set("deny_delete", "false").json(plan);
    plan.request("$JS.API.STREAM.CREATE.KV_a", config);
    let before = plan.between(0, 3);
    (0..before).for_each(|_| put(plan));
    let is_mirror = plan.chance(50);
    let extra = plan.pick(&["", "", ",\"opt_start_seq\":2", ",\"filter_subject\":\"$KV.a.k\""]);
    let transform = ",\"subject_transforms\":[{\"src\":\"$KV.a.>\",\"dest\":\"$KV.b.>\"}]";
    let transform = if plan.chance(50) && !extra.contains("filter") { transform } else { "" };
    let origin = format!("{{\"name\":\"KV_a\"{extra}{transform}}}");
    let config = if is_mirror {
        format!("{{\"name\":\"KV_b\",\"max_msgs_per_subject\":3,\"allow_direct\":true,\"mirror\":{origin}}}")
    } else {
        format!(
            "{{\"name\":\"KV_b\",\"subjects\":[\"$KV.b.>\"],\"max_msgs_per_subject\":3,\"allow_direct\":true,\"sources\":[{origin}]}}"
        )
    };
    plan.ask(0, "$JS.API.STREAM.CREATE.KV_b", None, config, Wait::ANSWER_AND_MORE);
    // A mirror keeps the sequences of its origin; sourced messages are numbered anew.
    let skipped = u64::from(extra.contains("opt_start_seq"));
    let copied = |plan: &mut Plan, puts: u64| {
        let last = if is_mirror { puts } else { puts.saturating_sub(skipped) };
        let state = format!("\"last_seq\":{last},");
        if puts > skipped {
            plan.push(0, Action::Until("$JS.API.STREAM.INFO.KV_b".to_owned(), state), Wait::PONG);
        }
    };
    copied(plan, before);
    // Each is copied before the next one comes: the reference begins when it likes, and what was replaced until then it
    // does not copy.
    for number in 1..=plan.between(2, 4) {
        put(plan);
        copied(plan, before + number);
    }
    plan.raw(0, "SUB dlv.1 d1\r\n", Wait::PONG);
    let consumer =
        "{\"stream_name\":\"KV_b\",\"config\":{\"deliver_subject\":\"dlv.1\",\"ack_policy\":\"none\"}}";
    plan.ask(0, "$JS.API.CONSUMER.CREATE.KV_b.c", None, consumer, Wait::ANSWER_AND_MORE);
    for seq in 1..=5 {
        plan.request("$JS.API.STREAM.MSG.GET.KV_b", format!("{{\"seq\":{seq}}}"));
    }
    plan.request("$JS.API.STREAM.INFO.KV_b", "{\"subjects_filter\":\">\"}");
    plan.request("$JS.API.STREAM.INFO.KV_a", "");
    plan.ask(0, "$JS.API.DIRECT.GET.KV_b", None, "{\"seq\":2}", Wait::ANSWER);
}

fn put(plan: &mut Plan) {
    let lines: Vec<_> = if plan.chance(30) { vec!["A: b".to_owned()] } else { Vec::new() };
    plan.ask(0, "$KV.a.k", messages::block(&lines), "v", Wait::ANSWER_AND_MORE);
}

fn republished(plan: &mut Plan) {
    let mut config = stream_config::bucket("a", 2);
    let republish = plan.pick(&[
        "{\"src\":\">\",\"dest\":\"rp.>\"}",
        "{\"dest\":\"rp.>\",\"headers_only\":true}",
        "{\"src\":\"$KV.a.k\",\"dest\":\"rp.k\"}",
        "{\"src\":\"$KV.a.*\",\"dest\":\"rp.{{wildcard(1)}}\"}",
        "{\"src\":\"$KV.a.*\",\"dest\":\"rp.$1.x\"}",
        "{\"src\":\"$KV.a.*.*\",\"dest\":\"rp.{{wildcard(2)}}.$1\"}",
        "{\"src\":\"$KV.a.*\",\"dest\":\"rp.{{left(1,1)}}\"}",
    ]);
    config.set("republish", republish);
    if plan.chance(30) {
        let transform = plan.pick(&[
            "{\"src\":\"$KV.a.k\",\"dest\":\"$KV.a.l\"}",
            "{\"src\":\"$KV.a.*\",\"dest\":\"$KV.a.{{splitfromleft(1,1)}}\"}",
            "{\"src\":\"$KV.a.m.*\",\"dest\":\"$KV.a.m.{{partition(3,1)}}\"}",
            "{\"src\":\"$KV.a.*.*\",\"dest\":\"$KV.a.$2.$1\"}",
            "{\"src\":\"$KV.a.*\",\"dest\":\"$KV.a.{{right(1,1)}}.{{sliceFromLeft(1,1)}}\"}",
        ]);
        config.set("subject_transform", transform);
    }
    let config = config.json(plan);
    plan.request("$JS.API.STREAM.CREATE.KV_a", config);
    plan.raw(0, "SUB rp.> rp\r\nSUB $KV.> kv\r\n", Wait::PONG);
    messages::fill(plan, 8, Wait::ANSWER_AND_MORE);
    messages::dump(plan, "KV_a", 8);
}
