//! What a stream must be after calls of which some failed: exactly known where every outcome is, one of a few where not.

use std::collections::{BTreeMap, BTreeSet};

/// What is known of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was acknowledged.
    Done,
    /// It was refused with the promise that nothing was written.
    Nothing,
    /// It failed: a later opening finds all of it or nothing.
    Unknown,
}

/// Whether a stream is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existence {
    Yes,
    No,
    Perhaps,
}

/// Subject and value by sequence.
pub(crate) type Content = BTreeMap<u64, (String, String)>;

/// A stream as it must be.
#[derive(Debug, Clone)]
pub(crate) struct Sketch {
    pub(crate) existence: Existence,
    /// What is acknowledged, and all that reads may show.
    pub(crate) live: Content,
    /// A write was answered with `Poisoned`; none may be acknowledged before the store is opened again.
    pub(crate) poisoned: bool,
    /// Last values that a key may have instead of the acknowledged one.
    doubts: BTreeMap<String, BTreeSet<Option<String>>>,
    /// Values that must never be found.
    refused: BTreeSet<String>,
}

impl Sketch {
    pub(crate) fn new(existence: Existence) -> Self {
        Self {
            existence,
            live: Content::new(),
            poisoned: false,
            doubts: BTreeMap::new(),
            refused: BTreeSet::new(),
        }
    }

    /// Notes a write of `value`, which is unique, to `key`.
    pub(crate) fn write(&mut self, key: &str, value: &str, history: u64, outcome: Result<u64, Outcome>) {
        match outcome {
            Ok(sequence) => {
                assert!(!self.poisoned, "{value} was acknowledged after a failed write");
                self.existence = Existence::Yes;
                self.doubts.remove(key);
                self.live.insert(sequence, (key.to_owned(), value.to_owned()));
                let revisions = self.revisions(key);
                let excess = revisions.len().saturating_sub(usize::try_from(history).unwrap());
                for sequence in &revisions[..excess] {
                    self.live.remove(sequence);
                }
            }
            Err(Outcome::Unknown) if !self.poisoned => self.doubt(key, Some(value.to_owned())),
            // Once poisoned, nothing is written at all.
            Err(_) => drop(self.refused.insert(value.to_owned())),
        }
    }

    /// Notes the removal of messages.
    pub(crate) fn remove(&mut self, sequences: &[u64], outcome: Outcome) {
        match outcome {
            Outcome::Done => {
                self.live.retain(|sequence, _| !sequences.contains(sequence));
            }
            Outcome::Nothing => {}
            Outcome::Unknown => {
                let mut after = self.clone();
                after.remove(sequences, Outcome::Done);
                for sequence in sequences {
                    let Some((key, _)) = self.live.get(sequence).cloned() else { continue };
                    self.doubt(&key, after.last(&key));
                }
            }
        }
    }

    /// Takes the state that was found as the one to go on from.
    pub(crate) fn adopt(&mut self, found: Content) {
        self.live = found;
        self.doubts.clear();
        self.poisoned = false;
    }

    /// Checks what was found after opening the store again.
    pub(crate) fn check(&self, found: &Content) {
        let invented = found.values().find(|(_, value)| self.refused.contains(value));
        assert_eq!(invented, None, "a refused value was found");
        let keys: BTreeSet<_> =
            found.values().chain(self.live.values()).map(|(key, _)| key.clone()).collect();
        for key in &keys {
            let of = |content: &Content| -> Content {
                content.iter().filter(|(_, (other, _))| other == key).map(|(n, e)| (*n, e.clone())).collect()
            };
            match self.doubts.get(key) {
                None => assert_eq!(of(found), of(&self.live), "key {key}"),
                Some(doubts) => {
                    let last = of(found).into_values().next_back().map(|(_, value)| value);
                    let known = last == self.last(key) || doubts.contains(&last);
                    assert!(known, "key {key} has {last:?}, not {:?} nor {doubts:?}", self.last(key));
                }
            }
        }
    }

    pub(crate) fn last(&self, key: &str) -> Option<String> {
        self.live.values().rev().find(|(other, _)| other == key).map(|(_, value)| value.clone())
    }

    pub(crate) fn revisions(&self, key: &str) -> Vec<u64> {
        self.live.iter().filter(|(_, (other, _))| other == key).map(|(sequence, _)| *sequence).collect()
    }

    fn doubt(&mut self, key: &str, last: Option<String>) {
        self.doubts.entry(key.to_owned()).or_default().insert(last);
    }
}
