//! The reference's configuration language (PROTOCOL 8.2): text in, a tree of values with their places out.
//!
//! What it accepts was compared with the reference by way of the digest that `nats-server -t` prints: the same text gives
//! the same tree. Beyond the reference, a number may stand directly before `]`, and every bcrypt hash may stand without
//! quotes. Nesting, files and values are bounded; nothing recurses on input.

mod digest;
mod error;
mod literal;
mod load;
mod parse;
mod scan;
mod tree;

pub(super) use digest::digest;
pub(super) use error::SyntaxError;
pub(super) use load::load;
pub use load::{FILE_BYTES_MAX, Sources};
pub(super) use tree::{Entry, Map, Node, Place, Value};

#[cfg(test)]
mod tests;
