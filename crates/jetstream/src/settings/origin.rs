//! Settings that reach beyond one store: where a stream lives, what it copies, where it sends.

use jetkv_types::{Sequence, Timestamp};

/// On which servers of a cluster a stream lives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// Name of the cluster; empty means any.
    pub cluster: String,
    /// Tags that the servers must have.
    pub tags: Vec<String>,
}

/// Where stored messages are published again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Republish {
    /// Which subjects, as a filter.
    pub source: String,
    /// Onto which subjects.
    pub destination: String,
    /// Whether payloads are left out.
    pub headers_only: bool,
}

/// An origin that a stream copies or collects from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Name of the origin.
    pub name: String,
    /// First sequence to copy.
    pub start_sequence: Option<Sequence>,
    /// Time of the first message to copy.
    pub start_time: Option<Timestamp>,
    /// Which subjects to copy, as a filter.
    pub filter_subject: Option<String>,
    /// How subjects are rewritten.
    pub subject_transforms: Vec<SubjectTransform>,
    /// Where the origin is, if not in the same domain.
    pub external: Option<External>,
}

impl Source {
    /// Returns an origin that is copied from its beginning, whole and unchanged.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            start_sequence: None,
            start_time: None,
            filter_subject: None,
            subject_transforms: Vec::new(),
            external: None,
        }
    }
}

/// A rule that rewrites subjects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectTransform {
    /// Which subjects, as a filter.
    pub source: String,
    /// What they become.
    pub destination: String,
}

/// The way to an origin in another domain or account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct External {
    /// Prefix of the origin's API subjects.
    pub api: String,
    /// Prefix of the subjects that its messages are delivered on; empty means the default.
    pub deliver: String,
}
