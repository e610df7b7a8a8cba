//! TLS for clients: certificates, and how a handshake goes (PROTOCOL 1.16).

use crate::options::{HandshakeFirst, TlsOptions, TlsVersion};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

/// What is needed for handshakes.
#[derive(Clone)]
pub(crate) struct Tls {
    /// Makes TLS of a socket.
    pub(crate) acceptor: TlsAcceptor,
    /// Who speaks first.
    pub(crate) handshake_first: HandshakeFirst,
    /// Time for a handshake.
    pub(crate) timeout: Duration,
    /// Whether clients without TLS are served too.
    pub(crate) allow_non_tls: bool,
    /// Whether the client certificate says who the user is.
    pub(crate) maps_users: bool,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("handshake_first", &self.handshake_first).finish_non_exhaustive()
    }
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path}: cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file holds no PEM of the expected kind, or a damaged one.
    #[error("{path}: holds no {expected}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// Certificate and key do not go together, or are of a kind that is not supported.
    #[error("certificate {cert_file} with key {key_file} cannot be used")]
    Unusable {
        /// The certificate.
        cert_file: PathBuf,
        /// The key.
        key_file: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// Client certificates cannot be verified with the authorities of this file.
    #[error("{path}: clients cannot be verified with it")]
    Authorities {
        /// The file.
        path: PathBuf,
    },
    /// Clients have to show certificates, but nothing says whose are good.
    #[error("client certificates are to be verified, but there is no ca_file")]
    NoAuthorities,
}

impl Tls {
    /// Reads certificates and keys.
    ///
    /// # Errors
    /// [`TlsError`] names the file that is missing or wrong.
    pub(crate) fn new(options: &TlsOptions) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let certificates = read_certificates(&options.cert_file)?;
        let key_bytes = read(&options.key_file)?;
        let key = PrivateKeyDer::from_pem_slice(&key_bytes)
            .map_err(|_| TlsError::Pem { path: options.key_file.clone(), expected: "private key" })?;
        let unusable = |source| TlsError::Unusable {
            cert_file: options.cert_file.clone(),
            key_file: options.key_file.clone(),
            source,
        };
        let versions: &[_] = match options.min_version {
            TlsVersion::Tls12 => &[&TLS13, &TLS12],
            TlsVersion::Tls13 => &[&TLS13],
        };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(versions).map_err(unusable)?;
        let builder = if options.verify || options.verify_and_map {
            builder.with_client_cert_verifier(verifier(options, provider)?)
        } else {
            builder.with_no_client_auth()
        };
        let config = builder.with_single_cert(certificates, key).map_err(unusable)?;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            handshake_first: options.handshake_first,
            timeout: options.timeout,
            allow_non_tls: options.allow_non_tls,
            maps_users: options.verify_and_map,
        })
    }
}

fn verifier(
    options: &TlsOptions,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let path = options.ca_file.as_ref().ok_or(TlsError::NoAuthorities)?;
    let unusable = || TlsError::Authorities { path: path.clone() };
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(path)? {
        roots.add(certificate).map_err(|_| unusable())?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().map_err(|_| unusable())
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = || TlsError::Pem { path: path.to_owned(), expected: "certificate" };
    let bytes = read(path)?;
    let found: Vec<_> =
        CertificateDer::pem_slice_iter(&bytes).collect::<Result<_, _>>().map_err(|_| wrong())?;
    if found.is_empty() { Err(wrong()) } else { Ok(found) }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
}
