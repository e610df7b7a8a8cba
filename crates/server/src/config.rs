//! From the configuration file and the command line to [`ServerOptions`](crate::ServerOptions): the reference's language, keys and flags
//! (PROTOCOL 8.2 to 8.4, COMPAT 1).
//!
//! What this server does not offer is refused by name; a key that nobody knows is an error; what is accepted without
//! effect gives a warning.

mod assemble;
mod keys;
mod problems;
mod read;
mod syntax;

pub use assemble::{
    Defaults, HttpPort, Overrides, PortsFile, ProcessOptions, Settings, TlsOverrides, assemble,
};
pub use problems::ConfigError;
pub use syntax::{FILE_BYTES_MAX, Sources};

#[cfg(test)]
mod tests;
