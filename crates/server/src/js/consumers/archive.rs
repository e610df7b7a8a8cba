//! Consumers in the archives of backups (PROTOCOL 2.7).

use super::convert::{config_of, request_config};
use jetkv_jetstream::consumer::{ConsumerSnapshot, PendingAck, Position};
use jetkv_types::Timestamp;
use jetkv_wire::api;

/// Shows a consumer as it is in an archive.
pub(crate) fn archived(snapshot: &ConsumerSnapshot) -> api::ArchivedConsumer {
    let position = |position: &Position| api::SequenceInfo {
        consumer_seq: position.consumer_seq,
        stream_seq: position.stream_seq,
        last_active: None,
    };
    let delivery = |ack: &PendingAck| api::PendingDelivery {
        sequence: ack.consumer_seq,
        timestamp: i64::try_from(ack.delivered.as_nanos()).unwrap_or(i64::MAX),
    };
    let pending = snapshot.pending.iter();
    let again = pending.clone().filter(|ack| ack.redeliveries > 0);
    let mut config = config_of(&snapshot.config);
    config.name.clone_from(&snapshot.name);
    let level = u8::from(config.pause_until.is_some());
    config.metadata.entry("_nats.req.level".into()).or_insert_with(|| level.to_string());
    api::ArchivedConsumer {
        config,
        state: api::ConsumerState {
            delivered: position(&snapshot.delivered),
            ack_floor: position(&snapshot.ack_floor),
            pending: pending.map(|ack| (ack.stream_seq.to_string(), delivery(ack))).collect(),
            redelivered: again.map(|ack| (ack.stream_seq.to_string(), ack.redeliveries)).collect(),
        },
    }
}

/// Reads a consumer of an archive; `name` is that of its entry. What cannot be read of its deliveries is left out.
pub(crate) fn unarchived(name: &str, archived: api::ArchivedConsumer, now: Timestamp) -> ConsumerSnapshot {
    let state = archived.state;
    let position = |position: &api::SequenceInfo| Position {
        consumer_seq: position.consumer_seq,
        stream_seq: position.stream_seq,
        last_active: None,
    };
    let mut config = request_config(archived.config);
    let names = [config.name.as_str(), config.durable_name.as_str(), name];
    let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned();
    config.name.clone_from(&name);
    let pending = state.pending.iter().filter_map(|(sequence, delivery)| {
        Some(PendingAck {
            stream_seq: sequence.parse().ok()?,
            consumer_seq: delivery.sequence,
            delivered: Timestamp::from_nanos(u64::try_from(delivery.timestamp).unwrap_or(0)),
            redeliveries: state.redelivered.get(sequence).copied().unwrap_or(0),
        })
    });
    let mut pending: Vec<_> = pending.collect();
    pending.sort_unstable_by_key(|ack| ack.stream_seq);
    ConsumerSnapshot {
        name,
        created: now,
        is_kept: config.is_durable(),
        config,
        delivered: position(&state.delivered),
        ack_floor: position(&state.ack_floor),
        pending,
        given_up: Vec::new(),
        filtered_since: 0,
    }
}
