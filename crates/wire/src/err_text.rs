//! The texts of `-ERR` (PROTOCOL 1.13), for [`crate::encode::err`].
//!
//! Clients act upon them; one that they do not know makes several clients close for good. Those of the parser are in
//! [`crate::parse::ParseError::text`], those of CONNECT in [`crate::connect::Connect::refusal`]. Subjects stand in quotes
//! and are escaped as Go does it, so no subject can forge an operation.

use crate::json::quote_bytes;

/// Bad or missing credentials; the connection is closed.
pub const AUTHORIZATION_VIOLATION: &str = "Authorization Violation";
/// No valid CONNECT within the time that is allowed; the connection is closed.
pub const AUTHENTICATION_TIMEOUT: &str = "Authentication Timeout";
/// The user's credentials have run out; the connection is closed.
pub const USER_AUTHENTICATION_EXPIRED: &str = "User Authentication Expired";
/// The user is not allowed any more; the connection is closed.
pub const USER_AUTHENTICATION_REVOKED: &str = "User Authentication Revoked";
/// The account's credentials have run out; the connection is closed.
pub const ACCOUNT_AUTHENTICATION_EXPIRED: &str = "Account Authentication Expired";
/// The account has as many connections as it may; the connection is closed.
pub const ACCOUNT_CONNECTIONS_EXCEEDED: &str = "maximum account active connections exceeded";
/// The server has as many connections as it may; sent behind INFO, and the connection is closed.
pub const CONNECTIONS_EXCEEDED: &str = "maximum connections exceeded";
/// Too many connections have not authenticated yet; the connection is closed.
pub const THROTTLED: &str = "Connection throttling is active. Please try again later.";
/// Pings were not answered; the connection is closed.
pub const STALE_CONNECTION: &str = "Stale Connection";
/// The TLS handshake failed or took too long; the connection is closed.
pub const TLS_REQUIRED: &str = "Secure Connection - TLS Required";
/// A subscription to a malformed subject; the connection stays.
pub const INVALID_SUBJECT: &str = "Invalid Subject";
/// A pedantic client published to a wildcard; the connection stays.
pub const INVALID_PUBLISH_SUBJECT: &str = "Invalid Publish Subject";
/// The connection has as many subscriptions as it may; the connection stays.
pub const SUBSCRIPTIONS_EXCEEDED: &str = "maximum subscriptions exceeded";

/// Returns the text for a publish that is not permitted; the message is dropped, the connection stays.
#[must_use]
pub fn publish_denied(subject: &[u8]) -> String {
    format!("Permissions Violation for Publish to {}", quote_bytes(subject))
}

/// Returns the text for a publish whose reply subject is not permitted; the message is dropped, the connection stays.
#[must_use]
pub fn reply_denied(reply: &[u8]) -> String {
    format!("Permissions Violation for Publish with Reply of {}", quote_bytes(reply))
}

/// Returns the text for a subscription that is not permitted; it is not made, the connection stays.
#[must_use]
pub fn subscription_denied(subject: &[u8], queue: Option<&[u8]>) -> String {
    let text = format!("Permissions Violation for Subscription to {}", quote_bytes(subject));
    match queue {
        None => text,
        Some(queue) => format!("{text} using queue {}", quote_bytes(queue)),
    }
}

/// Returns the text for a subscription with more tokens than `max_sub_tokens`; it is not made, the connection stays.
#[must_use]
pub fn too_many_tokens(subject: &[u8]) -> String {
    format!("{}, too many tokens", subscription_denied(subject, None))
}

#[cfg(test)]
mod tests;
