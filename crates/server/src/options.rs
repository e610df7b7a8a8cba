//! What an operator can set: plain data, filled by the command line and the configuration file.
//!
//! Every type has the reference's defaults (PROTOCOL 1.1, 8.3) unless its documentation says otherwise. Nothing is checked
//! here but files, if asked; the server checks it when it starts and when it reloads, and names what is wrong.

mod auth;
mod jetstream;
mod limits;
mod secret;
mod tls;

pub use auth::{
    AccountOptions, AuthOptions, Credential, PermissionOptions, ResponsePermission, SubjectPermission,
    UserOptions,
};
pub use jetstream::{AccountJetStream, JetStreamLimits, JetStreamOptions};
pub use limits::{KeepAlive, LameDuck, LimitOptions};
pub use secret::Secret;
pub use tls::{HandshakeFirst, TlsOptions, TlsVersion};

use crate::tls::{Tls, TlsError};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

/// Everything that a server has to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerOptions {
    /// Where clients connect. Default `127.0.0.1:4222`; the reference's default host is `0.0.0.0` (COMPAT 1).
    pub listen: Address,
    /// `host:port` that INFO tells clients to connect to in place of the listening address.
    pub client_advertise: Option<String>,
    /// The monitoring port; `None` is off.
    pub http: Option<HttpOptions>,
    /// Name of the server, without spaces; `None` takes the server's id.
    pub server_name: Option<String>,
    /// Tags that monitoring shows.
    pub server_tags: Vec<String>,
    /// Metadata that monitoring shows.
    pub server_metadata: BTreeMap<String, String>,
    /// Most of everything.
    pub limits: LimitOptions,
    /// Who may connect, and what they may do.
    pub auth: AuthOptions,
    /// TLS for clients; `None` is off.
    pub tls: Option<TlsOptions>,
    /// Streams; `None` is off, as in the reference.
    pub jetstream: Option<JetStreamOptions>,
    /// Pings and deadlines.
    pub keep_alive: KeepAlive,
    /// How a lame duck says goodbye.
    pub lame_duck: LameDuck,
    /// What is logged, and where to. The server only says it; who starts it writes it.
    pub log: LogOptions,
    /// Text that identifies the configuration file in `/varz` (`config_digest`), empty without one.
    pub config_digest: String,
}

impl ServerOptions {
    /// Reads the files that the options name, as the server does when it starts.
    ///
    /// # Errors
    /// [`TlsError`] for certificates and keys that cannot be used.
    pub fn check_files(&self) -> Result<(), TlsError> {
        self.tls.as_ref().map_or(Ok(()), |tls| Tls::new(tls).map(|_| ()))
    }
}

impl Default for ServerOptions {
    /// An open server on loopback, port 4222, without streams, monitoring and TLS.
    fn default() -> Self {
        Self {
            listen: Address { host: IpAddr::from([127, 0, 0, 1]).to_string(), port: 4222 },
            client_advertise: None,
            http: None,
            server_name: None,
            server_tags: Vec::new(),
            server_metadata: BTreeMap::new(),
            limits: LimitOptions::default(),
            auth: AuthOptions::default(),
            tls: None,
            jetstream: None,
            keep_alive: KeepAlive::default(),
            lame_duck: LameDuck::default(),
            log: LogOptions::default(),
            config_digest: String::new(),
        }
    }
}

/// A place to listen at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Name or IP address, IPv6 without brackets.
    pub host: String,
    /// Port; 0 lets the system choose one (`-1` in the configuration).
    pub port: u16,
}

/// The monitoring port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpOptions {
    /// Where it listens.
    pub listen: Address,
    /// Prefix of all paths, empty or beginning with `/`.
    pub base_path: String,
    /// Whether it speaks HTTPS, with the certificate of [`ServerOptions::tls`].
    pub scheme: HttpScheme,
    /// What happens if it cannot listen there.
    pub if_taken: IfTaken,
}

/// What happens if the server cannot listen at a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfTaken {
    /// It does not start: somebody asked for this port.
    Fail,
    /// It listens at a port that the system chooses, or goes without: nobody asked for any port.
    Elsewhere,
}

/// What the monitoring port speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpScheme {
    /// `http`
    Plain,
    /// `https`
    Tls,
}

/// What is logged, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOptions {
    /// File that lines are appended to; `None` is standard error.
    pub file: Option<PathBuf>,
    /// Whether `[DBG]` lines are written.
    pub debug: bool,
    /// Whether `[TRC]` lines (every operation of every client) are written.
    pub trace: bool,
    /// Whether lines begin with the time.
    pub time: bool,
    /// What lines look like.
    pub format: LogFormat,
    /// Size in bytes at which the file is set aside and begun anew; `None` is never.
    pub size_limit: Option<u64>,
    /// Most files that were set aside and are kept; `None` is all.
    pub files_max: Option<u32>,
}

/// What lines of the log look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// As those of nats-server.
    #[default]
    Text,
    /// One JSON object each, with the same content.
    Json,
}

impl Default for LogOptions {
    /// Standard error with times, no `[DBG]`, no `[TRC]`.
    fn default() -> Self {
        Self {
            file: None,
            debug: false,
            trace: false,
            time: true,
            format: LogFormat::Text,
            size_limit: None,
            files_max: None,
        }
    }
}
