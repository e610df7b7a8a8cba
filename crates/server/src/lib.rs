//! The server of jetkv: an official NATS client, given its address, cannot tell it from nats-server.
//!
//! [`ServerOptions`] says how it works. It does not know what a bucket is: it routes subjects and serves streams.

mod account;
mod auth;
pub mod config;
mod conn;
mod convert;
mod guest;
mod js;
mod listener;
mod log;
mod monitor;
pub mod options;
mod router;
mod server;
pub mod snapshot;
mod span;
mod state;
mod system;
mod tls;
mod version;

/// What else the HTTP port carries, in the words of the HTTP library.
pub mod http {
    pub use crate::monitor::{
        BodyError, HttpAnswer, HttpBody, HttpExtension, HttpIncoming, HttpPort, HttpService, Request,
        Response,
    };
}

pub use auth::AuthError;
pub use guest::{Guest, Shown};
pub use jetkv_engine::Sync as SyncMode;
pub use jetkv_engine::env::Env;
pub use log::{LogLevel, LogSink, SilentLog};
pub use options::ServerOptions;
pub use server::{Server, StartError};
pub use span::{Span, SpanKind, SpanOutcome, SpanSink};
pub use state::OptionsError;
pub use tls::TlsError;
pub use version::{API_LEVEL, VERSION};
