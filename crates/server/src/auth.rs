//! Who a client is, and what it may do (PROTOCOL 1.15).
//!
//! [`Users`] is the table made of the configuration, and decides about the credentials of a CONNECT; [`Permissions`] are asked
//! for every operation afterwards.

mod certificate;
mod check;
mod nkey;
mod password;
mod patterns;
mod permissions;
mod users;

pub(crate) use certificate::CertificateNames;
pub(crate) use check::{Credentials, Identity, Verdict};
pub(crate) use nkey::{Nonce, encode_server_id};
pub(crate) use password::Hasher;
pub(crate) use patterns::Patterns;
pub(crate) use permissions::{Permissions, SubscribeAnswer};
pub use users::AuthError;
pub(crate) use users::{GLOBAL_ACCOUNT, Users};
