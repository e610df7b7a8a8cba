//! The answer to `$SYS.REQ.USER.INFO` (PROTOCOL 1.19).

use crate::api::time;
use crate::json;
use jetkv_types::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// Who the client is to the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserInfo<'a> {
    /// The server that answers.
    pub server: ServerInfo<'a>,
    /// The client.
    pub data: User<'a>,
}

/// A server as it stands in its answers to system requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerInfo<'a> {
    /// Its name.
    pub name: &'a str,
    /// The address that it listens on.
    pub host: &'a str,
    /// Its id.
    pub id: &'a str,
    /// Its version.
    pub ver: &'a str,
    /// What was switched on or off.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub feature_flags: BTreeMap<&'a str, bool>,
    /// Whether JetStream is on.
    pub jetstream: bool,
    /// What it can do, as a bit mask.
    #[serde(skip_serializing_if = "is_zero")]
    pub flags: u64,
    /// The number of this answer.
    pub seq: u64,
    /// When it was given.
    #[serde(with = "time")]
    pub time: Timestamp,
}

/// A user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct User<'a> {
    /// The name; empty if there is no authentication.
    pub user: &'a str,
    /// The account's id.
    pub account: &'a str,
    /// The account's name.
    pub account_name: &'a str,
    /// What the user may do, if that is limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permissions<'a>>,
}

/// What a user may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Permissions<'a> {
    /// Where it may publish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publish: Option<Subjects<'a>>,
    /// What it may subscribe to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscribe: Option<Subjects<'a>>,
}

/// Subjects that are allowed, those that are denied excepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Subjects<'a> {
    /// What is allowed; nothing here means everything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<&'a str>,
    /// What is denied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<&'a str>,
}

impl UserInfo<'_> {
    /// Appends the JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        json::write(out, self);
    }
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests;
