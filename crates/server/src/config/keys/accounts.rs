//! `accounts { … }`

use super::blocks::is_empty;
use super::jetstream;
use super::permissions::permissions;
use super::users::users;
use crate::config::assemble::Draft;
use crate::config::problems::Problems;
use crate::config::read;
use crate::config::syntax::{Entry, Value};
use crate::options::AccountOptions;

/// Reads the section: a map of accounts, or an array of their names.
pub(super) fn accounts(entry: &Entry, draft: &mut Draft, problems: &mut Problems) {
    let accounts = match &entry.node.value {
        Value::Map(map) => map.entries.iter().filter_map(|each| account(each, problems)).collect(),
        Value::Array(items) => items
            .iter()
            .filter_map(|item| read::item_text(item, &entry.key, problems))
            .map(AccountOptions::new)
            .collect(),
        _ => return read::wrong(entry, "a map of accounts", problems).unwrap_or_default(),
    };
    draft.options.auth.accounts = accounts;
}

fn account(entry: &Entry, problems: &mut Problems) -> Option<AccountOptions> {
    let name = &entry.key;
    if name == GLOBAL_ACCOUNT {
        problems.error(&entry.place, format_args!("{name:?} is a Reserved Account"));
        return None;
    }
    let Value::Map(map) = &entry.node.value else {
        // A variable of the reference's form `A: { … }` may stand beside the accounts that use it.
        if !entry.referenced {
            problems.error(&entry.place, "Expected map entries for accounts");
        }
        return None;
    };
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
        problems.error(&entry.place, format_args!("invalid account name {name:?}"));
        return None;
    }
    let mut account = AccountOptions::new(name.clone());
    for each in &map.entries {
        match each.key.to_ascii_lowercase().as_str() {
            "users" => account.users = users(each, problems),
            "jetstream" => account.jetstream = jetstream::account(each, problems),
            "default_permissions" => account.default_permissions = permissions(each, problems),
            "limits" => limits(each, &mut account, problems),
            "imports" | "exports" | "mappings" | "maps" | "nkey" | "msg_trace" | "trace_dest" => {
                if !is_empty(&each.node.value) {
                    problems.unsupported(each);
                }
            }
            _ => problems.unknown(each),
        }
    }
    Some(account)
}

fn limits(entry: &Entry, account: &mut AccountOptions, problems: &mut Problems) {
    for each in read::map(entry, problems).into_iter().flat_map(|map| &map.entries) {
        let to = match each.key.to_ascii_lowercase().as_str() {
            "max_connections" | "max_conn" => &mut account.max_connections,
            "max_subscriptions" | "max_subs" => &mut account.max_subscriptions,
            "max_payload" | "max_pay" => &mut account.max_payload,
            "max_leafnodes" | "max_leafs" => {
                problems.no_effect(each);
                continue;
            }
            _ if each.referenced => continue,
            key => {
                let text = format_args!("Unknown field {key:?} parsing account limits");
                problems.error(&each.place, text);
                continue;
            }
        };
        if let Some(limit) = read::limit(each, problems) {
            *to = limit;
        }
    }
}

/// Where everybody is who belongs to no other account.
const GLOBAL_ACCOUNT: &str = "$G";
