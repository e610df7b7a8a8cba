//! Configurations of streams: every field, with values that are valid and values that are not.

use super::fields::{FieldChoice, Fields, field};
use super::plan::Plan;

/// Every field but the name and the subjects.
pub(crate) const FIELDS: &[FieldChoice] = &[
    field("description", &["\"text\"", "\"<&>\"", "\"\"", "null"], &["5", "[]"]),
    field("retention", &["\"limits\"", "\"interest\"", "\"workqueue\""], &["\"bogus\"", "1", "\"\""]),
    field("max_consumers", &["0", "-1", "1", "10"], &["-5", "\"1\"", "1.5"]),
    field("max_msgs", &["0", "-1", "3", "1000"], &["-7", "1e3", "99999999999999999999"]),
    field("max_bytes", &["-1", "0", "1000", "100000"], &["-2", "true"]),
    field("max_age", &["0", "3600000000000", "60000000000"], &["1", "-1", "99999999", "\"1h\""]),
    field("max_msgs_per_subject", &["-1", "0", "1", "2", "64"], &["-3"]),
    field("max_msg_size", &["-1", "0", "10", "100"], &["-9", "3000000000"]),
    field("discard", &["\"old\"", "\"new\""], &["\"bogus\"", "null"]),
    field("storage", &["\"file\"", "\"memory\""], &["\"disk\"", "0"]),
    field("num_replicas", &["0", "1"], &["2", "3", "6", "-1"]),
    field("no_ack", &["true", "false"], &["\"true\""]),
    field("template_owner", &["\"x\"", "\"\""], &[]),
    field("duplicate_window", &["0", "120000000000", "1000000000"], &["-1", "1", "86400000000000000"]),
    field("compression", &["\"none\"", "\"s2\""], &["\"gzip\"", "\"\""]),
    field("first_seq", &["0", "1", "5", "1000"], &["-1"]),
    field("allow_direct", &["true", "false"], &["1"]),
    field("mirror_direct", &["false"], &["true"]),
    field("discard_new_per_subject", &["false"], &["true"]),
    field("sealed", &["false"], &["true"]),
    field("deny_delete", &["true", "false"], &[]),
    field("deny_purge", &["false"], &["true"]),
    field("allow_rollup_hdrs", &["true", "false"], &[]),
    field(
        "consumer_limits",
        &["{}", "{\"max_ack_pending\":5}", "{\"inactive_threshold\":60000000000}", "null"],
        &["[]", "{\"x\":1}"],
    ),
    field("allow_msg_ttl", &["true", "false"], &[]),
    field("subject_delete_marker_ttl", &["0", "1000000000", "60000000000"], &["-1", "5", "999999999"]),
    field("allow_atomic", &["true", "false"], &["\"x\""]),
    field("persist_mode", &["\"default\"", "\"async\""], &["\"bogus\""]),
    field(
        "metadata",
        &["{\"a\":\"b\"}", "{}", "null", "{\"_nats.ver\":\"9\",\"z\":\"\"}"],
        &["{\"a\":1}", "[]"],
    ),
    field("placement", &["null"], &["{\"cluster\":\"c\"}", "{\"tags\":[\"t\"]}", "{}"]),
    field(
        "republish",
        &["null", "{\"src\":\">\",\"dest\":\"rp.>\"}", "{\"dest\":\"rp.>\",\"headers_only\":true}"],
        &[
            "{\"src\":\"a\",\"dest\":\"$KV.a.k\"}",
            "{\"src\":\"x\",\"dest\":\"\"}",
            "{\"src\":\"*\",\"dest\":\"rp.{{wildcard(2)}}\"}",
        ],
    ),
    field(
        "subject_transform",
        &["null", "{\"src\":\"x.>\",\"dest\":\"y.>\"}", "{\"src\":\">\",\"dest\":\"t.>\"}"],
        &[
            "{\"src\":\"a.*\",\"dest\":\"b\"}",
            "{\"src\":\"a..b\",\"dest\":\"b\"}",
            "{\"src\":\"*\",\"dest\":\"$2\"}",
        ],
    ),
    field(
        "mirror",
        &["null"],
        &[
            "{\"name\":\"S9\"}",
            "{\"name\":\"\"}",
            "{\"name\":\"S9\",\"opt_start_seq\":1,\"opt_start_time\":\"2026-01-01T00:00:00Z\"}",
        ],
    ),
    field(
        "sources",
        &["null", "[]"],
        &[
            "[{\"name\":\"S9\"}]",
            "[{\"name\":\"S9\"},{\"name\":\"S9\"}]",
            "[{\"name\":\"S9\",\"filter_subject\":\"a\",\"subject_transforms\":[{\"src\":\"a\",\"dest\":\"b\"}]}]",
        ],
    ),
    field("allow_msg_counter", &["false"], &["true"]),
    field("allow_msg_schedules", &["false"], &["true"]),
    field("allow_batched", &["false"], &["true"]),
    field("unknown_field", &[], &["1"]),
    field("pedantic", &["false"], &["true"]),
];

/// Subjects of a plain stream; now and then none that work.
const SUBJECTS: &[&str] = &[
    "[\"o.>\"]",
    "[\"o.*\",\"p\"]",
    "[\"o.a\",\"o.b\",\"o.c\"]",
    "[\"o.*.c\",\"p.>\"]",
    "[]",
    "null",
    "[\"o.>\",\"o.a\"]",
    "[\"o.a\",\"o.a\"]",
    "[\"\"]",
    "[\">\"]",
    "[\"o..a\"]",
    "[\"$JS.API.x\"]",
    "[\"$SYS.x\"]",
    "[\"$KV.>\"]",
    "[\"o.>.a\"]",
    "\"o\"",
    "[\"$JS.API.>\"]",
    "[\"*\"]",
    "[\"o\\u003e\"]",
    "[\"o a\"]",
];

/// Names that a stream may have, and a few that it may not.
pub(crate) const NAMES: &[&str] = &["S0", "S1", "S2", "KV_a", "KV_b"];

/// Returns a bucket as clients create it, with what `history` is.
pub(crate) fn bucket(bucket: &str, history: u64) -> Fields {
    let mut fields = Fields::default();
    fields
        .text("name", &format!("KV_{bucket}"))
        .set("subjects", format!("[\"$KV.{bucket}.>\"]"))
        .set("max_msgs_per_subject", history.to_string())
        .text("discard", "new")
        .set("num_replicas", "1")
        .set("allow_rollup_hdrs", "true")
        .set("deny_delete", "true")
        .set("allow_direct", "true");
    fields
}

/// Returns any configuration for the stream `name`, with fields drawn at random.
pub(crate) fn any(plan: &mut Plan, name: &str) -> Fields {
    let mut fields = match name.strip_prefix("KV_") {
        Some(short) => {
            let history = plan.between(1, 3);
            bucket(short, history)
        }
        None => {
            let mut fields = Fields::default();
            let nth = &name[name.len() - 1..];
            let subjects = if plan.chance(70) { "[\"o.>\"]" } else { plan.pick(SUBJECTS) };
            // Most streams have subjects of their own.
            let subjects = if plan.chance(80) {
                subjects.replace("\"o", &format!("\"o{nth}"))
            } else {
                subjects.to_owned()
            };
            fields.text("name", name).set("subjects", subjects);
            fields
        }
    };
    let (percent, odd) = (plan.between(2, 20), if plan.chance(50) { 0 } else { 25 });
    fields.draw(plan, FIELDS, percent, odd);
    if plan.chance(3) {
        let other = plan.pick(&["", "S7", "a.b", "x/y", "sp ace"]);
        fields.text("name", other);
    }
    fields
}
