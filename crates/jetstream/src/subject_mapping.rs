//! Subject mappings: a filter, and what subjects that match it become (PROTOCOL 4.11).

mod error;
mod parse;
mod part;

pub use error::MappingError;

use jetkv_types::{Subject, SubjectError, SubjectFilter};
use part::Part;

/// A rule that turns subjects that match a filter into others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectMapping {
    source: SubjectFilter,
    destination: Vec<Part>,
}

impl SubjectMapping {
    /// Makes a mapping; an empty source stands for `>`. Wildcards of the source need not be used.
    ///
    /// # Errors
    /// [`MappingError`] says which side is wrong, and why.
    pub fn new(source: &str, destination: &str) -> Result<Self, MappingError> {
        let text = if source.is_empty() { ">" } else { source };
        let source = SubjectFilter::new(text).map_err(|_| MappingError::InvalidSource(source.into()))?;
        let destination = parse::destination(&source, destination)?;
        Ok(Self { source, destination })
    }

    /// Returns the filter that subjects must match.
    #[must_use]
    pub fn source(&self) -> &SubjectFilter {
        &self.source
    }

    /// Returns what `subject` becomes; `None` if it does not match.
    ///
    /// # Errors
    /// [`SubjectError`] if what comes out is no subject, as when every character of a token is a delimiter.
    #[must_use]
    pub fn apply(&self, subject: &str) -> Option<Result<Subject, SubjectError>> {
        if !self.source.matches(subject) {
            return None;
        }
        // The first one is what the index 0 of a destination stands for.
        let mut tokens = vec![subject.split('.').next().unwrap_or_default()];
        let mut rest = "";
        let mut behind = subject;
        for pattern in self.source.as_str().split('.') {
            if pattern == ">" {
                rest = behind;
                break;
            }
            let (token, after) = behind.split_once('.').unwrap_or((behind, ""));
            if pattern == "*" {
                tokens.push(token);
            }
            behind = after;
        }
        let mut out = Vec::with_capacity(subject.len() + 16);
        for (index, part) in self.destination.iter().enumerate() {
            if index > 0 {
                out.push(b'.');
            }
            part.write(subject, &tokens, rest, &mut out);
        }
        // Tokens are cut between bytes, so a letter may be cut in two.
        Some(match String::from_utf8(out) {
            Ok(text) => Subject::new(text),
            Err(error) => {
                let offset = error.utf8_error().valid_up_to();
                let byte = error.as_bytes().get(offset).copied().unwrap_or_default();
                Err(SubjectError::InvalidCharacter { byte, offset })
            }
        })
    }
}

#[cfg(test)]
mod tests;
