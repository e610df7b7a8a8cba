//! A vector whose places keep their numbers and are used again.

use super::id::widen;

/// Values under 32-bit numbers; the number of a removed value is given to a later one.
#[derive(Debug)]
pub(super) struct Slab<T> {
    items: Vec<T>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }

    /// Stores `item` and returns its number.
    pub(super) fn insert(&mut self, item: T) -> u32 {
        if let Some(number) = self.free.pop() {
            self.items[widen(number)] = item;
            return number;
        }
        let number = u32::try_from(self.items.len()).expect("SUBJECTS_MAX is below this");
        grow_for(&mut self.items, 1);
        self.items.push(item);
        number
    }

    /// Makes room for `count` more values, if the system has it to give.
    pub(super) fn reserve(&mut self, count: usize) {
        // Without it, room is made step by step.
        let _ = self.items.try_reserve_exact(count);
    }

    /// Gives back room that no value is in.
    pub(super) fn shrink(&mut self) {
        self.items.shrink_to_fit();
    }

    /// Frees `number`; the value stays readable until the number is given away again.
    pub(super) fn remove(&mut self, number: u32) {
        self.free.push(number);
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.items.get(widen(number))
    }

    /// Returns the value under a number that [`Self::insert`] gave.
    #[inline]
    pub(super) fn at(&self, number: u32) -> &T {
        &self.items[widen(number)]
    }

    pub(super) fn at_mut(&mut self, number: u32) -> &mut T {
        &mut self.items[widen(number)]
    }

    /// Returns the numbers in use, ascending.
    pub(super) fn used(&self) -> impl Iterator<Item = u32> {
        let mut is_free = vec![false; self.items.len()];
        for &number in &self.free {
            is_free[widen(number)] = true;
        }
        (0..).zip(is_free).filter_map(|(number, is_free)| (!is_free).then_some(number))
    }

    /// Returns all values, those under freed numbers among them.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.items.iter_mut()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.items.capacity() * size_of::<T>() + self.free.capacity() * size_of::<u32>()
    }

    /// Returns the number of values that are in use.
    #[cfg(test)]
    pub(super) fn used_count(&self) -> usize {
        self.items.len() - self.free.len()
    }
}

/// Makes room for `more` items: small vectors double, large ones grow by a quarter, which wastes less memory and
/// copies less at a time.
pub(super) fn grow_for<T>(items: &mut Vec<T>, more: usize) {
    let capacity = items.capacity();
    if capacity - items.len() < more {
        let step = if capacity < DOUBLING_ITEMS_MAX { capacity } else { capacity / 4 };
        items.reserve_exact(more.max(step).max(2));
    }
}

const DOUBLING_ITEMS_MAX: usize = 1024;
