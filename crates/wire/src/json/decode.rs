//! Reading one value from a text.

use super::deserializer::{Input, UnknownFields, Value};
use super::fault::Fault;
use super::quote::quote_character;
use super::scan::skip_white;
use super::syntax::{SyntaxError, value_end};
use serde::de::DeserializeOwned;
use std::cell::Cell;

/// How the reference reads a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// As JetStream requests are read by default: fields that are not known are errors, errors of syntax name their
    /// place, and a blank text is the default of what is asked for.
    Strict,
    /// As everything else is read: fields that are not known are ignored, a blank text is an error.
    Lenient,
}

/// Reads a value of type `T`.
///
/// # Errors
/// [`Fault`] in the reference's words.
pub fn decode<T: DeserializeOwned>(text: &[u8], strictness: Strictness) -> Result<T, Fault> {
    match strictness {
        Strictness::Strict => decode_strict(text),
        Strictness::Lenient => decode_lenient(text),
    }
}

/// A value is read before what follows it is looked at. Several values are read one into the other, as the reference does it;
/// where two of them have the same member, all of it is the later one's.
fn decode_strict<T: DeserializeOwned>(text: &[u8]) -> Result<T, Fault> {
    let mut members: Vec<&[u8]> = Vec::new();
    let (mut only, mut count) = (None, 0);
    let mut at = skip_white(text, 0);
    while at < text.len() {
        let end = value_end(text, at).map_err(strict_fault)?;
        only = Some(read_at(text, at, UnknownFields::Refused)?);
        count += 1;
        let value = text.get(at..end).unwrap_or_default().trim_ascii_end();
        if let [b'{', inner @ .., b'}'] = value
            && skip_white(inner, 0) < inner.len()
        {
            members.push(inner);
        }
        at = skip_white(text, end);
    }
    match only {
        Some(value) if count == 1 => Ok(value),
        None => read_at(b"null", 0, UnknownFields::Refused),
        Some(_) => {
            let merged = [&b"{"[..], &members.join(&b","[..]), b"}"].concat();
            read_at(&merged, 0, UnknownFields::Refused)
        }
    }
}

fn decode_lenient<T: DeserializeOwned>(text: &[u8]) -> Result<T, Fault> {
    let end = value_end(text, 0).map_err(lenient_fault)?;
    let rest = skip_white(text, end);
    if rest < text.len() {
        let (character, _) = quote_character(text, rest);
        return Err(Fault::text(format!("invalid character {character} after top-level value")));
    }
    read_at(text, 0, UnknownFields::Ignored)
}

/// Reads the value that begins at `at` and is known to be well-formed.
fn read_at<T: DeserializeOwned>(text: &[u8], at: usize, unknown_fields: UnknownFields) -> Result<T, Fault> {
    let input = Input { text, unknown_fields, outermost: Cell::new("") };
    T::deserialize(Value::new(&input, at)).map_err(|fault| fault.within(input.outermost.get()))
}

fn strict_fault(error: SyntaxError) -> Fault {
    Fault::text(match error {
        SyntaxError::End => "unexpected EOF".into(),
        SyntaxError::At { text, offset } => format!("{text} at offset {offset}"),
    })
}

fn lenient_fault(error: SyntaxError) -> Fault {
    Fault::text(match error {
        SyntaxError::End => "unexpected end of JSON input".into(),
        SyntaxError::At { text, .. } => text,
    })
}
