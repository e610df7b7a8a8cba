//! Matches of a batch, put in the order in which they are delivered: one consumer after the other.

use super::ConsumerKey;

/// A place in the batch, with a consumer that wants the message.
pub(super) type Match = (usize, ConsumerKey);

/// Sorts matches by the slot of their consumer, by counting; what it needs is kept from one batch to the next.
#[derive(Debug, Default)]
pub(super) struct ByConsumer {
    /// For each slot, how many matches it has, then where its next one goes; zeros between two calls.
    places: Vec<usize>,
    slots: Vec<u32>,
    sorted: Vec<Match>,
}

impl ByConsumer {
    /// Puts the matches from `from` on in order; those of a consumer stay as they are among themselves.
    pub(super) fn sort(&mut self, matches: &mut [Match], from: usize) {
        let Some(new) = matches.get_mut(from..) else { return };
        let Some(first) = new.first().copied() else { return };
        if new.iter().all(|(_, key)| key.slot == first.1.slot) {
            return;
        }
        let index = |slot: u32| usize::try_from(slot).unwrap_or(usize::MAX);
        for (_, key) in &*new {
            if index(key.slot) >= self.places.len() {
                self.places.resize(index(key.slot) + 1, 0);
            }
            let count = &mut self.places[index(key.slot)];
            if *count == 0 {
                self.slots.push(key.slot);
            }
            *count += 1;
        }
        self.slots.sort_unstable();
        let mut start = 0;
        for slot in &self.slots {
            let count = std::mem::replace(&mut self.places[index(*slot)], start);
            start += count;
        }
        self.sorted.clear();
        self.sorted.resize(new.len(), first);
        for each in &*new {
            let place = &mut self.places[index(each.1.slot)];
            self.sorted[*place] = *each;
            *place += 1;
        }
        new.copy_from_slice(&self.sorted);
        self.slots.drain(..).for_each(|slot| self.places[index(slot)] = 0);
    }
}

#[cfg(test)]
mod tests;
