//! What may differ between two servers: the one list of everything that the comparison does not look at.
//!
//! A [`Mask`] takes out what must differ even between two runs of one server: times, and identities and names that a
//! server makes up. An [`Exception`] is a difference between the reference and ours that is meant; it has a reason.
//! Both are rendered into `docs/compat.md`, and a test checks that the document agrees.

use crate::Area;
use std::fmt::Write;

/// A place in an answer whose content is not compared.
#[derive(Debug, Clone, Copy)]
pub struct Mask {
    /// The place.
    pub place: Place,
    /// Why it cannot be compared.
    pub reason: &'static str,
}

/// Where a mask applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The value of this JSON field, if it is a time other than the zero time; its form is still checked.
    Time(&'static str),
    /// The value of this JSON field, whatever it is.
    Json(&'static str),
    /// The value of this field of the `INFO` line; whether it is there is still compared.
    Info(&'static str),
    /// This field of the `INFO` line, and whether it is there.
    InfoAbsent(&'static str),
    /// The value of this message header, if it is a time.
    HeaderTime(&'static str),
    /// The value of this message header, whatever it is.
    Header(&'static str),
    /// The last word of this message header.
    HeaderEnd(&'static str),
    /// The word of an acknowledgement's reply subject that holds the time of storing, wherever the subject stands.
    AckTime,
    /// The last word of a flow control subject.
    FlowToken,
    /// The last word of the subject to which a stream is restored.
    RestoreToken,
    /// The name of a consumer that the server made up, wherever it appears.
    ConsumerName,
    /// How often heartbeats come; their content is compared where a script waits for one.
    HeartbeatCount,
    /// Which member of a queue group gets a message.
    QueueMember,
    /// Which subscription of a client gets the status that tells that nobody is there.
    NobodyThere,
}

/// A difference that is meant.
#[derive(Debug, Clone, Copy)]
pub struct Exception {
    /// A short name, for counts in reports.
    pub name: &'static str,
    /// The area it is confined to, if it is.
    pub area: Option<Area>,
    /// The request, its headers or its body contain this; empty for any.
    pub request: &'static str,
    /// The reference's answer contains this; empty for any, also for none.
    pub reference: &'static str,
    /// Our answer contains this; empty for any, also for none.
    pub ours: &'static str,
    /// The narrower part, where the three above would cover too much.
    pub only: Option<Only>,
    /// Why ours is meant to be so.
    pub reason: &'static str,
}

/// When an exception holds, and what it is about.
#[derive(Debug, Clone, Copy)]
pub struct Only {
    /// The request or an earlier step of the script contains this.
    pub after: &'static str,
    /// The answers are equal but for numbers behind this; empty if they may differ in anything.
    pub numbers: &'static str,
}

/// A difference as it was met.
#[derive(Debug, Clone, Copy)]
pub struct Met<'a> {
    /// The area of the script.
    pub area: Area,
    /// The steps before, as text.
    pub earlier: &'a [String],
    /// What was sent.
    pub request: &'a str,
    /// What the reference answered.
    pub reference: &'a str,
    /// What ours answered.
    pub ours: &'a str,
}

impl Exception {
    /// Returns whether this is the difference.
    ///
    /// Texts are compared as they were sent, not as they are printed, and without spaces behind colons.
    #[must_use]
    pub fn covers(&self, met: &Met<'_>) -> bool {
        let [request, reference, ours] = [met.request, met.reference, met.ours].map(as_sent);
        self.area.is_none_or(|own| own == met.area)
            && request.contains(self.request)
            && reference.contains(self.reference)
            && ours.contains(self.ours)
            && self.only.is_none_or(|only| {
                let is_after = request.contains(only.after)
                    || met.earlier.iter().any(|step| as_sent(step).contains(only.after));
                let is_all = only.numbers.is_empty()
                    || without_numbers(&reference, only.numbers) == without_numbers(&ours, only.numbers);
                is_after && is_all
            })
    }
}

fn as_sent(text: &str) -> String {
    text.replace("\\\"", "\"").replace("\": ", "\":")
}

/// Returns the text without the numbers that stand right behind `name`.
fn without_numbers(text: &str, name: &str) -> String {
    let mut parts = text.split(name);
    let first = parts.next().unwrap_or_default().to_owned();
    parts
        .fold(first, |out, part| out + name + part.trim_start_matches(|letter: char| letter.is_ascii_digit()))
}

/// Returns the section of `docs/compat.md`, without its heading.
#[must_use]
pub fn rendered() -> String {
    let mut out = String::from("Not compared:\n\n| place | why |\n| --- | --- |\n");
    for mask in MASKS {
        // Writing to a string does not fail.
        writeln!(out, "| {} | {} |", mask.place.described(), mask.reason).unwrap_or_default();
    }
    out.push_str("\nMeant to differ:\n\n| name | request | reference | jetkv | why |\n| --- | --- | --- | --- | --- |\n");
    for exception in EXCEPTIONS {
        let [mut request, reference, ours] =
            [exception.request, exception.reference, exception.ours].map(cell);
        if let Some(only) = exception.only {
            let numbers = if only.numbers.is_empty() { "" } else { "; only the number" };
            write!(request, ", with or after {}{numbers}", cell(only.after)).unwrap_or_default();
        }
        writeln!(out, "| {} | {request} | {reference} | {ours} | {} |", exception.name, exception.reason)
            .unwrap_or_default();
    }
    out
}

fn cell(text: &str) -> String {
    if text.is_empty() { "any".to_owned() } else { format!("`{}`", text.replace('|', "\\|")) }
}

impl Place {
    fn described(self) -> String {
        match self {
            Self::Time(field) => format!("time in JSON field `{field}`, unless it is the zero time"),
            Self::Json(field) => format!("JSON field `{field}`"),
            Self::Info(field) => format!("value of `{field}` in `INFO`"),
            Self::InfoAbsent(field) => format!("`{field}` in `INFO`, and whether it is there"),
            Self::HeaderTime(name) => format!("time in header `{name}`"),
            Self::Header(name) => format!("header `{name}`"),
            Self::HeaderEnd(name) => format!("last word of header `{name}`"),
            Self::AckTime => "time of storing in `$JS.ACK.…`".to_owned(),
            Self::FlowToken => "last word of `$JS.FC.…`".to_owned(),
            Self::RestoreToken => "last word of `$JS.SNAPSHOT.RESTORE.…`".to_owned(),
            Self::ConsumerName => "consumer names made by the server".to_owned(),
            Self::HeartbeatCount => "how many heartbeats come".to_owned(),
            Self::QueueMember => "which member of a queue group gets a message".to_owned(),
            Self::NobodyThere => "which subscription of a client gets a status 503".to_owned(),
        }
    }
}

/// Everything that is not compared.
pub const MASKS: &[Mask] = &[
    Mask { place: Place::Time("created"), reason: TIME },
    Mask { place: Place::Time("ts"), reason: TIME },
    Mask { place: Place::Time("time"), reason: TIME },
    Mask { place: Place::Time("first_ts"), reason: TIME },
    Mask { place: Place::Time("last_ts"), reason: TIME },
    Mask { place: Place::Time("last_active"), reason: TIME },
    Mask { place: Place::Json("pause_remaining"), reason: TIME },
    Mask { place: Place::Time("pinned_ts"), reason: TIME },
    Mask { place: Place::HeaderTime("Nats-Time-Stamp"), reason: TIME },
    Mask { place: Place::AckTime, reason: TIME },
    Mask { place: Place::Json("active"), reason: "how long ago an origin was heard of, in nanoseconds" },
    Mask { place: Place::Json("leader"), reason: IDENTITY },
    Mask { place: Place::Json("api"), reason: "counts of all requests, of other scripts too" },
    Mask { place: Place::Json("_nats.ver"), reason: VERSION },
    Mask { place: Place::Json("_nats.level"), reason: VERSION },
    Mask { place: Place::Time("timestamp"), reason: TIME },
    Mask { place: Place::Json("id"), reason: IDENTITY },
    Mask { place: Place::Json("server"), reason: IDENTITY },
    Mask {
        place: Place::Json("client"),
        reason: "who asked, in an advisory: addresses, numbers, round trips",
    },
    Mask { place: Place::Json("response"), reason: "the answer once more, in an advisory, with its times" },
    Mask { place: Place::ConsumerName, reason: IDENTITY },
    Mask { place: Place::Header("Nats-Pin-Id"), reason: IDENTITY },
    Mask { place: Place::Json("pinned_client_id"), reason: IDENTITY },
    Mask { place: Place::HeaderEnd("Nats-Stream-Source"), reason: IDENTITY },
    Mask { place: Place::FlowToken, reason: IDENTITY },
    Mask { place: Place::RestoreToken, reason: IDENTITY },
    Mask { place: Place::HeartbeatCount, reason: "a matter of how fast the script runs" },
    Mask { place: Place::QueueMember, reason: "drawn by chance" },
    Mask {
        place: Place::NobodyThere,
        reason: "where several match the reply subject, it is drawn by chance",
    },
    Mask { place: Place::Info("server_id"), reason: IDENTITY },
    Mask { place: Place::Info("server_name"), reason: IDENTITY },
    Mask { place: Place::Info("client_id"), reason: IDENTITY },
    Mask { place: Place::Info("nonce"), reason: IDENTITY },
    Mask { place: Place::Info("port"), reason: "two servers on one machine" },
    Mask { place: Place::Info("host"), reason: "where the server was told to listen" },
    Mask { place: Place::Info("version"), reason: VERSION },
    Mask { place: Place::Info("api_lvl"), reason: VERSION },
    Mask { place: Place::InfoAbsent("go"), reason: "names the compiler of the reference" },
    Mask { place: Place::InfoAbsent("git_commit"), reason: "names the source of the reference" },
    Mask {
        place: Place::InfoAbsent("xkey"),
        reason: "for authorisation by another service, which is not offered",
    },
];

const TIME: &str = "a time, or what is reckoned from one";
const IDENTITY: &str = "made up by the server";
const VERSION: &str = "ours says which generation and API level it offers";

/// Every difference that is meant. Ours is right in the eyes of the clients, or safer; never only easier.
pub const EXCEPTIONS: &[Exception] = &[
    Exception {
        name: "bad-keys-and-headers",
        area: None,
        request: "publish",
        reference: "\"seq\":",
        ours: "\"err_code\":10003,\"description\":\"bad request\"",
        only: None,
        reason: "the reference stores keys and header blocks that are no text or hold control characters; ours answers that they are bad",
    },
    Exception {
        name: "answer-into-a-foreign-key",
        area: Some(Area::Permissions),
        request: "\"last_by_subj\":\"$KV.a.",
        reference: "",
        ours: SECRET,
        only: None,
        reason: "the reference stores the answer to a request under any subject that the request names as its reply, so a user of one key can write others",
    },
    Exception {
        name: "rollup-of-foreign-keys",
        area: Some(Area::Permissions),
        request: "Nats-Rollup: all",
        reference: "\"seq\":",
        ours: "",
        only: None,
        reason: "the reference lets a user of one key remove all others by a rollup; ours asks for the right to publish to them",
    },
    refused(
        "counters",
        "\"allow_msg_counter\":true",
        "message counters are not offered, and refused rather than ignored",
    ),
    refused(
        "schedules",
        "\"allow_msg_schedules\":true",
        "message schedules are not offered, and refused rather than ignored",
    ),
    refused(
        "fast-batches",
        "\"allow_batched\":true",
        "fast batches are not offered, and refused rather than ignored",
    ),
    refused(
        "acks-by-flow-control",
        "\"ack_policy\":\"flow_control\"",
        "acknowledgement by flow control is not offered, and refused rather than ignored",
    ),
    Exception {
        name: "expectation-beyond-64-bits",
        area: Some(Area::Publish),
        request: "18446744073709551616",
        reference: "",
        ours: "\"err_code\":10071",
        only: None,
        reason: "a sequence of 2^64 never is; the reference counts round, and takes it for 0",
    },
    Exception {
        name: "deep-json",
        area: Some(Area::Bodies),
        request: DEEP,
        reference: "",
        ours: "",
        only: None,
        reason: "JSON that is nested deeper than 64 is refused as that before anything else in it is looked at; the reference reads it to a depth of 10,000",
    },
    Exception {
        name: "room-by-displacement",
        area: Some(Area::Delivery),
        request: "$KV.a.",
        reference: "$JS.ACK.",
        ours: "$JS.ACK.",
        only: Some(Only { after: "\"max_ack_pending\":", numbers: "<time>." }),
        reason: "a message that takes the place of one that awaits its ack makes room for a delivery; ours counts the new message in what is to come after that, the reference delivers before it counts",
    },
    Exception {
        name: "resumed-at-once",
        area: Some(Area::Delivery),
        request: "CONSUMER.PAUSE",
        reference: "",
        ours: "$JS.ACK.",
        only: None,
        reason: "what came during a pause is delivered when it ends; the reference delivers it with the next message",
    },
    Exception {
        name: "pending-after-a-purge",
        area: Some(Area::Delivery),
        request: "CONSUMER.INFO.",
        reference: "\"num_pending\":",
        ours: "\"num_pending\":",
        only: Some(Only { after: "STREAM.PURGE.", numbers: "\"num_pending\":" }),
        reason: "ours does not count what a purge has removed; the reference counts it until it looks for the next message, or the figure is above that of all messages",
    },
    Exception {
        name: "awaited-after-a-purge",
        area: Some(Area::Delivery),
        request: "CONSUMER.INFO.",
        reference: "\"ack_policy\":\"all\"",
        ours: "\"ack_policy\":\"all\"",
        only: Some(Only { after: "STREAM.PURGE.", numbers: "\"num_ack_pending\":" }),
        reason: "what is before the ack floor is awaited no more; after a purge the reference counts a delivery that is",
    },
    Exception {
        name: "a-gap-in-the-list",
        area: Some(Area::Delivery),
        request: "CONSUMER.MSG.NEXT.",
        reference: "NATS/1.0 40",
        ours: "$JS.ACK.",
        only: Some(Only { after: "\"deliver_policy\":\"last_per_subject\"", numbers: "" }),
        reason: "ours gives the next message at once; where the message that was to come next is gone, the reference lets the request find nothing and goes on with the next one",
    },
    Exception {
        name: "last-of-everything",
        area: Some(Area::Direct),
        request: "DIRECT.GET.KV_a.>",
        reference: "404 Message Not Found",
        ours: "Nats-Sequence: ",
        only: Some(Only { after: "STREAM.MSG.DELETE.", numbers: "" }),
        reason: "the last message is the last one that is there; the reference finds none under `>` if the one with the last sequence was deleted",
    },
    Exception {
        name: "room-by-a-rollup",
        area: Some(Area::Limits),
        request: "$JS.API.STREAM.",
        reference: "\"first_seq\":",
        ours: "\"first_seq\":",
        only: Some(Only { after: "Nats-Rollup: sub", numbers: "" }),
        reason: "in a full stream a message that takes the place of another one makes its own room; in the reference the oldest message goes as well",
    },
    Exception {
        name: "an-empty-list-is-none",
        area: Some(Area::Streams),
        request: "STREAM.CREATE.",
        reference: "\"err_code\":10058",
        ours: "\"did_create\":true",
        only: Some(Only { after: "\"sources\":[]", numbers: "" }),
        reason: "a stream that is created again with an empty list in the place of none is the same; to the reference it is another one",
    },
];

/// More arrays in each other than any request needs.
const DEEP: &str = "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[";

/// What the keys of others hold in the scripts about permissions, as JSON shows it.
const SECRET: &str = "\"data\":\"U0VDUkVU\"";

/// Returns the exception for a setting of streams that ours refuses.
const fn refused(name: &'static str, setting: &'static str, reason: &'static str) -> Exception {
    Exception { name, area: None, request: setting, reference: "", ours: "\"error\":", only: None, reason }
}

#[cfg(test)]
mod tests;
