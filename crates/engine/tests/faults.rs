//! What a store does when the machine fails it: errors at every file operation, full disks, shared syncs, many threads.
//!
//! `JETKV_FAULTS=all` lets lasting faults begin at every operation instead of at a sample of them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it did"
)]

#[path = "faults/crowd.rs"]
mod crowd;
#[path = "faults/full.rs"]
mod full;
#[path = "faults/group.rs"]
mod group;
#[path = "faults/model.rs"]
mod model;
#[path = "faults/run.rs"]
mod run;
#[path = "faults/sweep.rs"]
mod sweep;
#[path = "faults/world.rs"]
mod world;
