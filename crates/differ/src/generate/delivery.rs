//! What consumers deliver: by push and by pull, with acknowledgements of every kind.

use super::fields::Fields;
use super::messages;
use super::plan::Plan;
use super::stream_config;
use crate::script::{Action, Answers, Reply, Step, Wait};

mod pull;
mod push;

pub(crate) fn steps(seed: u64) -> Vec<Step> {
    let mut plan = Plan::connected(seed, 7);
    let history = plan.between(1, 4);
    let mut config = stream_config::bucket("a", history);
    config.set("deny_delete", "false");
    for (field, percent, value) in
        [("storage", 30, "\"memory\""), ("retention", 6, "\"workqueue\""), ("retention", 6, "\"interest\"")]
    {
        if plan.chance(percent) {
            config.set(field, value);
        }
    }
    plan.lets_go = config.is_set("retention");
    let config = config.json(&mut plan);
    plan.request("$JS.API.STREAM.CREATE.KV_a", config);
    plan.stored = plan.between(0, 9);
    let count = plan.stored;
    messages::fill(&mut plan, count, Wait::ANSWER);
    if plan.chance(50) {
        push::steps(&mut plan)
    } else {
        pull::steps(&mut plan)
    }
    plan.finish()
}

/// Returns the fields that both kinds have, valid ones.
fn common(plan: &mut Plan, ack_policy: &str) -> Fields {
    let mut fields = Fields::default();
    fields.text("ack_policy", ack_policy);
    // Where a message goes in that way before it is acknowledged, the reference tells figures that contradict each other.
    plan.rolls_up = ack_policy != "all";
    match plan.rng.below(12) {
        0..3 => {}
        3..7 => {
            let pattern = plan.pick(&["$KV.a.>", "$KV.a.k", "$KV.a.*", "$KV.a.m.*", "nothing"]);
            plan.begins_with_last = true;
            fields.text("filter_subject", pattern).text("deliver_policy", "last_per_subject");
        }
        7 => drop(fields.text("deliver_policy", "last")),
        8 => drop(fields.text("deliver_policy", "new")),
        9 => {
            // Behind the next message, the reference counts as pending what comes before the start.
            let seq = plan.between(1, plan.stored + 1);
            fields.text("deliver_policy", "by_start_sequence").set("opt_start_seq", seq.to_string());
        }
        10 => {
            let seq = plan.between(1, 9);
            fields
                .text("deliver_policy", "by_start_time")
                .text("opt_start_time", &format!("@{{time:KV_a:{seq}}}"));
        }
        _ => drop(fields.text("deliver_policy", "all")),
    }
    if plan.chance(15) {
        let list = plan.pick(&["[\"$KV.a.k\",\"$KV.a.m.>\"]", "[\"$KV.a.l\",\"nothing\"]"]);
        fields.set("filter_subjects", list).remove("filter_subject");
    }
    if plan.chance(15) {
        fields.set("headers_only", "true");
    }
    if ack_policy != "none" {
        for (name, percent, values) in [
            ("max_ack_pending", 20, &["1", "2", "3"][..]),
            ("max_deliver", 25, &["1", "2", "3"]),
            ("ack_wait", 30, &["60000000000"]),
        ] {
            if plan.chance(percent) {
                let value = plan.pick(values);
                fields.set(name, value);
            }
        }
    }
    if plan.lets_go {
        // What goes makes room for a delivery, and the reference counts later what took its place.
        fields.remove("max_ack_pending");
    }
    fields
}

fn create(plan: &mut Plan, fields: &Fields, is_durable: bool) {
    let mut fields = fields.clone();
    let mut subject = "$JS.API.CONSUMER.CREATE.KV_a.c".to_owned();
    if is_durable {
        fields.text("durable_name", "c");
    } else if plan.chance(20) {
        fields.text("name", "c");
        subject = "$JS.API.CONSUMER.CREATE.KV_a".to_owned();
    }
    let config = fields.json(plan);
    plan.ask(
        0,
        &subject,
        None,
        format!("{{\"stream_name\":\"KV_a\",\"config\":{config}}}"),
        Wait::ANSWER_AND_MORE,
    );
}

/// Acknowledges a message that was delivered, in one of the ways there are.
fn acknowledge(plan: &mut Plan, sid: &str) {
    let nth = plan.rng.below(12);
    let subject = format!("@{{ack:0:{sid}:{nth}}}");
    let body = plan.pick(&[
        "",
        "",
        "",
        "+ACK",
        "+ACK",
        "+OK",
        "-NAK",
        "-NAK",
        "-NAK {\"delay\":60000000000}",
        "-NAK 60s",
        "-NAK {\"delay\":0}",
        "+WPI",
        "+TERM",
        "+TERM why",
        "bogus",
        "-NAK x",
        "-NAK {}",
        "+NXT",
        "+ack",
    ]);
    if body.starts_with("+NXT") {
        let reply = format!("_INBOX.next.{}", plan.len());
        plan.raw(0, format!("SUB {reply} n{}\r\n", plan.len()), Wait::PONG);
        let body = plan.pick(&["+NXT", "+NXT 2", "+NXT {\"batch\":2,\"no_wait\":true}"]);
        plan.publish(0, &subject, Reply::Subject(reply), None, body, Wait::QUIET);
    } else if plan.chance(70) {
        // An answer comes for each that is understood; waiting for it keeps the two servers in step.
        plan.ask(0, &subject, None, body, Wait { answers: Answers::Count(1), settles: true });
    } else {
        plan.publish(0, &subject, Reply::None, None, body, Wait::QUIET);
    }
}

fn info(plan: &mut Plan) {
    plan.ask(0, "$JS.API.CONSUMER.INFO.KV_a.c", None, "", Wait::ANSWER_AND_MORE);
}

/// Changes the stream under the consumer.
fn disturb(plan: &mut Plan) {
    match plan.rng.below(10) {
        0..6 => messages::fill(plan, 1, Wait::ANSWER_AND_MORE),
        6 => {
            let seq = plan.between(1, 12);
            plan.ask(
                0,
                "$JS.API.STREAM.MSG.DELETE.KV_a",
                None,
                format!("{{\"seq\":{seq}}}"),
                Wait::ANSWER_AND_MORE,
            );
        }
        7 => {
            let body = plan.pick(&[
                "",
                "{\"filter\":\"$KV.a.k\"}",
                "{\"keep\":1}",
                "{\"filter\":\"$KV.a.k\",\"keep\":1}",
            ]);
            plan.ask(0, "$JS.API.STREAM.PURGE.KV_a", None, body, Wait::ANSWER_AND_MORE);
        }
        _ => messages::fill(plan, 3, Wait::ANSWER_AND_MORE),
    }
}

/// Pauses the consumer, lets something happen, and resumes it.
fn pause(plan: &mut Plan) {
    plan.ask(
        0,
        "$JS.API.CONSUMER.PAUSE.KV_a.c",
        None,
        "{\"pause_until\":\"2100-01-01T00:00:00Z\"}",
        Wait::ANSWER_AND_MORE,
    );
    disturb(plan);
    info(plan);
    plan.ask(0, "$JS.API.CONSUMER.PAUSE.KV_a.c", None, "{}", Wait::ANSWER_AND_MORE);
}

fn await_messages(plan: &mut Plan, sid: &str, count: usize) {
    plan.push(0, Action::Await(sid.to_owned(), count), Wait::QUIET);
}
