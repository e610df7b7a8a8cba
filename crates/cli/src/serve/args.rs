//! The arguments of `serve`.

use crate::size;
use clap::{Args, ValueEnum};
use jetkv_server::config::{HttpPort, Overrides, PortsFile, TlsOverrides};
use jetkv_server::options::{HttpScheme, LogFormat, Secret};
use std::convert::Infallible;
use std::path::PathBuf;

/// What `serve` is told on the command line; it wins over the configuration file.
#[derive(Debug, Clone, Args)]
#[command(after_help = FLAGS_OF_THE_REFERENCE, args_override_self = true)]
pub(crate) struct ServeArgs {
    /// Host that clients connect to; without it only this machine can
    #[arg(long, value_name = "HOST", help_heading = LISTENING)]
    pub(crate) addr: Option<String>,
    /// Port that clients connect to, 4222 if nothing else is said; 0 lets the system choose one
    #[arg(long, value_name = "N", value_parser = parse_port, help_heading = LISTENING)]
    pub(crate) port: Option<u16>,
    /// Port of the web console, the HTTP interface and the monitoring, 8222 or a free one if nothing is said; 0 lets the system
    /// choose one, `off` switches it off
    #[arg(long, value_name = "N|off", value_parser = parse_http_port, help_heading = LISTENING)]
    pub(crate) http_port: Option<HttpPort>,
    /// Host of that port; without it only this machine can look
    #[arg(long, value_name = "HOST", help_heading = LISTENING)]
    pub(crate) http_addr: Option<String>,
    /// A name under which browsers may know that port, beside localhost and IP addresses; may be repeated
    #[arg(long, value_name = "NAME", help_heading = LISTENING)]
    pub(crate) http_name: Vec<String>,
    /// As --http-port, with TLS
    #[arg(long, value_name = "N", value_parser = parse_port, conflicts_with = "http_port", help_heading = LISTENING)]
    pub(crate) https_port: Option<u16>,
    /// HOST:PORT that clients are told to connect to
    #[arg(long, value_name = "HOST:PORT", help_heading = LISTENING)]
    pub(crate) client_advertise: Option<String>,
    /// Configuration file in the syntax of nats-server
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Check the configuration file and exit; also -t
    #[arg(long)]
    pub(crate) check_config: bool,
    /// Name of the server
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Whether there are streams and buckets; also -js
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) jetstream: Option<bool>,
    /// Directory in which data goes to `jetstream`, as with nats-server; also -sd. --store is the data itself
    #[arg(long, value_name = "DIR")]
    pub(crate) store_dir: Option<PathBuf>,
    /// Write the ports into this file once clients can connect, as JSON
    #[arg(long, value_name = "FILE", help_heading = PROCESS)]
    pub(crate) ports_file: Option<PathBuf>,
    /// The same, into this directory under <program>_<pid>.ports
    #[arg(long, value_name = "DIR", conflicts_with = "ports_file", help_heading = PROCESS)]
    pub(crate) ports_file_dir: Option<PathBuf>,
    /// Write the process id into this file
    #[arg(long, value_name = "FILE", help_heading = PROCESS)]
    pub(crate) pid: Option<PathBuf>,
    /// Send a signal to a running server and exit: stop, quit, term, reload, reopen or ldm, then =PID or =FILE
    #[arg(long, value_name = "SIGNAL[=PID]", help_heading = PROCESS)]
    pub(crate) signal: Option<String>,
    /// Append the log to this file instead of standard error
    #[arg(long, value_name = "FILE", help_heading = LOGGING)]
    pub(crate) log: Option<PathBuf>,
    /// What log lines look like: text as nats-server writes it, or one JSON object for each line
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = LOGGING)]
    pub(crate) log_format: Option<LogFormatArg>,
    /// Size at which the log file is set aside and begun anew
    #[arg(long, value_name = "SIZE", value_parser = size::parse, help_heading = LOGGING)]
    pub(crate) log_size_limit: Option<u64>,
    /// Whether log lines begin with the time
    #[arg(long, value_name = "true|false", require_equals = true, hide = true)]
    pub(crate) logtime: Option<bool>,
    /// Log what happens to connections; also -D
    #[arg(long, help_heading = LOGGING)]
    pub(crate) debug: bool,
    /// Log every operation of every client; also -V
    #[arg(long, help_heading = LOGGING)]
    pub(crate) trace: bool,
    /// The user that may connect
    #[arg(long, value_name = "USER", hide = true)]
    pub(crate) user: Option<String>,
    /// The password of the user
    #[arg(long, value_name = "PASSWORD", value_parser = parse_secret, hide = true)]
    pub(crate) pass: Option<Secret>,
    /// The token with which clients may connect
    #[arg(long, value_name = "TOKEN", value_parser = parse_secret, hide = true)]
    pub(crate) auth: Option<Secret>,
    /// Clients must use TLS
    #[arg(long, help_heading = TLS)]
    pub(crate) tls: bool,
    /// Clients must use TLS and show a certificate
    #[arg(long, help_heading = TLS)]
    pub(crate) tlsverify: bool,
    /// The certificate of the server
    #[arg(long, value_name = "FILE", help_heading = TLS)]
    pub(crate) tlscert: Option<PathBuf>,
    /// The private key of the certificate
    #[arg(long, value_name = "FILE", help_heading = TLS)]
    pub(crate) tlskey: Option<PathBuf>,
    /// The authorities that may have signed the certificates of clients
    #[arg(long, value_name = "FILE", help_heading = TLS)]
    pub(crate) tlscacert: Option<PathBuf>,
    /// Show the version; also -v
    #[arg(long)]
    pub(crate) version: bool,
    /// Takes what the reference has and this server does not need
    #[arg(long, hide = true)]
    pub(crate) no_effect: Vec<String>,
}

impl ServeArgs {
    /// Returns what the arguments say about the server; `store` and `sync` are those of all commands.
    pub(crate) fn overrides(&self, store: Option<PathBuf>, sync: Option<jetkv::Sync>) -> Overrides {
        let ports_file = self.ports_file.clone().map(PortsFile::At);
        Overrides {
            host: self.addr.clone(),
            port: self.port,
            client_advertise: self.client_advertise.clone(),
            server_name: self.name.clone(),
            http_host: self.http_addr.clone(),
            http_port: self.http_port.or(self.https_port.map(|port| HttpPort::At(port, HttpScheme::Tls))),
            jetstream: self.jetstream,
            data_dir: store,
            store_dir: self.store_dir.clone(),
            sync: sync.map(Into::into),
            debug: self.debug,
            trace: self.trace,
            log_time: self.logtime,
            log_format: self.log_format.map(Into::into),
            log_file: self.log.clone(),
            log_size_limit: self.log_size_limit,
            pid_file: self.pid.clone(),
            ports_file: ports_file.or(self.ports_file_dir.clone().map(PortsFile::InDirectory)),
            user: self.user.clone(),
            password: self.pass.clone(),
            token: self.auth.clone(),
            tls: TlsOverrides {
                enabled: self.tls,
                verify: self.tlsverify,
                cert_file: self.tlscert.clone(),
                key_file: self.tlskey.clone(),
                ca_file: self.tlscacert.clone(),
            },
        }
    }
}

/// What log lines look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormatArg {
    /// As nats-server writes them
    Text,
    /// JSON objects
    Json,
}

impl From<LogFormatArg> for LogFormat {
    fn from(format: LogFormatArg) -> Self {
        match format {
            LogFormatArg::Text => Self::Text,
            LogFormatArg::Json => Self::Json,
        }
    }
}

/// Reads a port; -1 stands for 0, as in the reference.
fn parse_port(text: &str) -> Result<u16, String> {
    if text == "-1" {
        return Ok(0);
    }
    text.parse().map_err(|_| "expected a port from 1 to 65535, or 0 to let the system choose one".into())
}

fn parse_http_port(text: &str) -> Result<HttpPort, String> {
    match (text, parse_port(text)) {
        ("off", _) => Ok(HttpPort::Off),
        (_, Ok(port)) => Ok(HttpPort::At(port, HttpScheme::Plain)),
        (_, Err(_)) => {
            Err("expected a port from 1 to 65535, 0 to let the system choose one, or `off`".into())
        }
    }
}

fn parse_secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

const FLAGS_OF_THE_REFERENCE: &str = "\
The flags of nats-server are understood as they are, with one dash or two:
-a -p -m -n -c -t -l -P -D -V -DV -js -sd and the others.
Without a configuration file nobody needs credentials: listen on this machine only.";
const LISTENING: &str = "Listening";
const PROCESS: &str = "Process";
const LOGGING: &str = "Logging";
const TLS: &str = "TLS";
