//! Messages that are appended together, each by itself, fare as if they were appended alone.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use jetkv_engine::env::Env;
use jetkv_engine::{Append, Expect, Select, Store, StoreOptions, Stream, StreamConfig, Sync, Upkeep};
use jetkv_types::{Headers, Operation, StreamName, Subject, SubjectFilter};
use std::path::Path;

fn world(history: u64, sync: Sync) -> (Store, Stream) {
    let options = StoreOptions {
        sync,
        upkeep: Upkeep::Manual,
        segment_bytes_min: 512,
        segment_bytes_max: 2048,
        reserve_bytes: 0,
        ..StoreOptions::default()
    };
    let store = Store::open(Env::memory(), Path::new("/data"), options).unwrap();
    let mut config =
        StreamConfig::new(StreamName::new("S").unwrap(), vec![SubjectFilter::new("a.>").unwrap()]);
    config.messages_per_subject_max = Some(history);
    config.message_bytes_max = Some(200);
    let stream = store.create_stream(config).unwrap();
    (store, stream)
}

/// What a message is made of.
type Made = (Subject, Headers, Vec<u8>, Operation, Expect<'static>);

fn made(draw: &mut impl FnMut(u64) -> u64) -> Made {
    let subject = if draw(20) == 0 { "b.outside".to_owned() } else { format!("a.{}", draw(5)) };
    let headers = if draw(3) == 0 { "NATS/1.0\r\nA: b\r\n\r\n" } else { "" };
    let expect = match draw(6) {
        0 => Expect::LastOfSubject(draw(12)),
        1 => Expect::LastOfStream(draw(12)),
        2 => Expect::NoValue,
        3 => Expect::Both { subject: draw(4), filter: None, stream: draw(12) },
        _ => Expect::Nothing,
    };
    let operation = if draw(4) == 0 { Operation::Delete } else { Operation::Put };
    let bytes = usize::try_from(draw(220)).unwrap();
    (
        Subject::new(subject).unwrap(),
        Headers::from_block(headers.into()).unwrap(),
        vec![b'x'; bytes],
        operation,
        expect,
    )
}

fn append((subject, headers, payload, operation, expect): &Made) -> Append<'_> {
    Append { headers, operation: *operation, expect: *expect, ..Append::put(subject, payload) }
}

/// Everything that lives, as one comparable text.
fn content(stream: &Stream) -> String {
    let all = stream.select(&[SubjectFilter::all()], Select::All, 0).unwrap();
    let messages = all.sequences.iter().map(|sequence| {
        let found = stream.get(*sequence).unwrap().unwrap();
        (found.sequence, found.subject, found.operation, found.headers, found.payload)
    });
    format!("{:?} {:?} {}", messages.collect::<Vec<_>>(), all.up_to, stream.state().bytes)
}

#[test]
fn each_fares_as_if_it_were_alone() {
    for seed in 1_u64..200 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut draw = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 20) % below
        };
        let history = 1 + draw(3);
        let sync = if draw(2) == 0 { Sync::Os } else { Sync::Always };
        let (_one, alone) = world(history, sync);
        let (_two, together) = world(history, sync);
        for _ in 0..4 {
            let messages: Vec<Made> = (0..draw(50)).map(|_| made(&mut draw)).collect();
            let expected: Vec<String> = messages
                .iter()
                .map(|message| match alone.append(&[append(message)]).wait() {
                    Ok(committed) => format!("{}", committed.last),
                    Err(error) => error.to_string(),
                })
                .collect();
            let appends: Vec<_> = messages.iter().map(append).collect();
            let mut found = Vec::new();
            for commit in together.append_each(&appends) {
                match commit.wait() {
                    Ok(committed) => {
                        found.extend((committed.first..=committed.last).map(|sequence| sequence.to_string()));
                    }
                    Err(error) => found.push(error.to_string()),
                }
            }
            assert_eq!(found, expected, "seed {seed}");
            assert_eq!(content(&together), content(&alone), "seed {seed}");
        }
    }
}

#[test]
fn subjects_that_are_looked_up_together_are_found_as_alone() {
    let (_store, stream) = world(1, Sync::Os);
    let subjects: Vec<_> = (0..150).map(|number| Subject::new(format!("a.{number}")).unwrap()).collect();
    for (number, subject) in subjects.iter().enumerate().filter(|(number, _)| number % 3 != 1) {
        stream.append(&[Append::put(subject, number.to_string().as_bytes())]).wait().unwrap();
    }
    let names: Vec<_> = subjects.iter().map(Subject::as_bytes).collect();
    let mut found = Vec::new();
    stream.peek_last_each(&names, |at, peeked| {
        found.push((at, peeked.unwrap().map(|peeked| peeked.payload.to_vec())));
    });
    let expected: Vec<_> =
        names.iter().map(|name| stream.peek_last(name, |peeked| peeked.payload.to_vec()).unwrap()).collect();
    assert_eq!(found, expected.into_iter().enumerate().collect::<Vec<_>>());
}
