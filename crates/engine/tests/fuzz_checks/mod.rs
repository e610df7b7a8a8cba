//! What must hold whatever the files of a store hold; shared by the test `fuzz` and by the fuzz target `store`.
//!
//! An input is the number of a file, a byte that says whether checksums are made to fit, and what the file then holds.

mod mend;
#[allow(dead_code, reason = "the judge of the suite `damage` needs the rest")]
#[path = "../damage/world.rs"]
mod world;

use jetkv_engine::{Append, Select, Store, Stream};
use jetkv_types::Subject;
use std::path::PathBuf;
use std::sync::OnceLock;
use testkit::SimFs;
use world::{Stop, everything, image, open, subject};

/// Opens a small store of which one file holds something else, reads all of it, and writes to it.
///
/// It is opened or refused, nothing panics, and what was acknowledged afterwards is there when it is opened again. With
/// checksums that fit, a file may say whatever it likes, so nothing but the absence of panics is asked for.
pub(crate) fn store(input: &[u8]) {
    let [number, mending, content @ ..] = input else { return };
    let (fs, path) = &places()[usize::from(*number) % places().len()];
    let (fs, mut content, forged) = (fs.fork(), content.to_vec(), mending % 2 == 1);
    if forged {
        mend::checksums(&mut content);
    }
    fs.overwrite(path, content);
    let Ok(store) = open(&fs) else { return };
    read(&store);
    let found = store.check(&mut |_, _| {}).unwrap();
    assert!(!found.iter().any(|damage| damage.path.as_os_str().is_empty()));
    let written = write(&store);
    // Both refuse what they cannot do because of damage.
    let _ = (store.run_upkeep(), store.compact());
    let closed = store.close();
    match open(&fs) {
        Ok(store) => {
            read(&store);
            reread(&store, if forged { &[] } else { &written });
            let _ = store.repair();
            read(&store);
            let _ = store.close();
        }
        Err(error) => assert!(forged || closed.is_err(), "what was opened once opens again: {error}"),
    }
}

/// Every file as it is.
pub(crate) fn corpus() -> Vec<Vec<u8>> {
    let whole = |(number, (fs, path)): (usize, &(SimFs, PathBuf))| {
        let mut input = vec![u8::try_from(number).unwrap(), 1];
        input.extend(fs.read(path));
        input
    };
    places().iter().enumerate().map(whole).collect()
}

/// All files of two stores at rest: one that was closed, and one whose process was killed.
fn places() -> &'static [(SimFs, PathBuf)] {
    static PLACES: OnceLock<Vec<(SimFs, PathBuf)>> = OnceLock::new();
    PLACES.get_or_init(|| {
        let images = [image(SEED, Stop::Clean), image(SEED, Stop::Killed)];
        let files = |fs: SimFs| fs.paths().into_iter().map(move |path| (fs.clone(), path));
        images.into_iter().flat_map(|image| files(image.fs)).take(256).collect()
    })
}

/// Asks everything that can be asked; errors are answers.
fn read(store: &Store) {
    let _ = (store.damages(), store.broken(), store.stats());
    for stream in store.streams() {
        let state = stream.state();
        for sequence in
            state.first_sequence..=state.last_sequence.min(state.first_sequence.saturating_add(50))
        {
            let _ = stream.get(sequence);
        }
        let _ = (stream.gaps(100), stream.count_from(&everything(), 0), stream.config());
        for which in [Select::All, Select::LastPerSubject] {
            let _ = stream.select(&everything(), which, 0);
        }
        let states = stream.subjects(&everything()[0], None, 100).unwrap_or_default();
        for state in states {
            let _ = (stream.last(&state.subject), stream.revisions(&state.subject));
        }
        walk(&stream);
        if let Ok(mut frozen) = stream.freeze() {
            for _ in 0..100 {
                if matches!(frozen.next_message(), Ok(None)) {
                    break;
                }
            }
        }
    }
}

/// Goes through a stream as a consumer does, over what is damaged.
fn walk(stream: &Stream) {
    let mut from = 1;
    for _ in 0..100 {
        match stream.next(&everything(), from) {
            Ok(Some(message)) => {
                assert!(message.sequence >= from, "{} after {from}", message.sequence);
                from = message.sequence.saturating_add(1);
            }
            Ok(None) => break,
            Err(_) => from = from.saturating_add(1),
        }
    }
}

/// Writes to every stream; returns what was acknowledged.
fn write(store: &Store) -> Vec<(String, Subject, u64)> {
    let mut written = Vec::new();
    for stream in store.streams() {
        let key = subject(&format!("{}.fuzz", stream.name()));
        if let Ok(committed) = stream.append(&[Append::put(&key, VALUE)]).wait() {
            written.push((stream.name().as_str().to_owned(), key, committed.last));
        }
    }
    written
}

fn reread(store: &Store, written: &[(String, Subject, u64)]) {
    for (name, key, sequence) in written {
        let message = world::stream(store, name).unwrap().get(*sequence).unwrap();
        let message = message.unwrap_or_else(|| panic!("{name} {sequence} was acknowledged and is gone"));
        assert_eq!((&message.subject, &message.payload[..]), (key, VALUE));
    }
}

/// The store with few messages and all kinds of them.
const SEED: u64 = 5;
const VALUE: &[u8] = b"written after the damage";
