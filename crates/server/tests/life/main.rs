//! A server while it starts, what it takes of its machine, its domain, and clients that go without a word.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail, and looks at the clock of the machine"
)]

mod answers;
mod crowd;
mod domain;
mod frozen;
mod groups;
mod retention;
mod room;
mod spans;
mod starting;
mod together;
mod watchers;
mod world;
