//! What is damaged, named as exactly as the evidence allows.

use crate::error::EngineError;
use jetkv_types::{Sequence, Subject};
use std::fmt;
use std::path::PathBuf;

/// One place in a store whose bytes are not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Where the damaged bytes begin.
    pub offset: u64,
    /// How many bytes are affected; 0 if that cannot be told.
    pub length: u64,
    /// First and last sequence that may be affected; `None` if no message is.
    pub sequences: Option<(Sequence, Sequence)>,
    /// The subject of the affected message, if it is known.
    pub subject: Option<Subject>,
    /// What it means.
    pub kind: DamageKind,
}

/// What a damage means for the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DamageKind {
    /// The content of one message cannot be trusted; reads of it fail.
    Record,
    /// Messages are missing and their subjects are unknown; reads that could be affected fail.
    Hole,
    /// A copy or derived file is damaged; everything in it is known from elsewhere.
    Metadata,
    /// A file or directory that should be there is not, or the disk does not give it.
    MissingFile,
    /// Bytes that nothing accounts for stand behind the last complete record. They were kept, and not read.
    UnexplainedTail,
}

impl Damage {
    /// Returns what an error says is damaged; `None` if it is about something else than the content of files.
    pub(crate) fn of_error(error: &EngineError) -> Option<Self> {
        let path = match error {
            EngineError::Damaged(damage) => return Some((**damage).clone()),
            EngineError::Io { path, .. } | EngineError::StorageFull { path } => path.clone(),
            _ => return None,
        };
        let kind = DamageKind::MissingFile;
        Some(Self { path, offset: 0, length: 0, sequences: None, subject: None, kind })
    }
}

impl DamageKind {
    /// Says whether messages are lost or unreadable.
    #[must_use]
    pub fn affects_data(self) -> bool {
        matches!(self, Self::Record | Self::Hole | Self::MissingFile)
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            DamageKind::Record => "record",
            DamageKind::Hole => "unreadable stretch",
            DamageKind::Metadata => "metadata, rebuilt from elsewhere",
            DamageKind::MissingFile => "missing or unreadable file",
            DamageKind::UnexplainedTail => "unexplained bytes behind the last record",
        };
        write!(f, "{what} in {} at offset {}", self.path.display(), self.offset)?;
        if self.length > 0 {
            write!(f, ", {} bytes", self.length)?;
        }
        match self.sequences {
            Some((first, last)) if first == last => write!(f, ", sequence {first}")?,
            Some((first, last)) => write!(f, ", sequences {first} to {last}")?,
            None => {}
        }
        if let Some(subject) = &self.subject {
            write!(f, ", subject {subject}")?;
        }
        Ok(())
    }
}
