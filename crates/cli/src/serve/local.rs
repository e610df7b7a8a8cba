//! The way in for commands on the directory that a server holds: a file in it that only its owner may read.

use super::ports_file::{self, Mode, Written};
use crate::local::{FILE, LocalServer, LocalTls};
use jetkv_server::Server;
use jetkv_server::options::{
    Credential, HandshakeFirst, PermissionOptions, Secret, ServerOptions, TlsOptions, UserOptions,
};
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The user that commands of this machine log in as, made anew at every start.
#[derive(Debug, Clone)]
pub(super) struct LocalUser {
    name: String,
    password: String,
}

impl LocalUser {
    /// Makes a user with a password that nobody can guess.
    ///
    /// # Errors
    /// Of the system, if it gives no random bytes.
    pub(super) fn new() -> io::Result<Self> {
        let mut random = [0_u8; 24];
        #[expect(clippy::disallowed_methods, reason = "a password is no part of the store")]
        std::fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
        let word = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Ok(Self { name: format!("jetkv-local-{}", word(&random[..4])), password: word(&random[4..]) })
    }

    /// Lets the user in where users are needed; without any, everybody is in already.
    pub(super) fn admit(&self, options: &mut ServerOptions) {
        let auth = &mut options.auth;
        let accounts_have_users = auth.accounts.iter().any(|account| !account.users.is_empty());
        if auth.token.is_some() || (auth.users.is_empty() && !accounts_have_users) {
            return;
        }
        auth.users.push(UserOptions {
            credential: Credential::Password {
                user: self.name.clone(),
                password: Secret::new(self.password.as_str()),
            },
            // Whoever may read the file may read the data files, too.
            permissions: Some(PermissionOptions::default()),
            allowed_connection_types: Vec::new(),
        });
    }

    /// Writes the file; it goes when the value does.
    ///
    /// # Errors
    /// Of the system.
    pub(super) fn write(&self, server: &Server, options: &ServerOptions) -> io::Result<Option<Written>> {
        let Some(path) = path(options) else { return Ok(None) };
        Written::new(path, &self.content(server, options), Mode::Private).map(Some)
    }

    /// Writes the file anew after a reload; how to log in, and the TLS, may be others now.
    ///
    /// # Errors
    /// Of the system.
    pub(super) fn rewrite(&self, server: &Server, options: &ServerOptions) -> io::Result<()> {
        let Some(path) = path(options) else { return Ok(()) };
        ports_file::replace(&path, &self.content(server, options), Mode::Private)
    }

    fn content(&self, server: &Server, options: &ServerOptions) -> Vec<u8> {
        let is_admitted =
            options.auth.users.iter().any(
                |user| matches!(&user.credential, Credential::Password { user, .. } if *user == self.name),
            );
        let scheme = if options.tls.is_some() { "tls" } else { "nats" };
        let address = loopback(server.local_addr());
        let content = LocalServer {
            pid: std::process::id(),
            server_id: server.id().to_owned(),
            url: format!("{scheme}://{address}"),
            user: is_admitted.then(|| self.name.clone()),
            password: is_admitted.then(|| self.password.clone()),
            // A hash opens no door; commands then say that they are denied.
            token: options.auth.token.as_ref().map(|token| token.reveal().to_owned()),
            tls: options.tls.as_ref().map(told),
        };
        serde_json::to_vec(&content).unwrap_or_default()
    }
}

fn path(options: &ServerOptions) -> Option<PathBuf> {
    options.jetstream.as_ref().map(|jetstream| jetstream.store_dir.join(FILE))
}

fn told(tls: &TlsOptions) -> LocalTls {
    LocalTls {
        // Commands run in other directories.
        certificate: std::path::absolute(&tls.cert_file).unwrap_or_else(|_| tls.cert_file.clone()),
        first: tls.handshake_first == HandshakeFirst::Always,
        verify: tls.verify || tls.verify_and_map,
    }
}

fn loopback(address: SocketAddr) -> SocketAddr {
    let ip = match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        other => other.ip(),
    };
    SocketAddr::new(ip, address.port())
}
