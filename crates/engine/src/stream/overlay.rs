//! What is queued and not committed yet, by subject.
//!
//! It fills and empties with every commit, so nothing in it is allocated for one subject: names lie one after the other, and
//! places of a hash table point at what is known of them.

use super::writer::Queued;
use crate::convert::{to_u32, to_usize};
use crate::index::SubjectHasher;
use jetkv_types::Sequence;

/// Queued messages by subject.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    hasher: SubjectHasher,
    names: Vec<u8>,
    items: Vec<Item>,
    /// One more than the place of an item, where the search for its hash ends; 0 is free. At most half of them are taken.
    table: Vec<u32>,
}

#[derive(Debug)]
struct Item {
    hash: u64,
    /// Where its name ends; it begins where that of the item before ends.
    name_end: usize,
    queued: Queued,
}

impl Overlay {
    /// Forgets everything; the cost follows what there is, not what there once was.
    pub(super) fn clear(&mut self) {
        if self.items.len() * 8 < self.table.len() {
            for at in 0..self.items.len() {
                let mut place = self.home(self.items[at].hash);
                while self.table[place] != to_u32(at + 1) {
                    place = (place + 1) & (self.table.len() - 1);
                }
                self.table[place] = 0;
            }
        } else {
            self.table.fill(0);
        }
        self.items.clear();
        self.names.clear();
        if self.table.len() > PLACES_KEPT_MAX {
            *self = Self { hasher: self.hasher, ..Self::default() };
        }
    }

    pub(super) fn get(&self, subject: &[u8]) -> Option<&Queued> {
        if self.items.is_empty() {
            return None;
        }
        let at = self.find(self.hasher.hash(subject), subject).ok()?;
        Some(&self.items[at].queued).filter(|queued| queued.is_anything())
    }

    /// Returns what is known of a subject, to change it; nothing at first.
    pub(super) fn entry(&mut self, subject: &[u8]) -> &mut Queued {
        let hash = self.hasher.hash(subject);
        if self.items.len() * 2 >= self.table.len() {
            self.grow();
        }
        let at = match self.find(hash, subject) {
            Ok(at) => at,
            Err(place) => {
                self.names.extend_from_slice(subject);
                self.items.push(Item { hash, name_end: self.names.len(), queued: Queued::default() });
                self.table[place] = to_u32(self.items.len());
                self.items.len() - 1
            }
        };
        &mut self.items[at].queued
    }

    /// Puts what is known of a subject in the place of what was.
    pub(super) fn set(&mut self, subject: &[u8], queued: Option<Queued>) {
        match queued {
            Some(queued) => *self.entry(subject) = queued,
            None if self.get(subject).is_some() => *self.entry(subject) = Queued::default(),
            None => {}
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &Queued)> {
        let known = (0..self.items.len()).map(|at| (self.name(at), &self.items[at].queued));
        known.filter(|(_, queued)| queued.is_anything())
    }

    /// Forgets messages before a sequence.
    pub(super) fn retain_from(&mut self, floor: Sequence) {
        let mut kept = Self { hasher: self.hasher, ..Self::default() };
        for at in 0..self.items.len() {
            let queued = &mut self.items[at].queued;
            queued.messages.retain_from(floor);
            if queued.is_anything() {
                let queued = std::mem::take(queued);
                *kept.entry(self.name(at)) = queued;
            }
        }
        *self = kept;
    }

    fn name(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.items[before].name_end);
        &self.names[start..self.items[at].name_end]
    }

    /// Returns the place of an item; or the place in the table where it belongs.
    fn find(&self, hash: u64, subject: &[u8]) -> Result<usize, usize> {
        let mut place = self.home(hash);
        loop {
            let Some(at) = to_usize(self.table[place]).checked_sub(1) else { return Err(place) };
            if self.items[at].hash == hash && self.name(at) == subject {
                return Ok(at);
            }
            place = (place + 1) & (self.table.len() - 1);
        }
    }

    fn home(&self, hash: u64) -> usize {
        // Any bits of the hash are as good as others.
        to_usize(u32::try_from(hash >> u32::BITS).unwrap_or_default()) & (self.table.len() - 1)
    }

    fn grow(&mut self) {
        self.table = vec![0; (self.table.len() * 2).max(PLACES_MIN)];
        for at in 0..self.items.len() {
            let mut place = self.home(self.items[at].hash);
            while self.table[place] != 0 {
                place = (place + 1) & (self.table.len() - 1);
            }
            self.table[place] = to_u32(at + 1);
        }
    }
}

/// A power of two, as every length of the table is.
const PLACES_MIN: usize = 16;
/// A larger table is given back.
const PLACES_KEPT_MAX: usize = 1 << 14;
