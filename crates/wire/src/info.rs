//! The JSON of `INFO` (PROTOCOL 1.4).

use crate::json::{self, Strictness};
use serde::{Deserialize, Serialize};

/// What the server tells of itself, in the reference's field order; what is optional is left out when it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Info {
    /// Any unique text; the reference has a public key of 56 characters that starts with `N`.
    pub server_id: String,
    /// The configured name, else the same as the id.
    pub server_name: String,
    /// A semantic version; clients gate features on it (PROTOCOL 1.5.2).
    pub version: String,
    /// Protocol level, 1.
    pub proto: i32,
    /// The commit that the server was built from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub git_commit: String,
    /// The compiler's version; free text.
    pub go: String,
    /// Address of the listener that accepted.
    pub host: String,
    /// Port of the listener that accepted.
    pub port: u16,
    /// Whether headers may be sent; clients refuse to without it.
    pub headers: bool,
    /// Whether CONNECT needs credentials.
    #[serde(skip_serializing_if = "is_false")]
    pub auth_required: bool,
    /// Whether the client must upgrade to TLS now.
    #[serde(skip_serializing_if = "is_false")]
    pub tls_required: bool,
    /// Whether the client needs a certificate.
    #[serde(skip_serializing_if = "is_false")]
    pub tls_verify: bool,
    /// Whether the client may upgrade to TLS now.
    #[serde(skip_serializing_if = "is_false")]
    pub tls_available: bool,
    /// Bytes of header block and body that one message may have.
    pub max_payload: u64,
    /// Whether JetStream is on.
    #[serde(skip_serializing_if = "is_false")]
    pub jetstream: bool,
    /// Number of the connection, unique in a run of the server.
    #[serde(skip_serializing_if = "is_zero")]
    pub client_id: u64,
    /// The address that the client comes from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_ip: String,
    /// What the client must sign, if there are nkey users.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub nonce: String,
    /// Name of the cluster.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cluster: String,
    /// JetStream domain.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub domain: String,
    /// Other servers that the client may connect to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connect_urls: Vec<String>,
    /// The same over WebSocket.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ws_connect_urls: Vec<String>,
    /// Whether the server is about to leave (lame duck mode).
    #[serde(skip_serializing_if = "is_false")]
    pub ldm: bool,
    /// True in the INFO that follows the first PONG, and only there.
    #[serde(skip_serializing_if = "is_false")]
    pub connect_info: bool,
    /// The client's account, beside `connect_info`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remote_account: String,
    /// Whether that account is the system account, beside `connect_info`.
    #[serde(skip_serializing_if = "is_false")]
    pub acc_is_sys: bool,
    /// JetStream API level.
    #[serde(skip_serializing_if = "is_zero")]
    pub api_lvl: u64,
    /// Curve public key for auth callouts.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub xkey: String,
}

impl Info {
    /// Reads the JSON; none if it is no object with fields of the right types, for which a server closes the connection
    /// silently. Unknown fields are passed over.
    #[must_use]
    pub fn parse(json: &[u8]) -> Option<Self> {
        json::decode(json, Strictness::Lenient).ok()
    }

    /// Appends the JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        json::write(out, self);
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests;
