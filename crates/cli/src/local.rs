//! The server that holds a directory, as it tells commands of its owner.

use jetkv::blocking::JetStream;
use jetkv::{ConnectOptions, KvError};
use serde::{Deserialize, Serialize};
use std::path::Path;
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
    pub(crate) fn connect(&self) -> Result<Option<JetStream>, KvError> {
        let options = ConnectOptions::new(self.url.as_str()).connect_timeout(PATIENCE);
        let options = match (&self.user, &self.password, &self.token) {
            (Some(user), Some(password), _) => options.user_and_password(user, password),
            (_, _, Some(token)) => options.token(token),
            _ => options,
        };
        match JetStream::connect_with(options) {
            Ok(js) if js.server_id().as_deref() == Some(self.server_id.as_str()) => Ok(Some(js)),
            Ok(other) => {
                other.close().ok();
                Ok(None)
            }
            Err(KvError::Unavailable { .. } | KvError::TimedOut { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(2);
