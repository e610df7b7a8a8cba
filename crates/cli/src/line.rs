//! An entry as a line of JSON on its way in: what `import` and `restore` read.

use crate::cli::Lifetime;
use crate::{duration, text};
use jetkv::{Bytes, Entry, Headers, Operation, WriteOptions};
use jetkv_console::form::operation_name;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A line on its way in, checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) key: String,
    pub(crate) operation: Operation,
    pub(crate) value: Bytes,
    pub(crate) ttl: Option<Lifetime>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) revision: Option<u64>,
    pub(crate) created: Option<jetkv::Timestamp>,
    pub(crate) header_block: Option<Headers>,
}

impl Item {
    /// Reads a line of JSON.
    ///
    /// # Errors
    /// A text that says what is wrong with the line.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, String> {
        // The reader of a struct would take a list of values, too.
        if !line.trim_ascii_start().starts_with(b"{") {
            return Err("not a JSON object".into());
        }
        let fields: Fields = serde_json::from_slice(line).map_err(|error| json_problem(&error))?;
        Self::from_fields(fields)
    }

    fn from_fields(fields: Fields) -> Result<Self, String> {
        let operation = match fields.operation.as_deref() {
            None | Some("put") => Operation::Put,
            Some("delete") => Operation::Delete,
            Some("purge") => Operation::Purge,
            Some(other) => return Err(format!("operation {other:?} is none of put, delete, purge")),
        };
        let value = match (fields.value, fields.value_base64) {
            (Some(_), Some(_)) => return Err("value and value_base64 are both given".into()),
            (Some(value), None) => Some(Bytes::from(value)),
            (None, Some(text)) => {
                let bytes = text::from_base64(&text).map_err(|error| format!("bad value_base64: {error}"))?;
                Some(bytes.into())
            }
            (None, None) => None,
        };
        let value = match (operation, value) {
            (Operation::Put, None) => return Err("missing field `value` or `value_base64`".into()),
            (Operation::Delete | Operation::Purge, Some(value)) if !value.is_empty() => {
                return Err(format!("a {} has no value", operation_name(operation)));
            }
            (_, value) => value.unwrap_or_default(),
        };
        let ttl = match fields.ttl.as_deref() {
            None => None,
            Some("never") => Some(Lifetime::Never),
            Some(text) => Some(Lifetime::For(
                duration::parse(text).map_err(|error| format!("bad ttl {text:?}: {error}"))?,
            )),
        };
        let created = match fields.created.as_deref() {
            None => None,
            Some(text) => Some(text.parse().map_err(|error| format!("bad created: {error}"))?),
        };
        let headers = fields.headers.into_iter();
        let headers =
            headers.flat_map(|(name, all)| all.into_iter().map(move |value| (name.clone(), value))).collect();
        let block = fields.header_block.map(|block| Headers::from_block(Bytes::from(block)));
        let header_block = block.transpose().map_err(|error| format!("bad header_block: {error}"))?;
        let (key, revision) = (fields.key, fields.revision);
        Ok(Self { key, operation, value, ttl, headers, revision, created, header_block })
    }

    /// Returns the entry of a backup as it was.
    ///
    /// # Errors
    /// A text that says what the line lacks.
    pub(crate) fn into_entry(self, bucket: &std::sync::Arc<str>) -> Result<Entry, String> {
        Ok(Entry {
            bucket: std::sync::Arc::clone(bucket),
            key: self.key,
            value: self.value,
            revision: self.revision.ok_or("missing field `revision`")?,
            created: self.created.ok_or("missing field `created`")?,
            delta: 0,
            operation: self.operation,
            headers: self.header_block.unwrap_or_default(),
        })
    }

    /// What goes along with the value.
    pub(crate) fn options(&self) -> WriteOptions {
        options(self.ttl, &self.headers)
    }
}

/// Builds the options of a write.
pub(crate) fn options(ttl: Option<Lifetime>, headers: &[(String, String)]) -> WriteOptions {
    let options = match ttl {
        None => WriteOptions::new(),
        Some(Lifetime::For(span)) => WriteOptions::new().ttl(span),
        Some(Lifetime::Never) => WriteOptions::new().never_expires(),
    };
    headers.iter().fold(options, |options, (name, value)| options.header(name.as_str(), value.as_str()))
}

/// The fields that a line may have; any other one is refused, so that a slip cannot change the meaning silently.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    key: String,
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    value_base64: Option<String>,
    #[serde(default)]
    operation: Option<String>,
    #[serde(default)]
    ttl: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    revision: Option<u64>,
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    header_block: Option<String>,
    #[serde(default, rename = "bucket")]
    _bucket: Option<String>,
}

/// Rewords the error of the JSON reader, which counts lines within the one line that it got.
pub(crate) fn json_problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((problem, _)) => format!("{problem} (column {})", error.column()),
        None => text,
    }
}

#[cfg(test)]
mod tests;
