//! Pages that are lent and messages that are looked at together tell what the calls for one at a time tell.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use jetkv_engine::env::{Env, Fs, OpenMode};
use jetkv_engine::{
    Append, EngineError, Listing, Purge, Store, StoreOptions, Stream, StreamConfig, Sync, Upkeep,
};
use jetkv_types::{Sequence, StreamName, Subject, SubjectFilter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use testkit::{DiskModel, SimFs};

fn world() -> (SimFs, Store, Stream) {
    let fs = SimFs::new(DiskModel::Posix);
    let env = Env { fs: Arc::new(fs.clone()), ..Env::memory() };
    let options = StoreOptions {
        sync: Sync::Os,
        upkeep: Upkeep::Manual,
        segment_bytes_min: 512,
        segment_bytes_max: 2048,
        reserve_bytes: 0,
        ..StoreOptions::default()
    };
    let store = Store::open(env, Path::new("/data"), options).unwrap();
    let mut config = StreamConfig::new(StreamName::new("S").unwrap(), vec![filter("a.>")]);
    config.messages_per_subject_max = Some(3);
    let stream = store.create_stream(config).unwrap();
    (fs, store, stream)
}

fn filter(text: &str) -> SubjectFilter {
    SubjectFilter::new(text).unwrap()
}

fn put(stream: &Stream, subject: &str, payload: &str) -> Sequence {
    let subject = Subject::new(subject).unwrap();
    stream.append(&[Append::put(&subject, payload.as_bytes())]).wait().unwrap().last
}

/// Fills a stream with more subjects than are looked at together, some short, some long, some with a history.
fn fill(stream: &Stream) {
    for number in 0..300 {
        let long = if number % 7 == 0 { "x".repeat(40) } else { String::new() };
        put(stream, &format!("a.{}.k{long}{number}", number % 5), &format!("value {number}"));
    }
    for number in (0..300).step_by(3).filter(|number| number % 7 != 0) {
        put(stream, &format!("a.{}.k{number}", number % 5), "again");
    }
    let gone = Purge { filter: Some(filter("a.*.k4")), ..Purge::default() };
    assert_eq!(stream.purge(&gone).unwrap(), 1);
}

/// Compares a page with what is told of its subjects one by one; returns how many there are.
fn compare(
    stream: &Stream,
    pattern: &str,
    after: Option<&Subject>,
    limit: usize,
    page: &mut Listing,
) -> usize {
    stream.list(&filter(pattern), after, limit, page).unwrap();
    let states = stream.subjects(&filter(pattern), after, limit).unwrap();
    let listed: Vec<_> =
        page.iter().map(|row| (row.subject, row.sequence, row.operation, row.messages)).collect();
    let expected: Vec<_> = states
        .iter()
        .map(|state| (state.subject.as_str(), state.sequence, state.operation, state.messages))
        .collect();
    assert_eq!(listed, expected, "{pattern} behind {after:?}");
    for state in &states {
        assert_eq!(stream.subject_state(&state.subject).unwrap().as_ref(), Some(state));
    }
    assert_eq!((page.len(), page.is_empty()), (states.len(), states.is_empty()));
    assert!(page.sequences().eq(states.iter().map(|state| state.sequence)));
    page.len()
}

#[test]
fn a_page_tells_what_the_subjects_are() {
    let (_fs, _store, stream) = world();
    let mut page = Listing::new();
    assert_eq!(compare(&stream, "a.>", None, 10, &mut page), 0);
    fill(&stream);
    assert_eq!(compare(&stream, "a.>", None, 1_000, &mut page), 299);
    assert_eq!(compare(&stream, "a.4.>", None, 1_000, &mut page), 59);
    for limit in [0, 1, 31, 32, 33, 64] {
        assert_eq!(compare(&stream, "a.*.*", None, limit, &mut page), limit);
    }
    // Page by page, with the same memory, all of them come once.
    let (mut after, mut seen) = (None, 0);
    loop {
        seen += compare(&stream, "a.>", after.as_ref(), 37, &mut page);
        let Some(last) = page.iter().last() else { break };
        after = Some(Subject::new(last.subject).unwrap());
    }
    assert_eq!(seen, 299);
}

/// Looks at messages together, in the words of [`Stream::get`].
fn looked_at(stream: &Stream, sequences: &[Sequence]) -> Vec<String> {
    let mut seen = Vec::new();
    let looked = stream.peek_each(sequences.iter().copied(), |at, found| {
        assert_eq!(at, seen.len(), "they come in order, each once");
        let found = found.map(|found| {
            found.map(|found| (found.sequence, found.time, found.operation, found.payload.to_vec()))
        });
        seen.push(format!("{found:?}"));
    });
    looked.unwrap();
    seen
}

fn one_by_one(stream: &Stream, sequences: &[Sequence]) -> Vec<String> {
    let one = |sequence: &Sequence| {
        let found = stream.get(*sequence).map(|found| {
            found.map(|found| (found.sequence, found.time, found.operation, found.payload.to_vec()))
        });
        format!("{found:?}")
    };
    sequences.iter().map(one).collect()
}

#[test]
fn looking_together_gives_what_getting_gives_damage_included() {
    let (fs, _store, stream) = world();
    fill(&stream);
    // In no order, some twice, some that are gone or never were.
    let sequences: Vec<Sequence> = (0..500).map(|number| number * 7 % 430).collect();
    let seen = looked_at(&stream, &sequences);
    assert_eq!(seen, one_by_one(&stream, &sequences));
    assert!(seen.iter().any(|found| found == "Ok(None)"));
    assert_eq!(looked_at(&stream, &[]), Vec::<String>::new());

    let dir = PathBuf::from("/data/streams/00000001-S");
    for name in
        fs.list(&dir).unwrap().into_iter().map(|entry| entry.name).filter(|name| name.ends_with("seg"))
    {
        // A byte of every other message, more or less.
        let file = fs.open(&dir.join(name), OpenMode::ReadWrite).unwrap();
        for at in (200..file.len().unwrap()).step_by(100) {
            file.write_at(b"!", at).unwrap();
        }
    }
    let seen = looked_at(&stream, &sequences);
    assert_eq!(seen, one_by_one(&stream, &sequences));
    assert!(seen.iter().any(|found| found.contains("Damaged")));
}

#[test]
fn a_look_may_write_and_a_closed_store_says_so() {
    let (_fs, store, stream) = world();
    fill(&stream);
    let mut written = 0;
    let mut look = |_, found: Result<Option<&jetkv_engine::Peeked<'_>>, EngineError>| {
        // No lock is held: a look may write to the stream that it looks at.
        if let Some(found) = found.unwrap() {
            let text = String::from_utf8(found.payload.to_vec()).unwrap();
            written = put(&stream, "a.copy", &text);
        }
    };
    stream.peek_each([100, 101, 102], &mut look).unwrap();
    assert!(written > 300);
    store.close().unwrap();
    assert!(matches!(stream.peek_each([100], |_, _| {}), Err(EngineError::Closed)));
    let mut page = Listing::new();
    assert!(matches!(stream.list(&filter(">"), None, 1, &mut page), Err(EngineError::Closed)));
    assert!(page.is_empty());
}
