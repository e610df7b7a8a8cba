//! JSON as the reference reads and writes it.

mod write;

pub use write::{push_string, to_vec, write};
