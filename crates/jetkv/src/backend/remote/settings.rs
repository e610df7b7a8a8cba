//! Between the settings of a stream and the JSON of the API.

use jetkv_engine::{Compression, Discard, Storage};
use jetkv_jetstream::{
    ConsumerLimits, External, Placement, Republish, Source, StreamSettings, SubjectTransform,
};
use jetkv_types::{StreamName, SubjectError, SubjectFilter};
use jetkv_wire::api;
use std::time::Duration;

/// Shows settings to the API, for a stream that does not exist yet.
pub(super) fn show(settings: &StreamSettings) -> api::StreamConfig {
    let mut config = api::StreamConfig::default();
    overlay(&mut config, settings);
    config.first_seq = settings.first_sequence.unwrap_or(0);
    config.persist_mode =
        if settings.persist_async { api::PersistMode::Async } else { api::PersistMode::Default };
    config
}

/// Writes what `settings` say over what a stream has now; everything that they do not speak of stays.
pub(super) fn overlay(config: &mut api::StreamConfig, settings: &StreamSettings) {
    let count = |number: Option<u64>| number.and_then(|number| i64::try_from(number).ok()).unwrap_or(-1);
    config.name = settings.name.as_str().into();
    config.description.clone_from(&settings.description);
    config.subjects = settings.subjects.iter().map(|subject| subject.as_str().into()).collect();
    config.max_msgs = count(settings.max_msgs);
    config.max_bytes = count(settings.max_bytes);
    config.max_age = nanos(settings.max_age);
    config.max_msgs_per_subject = count(settings.max_msgs_per_subject);
    config.max_msg_size = settings.max_msg_size.and_then(|size| i32::try_from(size).ok()).unwrap_or(-1);
    config.max_consumers = count(settings.max_consumers);
    config.discard = if settings.discard == Discard::Old { api::Discard::Old } else { api::Discard::New };
    config.discard_new_per_subject = settings.discard == Discard::NewPerSubject;
    config.storage = match settings.storage {
        Storage::File => api::Storage::File,
        Storage::Memory => api::Storage::Memory,
    };
    config.num_replicas = settings.replicas.into();
    config.duplicate_window = nanos(settings.duplicate_window);
    config.placement = settings.placement.as_ref().map(|placement| api::Placement {
        cluster: placement.cluster.clone(),
        tags: placement.tags.clone(),
        ..api::Placement::default()
    });
    config.republish = settings.republish.as_ref().map(|republish| api::Republish {
        src: republish.source.clone(),
        dest: republish.destination.clone(),
        headers_only: republish.headers_only,
    });
    config.mirror = settings.mirror.as_ref().map(show_source);
    config.sources = settings.sources.iter().map(show_source).collect();
    config.compression = match settings.compression {
        Compression::None => api::Compression::None,
        Compression::Lz4 => api::Compression::S2,
    };
    config.subject_transform = settings.subject_transform.as_ref().map(show_transform);
    config.allow_rollup_hdrs = settings.allow_rollup;
    config.deny_delete = settings.deny_delete;
    config.deny_purge = settings.deny_purge;
    config.allow_direct = settings.allow_direct;
    config.mirror_direct = settings.mirror_direct;
    config.allow_msg_ttl = settings.allow_msg_ttl;
    config.subject_delete_marker_ttl = nanos(settings.subject_delete_marker_ttl);
    config.allow_atomic = settings.allow_atomic;
    // What the server says of itself stays, what the user said is replaced.
    config.metadata.retain(|word, _| word.starts_with(SERVER_WORDS));
    config.metadata.extend(settings.metadata.clone());
}

/// Reads settings off the API.
pub(super) fn read(config: &api::StreamConfig) -> Result<StreamSettings, String> {
    let name = StreamName::new(config.name.as_str()).map_err(|error| error.to_string())?;
    let subjects = config.subjects.iter().map(|subject| SubjectFilter::new(subject.as_str()));
    let subjects = subjects.collect::<Result<_, SubjectError>>().map_err(|error| error.to_string())?;
    let limit = |number: i64| u64::try_from(number).ok().filter(|number| *number > 0);
    Ok(StreamSettings {
        description: config.description.clone(),
        max_msgs: limit(config.max_msgs),
        max_bytes: limit(config.max_bytes),
        max_age: span(config.max_age),
        max_msgs_per_subject: limit(config.max_msgs_per_subject),
        max_msg_size: u32::try_from(config.max_msg_size).ok().filter(|size| *size > 0),
        discard: match (config.discard, config.discard_new_per_subject) {
            (api::Discard::Old, _) => Discard::Old,
            (api::Discard::New, false) => Discard::New,
            (api::Discard::New, true) => Discard::NewPerSubject,
        },
        storage: match config.storage {
            api::Storage::File => Storage::File,
            api::Storage::Memory => Storage::Memory,
        },
        replicas: u32::try_from(config.num_replicas.max(1)).unwrap_or(u32::MAX),
        duplicate_window: span(config.duplicate_window),
        placement: config
            .placement
            .as_ref()
            .map(|placement| Placement { cluster: placement.cluster.clone(), tags: placement.tags.clone() }),
        republish: config.republish.as_ref().map(|republish| Republish {
            source: if republish.src.is_empty() { ">".into() } else { republish.src.clone() },
            destination: republish.dest.clone(),
            headers_only: republish.headers_only,
        }),
        mirror: config.mirror.as_ref().map(source),
        sources: config.sources.iter().map(source).collect(),
        compression: match config.compression {
            api::Compression::None => Compression::None,
            api::Compression::S2 => Compression::Lz4,
        },
        first_sequence: (config.first_seq > 0).then_some(config.first_seq),
        allow_rollup: config.allow_rollup_hdrs,
        deny_delete: config.deny_delete,
        deny_purge: config.deny_purge,
        allow_direct: config.allow_direct,
        allow_msg_ttl: config.allow_msg_ttl,
        subject_delete_marker_ttl: span(config.subject_delete_marker_ttl),
        mirror_direct: config.mirror_direct,
        allow_atomic: config.allow_atomic,
        sealed: config.sealed,
        no_ack: config.no_ack,
        persist_async: config.persist_mode == api::PersistMode::Async,
        subject_transform: config.subject_transform.as_ref().map(transform),
        max_consumers: limit(config.max_consumers),
        consumer_limits: ConsumerLimits {
            inactive_threshold: span(config.consumer_limits.inactive_threshold),
            max_ack_pending: limit(config.consumer_limits.max_ack_pending),
        },
        metadata: config.metadata.clone(),
        ..StreamSettings::new(name, subjects)
    })
}

fn span(nanos: i64) -> Option<Duration> {
    u64::try_from(nanos).ok().filter(|nanos| *nanos > 0).map(Duration::from_nanos)
}

pub(super) fn nanos(span: Option<Duration>) -> i64 {
    span.map_or(0, |span| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX))
}

fn show_transform(transform: &SubjectTransform) -> api::SubjectTransform {
    api::SubjectTransform { src: transform.source.clone(), dest: transform.destination.clone() }
}

fn transform(transform: &api::SubjectTransform) -> SubjectTransform {
    SubjectTransform { source: transform.src.clone(), destination: transform.dest.clone() }
}

fn show_source(source: &Source) -> api::StreamSource {
    api::StreamSource {
        name: source.name.clone(),
        opt_start_seq: source.start_sequence.unwrap_or(0),
        opt_start_time: source.start_time,
        filter_subject: source.filter_subject.clone().unwrap_or_default(),
        subject_transforms: source.subject_transforms.iter().map(show_transform).collect(),
        external: source.external.as_ref().map(|external| api::ExternalStream {
            api: external.api.clone(),
            deliver: external.deliver.clone(),
        }),
        ..api::StreamSource::default()
    }
}

fn source(source: &api::StreamSource) -> Source {
    Source {
        name: source.name.clone(),
        start_sequence: (source.opt_start_seq > 0).then_some(source.opt_start_seq),
        start_time: source.opt_start_time,
        filter_subject: (!source.filter_subject.is_empty()).then(|| source.filter_subject.clone()),
        subject_transforms: source.subject_transforms.iter().map(transform).collect(),
        external: source
            .external
            .as_ref()
            .map(|external| External { api: external.api.clone(), deliver: external.deliver.clone() }),
    }
}

const SERVER_WORDS: &str = "_nats.";
