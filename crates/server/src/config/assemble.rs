//! Puts defaults, configuration file and command line together; the command line wins.

use super::keys;
use super::problems::{ConfigError, Problems};
use super::syntax::{self, Sources};
use crate::options::{
    Address, Credential, HttpOptions, HttpScheme, IfTaken, JetStreamLimits, JetStreamOptions, LogFormat,
    Secret, ServerOptions, TlsOptions, UserOptions,
};
use jetkv_engine::Sync;
use std::path::{Path, PathBuf};

/// What holds when nobody says anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// The host that clients connect to.
    pub host: String,
    /// The host of the monitoring port; `None` is the clients' host.
    pub http_host: Option<String>,
    /// The monitoring port, if it is free; `None` is off.
    pub http_port: Option<u16>,
    /// Whether there are streams.
    pub jetstream: bool,
    /// Where streams are kept: the directory of the data itself.
    pub data_dir: PathBuf,
}

/// What the command line says; `None` leaves it to the configuration file. Fields are named after the flags.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// Host that clients connect to.
    pub host: Option<String>,
    /// Port that clients connect to; 0 lets the system choose one.
    pub port: Option<u16>,
    /// `host:port` that INFO tells clients to connect to.
    pub client_advertise: Option<String>,
    /// Name of the server.
    pub server_name: Option<String>,
    /// Host of the monitoring port.
    pub http_host: Option<String>,
    /// Monitoring port, and what it speaks.
    pub http_port: Option<HttpPort>,
    /// Whether there are streams, if the command line says so.
    pub jetstream: Option<bool>,
    /// Where streams are kept: the directory of the data itself. It comes behind `store_dir`.
    pub data_dir: Option<PathBuf>,
    /// The reference's directory, in which data goes to `jetstream`.
    pub store_dir: Option<PathBuf>,
    /// When a write is acknowledged.
    pub sync: Option<Sync>,
    /// Whether `[DBG]` lines are written.
    pub debug: bool,
    /// Whether `[TRC]` lines are written.
    pub trace: bool,
    /// Whether lines begin with the time.
    pub log_time: Option<bool>,
    /// What lines look like.
    pub log_format: Option<LogFormat>,
    /// File that lines are appended to.
    pub log_file: Option<PathBuf>,
    /// Size in bytes at which the file is set aside.
    pub log_size_limit: Option<u64>,
    /// File for the id of the process.
    pub pid_file: Option<PathBuf>,
    /// Where the ports are told.
    pub ports_file: Option<PortsFile>,
    /// The one user.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// The token.
    pub token: Option<Secret>,
    /// TLS.
    pub tls: TlsOverrides,
}

/// What is said of the monitoring port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpPort {
    /// There is none.
    Off,
    /// This one, and what it speaks; 0 lets the system choose one.
    At(u16, HttpScheme),
}

/// What the command line says of TLS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsOverrides {
    /// Whether it is on.
    pub enabled: bool,
    /// Whether clients have to show a certificate; implies `enabled`.
    pub verify: bool,
    /// The certificate chain.
    pub cert_file: Option<PathBuf>,
    /// Its private key.
    pub key_file: Option<PathBuf>,
    /// The authorities of clients.
    pub ca_file: Option<PathBuf>,
}

/// Where the process tells its ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortsFile {
    /// In this directory, in `<program>_<pid>.ports`.
    InDirectory(PathBuf),
    /// In this file.
    At(PathBuf),
}

/// What the process does beside serving.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcessOptions {
    /// File for the id of the process.
    pub pid_file: Option<PathBuf>,
    /// Where the ports are told.
    pub ports_file: Option<PortsFile>,
}

/// Everything put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What the server has to be told.
    pub options: ServerOptions,
    /// What the process does beside serving.
    pub process: ProcessOptions,
    /// What an operator should know, one line each.
    pub warnings: Vec<String>,
}

/// Reads the configuration file, if there is one, and puts it together with defaults and command line.
///
/// # Errors
/// [`ConfigError`] with all faults of the file, or of the command line beside it.
pub fn assemble(
    defaults: &Defaults,
    file: Option<&Path>,
    overrides: &Overrides,
    sources: Sources<'_>,
) -> Result<Settings, ConfigError> {
    let mut draft = Draft::default();
    let mut problems = Problems::default();
    if let Some(file) = file {
        let map = syntax::load(file, sources)?;
        keys::top(&map, &mut draft, &mut problems);
        draft.options.config_digest = syntax::digest(&map);
    }
    draft.override_with(overrides, &mut problems);
    let settings = draft.finish(defaults);
    let warnings = problems.finish()?;
    Ok(Settings { warnings, ..settings })
}

/// What is known so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) options: ServerOptions,
    pub(super) process: ProcessOptions,
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) http: HttpDraft,
    pub(super) jetstream: JetStreamDraft,
    pub(super) allow_non_tls: bool,
}

/// What is known of the monitoring port.
#[derive(Debug, Default)]
pub(super) struct HttpDraft {
    pub(super) host: Option<String>,
    pub(super) port: Option<HttpPort>,
    pub(super) base_path: String,
}

/// What is known of streams.
#[derive(Debug)]
pub(super) struct JetStreamDraft {
    pub(super) enabled: Option<bool>,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) sync: Option<Sync>,
    pub(super) cache_bytes: Option<usize>,
    pub(super) max_memory: Option<Option<u64>>,
    pub(super) max_file: Option<Option<u64>>,
    pub(super) domain: Option<String>,
    pub(super) strict: bool,
    pub(super) limits: JetStreamLimits,
}

impl Default for JetStreamDraft {
    fn default() -> Self {
        Self {
            enabled: None,
            data_dir: None,
            sync: None,
            cache_bytes: None,
            max_memory: None,
            max_file: None,
            domain: None,
            strict: true,
            limits: JetStreamLimits::default(),
        }
    }
}

impl Draft {
    /// Sets the directory of the ports file.
    pub(super) fn set_ports_file_dir(&mut self, directory: Option<PathBuf>) {
        self.process.ports_file = directory.map(PortsFile::InDirectory);
    }

    fn override_with(&mut self, overrides: &Overrides, problems: &mut Problems) {
        let over = overrides.clone();
        replace(&mut self.host, over.host);
        replace(&mut self.port, over.port);
        replace(&mut self.options.client_advertise, over.client_advertise);
        replace(&mut self.options.server_name, over.server_name);
        replace(&mut self.http.host, over.http_host);
        replace(&mut self.http.port, over.http_port);
        replace(&mut self.jetstream.enabled, over.jetstream);
        replace(&mut self.jetstream.data_dir, over.store_dir.map(data_dir_of).or(over.data_dir));
        replace(&mut self.jetstream.sync, over.sync);
        let log = &mut self.options.log;
        log.debug |= over.debug;
        log.trace |= over.trace;
        log.time = over.log_time.unwrap_or(log.time);
        log.format = over.log_format.unwrap_or(log.format);
        replace(&mut log.file, over.log_file);
        replace(&mut log.size_limit, over.log_size_limit);
        replace(&mut self.process.pid_file, over.pid_file);
        replace(&mut self.process.ports_file, over.ports_file);
        self.override_auth(over.user, over.password, over.token, problems);
        self.override_tls(over.tls, problems);
    }

    /// A user or token on the command line takes the place of what the file says of the global account.
    fn override_auth(
        &mut self,
        user: Option<String>,
        password: Option<Secret>,
        token: Option<Secret>,
        problems: &mut Problems,
    ) {
        let auth = &mut self.options.auth;
        if user.is_some() || password.is_some() || token.is_some() {
            auth.users.clear();
            auth.token = None;
            problems.warn_anywhere(
                "credentials on the command line can be read by everybody on this machine; \
                 put them into the configuration file",
            );
        }
        match (user, password, token) {
            (None, None, token) => auth.token = token.or(auth.token.take()),
            (Some(user), password, None) => {
                let password = password.unwrap_or_else(|| Secret::new(""));
                auth.users.push(UserOptions::new(Credential::Password { user, password }));
            }
            (None, Some(_), None) => problems.error_anywhere("--pass needs --user"),
            (_, _, Some(_)) => problems.error_anywhere("Cannot have a user/pass and token"),
        }
    }

    fn override_tls(&mut self, over: TlsOverrides, problems: &mut Problems) {
        let named = over.cert_file.is_some() || over.key_file.is_some() || over.ca_file.is_some();
        if !over.enabled && !over.verify && !named {
            return;
        }
        let mut tls = self.options.tls.take().unwrap_or_else(|| TlsOptions::new("", ""));
        tls.cert_file = over.cert_file.unwrap_or(tls.cert_file);
        tls.key_file = over.key_file.unwrap_or(tls.key_file);
        tls.ca_file = over.ca_file.or(tls.ca_file);
        tls.verify |= over.verify;
        for (missing, flag) in
            [(tls.cert_file.as_os_str(), "--tlscert"), (tls.key_file.as_os_str(), "--tlskey")]
        {
            if missing.is_empty() {
                problems.error_anywhere(format_args!("TLS needs {flag}"));
            }
        }
        self.options.tls = Some(tls);
    }

    fn finish(self, defaults: &Defaults) -> Settings {
        let mut options = self.options;
        options.listen = Address {
            host: self.host.unwrap_or_else(|| defaults.host.clone()),
            port: self.port.unwrap_or(CLIENT_PORT),
        };
        options.http = self.http.finish(defaults, &options.listen);
        if let Some(tls) = &mut options.tls {
            tls.allow_non_tls |= self.allow_non_tls;
        }
        let jetstream = self.jetstream;
        options.jetstream = jetstream.enabled.unwrap_or(defaults.jetstream).then(|| JetStreamOptions {
            sync: jetstream.sync.unwrap_or(Sync::Always),
            cache_bytes: jetstream.cache_bytes.unwrap_or_default(),
            max_memory: jetstream.max_memory.flatten(),
            max_file: jetstream.max_file.flatten(),
            domain: jetstream.domain,
            strict: jetstream.strict,
            limits: jetstream.limits,
            ..JetStreamOptions::new(jetstream.data_dir.unwrap_or_else(|| defaults.data_dir.clone()))
        });
        Settings { options, process: self.process, warnings: Vec::new() }
    }
}

impl HttpDraft {
    fn finish(self, defaults: &Defaults, clients: &Address) -> Option<HttpOptions> {
        let (port, scheme, if_taken) = match (self.port, defaults.http_port) {
            (Some(HttpPort::At(port, scheme)), _) => (port, scheme, IfTaken::Fail),
            (None, Some(port)) => (port, HttpScheme::Plain, IfTaken::Elsewhere),
            (Some(HttpPort::Off), _) | (None, None) => return None,
        };
        let host = self.host.or_else(|| defaults.http_host.clone()).unwrap_or_else(|| clients.host.clone());
        Some(HttpOptions { listen: Address { host, port }, base_path: self.base_path, scheme, if_taken })
    }
}

/// Returns where data goes if the reference's `store_dir` is `directory`.
pub(super) fn data_dir_of(directory: PathBuf) -> PathBuf {
    directory.join("jetstream")
}

/// Takes what is new, if it is there.
fn replace<T>(to: &mut Option<T>, new: Option<T>) {
    if new.is_some() {
        *to = new;
    }
}

const CLIENT_PORT: u16 = 4222;
