//! Questions that servers ask, against a plain walk over all live messages.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use jetkv_engine::env::{Clock, Env};
use jetkv_engine::{Append, Expect, Purge, Store, StoreOptions, Stream, StreamConfig, Sync, Upkeep};
use jetkv_types::{StreamName, Subject, SubjectFilter, Timestamp};
use std::path::Path;
use std::sync::Arc;
use testkit::{ManualClock, Rng};

fn subject(text: &str) -> Subject {
    Subject::new(text).unwrap()
}

fn filter(text: &str) -> SubjectFilter {
    SubjectFilter::new(text).unwrap()
}

fn world() -> (Store, Stream, ManualClock) {
    let clock = ManualClock::new(Timestamp::from_nanos(1_000));
    let env = Env { clock: Arc::new(clock.clone()), ..Env::memory() };
    let options = StoreOptions {
        sync: Sync::Os,
        upkeep: Upkeep::Manual,
        segment_bytes_min: 512,
        segment_bytes_max: 2048,
        ..StoreOptions::default()
    };
    let store = Store::open(env, Path::new("/data"), options).unwrap();
    let config = StreamConfig::new(StreamName::new("S").unwrap(), vec![filter("s.>")]);
    let stream = store.create_stream(config).unwrap();
    (store, stream, clock)
}

fn put(stream: &Stream, key: &str) -> u64 {
    stream.append(&[Append::put(&subject(key), b"value")]).wait().unwrap().last
}

/// Every answer is the one that a walk over all live messages gives.
#[test]
fn answers_are_those_of_a_plain_walk() {
    for seed in 0..30 {
        let mut rng = Rng::new(seed);
        let (_store, stream, clock) = world();
        let mut times = vec![Timestamp::ZERO];
        for _ in 0..200 {
            let key = format!("s.{}.{}", rng.below(3), rng.below(20));
            put(&stream, &key);
            times.push(clock.now());
            clock.advance(std::time::Duration::from_nanos(rng.below(3)));
            if rng.below(4) == 0 {
                stream.remove(rng.below(stream.last_sequence()) + 1).unwrap();
            }
        }
        if rng.below(2) == 0 {
            let below = Some(rng.below(150) + 1);
            stream.purge(&Purge { below, ..Purge::default() }).unwrap();
        }
        let last = stream.last_sequence();
        let live: Vec<_> = (1..=last).filter_map(|sequence| stream.get(sequence).unwrap()).collect();
        for sequence in 0..=last + 1 {
            assert_eq!(stream.is_live(sequence), live.iter().any(|message| message.sequence == sequence));
        }
        for nanos in 990..times.last().unwrap().as_nanos() + 3 {
            let time = Timestamp::from_nanos(nanos);
            let expected = live.iter().find(|message| message.time >= time);
            let expected = expected.map_or(last + 1, |message| message.sequence);
            assert_eq!(stream.sequence_at(time).unwrap(), expected, "seed {seed}, time {nanos}");
        }
        for filters in [vec![">"], vec!["s.1.*"], vec!["s.0.3"], vec!["s.*.7", "s.2.>"], vec!["x"]] {
            let filters: Vec<_> = filters.into_iter().map(filter).collect();
            let matching: Vec<_> = live
                .iter()
                .filter(|message| filters.iter().any(|filter| filter.matches(message.subject.as_str())))
                .collect();
            if let [only] = &filters[..] {
                let found = stream.last_matching(only).unwrap();
                assert_eq!(found.as_ref(), matching.last().copied());
            }
            for from in [0, 1, last / 3, last / 2, last, last + 1] {
                let behind: Vec<_> = matching.iter().filter(|message| message.sequence >= from).collect();
                assert_eq!(stream.count_from(&filters, from).unwrap(), u64::try_from(behind.len()).unwrap());
                let first = stream.first_matching(&filters, from).unwrap();
                assert_eq!(first.as_ref(), behind.first().map(|message| **message));
                let mut newest = std::collections::BTreeMap::new();
                for message in matching.iter().filter(|message| message.sequence <= from) {
                    newest.insert(message.subject.as_str(), message.sequence);
                }
                let mut newest: Vec<_> = newest.into_values().collect();
                newest.sort_unstable();
                assert_eq!(stream.last_per_subject(&filters, from, 100).unwrap().unwrap(), newest);
                if newest.len() > 1 {
                    assert_eq!(stream.last_per_subject(&filters, from, newest.len() - 1).unwrap(), None);
                }
            }
        }
        let first = live.first().map_or(last + 1, |message| message.sequence);
        let dead: Vec<_> = (first..=last).filter(|sequence| !stream.is_live(*sequence)).collect();
        assert_eq!(stream.gaps(usize::MAX), dead);
        assert_eq!(stream.gaps(3), dead[..dead.len().min(3)]);
    }
}

#[test]
fn removals_grow_with_every_message_that_goes() {
    let (_store, stream, _clock) = world();
    put(&stream, "s.a");
    put(&stream, "s.a");
    assert_eq!(stream.removals(), 0);
    stream.remove(1).unwrap();
    assert_eq!(stream.removals(), 1);
    stream.purge(&Purge::default()).unwrap();
    assert_eq!(stream.removals(), 2);
}

#[test]
fn verify_judges_by_what_is_queued() {
    let (_store, stream, _clock) = world();
    let key = subject("s.a");
    stream.verify(&key, Expect::LastOfSubject(0)).unwrap();
    let commit = stream.append(&[Append::put(&key, b"1")]);
    assert!(stream.verify(&key, Expect::LastOfSubject(0)).is_err());
    stream.verify(&key, Expect::LastOfSubject(1)).unwrap();
    commit.wait().unwrap();
    stream.verify(&key, Expect::LastOfStream(1)).unwrap();
}

/// Following and finding give what a plain walk gives, in pieces of any size, with and without recent messages.
#[test]
fn following_and_finding_pass_over_nothing() {
    for seed in 0..30 {
        let mut rng = Rng::new(seed);
        let (_store, stream, _clock) = world();
        let _listener = (seed % 2 == 0).then(|| stream.listen(&[SubjectFilter::all()]));
        for _ in 0..300 {
            put(&stream, &format!("s.{}.{}", rng.below(3), rng.below(20)));
            if rng.below(4) == 0 {
                stream.remove(rng.below(stream.last_sequence()) + 1).unwrap();
            }
        }
        let live: Vec<_> = (1..=stream.last_sequence()).filter_map(|at| stream.get(at).unwrap()).collect();
        let limit = 1 + rng.index(40);
        let (mut followed, mut from) = (Vec::new(), 1);
        while from <= stream.last_sequence() {
            from = stream.follow(from, limit, &mut followed).unwrap().next;
        }
        // Removing makes the recent messages forgotten, so nothing dead comes out of memory here.
        assert_eq!(followed, live, "seed {seed}");
        for filters in [
            vec![">"],
            vec!["s.1.*"],
            vec!["s.*.3"],
            vec!["s.1.3"],
            vec!["s.0.4", "s.2.>"],
            vec!["s.*.5", "s.*.7"],
            vec!["x.>"],
        ] {
            let filters: Vec<_> = filters.into_iter().map(filter).collect();
            let matches = |found: &str| filters.iter().any(|filter| filter.matches(found));
            let expected: Vec<_> = live
                .iter()
                .filter(|message| matches(message.subject.as_str()))
                .map(|message| message.sequence)
                .collect();
            let (mut found, mut from) = (Vec::new(), 1);
            loop {
                let census = stream.census(&filters, from).unwrap();
                assert_eq!(census.count, u64::try_from(expected.len() - found.len()).unwrap(), "seed {seed}");
                let step = stream.find(&filters, from, limit, &mut found).unwrap();
                assert_eq!(step.end, stream.last_sequence() + 1);
                if step.next >= step.end {
                    break;
                }
                assert!(step.next > from, "seed {seed}: a search must get on");
                from = step.next;
            }
            assert_eq!(found, expected, "seed {seed}");
        }
    }
}

/// Several messages at a time are what they are one by one, in any order, those that are gone included.
#[test]
fn reading_many_is_reading_each() {
    for seed in 0..30 {
        let mut rng = Rng::new(seed);
        let (_store, stream, _clock) = world();
        for _ in 0..120 {
            let key = subject(&format!("s.{}", rng.below(20)));
            let value = vec![b'v'; rng.index(40)];
            stream.append(&[Append::put(&key, &value)]).wait().unwrap();
            if rng.below(3) == 0 {
                stream.remove(rng.below(stream.last_sequence()) + 1).unwrap();
            }
        }
        let last = stream.last_sequence();
        let mut asked: Vec<_> = (0..=last + 1).filter(|_| rng.below(3) > 0).collect();
        if rng.below(2) == 0 {
            asked.reverse();
        }
        let many: Vec<_> = stream.get_many(&asked).unwrap().into_iter().map(Result::unwrap).collect();
        let each: Vec<_> = asked.iter().map(|sequence| stream.get(*sequence).unwrap()).collect();
        assert_eq!(many, each, "seed {seed}");
    }
}

/// Where few messages match, they are found by their subjects, some thousands at a time, and none is passed over.
#[test]
fn rare_matches_are_found_in_pieces() {
    let (_store, stream, _clock) = world();
    let key = |at: u64| if at.is_multiple_of(12) { format!("s.x.{at}") } else { format!("s.y.{at}") };
    let keys: Vec<_> = (1..=60_000).map(|at| subject(&key(at))).collect();
    for chunk in keys.chunks(500) {
        let puts: Vec<_> = chunk.iter().map(|key| Append::put(key, b"")).collect();
        stream.append(&puts).wait().unwrap();
    }
    let mut found = Vec::new();
    let mut from = stream.find(&[filter("s.x.*")], 1, 10, &mut found).unwrap().next;
    assert_eq!(found.len(), 4_096);
    while from <= stream.last_sequence() {
        from = stream.find(&[filter("s.x.*")], from, 10, &mut found).unwrap().next;
    }
    assert_eq!(found, (1..=60_000).filter(|at| at % 12 == 0).collect::<Vec<u64>>());
}
