//! A snapshot without `async`.

use crate::{Entry, KeyValueConfig, KvError, Revision};
use pollster::block_on;

/// The entries of a bucket at one moment; see [`crate::Snapshot`]. Behind an entry that cannot be read it goes on.
#[derive(Debug)]
pub struct Snapshot {
    snapshot: crate::Snapshot,
    is_over: bool,
}

impl From<crate::Snapshot> for Snapshot {
    fn from(snapshot: crate::Snapshot) -> Self {
        Self { snapshot, is_over: false }
    }
}

impl Snapshot {
    /// Returns the configuration of the bucket.
    #[must_use]
    pub fn config(&self) -> &KeyValueConfig {
        self.snapshot.config()
    }

    /// Returns the last revision given out at that moment, kept or not.
    #[must_use]
    pub fn last_revision(&self) -> Revision {
        self.snapshot.last_revision()
    }

    /// Returns how many entries there are at most.
    #[must_use]
    pub fn values(&self) -> u64 {
        self.snapshot.values()
    }
}

impl Iterator for Snapshot {
    type Item = Result<Entry, KvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = block_on(self.snapshot.next()).transpose();
        self.is_over = next.is_none();
        next
    }
}
