//! An entry on its way out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jetkv::{Entry, Headers, Operation};
use serde::Serialize;
use std::collections::BTreeMap;

/// An entry as JSON. The order of the fields is part of the contract.
#[derive(Debug, Serialize)]
pub struct EntryForm<'a> {
    bucket: &'a str,
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
    revision: u64,
    created: String,
    operation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<&'a str, Vec<&'a str>>,
    /// All headers as they are stored; only backups have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    header_block: Option<&'a str>,
}

impl<'a> EntryForm<'a> {
    /// Returns the form of an entry; a value that is no UTF-8 goes into `value_base64`.
    #[must_use]
    pub fn new(entry: &'a Entry) -> Self {
        let value = std::str::from_utf8(&entry.value).ok();
        let mut headers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, content) in user_headers(&entry.headers) {
            headers.entry(name).or_default().push(content);
        }
        Self {
            bucket: &entry.bucket,
            key: &entry.key,
            value,
            value_base64: value.is_none().then(|| STANDARD.encode(&entry.value)),
            revision: entry.revision,
            created: entry.created.to_string(),
            operation: operation_name(entry.operation),
            ttl: entry.headers.get("Nats-TTL"),
            headers,
            header_block: None,
        }
    }

    /// The same with everything that a restore needs to put the entry back as it was.
    #[must_use]
    pub fn complete(entry: &'a Entry) -> Self {
        let block = std::str::from_utf8(entry.headers.as_block()).ok().filter(|block| !block.is_empty());
        Self { header_block: block, ..Self::new(entry) }
    }
}

/// Returns the name of an operation in JSON.
#[must_use]
pub fn operation_name(operation: Operation) -> &'static str {
    match operation {
        Operation::Put => "put",
        Operation::Delete => "delete",
        Operation::Purge => "purge",
    }
}

/// Returns the headers that the user attached; those with a meaning of their own are part of the operation.
pub fn user_headers(headers: &Headers) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().filter(|(name, _)| !name.starts_with("Nats-") && *name != "KV-Operation")
}
