//! Subjects, patterns, headers and bodies that the areas share.

use super::plan::Plan;
use crate::script::Wait;

/// Returns a subject that one of the usual streams captures, or, now and then, none does.
pub(crate) fn subject(plan: &mut Plan) -> String {
    plan.pick(&[
        "$KV.a.k",
        "$KV.a.k",
        "$KV.a.k",
        "$KV.a.l",
        "$KV.a.m.n",
        "$KV.b.k",
        "$KV.b.l",
        "o0.a",
        "o0.b",
        "o0.a.c",
        "o1.a",
        "o1.b",
        "o2.a",
        "p",
        "o.a",
        "nobody",
    ])
    .to_owned()
}

/// Returns a key of bucket a.
pub(crate) fn key(plan: &mut Plan) -> &'static str {
    plan.pick(&["k", "k", "l", "m.n", "m.o", "x"])
}

/// Returns a pattern over these subjects.
pub(crate) fn pattern(plan: &mut Plan) -> &'static str {
    plan.pick(&[
        "$KV.a.k",
        "$KV.a.l",
        "$KV.a.*",
        "$KV.a.>",
        "$KV.a.m.*",
        "$KV.*.k",
        "o0.>",
        "o0.a",
        "o1.*",
        ">",
        "*",
        "nothing",
        "$KV.b.>",
    ])
}

/// Returns a body, mostly short.
pub(crate) fn body(plan: &mut Plan) -> Vec<u8> {
    match plan.rng.below(20) {
        0 | 1 => Vec::new(),
        2 => vec![b'x'; 40],
        3 => vec![b'y'; 600],
        4 => plan.rng.bytes(9),
        _ => format!("v{}", plan.rng.below(10)).into_bytes(),
    }
}

/// Returns a header block of these lines.
pub(crate) fn block(lines: &[String]) -> Option<Vec<u8>> {
    if lines.is_empty() {
        return None;
    }
    let mut block = "NATS/1.0\r\n".to_owned();
    for line in lines {
        block.push_str(line);
        block.push_str("\r\n");
    }
    block.push_str("\r\n");
    Some(block.into_bytes())
}

/// Reads back everything that the first sequences of a stream hold, and its state.
pub(crate) fn dump(plan: &mut Plan, stream: &str, sequences: u64) {
    plan.request(
        &format!("$JS.API.STREAM.INFO.{stream}"),
        "{\"subjects_filter\":\">\",\"deleted_details\":true}",
    );
    for seq in 1..=sequences {
        plan.request(&format!("$JS.API.STREAM.MSG.GET.{stream}"), format!("{{\"seq\":{seq}}}"));
    }
}

/// Puts a few messages into bucket a, some with headers, some markers.
pub(crate) fn fill(plan: &mut Plan, count: u64, wait: Wait) {
    for _ in 0..count {
        let subject = format!("$KV.a.{}", key(plan));
        let (headers, body) = match plan.rng.below(10) {
            0 => (block(&["KV-Operation: DEL".to_owned()]), Vec::new()),
            1 if plan.rolls_up => {
                (block(&["KV-Operation: PURGE".to_owned(), "Nats-Rollup: sub".to_owned()]), Vec::new())
            }
            2 | 3 => (block(&["A: b".to_owned(), "Nats-Sequence: 77".to_owned()]), body(plan)),
            _ => (None, body(plan)),
        };
        plan.ask(0, &subject, headers, body, wait);
    }
}
