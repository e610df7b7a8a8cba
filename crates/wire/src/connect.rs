//! The JSON of `CONNECT` (PROTOCOL 1.5).

use crate::json::{self, Fault, Strictness, go_type};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// What a client says of itself and of what it wants.
///
/// [`Default`] is a client that sent no CONNECT at all. Unknown fields are ignored and `null` equals absence; an empty
/// text equals absence too.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default, rename = "ClientOpts")]
pub struct Connect {
    /// Whether each operation that is accepted is answered by `+OK`. True by default.
    #[serde(deserialize_with = "or_true")]
    pub verbose: bool,
    /// Whether subjects of publishes are checked. True by default.
    #[serde(deserialize_with = "or_true")]
    pub pedantic: bool,
    /// Whether the client insists on TLS; for information.
    pub tls_required: bool,
    /// The token for token authentication.
    pub auth_token: String,
    /// The user's name.
    pub user: String,
    /// The user's password.
    pub pass: String,
    /// A user's JWT.
    pub jwt: String,
    /// The public key that [`Self::sig`] is to be verified with.
    pub nkey: String,
    /// The signature of the nonce, in base64.
    pub sig: String,
    /// The connection's name, for monitoring.
    pub name: String,
    /// The client library's language, for monitoring.
    pub lang: String,
    /// The client library's version, for monitoring.
    pub version: String,
    /// 1 if the client understands an INFO at any time, else 0.
    #[serde(deserialize_with = "go_type::int")]
    pub protocol: i64,
    /// Whether the client's own publishes go to its own subscriptions. True by default.
    #[serde(deserialize_with = "or_true")]
    pub echo: bool,
    /// Whether the client may use HPUB and understands HMSG.
    pub headers: bool,
    /// Whether the client wants status 503 when nobody listens (PROTOCOL 1.11).
    pub no_responders: bool,
    /// Obsolete; not empty means an authorization violation.
    pub account: String,
    /// Obsolete; true means an authorization violation.
    pub new_account: bool,
}

impl Connect {
    /// Reads the JSON of [`crate::parse::ClientOp::Connect`].
    ///
    /// # Errors
    /// [`ConnectError`] if it is no JSON object with fields of the right types; the connection is closed silently then.
    pub fn parse(json: &[u8]) -> Result<Self, ConnectError> {
        json::decode(json, Strictness::Lenient).map_err(|source| ConnectError { source })
    }

    /// Returns the text for `-ERR` if the wishes cannot be granted by any server; the connection is closed after it.
    #[must_use]
    pub fn refusal(&self) -> Option<&'static str> {
        if !(0..=1).contains(&self.protocol) {
            return Some("invalid client protocol");
        }
        (self.no_responders && !self.headers).then_some("no responders requires headers support")
    }
}

impl Default for Connect {
    fn default() -> Self {
        let none = String::new;
        Self {
            verbose: true,
            pedantic: true,
            tls_required: false,
            auth_token: none(),
            user: none(),
            pass: none(),
            jwt: none(),
            nkey: none(),
            sig: none(),
            name: none(),
            lang: none(),
            version: none(),
            protocol: 0,
            echo: true,
            headers: false,
            no_responders: false,
            account: none(),
            new_account: false,
        }
    }
}

/// Shows no secrets.
impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect")
            .field("name", &self.name)
            .field("lang", &self.lang)
            .field("version", &self.version)
            .field("user", &self.user)
            .field("nkey", &self.nkey)
            .field("verbose", &self.verbose)
            .field("pedantic", &self.pedantic)
            .field("protocol", &self.protocol)
            .field("echo", &self.echo)
            .field("headers", &self.headers)
            .field("no_responders", &self.no_responders)
            .finish_non_exhaustive()
    }
}

fn or_true<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Option::<bool>::deserialize(from).map(|value| value.unwrap_or(true))
}

/// The text behind CONNECT is not what it must be. Clients are not told; the reason is for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectError {
    source: Fault,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed CONNECT")
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests;
