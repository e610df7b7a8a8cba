//! The stream API: configurations, information, pages, purges, messages by sequence and subject.

use super::messages;
use super::plan::Plan;
use super::stream_config::{self, NAMES};
use crate::script::{Action, Step, Wait};
use testkit::nats::DEFAULT_CONNECT;

pub(crate) fn steps(seed: u64) -> Vec<Step> {
    let mut plan = Plan::connected(seed, 2);
    plan.restarts = plan.chance(20);
    for _ in 0..plan.between(8, 30) {
        match plan.rng.below(100) {
            0..22 => create(&mut plan, "CREATE"),
            22..34 => create(&mut plan, "UPDATE"),
            34..50 => fill(&mut plan),
            50..60 => info(&mut plan),
            60..68 => list(&mut plan),
            68..75 => purge(&mut plan),
            75..86 => get(&mut plan),
            86..92 => delete_message(&mut plan),
            92..97 => {
                let name = plan.pick(NAMES);
                let body = plan.pick(&["", "", "{}", "{\"a\":1}"]);
                plan.request(&format!("$JS.API.STREAM.DELETE.{name}"), body);
            }
            97..98 if plan.restarts => {
                plan.push(0, Action::Restart, Wait::PONG);
                plan.open(0, DEFAULT_CONNECT);
            }
            _ => {
                plan.request("$JS.API.INFO", "");
            }
        }
    }
    plan.request("$JS.API.STREAM.LIST", "");
    plan.finish()
}

fn create(plan: &mut Plan, verb: &str) {
    let name = plan.pick(NAMES);
    let mut config = stream_config::any(plan, name);
    if plan.restarts {
        // Of a stream that begins later and is empty, the reference knows a last message after a restart.
        config.remove("first_seq");
    }
    let config = config.json(plan);
    let mut headers = None;
    if plan.chance(3) {
        let level = plan.pick(&["0", "1", "2", "99", "x", ""]);
        headers = Some(format!("NATS/1.0\r\nNats-Required-Api-Level: {level}\r\n\r\n").into_bytes());
    }
    plan.ask(0, &format!("$JS.API.STREAM.{verb}.{name}"), headers.clone(), config.clone(), Wait::ANSWER);
    if plan.chance(10) {
        plan.ask(0, &format!("$JS.API.STREAM.{verb}.{name}"), headers, config, Wait::ANSWER);
    }
}

fn fill(plan: &mut Plan) {
    for _ in 0..plan.between(1, 6) {
        let subject = messages::subject(plan);
        let body = messages::body(plan);
        plan.ask(0, &subject, None, body, Wait::ANSWER);
    }
}

fn info(plan: &mut Plan) {
    let name = plan.pick(&["S0", "S1", "S2", "KV_a", "KV_b", "NOPE", "a.b", "*"]);
    let body = plan.pick(&[
        "",
        "{}",
        "null",
        "{\"subjects_filter\":\">\"}",
        "{\"subjects_filter\":\"$KV.a.*\"}",
        "{\"deleted_details\":true}",
        "{\"subjects_filter\":\">\",\"offset\":1}",
        "{\"subjects_filter\":\"o0.*\",\"deleted_details\":true}",
        "{\"offset\":0}",
        "{\"subjects_filter\":\">\",\"offset\":99}",
        "{\"subjects_filter\":\"..\"}",
        "{\"offset\":-1}",
        "{\"deleted_details\":false,\"subjects_filter\":null,\"offset\":null}",
        "{\"x\":1}",
    ]);
    plan.request(&format!("$JS.API.STREAM.INFO.{name}"), body);
}

fn list(plan: &mut Plan) {
    let kind = plan.pick(&["NAMES", "LIST"]);
    let body = plan.pick(&[
        "",
        "{}",
        "{\"offset\":0}",
        "{\"offset\":1}",
        "{\"offset\":99}",
        "{\"subject\":\"$KV.*.>\"}",
        "{\"subject\":\"o0.a\"}",
        "{\"subject\":\"nothing\"}",
        "{\"offset\":0,\"subject\":\">\"}",
        "{\"offset\":-1}",
        "null",
        "{\"subject\":\"\"}",
        "{\"x\":1}",
        "{\"subject\":\"a..b\"}",
    ]);
    plan.request(&format!("$JS.API.STREAM.{kind}"), body);
}

fn purge(plan: &mut Plan) {
    let name = plan.pick(NAMES);
    let body = plan.pick(&[
        "",
        "{}",
        "null",
        "{\"filter\":\"$KV.a.k\"}",
        "{\"filter\":\"$KV.a.*\"}",
        "{\"filter\":\"o0.>\"}",
        "{\"keep\":1}",
        "{\"seq\":3}",
        "{\"filter\":\">\",\"keep\":2}",
        "{\"filter\":\"$KV.a.k\",\"keep\":1}",
        "{\"filter\":\"$KV.a.k\",\"seq\":2}",
        "{\"seq\":2,\"keep\":1}",
        "{\"filter\":\"nothing\"}",
        "{\"keep\":0}",
        "{\"seq\":0}",
        "{\"filter\":\"a..b\"}",
        "{\"seq\":999}",
        "{\"filter\":\"\",\"keep\":3}",
        "{\"keep\":-1}",
        "{\"x\":1}",
    ]);
    plan.request(&format!("$JS.API.STREAM.PURGE.{name}"), body);
}

fn get(plan: &mut Plan) {
    let name = plan.pick(NAMES);
    let seq = plan.between(0, 12);
    let body = match plan.rng.below(12) {
        0..5 => format!("{{\"seq\":{seq}}}"),
        5 => format!("{{\"last_by_subj\":\"{}\"}}", messages::pattern(plan)),
        6 => format!("{{\"next_by_subj\":\"{}\"}}", messages::pattern(plan)),
        7 => format!("{{\"next_by_subj\":\"{}\",\"seq\":{seq}}}", messages::pattern(plan)),
        8 => format!("{{\"seq\":{seq},\"no_hdr\":true}}"),
        9 => format!("{{\"start_time\":\"@{{time:{name}:{seq}}}\"}}"),
        10 => format!(
            "{{\"start_time\":\"@{{time:{name}:{seq}}}\",\"next_by_subj\":\"{}\"}}",
            messages::pattern(plan)
        ),
        _ => plan
            .pick(&[
                "",
                "{}",
                "{\"seq\":1,\"last_by_subj\":\"a\"}",
                "{\"batch\":2,\"seq\":1}",
                "{\"multi_last\":[\"a\"]}",
                "{\"seq\":-1}",
                "{\"last_by_subj\":\"a\",\"next_by_subj\":\"a\"}",
                "{\"start_time\":\"x\"}",
                "{\"last_by_subj\":\"\"}",
                "{\"no_hdr\":true}",
                "{\"start_time\":\"2200-01-01T00:00:00Z\"}",
                "{\"start_time\":\"2001-01-01T00:00:00Z\"}",
                "{\"x\":1}",
                "[]",
                "null",
                "{\"last_by_subj\":\"$KV.a.k\",\"seq\":3}",
                "{\"next_by_subj\":\"a..b\"}",
                "{\"max_bytes\":5,\"seq\":1}",
            ])
            .to_owned(),
    };
    plan.request(&format!("$JS.API.STREAM.MSG.GET.{name}"), body);
}

fn delete_message(plan: &mut Plan) {
    let name = plan.pick(NAMES);
    let seq = plan.between(0, 12);
    let body = match plan.rng.below(8) {
        0..5 => format!("{{\"seq\":{seq}}}"),
        5 | 6 => format!("{{\"seq\":{seq},\"no_erase\":true}}"),
        _ => plan.pick(&["", "{}", "{\"seq\":\"1\"}", "{\"x\":1}", "[]", "{\"seq\":99999}"]).to_owned(),
    };
    plan.request(&format!("$JS.API.STREAM.MSG.DELETE.{name}"), body);
}
