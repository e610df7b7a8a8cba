//! Torn tail or damage: what was never promised goes without a word, what was promised is never cut off.

use crate::shapes::{assert_none, name_of};
use crate::world::{self, subject};
use jetkv_engine::{Append, Damage, DamageKind, EngineError, Store, StoreOptions, StreamConfig, Sync};
use jetkv_types::{StreamName, SubjectFilter};
use std::path::PathBuf;
use testkit::{Rng, SimFs};

/// A killed store whose last messages were never synced.
struct Tail {
    fs: SimFs,
    path: PathBuf,
    data_start: usize,
    /// Synced up to here: bytes and messages.
    synced: (usize, usize),
    /// Written up to here: bytes and messages.
    written: (usize, usize),
}

#[test]
fn torn_tails_are_cut_off_and_damage_before_them_is_told() {
    let mut violations = Vec::new();
    for seed in 0..500 {
        let mut rng = Rng::new(seed);
        let tail = tail(&mut rng);
        let mut content = tail.fs.read(&tail.path);
        let torn = rng.chance(1, 2);
        let without_hints = rng.chance(1, 3);
        // Without hints only what comes later testifies, so something must.
        let (from, to) =
            if torn { (tail.synced.0, tail.written.0) } else { (tail.data_start, tail.synced.0) };
        let from = from + rng.index(to - from);
        let length = if rng.chance(1, 4) { to - from } else { (1 + rng.index(600)).min(to - from) };
        let what = match rng.below(3) {
            0 if torn || !without_hints => {
                content.truncate(from);
                "cut"
            }
            1 => {
                content[from..from + length].fill(0);
                "zeros"
            }
            _ => {
                let noise = rng.bytes(length);
                content[from..from + length].copy_from_slice(&noise);
                "noise"
            }
        };
        if tail.fs.read(&tail.path) == content {
            continue;
        }
        tail.fs.overwrite(&tail.path, content);
        if without_hints {
            let hints = tail.path.with_extension("idx");
            tail.fs.delete(hints);
        }
        let found = if torn { judge_torn(&tail) } else { judge_damaged(&tail) };
        let place = format!("tail {seed}, {what} at {from}+{length}, synced {:?}", tail.synced);
        violations.extend(found.into_iter().map(|found| format!("{place}: {found}")));
    }
    assert_none(&violations);
}

fn tail(rng: &mut Rng) -> Tail {
    let fs = world::new_fs();
    // All in one segment: one that is full is synced.
    let options = StoreOptions { sync: Sync::Os, segment_bytes_min: 1 << 16, ..world::options() };
    let store = world::open_with(&fs, options).unwrap();
    let filters = vec![SubjectFilter::new("k.>").unwrap()];
    let stream = store.create_stream(StreamConfig::new(StreamName::new("S").unwrap(), filters)).unwrap();
    let (synced_count, count) = (1 + rng.index(8), 1 + rng.index(8));
    let mut put = |index: usize| {
        let value = value(index);
        // One in three is a batch of two.
        let subjects = [subject(&format!("k.{index}")), subject(&format!("k.{index}.twin"))];
        let batch = [Append::put(&subjects[0], &value), Append::put(&subjects[1], &value)];
        let batch = if index.is_multiple_of(3) { &batch[..] } else { &batch[..1] };
        stream.append(batch).wait().unwrap();
    };
    let mark = |path: &PathBuf| fs.read(path).iter().rposition(|byte| *byte != 0).unwrap() + 1;
    put(0);
    let path = fs.paths().into_iter().find(|path| name_of(path).ends_with(".seg")).unwrap();
    let bytes = fs.read(&path);
    // The first entry begins where the zeros end that fill the header up to a multiple of 64.
    let data_start = find(&bytes, b"k.0").unwrap_or(bytes.len()).min(mark(&path)) / 64 * 64;
    (1..synced_count).for_each(&mut put);
    store.sync().unwrap();
    let synced = (mark(&path), synced_count);
    (synced_count..synced_count + count).for_each(&mut put);
    let written = (mark(&path), synced_count + count);
    Tail { fs: fs.kill(), path, data_start, synced, written }
}

/// Values end in a byte that is not zero, so that the end of the file's content can be seen.
fn value(index: usize) -> Vec<u8> {
    let mut value = format!("value {index} ").repeat(1 + index % 4).into_bytes();
    value.push(b'.');
    value
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn judge_torn(tail: &Tail) -> Vec<String> {
    let store = world::open(&tail.fs).unwrap();
    let mut violations = Vec::new();
    let mut ended = false;
    for index in 0..tail.written.1 {
        for key in keys(index) {
            match read(&store, &key) {
                Ok(Some(found)) if found == value(index) && !ended => {}
                Ok(None) if index >= tail.synced.1 => ended = true,
                found => violations.push(format!("{key}: {found:?}")),
            }
        }
    }
    let found = store.check(&mut |_, _| {}).unwrap();
    let alarms = found.iter().filter(|damage| damage.kind != DamageKind::UnexplainedTail);
    violations.extend(alarms.map(ToString::to_string));
    violations
}

fn judge_damaged(tail: &Tail) -> Vec<String> {
    let store = world::open(&tail.fs).unwrap();
    let mut violations = Vec::new();
    for index in 0..tail.written.1 {
        for key in keys(index) {
            match read(&store, &key) {
                Ok(Some(found)) if found == value(index) => {}
                Err(EngineError::Damaged(damage)) if damage.kind.affects_data() => {}
                // Without the bytes before them, nothing says where unsynced messages are.
                Ok(None) if index >= tail.synced.1 => {}
                found => violations.push(format!("{key}: {found:?}")),
            }
        }
    }
    let found = store.check(&mut |_, _| {}).unwrap();
    if !found.iter().any(|damage: &Damage| damage.kind.affects_data()) {
        violations.push(format!("not reported: {found:?}"));
    }
    violations
}

fn keys(index: usize) -> Vec<String> {
    let mut keys = vec![format!("k.{index}")];
    keys.extend(index.is_multiple_of(3).then(|| format!("k.{index}.twin")));
    keys
}

fn read(store: &Store, key: &str) -> Result<Option<Vec<u8>>, EngineError> {
    let message = world::stream(store, "S").unwrap().last(&subject(key))?;
    Ok(message.map(|message| message.payload.to_vec()))
}
