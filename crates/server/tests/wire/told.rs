//! The operator is told (RELIABILITY, row 14): whatever is damaged, and however it is noticed, the log, the health, the
//! metrics, the state of the stream and an advisory name it, and they agree.

use crate::disk::{
    Running, api, create_bucket, damage_record, dig_hole, get, place_of, put, ruin_stream, send,
};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;
use testkit::nats::{Client, Message};
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
    let refused = send(&mut client, "b.k1", &[], "new");
    let error: Value = serde_json::from_slice(&refused.payload).unwrap();
    assert_eq!(error["error"]["code"], 503, "{error}");
    running.wait_for_line(&["KV_b", "read-only"]);
    let (status, body) = running.page("/healthz");
    assert!(status == 503 && body.contains("KV_b") && body.contains("read-only"), "{status} {body}");
}

/// What is at each sequence of each stream: what a get of it answers, as long as nothing is damaged.
type Content = Vec<(&'static str, u64, Message)>;

fn get_at(client: &mut Client, stream: &str, sequence: u64) -> Message {
    let body = format!("{{\"seq\":{sequence}}}");
    let found = client.request(&format!("$JS.API.DIRECT.GET.{stream}"), body.as_str()).unwrap();
    // The subject of an answer is another one each time.
    Message { subject: Vec::new(), ..found }
}

/// A disk with values, replaced ones, markers and purges.
fn busy_disk(killed: bool) -> (SimFs, Content) {
    let fs = SimFs::new(DiskModel::Posix);
    let running = Running::on(&fs);
    let mut client = running.client();
    for (bucket, history) in [("b", 1), ("c", 3)] {
        create_bucket(&mut client, bucket, history);
        for round in 0..3 {
            for number in 0..6 {
                put(&mut client, &format!("{bucket}.k{number}"), &format!("{bucket}-{number}-{round}"));
            }
        }
        send(&mut client, &format!("{bucket}.k1"), &[("KV-Operation", "DEL")], "");
        send(&mut client, &format!("{bucket}.k2"), &[("KV-Operation", "PURGE"), ("Nats-Rollup", "sub")], "");
        put(&mut client, &format!("{bucket}.last"), "last");
    }
    let all =
        ["KV_b", "KV_c"].into_iter().flat_map(|stream| (1..=22).map(move |sequence| (stream, sequence)));
    let content = all.map(|(stream, at)| (stream, at, get_at(&mut client, stream, at))).collect();
    (if killed { fs.kill() } else { fs }, content)
}

/// Returns the messages that cannot be read; all others must be as they were.
fn unreadable(client: &mut Client, content: &Content, what: &str) -> Vec<(&'static str, u64)> {
    let mut lost = Vec::new();
    for (stream, sequence, expected) in content {
        let found = get_at(client, stream, *sequence);
        match found.status() {
            Some(status) if status.starts_with("500") => lost.push((*stream, *sequence)),
            _ => assert_eq!(found, *expected, "{what}: {stream} {sequence}"),
        }
    }
    lost
}

#[test]
fn whatever_bit_flips_is_told_if_and_only_if_it_costs_something() {
    let flips: usize = std::env::var("JETKV_FLIPS").ok().and_then(|count| count.parse().ok()).unwrap_or(150);
    let (mut costly, mut harmless) = (0, 0);
    for killed in [false, true] {
        let (disk, content) = busy_disk(killed);
        let is_data =
            |path: &PathBuf| !matches!(path.file_name().unwrap().to_str(), Some("lock" | "reserve"));
        let paths = disk.paths().into_iter().filter(is_data);
        let bits: Vec<(PathBuf, u64)> = paths
            .flat_map(|path| {
                let written = disk.read(&path).iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                (0..u64::try_from(written).unwrap() * 8).map(move |bit| (path.clone(), bit))
            })
            .collect();
        for (path, bit) in bits.iter().step_by((bits.len() / flips).max(1)) {
            let what = format!("killed {killed}, bit {bit} of {}", path.display());
            let fs = disk.fork();
            fs.flip_bit(path, *bit);
            let running = Running::on(&fs);
            running.wait_for_line(&["Verified"]);
            let mut client = running.client();
            let missing = unreadable(&mut client, &content, &what);
            let (status, health) = running.page("/healthz");
            let is_told = (status, metric(&running, "jetkv_corrupt_records").as_str() != "0");
            let expected = if missing.is_empty() { (200, false) } else { (503, true) };
            assert_eq!(is_told, expected, "{what}: {missing:?}, {health}");
            (costly, harmless) =
                (costly + usize::from(!missing.is_empty()), harmless + usize::from(missing.is_empty()));
            if let [(stream, sequence)] = missing[..] {
                running.wait_for_line(&[
                    "Damage",
                    stream,
                    "offset",
                    &format!("sequence {sequence}, subject $KV."),
                ]);
                assert!(health.contains(&format!("sequence {sequence}, subject")), "{what}: {health}");
                assert_eq!(lost(&mut client, stream), json!([sequence]), "{what}");
            }
            // One flipped bit costs one record at most.
            assert!(missing.len() <= 1, "{what}: {missing:?}");
        }
    }
    assert!(costly > 20 && harmless > 20, "{costly} flips cost something, {harmless} did not");
}

#[test]
fn whatever_becomes_of_a_file_is_told_if_it_costs_something() {
    let shapes: [(&str, Ruin); 5] = [
        ("deleted", |fs, path| fs.delete(path)),
        ("emptied", |fs, path| fs.truncate(path, 0)),
        ("cut in half", |fs, path| fs.truncate(path, u64::try_from(fs.read(path).len() / 2).unwrap())),
        ("zeroed", |fs, path| fs.overwrite(path, vec![0; fs.read(path).len()])),
        ("overwritten", |fs, path| fs.overwrite(path, vec![0xFF; fs.read(path).len()])),
    ];
    let mut costly = 0;
    for killed in [false, true] {
        let (disk, content) = busy_disk(killed);
        for path in disk.paths() {
            for (shape, change) in shapes {
                let what = format!("killed {killed}, {} is {shape}", path.display());
                let fs = disk.fork();
                change(&fs, &path);
                let running = Running::on(&fs);
                running.wait_for_line(&["Verified"]);
                let mut client = running.client();
                let missing = unreadable(&mut client, &content, &what);
                let (status, health) = running.page("/healthz");
                let is_told = (status, metric(&running, "jetkv_corrupt_records").as_str() != "0");
                let expected = if missing.is_empty() { (200, false) } else { (503, true) };
                assert_eq!(is_told, expected, "{what}: {missing:?}, {health}");
                if let Some((stream, _)) = missing.first() {
                    costly += 1;
                    running.wait_for_line(&["Damage", stream, "/data/"]);
                    assert!(health.contains(stream), "{what}: {health}");
                    // The other bucket is not concerned.
                    assert!(missing.iter().all(|(other, _)| other == stream), "{what}: {missing:?}");
                }
            }
        }
    }
    assert!(costly > 10, "{costly}");
}

const LIMIT: Duration = Duration::from_secs(10);

/// What makes a file worthless.
type Ruin = fn(&SimFs, &PathBuf);
