//! What is damaged, in words of buckets and keys.

use crate::{Revision, names};
use jetkv_engine::DamageKind;
use std::fmt;
use std::path::PathBuf;

/// One place in a store whose bytes are not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file; empty where a server does not tell.
    pub path: PathBuf,
    /// Where the damaged bytes begin.
    pub offset: u64,
    /// How many bytes are affected; 0 if that cannot be told.
    pub length: u64,
    /// The bucket, if it is known and the damage is in one.
    pub bucket: Option<String>,
    /// The key of the affected entry, if it is known.
    pub key: Option<String>,
    /// First and last revision that may be affected; `None` if no entry is.
    pub revisions: Option<(Revision, Revision)>,
    /// What it means for the data.
    pub kind: DamageKind,
}

impl Damage {
    /// Says the engine's damage in words of buckets; `bucket` is where it was met, if that is known.
    pub(crate) fn of(damage: &jetkv_engine::Damage, bucket: Option<&str>) -> Self {
        let named = damage.subject.as_ref().and_then(names::split_subject);
        Self {
            path: damage.path.clone(),
            offset: damage.offset,
            length: damage.length,
            bucket: bucket.or(named.map(|(bucket, _)| bucket)).map(str::to_owned),
            key: named.map(|(_, key)| key.to_owned()),
            revisions: damage.sequences,
            kind: damage.kind,
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            DamageKind::Record => "entry",
            DamageKind::Hole => "unreadable stretch",
            DamageKind::Metadata => "metadata, rebuilt from elsewhere",
            DamageKind::MissingFile => "missing file",
            DamageKind::UnexplainedTail => "unexplained bytes behind the last record",
        };
        // A server does not always say where.
        if self.path.as_os_str().is_empty() {
            write!(f, "{what} at the server")?;
        } else {
            write!(f, "{what} in {} at offset {}", self.path.display(), self.offset)?;
        }
        if self.length > 0 {
            write!(f, ", {} bytes", self.length)?;
        }
        match self.revisions {
            Some((first, last)) if first == last => write!(f, ", revision {first}")?,
            Some((first, last)) => write!(f, ", revisions {first} to {last}")?,
            None => {}
        }
        match (&self.bucket, &self.key) {
            (Some(bucket), Some(key)) => write!(f, ", key {key:?} of bucket {bucket:?}"),
            (Some(bucket), None) => write!(f, ", bucket {bucket:?}"),
            _ => Ok(()),
        }
    }
}

/// What a repair did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// Damages whose entries were given up.
    pub given_up: Vec<Damage>,
    /// Damaged files that were set aside, in their new place.
    pub quarantined: Vec<PathBuf>,
}

/// How far a check of all data has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read and verified.
    pub done_bytes: u64,
    /// Bytes to be read in all.
    pub total_bytes: u64,
}
