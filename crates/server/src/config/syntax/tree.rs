//! What a configuration file says, as a tree.

use std::fmt;
use std::sync::Arc;

/// A value of the configuration and what it costs.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::config) struct Node {
    /// The value.
    pub(in crate::config) value: Value,
    /// Where it stands.
    pub(in crate::config) place: Place,
    /// How deep it is: 0 for a scalar.
    pub(super) depth: u32,
    /// What it weighs: values, itself included, and the length of texts; what is behind a variable counts each time.
    pub(super) weight: u32,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::config) enum Value {
    /// A text, quoted or not.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A whole number with a size suffix, multiplied, and how it is written: `2m` could be meant as two minutes.
    Size(i64, String),
    /// A number with a fraction.
    Float(f64),
    /// `true false on off yes no`
    Bool(bool),
    /// A point in time, as it is written.
    Date(String),
    /// `[ … ]`
    Array(Vec<Arc<Node>>),
    /// `{ … }`
    Map(Map),
}

/// Keys with their values, in the order of the file; a key that is given again has its last value.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::config) struct Map {
    /// The entries; keys are unique.
    pub(in crate::config) entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::config) struct Entry {
    /// The key.
    pub(in crate::config) key: String,
    /// Where the key stands.
    pub(in crate::config) place: Place,
    /// Its value.
    pub(in crate::config) node: Arc<Node>,
    /// Whether a variable refers to it, so that it need not be a key that anybody knows.
    pub(in crate::config) referenced: bool,
}

/// A place in a file, counted as the reference counts: columns begin at 0 in the first line and at 1 in the others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::config) struct Place {
    /// The file as it was named.
    pub(in crate::config) file: Arc<str>,
    /// The line, from 1.
    pub(in crate::config) line: u32,
    /// The column in bytes.
    pub(in crate::config) column: u32,
}

impl Node {
    /// Returns a scalar.
    pub(super) fn scalar(value: Value, place: Place) -> Self {
        let bytes = if let Value::Text(text) = &value { text.len() } else { 0 };
        let weight = u32::try_from(1 + bytes / BYTES_PER_WEIGHT).unwrap_or(u32::MAX);
        Self { value, place, depth: 0, weight }
    }

    /// Returns an array.
    pub(super) fn array(items: Vec<Arc<Node>>, place: Place) -> Self {
        let (depth, weight) = measure(items.iter());
        Self { value: Value::Array(items), place, depth, weight }
    }

    /// Returns a map.
    pub(super) fn map(map: Map, place: Place) -> Self {
        let (depth, weight) = measure(map.entries.iter().map(|entry| &entry.node));
        Self { value: Value::Map(map), place, depth, weight }
    }
}

/// Returns depth and weight of what holds `children`.
fn measure<'a>(children: impl Iterator<Item = &'a Arc<Node>>) -> (u32, u32) {
    let (mut depth, mut weight) = (0, 1_u32);
    for child in children {
        depth = depth.max(child.depth);
        weight = weight.saturating_add(child.weight);
    }
    (depth + 1, weight)
}

impl Map {
    /// Returns the value of `key`.
    pub(in crate::config) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Bytes of a text that weigh as much as a value.
const BYTES_PER_WEIGHT: usize = 32;
