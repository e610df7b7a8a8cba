//! The subjects under their numbers, and the numbers under their subjects.

use super::buckets::{Buckets, Seen};
use super::hash::Hasher;
use super::id::SubjectId;
use super::slab::Slab;
use super::text::{Text, TextArena};
use super::{Inserted, Known};

/// All subjects, in no order, each with what is known of it.
#[derive(Debug)]
pub(super) struct Names {
    names: Slab<Name>,
    texts: TextArena,
    buckets: Buckets,
    hasher: Hasher,
}

/// A subject and what is known of it lie together: whoever looks for the one wants the other.
#[derive(Debug, Clone, Copy)]
struct Name {
    text: Text<NAME_BYTES_INLINE>,
    known: Known,
}

impl Names {
    pub(super) fn new() -> Self {
        Self::with_hasher(Hasher::new())
    }

    /// Returns none, to be found by the hashes of `hasher`.
    pub(super) fn with_hasher(hasher: Hasher) -> Self {
        Self { names: Slab::new(), texts: TextArena::new(), buckets: Buckets::new(), hasher }
    }

    pub(super) fn len(&self) -> usize {
        self.buckets.len()
    }

    #[inline]
    pub(super) fn get(&self, name: &[u8]) -> Option<SubjectId> {
        self.seen(name).map(|seen| seen.id)
    }

    #[inline]
    pub(super) fn seen(&self, name: &[u8]) -> Option<Seen> {
        self.buckets.find(self.hasher.hash(name), |id| self.name(id) == name)
    }

    /// Returns the subject with this id, or nothing if no subject has it.
    #[inline]
    pub(super) fn name(&self, id: SubjectId) -> &[u8] {
        self.names.get(id.number()).map_or(&[], |name| self.texts.slice(&name.text))
    }

    #[inline]
    pub(super) fn known(&self, id: SubjectId) -> &Known {
        &self.names.at(id.number()).known
    }

    #[inline]
    pub(super) fn known_mut(&mut self, id: SubjectId) -> &mut Known {
        &mut self.names.at_mut(id.number()).known
    }

    pub(super) fn reserve(&mut self, count: usize) {
        self.names.reserve(count);
    }

    pub(super) fn shrink(&mut self) {
        self.names.shrink();
    }

    /// Adds `name`, whose hash this is, if it is missing; notes the lower half of its last sequence.
    pub(super) fn insert(&mut self, hash: u64, name: &[u8], last: u32) -> (SubjectId, Inserted) {
        let Self { names, texts, buckets, .. } = self;
        let is_it = |id: SubjectId| texts.slice(&names.at(id.number()).text) == name;
        if let Some(id) = buckets.renew(hash, last, is_it) {
            return (id, Inserted::Existing);
        }
        let text = self.texts.store(name);
        let id = SubjectId::new(self.names.insert(Name { text, known: Known::NOTHING }));
        self.buckets.insert(hash, Seen { id, last });
        self.compact_if_wasteful();
        (id, Inserted::New)
    }

    pub(super) fn remove(&mut self, name: &[u8]) -> Option<SubjectId> {
        let hash = self.hasher.hash(name);
        let Self { names, texts, buckets, .. } = self;
        let id = buckets.remove(hash, |id| texts.slice(&names.at(id.number()).text) == name)?;
        self.texts.release(&mut self.names.at_mut(id.number()).text);
        self.names.remove(id.number());
        self.compact_if_wasteful();
        Some(id)
    }

    pub(super) fn hasher(&self) -> Hasher {
        self.hasher
    }

    /// Has memory fetch what look-ups of subjects with these hashes will need; returns those that seem to be there. None of
    /// the reads of a step depends on another, so the processor has many under way at once.
    pub(super) fn fetch<'a>(&'a self, hashes: &'a [u64]) -> impl Iterator<Item = Seen> + 'a {
        let sum = hashes.iter().fold(0, |sum, hash| sum ^ self.buckets.touch(*hash));
        std::hint::black_box(sum);
        hashes.iter().filter_map(|hash| self.buckets.guess(*hash)).inspect(|seen| {
            // What is known beside the name may lie in another piece of memory.
            std::hint::black_box((self.name(seen.id).first(), self.known(seen.id).history));
        })
    }

    /// Has memory fetch these subjects, all at once.
    pub(super) fn touch(&self, ids: &[SubjectId]) {
        let ends = ids.iter().map(|id| self.name(*id).last().copied().unwrap_or_default());
        std::hint::black_box(ends.fold(0, |sum, end| sum ^ end));
    }

    /// Returns the ids in use, ascending.
    pub(super) fn ids(&self) -> impl Iterator<Item = SubjectId> {
        self.names.used().map(SubjectId::new)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.names.memory_bytes() + self.texts.memory_bytes() + self.buckets.memory_bytes()
    }

    /// Moves the long texts to a new arena when more than half of the old one is dead.
    fn compact_if_wasteful(&mut self) {
        if !self.texts.is_wasteful() {
            return;
        }
        let mut fresh = TextArena::new();
        for name in self.names.iter_mut() {
            fresh.adopt(&mut name.text, &self.texts);
        }
        self.texts = fresh;
    }

    #[cfg(test)]
    pub(super) fn used_count(&self) -> usize {
        self.names.used_count()
    }

    #[cfg(test)]
    pub(super) fn live_bytes(&self) -> usize {
        self.texts.live_bytes()
    }
}

/// Longest subject that is stored in its place; with what is known of it this makes 48 bytes.
pub(super) const NAME_BYTES_INLINE: usize = 31;
