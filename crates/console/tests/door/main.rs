//! The HTTP door, asked as a client would ask it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

mod at_once;
mod buckets;
mod entries;
mod harness;
mod listings;
mod refusals;
mod rights;
mod watches;
