//! A hash table of subject ids: eight bytes for each place, and no subjects in it.
//!
//! Half of the hash stands beside each id, so that others are hardly ever compared, and that the table grows without a look
//! at any subject. A large table is many small ones: growing never keeps anybody for long.

use super::id::SubjectId;
use crate::convert::{to_u64, to_usize_wide};

/// Subject ids by the hash of their subject.
#[derive(Debug)]
pub(super) struct Buckets {
    /// One part, or [`PARTS`] of them.
    parts: Vec<Part>,
    count: usize,
}

/// Its places are in the order of the hashes, but for who finds its place taken and stands in the next free one.
#[derive(Debug, Clone, Default)]
struct Part {
    /// The upper half of a hash above an id; or [`EMPTY`].
    places: Vec<u64>,
    count: usize,
    /// Bits of the hash that all in the part have in common.
    common_bits: u32,
}

impl Buckets {
    pub(super) const fn new() -> Self {
        Self { parts: Vec::new(), count: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Finds the id with this hash for which `is_it` holds.
    #[inline]
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(SubjectId) -> bool) -> Option<SubjectId> {
        self.parts.get(self.part_of(hash))?.find(hash, is_it).map(|(_, id)| id)
    }

    /// Reads the place where the search for this hash begins, for nothing but to have it at hand.
    #[inline]
    pub(super) fn touch(&self, hash: u64) -> u64 {
        let part = self.parts.get(self.part_of(hash));
        part.and_then(|part| part.places.get(part.home(hash))).copied().unwrap_or_default()
    }

    /// Returns the id that this hash most likely stands for.
    #[inline]
    pub(super) fn guess(&self, hash: u64) -> Option<SubjectId> {
        self.find(hash, |_| true)
    }

    /// Adds an id that is not there.
    pub(super) fn insert(&mut self, hash: u64, id: SubjectId) {
        if self.parts.is_empty() {
            self.parts.push(Part::default());
        }
        if self.count == PARTED_COUNT && self.parts.len() == 1 {
            self.divide();
        }
        let part = self.part_of(hash);
        self.parts[part].insert(hash & HASH_MASK | to_u64(id.index()));
        self.count += 1;
    }

    /// Removes the id with this hash for which `is_it` holds, and returns it.
    pub(super) fn remove(&mut self, hash: u64, is_it: impl Fn(SubjectId) -> bool) -> Option<SubjectId> {
        let part = self.part_of(hash);
        let part = self.parts.get_mut(part)?;
        let (place, id) = part.find(hash, is_it)?;
        part.close(place);
        self.count -= 1;
        Some(id)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let places: usize = self.parts.iter().map(|part| part.places.capacity()).sum();
        places * size_of::<u64>() + self.parts.capacity() * size_of::<Part>()
    }

    #[inline]
    fn part_of(&self, hash: u64) -> usize {
        if self.parts.len() <= 1 { 0 } else { to_usize_wide(hash >> (u64::BITS - PART_BITS)) }
    }

    fn divide(&mut self) {
        let empty = Part { places: Vec::new(), count: 0, common_bits: PART_BITS };
        let before = std::mem::replace(&mut self.parts, vec![empty; PARTS]);
        for bucket in before.into_iter().flat_map(|part| part.places).filter(|bucket| *bucket != EMPTY) {
            let part = self.part_of(bucket);
            self.parts[part].insert(bucket);
        }
    }
}

impl Part {
    #[inline]
    fn find(&self, hash: u64, is_it: impl Fn(SubjectId) -> bool) -> Option<(usize, SubjectId)> {
        if self.places.is_empty() {
            return None;
        }
        let mut place = self.home(hash);
        loop {
            let bucket = self.places[place];
            if bucket == EMPTY {
                return None;
            }
            if bucket & HASH_MASK == hash & HASH_MASK && is_it(id_of(bucket)) {
                return Some((place, id_of(bucket)));
            }
            place = self.behind(place);
        }
    }

    fn insert(&mut self, bucket: u64) {
        if (self.count + 1) * FULL_OF > self.places.len() * FULL {
            let places = vec![EMPTY; (self.count * 9 / 4).max(PLACES_MIN)];
            let before = std::mem::replace(&mut self.places, places);
            before.into_iter().filter(|bucket| *bucket != EMPTY).for_each(|bucket| self.put(bucket));
        }
        self.put(bucket);
        self.count += 1;
    }

    fn put(&mut self, bucket: u64) {
        let mut place = self.home(bucket);
        while self.places[place] != EMPTY {
            place = self.behind(place);
        }
        self.places[place] = bucket;
    }

    /// Empties a place, and moves those up that stand behind it only because it was taken.
    fn close(&mut self, place: usize) {
        let (mut hole, mut next) = (place, self.behind(place));
        while self.places[next] != EMPTY {
            let home = self.home(self.places[next]);
            let stays = if hole <= next { hole < home && home <= next } else { hole < home || home <= next };
            if !stays {
                self.places[hole] = self.places[next];
                hole = next;
            }
            next = self.behind(next);
        }
        self.places[hole] = EMPTY;
        self.count -= 1;
    }

    /// The place where a search begins: the upper half of the hash, without what is common, as a fraction of the whole.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        let fraction = ((hash & HASH_MASK) << self.common_bits) >> u32::BITS;
        to_usize_wide((fraction * to_u64(self.places.len())) >> u32::BITS)
    }

    #[inline]
    fn behind(&self, place: usize) -> usize {
        if place + 1 == self.places.len() { 0 } else { place + 1 }
    }
}

#[inline]
fn id_of(bucket: u64) -> SubjectId {
    SubjectId::new(u32::try_from(bucket & !HASH_MASK).unwrap_or_default())
}

const HASH_MASK: u64 = !0 << u32::BITS;
const PART_BITS: u32 = 8;
const PARTS: usize = 1 << PART_BITS;
/// A table with so many ids is divided.
const PARTED_COUNT: usize = 1 << 15;
const PLACES_MIN: usize = 4;
/// At most three of four places are taken.
const FULL: usize = 3;
const FULL_OF: usize = 4;
/// Ids have fewer bits, so none looks like this.
const EMPTY: u64 = u64::MAX;
