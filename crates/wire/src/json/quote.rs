//! Texts and characters in quotes as Go prints them in errors.

use std::fmt::Write;

/// Returns `text` in double quotes, escaped.
pub(crate) fn quote(text: &str) -> String {
    quote_bytes(text.as_bytes())
}

/// Returns `text` in double quotes, escaped; bytes that are no UTF-8 are shown as numbers.
pub(crate) fn quote_bytes(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => out.push_str("\\\""),
                _ => push(&mut out, character),
            }
        }
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
    out
}

/// Returns the character of `text` at `at` in single quotes, and how many bytes it has.
pub(super) fn quote_character(text: &[u8], at: usize) -> (String, usize) {
    let rest = text.get(at..).unwrap_or_default();
    let mut out = String::from("'");
    let length = match first_character(rest) {
        Some(character) => {
            match character {
                '\'' => out.push_str("\\'"),
                _ => push(&mut out, character),
            }
            character.len_utf8()
        }
        None => {
            let byte = rest.first().copied().unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = write!(out, "\\x{byte:02x}");
            1
        }
    };
    out.push('\'');
    (out, length)
}

/// Returns the first character, none if the bytes do not begin with UTF-8.
fn first_character(bytes: &[u8]) -> Option<char> {
    let head = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
    };
    valid.chars().next()
}

fn push(out: &mut String, character: char) {
    match character {
        '\\' => out.push_str("\\\\"),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{b}' => out.push_str("\\v"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if character < ' ' || character == '\u{7f}' => {
            let _ = write!(out, "\\x{:02x}", u32::from(character));
        }
        // What Rust shows as it is when debugging is what Go holds to be printable, but for rare characters.
        _ if character.is_ascii() || character.escape_debug().count() == 1 => out.push(character),
        _ if u32::from(character) <= 0xffff => {
            let _ = write!(out, "\\u{:04x}", u32::from(character));
        }
        _ => {
            let _ = write!(out, "\\U{:08x}", u32::from(character));
        }
    }
}
