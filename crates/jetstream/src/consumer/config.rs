//! The configuration of a consumer, in the reference's words (PROTOCOL 2.6.2).

use crate::Content;
use jetkv_types::{Sequence, ZonedTimestamp};
use std::collections::BTreeMap;

/// How long a consumer lives that says nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lifetime {
    /// Until it is deleted.
    Durable,
    /// Until its clients have been away for a while.
    Ephemeral,
}

/// What a client asks for when it creates a consumer; also what it is told afterwards, with defaults filled in.
///
/// Numbers that clients may send negative are signed, spans of time are nanoseconds; [`super::ConsumerSet::create`] checks
/// and normalises. An empty text means absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerConfig {
    /// Makes the consumer durable; equal to `name`.
    pub durable_name: String,
    /// Name of the consumer; the set makes one up if it is empty.
    pub name: String,
    /// Free text, at most 4,096 bytes.
    pub description: String,
    /// Where it begins.
    pub deliver_policy: DeliverPolicy,
    /// The first sequence, for [`DeliverPolicy::ByStartSequence`]; 0 means absent.
    pub opt_start_seq: Sequence,
    /// The first time, for [`DeliverPolicy::ByStartTime`]; the zero time is a time here.
    pub opt_start_time: Option<ZonedTimestamp>,
    /// Which messages are to be acknowledged.
    pub ack_policy: AckPolicy,
    /// Nanoseconds until a message is delivered again; 0 means 30 s where acks are on.
    pub ack_wait: i64,
    /// How often a message is delivered at most; 0 and less mean -1, no limit.
    pub max_deliver: i64,
    /// Nanoseconds until each redelivery, in the place of `ack_wait`; the last one counts for all that follow.
    pub backoff: Vec<i64>,
    /// Only messages of these subjects.
    pub filter_subject: String,
    /// Only messages of these subjects; they must not overlap.
    pub filter_subjects: Vec<String>,
    /// At which pace messages are delivered.
    pub replay_policy: ReplayPolicy,
    /// Bits per second; 0 means no limit. Push only.
    pub rate_limit_bps: u64,
    /// Share of acks that are reported, in percent, like `50` or `50%`.
    pub sample_freq: String,
    /// Pull requests that may wait; 512 unless given. Pull only.
    pub max_waiting: i64,
    /// Unacknowledged messages at which delivery stops: 1,000 where acks are on, -1 for no limit.
    pub max_ack_pending: i64,
    /// Whether the client answers requests that limit the bytes on their way. Push only.
    pub flow_control: bool,
    /// How much of each message is delivered (`headers_only`).
    pub content: Content,
    /// Most messages that one pull request may ask for; 0 means no limit.
    pub max_batch: i64,
    /// Most bytes that one pull request may ask for; 0 means no limit.
    pub max_bytes: i64,
    /// Longest life of a pull request in nanoseconds; 0 means no limit.
    pub max_expires: i64,
    /// Where deliveries go; such a consumer is a push consumer, any other one is pulled from.
    pub deliver_subject: String,
    /// Queue group of those who receive; the consumer itself gives it no meaning.
    pub deliver_group: String,
    /// Nanoseconds of silence after which a heartbeat is sent; 0 means never. Push only.
    pub idle_heartbeat: i64,
    /// Nanoseconds without interest after which the consumer is deleted: 5 s unless it is durable, 0 means never.
    pub inactive_threshold: i64,
    /// How many servers keep its state; 0 means as many as keep the stream.
    pub num_replicas: i64,
    /// Whether its state is kept in memory.
    pub mem_storage: bool,
    /// Free words.
    pub metadata: BTreeMap<String, String>,
    /// Nothing is delivered before this time.
    pub pause_until: Option<ZonedTimestamp>,
    /// Names of groups among which pull requests are ranked.
    pub priority_groups: Vec<String>,
    /// How they are ranked.
    pub priority_policy: PriorityPolicy,
    /// Nanoseconds after which a pinned client loses its place.
    pub priority_timeout: i64,
}

impl Default for ConsumerConfig {
    /// Everything absent, as in an empty request.
    fn default() -> Self {
        Self {
            durable_name: String::new(),
            name: String::new(),
            description: String::new(),
            deliver_policy: DeliverPolicy::All,
            opt_start_seq: 0,
            opt_start_time: None,
            ack_policy: AckPolicy::None,
            ack_wait: 0,
            max_deliver: 0,
            backoff: Vec::new(),
            filter_subject: String::new(),
            filter_subjects: Vec::new(),
            replay_policy: ReplayPolicy::Instant,
            rate_limit_bps: 0,
            sample_freq: String::new(),
            max_waiting: 0,
            max_ack_pending: 0,
            flow_control: false,
            content: Content::Full,
            max_batch: 0,
            max_bytes: 0,
            max_expires: 0,
            deliver_subject: String::new(),
            deliver_group: String::new(),
            idle_heartbeat: 0,
            inactive_threshold: 0,
            num_replicas: 0,
            mem_storage: false,
            metadata: BTreeMap::new(),
            pause_until: None,
            priority_groups: Vec::new(),
            priority_policy: PriorityPolicy::None,
            priority_timeout: 0,
        }
    }
}

impl ConsumerConfig {
    /// Says whether deliveries go to a subject of the consumer, not to pull requests.
    #[must_use]
    pub fn is_push(&self) -> bool {
        !self.deliver_subject.is_empty()
    }

    /// Says whether the consumer outlives its clients and the server.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        !self.durable_name.is_empty()
    }

    /// Returns how long the consumer lives by default.
    pub(super) fn lifetime(&self) -> Lifetime {
        if self.is_durable() { Lifetime::Durable } else { Lifetime::Ephemeral }
    }

    /// Returns the filters as one list; none means everything.
    #[must_use]
    pub fn filters(&self) -> &[String] {
        if self.filter_subject.is_empty() {
            &self.filter_subjects
        } else {
            std::slice::from_ref(&self.filter_subject)
        }
    }
}

/// Where a consumer begins (PROTOCOL 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliverPolicy {
    /// With the first message that matches.
    All,
    /// With the last one that matches.
    Last,
    /// With what comes after its creation.
    New,
    /// At a sequence, which may lie in the future.
    ByStartSequence,
    /// At a time, which may lie in the future.
    ByStartTime,
    /// With the last message of each subject that matches, then what comes.
    LastPerSubject,
}

/// Which deliveries a client acknowledges (PROTOCOL 5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AckPolicy {
    /// None: delivered is done.
    None,
    /// Each of them.
    Explicit,
    /// Any, for itself and all before it.
    All,
    /// By answers to flow control; refused in this version.
    FlowControl,
}

/// At which pace messages are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReplayPolicy {
    /// As fast as possible.
    Instant,
    /// With the gaps between the times at which they were stored, until the present is reached.
    Original,
}

/// How pull requests are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PriorityPolicy {
    /// Not at all.
    None,
    /// Some get messages only if there are enough of them.
    Overflow,
    /// One client gets all.
    PinnedClient,
    /// By a number in the request.
    Prioritized,
}
