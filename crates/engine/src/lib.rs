//! The persistence layer of jetkv.

pub mod env;
