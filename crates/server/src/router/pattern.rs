//! Subjects and patterns as bytes, as the wire brings them: core messages may have subjects that no stream would store.
//!
//! A pattern is a subject in which `*` as a whole token stands for one token, and `>` as the last one for one or more (PROTOCOL 1.12).

/// Returns the tokens of a subject or pattern.
pub(crate) fn tokens(subject: &[u8]) -> impl Iterator<Item = &[u8]> {
    subject.split(|byte| *byte == b'.')
}

/// Says whether the literal `subject` matches `pattern`. Wildcards in `subject` count as letters.
pub(crate) fn matches(pattern: &[u8], subject: &[u8]) -> bool {
    let mut found = tokens(subject);
    for token in tokens(pattern) {
        let Some(other) = found.next() else { return false };
        match token {
            b">" => return true,
            b"*" => {}
            literal if literal == other => {}
            _ => return false,
        }
    }
    found.next().is_none()
}

/// Says whether at least one subject matches both patterns.
pub(crate) fn overlaps(left: &[u8], right: &[u8]) -> bool {
    let (mut left, mut right) = (tokens(left), tokens(right));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(b">"), Some(_)) | (Some(_), Some(b">")) => return true,
            (Some(a), Some(b)) if a == b || a == b"*" || b == b"*" => {}
            _ => return false,
        }
    }
}

/// Says whether every subject that matches `inner` matches `outer` too.
pub(crate) fn is_subset(inner: &[u8], outer: &[u8]) -> bool {
    let (mut inner, mut outer) = (tokens(inner), tokens(outer));
    loop {
        match (inner.next(), outer.next()) {
            (None, None) => return true,
            (Some(_), Some(b">")) => return true,
            (Some(b">"), Some(_)) => return false,
            (Some(_), Some(b"*")) => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests;
