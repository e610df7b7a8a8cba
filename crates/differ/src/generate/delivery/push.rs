//! Push consumers: the subscription before or after, lost and found again, slow and stalled.

use super::{acknowledge, await_messages, common, create, disturb, info, pause};
use crate::generate::messages;
use crate::generate::plan::Plan;
use crate::script::{Action, Reply, Wait};

pub(super) fn steps(plan: &mut Plan) {
    match plan.rng.below(20) {
        0 => return redelivered_in_time(plan),
        1 => return flow_control(plan),
        _ => {}
    }
    let ack_policy = plan.pick(&["none", "none", "explicit", "all"]);
    let mut fields = common(plan, ack_policy);
    fields.text("deliver_subject", "dlv.1");
    let group = plan.chance(10);
    if group {
        fields.text("deliver_group", "g");
    }
    let beats = plan.chance(25);
    if beats {
        fields.set("idle_heartbeat", "100000000");
        if plan.chance(50) {
            fields.set("flow_control", "true");
        }
    }
    let is_durable = plan.chance(40);
    let subscribe = if group { "SUB dlv.1 g d1\r\n" } else { "SUB dlv.1 d1\r\n" };
    let subscribes_first = plan.chance(50);
    if subscribes_first {
        plan.raw(0, subscribe, Wait::QUIET);
    }
    create(plan, &fields, is_durable);
    if !subscribes_first {
        // After a purge of what it was to begin with, the reference may forget to deliver what comes.
        if fields.has("deliver_policy", "\"last_per_subject\"") {
            messages::fill(plan, 1, Wait::ANSWER_AND_MORE);
        } else {
            disturb(plan);
        }
        info(plan);
        plan.raw(0, subscribe, Wait::QUIET);
    }
    for _ in 0..plan.between(4, 14) {
        match plan.rng.below(100) {
            0..30 => disturb(plan),
            30..60 if ack_policy != "none" => acknowledge(plan, "d1"),
            30..60 => disturb(plan),
            60..78 => info(plan),
            78..84 => {
                plan.raw(0, "UNSUB d1\r\n", Wait::QUIET);
                disturb(plan);
                plan.raw(0, subscribe, Wait::QUIET);
            }
            84..88 => pause(plan),
            88..94 if beats => {
                plan.push(0, Action::Heartbeat("d1".to_owned()), Wait::PONG);
            }
            94..96 => {
                plan.ask(0, "$JS.API.CONSUMER.DELETE.KV_a.c", None, "", Wait::ANSWER_AND_MORE);
            }
            96..97 => {
                plan.ask(0, "$JS.API.CONSUMER.MSG.NEXT.KV_a.c", None, "", Wait::STATUS);
            }
            97..98 => {
                plan.ask(0, "$JS.API.CONSUMER.RESET.KV_a.c", None, "{\"seq\":2}", Wait::ANSWER_AND_MORE);
            }
            _ => disturb(plan),
        }
    }
    info(plan);
}

/// Messages that nobody acknowledges come again after the waiting time, as often as is allowed.
fn redelivered_in_time(plan: &mut Plan) {
    let max = plan.between(2, 3);
    let config = format!(
        "{{\"durable_name\":\"c\",\"deliver_subject\":\"dlv.1\",\"ack_policy\":\"explicit\",\"ack_wait\":300000000,\"max_deliver\":{max},\"filter_subject\":\"$KV.a.once\"}}"
    );
    plan.raw(0, "SUB dlv.1 d1\r\n", Wait::PONG);
    plan.request(
        "$JS.API.CONSUMER.CREATE.KV_a.c.$KV.a.once",
        format!("{{\"stream_name\":\"KV_a\",\"config\":{config}}}"),
    );
    plan.ask(0, "$KV.a.once", None, "1", Wait::ANSWER);
    await_messages(plan, "d1", usize::try_from(max).unwrap_or(2));
}

/// More bytes than a window holds: the server asks, and goes on when it is answered.
fn flow_control(plan: &mut Plan) {
    let config = "{\"deliver_subject\":\"dlv.1\",\"ack_policy\":\"none\",\"flow_control\":true,\"idle_heartbeat\":5000000000,\"deliver_policy\":\"all\"}";
    let body = "z".repeat(300_000);
    for key in ["p", "q", "r", "s", "t", "u", "v", "w", "x", "y"] {
        plan.ask(0, &format!("$KV.a.{key}"), None, body.clone(), Wait::ANSWER);
    }
    plan.raw(0, "SUB dlv.1 d1\r\n", Wait::PONG);
    plan.ask(
        0,
        "$JS.API.CONSUMER.CREATE.KV_a.c",
        None,
        format!("{{\"stream_name\":\"KV_a\",\"config\":{config}}}"),
        Wait::ANSWER_AND_MORE,
    );
    for _ in 0..4 {
        plan.publish(0, "@{flow:0:d1}", Reply::None, None, "", Wait::QUIET);
    }
    info(plan);
}
