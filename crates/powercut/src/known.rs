//! What clients know of buckets and keys: what was acknowledged, and what was under way.

use std::collections::BTreeMap;

/// What a key holds, as a read shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    /// `PUT`, `DEL` or `PURGE`.
    pub(crate) operation: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) sequence: u64,
}

/// A write that was sent and not answered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flying {
    pub(crate) operation: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// What the only writer of a key knows of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Key {
    /// What was acknowledged last, or read since.
    pub(crate) value: Option<Value>,
    pub(crate) flying: Option<Flying>,
}

/// Whether a bucket is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    There,
    Gone,
    /// A request to make or delete it was not answered.
    Unknown,
}

/// Everything that all clients know.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// By bucket and key.
    pub(crate) keys: BTreeMap<(String, String), Key>,
    pub(crate) buckets: BTreeMap<String, Presence>,
}

impl Key {
    /// Says whether a read may show `found`: what was acknowledged, or what was under way after it.
    pub(crate) fn allows(&self, found: Option<&Value>) -> bool {
        if found == self.value.as_ref() {
            return true;
        }
        let (Some(found), Some(flying)) = (found, &self.flying) else { return false };
        let before = self.value.as_ref().map_or(0, |value| value.sequence);
        found.operation == flying.operation && found.bytes == flying.bytes && found.sequence > before
    }

    /// Takes what was read as the truth.
    pub(crate) fn settle(&mut self, found: Option<Value>) {
        self.value = found;
        self.flying = None;
    }
}
