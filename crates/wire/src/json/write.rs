//! Writing JSON with the escapes of Go: `<`, `>` and `&` never stand for themselves (PROTOCOL 2.1).

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};
use std::io;

/// Returns the JSON of `value`.
#[must_use]
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    write(&mut out, value);
    out
}

/// Appends the JSON of `value`, whose maps have text as keys and whose numbers are finite, as all of this crate's do.
pub fn write<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let written = value.serialize(&mut Serializer::with_formatter(out, Escaping));
    debug_assert!(written.is_ok(), "what this crate writes has a JSON form, and a Vec takes all of it");
}

/// Appends `text` in quotes, escaped.
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    // Names and ids hardly ever hold anything that must be escaped.
    if text
        .bytes()
        .all(|byte| (b' '..0x7f).contains(&byte) && !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&'))
    {
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        out.pop();
        write(out, text);
    }
}

/// Writes compact JSON with Go's escapes.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, escape)) = first_escape(rest) {
            let (plain, behind) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            writer.write_all(escape)?;
            let mut characters = behind.chars();
            characters.next();
            rest = characters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(writer, escape)
    }
}

/// Finds the first character that Go escapes and JSON itself does not ask for.
fn first_escape(text: &str) -> Option<(usize, &'static [u8])> {
    text.char_indices().find_map(|(at, character)| {
        let escape: &'static [u8] = match character {
            '<' => b"\\u003c",
            '>' => b"\\u003e",
            '&' => b"\\u0026",
            '\u{2028}' => b"\\u2028",
            '\u{2029}' => b"\\u2029",
            _ => return None,
        };
        Some((at, escape))
    })
}

#[cfg(test)]
mod tests;
