//! The client protocol itself: no stream in sight.

use super::plan::Plan;
use crate::script::{Action, Reply, Step, Wait};

pub(crate) fn steps(seed: u64) -> Vec<Step> {
    let mut plan = Plan::new(seed, 1);
    let conns = 1 + plan.rng.index(3);
    // Which member of a queue gets a message is chance, so all must show it alike.
    let headers = plan.chance(80);
    for conn in 0..conns {
        let options = connect_options(&mut plan, headers);
        plan.open(conn, &options);
        // Without subscriptions there is little to compare.
        (0..3).for_each(|_| subscribe(&mut plan, conn));
    }
    for _ in 0..plan.between(10, 40) {
        let conn = plan.rng.index(conns);
        match plan.rng.below(100) {
            0..25 => subscribe(&mut plan, conn),
            25..32 => unsubscribe(&mut plan, conn),
            32..70 => publish(&mut plan, conn, headers),
            70..78 => request(&mut plan, conn, headers),
            78..84 => in_pieces(&mut plan, conn),
            84..90 => {
                let line = plan.pick(HARMLESS);
                plan.raw(conn, line, Wait::QUIET);
            }
            90..94 => {
                let options = connect_options(&mut plan, headers);
                plan.raw(conn, format!("CONNECT {options}\r\n"), Wait::PONG);
            }
            _ => {
                malformed(&mut plan, conn);
                let options = connect_options(&mut plan, headers);
                plan.open(conn, &options);
            }
        }
    }
    plan.raw(0, "", Wait::QUIET);
    plan.finish()
}

fn connect_options(plan: &mut Plan, headers: bool) -> String {
    let mut fields = vec![format!("\"headers\":{headers}")];
    for (name, values) in [
        ("verbose", &["true", "false", "false", "null"][..]),
        ("pedantic", &["true", "false", "false"]),
        ("echo", &["true", "false"]),
        ("protocol", &["0", "1", "1"]),
        ("name", &["\"n\"", "null", "\"\""]),
        ("lang", &["\"raw\""]),
        ("unknown_field", &["{\"a\":[1]}"]),
        ("tls_required", &["false"]),
    ] {
        if plan.chance(if name == "verbose" || name == "pedantic" { 85 } else { 50 }) {
            let value = plan.pick(values);
            fields.push(format!("\"{name}\":{value}"));
        }
    }
    if headers && plan.chance(70) {
        fields.push("\"no_responders\":true".to_owned());
    }
    format!("{{{}}}", fields.join(","))
}

fn subscribe(plan: &mut Plan, conn: usize) {
    let subject = if plan.chance(75) { plan.pick(&PATTERNS[..6]) } else { plan.pick(PATTERNS) };
    let number = plan.between(1, 9);
    let verb = plan.pick(&["SUB", "SUB", "SUB", "sub", "Sub"]);
    let line = match plan.rng.below(10) {
        0..6 => format!("{verb} {subject} {number}\r\n"),
        6 => format!("{verb} {subject}  {number}\r\n"),
        7 => format!("{verb}\t{subject} \t{number} \r\n"),
        8 => format!("{verb} {subject} g qg_{number}\r\n"),
        _ => format!("{verb} {subject} h qh_{number}\n"),
    };
    plan.raw(conn, line, Wait::PONG);
}

fn unsubscribe(plan: &mut Plan, conn: usize) {
    let sid = plan.pick(&["1", "2", "3", "4", "5", "6", "9", "qg_1", "qg_2", "qg_3", "qh_1"]);
    let max = plan.pick(&["", "", " ", " 1", " 2", " 3", " 0"]);
    plan.raw(conn, format!("UNSUB {sid}{max}\r\n"), Wait::PONG);
}

fn publish(plan: &mut Plan, conn: usize, headers: bool) {
    let subject = if plan.chance(60) { plan.pick(&SUBJECTS[..4]) } else { plan.pick(SUBJECTS) };
    let reply = match plan.rng.below(10) {
        0..7 => Reply::None,
        7 | 8 => Reply::Subject(plan.pick(&["r", "foo", "r.s.t", "foo.*"]).to_owned()),
        _ => Reply::Subject(plan.pick(&["$JS.ACK.a.b.1.1.1.1.0", "_R_.x", "$JS.ACK.x"]).to_owned()),
    };
    let block = (headers && plan.chance(40)).then(|| plan.pick(HEADER_BLOCKS).into());
    let body = plan.pick(BODIES);
    let (block, body) = if is_plain(subject) { (block, body) } else { (None, "x") };
    plan.publish(conn, subject, reply, block, body, Wait::PONG);
}

/// A request that nobody may be there for; the status comes only if the options say so.
fn request(plan: &mut Plan, conn: usize, headers: bool) {
    let subject = if plan.chance(60) { plan.pick(&SUBJECTS[..4]) } else { plan.pick(SUBJECTS) };
    let block = (headers && is_plain(subject) && plan.chance(30)).then(|| plan.pick(HEADER_BLOCKS).into());
    plan.ask(conn, subject, block, "q", Wait::PONG);
}

/// Says whether a pedantic client may publish to a subject. If not, the message must be short: the reference reads into a
/// buffer that shrinks to 64 bytes, and complains once more about what it must read twice.
fn is_plain(subject: &str) -> bool {
    subject.split('.').all(|token| !matches!(token, "" | "*" | ">"))
}

/// An operation whose bytes arrive one part after the other.
fn in_pieces(plan: &mut Plan, conn: usize) {
    let whole = plan.pick(&[
        "PUB foo.bar 5\r\nhello\r\n",
        "SUB foo.* 8\r\n",
        "PUB foo r 0\r\n\r\n",
        "PING\r\nPUB foo 2\r\nhi\r\n",
    ]);
    let mut rest = whole.as_bytes();
    while rest.len() > 1 && plan.chance(70) {
        let at = 1 + plan.rng.index(rest.len() - 1);
        plan.push(conn, Action::Part(rest[..at].to_vec()), Wait::QUIET);
        rest = &rest[at..];
    }
    plan.raw(conn, rest, Wait::QUIET);
}

fn malformed(plan: &mut Plan, conn: usize) {
    let line = match plan.rng.below(10) {
        0 => format!("PUB foo {}\r\n", plan.between(1_048_577, 9_000_000)),
        1 => format!("SUB {} 1\r\n", "x".repeat(5000)),
        2 => format!("CONNECT {{\"name\":\"{}\"}}\r\n", "x".repeat(100)),
        _ => plan.pick(MALFORMED).to_owned(),
    };
    plan.raw(conn, line, Wait::QUIET);
}

const PATTERNS: &[&str] = &[
    "foo",
    "foo.bar",
    "foo.*",
    "foo.>",
    "*",
    "*.bar",
    "*.*",
    "foo.*.baz",
    "a.b.c",
    "r",
    "r.>",
    "foo.bar.baz",
    "fo*",
    "foo.b>",
    "foo..bar",
    ".foo",
    "foo.",
    "foo.>.bar",
    ">.foo",
    "ünï.☃",
    "$x.y",
    "foo.*>",
    "_sys_",
];

const SUBJECTS: &[&str] = &[
    "foo",
    "foo.bar",
    "foo.bar.baz",
    "foo.x",
    "a.b.c",
    "r",
    "r.s.t",
    "nobody.here",
    "foo.*",
    "foo.>",
    "*",
    ">",
    "fo*",
    "foo..bar",
    ".foo",
    "foo.",
    "ünï.☃",
    "$x.y",
    "FOO",
    "foo.b>",
];

const BODIES: &[&str] =
    &["", "x", "hello", "with \r\n lines \r\n", "PUB foo 1\r\nx\r\n", "\0\x01\x7f", "ünï"];

const HEADER_BLOCKS: &[&str] = &[
    "NATS/1.0\r\n\r\n",
    "NATS/1.0\r\nA: b\r\n\r\n",
    "NATS/1.0\r\nA:b\r\nA: c\r\n\r\n",
    "NATS/1.0 503\r\n\r\n",
    "garbage",
    "",
    "NATS/1.0\r\nNats-Msg-Id: 1\r\nX: \r\n\r\n",
];

/// Odd, but no reason to close.
const HARMLESS: &[&str] = &[
    "PING\r\n",
    "ping\r\n",
    "PONG\r\n",
    "+OK\r\n",
    "INFO {}\r\n",
    "PING\n",
    "UNSUB 77\r\n",
    "UNSUB 1 \r\n",
    "SUB foo _sys_ 7\r\n",
    "PUB foo  0\r\n\r\n",
    "pub foo 1\r\nx\r\n",
    "PUB  foo\t1 \r\nx\r\n",
    "HPUB foo 0 1\r\nx\r\n",
    "PUB foo 00001\r\nx\r\n",
];

/// Reasons to close, or nearly.
const MALFORMED: &[&str] = &[
    "PUB\r\n",
    "PUB foo\r\n",
    "PUB foo -1\r\n",
    "PUB foo 1 2 3 4\r\n",
    "PUB foo x\r\n",
    "PUB foo 3\r\nabcd\r\n",
    "PUB foo 3\r\nabc\n",
    "PUB foo 99999999999999999999\r\n",
    "PUB foo 1a\r\na\r\n",
    "HPUB foo 12 5\r\n",
    "HPUB foo 5\r\n",
    "HPUB foo r x 5\r\n",
    "HPUB foo -1 5\r\n",
    "SUB\r\n",
    "SUB foo\r\n",
    "SUB foo q 1 x\r\n",
    "UNSUB\r\n",
    "UNSUB 1 2 3\r\n",
    "UNSUB 1 x\r\n",
    "UNSUB 1 -1\r\n",
    "FOO\r\n",
    "PINGX\r\n",
    "PIN\r\n",
    "MSG foo 1 1\r\nx\r\n",
    "-ERR 'x'\r\n",
    "\r\n",
    "\n",
    " PING\r\n",
    "CONNECT {\r\n",
    "CONNECT\r\n",
    "CONNECT []\r\n",
    "CONNECT {\"protocol\":2}\r\n",
    "CONNECT {\"verbose\":\"x\"}\r\n",
    "CONNECT {\"headers\":false,\"no_responders\":true}\r\n",
    "CONNECT {\"account\":\"x\"}\r\n",
    "PUB 1\r\nx\r\n",
    "+OKAY\r\n",
    "\0\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "RS+ $G foo\r\n",
    "RMSG $G foo 1\r\nx\r\n",
    "CONNECT {\"protocol\":-1}\r\n",
    "INFO x\r\n",
    "HPUB foo 0 0\r\n\r\nX",
];
