//! `authorization { … }`

use super::permissions::permissions;
use super::users::users;
use crate::config::assemble::Draft;
use crate::config::problems::Problems;
use crate::config::read;
use crate::config::syntax::{Entry, Value};
use crate::options::{Credential, Secret, UserOptions};
use std::collections::HashSet;

/// Reads the section.
pub(super) fn authorization(entry: &Entry, draft: &mut Draft, problems: &mut Problems) {
    let Some(map) = read::map(entry, problems) else { return };
    let auth = &mut draft.options.auth;
    let (mut user, mut password) = (None, None);
    for each in &map.entries {
        match each.key.to_ascii_lowercase().as_str() {
            "user" | "username" => user = read::text(each, problems),
            "pass" | "password" => password = read::text(each, problems),
            "token" => auth.token = read::text(each, problems).map(Secret::new),
            "timeout" => auth.timeout = read::seconds(each, problems).unwrap_or(auth.timeout),
            "users" => auth.users = users(each, problems),
            "default_permission" | "default_permissions" | "permissions" => {
                auth.default_permissions = permissions(each, problems);
            }
            "proxy_required" if each.node.value == Value::Bool(false) => {}
            "auth_callout" | "auth_hook" | "proxy_required" => problems.unsupported(each),
            _ => problems.unknown(each),
        }
    }
    let single = user.is_some() || password.is_some();
    let conflict = match (single, auth.token.is_some(), auth.users.is_empty()) {
        (true, true, _) => Some("Cannot have a user/pass and token"),
        (true, _, false) => Some("Can not have a single user/pass and a users array"),
        (_, true, false) => Some("Can not have a token and a users array"),
        _ if single && user.is_none() => Some("a password needs a user"),
        _ => None,
    };
    if let Some(text) = conflict {
        problems.error(&entry.place, text);
    }
    if let Some(user) = user {
        let password = Secret::new(password.unwrap_or_default());
        auth.users.push(UserOptions::new(Credential::Password { user, password }));
    }
}

/// Checks what the sections say together.
pub(super) fn check_together(draft: &Draft, problems: &mut Problems) {
    let auth = &draft.options.auth;
    let of_accounts = auth.accounts.iter().flat_map(|account| &account.users);
    if auth.token.is_some() && of_accounts.clone().next().is_some() {
        problems.error_anywhere("Can not have a token and a users array");
    }
    let mut names = HashSet::new();
    for user in auth.users.iter().chain(of_accounts) {
        let name = match &user.credential {
            Credential::Password { user, .. } => user,
            Credential::Nkey { public_key } => public_key,
        };
        if !names.insert(name) {
            problems.error_anywhere(format_args!("Duplicate user {name:?} detected"));
        }
    }
}
