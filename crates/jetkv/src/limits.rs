//! Every maximum of the library that is not one of streams or messages, and its defaults.

use std::time::Duration;

/// Most writes in one batch, as in an atomic batch of the reference (PROTOCOL 3.6).
pub const BATCH_WRITES_MAX: usize = 1_000;
/// Most keys on one page of a listing.
pub const PAGE_KEYS_MAX: usize = 10_000;
/// The usual argument of `purge_deletes`: markers younger than 30 minutes stay, so that watchers which were away for a
/// while still learn of the deletion.
pub const PURGE_DELETES_OLDER_THAN_DEFAULT: Duration = Duration::from_secs(30 * 60);
/// Fewest keys that are fetched at a time when the whole bucket is walked.
pub(crate) const SCAN_KEYS: usize = 1_000;
/// Most entries that are copied in one step: servers take at most 1,000 messages in a batch.
pub(crate) const COPY_ENTRIES_MAX: usize = 500;
/// How many bytes of values end a step of a copy.
pub(crate) const COPY_BYTES_MAX: usize = 4 * 1024 * 1024;
