//! Checks of raw subjects (PROTOCOL 1.12).
//!
//! Core routing takes subjects as bytes and is lenient; these functions say which of them can match at all. What goes
//! into a stream must be UTF-8 as well, which `str::from_utf8` tells.

/// Says whether a message published to `subject` can reach anybody: tokens that are not empty,
/// without white space. Control characters pass, as they do in the reference.
///
/// `*` and `>` are allowed, as they are literal characters in a publish; see [`is_literal`].
#[must_use]
pub fn valid_publish(subject: &[u8]) -> bool {
    let mut token_start = true;
    for byte in subject {
        match byte {
            b'.' if token_start => return false,
            b'.' => token_start = true,
            b' ' | b'\t' | b'\r' | b'\n' => return false,
            _ => token_start = false,
        }
    }
    !token_start
}

/// Says whether `subject` may be subscribed to: like [`valid_publish`], and `>` only as the whole last token.
///
/// `-ERR 'Invalid Subject'` answers a subscription for which this is false; the connection stays.
#[must_use]
pub fn valid_subscription(subject: &[u8]) -> bool {
    // A `>` token that another token follows is the only thing that a publish may have and a subscription must not.
    valid_publish(subject) && !subject.starts_with(b">.") && memchr::memmem::find(subject, b".>.").is_none()
}

/// Says whether no token is `*` or `>`.
///
/// A pedantic client that publishes to a subject that is not literal, or not [`valid_publish`], is told
/// `Invalid Publish Subject`, and the message goes its way.
#[must_use]
pub fn is_literal(subject: &[u8]) -> bool {
    memchr::memchr2(b'*', b'>', subject).is_none()
        || !subject.split(|byte| *byte == b'.').any(|token| token == b"*" || token == b">")
}

/// Says whether `subject` begins with tokens that only the server may use in a reply (PROTOCOL 1.8).
#[must_use]
pub fn is_reserved_reply(subject: &[u8]) -> bool {
    subject.starts_with(b"$JS.ACK.") || subject.starts_with(b"_R_.")
}

#[cfg(test)]
mod tests;
