//! Subject filters: subjects in which `*` stands for one token and a last `>` for one or more.

use crate::subject::{Subject, SubjectError, check_tokens};
use std::fmt;

/// A valid subject filter. `*` as a whole token matches one token, `>` as the whole last token matches one or more;
/// inside a longer token both are literal (PROTOCOL 1.12).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubjectFilter {
    text: Box<str>,
    literal: bool,
}

impl SubjectFilter {
    /// Checks `text` and takes it over.
    ///
    /// # Errors
    /// [`SubjectError`] as for a subject, and [`SubjectError::FullWildcardNotLast`].
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, SubjectError> {
        let text = text.into();
        check_tokens(&text)?;
        let mut literal = true;
        let mut offset = 0;
        for token in text.split('.') {
            if token == ">" && offset + 1 < text.len() {
                return Err(SubjectError::FullWildcardNotLast { offset });
            }
            literal &= token != "*" && token != ">";
            offset += token.len() + 1;
        }
        Ok(Self { text, literal })
    }

    /// Returns the filter `>`, which matches every subject.
    #[must_use]
    pub fn all() -> Self {
        Self { text: ">".into(), literal: false }
    }

    /// Returns the filter as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Says whether the filter has no wildcard and therefore matches exactly one subject.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.literal
    }

    /// Returns the longest text that every matching subject starts with: all before the first wildcard token,
    /// its dot included.
    #[must_use]
    pub fn literal_prefix(&self) -> &str {
        if self.literal {
            return &self.text;
        }
        let mut end = 0;
        for token in self.text.split('.') {
            if token == "*" || token == ">" {
                break;
            }
            end += token.len() + 1;
        }
        &self.text[..end]
    }

    /// Says whether everything behind [`Self::literal_prefix`] is one `>`: then every subject with that prefix and
    /// one more byte matches.
    #[must_use]
    pub fn is_subtree(&self) -> bool {
        !self.literal && &self.text[self.literal_prefix().len()..] == ">"
    }

    /// Says whether `subject`, valid text of a subject, matches.
    #[must_use]
    pub fn matches(&self, subject: &str) -> bool {
        if self.literal {
            return *self.text == *subject;
        }
        // Most filters are one subtree: a comparison of bytes tells, and no wildcard comes earlier if it holds.
        if let Some(prefix) = self.subtree_prefix() {
            return subject.as_bytes().starts_with(prefix);
        }
        let mut subject_tokens = subject.split('.');
        for token in self.text.split('.') {
            let Some(found) = subject_tokens.next() else { return false };
            match token {
                ">" => return true,
                "*" => {}
                literal if literal == found => {}
                _ => return false,
            }
        }
        subject_tokens.next().is_none()
    }

    /// Returns all before the `>` if that is the only wildcard; a valid subject with that prefix has a token behind it.
    fn subtree_prefix(&self) -> Option<&[u8]> {
        let prefix = self.text.as_bytes().strip_suffix(b">")?;
        let is_star = |at: usize| {
            prefix[at] == b'*' && (at == 0 || prefix[at - 1] == b'.') && prefix.get(at + 1) == Some(&b'.')
        };
        let has_star = prefix.contains(&b'*') && (0..prefix.len()).any(is_star);
        (!has_star && prefix.last().is_none_or(|&last| last == b'.')).then_some(prefix)
    }

    /// Says whether at least one subject matches both filters.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let (mut left, mut right) = (self.text.split('.'), other.text.split('.'));
        loop {
            match (left.next(), right.next()) {
                (None, None) => return true,
                (Some(">"), Some(_)) | (Some(_), Some(">")) => return true,
                (Some(a), Some(b)) if a == b || a == "*" || b == "*" => {}
                _ => return false,
            }
        }
    }

    /// Says whether every subject that matches `self` matches `other` too.
    #[must_use]
    pub fn is_subset_of(&self, other: &Self) -> bool {
        let (mut inner, mut outer) = (self.text.split('.'), other.text.split('.'));
        loop {
            match (inner.next(), outer.next()) {
                (None, None) => return true,
                (Some(_), Some(">")) => return true,
                (Some(">"), Some(_)) => return false,
                (Some(_), Some("*")) => {}
                (Some("*"), Some(_)) => return false,
                (Some(a), Some(b)) if a == b => {}
                _ => return false,
            }
        }
    }
}

impl From<&Subject> for SubjectFilter {
    /// Takes the subject's text as a filter; wildcard tokens that were literal in the subject become wildcards.
    fn from(subject: &Subject) -> Self {
        let literal = subject.tokens().all(|token| token != "*" && token != ">");
        Self { text: subject.as_str().into(), literal }
    }
}

impl fmt::Display for SubjectFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for SubjectFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &self.text)
    }
}

#[cfg(test)]
mod tests;
