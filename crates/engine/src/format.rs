//! What stands in the files, byte by byte; `docs/on-disk-format.md` is the same in words.
//!
//! All numbers are little-endian and of fixed width, except in hint blocks. Every structure carries a checksum.

pub(crate) mod catalog;
pub(crate) mod config;
pub(crate) mod entry;
pub(crate) mod envelope;
pub(crate) mod fields;
pub(crate) mod hint;
pub(crate) mod manifest;
pub(crate) mod segment;

/// Version of everything described here. A store with a higher one is refused untouched.
pub(crate) const FORMAT_VERSION: u16 = 1;
