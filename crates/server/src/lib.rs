//! The server of jetkv: an official NATS client, given its address, cannot tell it from nats-server.
//!
//! [`ServerOptions`] says how it works. It does not know what a bucket is: it routes subjects and serves streams.

pub mod config;
mod log;
pub mod options;

pub use log::{LogLevel, LogSink, SilentLog};
pub use options::ServerOptions;
