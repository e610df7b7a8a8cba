//! Numbers from one type to another, without loss.

/// Widens a length.
pub(crate) fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
