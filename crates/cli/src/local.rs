//! The server that holds a directory, as it tells commands of its owner.

use crate::exit::{Exit, Failure, Stop};
use jetkv::blocking::JetStream;
use jetkv::{ConnectOptions, KvError};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Name of the file in the directory of the store.
pub(crate) const FILE: &str = "server.json";

/// Where the server listens and how to log in; the file is only for its owner.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LocalServer {
    pub(crate) pid: u32,
    pub(crate) server_id: String,
    pub(crate) url: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) password: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) token: Option<String>,
    /// How its TLS is, if it has TLS.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) tls: Option<LocalTls>,
}

/// The TLS of a server that listens here, whatever names are in its certificate.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LocalTls {
    /// File of the certificate that it shows.
    pub(crate) certificate: PathBuf,
    /// Whether the handshake comes before anything else.
    pub(crate) first: bool,
    /// Whether clients have to show a certificate, too.
    pub(crate) verify: bool,
}

impl LocalServer {
    /// Reads what a server has left in `store`; `None` if there is nothing that can be read.
    pub(crate) fn of(store: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(store.join(FILE)).ok()?).ok()
    }

    /// Connects; `None` if that is not the server that wrote the file. A server that was killed leaves its file, and somebody else
    /// may listen where it did: each start of a server has an id of its own.
    ///
    /// # Errors
    /// What the right server says.
    pub(crate) fn connect(&self) -> Result<Option<JetStream>, Stop> {
        match JetStream::connect_with(self.options()) {
            Ok(js) if js.server_id().as_deref() == Some(self.server_id.as_str()) => Ok(Some(js)),
            Ok(other) => {
                other.close().ok();
                Ok(None)
            }
            Err(KvError::Unavailable { .. } | KvError::TimedOut { .. }) if self.wants_certificate() => {
                Err(self.needs_certificate().into())
            }
            Err(KvError::Unavailable { .. } | KvError::TimedOut { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn options(&self) -> ConnectOptions {
        let mut options = ConnectOptions::new(self.url.as_str()).connect_timeout(PATIENCE);
        if let Some(tls) = &self.tls {
            options = options.require_tls().server_certificate(&tls.certificate);
            if tls.first {
                options = options.tls_first();
            }
        }
        match (&self.user, &self.password, &self.token) {
            (Some(user), Some(password), _) => options.user_and_password(user, password),
            (_, _, Some(token)) => options.token(token),
            _ => options,
        }
    }

    /// Says whether the server lives, and lets in nobody who shows no certificate.
    fn wants_certificate(&self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        // A process of another user may not be sent anything, and lives.
        let lives = pid.is_some_and(|pid| matches!(test_kill_process(pid), Ok(()) | Err(Errno::PERM)));
        lives && self.tls.as_ref().is_some_and(|tls| tls.verify)
    }

    fn needs_certificate(&self) -> Failure {
        let message = format!(
            "the server that has this store, process {}, asks for a certificate, and commands on the directory have none",
            self.pid
        );
        let hint = "name it with --server, one with NATS_CERT and NATS_KEY, and its authority with NATS_CA";
        Failure::new(Exit::Denied, "denied", message).hint(hint)
    }
}

const PATIENCE: Duration = Duration::from_secs(2);
