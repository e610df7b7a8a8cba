//! Keys, values and random choices: the same for every engine and every run.

/// A key of 16 bytes: `k`, five digits of its group, a dot, nine digits.
///
/// The dot makes the group a token, so that "by prefix" means the same range of keys to every engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key([u8; KEY_BYTES]);

/// A value that no compressor shrinks and that names its key.
pub(crate) type Value = [u8; VALUE_BYTES];

/// The key number of `index` in loading order, and all that belongs to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Data {
    count: u64,
    half_bits: u32,
}

impl Data {
    /// Takes the number of keys.
    pub(crate) fn new(count: u64) -> Self {
        let bits = u64::BITS - count.saturating_sub(1).leading_zeros();
        Self { count, half_bits: bits.div_ceil(2).max(1) }
    }

    /// Returns the key that is loaded as number `index`, below the count; the order has no pattern.
    pub(crate) fn key(&self, index: u64) -> Key {
        let number = self.scrambled(index);
        let mut key = [b'.'; KEY_BYTES];
        key[0] = b'k';
        write_digits(&mut key[1..6], number / GROUP_KEYS);
        write_digits(&mut key[7..], number.wrapping_mul(REST_FACTOR) % REST_COUNT);
        Key(key)
    }

    /// Returns the prefix of the group that the key of `index` is in, with the dot.
    pub(crate) fn prefix(&self, index: u64) -> String {
        self.key(index).as_str()[..PREFIX_BYTES].to_owned()
    }

    /// Returns how many keys the group of `index` has.
    pub(crate) fn group_len(&self, index: u64) -> u64 {
        let group = self.scrambled(index) / GROUP_KEYS;
        GROUP_KEYS.min(self.count - group * GROUP_KEYS)
    }

    /// Permutes the numbers below the count: a Feistel network, walked until it lands inside.
    fn scrambled(&self, index: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let mut number = index;
        loop {
            let (mut left, mut right) = (number >> self.half_bits, number & mask);
            for round in 1..=4 {
                (left, right) = (right, left ^ (mixed(right ^ (round << 40)) & mask));
            }
            number = left << self.half_bits | right;
            if number < self.count {
                return number;
            }
        }
    }
}

impl Key {
    /// Takes the bytes of a key that [`Data::key`] made.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.try_into().ok()?))
    }

    /// Returns the key as text.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a key is ASCII")
    }

    fn tag(&self) -> u64 {
        let last = self.0.last_chunk().expect("a key is longer than a number");
        mixed(u64::from_le_bytes(*last))
    }

    /// Returns a value for this key; `version` tells one write of the key from another.
    pub(crate) fn value(&self, version: u64) -> Value {
        let tag = self.tag();
        let mut state = tag ^ mixed(version);
        let mut value = [0; VALUE_BYTES];
        for chunk in value.chunks_exact_mut(8) {
            state = state.wrapping_add(GOLDEN);
            chunk.copy_from_slice(&mixed(state).to_le_bytes());
        }
        value[..8].copy_from_slice(&tag.to_le_bytes());
        value
    }

    /// Makes `out` a value of so many bytes, 8 at least; of [`VALUE_BYTES`] it is the one of [`Self::value`].
    pub(crate) fn write_value(&self, version: u64, bytes: usize, out: &mut Vec<u8>) {
        let tag = self.tag();
        let mut state = tag ^ mixed(version);
        out.clear();
        while out.len() < bytes {
            state = state.wrapping_add(GOLDEN);
            let next = if out.is_empty() { tag } else { mixed(state) };
            out.extend_from_slice(&next.to_le_bytes());
        }
        out.truncate(bytes);
    }

    /// Says whether `value` was written under this key, by its length and first bytes.
    pub(crate) fn owns(&self, value: &[u8]) -> bool {
        self.owns_sized(value, VALUE_BYTES)
    }

    /// Says the same of a value of so many bytes.
    pub(crate) fn owns_sized(&self, value: &[u8], bytes: usize) -> bool {
        value.len() == bytes && value.starts_with(&self.tag().to_le_bytes())
    }
}

/// Numbers without a pattern, the same for the same seed.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// Takes a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(mixed(seed))
    }

    /// Returns a number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mixed(self.0) % bound
    }
}

/// Mixes all bits of a number (the finish of SplitMix64).
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn write_digits(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).expect("one digit");
        number /= 10;
    }
}

/// Length of a key.
pub(crate) const KEY_BYTES: usize = 16;
/// Length of a value.
pub(crate) const VALUE_BYTES: usize = 128;
/// Keys that share a prefix.
pub(crate) const GROUP_KEYS: u64 = 1_000;
/// Entries of a batch.
pub(crate) const BATCH_ENTRIES: u64 = 1_000;

const PREFIX_BYTES: usize = 7;
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
/// Has no factor in common with [`REST_COUNT`], so no two keys get the same digits.
const REST_FACTOR: u64 = 387_420_489;
const REST_COUNT: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_index_has_its_own_key_and_groups_are_full() {
        for count in [1, 2, 999, 1_000, 2_500] {
            let data = Data::new(count);
            let keys: BTreeSet<Key> = (0..count).map(|index| data.key(index)).collect();
            assert_eq!(keys.len(), usize::try_from(count).unwrap());
            let prefix = data.prefix(0);
            let group = keys.iter().filter(|key| key.as_str().starts_with(&prefix)).count();
            assert_eq!(group, usize::try_from(data.group_len(0)).unwrap());
        }
    }

    #[test]
    fn a_value_belongs_to_its_key_only_and_differs_by_version() {
        let data = Data::new(10);
        let value = data.key(3).value(1);
        assert!(data.key(3).owns(&value) && !data.key(4).owns(&value));
        assert_ne!(value, data.key(3).value(2));
        let mut sized = Vec::new();
        data.key(3).write_value(1, VALUE_BYTES, &mut sized);
        assert_eq!(sized, value);
        data.key(3).write_value(1, 17, &mut sized);
        assert!(
            data.key(3).owns_sized(&sized, 17)
                && !data.key(3).owns(&sized)
                && !data.key(4).owns_sized(&sized, 17)
        );
    }
}
