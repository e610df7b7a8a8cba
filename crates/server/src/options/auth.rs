//! Who may connect, and what they may do (PROTOCOL 1.15, 8.3).

use super::jetstream::AccountJetStream;
use super::secret::Secret;
use std::time::Duration;

/// Who may connect. With neither token nor users everybody is in the global account `$G`; with any of them,
/// whoever shows no valid credentials is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthOptions {
    /// Time for a valid CONNECT, if authentication is needed; a TLS handshake has its own. Default 2 seconds.
    pub timeout: Duration,
    /// The token of everybody, as text or bcrypt hash; excludes `users`.
    pub token: Option<Secret>,
    /// Users of the global account `$G`.
    pub users: Vec<UserOptions>,
    /// Accounts beside the global one: each has its own subjects and streams.
    pub accounts: Vec<AccountOptions>,
    /// Whom clients act as that show no credentials: a user name or public nkey from the lists.
    pub no_auth_user: Option<String>,
    /// Name of the system account. Default `$SYS`, which exists unless another one is named.
    pub system_account: String,
    /// Permissions of users of the global account that have none of their own.
    pub default_permissions: Option<PermissionOptions>,
}

impl Default for AuthOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(2),
            token: None,
            users: Vec::new(),
            accounts: Vec::new(),
            no_auth_user: None,
            system_account: "$SYS".to_owned(),
            default_permissions: None,
        }
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountOptions {
    /// Its name, unique.
    pub name: String,
    /// Its users.
    pub users: Vec<UserOptions>,
    /// Its streams; `None` means that it may have none.
    pub jetstream: Option<AccountJetStream>,
    /// Permissions of users that have none of their own.
    pub default_permissions: Option<PermissionOptions>,
    /// Most connections of the account at a time.
    pub max_connections: Option<u32>,
    /// Most subscriptions of the account.
    pub max_subscriptions: Option<u32>,
    /// Largest payload in bytes, if smaller than the server's.
    pub max_payload: Option<u32>,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserOptions {
    /// How the user proves to be who it is.
    pub credential: Credential,
    /// What it may do; `None` means the default permissions, without those everything.
    pub permissions: Option<PermissionOptions>,
    /// How it may connect: `STANDARD`, `WEBSOCKET`, …; empty means in any way.
    pub allowed_connection_types: Vec<String>,
}

/// How a user proves to be who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// Name and password.
    Password {
        /// The name. With `verify_and_map` it is compared with what the client certificate says.
        user: String,
        /// The password as text, or its bcrypt hash.
        password: Secret,
    },
    /// A signature by the private half of this ed25519 key.
    Nkey {
        /// The public key, 56 characters that begin with `U`.
        public_key: String,
    },
}

/// What a user may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PermissionOptions {
    /// Subjects it may publish to; `None` is all.
    pub publish: Option<SubjectPermission>,
    /// Subjects it may subscribe to; `None` is all. An entry may be `"<subject> <queue>"`.
    pub subscribe: Option<SubjectPermission>,
    /// Whether it may publish to reply subjects that it received, beside what `publish` allows.
    pub allow_responses: Option<ResponsePermission>,
}

/// Lists of subjects that may hold wildcards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubjectPermission {
    /// What is allowed; `None` is everything, and so is an empty list, as in the reference.
    pub allow: Option<Vec<String>>,
    /// What is not allowed although `allow` says so.
    pub deny: Vec<String>,
}

/// How often and how long a received reply subject may be published to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponsePermission {
    /// Most responses to one request; `None` is no limit. Default 1.
    pub max: Option<u32>,
    /// How long after the request; `None` is for ever. Default 2 minutes.
    pub expires: Option<Duration>,
}

impl Default for ResponsePermission {
    fn default() -> Self {
        Self { max: Some(1), expires: Some(Duration::from_secs(120)) }
    }
}

impl UserOptions {
    /// Returns a user that may do everything.
    #[must_use]
    pub fn new(credential: Credential) -> Self {
        Self { credential, permissions: None, allowed_connection_types: Vec::new() }
    }
}

impl AccountOptions {
    /// Returns an account without users, streams and limits.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            users: Vec::new(),
            jetstream: None,
            default_permissions: None,
            max_connections: None,
            max_subscriptions: None,
            max_payload: None,
        }
    }
}
