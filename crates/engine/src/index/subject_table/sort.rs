//! Sorting all subjects at once.

use super::id::SubjectId;
use super::names::Names;
use super::order::{compare, edge_of};
use super::text::common_len;
use std::cmp::Ordering;
use std::ops::Range;
use std::thread::{Builder, ScopedJoinHandle};

/// Returns all ids in the order of their subjects; two threads sort many of them.
///
/// Subjects are compared some bytes at a time, taken out of memory once for each of them and first in the order in which they
/// lie there: comparing them in place would wait for memory at every step.
pub(super) fn sorted_ids(names: &Names) -> Vec<SubjectId> {
    let mut ids: Vec<SubjectId> = names.ids().collect();
    let depth = common_bytes(names, &ids, 0);
    let middle = if ids.len() < WORTH_A_THREAD { 0 } else { ids.len() / 2 };
    let (left, right) = ids.split_at(middle);
    let (left, right) = if left.is_empty() {
        (Vec::new(), sorted(names, right, depth))
    } else {
        std::thread::scope(|scope| {
            let other = Builder::new().spawn_scoped(scope, || sorted(names, left, depth));
            let right = sorted(names, right, depth);
            match other.map(ScopedJoinHandle::join) {
                Ok(Ok(left)) => (left, right),
                Ok(Err(panic)) => std::panic::resume_unwind(panic),
                // Where there is no further thread, this one does both.
                Err(_) => (sorted(names, left, depth), right),
            }
        })
    };
    let (mut left, mut right) = (&left[..], &right[..]);
    for id in &mut ids {
        let from = if is_first(names, left, right, depth) { &mut left } else { &mut right };
        if let Some((next, rest)) = from.split_first() {
            *id = next.id;
            *from = rest;
        }
    }
    ids
}

#[derive(Debug, Clone, Copy)]
struct Item {
    /// [`DIGITS`] bytes of the subject as digits of their order, and how many of them it has.
    digits: (u64, u64),
    id: SubjectId,
}

/// Says whether the next one is the first of `left`.
fn is_first(names: &Names, left: &[Item], right: &[Item], depth: usize) -> bool {
    let (Some(left), Some(right)) = (left.first(), right.first()) else { return right.is_empty() };
    let order = left.digits.cmp(&right.digits);
    order.then_with(|| compare_from(names, left.id, right.id, depth + DIGITS)) == Ordering::Less
}

/// Sorts subjects that agree up to `depth`, by which their digits are taken.
fn sorted(names: &Names, ids: &[SubjectId], depth: usize) -> Vec<Item> {
    let mut items = Vec::new();
    let mut later = Vec::new();
    sort_by_digits(names, ids.iter().copied(), depth, 0, (&mut items, &mut later));
    let mut alike = Vec::new();
    while let Some((stretch, depth)) = later.pop() {
        let stretch: Range<usize> = stretch;
        let (start, stretch) = (stretch.start, &mut items[stretch]);
        if stretch.len() <= FEW {
            stretch.sort_unstable_by(|left, right| compare_from(names, left.id, right.id, depth));
            continue;
        }
        // Those in the list keep the digits by which they are in their place.
        let ids: Vec<SubjectId> = stretch.iter().map(|item| item.id).collect();
        let depth = depth + common_bytes(names, &ids, depth);
        sort_by_digits(names, ids.into_iter(), depth, start, (&mut alike, &mut later));
        stretch.iter_mut().zip(&alike).for_each(|(item, sorted)| item.id = sorted.id);
    }
    items
}

/// Sorts by the digits from `depth` on, and notes the stretches that need another look; the first one begins at `start`.
fn sort_by_digits(
    names: &Names,
    ids: impl Iterator<Item = SubjectId>,
    depth: usize,
    start: usize,
    (items, later): (&mut Vec<Item>, &mut Vec<(Range<usize>, usize)>),
) {
    items.clear();
    items.extend(ids.map(|id| Item { digits: digits(tail(names, id, depth)), id }));
    items.sort_unstable_by_key(|item| item.digits);
    let mut at = start;
    for alike in items.chunk_by(|left, right| left.digits == right.digits) {
        if alike.len() > 1 {
            later.push((at..at + alike.len(), depth + DIGITS));
        }
        at += alike.len();
    }
}

/// Returns how many bytes all subjects have in common behind `depth`.
fn common_bytes(names: &Names, ids: &[SubjectId], depth: usize) -> usize {
    let Some(first) = ids.first().map(|&id| tail(names, id, depth)) else { return 0 };
    ids.iter().fold(first.len(), |common, &id| {
        if common == 0 { 0 } else { common_len(&first[..common], tail(names, id, depth)) }
    })
}

fn compare_from(names: &Names, left: SubjectId, right: SubjectId, depth: usize) -> Ordering {
    compare(tail(names, left, depth), tail(names, right, depth))
}

fn tail(names: &Names, id: SubjectId, depth: usize) -> &[u8] {
    names.name(id).get(depth..).unwrap_or_default()
}

/// Returns the first bytes as one number that is in token order. A subject that ends earlier comes first.
fn digits(tail: &[u8]) -> (u64, u64) {
    let used = tail.len().min(DIGITS);
    let mut bytes = [0; DIGITS + 1];
    for (digit, byte) in bytes.iter_mut().zip(&tail[..used]) {
        *digit = edge_of(*byte);
    }
    bytes[DIGITS] = u8::try_from(used).unwrap_or_default();
    let number = u128::from_be_bytes(bytes);
    let half = |number: u128| u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default();
    (half(number >> u64::BITS), half(number))
}

const DIGITS: usize = 15;
/// So many subjects are compared in place.
const FEW: usize = 16;
/// Fewer are sorted sooner than a thread is made.
const WORTH_A_THREAD: usize = 1 << 14;
