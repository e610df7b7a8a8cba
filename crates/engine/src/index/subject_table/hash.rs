//! A keyed hash of subjects.

use std::hash::{BuildHasher, RandomState};

/// Hashes byte strings with a key of its own, so that nobody outside can choose subjects that collide.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hasher {
    key: [u64; 2],
}

impl Hasher {
    pub(super) fn new() -> Self {
        let random = RandomState::new();
        Self { key: [random.hash_one(0), random.hash_one(1)] }
    }

    /// Folds 16 bytes at a time into one number, by the upper and the lower half of a product.
    #[inline]
    pub(crate) fn hash(&self, bytes: &[u8]) -> u64 {
        let [first, second] = self.key;
        let mut state = first ^ crate::convert::to_u64(bytes.len()).wrapping_mul(SPREAD);
        let (blocks, rest) = bytes.as_chunks::<16>();
        for block in blocks {
            let (left, right) = halves(*block);
            state = folded(left ^ state, right ^ second);
        }
        if !rest.is_empty() {
            let mut last = [0; 16];
            last[..rest.len()].copy_from_slice(rest);
            let (left, right) = halves(last);
            state = folded(left ^ state, right ^ second);
        }
        folded(state ^ second, SPREAD)
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

impl BuildHasher for Hasher {
    type Hasher = Hashing;

    fn build_hasher(&self) -> Hashing {
        Hashing { hasher: *self, value: 0 }
    }
}

/// A hash under way, for the maps of the standard library.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hashing {
    hasher: Hasher,
    value: u64,
}

impl std::hash::Hasher for Hashing {
    fn write(&mut self, bytes: &[u8]) {
        self.value = self.value.rotate_left(32) ^ self.hasher.hash(bytes);
    }

    /// Only lengths come this way, and those are in the hash of the bytes that follow.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.value
    }
}

#[inline]
fn halves(block: [u8; 16]) -> (u64, u64) {
    let number = u128::from_le_bytes(block);
    (low(number), low(number >> 64))
}

#[inline]
fn folded(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    low(product) ^ low(product >> 64)
}

#[inline]
fn low(number: u128) -> u64 {
    u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default()
}

/// An odd number without a pattern.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
