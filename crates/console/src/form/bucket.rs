//! A bucket's configuration and figures, both ways.

use crate::duration;
use jetkv::{KeyValueConfig, Status, Storage, Sync};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// A configuration on its way out. Limits that are not set are left out.
#[derive(Debug, Serialize)]
pub struct ConfigForm<'a> {
    description: &'a str,
    history: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_value_size: Option<u32>,
    storage: &'static str,
    replicas: u32,
    compression: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_marker_ttl: Option<String>,
    metadata: &'a BTreeMap<String, String>,
}

impl<'a> ConfigForm<'a> {
    /// Returns the form of a configuration.
    #[must_use]
    pub fn new(config: &'a KeyValueConfig) -> Self {
        Self {
            description: &config.description,
            history: config.history,
            ttl: config.ttl.map(duration::human),
            max_bytes: config.max_bytes,
            max_value_size: config.max_value_size,
            storage: storage_name(config.storage),
            replicas: config.replicas,
            compression: config.compression,
            limit_marker_ttl: config.limit_marker_ttl.map(duration::human),
            metadata: &config.metadata,
        }
    }
}

/// Configuration and figures of a bucket.
#[derive(Debug, Serialize)]
pub struct StatusForm<'a> {
    bucket: &'a str,
    #[serde(flatten)]
    config: ConfigForm<'a>,
    values: u64,
    keys: u64,
    bytes: u64,
    disk_bytes: u64,
    first_revision: u64,
    last_revision: u64,
    created: String,
    last_update: Option<String>,
    durability: String,
    damages: Vec<String>,
}

impl<'a> StatusForm<'a> {
    /// Returns the form of a status.
    #[must_use]
    pub fn new(status: &'a Status) -> Self {
        Self {
            bucket: &status.bucket,
            config: ConfigForm::new(&status.config),
            values: status.values,
            keys: status.keys,
            bytes: status.bytes,
            disk_bytes: status.disk_bytes,
            first_revision: status.first_revision,
            last_revision: status.last_revision,
            created: status.created.to_string(),
            last_update: status.last_update.map(|at| at.to_string()),
            durability: sync_name(status.durability),
            damages: status.damages.iter().map(ToString::to_string).collect(),
        }
    }
}

/// A configuration on its way in: what is left out stays as it is, or at its default; `null` and 0 take a limit away.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigRequest {
    /// Name of the bucket, where the address does not say it.
    #[serde(default, deserialize_with = "given")]
    pub bucket: Option<String>,
    #[serde(default, deserialize_with = "given")]
    description: Option<String>,
    #[serde(default, deserialize_with = "given")]
    history: Option<Whole>,
    #[serde(default, deserialize_with = "given")]
    ttl: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    max_bytes: Option<Option<Whole>>,
    #[serde(default, deserialize_with = "given")]
    max_value_size: Option<Option<Whole>>,
    #[serde(default, deserialize_with = "given")]
    storage: Option<String>,
    #[serde(default, deserialize_with = "given")]
    replicas: Option<Whole>,
    #[serde(default, deserialize_with = "given")]
    compression: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    limit_marker_ttl: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    metadata: Option<BTreeMap<String, String>>,
}

/// Why a configuration cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field {field}: {reason}")]
pub struct ConfigProblem {
    /// The field.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl ConfigRequest {
    /// Changes what is given.
    ///
    /// # Errors
    /// [`ConfigProblem`] for a text that is no span of time or no kind of storage.
    pub fn apply(self, config: &mut KeyValueConfig) -> Result<(), ConfigProblem> {
        set(&mut config.description, self.description);
        set(&mut config.history, self.history.map(|history| history.small("history")).transpose()?);
        set(&mut config.replicas, self.replicas.map(|replicas| replicas.small("replicas")).transpose()?);
        set(&mut config.compression, self.compression);
        set(&mut config.metadata, self.metadata);
        if let Some(ttl) = self.ttl {
            config.ttl = span("ttl", ttl)?;
        }
        if let Some(ttl) = self.limit_marker_ttl {
            config.limit_marker_ttl = span("limit_marker_ttl", ttl)?;
        }
        if let Some(bytes) = self.max_bytes {
            config.max_bytes = bytes.map(|bytes| bytes.0).filter(|bytes| *bytes > 0);
        }
        if let Some(bytes) = self.max_value_size {
            let bytes = bytes.map(|bytes| bytes.small("max_value_size")).transpose()?;
            config.max_value_size = bytes.filter(|bytes| *bytes > 0);
        }
        if let Some(storage) = self.storage {
            config.storage = match storage.as_str() {
                "file" => Storage::File,
                "memory" => Storage::Memory,
                other => {
                    let reason = format!("expected file or memory, got {other:?}");
                    return Err(ConfigProblem { field: "storage", reason });
                }
            };
        }
        Ok(())
    }
}

/// A whole number; JSON may write it as `5.0`, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Whole(u64);

impl Whole {
    fn small(self, field: &'static str) -> Result<u32, ConfigProblem> {
        let reason = || format!("{} is too large", self.0);
        u32::try_from(self.0).map_err(|_| ConfigProblem { field, reason: reason() })
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(from)?;
        let text = number.to_string();
        let whole = text.strip_suffix(".0").unwrap_or(&text).parse().ok();
        let whole = whole.filter(|whole| *whole <= WHOLE_MAX).map(Self);
        whole.ok_or_else(|| serde::de::Error::custom(format!("{text} is no whole number up to {WHOLE_MAX}")))
    }
}

fn set<T>(field: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *field = value;
    }
}

fn span(field: &'static str, text: Option<String>) -> Result<Option<Duration>, ConfigProblem> {
    let Some(text) = text else { return Ok(None) };
    let span = duration::parse(&text).map_err(|reason| ConfigProblem { field, reason })?;
    Ok(Some(span).filter(|span| !span.is_zero()))
}

/// Tells a field that is `null`, if its type has that, from one that is not there.
fn given<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    T::deserialize(from).map(Some)
}

/// Returns the name of a kind of storage.
#[must_use]
pub fn storage_name(storage: Storage) -> &'static str {
    match storage {
        Storage::File => "file",
        Storage::Memory => "memory",
    }
}

/// Spells the durability as `--sync` takes it.
#[must_use]
pub fn sync_name(sync: Option<Sync>) -> String {
    match sync {
        Some(Sync::Always) => "always".into(),
        Some(Sync::Every(span)) => format!("every={}", duration::human(span)),
        Some(Sync::Os) => "os".into(),
        None => "as the server decides".into(),
    }
}

/// Largest number that every reader of JSON keeps exactly.
const WHOLE_MAX: u64 = (1 << 53) - 1;
