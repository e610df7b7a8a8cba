//! The operator is told (RELIABILITY, row 14): whatever is damaged, and however it is noticed, the log, the health, the
//! metrics, the state of the stream and an advisory name it, and they agree.

use crate::disk::{Running, api, create_bucket, damage_record, dig_hole, get, place_of, put, ruin_stream};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::nats::Client;
use testkit::{DiskModel, SimFs};

/// A disk with two buckets, stopped cleanly, or killed.
fn disk(killed: bool) -> SimFs {
    let fs = SimFs::new(DiskModel::Posix);
    let running = Running::on(&fs);
    let mut client = running.client();
    for bucket in ["b", "c"] {
        create_bucket(&mut client, bucket, 1);
        for number in 1..=5 {
            put(&mut client, &format!("{bucket}.k{number}"), &format!("value-of-{bucket}-k{number}"));
        }
    }
    if killed { fs.kill() } else { fs }
}

/// What must be told.
struct Oracle<'a> {
    stream: &'a str,
    /// The sequences that are lost, as far as they can be known.
    sequences: &'a [u64],
    /// The subject, if it can be known.
    subject: Option<&'a str>,
    file: String,
}

fn metric(running: &Running, name: &str) -> String {
    let (_, page) = running.page("/metrics");
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {page}")).to_owned()
}

fn check_told(running: &Running, client: &mut Client, oracle: &Oracle<'_>) {
    let mut texts = vec!["Damage", "\"$G\"", oracle.stream, oracle.file.as_str(), "offset"];
    texts.extend(oracle.subject);
    let sequence = match oracle.sequences {
        [] => None,
        [one] => Some(format!("sequence {one}")),
        many => Some(format!("sequences {} to {}", many[0], many[many.len() - 1])),
    };
    texts.extend(sequence.as_deref());
    running.wait_for_line(&texts);
    let (status, body) = running.page("/healthz");
    assert_eq!(status, 503, "{body}");
    let health: Value = serde_json::from_str(&body).unwrap();
    let error = health["error"].as_str().unwrap();
    let named: Vec<_> = texts[2..].iter().filter(|text| !error.contains(**text)).collect();
    assert!(named.is_empty(), "{named:?} not in {error}");
    let (status, body) = running.page(&format!("/healthz?account=$G&stream={}", oracle.stream));
    assert_eq!(status, 503, "{body}");
    let (status, body) = running.page("/healthz?account=$G&stream=KV_c");
    assert_eq!((status, body.as_str()), (200, r#"{"status":"ok"}"#));
    assert_eq!(metric(running, "jetkv_corrupt_records"), "1");
    let keys = if oracle.subject.is_some() { "1" } else { "0" };
    assert_eq!(metric(running, "jetkv_damaged_keys"), keys);
    let advisory = client.next_message("advisories", LIMIT).unwrap().expect("an advisory must come");
    let subject = String::from_utf8(advisory.subject).unwrap();
    assert_eq!(subject, format!("$JS.EVENT.ADVISORY.STREAM.DAMAGED.{}", oracle.stream));
    let told: Value = serde_json::from_slice(&advisory.payload).unwrap();
    assert_eq!(told["stream"], oracle.stream, "{told}");
    assert_eq!(told["type"], "io.jetkv.advisory.v1.stream_damaged", "{told}");
    assert_eq!(told["subject"].as_str(), oracle.subject, "{told}");
    assert!(told["file"].as_str().unwrap().contains(&oracle.file), "{told}");
    let ends = [oracle.sequences.first(), oracle.sequences.last()];
    assert_eq!(
        [told["first_seq"].as_u64(), told["last_seq"].as_u64()],
        ends.map(|end| end.copied()),
        "{told}"
    );
}

fn listen(running: &Running) -> Client {
    let mut client = running.client();
    client.subscribe("$JS.EVENT.ADVISORY.STREAM.DAMAGED.>", None, "advisories").unwrap();
    client.flush().unwrap();
    client
}

fn lost(client: &mut Client, stream: &str) -> Value {
    api(client, &format!("STREAM.INFO.{stream}"), "")["state"]["lost"]["msgs"].clone()
}

#[test]
fn a_damaged_record_is_told_though_nobody_reads_it() {
    for killed in [false, true] {
        let fs = disk(killed);
        let (path, _) = place_of(&fs, "value-of-b-k3");
        damage_record(&fs, "value-of-b-k3");
        let running = Running::on(&fs);
        let mut client = listen(&running);
        let file = path.to_string_lossy().into_owned();
        let oracle = Oracle { stream: "KV_b", sequences: &[3], subject: Some("$KV.b.k3"), file };
        check_told(&running, &mut client, &oracle);
        assert_eq!(lost(&mut client, "KV_b"), json!([3]));
        assert_eq!(lost(&mut client, "KV_c"), Value::Null);
    }
}

#[test]
fn damage_that_a_read_meets_is_told() {
    let fs = disk(false);
    let running = Running::on(&fs);
    let mut client = listen(&running);
    let (path, _) = place_of(&fs, "value-of-b-k3");
    // The look at everything, after the start, is over.
    running.wait_for_line(&["Verified"]);
    damage_record(&fs, "value-of-b-k3");
    assert!(get(&mut client, "b", "k3").status().unwrap().starts_with("500"));
    assert_eq!(lost(&mut client, "KV_b"), json!([3]));
    let file = path.to_string_lossy().into_owned();
    let oracle = Oracle { stream: "KV_b", sequences: &[3], subject: Some("$KV.b.k3"), file };
    check_told(&running, &mut client, &oracle);
}

#[test]
fn a_hole_is_told() {
    let fs = disk(false);
    let (path, _) = place_of(&fs, "value-of-b-k3");
    dig_hole(&fs, "k3", "value-of-b-k3");
    let running = Running::on(&fs);
    let mut client = listen(&running);
    let file = path.to_string_lossy().into_owned();
    let oracle = Oracle { stream: "KV_b", sequences: &[3], subject: None, file };
    check_told(&running, &mut client, &oracle);
    assert_eq!(lost(&mut client, "KV_b"), json!([3]));
}

#[test]
fn a_lost_stream_is_told() {
    let fs = disk(false);
    ruin_stream(&fs, "KV_b");
    let running = Running::on(&fs);
    let mut client = listen(&running);
    let oracle = Oracle { stream: "KV_b", sequences: &[], subject: None, file: "KV_b".into() };
    check_told(&running, &mut client, &oracle);
}

#[test]
fn damaged_metadata_is_a_warning_and_costs_nothing() {
    let fs = disk(false);
    let paths = fs.paths();
    let manifest = paths.iter().find(|path| path.to_string_lossy().contains("KV_b/manifest")).unwrap();
    fs.delete(manifest);
    let running = Running::on(&fs);
    let mut client = running.client();
    running.wait_for_line(&["manifest", "rebuilt"]);
    assert_eq!(running.page("/healthz").0, 200);
    assert_eq!(crate::disk::value(&mut client, "b", "k3"), "value-of-b-k3");
    assert_eq!(lost(&mut client, "KV_b"), Value::Null);
}

#[test]
fn a_stream_that_takes_no_writes_any_more_is_told() {
    use testkit::{FaultKind, FaultMode};
    let fs = disk(false);
    let running = Running::on(&fs);
    let mut client = running.client();
    running.wait_for_line(&["Verified"]);
    fs.fail_at(fs.op_count(), FaultKind::SyncFails, FaultMode::Once);
    let refused = crate::disk::send(&mut client, "b.k1", &[], "new");
    let error: Value = serde_json::from_slice(&refused.payload).unwrap();
    assert_eq!(error["error"]["code"], 503, "{error}");
    running.wait_for_line(&["KV_b", "read-only"]);
    let (status, body) = running.page("/healthz");
    assert!(status == 503 && body.contains("KV_b") && body.contains("read-only"), "{status} {body}");
}

const LIMIT: Duration = Duration::from_secs(10);
