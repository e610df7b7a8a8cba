//! Foreign peers of the server: where they come from, how they are started, and what is asked of them.
//!
//! [`Peers`] fetches programs and client libraries into `target/peers` by the ordinary package managers.
//! [`Program`] is something that can be started as a NATS server: the reference, or `jetkv serve`. A [`Server`] is one
//! that runs, on a free loopback port and in a temporary directory; it is killed when it is dropped.

mod error;
mod peers;
mod ports_file;
mod program;
mod server;

pub use error::CompatError;
pub use peers::Peers;
pub use program::{Launch, Program};
pub use server::Server;
