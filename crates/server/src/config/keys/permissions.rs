//! What users may publish, subscribe to and answer.

use crate::config::problems::Problems;
use crate::config::read;
use crate::config::syntax::{Entry, Node, Value};
use crate::options::{PermissionOptions, ResponsePermission, SubjectPermission};
use jetkv_types::SubjectFilter;

/// Reads `permissions { publish …, subscribe …, allow_responses … }`.
pub(super) fn permissions(entry: &Entry, problems: &mut Problems) -> Option<PermissionOptions> {
    let Value::Map(map) = &entry.node.value else {
        let found = read::kind(&entry.node.value);
        problems.error(&entry.place, format_args!("Expected permissions to be a map/struct, got {found}"));
        return None;
    };
    let mut found = PermissionOptions::default();
    for each in &map.entries {
        match each.key.to_ascii_lowercase().as_str() {
            "pub" | "publish" | "import" => found.publish = subjects(each, Queue::Refused, problems),
            "sub" | "subscribe" | "export" => found.subscribe = subjects(each, Queue::Allowed, problems),
            "publish_allow_responses" | "allow_responses" => {
                found.allow_responses = responses(each, problems)
            }
            _ if each.referenced => {}
            _ => {
                let text = format_args!("Unknown field {:?} parsing permissions", each.key);
                problems.error(&each.place, text);
            }
        }
    }
    Some(found)
}

/// Whether a queue may follow a subject.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Queue {
    Allowed,
    Refused,
}

/// Reads one subject, an array of them, or `{ allow …, deny … }`.
fn subjects(entry: &Entry, queue: Queue, problems: &mut Problems) -> Option<SubjectPermission> {
    let mut found = SubjectPermission::default();
    let Value::Map(map) = &entry.node.value else {
        found.allow = allowed(entry, queue, problems);
        return Some(found);
    };
    for each in &map.entries {
        match each.key.to_ascii_lowercase().as_str() {
            "allow" => found.allow = allowed(each, queue, problems),
            "deny" => found.deny = list(each, queue, problems),
            _ if each.referenced => {}
            _ => {
                let key = &each.key;
                problems.error(
                    &each.place,
                    format_args!(
                        "Unknown field name {key:?} parsing subject permissions, only 'allow' or 'deny' are permitted"
                    ),
                );
            }
        }
    }
    Some(found)
}

/// Reads what is allowed; as in the reference, an empty list is as good as none.
fn allowed(entry: &Entry, queue: Queue, problems: &mut Problems) -> Option<Vec<String>> {
    let list = list(entry, queue, problems);
    if list.is_empty() {
        problems.warn(&entry.place, format_args!("{:?} is empty, which allows everything", entry.key));
        return None;
    }
    Some(list)
}

fn list(entry: &Entry, queue: Queue, problems: &mut Problems) -> Vec<String> {
    match &entry.node.value {
        Value::Text(_) => subject(&entry.node, queue, problems).into_iter().collect(),
        Value::Array(items) => items.iter().filter_map(|item| subject(item, queue, problems)).collect(),
        other => {
            let found = read::kind(other);
            problems.error(
                &entry.place,
                format_args!(
                    "Expected subject permissions to be a subject, or array of subjects, got {found}"
                ),
            );
            Vec::new()
        }
    }
}

fn subject(node: &Node, queue: Queue, problems: &mut Problems) -> Option<String> {
    let Value::Text(text) = &node.value else {
        problems.error(&node.place, "Subject in permissions array cannot be cast to string");
        return None;
    };
    let mut words = text.split_ascii_whitespace();
    let subject = words.next().unwrap_or_default();
    let queue_is_fine = match words.next() {
        None => true,
        Some(_) => queue == Queue::Allowed && words.next().is_none(),
    };
    if queue_is_fine && SubjectFilter::new(subject).is_ok() {
        return Some(text.clone());
    }
    problems.error(&node.place, format_args!("subject {text:?} is not a valid subject"));
    None
}

/// Reads true, false, or `{ max …, expires … }`; what is below zero means no limit.
fn responses(entry: &Entry, problems: &mut Problems) -> Option<ResponsePermission> {
    let map = match &entry.node.value {
        Value::Bool(true) => return Some(ResponsePermission::default()),
        Value::Bool(false) => return None,
        Value::Map(map) => map,
        _ => {
            let text = "error parsing response permissions, expected a boolean or a map";
            problems.error(&entry.place, text);
            return None;
        }
    };
    let mut found = ResponsePermission::default();
    for each in &map.entries {
        match each.key.to_ascii_lowercase().as_str() {
            "max" | "max_msgs" | "max_messages" | "max_responses" => {
                let number = read::number(each, i64::MIN..=i64::from(u32::MAX), problems);
                match number {
                    Some(number) if number != 0 => found.max = u32::try_from(number).ok(),
                    _ => {}
                }
            }
            "expires" | "expiration" | "ttl" => match &each.node.value {
                Value::Text(text) if text.starts_with('-') => found.expires = None,
                _ => {
                    found.expires =
                        read::span(each, problems).filter(|span| !span.is_zero()).or(found.expires)
                }
            },
            _ if each.referenced => {}
            _ => {
                let text = format_args!("Unknown field {:?} parsing permissions", each.key);
                problems.error(&each.place, text);
            }
        }
    }
    Some(found)
}
