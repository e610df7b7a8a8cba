//! What all responses have in common (PROTOCOL 2.1).

use super::account::AccountInfo;
use super::consumer_info::{
    ConsumerCreateResponse, ConsumerDeleteResponse, ConsumerInfoResponse, ConsumerListResponse,
    ConsumerNamesResponse, ConsumerPauseResponse, ConsumerResetResponse, ConsumerUnpinResponse,
};
use super::message::{MsgDeleteResponse, MsgGetResponse};
use super::snapshot::{RestoreResponse, SnapshotResponse};
use super::stream_info::{
    StreamCreateResponse, StreamDeleteResponse, StreamInfoResponse, StreamListResponse, StreamNamesResponse,
    StreamPurgeResponse, StreamUpdateResponse,
};
use crate::error::ApiError;
use crate::json::{self, Fault, Strictness};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What the type of every response begins with.
pub const TYPE_PREFIX: &str = "io.nats.jetstream.api.v1.";

/// A response's fields behind `type` and `error`.
pub trait Body: Serialize + DeserializeOwned {
    /// The type without [`TYPE_PREFIX`].
    const TYPE: &'static str;
    /// The fields that stay when the request has failed, as JSON with a comma before each.
    const WHEN_FAILED: &'static str = "";
}

/// Appends the response for a request that has succeeded or failed.
pub fn respond<B: Body>(out: &mut Vec<u8>, result: Result<&B, &ApiError>) {
    push_type(out, B::TYPE);
    match result {
        Ok(body) => {
            let start = out.len();
            json::write(out, body);
            // The body's members go on where the type ended; an empty one has only its closing brace to give.
            if out[start..].starts_with(b"{}") {
                out.remove(start);
            } else if let Some(brace) = out.get_mut(start) {
                *brace = b',';
            }
        }
        Err(error) => {
            push_error(out, error);
            out.extend_from_slice(B::WHEN_FAILED.as_bytes());
            out.push(b'}');
        }
    }
}

/// Appends the response for a request that has no other answer than an error, like those for clusters; `type_name` is
/// its type without [`TYPE_PREFIX`].
pub fn refuse(out: &mut Vec<u8>, type_name: &str, error: &ApiError) {
    push_type(out, type_name);
    push_error(out, error);
    out.push(b'}');
}

fn push_type(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(TYPE_PREFIX.as_bytes());
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
}

fn push_error(out: &mut Vec<u8>, error: &ApiError) {
    out.extend_from_slice(b",\"error\":");
    error.write(out);
}

/// Returns the type of a response without [`TYPE_PREFIX`]; none if it has no such type.
#[must_use]
pub fn type_of(response: &[u8]) -> Option<String> {
    let envelope: Envelope = json::decode(response, Strictness::Lenient).ok()?;
    envelope.type_name.strip_prefix(TYPE_PREFIX).map(str::to_owned)
}

/// Reads a response: what was asked for, or the error.
///
/// Fields that are not known are ignored, as servers of other versions may send more.
///
/// # Errors
/// [`Fault`] if it is no JSON, or not of this form.
pub fn decode_response<B: Body>(response: &[u8]) -> Result<Result<B, ApiError>, Fault> {
    let envelope: Envelope = json::decode(response, Strictness::Lenient)?;
    match envelope.error {
        Some(error) => Ok(Err(error)),
        None => json::decode(response, Strictness::Lenient).map(Ok),
    }
}

/// The fields of every response.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope {
    #[serde(rename = "type")]
    type_name: String,
    error: Option<ApiError>,
}

/// Declares the types of responses, and what stays of them when a request has failed.
macro_rules! bodies {
    ($($body:ident $name:literal $when_failed:literal,)*) => {
        $(impl Body for $body {
            const TYPE: &'static str = $name;
            const WHEN_FAILED: &'static str = $when_failed;
        })*
    };
}

bodies! {
    AccountInfo "account_info_response" "",
    StreamCreateResponse "stream_create_response" "",
    StreamUpdateResponse "stream_update_response" "",
    StreamInfoResponse "stream_info_response" r#","total":0,"offset":0,"limit":0"#,
    StreamNamesResponse "stream_names_response" r#","total":0,"offset":0,"limit":0,"streams":null"#,
    StreamListResponse "stream_list_response" r#","total":0,"offset":0,"limit":0,"streams":[]"#,
    StreamDeleteResponse "stream_delete_response" "",
    StreamPurgeResponse "stream_purge_response" r#","purged":0"#,
    MsgGetResponse "stream_msg_get_response" "",
    MsgDeleteResponse "stream_msg_delete_response" "",
    SnapshotResponse "stream_snapshot_response" "",
    RestoreResponse "stream_restore_response" r#","deliver_subject":"""#,
    ConsumerCreateResponse "consumer_create_response" "",
    ConsumerInfoResponse "consumer_info_response" "",
    ConsumerNamesResponse "consumer_names_response" r#","total":0,"offset":0,"limit":0,"consumers":[]"#,
    ConsumerListResponse "consumer_list_response" r#","total":0,"offset":0,"limit":0,"consumers":[]"#,
    ConsumerDeleteResponse "consumer_delete_response" "",
    ConsumerPauseResponse "consumer_pause_response" r#","paused":false,"pause_until":"0001-01-01T00:00:00Z""#,
    ConsumerUnpinResponse "consumer_unpin_response" "",
    ConsumerResetResponse "consumer_reset_response" r#","reset_seq":0"#,
}
