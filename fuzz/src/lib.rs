//! What the fuzz targets share: a bound for memory, and known inputs to begin from.

mod bounded;
mod seeds;

pub use bounded::{MIB, bounded};
pub use seeds::begin;
