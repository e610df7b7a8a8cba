//! Lists that come in pages (PROTOCOL 2.4.4).

use serde::{Deserialize, Serialize};

/// Which part of a list a response has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Page {
    /// How many entries there are in all.
    pub total: u64,
    /// How many are before those of this response.
    pub offset: u64,
    /// How many a response has at most.
    pub limit: u64,
}

impl Page {
    /// How many names a page has.
    pub const NAMES_MAX: usize = 1024;
    /// How many infos a page has.
    pub const INFOS_MAX: usize = 256;
    /// How many subjects a page of stream info has.
    pub const SUBJECTS_MAX: usize = 100_000;

    /// Returns the page of a list of `total` entries that begins at `offset`, and the entries' range.
    ///
    /// A negative offset is the beginning, and one beyond the end is the end, as the reference has it.
    #[must_use]
    pub fn of(total: usize, offset: i64, limit: usize) -> (Self, std::ops::Range<usize>) {
        let start = usize::try_from(offset.max(0)).unwrap_or(usize::MAX).min(total);
        let end = start.saturating_add(limit).min(total);
        let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        (Self { total: wide(total), offset: wide(start), limit: wide(limit) }, start..end)
    }
}
