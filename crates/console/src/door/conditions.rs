//! Conditions of a request: `If-Match` and `If-None-Match`, where an entity tag is a revision.

use crate::problem::Problem;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use jetkv::Revision;

/// On what a write depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Nothing.
    None,
    /// The key has no value: `If-None-Match: *`.
    Absent,
    /// The key is at this revision: `If-Match: "7"`.
    Revision(Revision),
    /// The key has a value, whichever: `If-Match: *`.
    Present,
    /// What never holds: both that it has a value and that it has none.
    Never,
}

impl Condition {
    /// Reads the conditions of a write.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let wanted = text(headers, &header::IF_MATCH)?;
        let unwanted = text(headers, &header::IF_NONE_MATCH)?;
        let wanted = match wanted {
            None => None,
            Some("*") => Some(Self::Present),
            Some(tag) => match revision(tag) {
                Some(revision) => Some(Self::Revision(revision)),
                None => {
                    return Err(Problem::invalid(format!("If-Match: expected \"REVISION\" or *, got {tag}")));
                }
            },
        };
        if let Some(tag) = unwanted.filter(|tag| *tag != "*") {
            return Err(Problem::invalid(format!("If-None-Match of a write: expected *, got {tag}")));
        }
        match (wanted, unwanted) {
            (None, None) => Ok(Self::None),
            (Some(wanted), None) => Ok(wanted),
            (None, Some(_)) => Ok(Self::Absent),
            (Some(_), Some(_)) => Ok(Self::Never),
        }
    }
}

/// Refuses conditions for what has no revision: to do it all the same would be the worst answer.
pub(crate) fn none(headers: &HeaderMap) -> Result<(), Problem> {
    for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
        if headers.contains_key(&name) {
            return Err(Problem::invalid(format!("buckets have no revisions: {name} cannot be used here")));
        }
    }
    Ok(())
}

/// Says whether whoever asks has this revision already.
pub(crate) fn is_known(headers: &HeaderMap, now: Revision) -> bool {
    matches!(text(headers, &header::IF_NONE_MATCH), Ok(Some(tags)) if names(tags, now))
}

/// Says whether whoever reads wants this revision.
pub(crate) fn is_wanted(headers: &HeaderMap, now: Revision) -> Result<bool, Problem> {
    Ok(text(headers, &header::IF_MATCH)?.is_none_or(|tags| names(tags, now)))
}

fn names(tags: &str, now: Revision) -> bool {
    tags == "*" || tags.split(',').any(|tag| revision(tag.trim()) == Some(now))
}

/// Returns the entity tag of a revision.
pub(crate) fn entity_tag(revision: Revision) -> HeaderValue {
    // Digits and quotes are always a header's value.
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

fn revision(tag: &str) -> Option<Revision> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let bare = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(tag);
    bare.bytes().all(|byte| byte.is_ascii_digit()).then(|| bare.parse().ok()).flatten()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut all = headers.get_all(name).iter();
    let (first, more) = (all.next(), all.next());
    if more.is_some() {
        return Err(Problem::invalid(format!("header {name} is given twice")));
    }
    let unreadable = |_| Problem::invalid(format!("header {name} is no text"));
    first.map(|value| value.to_str().map(str::trim)).transpose().map_err(unreadable)
}

#[cfg(test)]
mod tests;
