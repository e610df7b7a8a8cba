//! Disks that fail (RELIABILITY, rows 9 and 10): whatever operation fails, once or for ever, every request is answered,
//! nothing that was acknowledged is lost, other buckets go on, and the next start finds a sound store.

use crate::disk::{Running, api, create_bucket, get, put, send, value};
use serde_json::Value;
use std::collections::BTreeMap;
use testkit::nats::{Client, Message};
use testkit::{DiskModel, FaultKind, FaultMode, Rng, SimFs};

/// What a bucket must hold, for each key: what was acknowledged last, and what may have taken its place. `None` is no value.
#[derive(Debug, Default, Clone)]
struct Oracle {
    keys: BTreeMap<String, Vec<Option<String>>>,
}

impl Oracle {
    fn note(&mut self, key: &str, wanted: Option<String>, answer: &Message) -> Answer {
        let answer = Answer::of(answer);
        let known = self.keys.entry(key.to_owned()).or_insert_with(|| vec![None]);
        match answer {
            Answer::Acked => *known = vec![wanted],
            Answer::Unknown => known.push(wanted),
            Answer::Refused(_) => {}
        }
        answer
    }

    fn check(&self, client: &mut Client, bucket: &str, when: &str) {
        for (key, allowed) in &self.keys {
            let message = get(client, bucket, key);
            let found = match message.status() {
                Some(status) if status.starts_with("404") => None,
                Some(status) => panic!("{when}: {key}: {status}"),
                None if message.header("KV-Operation").is_some() => None,
                None => Some(String::from_utf8(message.payload).unwrap()),
            };
            assert!(allowed.contains(&found), "{when}: {key} is {found:?}, not one of {allowed:?}");
        }
    }
}

/// What an answer says of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Acked,
    /// It is not known what the next start will find.
    Unknown,
    /// Nothing was written; the number says why.
    Refused(u64),
}

impl Answer {
    fn of(message: &Message) -> Self {
        let body: Value = serde_json::from_slice(&message.payload).unwrap_or_else(|_| panic!("{message:?}"));
        match body.get("error") {
            None => Self::Acked,
            Some(error) if error["err_code"] == 10077 => {
                assert_eq!(error["code"], 503, "{body}");
                Self::Unknown
            }
            Some(error) => Self::Refused(error["err_code"].as_u64().unwrap()),
        }
    }
}

/// Returns a disk with two buckets, stopped cleanly.
fn disk(model: DiskModel) -> SimFs {
    let fs = SimFs::new(model);
    let running = Running::on(&fs);
    let mut client = running.client();
    for bucket in ["b", "other"] {
        create_bucket(&mut client, bucket, 2);
        for n in 0..4 {
            put(&mut client, &format!("{bucket}.k{n}"), "before");
        }
    }
    drop(running);
    fs
}

fn oracle() -> Oracle {
    let before = || vec![Some("before".to_owned())];
    Oracle { keys: (0..4).map(|n| (format!("k{n}"), before())).collect() }
}

/// Does everything that a bucket is for; returns how many writes were not acknowledged.
fn work(client: &mut Client, oracle: &mut Oracle) -> usize {
    let mut failed = 0;
    let mut write = |client: &mut Client, key: &str, headers: &[(&str, &str)], value: Option<&str>| {
        let answer = send(client, &format!("b.{key}"), headers, value.unwrap_or_default());
        failed += usize::from(oracle.note(key, value.map(str::to_owned), &answer) != Answer::Acked);
    };
    for round in 0..3 {
        write(client, "k0", &[], Some(&format!("put-{round}")));
        write(client, &format!("n{round}"), &[], Some("new"));
    }
    write(client, "created", &[("Nats-Expected-Last-Subject-Sequence", "0")], Some("created"));
    write(client, "k1", &[("KV-Operation", "DEL")], None);
    write(client, "k2", &[("KV-Operation", "PURGE"), ("Nats-Rollup", "sub")], None);
    write(client, "k3", &[("Nats-Expected-Last-Subject-Sequence", "4")], Some("updated"));
    // These are answered as well, whatever the answer is.
    get(client, "b", "k0");
    api(client, "STREAM.INFO.KV_b", r#"{"subjects_filter":">"}"#);
    create_bucket(client, "fresh", 1);
    api(client, "CONSUMER.DURABLE.CREATE.KV_b.d", r#"{"stream_name":"KV_b","config":{"durable_name":"d"}}"#);
    api(client, "STREAM.PURGE.KV_fresh", "");
    api(client, "STREAM.DELETE.KV_fresh", "");
    failed
}

/// One fault at one operation; says whether it was met.
fn one(base: &SimFs, kind: FaultKind, mode: FaultMode, at: u64) -> bool {
    let when = format!("{kind:?} {mode:?} at {at}");
    let fs = base.fork();
    let running = Running::on(&fs);
    running.wait_for_line(&["Verified"]);
    let mut client = running.client();
    fs.fail_at(fs.op_count() + at, kind, mode);
    let mut oracle = oracle();
    work(&mut client, &mut oracle);
    let fired = fs.fault_fired();
    // What can be read is read while writes fail.
    if !matches!(kind, FaultKind::Eio | FaultKind::ReadEio) {
        oracle.check(&mut client, "b", &when);
        assert_eq!(value(&mut client, "other", "k3"), "before", "{when}");
    }
    // What is in the files at this moment is enough, whatever of it the power leaves.
    let image = fs.fork().power_cut(&mut Rng::new(at));
    fs.clear_faults();
    if mode == FaultMode::Once {
        assert!(put(&mut client, "other.k0", "goes on") > 0, "{when}");
    }
    drop(running);
    image.clear_faults();
    for fs in [image, fs] {
        let running = Running::on(&fs);
        let mut client = running.client();
        oracle.check(&mut client, "b", &when);
        put(&mut client, "b.k0", "goes on");
        put(&mut client, "other.k1", "goes on");
        assert_eq!(running.page("/healthz").0, 200, "{when}");
    }
    fired
}

fn sweep(kind: FaultKind) {
    let disks = [disk(DiskModel::Posix), disk(DiskModel::Ext4Like)];
    let all = std::env::var_os("JETKV_FAULTS").is_some();
    for (mode, step) in [(FaultMode::Once, 1), (FaultMode::Persistent, 5)] {
        let step = if all { 1 } else { step };
        let mut at = 0;
        while one(&disks[usize::from(at % 2 == 1)], kind, mode, at) {
            at += step;
        }
        assert!(at > 10, "the workload is too small to mean anything: {at}");
    }
}

#[test]
fn any_write_may_fail() {
    sweep(FaultKind::WriteEio);
}

#[test]
fn any_write_may_stop_half_way() {
    sweep(FaultKind::ShortWrite);
}

#[test]
fn any_sync_may_fail() {
    sweep(FaultKind::SyncFails);
}

#[test]
fn any_operation_may_fail() {
    sweep(FaultKind::Eio);
}

#[test]
fn any_write_may_find_the_disk_full() {
    sweep(FaultKind::Enospc);
}

#[test]
fn a_disk_that_stays_full_refuses_by_name_and_writes_resume_by_themselves() {
    let base = disk(DiskModel::Posix);
    let mut at = 0;
    loop {
        let fs = base.fork();
        let running = Running::on(&fs);
        running.wait_for_line(&["Verified"]);
        let mut client = running.client();
        fs.fail_at(fs.op_count() + at, FaultKind::Enospc, FaultMode::Persistent);
        let mut oracle = oracle();
        let failed = work(&mut client, &mut oracle);
        if !fs.fault_fired() {
            assert!(failed == 0 && at > 10, "{failed} failed, {at}");
            return;
        }
        for n in 0..3 {
            let answer = send(&mut client, &format!("b.n{n}"), &[], "refused");
            assert_eq!(oracle.note("refused", None, &answer), Answer::Refused(10023), "{at}");
            let error: Value = serde_json::from_slice(&answer.payload).unwrap();
            assert_eq!(error["error"]["code"], 503);
            assert_eq!(error["error"]["description"], "insufficient resources");
            assert_eq!(error["stream"], "KV_b");
        }
        oracle.check(&mut client, "b", "full");
        fs.clear_faults();
        assert_eq!(running.page("/healthz").0, 503, "{at}");
        // The first one already succeeds.
        put(&mut client, "b.k0", "goes on");
        put(&mut client, "other.k0", "goes on");
        assert_eq!(running.page("/healthz").0, 200);
        at += 1;
    }
}

#[test]
fn a_full_disk_is_told_once_until_there_is_room_even_if_nobody_writes() {
    let fs = disk(DiskModel::Posix);
    let running = Running::on(&fs);
    let mut client = running.client();
    fs.set_capacity(Some(fs.used_bytes() + 3_000_000));
    assert_eq!(running.page("/healthz").0, 200);
    fill(&mut client);
    let told = running.wait_for_line(&["The disk of account \"$G\" is full", "/data", "are refused"]);
    let (status, body) = running.page("/healthz");
    assert_eq!(status, 503);
    assert!(body.contains("is full (/data") && body.contains("unavailable"), "{body}");
    assert_eq!(running.page("/healthz?account=$G&stream=KV_b").0, 503);
    for page in ["/healthz?js-server-only=1", "/healthz?js-enabled-only=1", "/readyz"] {
        assert_eq!(running.page(page).0, 200, "{page}");
    }
    assert!(running.page("/metrics").1.contains("\njetkv_disk_full 1\n"));
    for _ in 0..100 {
        assert_eq!(Answer::of(&send(&mut client, "b.k0", &[], &"v".repeat(20_000))), Answer::Refused(10023));
    }
    fs.set_capacity(None);
    running.wait_for_line(&["There is room again on the disk of account \"$G\""]);
    assert_eq!(running.page("/healthz").0, 200);
    assert!(running.page("/metrics").1.contains("\njetkv_disk_full 0\n"));
    put(&mut client, "b.k0", "goes on");
    assert_eq!(running.lines.all().iter().filter(|line| **line == told).count(), 1);
}

#[test]
fn streams_that_have_all_they_may_are_told_once_and_the_server_stays_healthy() {
    let fs = disk(DiskModel::Posix);
    let running = Running::on_with(&fs, |options| {
        options.jetstream.as_mut().unwrap().max_file = Some(200_000);
    });
    let mut client = running.client();
    fill(&mut client);
    let told =
        running.wait_for_line(&["JetStream file resource limits exceeded for account \"$G\"", "200000"]);
    // As with the reference.
    assert_eq!(running.page("/healthz").0, 200);
    for _ in 0..100 {
        assert_eq!(Answer::of(&send(&mut client, "b.k0", &[], "v")), Answer::Refused(10023));
    }
    assert_eq!(api(&mut client, "STREAM.PURGE.KV_b", "")["success"], true);
    running.wait_for_line(&["The streams of account \"$G\" are below max_file_store again"]);
    assert_eq!(running.lines.all().iter().filter(|line| **line == told).count(), 1);
}

/// Fills the disk; returns the keys that are there.
fn fill(client: &mut Client) -> Vec<String> {
    let mut keys = Vec::new();
    loop {
        let key = format!("f{}", keys.len());
        let answer = send(client, &format!("b.{key}"), &[], &"v".repeat(20_000));
        match Answer::of(&answer) {
            Answer::Acked => keys.push(key),
            answer => {
                assert_eq!(answer, Answer::Refused(10023));
                return keys;
            }
        }
    }
}

#[test]
fn deletes_and_purges_work_on_a_full_disk_and_make_room() {
    let fs = disk(DiskModel::Ext4Like);
    let running = Running::on(&fs);
    let mut client = running.client();
    fs.set_capacity(Some(fs.used_bytes() + 3_000_000));
    let keys = fill(&mut client);
    assert!(keys.len() > 20, "{}", keys.len());
    for key in &keys {
        assert_eq!(value(&mut client, "b", key).len(), 20_000);
    }
    let marker = |word| [("KV-Operation", word), ("Nats-Rollup", "sub")];
    let deleted = send(&mut client, &format!("b.{}", keys[0]), &marker("DEL")[..1], "");
    assert_eq!(Answer::of(&deleted), Answer::Acked);
    let purged = send(&mut client, &format!("b.{}", keys[1]), &marker("PURGE"), "");
    assert_eq!(Answer::of(&purged), Answer::Acked);
    let purged = api(&mut client, "STREAM.PURGE.KV_b", r#"{"filter":"$KV.b.>","keep":1}"#);
    assert_eq!(purged["success"], true, "{purged}");
    let purged = api(&mut client, "STREAM.PURGE.KV_b", "");
    assert_eq!(purged["success"], true, "{purged}");
    // The upkeep thread gives the space back by itself.
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while Answer::of(&send(&mut client, "b.again", &[], &"v".repeat(20_000))) != Answer::Acked {
        assert!(tokio::time::Instant::now() < deadline, "no room came back");
        std::thread::yield_now();
    }
}

#[test]
fn a_server_starts_on_a_full_disk_and_serves_reads() {
    for extra in [0, 1, 5_000] {
        let fs = disk(DiskModel::Posix);
        fs.delete("/data/reserve");
        fs.set_capacity(Some(fs.used_bytes() + extra));
        let running = Running::on(&fs);
        let mut client = running.client();
        for bucket in ["b", "other"] {
            (0..4).for_each(|n| assert_eq!(value(&mut client, bucket, &format!("k{n}")), "before"));
        }
        let answer = Answer::of(&send(&mut client, "b.k0", &[], &"v".repeat(20_000)));
        assert_eq!(answer, Answer::Refused(10023), "{extra}");
        fs.set_capacity(None);
        put(&mut client, "b.k0", "goes on");
    }
}

#[test]
fn a_start_that_fails_leaves_everything_for_the_next_one() {
    let base = disk(DiskModel::Posix);
    for kind in [FaultKind::Eio, FaultKind::Enospc, FaultKind::SyncFails] {
        let mut at = 0;
        loop {
            let fs = base.fork();
            fs.fail_at(fs.op_count() + at, kind, FaultMode::Once);
            let started = Running::try_on(&fs);
            let fired = fs.fault_fired();
            fs.clear_faults();
            drop(started);
            let running = Running::on(&fs);
            let mut client = running.client();
            oracle().check(&mut client, "b", &format!("{kind:?} at {at}"));
            put(&mut client, "b.k0", "goes on");
            assert_eq!(running.page("/healthz").0, 200, "{kind:?} at {at}");
            if !fired {
                break;
            }
            at += 1;
        }
        assert!(at > 1, "{kind:?}: {at}");
    }
}
