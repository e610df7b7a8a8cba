//! `users: [ … ]`

use super::permissions::permissions;
use crate::config::problems::Problems;
use crate::config::read;
use crate::config::syntax::{Entry, Node, Place, Value};
use crate::options::{Credential, Secret, UserOptions};

/// Reads an array of users.
pub(super) fn users(entry: &Entry, problems: &mut Problems) -> Vec<UserOptions> {
    let Value::Array(items) = &entry.node.value else {
        let found = read::kind(&entry.node.value);
        problems.error(&entry.place, format_args!("Expected users field to be an array, got {found}"));
        return Vec::new();
    };
    items.iter().filter_map(|item| user(item, problems)).collect()
}

/// What an entry says before it is known which kind of user it is.
#[derive(Default)]
struct Draft {
    user: Option<String>,
    password: Option<String>,
    nkey: Option<String>,
}

fn user(node: &Node, problems: &mut Problems) -> Option<UserOptions> {
    let Value::Map(map) = &node.value else {
        let found = read::kind(&node.value);
        problems.error(&node.place, format_args!("Expected user entry to be a map/struct, got {found}"));
        return None;
    };
    let mut draft = Draft::default();
    let mut permission = None;
    let mut connection_types = Vec::new();
    for each in &map.entries {
        match each.key.to_ascii_lowercase().as_str() {
            "user" | "username" => draft.user = read::text(each, problems),
            "pass" | "password" => draft.password = read::text(each, problems),
            "nkey" => draft.nkey = read::text(each, problems),
            "permission" | "permissions" | "authorization" => permission = permissions(each, problems),
            "allowed_connection_types" | "connection_types" | "clients" => {
                connection_types = types(each, problems);
            }
            "proxy_required" if each.node.value == Value::Bool(false) => {}
            "proxy_required" => problems.unsupported(each),
            _ => problems.unknown(each),
        }
    }
    let credential = draft.credential(&node.place, problems)?;
    Some(UserOptions {
        permissions: permission,
        allowed_connection_types: connection_types,
        ..UserOptions::new(credential)
    })
}

impl Draft {
    fn credential(self, place: &Place, problems: &mut Problems) -> Option<Credential> {
        match (self.nkey, self.user, self.password) {
            (Some(nkey), ..) if !is_user_key(&nkey) => {
                problems.error(place, "Not a valid public nkey for a user");
                None
            }
            (Some(public_key), None, None) => Some(Credential::Nkey { public_key }),
            (Some(_), ..) => {
                problems.error(place, "Nkey users do not take usernames or passwords");
                None
            }
            (None, Some(user), password) if !user.is_empty() => {
                let password = Secret::new(password.unwrap_or_default());
                Some(Credential::Password { user, password })
            }
            _ => {
                problems.error(place, "User entry requires a user");
                None
            }
        }
    }
}

/// Says whether a text has the form of the public key of a user; the server checks the checksum in it.
fn is_user_key(text: &str) -> bool {
    let is_base32 = |byte: u8| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte);
    text.len() == 56 && text.starts_with('U') && text.bytes().all(is_base32)
}

fn types(entry: &Entry, problems: &mut Problems) -> Vec<String> {
    let found = read::texts(entry, problems).unwrap_or_default();
    let found: Vec<String> = found.iter().map(|each| each.to_ascii_uppercase()).collect();
    let unknown: Vec<&String> =
        found.iter().filter(|each| !CONNECTION_TYPES.contains(&each.as_str())).collect();
    if !unknown.is_empty() {
        problems.error(&entry.place, format_args!("invalid connection types {unknown:?}"));
    }
    found
}

const CONNECTION_TYPES: [&str; 7] =
    ["STANDARD", "WEBSOCKET", "LEAFNODE", "LEAFNODE_WS", "MQTT", "MQTT_WS", "IN_PROCESS"];
