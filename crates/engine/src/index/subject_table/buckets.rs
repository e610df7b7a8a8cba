//! A hash table of subject ids: twelve bytes for each place, and no subjects in it.
//!
//! Half of the hash stands beside each id, so that others are hardly ever compared, and that the table grows without a look
//! at any subject. The end of the subject's last sequence stands there, too: a get need not wait for what is known of the
//! subject before it looks for the message. A large table is many small ones: growing never keeps anybody for long.

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
    places: Vec<Place>,
    count: usize,
    /// Bits of the hash that all in the part have in common.
    common_bits: u32,
}

/// A subject in its place, or [`EMPTY`].
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The upper half.
    hash: u32,
    id: u32,
    last: u32,
}

/// A subject that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) id: SubjectId,
    /// The lower half of the sequence that was last given to [`Buckets::insert`] or [`Buckets::renew`].
    pub(crate) last: u32,
}

impl Buckets {
    pub(super) const fn new() -> Self {
        Self { parts: Vec::new(), count: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Finds the subject with this hash for which `is_it` holds.
    #[inline]
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(SubjectId) -> bool) -> Option<Seen> {
        let part = self.parts.get(part_of(hash, self.parts.len()))?;
        Some(part.places[part.find(upper(hash), is_it)?].seen())
    }

    /// Reads the place where the search for this hash begins, for nothing but to have it at hand.
    #[inline]
    pub(super) fn touch(&self, hash: u64) -> u32 {
        let part = self.parts.get(part_of(hash, self.parts.len()));
        part.and_then(|part| part.places.get(part.home(upper(hash)))).map_or(0, |place| place.id)
    }

    /// Returns the subject that this hash most likely stands for.
    #[inline]
    pub(super) fn guess(&self, hash: u64) -> Option<Seen> {
        self.find(hash, |_| true)
    }

    /// Adds an id that is not there.
    pub(super) fn insert(&mut self, hash: u64, seen: Seen) {
        if self.parts.is_empty() {
            self.parts.push(Part::default());
        }
        if self.count == PARTED_COUNT && self.parts.len() == 1 {
            self.divide();
        }
        let part = part_of(hash, self.parts.len());
        self.parts[part].insert(Place { hash: upper(hash), id: seen.id.number(), last: seen.last });
        self.count += 1;
    }

    /// Finds the id with this hash for which `is_it` holds, and notes its last sequence.
    #[inline]
    pub(super) fn renew(
        &mut self,
        hash: u64,
        last: u32,
        is_it: impl Fn(SubjectId) -> bool,
    ) -> Option<SubjectId> {
        let part = part_of(hash, self.parts.len());
        let part = self.parts.get_mut(part)?;
        let index = part.find(upper(hash), is_it)?;
        let place = &mut part.places[index];
        place.last = last;
        Some(place.seen().id)
    }

    /// Removes the id with this hash for which `is_it` holds, and returns it.
    pub(super) fn remove(&mut self, hash: u64, is_it: impl Fn(SubjectId) -> bool) -> Option<SubjectId> {
        let part = part_of(hash, self.parts.len());
        let part = self.parts.get_mut(part)?;
        let index = part.find(upper(hash), is_it)?;
        let id = part.places[index].seen().id;
        part.close(index);
        self.count -= 1;
        Some(id)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let places: usize = self.parts.iter().map(|part| part.places.capacity()).sum();
        places * size_of::<Place>() + self.parts.capacity() * size_of::<Part>()
    }

    fn divide(&mut self) {
        let empty = Part { places: Vec::new(), count: 0, common_bits: PART_BITS };
        let before = std::mem::replace(&mut self.parts, vec![empty; PARTS]);
        for place in before.into_iter().flat_map(|part| part.places).filter(|place| !place.is_empty()) {
            let part = part_of(u64::from(place.hash) << u32::BITS, PARTS);
            self.parts[part].insert(place);
        }
    }
}

impl Place {
    const EMPTY: Self = Self { hash: 0, id: EMPTY, last: 0 };

    #[inline]
    fn is_empty(&self) -> bool {
        self.id == EMPTY
    }

    #[inline]
    fn seen(&self) -> Seen {
        Seen { id: SubjectId::new(self.id), last: self.last }
    }
}

impl Part {
    /// Returns the index of the place with this hash for which `is_it` holds.
    #[inline]
    fn find(&self, hash: u32, is_it: impl Fn(SubjectId) -> bool) -> Option<usize> {
        if self.places.is_empty() {
            return None;
        }
        let mut index = self.home(hash);
        loop {
            let place = &self.places[index];
            if place.is_empty() {
                return None;
            }
            if place.hash == hash && is_it(place.seen().id) {
                return Some(index);
            }
            index = self.behind(index);
        }
    }

    fn insert(&mut self, place: Place) {
        if (self.count + 1) * FULL_OF > self.places.len() * FULL {
            let places = vec![Place::EMPTY; (self.count * 9 / 4).max(PLACES_MIN)];
            let before = std::mem::replace(&mut self.places, places);
            before.into_iter().filter(|place| !place.is_empty()).for_each(|place| self.put(place));
        }
        self.put(place);
        self.count += 1;
    }

    fn put(&mut self, place: Place) {
        let mut index = self.home(place.hash);
        while !self.places[index].is_empty() {
            index = self.behind(index);
        }
        self.places[index] = place;
    }

    /// Empties a place, and moves those up that stand behind it only because it was taken.
    fn close(&mut self, index: usize) {
        let (mut hole, mut next) = (index, self.behind(index));
        while !self.places[next].is_empty() {
            let home = self.home(self.places[next].hash);
            let stays = if hole <= next { hole < home && home <= next } else { hole < home || home <= next };
            if !stays {
                self.places[hole] = self.places[next];
                hole = next;
            }
            next = self.behind(next);
        }
        self.places[hole] = Place::EMPTY;
        self.count -= 1;
    }

    /// The index where a search begins: the upper half of the hash, without what is common, as a fraction of the whole.
    #[inline]
    fn home(&self, hash: u32) -> usize {
        let fraction = u64::from(hash << self.common_bits);
        to_usize_wide((fraction * to_u64(self.places.len())) >> u32::BITS)
    }

    #[inline]
    fn behind(&self, index: usize) -> usize {
        if index + 1 == self.places.len() { 0 } else { index + 1 }
    }
}

/// Returns the part of so many in which a hash belongs.
#[inline]
fn part_of(hash: u64, parts: usize) -> usize {
    if parts <= 1 { 0 } else { to_usize_wide(hash >> (u64::BITS - PART_BITS)) }
}

#[inline]
fn upper(hash: u64) -> u32 {
    u32::try_from(hash >> u32::BITS).unwrap_or_default()
}

const PART_BITS: u32 = 8;
const PARTS: usize = 1 << PART_BITS;
/// A table with so many ids is divided.
const PARTED_COUNT: usize = 1 << 15;
const PLACES_MIN: usize = 4;
/// At most three of four places are taken.
const FULL: usize = 3;
const FULL_OF: usize = 4;
/// Ids have fewer bits, so none looks like this.
const EMPTY: u32 = u32::MAX;
