//! Generators: a seed in, the steps of a script out. One file for each area.
//!
//! Worlds are small: few streams, few keys, short histories, so that the rare meeting of two things happens often.

pub(crate) mod batches;
pub(crate) mod bodies;
pub(crate) mod consumers;
pub(crate) mod core;
pub(crate) mod delivery;
pub(crate) mod direct;
mod fields;
pub(crate) mod limits;
mod messages;
pub(crate) mod permissions;
mod plan;
pub(crate) mod publish;
mod stream_config;
pub(crate) mod streams;
