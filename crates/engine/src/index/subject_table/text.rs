//! Byte strings of any length in a few bytes each.

use super::slab::grow_for;

/// A byte string: up to `N` bytes in place, a longer one in a [`TextArena`]; `N` is 10 to 254.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<const N: usize> {
    /// The string itself; or, of a long one, its start and its length in [`PLACE_BYTES`] each.
    bytes: [u8; N],
    /// Bytes in use, or [`LONG`].
    len: u8,
}

/// Where long texts live. Released ones leave holes; the table moves the others away when the holes are too large.
///
/// The arena grows by whole chunks, so that a large one is never copied to make room for one more text.
#[derive(Debug)]
pub(super) struct TextArena {
    /// Each has [`CHUNK_BYTES`] at most, or one single text that is longer.
    chunks: Vec<Vec<u8>>,
    stored_bytes: usize,
    dead_bytes: usize,
}

impl<const N: usize> Text<N> {
    pub(super) const EMPTY: Self = Self { bytes: [0; N], len: 0 };

    /// Returns the text if it fits in place.
    fn short(text: &[u8]) -> Option<Self> {
        let len = u8::try_from(text.len()).ok()?;
        let mut bytes = [0; N];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self { bytes, len })
    }

    fn long(start: usize, len: usize) -> Self {
        let mut bytes = [0; N];
        bytes[..PLACE_BYTES].copy_from_slice(&pack(start));
        bytes[PLACE_BYTES..2 * PLACE_BYTES].copy_from_slice(&pack(len));
        Self { bytes, len: LONG }
    }

    /// Returns start and length of a long text.
    fn place(&self) -> Option<(usize, usize)> {
        (self.len == LONG)
            .then(|| (unpack(&self.bytes[..PLACE_BYTES]), unpack(&self.bytes[PLACE_BYTES..2 * PLACE_BYTES])))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl TextArena {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), stored_bytes: 0, dead_bytes: 0 }
    }

    pub(super) fn store<const N: usize>(&mut self, text: &[u8]) -> Text<N> {
        Text::short(text).unwrap_or_else(|| {
            let number = self.chunk_with_room(text.len());
            let chunk = &mut self.chunks[number];
            let offset = chunk.len();
            grow_for(chunk, text.len());
            chunk.extend_from_slice(text);
            self.stored_bytes += text.len();
            Text::long(number * CHUNK_BYTES + offset, text.len())
        })
    }

    fn chunk_with_room(&mut self, bytes: usize) -> usize {
        if self.chunks.last().is_none_or(|chunk| chunk.len() + bytes > CHUNK_BYTES) {
            // The first chunk grows step by step, because most tables are small.
            let capacity = if self.chunks.is_empty() { 0 } else { CHUNK_BYTES };
            self.chunks.push(Vec::with_capacity(capacity));
        }
        self.chunks.len() - 1
    }

    #[inline]
    pub(super) fn slice<'a, const N: usize>(&'a self, text: &'a Text<N>) -> &'a [u8] {
        match text.place() {
            None => text.bytes.get(..usize::from(text.len)),
            Some((start, len)) => {
                let offset = start % CHUNK_BYTES;
                self.chunks.get(start / CHUNK_BYTES).and_then(|chunk| chunk.get(offset..offset + len))
            }
        }
        .unwrap_or_default()
    }

    /// Returns what follows `prefix` in `rest`, if `rest` starts with it.
    #[inline]
    pub(super) fn strip<'r, const N: usize>(&self, prefix: &Text<N>, rest: &'r [u8]) -> Option<&'r [u8]> {
        if prefix.is_empty() { Some(rest) } else { rest.strip_prefix(self.slice(prefix)) }
    }

    /// Removes the first `count` bytes of `text`.
    pub(super) fn drop_front<const N: usize>(&mut self, text: &mut Text<N>, count: usize) {
        let kept = self.slice(text).get(count..).unwrap_or_default().to_vec();
        self.release(text);
        *text = self.store(&kept);
    }

    /// Empties `text`, so that its bytes in the arena count as dead.
    pub(super) fn release<const N: usize>(&mut self, text: &mut Text<N>) {
        self.dead_bytes += text.place().map_or(0, |(_, len)| len);
        *text = Text::EMPTY;
    }

    /// Moves a text from `old` to this arena.
    pub(super) fn adopt<const N: usize>(&mut self, text: &mut Text<N>, old: &Self) {
        if text.place().is_some() {
            *text = self.store(old.slice(text));
        }
    }

    /// Says whether more than half of the arena is dead, and enough to be worth a walk.
    pub(super) fn is_wasteful(&self) -> bool {
        self.dead_bytes > DEAD_BYTES_IGNORED && self.dead_bytes > self.stored_bytes / 2
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let chunks = self.chunks.iter().map(Vec::capacity).sum::<usize>();
        chunks + self.chunks.capacity() * size_of::<Vec<u8>>()
    }

    /// Returns the bytes that are in use.
    #[cfg(test)]
    pub(super) fn live_bytes(&self) -> usize {
        self.stored_bytes - self.dead_bytes
    }
}

/// Returns how many bytes two strings have in common at their start.
pub(super) fn common_len(left: &[u8], right: &[u8]) -> usize {
    left.iter().zip(right).take_while(|(l, r)| l == r).count()
}

/// Packs a place or length into 40 bits: an arena has less than 1 TiB.
fn pack(value: usize) -> [u8; PLACE_BYTES] {
    let mut packed = [0; PLACE_BYTES];
    let bytes = value.to_le_bytes();
    for (to, from) in packed.iter_mut().zip(bytes) {
        *to = from;
    }
    packed
}

#[inline]
fn unpack(packed: &[u8]) -> usize {
    packed.iter().rev().fold(0, |value, &byte| value << 8 | usize::from(byte))
}

const LONG: u8 = u8::MAX;
const PLACE_BYTES: usize = 5;
const CHUNK_BYTES: usize = 1 << 20;
const DEAD_BYTES_IGNORED: usize = 4096;
