//! Between the JSON of the API and what consumers understand.

use crate::version::{API_LEVEL, VERSION};
use jetkv_jetstream::Content;
use jetkv_jetstream::consumer::{
    AckPolicy, ConsumerConfig, ConsumerInfo, CreateAction, DeliverPolicy, GroupInfo, Interest, Position,
    PriorityPolicy, ReplayPolicy,
};
use jetkv_types::Timestamp;
use jetkv_wire::api;

/// Reads what a client asks for; the words that the server adds to the metadata are left out.
pub(crate) fn request_config(config: api::ConsumerConfig) -> ConsumerConfig {
    let level = required_level(&config);
    let mut config = read_config(config);
    config.metadata.retain(|word, _| !word.starts_with("_nats."));
    if level > 0 {
        config.metadata.insert(REQUIRED_LEVEL.into(), level.to_string());
    }
    config
}

/// Returns which generation of servers a request needs, pauses aside: they come and go.
fn required_level(config: &api::ConsumerConfig) -> u64 {
    let ranked = config.priority_policy != api::PriorityPolicy::None
        || config.priority_timeout != 0
        || !config.priority_groups.is_empty();
    u64::from(ranked)
}

/// The word under which the generation is told.
const REQUIRED_LEVEL: &str = "_nats.req.level";

pub(super) fn read_config(config: api::ConsumerConfig) -> ConsumerConfig {
    ConsumerConfig {
        durable_name: config.durable_name,
        name: config.name,
        description: config.description,
        deliver_policy: match config.deliver_policy {
            api::DeliverPolicy::All => DeliverPolicy::All,
            api::DeliverPolicy::Last => DeliverPolicy::Last,
            api::DeliverPolicy::New => DeliverPolicy::New,
            api::DeliverPolicy::ByStartSequence => DeliverPolicy::ByStartSequence,
            api::DeliverPolicy::ByStartTime => DeliverPolicy::ByStartTime,
            api::DeliverPolicy::LastPerSubject => DeliverPolicy::LastPerSubject,
        },
        opt_start_seq: config.opt_start_seq,
        opt_start_time: config.opt_start_time,
        ack_policy: match config.ack_policy {
            api::AckPolicy::None => AckPolicy::None,
            api::AckPolicy::All => AckPolicy::All,
            api::AckPolicy::Explicit => AckPolicy::Explicit,
            api::AckPolicy::FlowControl => AckPolicy::FlowControl,
        },
        ack_wait: config.ack_wait,
        max_deliver: config.max_deliver,
        backoff: config.backoff,
        filter_subject: config.filter_subject,
        filter_subjects: config.filter_subjects,
        replay_policy: match config.replay_policy {
            api::ReplayPolicy::Instant => ReplayPolicy::Instant,
            api::ReplayPolicy::Original => ReplayPolicy::Original,
        },
        rate_limit_bps: config.rate_limit_bps,
        sample_freq: config.sample_freq,
        max_waiting: config.max_waiting,
        max_ack_pending: config.max_ack_pending,
        flow_control: config.flow_control,
        content: if config.headers_only { Content::HeadersOnly } else { Content::Full },
        max_batch: config.max_batch,
        max_bytes: config.max_bytes,
        max_expires: config.max_expires,
        deliver_subject: config.deliver_subject,
        deliver_group: config.deliver_group,
        idle_heartbeat: config.idle_heartbeat,
        inactive_threshold: config.inactive_threshold,
        num_replicas: config.num_replicas,
        mem_storage: config.mem_storage,
        metadata: config.metadata,
        pause_until: config.pause_until.filter(|until| until.time != Timestamp::ZERO),
        priority_groups: config.priority_groups,
        priority_policy: match config.priority_policy {
            api::PriorityPolicy::None => PriorityPolicy::None,
            api::PriorityPolicy::Overflow => PriorityPolicy::Overflow,
            api::PriorityPolicy::PinnedClient => PriorityPolicy::PinnedClient,
            api::PriorityPolicy::Prioritized => PriorityPolicy::Prioritized,
        },
        priority_timeout: config.priority_timeout,
    }
}

/// Shows a configuration as it is stored.
pub(crate) fn config_of(config: &ConsumerConfig) -> api::ConsumerConfig {
    let config = config.clone();
    api::ConsumerConfig {
        durable_name: config.durable_name,
        name: config.name,
        description: config.description,
        deliver_policy: match config.deliver_policy {
            DeliverPolicy::All => api::DeliverPolicy::All,
            DeliverPolicy::Last => api::DeliverPolicy::Last,
            DeliverPolicy::New => api::DeliverPolicy::New,
            DeliverPolicy::ByStartSequence => api::DeliverPolicy::ByStartSequence,
            DeliverPolicy::ByStartTime => api::DeliverPolicy::ByStartTime,
            DeliverPolicy::LastPerSubject => api::DeliverPolicy::LastPerSubject,
        },
        opt_start_seq: config.opt_start_seq,
        opt_start_time: config.opt_start_time,
        ack_policy: match config.ack_policy {
            AckPolicy::None => api::AckPolicy::None,
            AckPolicy::All => api::AckPolicy::All,
            AckPolicy::Explicit => api::AckPolicy::Explicit,
            AckPolicy::FlowControl => api::AckPolicy::FlowControl,
        },
        ack_wait: config.ack_wait,
        max_deliver: config.max_deliver,
        backoff: config.backoff,
        filter_subject: config.filter_subject,
        filter_subjects: config.filter_subjects,
        replay_policy: match config.replay_policy {
            ReplayPolicy::Instant => api::ReplayPolicy::Instant,
            ReplayPolicy::Original => api::ReplayPolicy::Original,
        },
        rate_limit_bps: config.rate_limit_bps,
        sample_freq: config.sample_freq,
        max_waiting: config.max_waiting,
        max_ack_pending: config.max_ack_pending,
        flow_control: config.flow_control,
        headers_only: config.content == Content::HeadersOnly,
        max_batch: config.max_batch,
        max_expires: config.max_expires,
        max_bytes: config.max_bytes,
        deliver_subject: config.deliver_subject,
        deliver_group: config.deliver_group,
        idle_heartbeat: config.idle_heartbeat,
        inactive_threshold: config.inactive_threshold,
        num_replicas: config.num_replicas,
        mem_storage: config.mem_storage,
        metadata: config.metadata,
        pause_until: config.pause_until,
        priority_groups: config.priority_groups,
        priority_policy: match config.priority_policy {
            PriorityPolicy::None => api::PriorityPolicy::None,
            PriorityPolicy::Overflow => api::PriorityPolicy::Overflow,
            PriorityPolicy::PinnedClient => api::PriorityPolicy::PinnedClient,
            PriorityPolicy::Prioritized => api::PriorityPolicy::Prioritized,
        },
        priority_timeout: config.priority_timeout,
        ..api::ConsumerConfig::default()
    }
}

/// What a create request may do.
pub(crate) fn action_of(action: api::ConsumerAction) -> CreateAction {
    match action {
        api::ConsumerAction::CreateOrUpdate => CreateAction::CreateOrUpdate,
        api::ConsumerAction::Create => CreateAction::Create,
        api::ConsumerAction::Update => CreateAction::Update,
    }
}

/// Shows a consumer.
pub(crate) fn info_of(
    info: &ConsumerInfo,
    stream: &str,
    now: Timestamp,
    details: Details,
) -> api::ConsumerInfo {
    let mut config = config_of(&info.config);
    let pauses = u8::from(info.config.pause_until.is_some());
    config.metadata.entry(REQUIRED_LEVEL.into()).or_insert_with(|| pauses.to_string());
    if details != Details::Listed {
        config.metadata.insert("_nats.level".into(), API_LEVEL.to_string());
        config.metadata.insert("_nats.ver".into(), VERSION.into());
    }
    let nanos = |span: std::time::Duration| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
    api::ConsumerInfo {
        stream_name: stream.into(),
        name: info.name.to_string(),
        created: info.created,
        config,
        delivered: position(&info.delivered),
        ack_floor: position(&info.ack_floor),
        num_ack_pending: info.num_ack_pending,
        num_redelivered: info.num_redelivered,
        num_waiting: info.num_waiting,
        num_pending: info.num_pending,
        push_bound: info.push == Some(Interest::Present),
        paused: info.pause_remaining.is_some(),
        pause_remaining: info.pause_remaining.map_or(0, nanos),
        priority_groups: info.group.iter().map(show_group).collect(),
        ts: now,
        ..api::ConsumerInfo::default()
    }
}

fn show_group(group: &GroupInfo) -> api::PriorityGroupState {
    let (id, since) = group.pinned.clone().unwrap_or_else(|| ("".into(), Timestamp::ZERO));
    api::PriorityGroupState { group: group.group.clone(), pinned_client_id: id.to_string(), pinned_ts: since }
}

/// How much is told of a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Details {
    Full,
    /// Without what the server says about itself.
    Listed,
}

fn position(position: &Position) -> api::SequenceInfo {
    api::SequenceInfo {
        consumer_seq: position.consumer_seq,
        stream_seq: position.stream_seq,
        last_active: position.last_active,
    }
}
