//! Responses about streams (PROTOCOL 2.4).

use super::page::Page;
use super::stream_config::StreamConfig;
use super::stream_source::StreamSourceInfo;
use super::stream_state::StreamState;
use super::{is_default, time};
use jetkv_types::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All that is told of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "StreamInfo")]
pub struct StreamInfo {
    /// Its configuration.
    pub config: StreamConfig,
    /// When it was made.
    #[serde(with = "time")]
    pub created: Timestamp,
    /// What is in it.
    pub state: StreamState,
    /// The JetStream domain; not in answers to create.
    #[serde(skip_serializing_if = "is_default")]
    pub domain: String,
    /// Where it is; only in answers to info.
    #[serde(skip_serializing_if = "is_default")]
    pub cluster: Option<ClusterInfo>,
    /// How far the copying is, if it is a mirror.
    #[serde(skip_serializing_if = "is_default")]
    pub mirror: Option<StreamSourceInfo>,
    /// How far the copying is, for each source.
    #[serde(skip_serializing_if = "is_default")]
    pub sources: Vec<StreamSourceInfo>,
    /// The stream and its mirrors, if it has some; only in answers to info.
    #[serde(skip_serializing_if = "is_default")]
    pub alternates: Vec<StreamAlternate>,
    /// When this was told.
    #[serde(with = "time")]
    pub ts: Timestamp,
}

/// Where a stream is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "ClusterInfo")]
pub struct ClusterInfo {
    /// The cluster's name.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// The server that leads; a single server's own name.
    #[serde(skip_serializing_if = "is_default")]
    pub leader: String,
}

/// A stream with the same messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename = "StreamAlternate")]
pub struct StreamAlternate {
    /// Its name.
    pub name: String,
    /// The domain that it is in.
    #[serde(skip_serializing_if = "is_default")]
    pub domain: String,
    /// The cluster that it is in.
    pub cluster: String,
}

/// The answer to `STREAM.CREATE`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamCreateResponse {
    /// The stream.
    #[serde(flatten)]
    pub info: StreamInfo,
    /// True, also if there was an equal stream before.
    #[serde(skip_serializing_if = "is_default")]
    pub did_create: bool,
}

/// The answer to `STREAM.UPDATE`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamUpdateResponse {
    /// The stream as it is now.
    pub info: StreamInfo,
}

/// The answer to `STREAM.INFO`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamInfoResponse {
    /// Which subjects are told, if they were asked for; else zeros.
    #[serde(flatten)]
    pub page: Page,
    /// The stream.
    #[serde(flatten)]
    pub info: StreamInfo,
}

/// The answer to `STREAM.NAMES`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamNamesResponse {
    /// Which of them are told.
    #[serde(flatten)]
    pub page: Page,
    /// Their names in order. None goes as `null`, not as an empty list.
    #[serde(serialize_with = "null_if_empty", deserialize_with = "empty_if_null")]
    pub streams: Vec<String>,
}

/// The answer to `STREAM.LIST`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamListResponse {
    /// Which of them are told.
    #[serde(flatten)]
    pub page: Page,
    /// They, in the order of their names.
    pub streams: Vec<StreamInfo>,
    /// Streams that exist and cannot be used, each with the reason.
    #[serde(skip_serializing_if = "is_default")]
    pub offline: BTreeMap<String, String>,
}

/// The answer to `STREAM.DELETE`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamDeleteResponse {
    /// True.
    #[serde(skip_serializing_if = "is_default")]
    pub success: bool,
}

/// The answer to `STREAM.PURGE`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamPurgeResponse {
    /// True.
    #[serde(skip_serializing_if = "is_default")]
    pub success: bool,
    /// How many messages are gone.
    pub purged: u64,
}

fn null_if_empty<S: serde::Serializer>(names: &Vec<String>, to: S) -> Result<S::Ok, S::Error> {
    if names.is_empty() { to.serialize_none() } else { names.serialize(to) }
}

fn empty_if_null<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}
