//! The HTTP door: buckets and keys as resources under `/v1`.

pub(crate) mod about;
mod body;
pub(crate) mod buckets;
mod conditions;
pub(crate) mod entry;
pub(crate) mod facts;
pub(crate) mod keys;
mod preview;
mod query;
mod watch;
