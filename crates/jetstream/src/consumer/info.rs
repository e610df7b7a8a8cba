//! What is told of a consumer (PROTOCOL 2.6.3).

use super::{ConsumerConfig, ConsumerKey, GroupInfo, Interest};
use jetkv_types::{Sequence, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// A place in the deliveries of a consumer and in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Deliveries, counted from 1; 0 before the first one.
    pub consumer_seq: u64,
    /// Sequence in the stream.
    pub stream_seq: Sequence,
    /// When something happened here last.
    pub last_active: Option<Timestamp>,
}

/// The figures of a consumer at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerInfo {
    /// The handle.
    pub key: ConsumerKey,
    /// The name.
    pub name: Arc<str>,
    /// When it was created.
    pub created: Timestamp,
    /// The configuration with defaults filled in; without the words that a server adds to the metadata.
    pub config: Arc<ConsumerConfig>,
    /// The last delivery; before the first one, the sequence before the start.
    pub delivered: Position,
    /// Everything up to here is acknowledged.
    pub ack_floor: Position,
    /// Messages delivered and not acknowledged.
    pub num_ack_pending: u64,
    /// Messages that were delivered more than once.
    pub num_redelivered: u64,
    /// Pull requests that wait.
    pub num_waiting: u64,
    /// Messages that match and were not delivered yet.
    pub num_pending: u64,
    /// Whether somebody listens at the deliver subject of a push consumer; `None` for pull.
    pub push: Option<Interest>,
    /// How long it is still paused.
    pub pause_remaining: Option<Duration>,
    /// Its group of clients, if it ranks them.
    pub group: Option<GroupInfo>,
}
