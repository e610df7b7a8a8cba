//! An ordered, counted set of subjects that gives each of them a small number.
//!
//! A subject is found by a hash table. For everything that needs an order there is an adaptive radix tree beside it, which is
//! built when it is first asked for: whoever only gets and puts never pays for it, and building it at once from sorted
//! subjects costs less than subject by subject. Its nodes lie in four slabs, one per node size, and point at each other with
//! 32-bit numbers; a path without branches is stored once, in the node below it. Each node knows how many subjects lie
//! under it, so counts, ranks and pages cost the length of a prefix, not the number of subjects.
//!
//! Subjects are kept in *token order*: token by token, tokens bytewise, the shorter subject first. So `a` < `a.b` < `a-b`,
//! and everything below `a.` is one run. Any bytes are accepted as a subject; validity is checked at the edge.

mod buckets;
mod build;
mod count;
mod edit;
mod hash;
mod id;
mod matching;
mod names;
mod node;
mod nodes;
mod order;
mod pattern;
mod seek;
mod slab;
mod sort;
mod text;
mod tree;

pub(crate) use buckets::Seen;
pub(crate) use hash::Hasher as SubjectHasher;
pub(crate) use id::{SUBJECTS_MAX, SubjectId};
pub(crate) use matching::Matching;

use jetkv_types::{Operation, Sequence};
use names::Names;
use std::ops::Bound;
use std::sync::OnceLock;
use tree::{Order, Tree};

/// A set of subjects in token order, each with a [`SubjectId`].
///
/// Ids are dense and used again after a removal.
#[derive(Debug)]
pub(crate) struct SubjectTable {
    names: Names,
    /// Not there until it is needed.
    order: OnceLock<Order>,
}

/// What [`SubjectTable::insert_hashed`] met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inserted {
    /// The subject was not there; its id may have belonged to a removed subject.
    New,
    /// The subject was there; nothing changed.
    Existing,
}

/// What belongs to a subject; it lies beside the name, so that a get finds both with one access to memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// Its last message.
    pub(crate) last: Sequence,
    /// Where those before it are listed; [`NO_HISTORY`] if there are none.
    pub(crate) history: u32,
    /// What the last message does.
    pub(crate) operation: Operation,
}

impl Known {
    const NOTHING: Self = Self { last: 0, history: NO_HISTORY, operation: Operation::Put };
}

/// Stands for a history without messages.
pub(crate) const NO_HISTORY: u32 = u32::MAX;

impl SubjectTable {
    /// Returns an empty table; it allocates nothing.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self { names: Names::new(), order: OnceLock::new() }
    }

    /// Returns the number of subjects.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Says whether there are no subjects.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Says whether [`SUBJECTS_MAX`] ids are taken, so that no new subject may be inserted.
    #[must_use]
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= SUBJECTS_MAX
    }

    /// Returns the id of `key`; cost: the length of the key.
    #[must_use]
    #[inline]
    pub(crate) fn get(&self, key: &[u8]) -> Option<SubjectId> {
        self.names.get(key)
    }

    /// As [`Self::get`], with what stands beside the id.
    #[must_use]
    #[inline]
    pub(crate) fn seen(&self, key: &[u8]) -> Option<Seen> {
        self.names.seen(key)
    }

    /// Returns the subject with this id, or nothing if no subject has it.
    #[must_use]
    pub(crate) fn key(&self, id: SubjectId) -> &[u8] {
        self.names.name(id)
    }

    /// Returns what belongs to the subject with this id.
    #[inline]
    pub(crate) fn known(&self, id: SubjectId) -> &Known {
        self.names.known(id)
    }

    /// As [`Self::known`], to change it.
    #[inline]
    pub(crate) fn known_mut(&mut self, id: SubjectId) -> &mut Known {
        self.names.known_mut(id)
    }

    /// Adds `key`, whose hash by [`Self::hasher`] this is, if it is missing, with nothing that belongs to it, and returns its id.
    /// `last` is its last sequence, whose lower half [`Self::seen`] tells from now on.
    ///
    /// # Panics
    /// If the key is new and the table [is full](Self::is_full); such a table takes more than 20 GB.
    pub(crate) fn insert_hashed(&mut self, hash: u64, key: &[u8], last: Sequence) -> (SubjectId, Inserted) {
        debug_assert_eq!(hash, self.hasher().hash(key), "the hash is that of the key");
        let (id, inserted) = self.names.insert(hash, key, lower_half(last));
        if inserted == Inserted::New
            && let Some(order) = self.order.get_mut()
        {
            order.link(&self.names, key, id);
        }
        (id, inserted)
    }

    #[cfg(test)]
    pub(crate) fn insert(&mut self, key: &[u8]) -> (SubjectId, Inserted) {
        self.insert_hashed(self.hasher().hash(key), key, 0)
    }

    /// Makes room for up to so many subjects, so that nothing is moved while they come; what of it is not used takes no memory.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.names.reserve(count.min(SUBJECTS_MAX));
    }

    /// Gives back what [`Self::reserve`] took in vain.
    pub(crate) fn shrink(&mut self) {
        self.names.shrink();
    }

    /// Removes `key` and returns the id it had, which the next new subject may get.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Option<SubjectId> {
        let id = self.names.remove(key)?;
        if self.is_empty() {
            // Nothing refers to the slabs any more, so a table that was emptied gives its memory back. Hashes outlive that.
            *self = Self { names: Names::with_hasher(self.hasher()), order: OnceLock::new() };
        } else if let Some(order) = self.order.get_mut() {
            order.unlink(key);
        }
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
        Matching::below(self.tree(), FULL_WILDCARD, self.tree().locate(prefix))
    }

    /// Returns the ids of all subjects that match `pattern`, in order, behind `after` if there is one.
    ///
    /// `pattern` is the text of a subject filter; the cost follows the tokens that match, not the size of the table.
    pub(crate) fn matching<'a>(&'a self, pattern: &'a str, after: Option<&[u8]>) -> Matching<'a> {
        Matching::new(self, pattern.as_bytes(), after.map_or(Bound::Unbounded, Bound::Excluded))
    }

    /// Returns what hashes the subjects of this table, as long as there is one.
    pub(crate) fn hasher(&self) -> SubjectHasher {
        self.names.hasher()
    }

    /// Has memory fetch what look-ups of subjects with these hashes will need; returns those that seem to be there.
    pub(crate) fn fetch<'a>(&'a self, hashes: &'a [u64]) -> impl Iterator<Item = Seen> + 'a {
        self.names.fetch(hashes)
    }

    /// Returns the bytes of memory taken, unused capacity included.
    #[must_use]
    pub(crate) fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.names.memory_bytes() + self.order.get().map_or(0, Order::memory_bytes)
    }

    /// Returns the subjects in order.
    fn tree(&self) -> Tree<'_> {
        Tree { order: self.order.get_or_init(|| Order::build(&self.names)), names: &self.names }
    }
}

impl Seen {
    /// Returns the highest sequence below `next` that ends in what was noted; it is the subject's last one, unless that was
    /// removed since.
    #[inline]
    pub(crate) fn last_below(&self, next: Sequence) -> Option<Sequence> {
        let last = next & !LOWER_HALF | u64::from(self.last);
        if last < next { Some(last) } else { last.checked_sub(LOWER_HALF + 1) }
    }
}

#[inline]
fn lower_half(sequence: Sequence) -> u32 {
    u32::try_from(sequence & LOWER_HALF).unwrap_or_default()
}

impl Default for SubjectTable {
    fn default() -> Self {
        Self::new()
    }
}

const LOWER_HALF: u64 = 0xffff_ffff;
const FULL_WILDCARD: &[u8] = b">";

#[cfg(test)]
mod tests;
