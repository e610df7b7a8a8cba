//! Masks in JSON text. The text is kept as it came, so that order, spaces and omissions are compared too.

use crate::differences::{MASKS, Place};
use serde_json::{Map, Value};

/// Returns the text with the values of masked fields replaced, at any depth.
pub(super) fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(start) = text[at..].find('"').map(|offset| at + offset) {
        out.push_str(&text[at..start]);
        let end = string_end(text, start);
        out.push_str(&text[start..end]);
        at = end;
        if text[at..].starts_with(':') {
            let value = value_end(text, at + 1);
            let found = &text[at + 1..value];
            if let Some(shown) = stand_in(&text[start + 1..end - 1], found) {
                out.push(':');
                out.push_str(&shown);
                at = value;
            }
        }
    }
    out.push_str(&text[at..]);
    out
}

/// Returns what stands for the value `found` of the field `name`, if the field is masked.
fn stand_in(name: &str, found: &str) -> Option<String> {
    if name == "hdrs" {
        // A header block in base 64 is shown as text, and masked like any other.
        return decoded(found.trim_matches('"')).map(|block| super::masked_headers(&block));
    }
    MASKS.iter().find_map(|mask| match mask.place {
        Place::Time(field) if field == name => is_time(found.trim_matches('"')).then(|| "<time>".to_owned()),
        Place::Json(field) if field == name => Some("<masked>".to_owned()),
        Place::RestoreToken if found.starts_with("\"$JS.SNAPSHOT.RESTORE.") => {
            found.rsplit_once('.').map(|(subject, _)| format!("{subject}.<token>\""))
        }
        _ => None,
    })
}

/// Returns what the text stands for, if it is base 64 with padding and nothing else.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=');
    let padding = text.len() - body.len();
    if !text.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for letter in body.bytes() {
        let value = ALPHABET.iter().position(|each| *each == letter)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    // Bits that are left over must be zero, or two texts would stand for the same bytes.
    (bits & ((1 << count) - 1) == 0).then_some(bytes)
}

/// Returns the `INFO` text with its fields masked, sorted by name, since only its content matters.
pub(super) fn masked_info(text: &str) -> String {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return text.to_owned() };
    let mut shown = Map::new();
    for (name, value) in fields {
        let place = MASKS.iter().map(|mask| mask.place).find(|place| match place {
            Place::Info(field) | Place::InfoAbsent(field) => *field == name,
            _ => false,
        });
        match place {
            Some(Place::InfoAbsent(_)) => {}
            Some(_) => drop(shown.insert(name, "<masked>".into())),
            None => drop(shown.insert(name, value)),
        }
    }
    // Whether the line ends with the space that clients know is part of the comparison.
    let end = if text.ends_with(' ') { " " } else { "" };
    format!("{}{end}", Value::Object(shown))
}

/// Returns whether the text is a time as RFC 3339 has it, in UTC and without trailing zeros, and not the zero time.
pub(super) fn is_time(text: &str) -> bool {
    let shape = |pattern: &str, text: &str| {
        pattern.len() == text.len()
            && pattern.bytes().zip(text.bytes()).all(|(pattern, byte)| match pattern {
                b'9' => byte.is_ascii_digit(),
                other => byte == other,
            })
    };
    let Some(body) = text.strip_suffix('Z') else { return false };
    let (seconds, fraction) = body.split_once('.').unwrap_or((body, ""));
    shape("9999-99-99T99:99:99", seconds)
        && !seconds.starts_with("0001-")
        && fraction.len() <= 9
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
        && !fraction.ends_with('0')
        && (fraction.is_empty() != body.contains('.'))
}

/// Returns where the string that begins at `start` ends, behind its closing quote.
fn string_end(text: &str, start: usize) -> usize {
    let mut escaped = false;
    for (offset, byte) in text.bytes().enumerate().skip(start + 1) {
        match byte {
            b'"' if !escaped => return offset + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// Returns where the value that begins at `start` ends.
fn value_end(text: &str, start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => {
                at = string_end(text, at);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b',' | b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
