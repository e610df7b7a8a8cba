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

/// The value is read before what follows it is looked at.
fn decode_strict<T: DeserializeOwned>(text: &[u8]) -> Result<T, Fault> {
    if skip_white(text, 0) == text.len() {
        return read(b"null", UnknownFields::Refused);
    }
    let end = value_end(text, 0).map_err(strict_fault)?;
    let value = read(text, UnknownFields::Refused)?;
    let rest = skip_white(text, end);
    if rest < text.len() {
        value_end(text, rest).map_err(strict_fault)?;
        // The reference goes on with another value; a request with two of them is no request that anybody sends.
        let (character, length) = quote_character(text, rest);
        let offset = rest + length;
        return Err(Fault::text(format!(
            "invalid character {character} after top-level value at offset {offset}"
        )));
    }
    Ok(value)
}

fn decode_lenient<T: DeserializeOwned>(text: &[u8]) -> Result<T, Fault> {
    let end = value_end(text, 0).map_err(lenient_fault)?;
    let rest = skip_white(text, end);
    if rest < text.len() {
        let (character, _) = quote_character(text, rest);
        return Err(Fault::text(format!("invalid character {character} after top-level value")));
    }
    read(text, UnknownFields::Ignored)
}

/// Reads from a text that is known to be well-formed.
fn read<T: DeserializeOwned>(text: &[u8], unknown_fields: UnknownFields) -> Result<T, Fault> {
    let input = Input { text, unknown_fields, outermost: Cell::new("") };
    T::deserialize(Value::new(&input, 0)).map_err(|fault| fault.within(input.outermost.get()))
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
