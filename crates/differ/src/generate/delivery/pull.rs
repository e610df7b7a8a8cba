//! Pull consumers: requests with every option, and the statuses that end them.

use super::{acknowledge, common, create, disturb, info, pause};
use crate::generate::plan::Plan;
use crate::script::{Step, Wait};

pub(super) fn steps(plan: &mut Plan) {
    let ack_policy = plan.pick(&["explicit", "explicit", "none", "all"]);
    let mut fields = common(plan, ack_policy);
    for (name, percent, values) in [
        ("max_waiting", 15, &["1", "2"][..]),
        ("max_batch", 10, &["2"]),
        ("max_expires", 10, &["1000000000"]),
        ("max_bytes", 10, &["200", "1000"]),
        ("inactive_threshold", 20, &["60000000000"]),
    ] {
        if plan.chance(percent) {
            let value = plan.pick(values);
            fields.set(name, value);
        }
    }
    let policy = if plan.chance(15) { plan.pick(&["overflow", "pinned_client", "prioritized"]) } else { "" };
    if !policy.is_empty() {
        fields.set("priority_groups", "[\"A\"]").text("priority_policy", policy);
    }
    let is_held = fields.is_set("max_ack_pending");
    let is_durable = plan.chance(60);
    create(plan, &fields, is_durable);
    let mut sids = Vec::new();
    for _ in 0..plan.between(4, 14) {
        match plan.rng.below(100) {
            0..45 => {
                let id = next(plan, policy);
                sids.push(Step { id, conn: 0, action: crate::script::Action::Close, wait: Wait::PONG }.sid());
            }
            45..65 if ack_policy != "none" && !sids.is_empty() => {
                let sid = plan.rng.pick(&sids).clone();
                acknowledge(plan, &sid);
            }
            45..80 => disturb(plan),
            80..92 => info(plan),
            // A request that got a part and waits for acks is told the end by the reference when something wakes the consumer.
            92..95 if !is_held => pause(plan),
            95..97 => {
                plan.ask(0, "$JS.API.CONSUMER.DELETE.KV_a.c", None, "", Wait::ANSWER_AND_MORE);
            }
            97..98 if !sids.is_empty() => {
                let sid = plan.rng.pick(&sids).clone();
                plan.raw(0, format!("UNSUB {sid}\r\n"), Wait::QUIET);
            }
            98..99 if policy == "pinned_client" => {
                plan.ask(
                    0,
                    "$JS.API.CONSUMER.UNPIN.KV_a.c",
                    None,
                    "{\"group\":\"A\"}",
                    Wait::ANSWER_AND_MORE,
                );
            }
            _ => disturb(plan),
        }
    }
    info(plan);
}

/// Asks for messages; returns the number of the step.
fn next(plan: &mut Plan, policy: &str) -> u32 {
    let consumer = if plan.chance(97) { "c" } else { "nope" };
    let subject = format!("$JS.API.CONSUMER.MSG.NEXT.KV_a.{consumer}");
    let batch = plan.between(1, 4);
    let mut fields = match plan.rng.below(20) {
        0 => return plan.ask(0, &subject, None, "", Wait::QUIET),
        1 => return plan.ask(0, &subject, None, batch.to_string(), Wait::QUIET),
        2 => {
            let odd = plan.pick(&[
                "x",
                "{",
                "{\"batch\":\"x\"}",
                "{\"x\":1}",
                "0",
                "-1",
                "[]",
                "null",
                "{\"batch\":-1}",
                "{\"expires\":-1}",
            ]);
            return plan.ask(0, &subject, None, odd, Wait::QUIET);
        }
        3..10 => vec![format!("\"batch\":{batch}"), "\"no_wait\":true".to_owned()],
        10..14 => vec![
            format!("\"batch\":{batch}"),
            "\"expires\":50000000".to_owned(),
            "\"no_wait\":true".to_owned(),
        ],
        14..18 => vec![format!("\"batch\":{batch}"), "\"expires\":50000000".to_owned()],
        _ => vec![format!("\"batch\":{batch}")],
    };
    // What is too large for a request, and was to be the last of its subject, the reference forgets to deliver later.
    if plan.chance(12) && !plan.begins_with_last {
        fields.push(format!("\"max_bytes\":{}", plan.pick(&["1", "150", "400", "100000"])));
    }
    if plan.chance(6) {
        fields.push(format!("\"idle_heartbeat\":{}", plan.pick(&["10000000", "25000000", "60000000", "1"])));
    }
    if plan.chance(4) {
        fields.push("\"expires\":90000000000".to_owned());
    }
    if !policy.is_empty() && plan.chance(92) {
        fields.push("\"group\":\"A\"".to_owned());
    }
    if plan.chance(if policy.is_empty() { 2 } else { 20 }) {
        let extra = plan.pick(&[
            "\"group\":\"B\"",
            "\"min_pending\":3",
            "\"min_ack_pending\":1",
            "\"priority\":2",
            "\"priority\":10",
            "\"id\":\"wrong\"",
            "\"min_pending\":0",
        ]);
        fields.push(extra.to_owned());
    }
    let has_end = fields.iter().any(|field| field.contains("no_wait") || field.contains("\"expires\":50"));
    let wait = if has_end { Wait { settles: true, ..Wait::STATUS } } else { Wait::QUIET };
    plan.ask(0, &subject, None, format!("{{{}}}", fields.join(",")), wait)
}
