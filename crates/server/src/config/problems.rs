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
            SyntaxError::Read { .. } => Self::Unreadable(line(error)),
            _ => Self::Syntax(line(error)),
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
            self.errors.push(line(format_args!("{place}: {text}")));
        }
    }

    /// Notes a fault of several keys together, or of a flag.
    pub(super) fn error_anywhere(&mut self, text: impl Display) {
        if self.errors.len() < LINES_MAX {
            self.errors.push(line(text));
        }
    }

    /// Notes what an operator should know.
    pub(super) fn warn(&mut self, place: &Place, text: impl Display) {
        if self.warnings.len() < LINES_MAX {
            self.warnings.push(line(format_args!("{place}: {text}")));
        }
    }

    /// Notes a warning about a flag.
    pub(super) fn warn_anywhere(&mut self, text: impl Display) {
        if self.warnings.len() < LINES_MAX {
            self.warnings.push(line(text));
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

/// Spells a text so that it is one line of a log, whatever names it quotes.
fn line(text: impl Display) -> String {
    let text = text.to_string();
    if !text.contains(char::is_control) {
        return text;
    }
    let spell = |c: char| if c.is_control() { c.escape_debug().to_string() } else { c.to_string() };
    text.chars().map(spell).collect()
}

/// Most faults and most warnings that are kept.
const LINES_MAX: usize = 200;
