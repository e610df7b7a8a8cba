//! JSON as the reference reads and writes it (PROTOCOL 2.1).
//!
//! Reading is in two steps: `syntax` checks one value without recursion and without allocating, then a deserializer
//! for serde walks over the text, which is known to be well-formed. Errors have the reference's words, since the API
//! hands them to clients (`400/10025 "invalid JSON: …"`). Beyond what serde does by itself:
//!
//! - names of fields match in any case, only the last value of a name is looked at, and `null` is absence;
//! - a number must be an integer of the field's range: no fraction, no exponent;
//! - strings that are no UTF-8, and lone surrogates, have U+FFFD in the place of what is wrong;
//! - nesting is limited to [`DEPTH_MAX`].

mod access;
mod decode;
mod deserializer;
mod fault;
pub(crate) mod go_type;
mod quote;
mod scan;
mod syntax;
mod write;

pub use decode::{Strictness, decode};
pub use fault::Fault;
pub use syntax::DEPTH_MAX;
pub use write::{push_string, to_vec, write};

pub(crate) use deserializer::RAW;
pub(crate) use quote::{quote, quote_bytes};

#[cfg(test)]
mod tests;
