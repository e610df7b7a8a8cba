//! The JSON of the JetStream API (PROTOCOL chapter 2): requests, responses and what they are made of.
//!
//! Field orders and omissions are the reference's, so that a response is the same bytes. Durations are nanoseconds in
//! an `i64`, zero for none; times are [`Timestamp`](jetkv_types::Timestamp)s, [`ZERO`](jetkv_types::Timestamp::ZERO)
//! for none, and always written in UTC. [`decode()`] reads a request, [`respond`] writes a response.
//!
//! A struct holds what is on the wire and judges nothing: numbers may be negative, names may be malformed.

mod account;
mod base64_bytes;
mod consumer_config;
mod consumer_info;
mod consumer_request;
mod decode;
mod message;
mod page;
mod policy;
mod pull;
mod response;
mod snapshot;
mod stream_config;
mod stream_info;
mod stream_request;
mod stream_source;
mod stream_state;
pub(crate) mod time;

pub use account::{AccountApi, AccountInfo, AccountLimits, AccountTier, AccountUsage};
pub use consumer_config::ConsumerConfig;
pub use consumer_info::{
    ConsumerCreateResponse, ConsumerDeleteResponse, ConsumerInfo, ConsumerInfoResponse, ConsumerListResponse,
    ConsumerNamesResponse, ConsumerPauseResponse, ConsumerResetResponse, ConsumerUnpinResponse,
    PriorityGroupState, SequenceInfo,
};
pub use consumer_request::{
    ConsumerCreateRequest, ConsumerPauseRequest, ConsumerResetRequest, ConsumerUnpinRequest, ConsumersRequest,
};
pub use decode::{decode, is_absent, is_empty, is_empty_or_absent};
pub use message::{MsgDeleteRequest, MsgDeleteResponse, MsgGetRequest, MsgGetResponse, StoredMessage};
pub use page::Page;
pub use policy::{
    AckPolicy, Compression, ConsumerAction, DeliverPolicy, Discard, PersistMode, PriorityPolicy,
    ReplayPolicy, Retention, Storage,
};
pub use pull::{PullFault, PullRequest};
pub use response::{Body, TYPE_PREFIX, decode_response, refuse, respond, type_of};
pub use snapshot::{
    ArchivedConsumer, ConsumerState, PendingDelivery, RestoreRequest, RestoreResponse, SnapshotRequest,
    SnapshotResponse,
};
pub use stream_config::{ConsumerLimits, Placement, Republish, StreamConfig, SubjectTransform};
pub use stream_info::{
    ClusterInfo, StreamAlternate, StreamCreateResponse, StreamDeleteResponse, StreamInfo, StreamInfoResponse,
    StreamListResponse, StreamNamesResponse, StreamPurgeResponse, StreamUpdateResponse,
};
pub use stream_request::{StreamInfoRequest, StreamListRequest, StreamNamesRequest, StreamPurgeRequest};
pub use stream_source::{ExternalStream, SourceConsumer, StreamSource, StreamSourceInfo};
pub use stream_state::{LostData, StreamState};

/// Says whether a field has the value that the reference leaves out.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests;
