//! `INFO`: what the account uses, and what it may use (PROTOCOL 2.3).

use crate::convert::to_u64;
use crate::js::state::JetStream;
use crate::version::API_LEVEL;
use jetkv_wire::api;
use jetkv_wire::error::ApiError;

/// Tells about the account.
pub(super) fn info(jetstream: &JetStream) -> Result<api::AccountInfo, ApiError> {
    let limit = |most: Option<u64>| most.and_then(|most| i64::try_from(most).ok()).unwrap_or(-1);
    let (memory, reserved_memory) = jetstream.usage(true);
    let (storage, reserved_storage) = jetstream.usage(false);
    let streams = jetstream.matching(None);
    let (total, errors) = jetstream.counts();
    let settings = &jetstream.settings;
    Ok(api::AccountInfo {
        usage: api::AccountUsage {
            memory,
            storage,
            reserved_memory,
            reserved_storage,
            streams: to_u64(streams.len()),
            consumers: streams.iter().map(|handle| to_u64(handle.consumer_count())).sum(),
        },
        limits: api::AccountLimits {
            max_memory: limit(settings.own_limits.0),
            max_storage: limit(settings.own_limits.1),
            max_streams: limit(settings.streams_max),
            max_bytes_required: settings.max_bytes_required,
            ..api::AccountLimits::default()
        },
        domain: settings.domain.as_deref().unwrap_or_default().into(),
        api: api::AccountApi { level: API_LEVEL, total, errors, ..api::AccountApi::default() },
        ..api::AccountInfo::default()
    })
}
