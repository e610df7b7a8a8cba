//! The judge: what a store may answer after damage, and what it may not.

use crate::world::{self, Expected, Image, Oracle, Written};
use jetkv_engine::{Append, Damage, DamageKind, EngineError, Expect, Rollup, Select, Store, Stream};
use jetkv_types::{Headers, Operation};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::ops::Range;
use std::path::PathBuf;
use testkit::SimFs;

/// What was done to the files.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    /// Bytes that were touched; messages elsewhere must stay readable.
    pub(crate) ranges: Vec<(PathBuf, Range<u64>)>,
    /// Most messages that may be unreadable, if not all within the ranges.
    pub(crate) unreadable_max: Option<usize>,
    /// Whether messages may be lost whose subjects nobody knows.
    pub(crate) holes_allowed: bool,
}

/// What the judge saw.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Broken promises.
    pub(crate) violations: Vec<String>,
    /// Messages that answered with an error that names them.
    pub(crate) unreadable: BTreeSet<(String, u64)>,
    /// Subjects that could not be answered because of messages with unknown subjects.
    pub(crate) blocked: usize,
    /// Streams that could not be opened.
    pub(crate) broken: usize,
    /// Whether any damage was reported.
    pub(crate) reported: bool,
}

/// Opens a damaged store, compares everything it answers with what it held, uses it, and closes it.
pub(crate) fn judge(fs: &SimFs, image: &Image, rules: &Rules) -> Verdict {
    let oracle = &image.oracle;
    let before: BTreeMap<PathBuf, Vec<u8>> =
        fs.paths().into_iter().map(|path| (path.clone(), fs.read(path))).collect();
    let mut verdict = Verdict::default();
    let store = match world::open(fs) {
        Ok(store) => store,
        Err(error) => {
            verdict.violations.push(format!("the store does not open: {error}"));
            return verdict;
        }
    };
    compare(&mut verdict, &store, oracle);
    check(&mut verdict, &store, rules);
    write_conditionally(&mut verdict, &store, oracle);
    let repaired = overwrite(&mut verdict, &store, oracle);
    if let Err(error) = store.close() {
        verdict.violations.push(format!("the store does not close: {error}"));
    }
    match world::open(fs) {
        Ok(store) => {
            reread(&mut verdict, &store, &repaired);
            compare_again(&mut verdict, &store, oracle, &repaired);
        }
        Err(error) => verdict.violations.push(format!("the store does not open again: {error}")),
    }
    find_destroyed(&mut verdict, fs, &before, &image.leftovers);
    verdict
}

/// Compares everything that can be read.
pub(crate) fn compare(verdict: &mut Verdict, store: &Store, oracle: &Oracle) {
    for stream in store.streams() {
        if !oracle.contains_key(stream.name().as_str()) {
            verdict.violations.push(format!("alien stream {}", stream.name()));
        }
    }
    for (name, expected) in oracle {
        match world::stream(store, name) {
            Ok(stream) => Comparison { verdict, stream: &stream, expected, name, blocked: false }.run(),
            Err(EngineError::Damaged(_)) => verdict.broken += 1,
            Err(error) => verdict.violations.push(format!("stream {name}: {error}")),
        }
    }
}

/// What was unreadable may still be; nothing else has become so, and nothing is forgotten.
fn compare_again(
    verdict: &mut Verdict,
    store: &Store,
    oracle: &Oracle,
    overwritten: &[(String, String, u64)],
) {
    if verdict.unreadable.is_empty() && verdict.blocked + verdict.broken == 0 {
        return;
    }
    let mut oracle = oracle.clone();
    for (name, key, sequence) in overwritten {
        let written = Written {
            subject: key.clone(),
            operation: Operation::Put,
            headers: Headers::none(),
            payload: b"overwritten".to_vec(),
        };
        let expected = oracle
            .values_mut()
            .find(|expected| expected.live.keys().any(|key| key.starts_with(name.as_str())));
        expected.unwrap().note(*sequence, written, Rollup::None);
    }
    let mut again = Verdict::default();
    compare(&mut again, store, &oracle);
    verdict.violations.extend(again.violations.into_iter().map(|found| format!("reopened, {found}")));
    for more in again.unreadable.difference(&verdict.unreadable) {
        verdict.violations.push(format!("reopened, {more:?} is unreadable as well"));
    }
}

struct Comparison<'a> {
    verdict: &'a mut Verdict,
    stream: &'a Stream,
    expected: &'a Expected,
    name: &'a str,
    /// Whether a hole was seen.
    blocked: bool,
}

impl Comparison<'_> {
    fn run(&mut self) {
        for (key, live) in &self.expected.live {
            self.compare_subject(key, live);
        }
        for sequence in (1..=self.expected.last_sequence() + 3).take(1000) {
            self.compare_sequence(sequence);
        }
        self.compare_lists();
        self.walk();
        let last = self.stream.last_sequence();
        if last < self.expected.last_sequence() {
            self.violate(format_args!("last sequence {last} was {}", self.expected.last_sequence()));
        }
    }

    fn violate(&mut self, what: impl std::fmt::Display) {
        self.verdict.violations.push(format!("stream {}: {what}", self.name));
    }

    fn compare_subject(&mut self, key: &str, live: &[u64]) {
        let subject = world::subject(key);
        let last = self.stream.last(&subject);
        let answer = last.map(|message| message.map(|message| self.known(&message)));
        self.same(&format!("last {key}"), answer, &live.last().copied(), Some(key));
        let revisions = self.stream.revisions(&subject);
        self.same(&format!("revisions {key}"), revisions, &live.to_vec(), Some(key));
        let state = self.stream.subject_state(&subject);
        let answer = state.map(|state| state.map(|state| (state.sequence, state.messages, state.operation)));
        let count = u64::try_from(live.len()).unwrap();
        let expected = live.last().map(|last| (*last, count, self.expected.written[last].operation));
        self.same(&format!("state of {key}"), answer, &expected, Some(key));
    }

    /// Returns the sequence of a message if it is exactly what was written under it.
    fn known(&self, message: &jetkv_types::Message) -> u64 {
        let is_it = self.expected.written.get(&message.sequence).is_some_and(|written| written.is(message));
        if is_it { message.sequence } else { u64::MAX }
    }

    fn compare_sequence(&mut self, sequence: u64) {
        let written = self.expected.written.get(&sequence);
        let key = written.map(|written| written.subject.as_str());
        let live = key.is_some_and(|key| self.expected.live[key].contains(&sequence));
        let answer = self.stream.get(sequence).map(|found| found.map(|message| self.known(&message)));
        let key = key.filter(|_| live);
        let expected = Some(sequence).filter(|_| live);
        self.same(&format!("get {sequence}"), answer, &expected, key);
        let neighbours = [sequence.saturating_sub(1), sequence, sequence + 1];
        let together = self.stream.get_many(&neighbours).and_then(|mut found| found.swap_remove(1));
        let answer = together.map(|found| found.map(|message| self.known(&message)));
        self.same(&format!("get {sequence} with its neighbours"), answer, &expected, key);
    }

    fn compare_lists(&mut self) {
        let [all] = world::everything();
        let keys = |live: &BTreeMap<String, Vec<u64>>| {
            let keys = live.iter().filter(|(_, live)| !live.is_empty());
            keys.map(|(key, live)| (key.clone(), *live.last().unwrap())).collect::<BTreeMap<_, _>>()
        };
        let expected = keys(&self.expected.live);
        let found = self.stream.subjects(&all, None, 10_000);
        let answer = found.map(|states| {
            let pair =
                |state: jetkv_engine::SubjectState| (state.subject.as_str().to_owned(), state.sequence);
            states.into_iter().map(pair).collect::<BTreeMap<_, _>>()
        });
        self.same("subjects", answer, &expected, None);
        let count = u64::try_from(expected.len()).unwrap();
        self.same("count", self.stream.count_subjects(&all), &count, None);
        let mut lasts: Vec<u64> = expected.into_values().collect();
        lasts.sort_unstable();
        let sequences = self.expected.sequences();
        for (which, expected) in [(Select::LastPerSubject, &lasts), (Select::All, &sequences)] {
            let answer = self.stream.select(std::slice::from_ref(&all), which, 0);
            self.same(&format!("select {which:?}"), answer.map(|found| found.sequences), expected, None);
        }
        let messages = self.stream.state().messages;
        if !self.blocked && messages != u64::try_from(sequences.len()).unwrap() {
            self.violate(format_args!("{messages} messages instead of {}", sequences.len()));
        }
    }

    /// Goes through the stream as a consumer does.
    fn walk(&mut self) {
        let filters = world::everything();
        let (mut from, mut found) = (1, Vec::new());
        while from <= self.stream.last_sequence() {
            match self.stream.next(&filters, from) {
                Ok(Some(message)) => {
                    found.push(self.known(&message));
                    from = message.sequence + 1;
                }
                Ok(None) => break,
                Err(EngineError::Damaged(damage)) => {
                    let Some((first, last)) = damage.sequences.filter(|(_, last)| *last >= from) else {
                        return self.violate(format_args!("next {from}: an error without a place: {damage}"));
                    };
                    if damage.kind == DamageKind::Record {
                        found.push(first);
                    }
                    from = last + 1;
                }
                Err(error) => return self.violate(format_args!("next {from}: {error}")),
            }
        }
        if !self.blocked && found != self.expected.sequences() {
            self.violate(format_args!("walk gives {found:?}"));
        }
    }

    /// An answer is right, or it is an error that says what is damaged.
    fn same<T: PartialEq + Debug>(
        &mut self,
        what: &str,
        answer: Result<T, EngineError>,
        expected: &T,
        key: Option<&str>,
    ) {
        match answer {
            Ok(answer) if answer == *expected => {}
            Ok(answer) => self.violate(format_args!("{what}: {answer:?} instead of {expected:?}")),
            Err(EngineError::Damaged(damage)) if damage.kind == DamageKind::Record => {
                self.note_unreadable(what, &damage, key);
            }
            Err(EngineError::Damaged(damage)) if damage.kind.affects_data() => {
                self.blocked = true;
                self.verdict.blocked += usize::from(what.starts_with("last"));
            }
            Err(error) => self.violate(format_args!("{what}: {error}")),
        }
    }

    fn note_unreadable(&mut self, what: &str, damage: &Damage, key: Option<&str>) {
        let Some((sequence, _)) = damage.sequences.filter(|(first, last)| first == last) else {
            return self.violate(format_args!("{what}: no single sequence in {damage}"));
        };
        let live = key.is_some_and(|key| self.expected.live[key].contains(&sequence));
        if !live || damage.subject.as_ref().map(|subject| subject.as_str()) != key {
            return self.violate(format_args!("{what}: the error names something else: {damage}"));
        }
        self.verdict.unreadable.insert((self.name.to_owned(), sequence));
    }
}

fn check(verdict: &mut Verdict, store: &Store, rules: &Rules) {
    let found = match store.check(&mut |_, _| {}) {
        Ok(found) => found,
        Err(error) => return verdict.violations.push(format!("check: {error}")),
    };
    let known = store.damages();
    verdict.reported = !found.is_empty() || !known.is_empty();
    for (stream, sequence) in &verdict.unreadable {
        let names = |damage: &&Damage| {
            let of_stream =
                damage.subject.as_ref().is_some_and(|subject| subject.as_str().starts_with(stream.as_str()));
            damage.kind == DamageKind::Record && of_stream && damage.sequences == Some((*sequence, *sequence))
        };
        let Some(damage) = found.iter().find(names) else {
            verdict.violations.push(format!("check does not list {stream} {sequence}: {found:?}"));
            continue;
        };
        let span = damage.offset..damage.offset + damage.length;
        let touched = rules
            .ranges
            .iter()
            .any(|(path, range)| *path == damage.path && range.start < span.end && span.start < range.end);
        if !rules.ranges.is_empty() && !touched {
            verdict.violations.push(format!("lost outside of the damage: {damage}"));
        }
    }
    if (verdict.blocked > 0 || verdict.broken > 0) && !rules.holes_allowed {
        verdict.violations.push(format!("{} subjects blocked, {found:?}", verdict.blocked));
    }
    if verdict.blocked > 0 && !found.iter().any(|damage| damage.kind == DamageKind::Hole) {
        verdict.violations.push(format!("blocked, and check lists no hole: {found:?}"));
    }
    if rules.unreadable_max.is_some_and(|max| verdict.unreadable.len() > max) {
        verdict.violations.push(format!("unreadable: {:?}", verdict.unreadable));
    }
}

/// No conditional write may rest on something that is not so.
fn write_conditionally(verdict: &mut Verdict, store: &Store, oracle: &Oracle) {
    for (name, expected) in oracle {
        let Ok(stream) = world::stream(store, name) else { continue };
        let damaged = |live: &Vec<u64>| {
            live.last().is_some_and(|last| verdict.unreadable.contains(&((*name).to_owned(), *last)))
        };
        // The damaged ones, and some that are not.
        let keys: Vec<_> =
            expected.live.iter().enumerate().filter(|(at, (_, live))| at % 7 == 0 || damaged(live)).collect();
        for (_, (key, live)) in keys {
            let subject = world::subject(key);
            let mut try_to = |what: &str, expect| {
                let append = Append { expect, ..Append::put(&subject, b"conditional") };
                match stream.append(&[append]).wait() {
                    Ok(_) => verdict.violations.push(format!("{what} {key} succeeded")),
                    Err(
                        EngineError::Damaged(_)
                        | EngineError::HasValue { .. }
                        | EngineError::WrongLastSequence { .. },
                    ) => {}
                    Err(error) => verdict.violations.push(format!("{what} {key}: {error}")),
                }
            };
            let last = live.last();
            if last.is_some_and(|last| expected.written[last].operation == Operation::Put) {
                try_to("create", Expect::NoValue);
            }
            if let Some(last) = last {
                try_to("update from nothing of", Expect::LastOfSubject(0));
                if verdict.unreadable.contains(&((*name).to_owned(), *last)) {
                    try_to("update from the damaged revision of", Expect::LastOfSubject(*last));
                }
            }
            let before = expected.written.iter().rev().find(|(sequence, written)| {
                written.subject == *key && last.is_none_or(|last| *sequence < last)
            });
            if let Some((stale, _)) = before {
                try_to("update from an earlier revision of", Expect::LastOfSubject(*stale));
            }
        }
    }
}

/// A plain put on a damaged key works.
fn overwrite(verdict: &mut Verdict, store: &Store, oracle: &Oracle) -> Vec<(String, String, u64)> {
    let mut written = Vec::new();
    let mut targets: Vec<(String, String)> = Vec::new();
    for (name, sequence) in &verdict.unreadable {
        targets.push((name.clone(), oracle[name.as_str()].written[sequence].subject.clone()));
    }
    targets.extend(oracle.keys().map(|name| ((*name).to_owned(), format!("{name}.new"))));
    for (name, key) in targets {
        let Ok(stream) = world::stream(store, &name) else { continue };
        match stream.append(&[Append::put(&world::subject(&key), b"overwritten")]).wait() {
            Ok(committed) if committed.last > oracle[name.as_str()].last_sequence() => {
                written.push((name, key, committed.last));
            }
            Ok(committed) => verdict.violations.push(format!("sequence {} used again", committed.last)),
            Err(error) => verdict.violations.push(format!("put {key}: {error}")),
        }
    }
    written
}

fn reread(verdict: &mut Verdict, store: &Store, written: &[(String, String, u64)]) {
    let newest: BTreeMap<_, _> = written.iter().map(|(name, key, last)| ((name, key), *last)).collect();
    for ((name, key), sequence) in newest {
        let last = world::stream(store, name).and_then(|stream| stream.last(&world::subject(key)));
        match last {
            Ok(Some(message)) if message.payload == "overwritten" && message.sequence == sequence => {}
            last => verdict.violations.push(format!("{key} after a put and a reopening: {last:?}")),
        }
    }
}

/// Every file that was there still is, at its place or in the quarantine.
fn find_destroyed(
    verdict: &mut Verdict,
    fs: &SimFs,
    before: &BTreeMap<PathBuf, Vec<u8>>,
    leftovers: &BTreeSet<PathBuf>,
) {
    let after: Vec<(PathBuf, Vec<u8>)> =
        fs.paths().into_iter().map(|path| (path.clone(), fs.read(path))).collect();
    let stays = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // Nothing is ever read from these two.
        !["lock", "reserve"].contains(&name.as_str()) && !leftovers.contains(path)
    };
    for (path, content) in before.iter().filter(|(path, _)| stays(path)) {
        let kept = after.iter().any(|(_, found)| found.starts_with(content));
        // Replacing an intact copy of a manifest or catalog destroys nothing, nor does replacing intact hints.
        if !kept && !is_intact_copy(content) && !are_intact_hints(content) {
            verdict.violations.push(format!("{} is gone", path.display()));
        }
    }
}

/// Says whether a manifest or catalog is whole: the last four bytes are the checksum of all before.
fn is_intact_copy(content: &[u8]) -> bool {
    let is_one = content.starts_with(b"JETKVMAN") || content.starts_with(b"JETKVCAT");
    let Some((covered, checksum)) = content.split_last_chunk::<4>() else { return false };
    is_one && crc32c::crc32c(covered).to_le_bytes() == *checksum
}

/// Says whether hints are whole, up to some block: what replaces them says the same and more.
fn are_intact_hints(content: &[u8]) -> bool {
    const HEADER_BYTES: usize = 40;
    let number = |at: usize| content.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    let Some(salt) = number(HEADER_BYTES - 8).filter(|_| content.starts_with(b"JETKVIDX")) else {
        return false;
    };
    let mut at = HEADER_BYTES;
    while let (Some(checksum), Some(length)) = (number(at), number(at + 4)) {
        let end = at + 16 + usize::try_from(length).unwrap();
        let seed = !salt ^ u32::try_from(at).unwrap().rotate_left(16);
        let Some(covered) = content.get(at + 4..end) else { return false };
        if crc32c::crc32c_append(seed, covered) != checksum {
            return false;
        }
        at = end;
    }
    at == content.len()
}
