//! How a connection to a server or cluster is made.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// How a connection to a server or cluster is made, and how it behaves. The defaults suit a server without secrets.
///
/// ```
/// use jetkv::ConnectOptions;
/// use std::time::Duration;
/// let options = ConnectOptions::new("nats://a.example,nats://b.example")
///     .credentials_file("app.creds")
///     .timeout(Duration::from_secs(10));
/// # let _ = options;
/// ```
#[derive(Clone)]
pub struct ConnectOptions {
    pub(crate) urls: String,
    pub(crate) name: String,
    pub(crate) login: Login,
    pub(crate) tls: Tls,
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) heartbeat: Duration,
    pub(crate) reads: Reads,
    pub(crate) api_prefix: String,
    pub(crate) inbox_prefix: Option<String>,
}

/// Which servers of a cluster answer reads of single entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Reads {
    /// The leader of the bucket: a read sees every write that was acknowledged before it, whoever made it.
    #[default]
    Leader,
    /// Any server that has a copy. That spreads reads, and one may be behind: it may not show yet what was just written.
    AnyReplica,
}

/// Who connects.
#[derive(Clone, Default)]
pub(crate) enum Login {
    /// Nobody in particular, or whom the URL names.
    #[default]
    Url,
    User {
        user: String,
        password: String,
    },
    Token(String),
    /// A seed, `SU...`.
    Nkey(String),
    /// The text of a credentials file.
    Credentials(String),
    CredentialsFile(PathBuf),
}

/// What is asked of TLS; the scheme `tls://` asks for it, too.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tls {
    pub(crate) required: bool,
    pub(crate) first: bool,
    pub(crate) roots: Vec<PathBuf>,
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    /// Where the certificates are of which the server must show one.
    pub(crate) pinned: Option<PathBuf>,
}

impl ConnectOptions {
    /// Returns the defaults for one server or several, separated by commas: `nats://host:4222`, `tls://host`, `host`.
    #[must_use]
    pub fn new(urls: impl Into<String>) -> Self {
        Self {
            urls: urls.into(),
            name: format!("jetkv {}", env!("CARGO_PKG_VERSION")),
            login: Login::Url,
            tls: Tls::default(),
            timeout: TIMEOUT_DEFAULT,
            connect_timeout: TIMEOUT_DEFAULT,
            heartbeat: HEARTBEAT_DEFAULT,
            reads: Reads::Leader,
            api_prefix: API_PREFIX.into(),
            inbox_prefix: None,
        }
    }

    /// Sets the name of the connection, as monitoring shows it.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Logs in with a user and a password.
    #[must_use]
    pub fn user_and_password(self, user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { login: Login::User { user: user.into(), password: password.into() }, ..self }
    }

    /// Logs in with a token.
    #[must_use]
    pub fn token(self, token: impl Into<String>) -> Self {
        Self { login: Login::Token(token.into()), ..self }
    }

    /// Logs in with an nkey, given by its seed (`SU...`).
    #[must_use]
    pub fn nkey(self, seed: impl Into<String>) -> Self {
        Self { login: Login::Nkey(seed.into()), ..self }
    }

    /// Logs in with a credentials file (`.creds`): a JWT and an nkey. It is read when the connection is made.
    #[must_use]
    pub fn credentials_file(self, path: impl Into<PathBuf>) -> Self {
        Self { login: Login::CredentialsFile(path.into()), ..self }
    }

    /// Logs in with the text of a credentials file.
    #[must_use]
    pub fn credentials(self, text: impl Into<String>) -> Self {
        Self { login: Login::Credentials(text.into()), ..self }
    }

    /// Demands TLS, whatever the scheme of the URL says.
    #[must_use]
    pub fn require_tls(mut self) -> Self {
        self.tls.required = true;
        self
    }

    /// Begins with the TLS handshake, before the server says anything.
    #[must_use]
    pub fn tls_first(mut self) -> Self {
        self.tls.required = true;
        self.tls.first = true;
        self
    }

    /// Trusts the certificate authorities in a PEM file, in place of the system's. May be given several times.
    #[must_use]
    pub fn root_certificates(mut self, path: impl Into<PathBuf>) -> Self {
        self.tls.roots.push(path.into());
        self
    }

    /// Takes the server for the right one if its certificate is in this PEM file, whatever names and authorities are in it;
    /// [`Self::root_certificates`] and [`Self::client_certificate`] have no effect then. The file is read when the connection is made.
    #[must_use]
    pub fn server_certificate(mut self, path: impl Into<PathBuf>) -> Self {
        self.tls.pinned = Some(path.into());
        self
    }

    /// Shows a certificate of its own to the server; both files are PEM.
    #[must_use]
    pub fn client_certificate(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls.identity = Some((certificate.into(), key.into()));
        self
    }

    /// Sets how long one operation may take, retries included; default 5 s. A write that times out may have been done.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Sets how long the first connection may take; default 5 s. Later ones are tried until the context is closed.
    #[must_use]
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        Self { connect_timeout: timeout, ..self }
    }

    /// Sets how often the server gives a sign of life to each idle watch, at least 100 ms; default 2 s. A watch whose source
    /// is silent for three times as long begins anew behind what it has delivered.
    #[must_use]
    pub fn heartbeat(self, interval: Duration) -> Self {
        Self { heartbeat: interval.max(HEARTBEAT_MIN), ..self }
    }

    /// Sets which servers of a cluster answer reads of single entries.
    #[must_use]
    pub fn reads(self, reads: Reads) -> Self {
        Self { reads, ..self }
    }

    /// Works in a JetStream domain.
    #[must_use]
    pub fn domain(self, domain: &str) -> Self {
        Self { api_prefix: format!("$JS.{domain}.API"), ..self }
    }

    /// Sets the prefix of JetStream's API, where an account imports it under another name than `$JS.API`.
    #[must_use]
    pub fn api_prefix(self, prefix: impl Into<String>) -> Self {
        let prefix: String = prefix.into();
        Self { api_prefix: prefix.trim_end_matches('.').to_owned(), ..self }
    }

    /// Sets what inboxes begin with, where permissions ask for another prefix than `_INBOX`.
    #[must_use]
    pub fn inbox_prefix(self, prefix: impl Into<String>) -> Self {
        Self { inbox_prefix: Some(prefix.into()), ..self }
    }
}

/// Shows no secret.
impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = match &self.login {
            Login::Url => "url",
            Login::User { .. } => "user and password",
            Login::Token(_) => "token",
            Login::Nkey(_) => "nkey",
            Login::Credentials(_) | Login::CredentialsFile(_) => "credentials",
        };
        f.debug_struct("ConnectOptions")
            .field("servers", &without_secrets(&self.urls))
            .field("name", &self.name)
            .field("login", &login)
            .field("tls", &self.tls)
            .field("timeout", &self.timeout)
            .field("reads", &self.reads)
            .field("api_prefix", &self.api_prefix)
            .finish_non_exhaustive()
    }
}

/// Leaves user and password out of URLs, so that they can be shown.
pub(crate) fn without_secrets(urls: &str) -> String {
    let public = |url: &str| match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) => format!("{}{}", &url[..scheme + 3], &url[at + 1..]),
        (None, Some(at)) => url[at + 1..].to_owned(),
        _ => url.to_owned(),
    };
    urls.split(',').map(|url| public(url.trim())).collect::<Vec<_>>().join(",")
}

/// The prefix of JetStream's API where nothing else is said.
pub(crate) const API_PREFIX: &str = "$JS.API";

const TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);
const HEARTBEAT_DEFAULT: Duration = Duration::from_secs(2);
const HEARTBEAT_MIN: Duration = Duration::from_millis(100);
