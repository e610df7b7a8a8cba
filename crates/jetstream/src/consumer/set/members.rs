//! The consumers of a set: by handle, by name, by filter.

use super::super::filter_index::FilterIndex;
use super::super::member::Consumer;
use super::ConsumerKey;
use jetkv_types::SubjectFilter;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// Consumers in slots, which are used again with a new generation.
#[derive(Debug, Default)]
pub(super) struct Members {
    slots: Vec<Slot>,
    free: Vec<u32>,
    names: BTreeMap<Arc<str>, ConsumerKey>,
    pub(super) filters: FilterIndex,
}

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    consumer: Option<Box<Consumer>>,
}

impl Members {
    pub(super) fn count(&self) -> usize {
        self.names.len()
    }

    pub(super) fn find(&self, name: &str) -> Option<ConsumerKey> {
        self.names.get(name).copied()
    }

    pub(super) fn names_from<'a>(
        &'a self,
        start: Bound<&'a str>,
    ) -> impl Iterator<Item = (&'a str, ConsumerKey)> {
        self.names.range::<str, _>((start, Bound::Unbounded)).map(|(name, key)| (&**name, *key))
    }

    pub(super) fn keys(&self) -> Vec<ConsumerKey> {
        self.names.values().copied().collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Consumer> {
        self.slots.iter().filter_map(|slot| slot.consumer.as_deref())
    }

    pub(super) fn get(&self, key: ConsumerKey) -> Option<&Consumer> {
        let slot = self.slots.get(index(key.slot))?;
        slot.consumer.as_deref().filter(|_| slot.generation == key.generation)
    }

    pub(super) fn get_mut(&mut self, key: ConsumerKey) -> Option<&mut Consumer> {
        let slot = self.slots.get_mut(index(key.slot))?;
        slot.consumer.as_deref_mut().filter(|_| slot.generation == key.generation)
    }

    /// Returns the consumer to which a filter in the index belongs.
    pub(super) fn owner_mut(&mut self, slot: u32) -> Option<&mut Consumer> {
        self.slots.get_mut(index(slot))?.consumer.as_deref_mut()
    }

    /// Returns the handle that the next consumer gets; `None` after four billion of them at a time.
    pub(super) fn next_key(&self) -> Option<ConsumerKey> {
        match self.free.last() {
            Some(&slot) => Some(ConsumerKey { slot, generation: self.slots[index(slot)].generation }),
            None => Some(ConsumerKey { slot: u32::try_from(self.slots.len()).ok()?, generation: 0 }),
        }
    }

    /// Adds a consumer that was made for [`Self::next_key`].
    pub(super) fn insert(&mut self, consumer: Box<Consumer>) {
        let key = consumer.key;
        if self.free.last() == Some(&key.slot) {
            self.free.pop();
        } else {
            self.slots.push(Slot::default());
        }
        for filter in &consumer.rules.filters {
            self.filters.insert(filter, key.slot);
        }
        self.names.insert(Arc::clone(&consumer.name), key);
        self.slots[index(key.slot)].consumer = Some(consumer);
    }

    /// Replaces the filters by which a consumer is found.
    pub(super) fn replace_filters(&mut self, key: ConsumerKey, old: &[SubjectFilter], new: &[SubjectFilter]) {
        for filter in old {
            self.filters.remove(filter, key.slot);
        }
        for filter in new {
            self.filters.insert(filter, key.slot);
        }
    }

    pub(super) fn remove(&mut self, key: ConsumerKey) -> Option<Box<Consumer>> {
        self.get(key)?;
        let slot = self.slots.get_mut(index(key.slot))?;
        let consumer = slot.consumer.take()?;
        // A slot whose generations are used up is not used again.
        if let Some(generation) = slot.generation.checked_add(1) {
            slot.generation = generation;
            self.free.push(key.slot);
        }
        for filter in &consumer.rules.filters {
            self.filters.remove(filter, key.slot);
        }
        self.names.remove(&consumer.name);
        Some(consumer)
    }
}

fn index(slot: u32) -> usize {
    usize::try_from(slot).unwrap_or(usize::MAX)
}
