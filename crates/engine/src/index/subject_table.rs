//! An ordered, counted set of subjects that gives each of them a small number.
//!
//! The table is an adaptive radix tree. Its nodes lie in four slabs, one per node size, and point at each other with
//! 32-bit numbers; a path without branches is stored once, in the node below it. Each node knows how many subjects lie
//! under it, so counts, ranks and pages cost the length of a prefix, not the number of subjects.
//!
//! Subjects are kept in *token order*: token by token, tokens bytewise, the shorter subject first. So `a` < `a.b` < `a-b`,
//! and everything below `a.` is one run. Any bytes are accepted as a subject; validity is checked at the edge.

mod count;
mod edit;
mod id;
mod matching;
mod node;
mod nodes;
mod order;
mod pattern;
mod seek;
mod slab;
mod text;

pub(crate) use id::{SUBJECTS_MAX, SubjectId};
pub(crate) use matching::Matching;

use id::{Ends, Ref, Target};
use nodes::{Nodes, Step};
use slab::Slab;
use std::ops::Bound;
use text::{Text, TextArena};

/// A set of subjects in token order, each with a [`SubjectId`].
///
/// Ids are dense and used again after a removal, so that a `Vec` indexed by [`SubjectId::index`] can carry what belongs
/// to a subject.
#[derive(Debug)]
pub(crate) struct SubjectTable {
    root: Ref,
    nodes: Nodes,
    keys: Slab<Text<KEY_BYTES_INLINE>>,
    texts: TextArena,
}

/// What [`SubjectTable::insert`] met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inserted {
    /// The subject was not there; its id may have belonged to a removed subject.
    New,
    /// The subject was there; nothing changed.
    Existing,
}

impl SubjectTable {
    /// Returns an empty table; it allocates nothing.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self { root: Ref::NOTHING, nodes: Nodes::new(), keys: Slab::new(), texts: TextArena::new() }
    }

    /// Returns the number of subjects.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.weight(self.root)
    }

    /// Says whether there are no subjects.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.root == Ref::NOTHING
    }

    /// Says whether [`SUBJECTS_MAX`] ids are taken, so that no new subject may be inserted.
    #[must_use]
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= SUBJECTS_MAX
    }

    /// Returns the id of `key`; cost: the length of the key.
    #[must_use]
    pub(crate) fn get(&self, key: &[u8]) -> Option<SubjectId> {
        let mut at = self.root;
        let mut rest = key;
        loop {
            match at.target() {
                Target::Node(node) => match self.nodes.follow(node, rest, &self.texts) {
                    Step::Child(child, tail) => (at, rest) = (child, tail),
                    Step::End(terminal) => return terminal.id(),
                    Step::Astray => return None,
                },
                // Every byte of the way down was compared, so a subject that ends here need not be looked at.
                Target::Leaf(id, Ends::Here) => return rest.is_empty().then_some(id),
                Target::Leaf(id, Ends::Later) => {
                    return (self.tail(id, key.len() - rest.len()) == rest).then_some(id);
                }
                Target::Nothing => return None,
            }
        }
    }

    /// Returns the subject with this id, or nothing if no subject has it.
    #[must_use]
    pub(crate) fn key(&self, id: SubjectId) -> &[u8] {
        self.keys.get(id.number()).map_or(&[], |text| self.texts.slice(text))
    }

    /// Adds `key` if it is missing and returns its id.
    ///
    /// # Panics
    /// If the key is new and the table [is full](Self::is_full); such a table takes more than 20 GB.
    pub(crate) fn insert(&mut self, key: &[u8]) -> (SubjectId, Inserted) {
        if let Some(id) = self.get(key) {
            return (id, Inserted::Existing);
        }
        let text = self.texts.store(key);
        let id = SubjectId::new(self.keys.insert(text));
        self.link(key, id);
        self.compact_texts_if_wasteful();
        (id, Inserted::New)
    }

    /// Removes `key` and returns the id it had, which the next new subject may get.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Option<SubjectId> {
        let id = self.get(key)?;
        self.unlink(key);
        if self.is_empty() {
            // Nothing refers to the slabs any more, so a table that was emptied gives its memory back.
            *self = Self::new();
            return Some(id);
        }
        if let Some(text) = self.keys.get_mut(id.number()) {
            self.texts.release(text);
        }
        self.keys.remove(id.number());
        self.compact_texts_if_wasteful();
        Some(id)
    }

    /// Returns the ids of all subjects in order, beginning at (`Included`) or behind (`Excluded`) a key, which need not
    /// be in the table.
    #[cfg_attr(not(test), expect(dead_code, reason = "paging by position is a tool of the console to come"))]
    pub(crate) fn iter_from(&self, start: Bound<&[u8]>) -> Matching<'_> {
        Matching::new(self, FULL_WILDCARD, start)
    }

    /// Returns the ids of all subjects that start with the bytes `prefix`, in order.
    pub(crate) fn iter_prefix(&self, prefix: &[u8]) -> Matching<'_> {
        Matching::below(self, FULL_WILDCARD, self.locate(prefix))
    }

    /// Returns the ids of all subjects that match `pattern`, in order, behind `after` if there is one.
    ///
    /// `pattern` is the text of a subject filter; the cost follows the tokens that match, not the size of the table.
    pub(crate) fn matching<'a>(&'a self, pattern: &'a str, after: Option<&[u8]>) -> Matching<'a> {
        Matching::new(self, pattern.as_bytes(), after.map_or(Bound::Unbounded, Bound::Excluded))
    }

    /// Returns the bytes of memory taken, unused capacity included.
    #[must_use]
    pub(crate) fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.nodes.memory_bytes() + self.keys.memory_bytes() + self.texts.memory_bytes()
    }

    /// Returns the bytes of the subject `id` from `depth` on.
    fn tail(&self, id: SubjectId, depth: usize) -> &[u8] {
        self.key(id).get(depth..).unwrap_or_default()
    }

    /// Moves the long texts to a new arena when more than half of the old one is dead.
    fn compact_texts_if_wasteful(&mut self) {
        if !self.texts.is_wasteful() {
            return;
        }
        let mut fresh = TextArena::new();
        for text in self.keys.iter_mut() {
            fresh.adopt(text, &self.texts);
        }
        self.nodes.for_each_header(|header| fresh.adopt(&mut header.prefix, &self.texts));
        self.texts = fresh;
    }
}

impl Default for SubjectTable {
    fn default() -> Self {
        Self::new()
    }
}

/// Longest subject that is stored in its slot; with the length this makes 24 bytes.
const KEY_BYTES_INLINE: usize = 23;

const FULL_WILDCARD: &[u8] = b">";

#[cfg(test)]
mod tests;
