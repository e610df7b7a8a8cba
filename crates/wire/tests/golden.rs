//! What the reference server was asked and what it answered, read and written by this crate.
//!
//! The files in `tests/golden` are recorded by `cargo xtask golden`; their form and what is masked in them is told in
//! `crates/xtask/src/golden.rs`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod golden_script;

use golden_script::{Answer, Exchange, exchanges};
use jetkv_wire::ack::AckReply;
use jetkv_wire::api::{self, Body};
use jetkv_wire::error::{ApiError, table};
use jetkv_wire::header;
use jetkv_wire::json::Strictness;
use jetkv_wire::pub_ack::{Outcome, PubAck, write_error};
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[test]
fn streams() {
    check(include_str!("golden/streams.txt"), Strictness::Strict, 25);
}

#[test]
fn consumers() {
    check(include_str!("golden/consumers.txt"), Strictness::Strict, 25);
}

#[test]
fn messages() {
    check(include_str!("golden/messages.txt"), Strictness::Strict, 40);
}

#[test]
fn pulls() {
    check(include_str!("golden/pull.txt"), Strictness::Strict, 25);
}

#[test]
fn snapshots() {
    check(include_str!("golden/snapshot.txt"), Strictness::Strict, 5);
}

#[test]
fn what_is_not_there() {
    check(include_str!("golden/not-found.txt"), Strictness::Strict, 30);
}

#[test]
fn domains_mirrors_and_sources() {
    check(include_str!("golden/domain.txt"), Strictness::Strict, 18);
}

#[test]
fn what_official_clients_send() {
    check(include_str!("golden/kv-clients.txt"), Strictness::Strict, 20);
}

#[test]
fn faults_in_strict_requests() {
    check(include_str!("golden/faults-strict.txt"), Strictness::Strict, 480);
}

#[test]
fn faults_in_lenient_requests() {
    check(include_str!("golden/faults-lenient.txt"), Strictness::Lenient, 140);
}

/// Checks every request and every answer of a script, of which there are at least `count`.
fn check(script: &str, strictness: Strictness, count: usize) {
    let exchanges = exchanges(script);
    for exchange in &exchanges {
        check_request(exchange, strictness);
        for answer in &exchange.answers {
            check_answer(exchange, answer);
        }
    }
    let answers: usize = exchanges.iter().map(|exchange| exchange.answers.len()).sum();
    assert!(answers >= count, "{answers} answers; was the script recorded?");
}

/// Reads the request; where the reference found fault with its JSON, the same fault must be found.
fn check_request(exchange: &Exchange<'_>, strictness: Strictness) {
    let Some(fault) = fault_of(exchange, strictness) else {
        return;
    };
    let Some(answer) = exchange.answers.iter().find(|answer| answer.body.contains("\"type\":")) else {
        return;
    };
    let failed: Failed = serde_json::from_str(&answer.body).unwrap();
    let expected =
        failed.error.filter(|error| error.err_code == 10025).map(|error| error.description.into_owned());
    // What is asked of a request that was read is no matter of this crate.
    let expected = expected.filter(|text| !text.ends_with("consumer group not specified"));
    assert_eq!(fault, expected, "{}", exchange.line);
}

#[derive(Deserialize)]
struct Failed {
    error: Option<ApiError>,
}

/// Reads the request as its handler would, and returns the fault in it; the outer none means that it has no JSON.
fn fault_of(exchange: &Exchange<'_>, strictness: Strictness) -> Option<Option<String>> {
    let name = exchange.subject.strip_prefix("$JS.API.")?;
    let body = exchange.body.as_bytes();
    let optional = if api::is_absent(body) { &b""[..] } else { body };
    let mut tokens = name.split('.');
    let (first, second, third) = (tokens.next()?, tokens.next()?, tokens.next().unwrap_or_default());
    // A request that must be refused for another reason is not read.
    let required_level = exchange.headers.contains("Nats-Required-Api-Level");
    if required_level || api::is_empty(body) {
        return None;
    }
    let fault = match (first, second, third) {
        ("STREAM", "CREATE" | "UPDATE", _) => fault::<api::StreamConfig>(body, strictness),
        ("STREAM", "INFO", _) => fault::<api::StreamInfoRequest>(optional, strictness),
        ("STREAM", "NAMES", _) => fault::<api::StreamNamesRequest>(optional, strictness),
        ("STREAM", "LIST", _) => fault::<api::StreamListRequest>(optional, strictness),
        ("STREAM", "PURGE", _) => fault::<api::StreamPurgeRequest>(optional, strictness),
        ("STREAM", "MSG", "GET") => fault::<api::MsgGetRequest>(body, strictness),
        ("STREAM", "MSG", "DELETE") => fault::<api::MsgDeleteRequest>(body, strictness),
        ("STREAM", "SNAPSHOT", _) => fault::<api::SnapshotRequest>(body, strictness),
        ("STREAM", "RESTORE", _) => fault::<api::RestoreRequest>(body, strictness),
        ("CONSUMER", "CREATE" | "DURABLE", _) => fault::<api::ConsumerCreateRequest>(body, strictness),
        ("CONSUMER", "NAMES" | "LIST", _) => fault::<api::ConsumersRequest>(optional, strictness),
        ("CONSUMER", "PAUSE", _) => fault::<api::ConsumerPauseRequest>(optional, strictness),
        ("CONSUMER", "UNPIN", _) => fault::<api::ConsumerUnpinRequest>(body, Strictness::Lenient),
        ("CONSUMER", "RESET", _) => fault::<api::ConsumerResetRequest>(body, Strictness::Lenient),
        ("CONSUMER", "MSG", "NEXT") => {
            check_pull(exchange);
            return None;
        }
        _ => return None,
    };
    Some(fault)
}

fn fault<T: DeserializeOwned + Default>(body: &[u8], strictness: Strictness) -> Option<String> {
    api::decode::<T>(body, strictness).err().map(|error| error.description.into_owned())
}

/// A pull request that cannot be read is answered by a status, not by JSON.
fn check_pull(exchange: &Exchange<'_>) {
    let read = api::PullRequest::parse(exchange.body.as_bytes());
    let status = exchange.answers.iter().find_map(|answer| answer.headers.strip_prefix("NATS/1.0 400 "));
    match (read, status) {
        (Ok(_), Some(status)) => {
            assert!(!status.contains("JSON") && !status.contains("unmarshal"), "{status}")
        }
        (Ok(_), None) => {}
        (Err(fault), status) => assert_eq!(format!("{fault}\r\n\r\n"), status.unwrap_or_default()),
    }
}

/// Reads the answer and writes it again; it must be the same bytes.
fn check_answer(exchange: &Exchange<'_>, answer: &Answer<'_>) {
    if !answer.headers.is_empty() {
        check_headers(answer.headers.as_bytes());
    }
    if let Some(delivered) = answer.reply.strip_prefix("$JS.ACK.") {
        let reply = AckReply::parse(answer.reply.as_bytes()).unwrap();
        let mut written = Vec::new();
        reply.write(&mut written);
        assert_eq!(written, answer.reply.as_bytes(), "{delivered}");
        return;
    }
    if let Some(name) = api::type_of(answer.body.as_bytes()) {
        let written = rewritten(&name, &answer.body);
        assert_eq!(String::from_utf8(written).unwrap(), answer.body, "{}", exchange.line);
    } else if answer.body.contains("\"stream\":") && !exchange.subject.starts_with('$') {
        check_pub_ack(&answer.body);
    }
}

/// Takes a header block apart and builds it anew.
fn check_headers(block: &[u8]) {
    let mut written = Vec::new();
    if let Some((code, description)) = header::status(block) {
        header::push_status(&mut written, code, std::str::from_utf8(description).unwrap());
    }
    for (name, value) in header::iter(block) {
        header::append(&mut written, name, value);
    }
    // A client's own lines may lack the space that this crate writes.
    let spaced = String::from_utf8_lossy(block).replace("KV-Operation:DEL", "KV-Operation: DEL");
    assert_eq!(String::from_utf8_lossy(&written), spaced);
}

/// Reads an answer to a publisher with another parser, and builds it anew.
fn check_pub_ack(body: &str) {
    let read: Acknowledged = serde_json::from_str(body).unwrap();
    let mut written = Vec::new();
    match &read.error {
        Some(error) => write_error(&mut written, &read.stream, error),
        None => {
            let outcome = match (&read.val, &read.batch) {
                (Some(value), _) => Outcome::Counter { value },
                (None, Some(id)) => Outcome::Batch { id, count: read.count },
                (None, None) if read.duplicate => Outcome::Duplicate,
                (None, None) => Outcome::Stored,
            };
            let domain = read.domain.as_deref();
            PubAck { stream: &read.stream, domain, seq: read.seq, outcome }.write(&mut written);
        }
    }
    assert_eq!(String::from_utf8(written).unwrap(), body);
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Acknowledged {
    error: Option<ApiError>,
    stream: String,
    domain: Option<String>,
    seq: u64,
    duplicate: bool,
    val: Option<String>,
    batch: Option<String>,
    count: u64,
}

/// Reads a response of the type `name` and writes it again.
fn rewritten(name: &str, response: &str) -> Vec<u8> {
    use jetkv_wire::api as a;
    let cases: &[Case] = &[
        case::<a::AccountInfo>(),
        case::<a::StreamCreateResponse>(),
        case::<a::StreamUpdateResponse>(),
        case::<a::StreamInfoResponse>(),
        case::<a::StreamNamesResponse>(),
        case::<a::StreamListResponse>(),
        case::<a::StreamDeleteResponse>(),
        case::<a::StreamPurgeResponse>(),
        case::<a::MsgGetResponse>(),
        case::<a::MsgDeleteResponse>(),
        case::<a::SnapshotResponse>(),
        case::<a::RestoreResponse>(),
        case::<a::ConsumerCreateResponse>(),
        case::<a::ConsumerInfoResponse>(),
        case::<a::ConsumerNamesResponse>(),
        case::<a::ConsumerListResponse>(),
        case::<a::ConsumerDeleteResponse>(),
        case::<a::ConsumerPauseResponse>(),
        case::<a::ConsumerUnpinResponse>(),
        case::<a::ConsumerResetResponse>(),
    ];
    match cases.iter().find(|(each, _)| *each == name) {
        Some((_, rewrite)) => rewrite(response),
        // Requests of clusters, which one server only refuses.
        None => {
            let failed: Failed = serde_json::from_str(response).unwrap();
            let mut out = Vec::new();
            api::refuse(&mut out, name, &failed.error.unwrap());
            out
        }
    }
}

/// The type of a response, and what reads and writes it.
type Case = (&'static str, fn(&str) -> Vec<u8>);

fn case<B: Body>() -> Case {
    (B::TYPE, rewrite::<B>)
}

fn rewrite<B: Body>(response: &str) -> Vec<u8> {
    let read = api::decode_response::<B>(response.as_bytes()).unwrap();
    if let Err(error) = &read {
        check_error(error);
    }
    let mut out = Vec::new();
    api::respond(&mut out, read.as_ref());
    out
}

/// An error must be in the table, its text of the form that the table gives.
fn check_error(error: &ApiError) {
    let (_, code, text) = table()
        .find(|(err_code, ..)| *err_code == error.err_code)
        .unwrap_or_else(|| panic!("{error} is not in the table"));
    assert_eq!(error.code, code, "{error}");
    let mut rest = error.description.as_ref();
    for part in text.split(['{', '}']).step_by(2) {
        let at = rest.find(part).unwrap_or_else(|| panic!("{error} has not the form {text:?}"));
        rest = &rest[at + part.len()..];
    }
}
