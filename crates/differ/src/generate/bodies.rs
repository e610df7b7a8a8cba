//! Request bodies that are no proper JSON, or not of the form that is asked for; and subjects that are no requests.

use super::messages;
use super::plan::Plan;
use super::stream_config;
use crate::script::{Step, Wait};

pub(crate) fn steps(seed: u64) -> Vec<Step> {
    let mut plan = Plan::connected(seed, 9);
    let config = stream_config::bucket("a", 2).json(&mut plan);
    plan.request("$JS.API.STREAM.CREATE.KV_a", config);
    messages::fill(&mut plan, 3, Wait::ANSWER);
    plan.request(
        "$JS.API.CONSUMER.CREATE.KV_a.c",
        "{\"stream_name\":\"KV_a\",\"config\":{\"ack_policy\":\"explicit\",\"inactive_threshold\":60000000000}}",
    );
    for _ in 0..plan.between(10, 25) {
        let (subject, proper) = *plan.rng.pick(REQUESTS);
        let body = spoilt(&mut plan, proper);
        plan.ask(0, subject, None, body, Wait::ANSWER);
    }
    // A script ends where the servers are meant to differ, so this comes last.
    if plan.chance(15) {
        let (subject, _) = *plan.rng.pick(REQUESTS);
        plan.ask(0, subject, None, nested(200), Wait::ANSWER);
    }
    plan.finish()
}

/// Returns a body that may still be proper.
fn spoilt(plan: &mut Plan, proper: &str) -> Vec<u8> {
    let mut body = proper.as_bytes().to_vec();
    match plan.rng.below(14) {
        0 => body.truncate(plan.rng.index(body.len() + 1)),
        1 | 2 if !body.is_empty() => {
            let at = plan.rng.index(body.len());
            body[at] = *plan.rng.pick(b"{}[]:,\"\\0x \xff\n");
        }
        3 if !body.is_empty() => drop(body.remove(plan.rng.index(body.len()))),
        4 => body.extend_from_slice(plan.pick(&["}", " ", "{}", "x", "\n\t ", ",", "\0"]).as_bytes()),
        5 => {
            let space = plan.pick(&[" ", "\n", "\t\r\n", "\u{a0}", "\u{feff}", "/* c */"]);
            body.splice(0..0, space.bytes());
        }
        6 => body = plan.pick(WHOLE).as_bytes().to_vec(),
        7 => {
            let extra = plan.pick(&[
                "{\"x\":1,",
                "{\"x\":{\"y\":[1,2,{}]},",
                "{\"\":null,",
                "{\"name\":\"twice\",",
                "{\"seq\":7,",
            ]);
            body = proper.replacen('{', extra, 1).into_bytes();
        }
        8 => body = upper(proper).into_bytes(),
        9 => {
            let value = plan.pick(&[
                "1",
                "\"s\"",
                "true",
                "null",
                "[]",
                "{}",
                "1.5",
                "-1",
                "1e2",
                "1e400",
                "18446744073709551616",
                "\"\\u0041\"",
                "\"\\ud800\"",
                "01",
                "+1",
                "NaN",
            ]);
            body = replaced_value(plan, proper, value).into_bytes();
        }
        10 => body = nested(*plan.rng.pick(&[3, 60])),
        11 => body = proper.replace('"', "'").into_bytes(),
        12 => body = proper.replace(':', " : ").replace(',', " ,\n").into_bytes(),
        _ => {}
    }
    body
}

/// Returns the object with its field names in capitals, as the reference accepts them too.
fn upper(proper: &str) -> String {
    let parts = proper.split('"').enumerate();
    let mut out = Vec::new();
    for (at, part) in parts {
        let is_field = at % 2 == 1 && proper.contains(&format!("\"{part}\":"));
        out.push(if is_field { part.to_uppercase() } else { part.to_owned() });
    }
    out.join("\"")
}

/// Returns the object with another value for one of its fields.
fn replaced_value(plan: &mut Plan, proper: &str, value: &str) -> String {
    let colons: Vec<_> = proper.match_indices("\":").map(|(at, _)| at + 2).collect();
    if colons.is_empty() {
        return value.to_owned();
    }
    let start = *plan.rng.pick(&colons);
    let rest = &proper[start..];
    let mut depth = 0_usize;
    let mut end = rest.len();
    for (at, letter) in rest.char_indices() {
        match letter {
            '{' | '[' => depth += 1,
            '}' | ']' if depth > 0 => depth -= 1,
            '}' | ']' | ',' if depth == 0 => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    format!("{}{value}{}", &proper[..start], &rest[end..])
}

fn nested(depth: usize) -> Vec<u8> {
    format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth)).into_bytes()
}

const WHOLE: &[&str] = &[
    "",
    " ",
    "{}",
    "[]",
    "null",
    "true",
    "0",
    "\"\"",
    "{",
    "}",
    "[",
    "nul",
    "{\"\"}",
    "{,}",
    "[1,]",
    "{\"a\"}",
    "\u{feff}{}",
    "{} {}",
    "\0",
    "{\"a\":1,}",
    "x",
];

const STREAM: &str = "{\"name\":\"S0\",\"subjects\":[\"o0.>\"],\"max_msgs\":5,\"metadata\":{\"a\":\"b\"},\"deny_delete\":false}";
const CONSUMER: &str = "{\"stream_name\":\"KV_a\",\"config\":{\"ack_policy\":\"explicit\",\"filter_subject\":\"$KV.a.k\",\"inactive_threshold\":60000000000}}";

/// Requests with a body that fits.
const REQUESTS: &[(&str, &str)] = &[
    ("$JS.API.INFO", ""),
    ("$JS.API.STREAM.CREATE.S0", STREAM),
    ("$JS.API.STREAM.CREATE.S0", STREAM),
    ("$JS.API.STREAM.CREATE.S0", STREAM),
    ("$JS.API.STREAM.UPDATE.S0", STREAM),
    ("$JS.API.STREAM.INFO.KV_a", "{\"subjects_filter\":\">\",\"offset\":0}"),
    ("$JS.API.STREAM.NAMES", "{\"offset\":0,\"subject\":\"$KV.*.>\"}"),
    ("$JS.API.STREAM.LIST", "{\"offset\":0}"),
    ("$JS.API.STREAM.PURGE.KV_a", "{\"filter\":\"$KV.a.zz\",\"keep\":1}"),
    ("$JS.API.STREAM.MSG.GET.KV_a", "{\"seq\":2}"),
    ("$JS.API.STREAM.MSG.GET.KV_a", "{\"last_by_subj\":\"$KV.a.k\"}"),
    ("$JS.API.STREAM.MSG.DELETE.KV_a", "{\"seq\":2,\"no_erase\":true}"),
    ("$JS.API.DIRECT.GET.KV_a", "{\"seq\":2}"),
    ("$JS.API.DIRECT.GET.KV_a.$KV.a.k", ""),
    ("$JS.API.CONSUMER.CREATE.KV_a.c2", CONSUMER),
    ("$JS.API.CONSUMER.CREATE.KV_a.c2", CONSUMER),
    ("$JS.API.CONSUMER.INFO.KV_a.c", ""),
    ("$JS.API.CONSUMER.NAMES.KV_a", "{\"offset\":0}"),
    ("$JS.API.CONSUMER.LIST.KV_a", "{\"offset\":0}"),
    ("$JS.API.CONSUMER.DELETE.KV_a.c9", ""),
    ("$JS.API.CONSUMER.PAUSE.KV_a.c", "{\"pause_until\":\"2001-01-01T00:00:00Z\"}"),
    ("$JS.API.CONSUMER.MSG.NEXT.KV_a.c", "{\"batch\":1,\"no_wait\":true}"),
    ("$JS.API.STREAM.DELETE.S0", ""),
    ("$JS.API.STREAM.SNAPSHOT.NOPE", "{\"deliver_subject\":\"x\"}"),
    ("$JS.API.STREAM.RESTORE.KV_a", "{\"config\":{\"name\":\"KV_a\"},\"state\":{}}"),
    ("$JS.API.STREAM.LEADER.STEPDOWN.KV_a", "{}"),
    ("$JS.API.STREAM.PEER.REMOVE.KV_a", "{\"peer\":\"x\"}"),
    ("$JS.API.CONSUMER.LEADER.STEPDOWN.KV_a.c", "{}"),
    ("$JS.API.NOTHING", "{}"),
    ("$JS.API.STREAM.INFO", "{}"),
    ("$JS.API.META.LEADER.STEPDOWN", "{}"),
    ("$SYS.REQ.SERVER.PING", ""),
];
