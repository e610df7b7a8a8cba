//! Conversions between the number types of the code and of the files, each total on the platforms that we support.

/// Widens a length in memory to the width used on disk.
pub(crate) fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Takes a 32-bit length or offset as an index into memory.
pub(crate) fn to_usize(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// Narrows a length that was checked against a limit below 4 GiB; a longer one becomes the largest number and is refused later.
pub(crate) fn to_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Takes a number that is below some length as an index into memory.
pub(crate) fn to_usize_wide(index: u64) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}
