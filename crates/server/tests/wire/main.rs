//! What a client sees on its socket, byte for byte. The expected bytes were seen on the reference server.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

mod auth;
mod backlog;
mod bad_input;
mod damaged;
mod disk;
mod escapes;
mod faults;
mod harness;
mod life;
mod limits;
mod log;
mod permissions;
mod protocol;
mod publish;
mod reload;
mod snapshot;
mod subscribe;
mod tls;
mod told;
mod watchers;
