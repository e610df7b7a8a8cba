//! Backup and restore of streams over the wire (PROTOCOL 2.7), on a disk whose power can be cut.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail, and looks at the clock of the machine"
)]

mod backup;
mod moments;
mod restore;
mod world;
