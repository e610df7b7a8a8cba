//! TLS for clients (PROTOCOL 1.16).

use std::path::PathBuf;
use std::time::Duration;

/// Certificates and how a handshake goes. The files are read when the server starts and at every reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsOptions {
    /// The certificate chain, PEM.
    pub cert_file: PathBuf,
    /// Its private key, PEM.
    pub key_file: PathBuf,
    /// Certificates of the authorities that client certificates are checked with, PEM; `None` means those of the system.
    pub ca_file: Option<PathBuf>,
    /// Whether clients have to show a certificate.
    pub verify: bool,
    /// Whether the certificate also says who the user is; implies `verify`.
    pub verify_and_map: bool,
    /// Time for a handshake. Default 2 seconds.
    pub timeout: Duration,
    /// Who speaks first.
    pub handshake_first: HandshakeFirst,
    /// Lowest version. Default 1.2.
    pub min_version: TlsVersion,
    /// Whether clients without TLS are served too.
    pub allow_non_tls: bool,
}

impl TlsOptions {
    /// Returns the defaults for a certificate and its key.
    pub fn new(cert_file: impl Into<PathBuf>, key_file: impl Into<PathBuf>) -> Self {
        Self {
            cert_file: cert_file.into(),
            key_file: key_file.into(),
            ca_file: None,
            verify: false,
            verify_and_map: false,
            timeout: Duration::from_secs(2),
            handshake_first: HandshakeFirst::Never,
            min_version: TlsVersion::Tls12,
            allow_non_tls: false,
        }
    }
}

/// Whether the handshake comes before INFO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandshakeFirst {
    /// INFO comes first, in clear.
    Never,
    /// The handshake comes first; INFO goes inside TLS.
    Always,
    /// If the client begins a handshake in this time it comes first, else INFO is sent in clear. `auto` is 50 ms.
    Within(Duration),
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// 1.2
    Tls12,
    /// 1.3
    Tls13,
}
