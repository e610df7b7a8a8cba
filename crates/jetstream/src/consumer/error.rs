//! Why a request about consumers is refused: each variant is one error of the reference, its text the reference's.

use super::DeliverPolicy;
use jetkv_engine::EngineError;
use std::fmt;

/// A refusal, with the reference's text; [`Self::err_code`] and [`Self::status_code`] are its numbers (PROTOCOL 9.1).
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConsumerError {
    /// The stream in the subject is not the one in the request.
    #[error("stream name in subject does not match request")]
    StreamMismatch,
    /// Durable creation without a durable name.
    #[error("consumer expected to be durable but a durable name was not set")]
    DurableNameNotSet,
    /// The name in the subject is not the durable name.
    #[error("consumer name in subject does not match durable name in request")]
    DurableNameMismatch,
    /// Creation of an ephemeral consumer with a durable name.
    #[error("consumer expected to be ephemeral but a durable name was set in request")]
    EphemeralWithDurableName,
    /// `durable_name` and `name` differ.
    #[error("Consumer Durable and Name have to be equal if both are provided")]
    DurableAndNameDiffer,
    /// A name with `/` or `\`.
    #[error("Consumer name can not contain path separators")]
    NameWithPathSeparator,
    /// A name with a character that subjects give a meaning.
    #[error(r"consumer name can not contain '.', '*', '>', '\', '/'")]
    NameInvalid,
    /// More than 255 bytes. The reference fails only when it makes the files.
    #[error("error creating store for consumer")]
    NameTooLong,
    /// One filter in the subject, several in the request.
    #[error("consumer with multiple subject filters cannot use subject based API")]
    FilterInSubjectAndFilters,
    /// The filter in the subject is not the one in the request.
    #[error("Consumer create request did not match filtered subject from create subject")]
    FilterMismatch,
    /// More than one replica on one server.
    #[error("replicas > 1 not supported in non-clustered mode")]
    Replicas,
    /// Fewer than none.
    #[error("replicas count cannot be negative")]
    ReplicasNegative,
    /// A backoff below zero.
    #[error("consumer backoff needs to be positive")]
    BackoffNegative,
    /// Fewer deliveries than backoff steps.
    #[error("max deliver is required to be > length of backoff values")]
    BackoffTooLong,
    /// An ack wait below zero.
    #[error("consumer ack wait needs to be positive")]
    AckWaitNegative,
    /// The description is longer than so many bytes.
    #[error("consumer description is too long, maximum allowed is {max}")]
    DescriptionTooLong {
        /// The limit.
        max: usize,
    },
    /// A wildcard in the deliver subject.
    #[error("consumer deliver subject has wildcards")]
    DeliverSubjectWildcard,
    /// The deliver subject is no subject.
    #[error("invalid push consumer deliver subject")]
    DeliverSubjectInvalid,
    /// The stream would store what it delivers.
    #[error("consumer deliver subject forms a cycle")]
    DeliverSubjectCycle,
    /// `max_waiting` for push.
    #[error("consumer in push mode can not set max waiting")]
    PushMaxWaiting,
    /// `max_ack_pending` without acks, for push.
    #[error("consumer requires ack policy for max ack pending")]
    MaxAckPendingWithoutAcks,
    /// A heartbeat that is too fast.
    #[error("consumer idle heartbeat needs to be >= 100ms")]
    HeartbeatTooShort,
    /// A rate limit for pull.
    #[error("consumer in pull mode can not have rate limit set")]
    PullRateLimit,
    /// A heartbeat for pull.
    #[error("consumer idle heartbeat requires a push based consumer")]
    PullHeartbeat,
    /// Flow control for pull.
    #[error("consumer flow control requires a push based consumer")]
    PullFlowControl,
    /// `max_expires` below 1 ms.
    #[error("consumer max request expires needs to be >= 1ms")]
    MaxExpiresTooShort,
    /// More unacknowledged messages than the stream permits.
    #[error("consumer max ack pending exceeds system limit of {limit}")]
    MaxAckPendingTooHigh {
        /// The limit.
        limit: i64,
    },
    /// A longer absence than the stream permits.
    #[error("consumer inactive threshold exceeds system limit of {limit}")]
    InactiveThresholdTooLong {
        /// The limit, as the reference writes durations.
        limit: String,
    },
    /// One filter and several.
    #[error("consumer cannot have both FilterSubject and FilterSubjects specified")]
    FilterAndFilters,
    /// Filters that have a subject in common.
    #[error("consumer subject filters cannot overlap")]
    FiltersOverlap,
    /// An empty text among the filters.
    #[error("consumer filter in FilterSubjects cannot be empty")]
    FilterEmpty,
    /// A filter that is none.
    #[error("invalid subject")]
    FilterInvalid,
    /// A start position that does not go with the policy.
    #[error(
        "consumer delivery policy is deliver {}, but optional {}{option} is also set",
        policy_text(policy),
        also_set(policy, option)
    )]
    StartAlsoSet {
        /// The policy.
        policy: DeliverPolicy,
        /// What is too much.
        option: StartOption,
    },
    /// A policy without what it needs.
    #[error("consumer delivery policy is deliver {}, but optional {option} is not set", policy_text(policy))]
    StartNotSet {
        /// The policy.
        policy: DeliverPolicy,
        /// What is missing.
        option: StartOption,
    },
    /// The sampling frequency is no number, or below zero.
    #[error("failed to parse consumer sampling configuration: {reason}")]
    SampleFrequency {
        /// The reason, in the reference's words.
        reason: String,
    },
    /// Flow control without heartbeats.
    #[error("consumer with flow control also needs heartbeats")]
    FlowControlWithoutHeartbeat,
    /// Too much metadata.
    #[error("consumer metadata exceeds maximum size of 128KB")]
    MetadataTooLarge,
    /// Priority groups for push.
    #[error("priority groups can not be used with push consumers")]
    PushPriorityGroups,
    /// A policy without a group.
    #[error("Setting PriorityPolicy requires at least one PriorityGroup to be set")]
    PriorityPolicyWithoutGroup,
    /// A group without a policy.
    #[error("consumer can not have priority groups when policy is none")]
    PriorityGroupWithoutPolicy,
    /// A time for pinning without a policy.
    #[error("PinnedTTL cannot be set when PriorityPolicy is none")]
    PriorityTimeoutWithoutPolicy,
    /// A group without a name.
    #[error("Group name cannot be an empty string")]
    PriorityGroupEmpty,
    /// A group with a name that is not allowed.
    #[error("Valid priority group name must match A-Z, a-z, 0-9, -_/=)+ and may not exceed 16 characters")]
    PriorityGroupInvalid,
    /// A group that the consumer does not have.
    #[error("Provided priority group does not exist for this consumer")]
    PriorityGroupUnknown,
    /// Acks by flow control for pull.
    #[error("flow control ack policy requires a push based consumer")]
    FlowControlAckPull,
    /// No acks, for pull from a work queue.
    #[error("consumer in pull mode requires explicit ack policy on workqueue stream")]
    PullWithoutAcks,
    /// Other than explicit acks, on a work queue.
    #[error("workqueue stream requires explicit ack")]
    WorkQueueAcks,
    /// A consumer of everything beside another one, on a work queue.
    #[error("multiple non-filtered consumers not allowed on workqueue stream")]
    WorkQueueUnfiltered,
    /// A filter that overlaps with that of another consumer, on a work queue.
    #[error("filtered consumer not unique on workqueue stream")]
    WorkQueueOverlap,
    /// A start other than the beginning, on a work queue.
    #[error("consumer must be deliver all on workqueue stream")]
    WorkQueueStart,
    /// Something of the reference that this version does not have.
    #[error("{option} is not supported")]
    Unsupported {
        /// The reference's name of it.
        option: &'static str,
    },
    /// A value that would have to be adjusted, in a request that asks for none of that.
    #[error("pedantic mode: {reason}")]
    Pedantic {
        /// What is to be changed, in the reference's words.
        reason: &'static str,
    },
    /// As many consumers as the stream permits.
    #[error("maximum consumers limit reached")]
    TooManyConsumers,
    /// Creation of a consumer that is there, with another configuration.
    #[error("consumer already exists")]
    Exists,
    /// Update of a consumer that is not there.
    #[error("consumer does not exist")]
    DoesNotExist,
    /// A consumer that is not there.
    #[error("consumer not found")]
    NotFound,
    /// A new deliver subject while somebody listens at the old one.
    #[error("consumer name already in use")]
    NameInUse,
    /// A change that is not allowed.
    #[error("{reason}")]
    Update {
        /// What cannot be changed, in the reference's words.
        reason: &'static str,
    },
    /// A reset that the start policy does not permit.
    #[error("invalid reset: {reason}")]
    Reset {
        /// Why, in the reference's words.
        reason: &'static str,
    },
    /// The stream cannot answer.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl ConsumerError {
    /// Returns the reference's error number.
    #[must_use]
    pub fn err_code(&self) -> u16 {
        match self {
            Self::StreamMismatch => 10056,
            Self::DurableNameNotSet => 10018,
            Self::DurableNameMismatch => 10017,
            Self::EphemeralWithDurableName => 10020,
            Self::DurableAndNameDiffer => 10132,
            Self::NameWithPathSeparator => 10127,
            Self::NameInvalid | Self::FilterInvalid => 10052,
            Self::NameTooLong | Self::Update { .. } | Self::Unsupported { .. } | Self::Engine(_) => 10012,
            Self::FilterInSubjectAndFilters => 10137,
            Self::FilterMismatch => 10131,
            Self::Replicas => 10074,
            Self::ReplicasNegative => 10133,
            Self::BackoffNegative => 10184,
            Self::BackoffTooLong => 10116,
            Self::AckWaitNegative => 10183,
            Self::DescriptionTooLong { .. } => 10107,
            Self::DeliverSubjectWildcard => 10079,
            Self::DeliverSubjectInvalid => 10112,
            Self::DeliverSubjectCycle => 10081,
            Self::PushMaxWaiting => 10080,
            Self::MaxAckPendingWithoutAcks => 10082,
            Self::HeartbeatTooShort => 10083,
            Self::PullRateLimit => 10086,
            Self::PullHeartbeat => 10088,
            Self::PullFlowControl => 10089,
            Self::MaxExpiresTooShort => 10115,
            Self::MaxAckPendingTooHigh { .. } => 10121,
            Self::InactiveThresholdTooLong { .. } => 10153,
            Self::FilterAndFilters => 10136,
            Self::FiltersOverlap => 10138,
            Self::FilterEmpty => 10139,
            Self::StartAlsoSet { .. } | Self::StartNotSet { .. } => 10094,
            Self::SampleFrequency { .. } => 10095,
            Self::FlowControlWithoutHeartbeat => 10108,
            Self::MetadataTooLarge => 10135,
            Self::PushPriorityGroups => 10178,
            Self::PriorityPolicyWithoutGroup => 10159,
            Self::PriorityGroupWithoutPolicy => 10196,
            Self::PriorityTimeoutWithoutPolicy => 10197,
            Self::PriorityGroupEmpty => 10161,
            Self::PriorityGroupInvalid => 10162,
            Self::PriorityGroupUnknown => 10160,
            Self::FlowControlAckPull => 10218,
            Self::PullWithoutAcks => 10084,
            Self::WorkQueueAcks => 10098,
            Self::WorkQueueUnfiltered => 10099,
            Self::WorkQueueOverlap => 10100,
            Self::WorkQueueStart => 10101,
            Self::Pedantic { .. } => 10157,
            Self::TooManyConsumers => 10026,
            Self::Exists => 10148,
            Self::DoesNotExist => 10149,
            Self::NotFound => 10014,
            Self::NameInUse => 10013,
            Self::Reset { .. } => 10204,
        }
    }

    /// Returns the reference's status code: 400, 404 or 500.
    #[must_use]
    pub fn status_code(&self) -> u16 {
        match self.err_code() {
            10014 => 404,
            10012 | 10052 | 10074 => 500,
            _ => 400,
        }
    }
}

/// What a start policy does not go with, or does not go without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StartOption {
    /// `opt_start_seq`.
    Sequence,
    /// `opt_start_time`.
    Time,
    /// A filter.
    Filter,
}

impl fmt::Display for StartOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sequence => "start sequence",
            Self::Time => "start time",
            Self::Filter => "filter subject",
        })
    }
}

/// Returns the policy as the reference writes it in texts.
fn policy_text(policy: &DeliverPolicy) -> &'static str {
    match policy {
        DeliverPolicy::All => "all",
        DeliverPolicy::Last => "last",
        DeliverPolicy::New => "new",
        DeliverPolicy::ByStartSequence => "by start sequence",
        DeliverPolicy::ByStartTime => "by start time",
        DeliverPolicy::LastPerSubject => "last per subject",
    }
}

/// The reference writes "start start sequence" for one of the policies.
fn also_set(policy: &DeliverPolicy, option: &StartOption) -> &'static str {
    match (policy, option) {
        (DeliverPolicy::ByStartTime, StartOption::Sequence) => "start ",
        _ => "",
    }
}

#[cfg(test)]
mod tests;
