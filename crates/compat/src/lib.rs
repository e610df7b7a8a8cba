//! Foreign peers of the server: where they come from, how they are started, and what is asked of them.
//!
//! [`Peers`] fetches programs and client libraries into `target/peers` by the ordinary package managers.
//! [`Program`] is something that can be started as a NATS server: the reference, or `jetkv serve`. A [`Server`] is one
//! that runs, on a free loopback port and in a temporary directory; it is killed when it is dropped.
//!
//! A [`Suite`] is a program in the language of one official client that uses all of its key/value functions and prints
//! a verdict for each case. [`run_suite`] runs it against a server of its own; the binary of this crate runs all of them
//! against the reference, as the control, and against ours.

mod console;
mod digest;
mod door;
mod error;
mod peers;
mod ports_file;
mod program;
mod recipes;
mod run;
mod server;
mod suite;
mod verdicts;

pub use console::ConsoleCheck;
pub use door::Door;
pub use error::CompatError;
pub use peers::Peers;
pub use program::{Launch, Program};
pub use run::{Outcome, run_suite};
pub use server::Server;
pub use suite::Suite;
pub use verdicts::Verdicts;
