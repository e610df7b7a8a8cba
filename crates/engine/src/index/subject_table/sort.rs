//! Sorting all subjects at once.

use super::id::SubjectId;
use super::names::Names;
use super::order::{compare, edge_of};
use super::text::common_len;
use std::ops::Range;

/// Returns all ids in the order of their subjects.
///
/// Subjects are compared a few bytes at a time, taken out of memory once for each of them: comparing them in place would
/// wait for memory at every step.
pub(super) fn sorted_ids(names: &Names) -> Vec<SubjectId> {
    let mut items: Vec<Item> = names.ids().map(|id| Item { digits: 0, id }).collect();
    let mut stretches = vec![(0..items.len(), 0)];
    while let Some((stretch, depth)) = stretches.pop() {
        sort_stretch(names, &mut items, stretch, depth, &mut stretches);
    }
    items.into_iter().map(|item| item.id).collect()
}

#[derive(Debug, Clone, Copy)]
struct Item {
    /// Seven bytes of the subject as digits of their order, and how many of them it has.
    digits: u64,
    id: SubjectId,
}

/// Sorts a stretch whose subjects agree up to `depth`, and notes the stretches in it that need another look.
fn sort_stretch(
    names: &Names,
    items: &mut [Item],
    stretch: Range<usize>,
    depth: usize,
    later: &mut Vec<(Range<usize>, usize)>,
) {
    let start = stretch.start;
    let items = &mut items[stretch];
    let tail = |id: SubjectId, depth: usize| names.name(id).get(depth..).unwrap_or_default();
    let Some(first) = items.first().map(|item| tail(item.id, depth)) else { return };
    if items.len() <= FEW {
        items.sort_unstable_by(|left, right| compare(tail(left.id, depth), tail(right.id, depth)));
        return;
    }
    let common = items.iter().fold(first.len(), |common, item| {
        if common == 0 { 0 } else { common_len(&first[..common], tail(item.id, depth)) }
    });
    let depth = depth + common;
    for item in &mut *items {
        item.digits = digits(tail(item.id, depth));
    }
    items.sort_unstable_by_key(|item| item.digits);
    let mut at = 0;
    for alike in items.chunk_by(|left, right| left.digits == right.digits) {
        if alike.len() > 1 {
            later.push((start + at..start + at + alike.len(), depth + DIGITS));
        }
        at += alike.len();
    }
}

/// Returns the first bytes as one number that is in token order. A subject that ends earlier comes first.
fn digits(tail: &[u8]) -> u64 {
    let used = tail.len().min(DIGITS);
    let mut bytes = [0; 8];
    for (digit, byte) in bytes.iter_mut().zip(&tail[..used]) {
        *digit = edge_of(*byte);
    }
    bytes[DIGITS] = u8::try_from(used).unwrap_or_default();
    u64::from_be_bytes(bytes)
}

const DIGITS: usize = 7;
/// So many subjects are compared in place.
const FEW: usize = 16;
