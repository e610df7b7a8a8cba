//! The first word of a control line.

use super::ParseError;

/// The operations that a client may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Connect,
    Pub,
    Hpub,
    Sub,
    Unsub,
    Ping,
    Pong,
    Info,
    Ok,
    Err,
}

/// Reads the verb at the beginning of `input`, in any case, and returns it with the place where its arguments begin.
///
/// None if the bytes so far are the beginning of a verb.
pub(super) fn read(input: &[u8]) -> Result<Option<(Verb, usize)>, ParseError> {
    // What is sent most often comes first; these are the only cases in which speed matters.
    if let [p, u, b, b' ' | b'\t', ..] = input
        && [p | 0x20, u | 0x20, b | 0x20] == *b"pub"
    {
        return Ok(Some((Verb::Pub, 4)));
    }
    if let [h, p, u, b, b' ' | b'\t', ..] = input
        && [h | 0x20, p | 0x20, u | 0x20, b | 0x20] == *b"hpub"
    {
        return Ok(Some((Verb::Hpub, 5)));
    }
    let Some(first) = input.first() else {
        return Ok(None);
    };
    let candidates: &[(&[u8], Verb, After)] = match first.to_ascii_lowercase() {
        b'p' => &[
            (b"pub", Verb::Pub, After::WhiteSpace),
            (b"ping", Verb::Ping, After::Anything),
            (b"pong", Verb::Pong, After::Anything),
        ],
        b'h' => &[(b"hpub", Verb::Hpub, After::WhiteSpace)],
        b's' => &[(b"sub", Verb::Sub, After::WhiteSpace)],
        b'u' => &[(b"unsub", Verb::Unsub, After::WhiteSpace)],
        b'c' => &[(b"connect", Verb::Connect, After::Anything)],
        b'i' => &[(b"info", Verb::Info, After::Anything)],
        b'+' => &[(b"+ok", Verb::Ok, After::Anything)],
        b'-' => &[(b"-err", Verb::Err, After::WhiteSpace)],
        _ => &[],
    };
    for (name, verb, after) in candidates {
        let seen = input.len().min(name.len());
        if !input[..seen].eq_ignore_ascii_case(&name[..seen]) {
            continue;
        }
        return match (after, input.get(name.len())) {
            (_, None) if seen < name.len() => Ok(None),
            (After::Anything, _) | (After::WhiteSpace, Some(b' ' | b'\t')) => Ok(Some((*verb, name.len()))),
            (After::WhiteSpace, None) => Ok(None),
            (After::WhiteSpace, Some(_)) => Err(ParseError::UnknownOperation),
        };
    }
    Err(ParseError::UnknownOperation)
}

/// What must follow a verb. `PINGxyz` is a ping for the reference, `PUBxyz` is nothing.
#[derive(Debug, Clone, Copy)]
enum After {
    WhiteSpace,
    Anything,
}
