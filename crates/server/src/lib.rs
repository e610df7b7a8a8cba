//! The server of jetkv: an official NATS client, given its address, cannot tell it from nats-server.
//!
//! [`ServerOptions`] says how it works. It does not know what a bucket is: it routes subjects and serves streams.

mod account;
mod auth;
mod conn;
mod convert;
mod js;
pub mod options;
mod router;

pub use auth::AuthError;
pub use options::ServerOptions;
