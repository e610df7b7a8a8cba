//! What is asked, and which answers are taken for right.

use super::*;
use crate::net::bucket::Shape;
use std::net::Ipv4Addr;

fn bucket(keys: u64) -> Bucket {
    Bucket::created((Ipv4Addr::LOCALHOST, 1).into(), "b", Shape::of(keys))
}

/// Asks once and returns what was sent up to the end of the first line.
fn line(requests: &mut Requests<'_>, slot: usize) -> String {
    let mut out = Vec::new();
    assert!(requests.ask(slot, &mut out).unwrap());
    text(&out).lines().next().unwrap().to_owned()
}

fn answered(requests: &mut Requests<'_>, subject: &str, headers: &str, payload: &[u8]) -> Outcome<usize> {
    let (subject, headers) = (subject.as_bytes(), headers.as_bytes());
    requests.answer(&Message { subject, sid: 1, reply: b"", headers, payload })
}

fn ack(sequence: u64) -> Vec<u8> {
    format!("{{\"stream\":\"KV_b\",\"seq\":{sequence}}}").into_bytes()
}

fn got(bucket: &Bucket, index: u64, sequence: u64) -> String {
    let (prefix, key) = (&bucket.prefix, bucket.data.key(index));
    format!(
        "NATS/1.0\r\nNats-Stream: KV_b\r\nNats-Subject: {prefix}{}\r\nNats-Sequence: {sequence}\r\nNats-Time-Stamp: x\r\n\r\n",
        key.as_str()
    )
}

#[test]
fn a_load_puts_every_key_once_and_notes_its_revision() {
    let bucket = bucket(5);
    let mut requests = Requests::new(&bucket, Kind::Load, 0, 1, 2).unwrap();
    let mut sequence = 0;
    for (slot, token) in [(0, 0), (1, 1), (0, 2), (1, 3), (0, 4)] {
        let sent = line(&mut requests, slot);
        assert!(sent.starts_with("PUB $KV.b.k0") && sent.ends_with(&format!(".{token} 128")), "{sent}");
        sequence += 1;
        let inbox = format!("{}{token}", requests.inbox().trim_end_matches('*'));
        assert_eq!(answered(&mut requests, &inbox, "", &ack(sequence)).unwrap(), slot);
    }
    assert!(!requests.ask(1, &mut Vec::new()).unwrap(), "there is no sixth key");
    let revisions: Vec<u64> = (0..5).map(|index| bucket.revision(index).unwrap()).collect();
    assert_eq!((revisions, requests.writes()), (vec![1, 2, 3, 4, 5], 5));
}

#[test]
fn wrong_answers_to_a_put_are_seen() {
    let bucket = bucket(1);
    let mut requests = Requests::new(&bucket, Kind::Put, 0, 1, 1).unwrap();
    let inbox = requests.inbox();
    let inbox = inbox.trim_end_matches('*');
    line(&mut requests, 0);
    assert!(answered(&mut requests, "_INBOX.other.0", "", &ack(1)).is_err(), "to somebody else");
    assert!(answered(&mut requests, &format!("{inbox}7"), "", &ack(1)).is_err(), "to no request");
    line(&mut requests, 0);
    assert!(answered(&mut requests, &format!("{inbox}1"), "", br#"{"error":{"code":503}}"#).is_err());
    line(&mut requests, 0);
    assert!(answered(&mut requests, &format!("{inbox}2"), "NATS/1.0 503\r\n\r\n", b"").is_err());
    line(&mut requests, 0);
    answered(&mut requests, &format!("{inbox}3"), "", &ack(9)).unwrap();
    assert!(answered(&mut requests, &format!("{inbox}3"), "", &ack(10)).is_err(), "a second answer");
    line(&mut requests, 0);
    assert!(
        answered(&mut requests, &format!("{inbox}4"), "", &ack(9)).is_err(),
        "a revision given out twice"
    );
}

#[test]
fn a_compare_and_set_expects_the_last_revision() {
    let bucket = bucket(1);
    bucket.acked(0, 42).unwrap();
    let mut requests = Requests::new(&bucket, Kind::CompareAndSet, 0, 1, 1).unwrap();
    let mut out = Vec::new();
    assert!(requests.ask(0, &mut out).unwrap());
    let sent = String::from_utf8_lossy(&out).into_owned();
    assert!(sent.starts_with("HPUB $KV.b.k"), "{sent}");
    assert!(sent.contains("\r\nNats-Expected-Last-Subject-Sequence: 42\r\n\r\n"), "{sent}");
}

#[test]
fn a_create_expects_nothing_and_a_delete_leaves_a_marker() {
    let bucket = bucket(1);
    let mut out = Vec::new();
    assert!(Requests::new(&bucket, Kind::Create, 0, 1, 1).unwrap().ask(0, &mut out).unwrap());
    let sent = String::from_utf8_lossy(&out).into_owned();
    assert!(sent.contains("\r\nNats-Expected-Last-Subject-Sequence: 0\r\n\r\n"), "{sent}");
    out.clear();
    let mut deletes = Requests::new(&bucket, Kind::Delete, 0, 1, 1).unwrap();
    assert!(deletes.ask(0, &mut out).unwrap());
    assert!(out.ends_with(b"\r\nKV-Operation: DEL\r\n\r\n\r\n"), "{}", text(&out));
    assert!(!deletes.ask(0, &mut out).unwrap(), "every key once");
}

#[test]
fn keys_that_follow_each_other_go_to_different_buckets() {
    let shape = Shape { buckets: 3, ..Shape::of(6) };
    let bucket = Bucket::created((Ipv4Addr::LOCALHOST, 1).into(), "b", shape);
    let mut requests = Requests::new(&bucket, Kind::Load, 0, 1, 1).unwrap();
    for (round, place) in [0, 1, 2, 0, 1, 2].into_iter().enumerate() {
        let sent = line(&mut requests, 0);
        assert!(sent.starts_with(&format!("PUB $KV.b{place}.k")), "{sent}");
        let inbox = format!("{}{round}", requests.inbox().trim_end_matches('*'));
        let other = ack(1);
        assert!(answered(&mut requests, &inbox, "", &other).is_err(), "an ack of another stream");
    }
}

#[test]
fn a_get_must_find_its_own_key_at_its_newest_revision() {
    let bucket = bucket(1);
    bucket.acked(0, 5).unwrap();
    let mut requests = Requests::new(&bucket, Kind::Get, 0, 1, 1).unwrap();
    let inbox = requests.inbox();
    let inbox = inbox.trim_end_matches('*');
    let value = bucket.data.key(0).value(1);
    let sent = line(&mut requests, 0);
    assert!(sent.starts_with("PUB $JS.API.DIRECT.GET.KV_b.$KV.b.k") && sent.ends_with(" 0"), "{sent}");
    answered(&mut requests, &format!("{inbox}0"), &got(&bucket, 0, 5), &value).unwrap();

    let stored = got(&bucket, 0, 6).replace("NATS/1.0\r\n", "NATS/1.0\r\nMine: a\r\n");
    line(&mut requests, 0);
    answered(&mut requests, &format!("{inbox}1"), &stored, &value).unwrap();
    let wrong = [
        (got(&bucket, 0, 4), &value[..]),
        (got(&bucket, 0, 5), &b"short"[..]),
        (got(&bucket, 0, 5).replace("$KV.b.k", "$KV.b.x"), &value[..]),
        ("NATS/1.0 404 Message Not Found\r\n\r\n".to_owned(), &b""[..]),
        (String::new(), &value[..]),
    ];
    for (number, (headers, payload)) in wrong.iter().enumerate() {
        line(&mut requests, 0);
        let subject = format!("{inbox}{}", number + 2);
        assert!(answered(&mut requests, &subject, headers, payload).is_err(), "{headers}");
    }
}

#[test]
fn writers_share_no_key() {
    let bucket = bucket(50);
    let mut owners = vec![None; 50];
    for lane in 0..2 {
        let mut requests = Requests::new(&bucket, Kind::Put, lane, 2, 3).unwrap();
        for turn in 0..300 {
            let slot = turn % 3;
            assert!(requests.ask(slot, &mut Vec::new()).unwrap());
            let key = usize::try_from(requests.slots[slot].key).unwrap();
            assert_eq!(*owners[key].get_or_insert((lane, slot)), (lane, slot), "key {key}");
        }
    }
    assert!(owners.iter().all(Option::is_some));
    assert!(Requests::new(&bucket, Kind::Put, 0, 1, 51).is_err(), "a slot would have no key");
}
