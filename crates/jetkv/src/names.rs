//! Names of buckets and keys, and the streams and subjects behind them (PROTOCOL 6.1).

use crate::KvError;
use jetkv_types::{StreamName, Subject, SubjectFilter};
use std::sync::Arc;

/// A valid bucket name with all that is made from it.
#[derive(Debug, Clone)]
pub(crate) struct BucketNames {
    pub(crate) bucket: Arc<str>,
    pub(crate) stream: StreamName,
    /// The filter that matches every key.
    pub(crate) all: SubjectFilter,
    prefix: String,
}

impl BucketNames {
    /// Checks the name of a bucket.
    pub(crate) fn new(bucket: &str) -> Result<Self, KvError> {
        let invalid = |reason: String| KvError::InvalidBucket { bucket: bucket.into(), reason };
        if bucket.is_empty() {
            return Err(invalid("it must not be empty".into()));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if let Some(character) = bucket.chars().find(|&c| !allowed(c)) {
            return Err(invalid(format!("{character:?} is not allowed; use A-Z, a-z, 0-9, - and _")));
        }
        let stream = StreamName::new(format!("{STREAM_PREFIX}{bucket}"))
            .map_err(|error| invalid(error.to_string()))?;
        let prefix = subject_prefix(bucket);
        let all = SubjectFilter::new(format!("{prefix}>")).map_err(|error| invalid(error.to_string()))?;
        Ok(Self { bucket: bucket.into(), stream, all, prefix })
    }

    /// Returns what the subjects of all keys begin with.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the subject of a key.
    pub(crate) fn subject(&self, key: &str) -> Result<Subject, KvError> {
        check_key(key)?;
        Subject::new([self.prefix.as_str(), key].concat())
            .map_err(|error| KvError::InvalidKey { key: key.into(), reason: error.to_string() })
    }

    /// Returns the subject filter for a filter of keys.
    pub(crate) fn filter(&self, filter: &str) -> Result<SubjectFilter, KvError> {
        let invalid = |reason: String| KvError::InvalidFilter { filter: filter.into(), reason };
        let mut tokens = filter.split('.').peekable();
        while let Some(token) = tokens.next() {
            match token {
                "*" => {}
                ">" if tokens.peek().is_none() => {}
                ">" => return Err(invalid("`>` is only allowed as the last token".into())),
                _ if token.contains(['*', '>']) => {
                    return Err(invalid("`*` and `>` stand for whole tokens".into()));
                }
                _ => check_token(filter, token).map_err(invalid)?,
            }
        }
        SubjectFilter::new(format!("{}{filter}", self.prefix)).map_err(|error| invalid(error.to_string()))
    }

    /// Returns the subject filters for filters of keys, at least one.
    pub(crate) fn filters(&self, filters: &[&str]) -> Result<Vec<SubjectFilter>, KvError> {
        if filters.is_empty() {
            return Err(KvError::InvalidFilter {
                filter: String::new(),
                reason: "at least one filter is needed; `>` matches every key".into(),
            });
        }
        filters.iter().map(|filter| self.filter(filter)).collect()
    }

    /// Returns the key of a subject. A subject of another bucket, copied here by a source, stands for itself.
    pub(crate) fn key_of<'a>(&self, subject: &'a Subject) -> &'a str {
        subject.as_str().strip_prefix(&self.prefix).unwrap_or(subject.as_str())
    }
}

/// Returns the bucket whose messages the stream holds, if it is one's.
pub(crate) fn bucket_of_stream(stream: &StreamName) -> Option<&str> {
    stream.as_str().strip_prefix(STREAM_PREFIX).filter(|bucket| BucketNames::new(bucket).is_ok())
}

/// Returns bucket and key of a subject, if it is one's.
pub(crate) fn split_subject(subject: &Subject) -> Option<(&str, &str)> {
    subject.as_str().strip_prefix(SUBJECT_PREFIX)?.split_once('.')
}

/// Returns what the subjects of a bucket begin with.
pub(crate) fn subject_prefix(bucket: &str) -> String {
    format!("{SUBJECT_PREFIX}{bucket}.")
}

/// Returns the name of the stream behind a bucket that may be elsewhere.
pub(crate) fn stream_of(bucket: &str) -> String {
    if bucket.starts_with(STREAM_PREFIX) { bucket.into() } else { format!("{STREAM_PREFIX}{bucket}") }
}

/// Compares keys token by token: the order in which keys are listed.
pub(crate) fn token_order(left: &str, right: &str) -> std::cmp::Ordering {
    left.split('.').cmp(right.split('.'))
}

fn check_key(key: &str) -> Result<(), KvError> {
    key.split('.')
        .try_for_each(|token| check_token(key, token))
        .map_err(|reason| KvError::InvalidKey { key: key.into(), reason })
}

fn check_token(whole: &str, token: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '_' | '=');
    if let Some(character) = token.chars().find(|&c| !allowed(c)) {
        return Err(format!(
            "{character:?} is not allowed; use A-Z, a-z, 0-9, -, /, _, = and dots between tokens"
        ));
    }
    if !token.is_empty() {
        return Ok(());
    }
    Err(match whole {
        "" => "it must not be empty".into(),
        _ if whole.starts_with('.') => "it must not begin with a dot".into(),
        _ if whole.ends_with('.') => "it must not end with a dot".into(),
        _ => "two dots must not follow each other".into(),
    })
}

const STREAM_PREFIX: &str = "KV_";
const SUBJECT_PREFIX: &str = "$KV.";

#[cfg(test)]
mod tests;
