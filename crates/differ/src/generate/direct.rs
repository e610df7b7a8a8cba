//! Direct gets: one message, batches, the last of many subjects.

use super::messages;
use super::plan::Plan;
use super::stream_config;
use crate::script::{Step, Wait};

pub(crate) fn steps(seed: u64) -> Vec<Step> {
    let mut plan = Plan::connected(seed, 4);
    let history = plan.between(1, 5);
    let mut config = stream_config::bucket("a", history);
    config.set("deny_delete", "false");
    if plan.chance(30) {
        config.set("storage", "\"memory\"");
    }
    if plan.chance(8) {
        config.set("allow_direct", "false");
    }
    let text = config.json(&mut plan);
    plan.request("$JS.API.STREAM.CREATE.KV_a", text);
    let count = plan.between(0, 14);
    messages::fill(&mut plan, count, Wait::ANSWER);
    for _ in 0..plan.between(10, 30) {
        match plan.rng.below(100) {
            0..5 => messages::fill(&mut plan, 2, Wait::ANSWER),
            5..9 => {
                let seq = plan.between(1, 14);
                plan.request("$JS.API.STREAM.MSG.DELETE.KV_a", format!("{{\"seq\":{seq}}}"));
            }
            9..11 => {
                let direct = plan.chance(70);
                let update = config.clone().set("allow_direct", direct.to_string()).json(&mut plan);
                plan.request("$JS.API.STREAM.UPDATE.KV_a", update);
            }
            11..40 => by_subject(&mut plan),
            40..60 => one(&mut plan),
            60..80 => batch(&mut plan),
            80..95 => last_of_many(&mut plan),
            _ => odd(&mut plan),
        }
    }
    plan.finish()
}

fn by_subject(plan: &mut Plan) {
    let subject = match plan.rng.below(10) {
        0..6 => format!("$KV.a.{}", messages::key(plan)),
        6..9 => messages::pattern(plan).to_owned(),
        _ => plan.pick(&["nothing", "$KV.a", "$KV.a.k.", "a..b"]).to_owned(),
    };
    let stream = if plan.chance(95) { "KV_a" } else { "NOPE" };
    let body = match plan.rng.below(20) {
        0..15 => "",
        15 => "{}",
        16 => "{\"no_hdr\":true}",
        _ => plan.pick(&[
            "{\"seq\":1}",
            "{\"batch\":2}",
            "null",
            "x",
            "{\"x\":1}",
            "[]",
            "{\"no_hdr\":1}",
            " ",
        ]),
    };
    let headers = plan.chance(2).then(|| b"NATS/1.0\r\nNats-Required-Api-Level: 99\r\n\r\n".to_vec());
    plan.ask(0, &format!("$JS.API.DIRECT.GET.{stream}.{subject}"), headers, body, Wait::ANSWER);
}

fn one(plan: &mut Plan) {
    let seq = plan.between(0, 15);
    let pattern = messages::pattern(plan);
    let body = match plan.rng.below(10) {
        0..4 => format!("{{\"seq\":{seq}}}"),
        4 => format!("{{\"last_by_subj\":\"{pattern}\"}}"),
        5 => format!("{{\"next_by_subj\":\"{pattern}\"}}"),
        6 => format!("{{\"next_by_subj\":\"{pattern}\",\"seq\":{seq}}}"),
        7 => format!("{{\"start_time\":\"@{{time:KV_a:{seq}}}\"}}"),
        8 => format!("{{\"start_time\":\"@{{time:KV_a:{seq}}}\",\"next_by_subj\":\"{pattern}\"}}"),
        _ => format!("{{\"seq\":{seq},\"no_hdr\":true}}"),
    };
    plan.ask(0, "$JS.API.DIRECT.GET.KV_a", None, body, Wait::ANSWER);
}

fn batch(plan: &mut Plan) {
    let count = plan.pick(&["1", "2", "3", "10", "0", "-1", "100000"]);
    let seq = plan.between(0, 12);
    let mut body = format!("{{\"batch\":{count}");
    match plan.rng.below(8) {
        0 => {}
        1..4 => body.push_str(&format!(",\"seq\":{seq}")),
        4 => body.push_str(&format!(",\"start_time\":\"@{{time:KV_a:{seq}}}\"")),
        5 => body.push_str(&format!(",\"next_by_subj\":\"{}\"", messages::pattern(plan))),
        _ => body.push_str(&format!(",\"seq\":{seq},\"next_by_subj\":\"{}\"", messages::pattern(plan))),
    }
    add_limits(plan, &mut body, 15);
    body.push('}');
    plan.ask(0, "$JS.API.DIRECT.GET.KV_a", None, body, Wait::STATUS);
}

fn last_of_many(plan: &mut Plan) {
    let patterns: Vec<_> =
        (0..plan.between(1, 3)).map(|_| format!("\"{}\"", messages::pattern(plan))).collect();
    let mut body = format!("{{\"multi_last\":[{}]", patterns.join(","));
    if plan.chance(30) {
        body.push_str(&format!(",\"batch\":{}", plan.pick(&["1", "2", "5"])));
    }
    if plan.chance(20) {
        body.push_str(&format!(",\"up_to_seq\":{}", plan.between(0, 12)));
    }
    if plan.chance(15) {
        let seq = plan.between(1, 12);
        body.push_str(&format!(",\"up_to_time\":\"@{{time:KV_a:{seq}}}\""));
    }
    if plan.chance(15) {
        body.push_str(&format!(",\"seq\":{}", plan.between(0, 9)));
    }
    add_limits(plan, &mut body, 10);
    body.push('}');
    plan.ask(0, "$JS.API.DIRECT.GET.KV_a", None, body, Wait::STATUS);
}

fn add_limits(plan: &mut Plan, body: &mut String, percent: u64) {
    if plan.chance(percent) {
        body.push_str(&format!(",\"max_bytes\":{}", plan.pick(&["1", "60", "300", "0", "-1"])));
    }
    if plan.chance(percent) {
        body.push_str(",\"no_hdr\":true");
    }
}

/// Requests that contradict themselves, or are none.
fn odd(plan: &mut Plan) {
    let body = plan.pick(&[
        "",
        "{}",
        "null",
        "[]",
        "x",
        "{",
        "{\"seq\":\"1\"}",
        "{\"x\":1}",
        "{\"seq\":1,\"last_by_subj\":\"a\"}",
        "{\"batch\":2}",
        "{\"multi_last\":[]}",
        "{\"seq\":1,\"start_time\":\"2026-01-01T00:00:00Z\"}",
        "{\"start_time\":\"2026-01-01T00:00:00Z\",\"last_by_subj\":\"a\"}",
        "{\"last_by_subj\":\"a\",\"next_by_subj\":\"a\"}",
        "{\"last_by_subj\":\"a\",\"batch\":1}",
        "{\"last_by_subj\":\"a\",\"multi_last\":[\"a\"]}",
        "{\"next_by_subj\":\"a\",\"multi_last\":[\"a\"]}",
        "{\"multi_last\":[\">\"],\"up_to_seq\":1,\"up_to_time\":\"2026-01-01T00:00:00Z\"}",
        "{\"up_to_seq\":3,\"seq\":1}",
        "{\"seq\":-1}",
        "{\"start_time\":\"yesterday\"}",
        "{\"multi_last\":[\"a..b\"]}",
        "{\"last_by_subj\":\"\"}",
        "{\"next_by_subj\":\"\"}",
        "{\"multi_last\":[\"\"]}",
        "{\"no_hdr\":true}",
        "{\"seq\":0}",
        "{\"max_bytes\":10}",
        "{\"up_to_time\":\"2026-01-01T00:00:00Z\",\"multi_last\":[\">\"]}",
    ]);
    plan.ask(0, "$JS.API.DIRECT.GET.KV_a", None, body, Wait::ANSWER);
}
