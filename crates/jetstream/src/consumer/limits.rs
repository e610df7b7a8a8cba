//! What a stream permits its consumers, and the maxima that hold for all of them.

use crate::Retention;
use std::time::Duration;

/// What the configuration of a stream says about its consumers. `None` means no limit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamRules {
    /// Whether messages go with the acknowledgements of consumers.
    pub retention: Retention,
    /// Most consumers at a time (`max_consumers`).
    pub max_consumers: Option<usize>,
    /// Most unacknowledged messages of a consumer, and its default (`consumer_limits.max_ack_pending`).
    pub max_ack_pending: Option<i64>,
    /// Longest absence that a consumer may permit, and its default (`consumer_limits.inactive_threshold`).
    pub inactive_threshold: Option<Duration>,
}

/// Longest name in bytes.
pub(super) const NAME_BYTES_MAX: usize = 255;
/// Length of a name that the set makes up.
pub(super) const NAME_LENGTH: usize = 8;
/// Length of the token of a flow control request.
pub(super) const TOKEN_LENGTH: usize = 4;
/// Nanoseconds until a redelivery, unless the client says otherwise.
pub(super) const ACK_WAIT_DEFAULT: i64 = 30_000_000_000;
/// Unacknowledged messages, unless the client says otherwise.
pub(super) const MAX_ACK_PENDING_DEFAULT: i64 = 1_000;
/// Waiting pull requests, unless the client says otherwise.
pub(super) const MAX_WAITING_DEFAULT: i64 = 512;
/// Nanoseconds that a pin lasts, unless the client says otherwise.
pub(super) const PIN_DEFAULT: i64 = 120_000_000_000;
/// Length of a pin.
pub(super) const PIN_LENGTH: usize = 22;
/// Nanoseconds that an ephemeral consumer outlives its client, unless the client says otherwise.
pub(super) const INACTIVE_DEFAULT: i64 = 5_000_000_000;
/// Fastest heartbeat in nanoseconds.
pub(super) const HEARTBEAT_MIN: i64 = 100_000_000;
/// Shortest `max_expires` in nanoseconds.
pub(super) const MAX_EXPIRES_MIN: i64 = 1_000_000;
/// First window of flow control in bytes.
pub(super) const WINDOW_FIRST: u64 = 2 << 20;
/// Largest window of flow control in bytes.
pub(super) const WINDOW_MAX: u64 = 32 << 20;
/// Sequences that a consumer looks up ahead at a time.
pub(super) const AHEAD_MAX: usize = 256;
/// Deliveries that a consumer makes before the next one gets its turn.
pub(super) const SLICE: usize = 64;
/// New messages that are matched at a time.
pub(super) const BATCH: usize = 256;
/// So many times that number of new messages are held at most, if they cannot be handed out at once.
pub(super) const BATCHES_MAX: usize = 4;
/// Figures of so few messages are brought up to date without thinking of the cost.
pub(super) const REFRESH_FREE: u64 = 1_024;
/// Other figures are brought up to date when the work is paid for: one delivery pays for so many messages.
pub(super) const REFRESH_PER_DELIVERY: u64 = 16;
/// Or when so many nanoseconds went by for each message.
pub(super) const REFRESH_NANOS: u64 = 2_000;
/// How long a consumer steps back when the way to its client is full.
pub(super) const BUSY_RETRY: Duration = Duration::from_millis(10);
/// Counts of redeliveries that are kept for messages that are no longer pending.
pub(super) const REDELIVERED_MAX: usize = 65_536;
