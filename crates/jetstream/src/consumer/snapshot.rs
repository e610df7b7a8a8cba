//! A consumer as plain data, so that a durable one survives a restart.

use super::{ConsumerConfig, Position};
use jetkv_types::{Sequence, Timestamp};

/// Everything that a consumer knows beside its clients; made by [`super::ConsumerSet::snapshot`] and taken back by
/// [`super::ConsumerSet::restore`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerSnapshot {
    /// The name.
    pub name: String,
    /// When it was created.
    pub created: Timestamp,
    /// The configuration with defaults filled in.
    pub config: ConsumerConfig,
    /// Whether it survives a restart, which a durable one does.
    pub is_kept: bool,
    /// The last delivery.
    pub delivered: Position,
    /// Everything up to here is acknowledged.
    pub ack_floor: Position,
    /// What was delivered and not acknowledged, in the order of the stream.
    pub pending: Vec<PendingAck>,
    /// What was delivered as often as allowed and never acknowledged, where a stream keeps it for that.
    pub given_up: Vec<Sequence>,
    /// The filters hold for what comes behind this sequence; what matches before it may never have been delivered.
    pub filtered_since: Sequence,
}

/// A delivery that was not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingAck {
    /// The message.
    pub stream_seq: Sequence,
    /// The number of its first delivery.
    pub consumer_seq: u64,
    /// When it was delivered last.
    pub delivered: Timestamp,
    /// How often it was delivered again.
    pub redeliveries: u64,
}
