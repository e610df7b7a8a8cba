//! What is wrong with a configuration, and what is only worth a word.

use super::syntax::{Entry, Place, SyntaxError};
use std::fmt::Display;

/// Why a configuration cannot be used: one line for each fault, with `file:line:column` where it has a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// The text is no configuration.
    #[error("{0}")]
    Syntax(String),
    /// Keys or values that cannot be used.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

impl From<SyntaxError> for ConfigError {
    fn from(error: SyntaxError) -> Self {
        match error {
            SyntaxError::Read { .. } => Self::Unreadable(error.to_string()),
            _ => Self::Syntax(error.to_string()),
        }
    }
}

/// Collects faults and warnings, so that an operator sees all of them at once.
#[derive(Debug, Default)]
pub(super) struct Problems {
    errors: Vec<String>,
    warnings: Vec<String>,
}

impl Problems {
    /// Notes a fault at `place`.
    pub(super) fn error(&mut self, place: &Place, text: impl Display) {
        if self.errors.len() < LINES_MAX {
            self.errors.push(format!("{place}: {text}"));
        }
    }

    /// Notes a fault of several keys together, or of a flag.
    pub(super) fn error_anywhere(&mut self, text: impl Display) {
        if self.errors.len() < LINES_MAX {
            self.errors.push(text.to_string());
        }
    }

    /// Notes what an operator should know.
    pub(super) fn warn(&mut self, place: &Place, text: impl Display) {
        if self.warnings.len() < LINES_MAX {
            self.warnings.push(format!("{place}: {text}"));
        }
    }

    /// Notes a warning about a flag.
    pub(super) fn warn_anywhere(&mut self, text: impl Display) {
        if self.warnings.len() < LINES_MAX {
            self.warnings.push(text.to_string());
        }
    }

    /// Notes a key that nobody knows, unless a variable refers to it.
    pub(super) fn unknown(&mut self, entry: &Entry) {
        if !entry.referenced {
            self.error(&entry.place, format_args!("unknown field {:?}", entry.key));
        }
    }

    /// Notes a key that this server takes without doing anything.
    pub(super) fn no_effect(&mut self, entry: &Entry) {
        self.warn(&entry.place, format_args!("{:?} has no effect in this server", entry.key));
    }

    /// Notes that "no limit" was asked for where this server always has one.
    pub(super) fn always_limited(&mut self, entry: &Entry, kept: impl Display) {
        let key = &entry.key;
        self.warn(
            &entry.place,
            format_args!("this server always has a limit for {key:?}, it stays at {kept}"),
        );
    }

    /// Notes a key that this server cannot honour.
    pub(super) fn unsupported(&mut self, entry: &Entry) {
        self.error(&entry.place, format_args!("{:?} is not supported by this server", entry.key));
    }

    /// Returns the warnings if there was no fault.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] with all faults.
    pub(super) fn finish(self) -> Result<Vec<String>, ConfigError> {
        if self.errors.is_empty() { Ok(self.warnings) } else { Err(ConfigError::Invalid(self.errors)) }
    }
}

/// Most faults and most warnings that are kept.
const LINES_MAX: usize = 200;
