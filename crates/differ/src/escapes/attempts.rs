//! What a user without the right may try.

use super::publication;
use testkit::Rng;

/// Returns the bytes of one attempt.
pub(super) fn draw(rng: &mut Rng) -> Vec<u8> {
    match rng.below(20) {
        0 => format!("SUB {} in{}\r\n", subject(rng), rng.below(5)).into_bytes(),
        1 => format!("SUB {} g in{}\r\n", subject(rng), rng.below(5)).into_bytes(),
        2..9 => publication(
            &subject(rng),
            &reply(rng),
            &headers(rng),
            rng.pick::<&str>(&["", "new", "+TERM", "-NAK"]),
        ),
        9..12 => {
            let name = rng.pick::<&str>(&["w", "v"]).to_owned();
            let tail = rng
                .pick::<&str>(&["", ".$KV.a.alice.>", ".$KV.a.alice.x", ".$KV.a.>", ".$KV.a.secret.y"])
                .to_owned();
            publication(
                &format!("$JS.API.CONSUMER.CREATE.KV_a.{name}{tail}"),
                &reply(rng),
                "",
                &consumer(rng),
            )
        }
        _ => {
            let body = rng.pick::<&str>(BODIES).replace('@', &subject(rng));
            publication(&request(rng), &reply(rng), &headers(rng), &body)
        }
    }
}

/// Returns a subject, a pattern, or something that may be taken for one. Inboxes of others are not among them: the
/// permissions, as people write them, cover all inboxes.
fn subject(rng: &mut Rng) -> String {
    rng.pick::<&str>(&[
        "$KV.a.alice.x",
        "$KV.a.alice.z",
        "$KV.a.secret.y",
        "$KV.a.bob",
        "$KV.b.alice.k",
        "$KV.a.alicex",
        "$KV.a.*.y",
        "$KV.a.>",
        "$KV.>",
        ">",
        "$KV.*.alice.x",
        "$KV.a.alice.*",
        "$KV.a.alice.>",
        "$KV.a.alice",
        "$kv.a.bob",
        "$KV.a.alice.x.y",
        "_INBOX.mine",
        "$JS.API.>",
        "$JS.ACK.KV_a.w.1.1.1.1.0",
        "$JS.FC.KV_a.w.x",
        "$SYS.>",
        "*.a.bob",
        "$KV.a.alice..",
        "$KV.a..bob",
    ])
    .to_string()
}

fn reply(rng: &mut Rng) -> String {
    let reply =
        rng.pick::<&str>(&["_INBOX.mine", "_INBOX.mine", "_INBOX.mine", "_INBOX.mine", "$KV.a.alice.x"]);
    if rng.chance(1, 12) { subject(rng) } else { reply.to_string() }
}

fn headers(rng: &mut Rng) -> String {
    if rng.chance(1, 2) {
        return String::new();
    }
    let mut block = "NATS/1.0\r\n".to_owned();
    for _ in 0..1 + rng.below(2) {
        let line = rng.pick::<&str>(&[
            "Nats-Rollup: sub",
            "Nats-Rollup: all",
            "Nats-Rollup:all",
            "Nats-Rollup: ALL",
            "KV-Operation: PURGE",
            "Nats-TTL: 1s",
            "Nats-TTL: never",
            "Nats-Expected-Last-Subject-Sequence: 1",
            "Nats-Expected-Last-Subject-Sequence-Subject: $KV.a.secret.y",
            "Nats-Msg-Id: 1",
            "Nats-Expected-Last-Msg-Id: x",
            "Nats-Marker-Reason: MaxAge",
            "Nats-Stream-Source: KV_b 1 > > $KV.a.bob x",
            "Nats-Schedule: @every 1s",
            "Nats-Schedule-Target: $KV.a.bob",
            "Nats-Schedule-Source: $KV.a.secret.y",
            "Nats-Batch-Id: b",
            "Nats-Batch-Sequence: 1",
            "Nats-Batch-Commit: 1",
            "Nats-Trace-Dest: _INBOX.mine",
            "Nats-Incr: 1",
            "Nats-Subject: $KV.a.bob",
            "Nats-Scheduler: x",
        ]);
        block.push_str(line);
        block.push_str("\r\n");
    }
    block + "\r\n"
}

/// Returns the subject of a request to the API.
fn request(rng: &mut Rng) -> String {
    let verb = rng.pick::<&str>(&[
        "STREAM.INFO",
        "STREAM.CREATE",
        "STREAM.UPDATE",
        "STREAM.DELETE",
        "STREAM.PURGE",
        "STREAM.MSG.GET",
        "STREAM.MSG.DELETE",
        "STREAM.SNAPSHOT",
        "STREAM.RESTORE",
        "STREAM.NAMES",
        "STREAM.LIST",
        "DIRECT.GET",
        "DIRECT.GET",
        "DIRECT.GET",
        "CONSUMER.INFO",
        "CONSUMER.DELETE",
        "CONSUMER.LIST",
        "CONSUMER.NAMES",
        "CONSUMER.MSG.NEXT",
        "CONSUMER.PAUSE",
        "CONSUMER.DURABLE.CREATE",
        "INFO",
    ]);
    let stream = rng.pick::<&str>(&["KV_a", "KV_a", "KV_a", "KV_b", "*", "KV_m", ">"]);
    let prefix = rng.pick::<&str>(&["$JS.API", "$JS.API", "$JS.API", "$JS.hub.API", "$js.api"]);
    match rng.below(4) {
        0 => format!("{prefix}.{verb}.{stream}"),
        1 => format!("{prefix}.{verb}.{stream}.w"),
        _ => format!("{prefix}.{verb}.{stream}.{}", subject(rng)),
    }
}

/// Returns the body of a request to create a consumer.
fn consumer(rng: &mut Rng) -> String {
    let filter = match rng.below(5) {
        0 => String::new(),
        1 => format!(",\"filter_subjects\":[\"{}\",\"{}\"]", subject(rng), subject(rng)),
        2 => ",\"filter_subject\":\"$KV.a.alice.>\"".to_owned(),
        3 => format!(",\"filter_subject\":\"$KV.a.alice.>\",\"filter_subjects\":[\"{}\"]", subject(rng)),
        _ => format!(",\"filter_subject\":\"{}\"", subject(rng)),
    };
    let deliver = match rng.below(4) {
        0 => String::new(),
        1 => format!(",\"deliver_subject\":\"{}\"", subject(rng)),
        _ => ",\"deliver_subject\":\"_INBOX.mine\"".to_owned(),
    };
    let policy = rng.pick::<&str>(&["all", "last", "last_per_subject"]);
    let stream = rng.pick::<&str>(&["KV_a", "KV_a", "KV_b"]);
    let extra = rng.pick::<&str>(&[
        "",
        "",
        ",\"direct\":true",
        ",\"sourcing\":true",
        ",\"name\":\"z\"",
        ",\"Filter_Subject\":\"$KV.a.>\"",
    ]);
    format!(
        "{{\"stream_name\":\"{stream}\",\"config\":{{\"ack_policy\":\"none\",\"deliver_policy\":\"{policy}\"{filter}{deliver}{extra}}}}}"
    )
}

/// Bodies of requests; `@` stands for a subject.
const BODIES: &[&str] = &[
    "",
    "{}",
    "{\"seq\":1}",
    "{\"seq\":2}",
    "{\"last_by_subj\":\"@\"}",
    "{\"next_by_subj\":\"@\",\"seq\":1}",
    "{\"multi_last\":[\"@\",\"@\"]}",
    "{\"batch\":10,\"seq\":1}",
    "{\"batch\":10,\"next_by_subj\":\"@\"}",
    "{\"filter\":\"@\"}",
    "{\"subjects_filter\":\"@\",\"deleted_details\":true}",
    "{\"no_hdr\":true}",
    "{\"start_time\":\"2001-01-01T00:00:00Z\"}",
    "{\"name\":\"KV_m\",\"mirror\":{\"name\":\"KV_a\"}}",
    "{\"deliver_subject\":\"_INBOX.mine\"}",
    "{\"name\":\"KV_a\",\"subjects\":[\"$KV.a.>\"],\"republish\":{\"src\":\">\",\"dest\":\"_INBOX.mine.>\"}}",
    "{\"batch\":5,\"no_wait\":true}",
    "{\"name\":\"KV_m\",\"subjects\":[\"_INBOX.m\"],\"sources\":[{\"name\":\"KV_a\",\"subject_transforms\":[{\"src\":\">\",\"dest\":\"_INBOX.mine.>\"}]}]}",
];
