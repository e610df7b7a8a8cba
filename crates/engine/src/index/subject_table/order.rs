//! Token order as an order of bytes.

use std::cmp::Ordering;

/// Returns the rank of `byte` in token order: `.` comes first, the others keep their order.
///
/// This is one to one for all 256 bytes, so that even invalid subjects stay apart.
#[inline]
pub(super) fn edge_of(byte: u8) -> u8 {
    match byte {
        b'.' => 0,
        0..b'.' => byte + 1,
        _ => byte,
    }
}

/// Undoes [`edge_of`].
pub(super) fn byte_of(edge: u8) -> u8 {
    match edge {
        0 => b'.',
        1..=b'.' => edge - 1,
        _ => edge,
    }
}

/// Compares two subjects, or the ends of two subjects with a common beginning.
pub(super) fn compare(left: &[u8], right: &[u8]) -> Ordering {
    left.iter().map(|&byte| edge_of(byte)).cmp(right.iter().map(|&byte| edge_of(byte)))
}
