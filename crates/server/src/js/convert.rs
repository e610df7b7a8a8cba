//! Between the JSON of the API and what streams understand.

use super::copier::Progress;
use super::errors;
use super::handle::StreamHandle;
use super::state::Settings;
use crate::version::API_LEVEL;
use jetkv_engine::{Compression, Discard, Storage};
use jetkv_jetstream::{
    ConsumerLimits, External, Placement, Republish, Retention, SettingsRule, Source, StreamSettings,
    SubjectTransform,
};
use jetkv_types::{StreamName, SubjectFilter, Timestamp};
use jetkv_wire::api;
use jetkv_wire::error::ApiError;
use std::time::Duration;
use tokio::time::Instant;

/// Whether a stream is made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    Create,
    Update,
}

/// Reads the configuration of a stream. What it leaves out gets the reference's defaults (PROTOCOL 2.5).
///
/// Of several broken rules the one is told that the reference finds first. So what cannot even be said in settings is
/// remembered, with something valid in its place, until the other rules were looked at.
pub(crate) fn settings(
    config: &api::StreamConfig,
    server: &Settings,
    intent: Intent,
) -> Result<StreamSettings, ApiError> {
    if intent == Intent::Create && config.sealed {
        return Err(invalid("stream configuration for create can not be sealed"));
    }
    let name = StreamName::new(config.name.as_str()).map_err(|_| invalid(NAME))?;
    let mut broken = Broken::default();
    if intent == Intent::Create && config.mirror_direct && config.mirror.is_none() {
        broken.add(SettingsRule::MirrorDirect, "stream has no mirror but does have mirror direct");
    }
    if config.num_replicas < 0 {
        let error = ApiError::fixed(400, 10133, "replicas count cannot be negative");
        broken.add_error(SettingsRule::Replicas, error);
    }
    if config.allow_rollup_hdrs && config.deny_purge && config.subject_delete_marker_ttl > 0 {
        // The markers lift the ban of purges, but not if roll-ups were asked for beside it.
        broken.add(SettingsRule::Rollup, "roll-ups require the purge permission");
    }
    if config.pedantic {
        check_pedantic(config, server, &mut broken);
    }
    let mut subjects = Vec::new();
    for subject in &config.subjects {
        match SubjectFilter::new(subject.as_str()) {
            Ok(filter) => subjects.push(filter),
            Err(_) if config.mirror.is_some() => {
                let text = "stream mirrors can not contain subjects";
                broken.add_error(SettingsRule::Mirror, ApiError::fixed(400, 10034, text));
            }
            Err(_) => broken.add(SettingsRule::Subjects, "invalid subject"),
        }
    }
    if config.subjects.is_empty() && config.mirror.is_none() && config.sources.is_empty() {
        subjects.push(SubjectFilter::new(config.name.as_str()).map_err(|_| invalid("invalid subject"))?);
    }
    let discard = match (config.discard, config.discard_new_per_subject) {
        (api::Discard::Old, false) => Discard::Old,
        (api::Discard::New, false) => Discard::New,
        (api::Discard::New, true) => Discard::NewPerSubject,
        (api::Discard::Old, true) => {
            let text = "discard new per subject requires discard new policy to be set";
            broken.add(SettingsRule::Discard, text);
            Discard::Old
        }
    };
    let mut span = |rule, nanos, negative| {
        let span = u64::try_from(nanos).map(Duration::from_nanos);
        if span.is_err() {
            broken.add(rule, negative);
        }
        span.ok().filter(|span| !span.is_zero())
    };
    let age = span(SettingsRule::Age, config.max_age, "max age can not be negative");
    let window = span(SettingsRule::Window, config.duplicate_window, "duplicates window can not be negative");
    let marker = span(
        SettingsRule::Marker,
        config.subject_delete_marker_ttl,
        "subject delete marker TTL must not be negative",
    );
    let settings = StreamSettings {
        description: config.description.clone(),
        max_msgs: limit(config.max_msgs),
        max_bytes: limit(config.max_bytes),
        max_age: age,
        max_msgs_per_subject: limit(config.max_msgs_per_subject),
        max_msg_size: limit(config.max_msg_size.into()).and_then(|size| u32::try_from(size).ok()),
        retention: match config.retention {
            api::Retention::Limits => Retention::Limits,
            api::Retention::Interest => Retention::Interest,
            api::Retention::WorkQueue => Retention::WorkQueue,
        },
        discard,
        storage: match config.storage {
            api::Storage::File => Storage::File,
            api::Storage::Memory => Storage::Memory,
        },
        replicas: u32::try_from(config.num_replicas.max(1)).unwrap_or(u32::MAX),
        duplicate_window: window.or_else(|| default_window(config, age, server)),
        placement: config
            .placement
            .as_ref()
            .map(|placement| Placement { cluster: placement.cluster.clone(), tags: placement.tags.clone() })
            // One that says nothing is none.
            .filter(|placement| !placement.cluster.is_empty() || !placement.tags.is_empty()),
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
        subject_delete_marker_ttl: marker,
        mirror_direct: config.mirror_direct,
        allow_atomic: config.allow_atomic,
        sealed: config.sealed,
        no_ack: config.no_ack,
        persist_async: config.persist_mode == api::PersistMode::Async,
        subject_transform: config.subject_transform.as_ref().map(transform),
        max_consumers: limit(config.max_consumers),
        consumer_limits: ConsumerLimits {
            inactive_threshold: limit(config.consumer_limits.inactive_threshold).map(Duration::from_nanos),
            max_ack_pending: limit(config.consumer_limits.max_ack_pending),
        },
        metadata: config.metadata.clone(),
        ..StreamSettings::new(name, subjects)
    };
    let settings = without_own_words(settings);
    match (broken.0, settings.check_for_server()) {
        (Some((rule, error)), Err((other, _))) if rule <= other => Err(error),
        (_, Err((_, error))) => Err(errors::of_settings(&error)),
        (Some((_, error)), Ok(())) => Err(error),
        (None, Ok(())) => refuse_what_is_missing(config).map(|()| settings),
    }
}

/// The first broken rule of those that settings cannot express.
#[derive(Debug, Default)]
struct Broken(Option<(SettingsRule, ApiError)>);

impl Broken {
    fn add(&mut self, rule: SettingsRule, text: &str) {
        self.add_error(rule, invalid(text));
    }

    fn add_error(&mut self, rule: SettingsRule, error: ApiError) {
        if self.0.as_ref().is_none_or(|(first, _)| rule < *first) {
            self.0 = Some((rule, error));
        }
    }
}

/// Finds what would be adjusted in silence, for requests that do not want that.
fn check_pedantic(config: &api::StreamConfig, server: &Settings, broken: &mut Broken) {
    let adjusted = |text: String| ApiError {
        code: 400,
        err_code: 10157,
        description: format!("pedantic mode: {text}").into(),
    };
    let limits = [
        ("max_msgs", config.max_msgs),
        ("max_msgs_per_subject", config.max_msgs_per_subject),
        ("max_bytes", config.max_bytes),
        ("max_msg_size", config.max_msg_size.into()),
        ("max_consumers", config.max_consumers),
    ];
    for (name, limit) in limits {
        if limit < -1 {
            broken.add_error(SettingsRule::Limits, adjusted(format!("{name} must be set to -1")));
        }
    }
    if config.subject_delete_marker_ttl > 0 {
        if !config.allow_msg_ttl {
            let text = "subject delete marker cannot be set if message TTLs are disabled";
            broken.add(SettingsRule::Marker, text);
        } else if !config.allow_rollup_hdrs {
            let text = "subject delete marker cannot be set if roll-ups are disabled";
            broken.add(SettingsRule::Marker, text);
        } else if config.deny_purge {
            broken.add(SettingsRule::Rollup, "roll-ups require the purge permission");
        }
    }
    let copies = config.mirror.is_some() || !config.sources.is_empty();
    let usual = server.duplicate_window_max.unwrap_or(WINDOW_DEFAULT).min(WINDOW_DEFAULT);
    let is_short = limit(config.max_age).is_some_and(|age| Duration::from_nanos(age) < usual);
    if config.duplicate_window == 0 && !copies && is_short {
        let text = "duplicate window cannot be bigger than max age";
        broken.add_error(SettingsRule::Defaults, adjusted(text.into()));
    }
    if config.republish.as_ref().is_some_and(|republish| republish.src.is_empty()) {
        let text = "republish source can not be empty";
        broken.add_error(SettingsRule::Republish, adjusted(text.into()));
    }
}

/// What this server does not offer it refuses by name.
fn refuse_what_is_missing(config: &api::StreamConfig) -> Result<(), ApiError> {
    let missing = [
        (config.allow_msg_counter, "message counters"),
        (config.allow_msg_schedules, "message schedules"),
        (config.allow_batched, "fast batch publishing"),
    ];
    match missing.into_iter().find(|(asked_for, _)| *asked_for) {
        Some((_, what)) => Err(invalid(&format!("this server does not support {what}"))),
        None => Ok(()),
    }
}

/// The reference's own words among the metadata are said anew in each answer.
fn without_own_words(mut settings: StreamSettings) -> StreamSettings {
    settings.metadata.retain(|word, _| !word.starts_with(OWN_WORDS));
    settings
}

fn invalid(reason: &str) -> ApiError {
    ApiError { code: 500, err_code: 10052, description: reason.to_owned().into() }
}

fn limit(number: i64) -> Option<u64> {
    u64::try_from(number).ok().filter(|number| *number > 0)
}

fn default_window(config: &api::StreamConfig, age: Option<Duration>, server: &Settings) -> Option<Duration> {
    let most =
        server.duplicate_window_max.filter(|_| config.mirror.is_none() && config.sources.is_empty())?;
    Some(most.min(age.unwrap_or(Duration::MAX)).min(WINDOW_DEFAULT))
}

fn transform(transform: &api::SubjectTransform) -> SubjectTransform {
    SubjectTransform { source: transform.src.clone(), destination: transform.dest.clone() }
}

fn source(source: &api::StreamSource) -> Source {
    Source {
        name: source.name.clone(),
        start_sequence: (source.opt_start_seq > 0).then_some(source.opt_start_seq),
        start_time: source.opt_start_time.filter(|time| *time != Timestamp::ZERO),
        filter_subject: (!source.filter_subject.is_empty()).then(|| source.filter_subject.clone()),
        subject_transforms: source.subject_transforms.iter().map(transform).collect(),
        external: source
            .external
            .as_ref()
            .map(|external| External { api: external.api.clone(), deliver: external.deliver.clone() }),
    }
}

/// How much of the metadata an answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    /// What is stored.
    Stored,
    /// That, and who answers (PROTOCOL 4.12).
    All,
}

/// Shows the configuration of a stream.
pub(crate) fn config(settings: &StreamSettings, words: Words) -> api::StreamConfig {
    let mut metadata = settings.metadata.clone();
    metadata.insert("_nats.req.level".into(), required_level(settings).to_string());
    if words == Words::All {
        metadata.insert("_nats.level".into(), API_LEVEL.to_string());
        metadata.insert("_nats.ver".into(), crate::version::VERSION.into());
    }
    let count = |number: Option<u64>| number.and_then(|number| i64::try_from(number).ok()).unwrap_or(-1);
    api::StreamConfig {
        name: settings.name.as_str().into(),
        description: settings.description.clone(),
        subjects: settings.subjects.iter().map(|subject| subject.as_str().into()).collect(),
        retention: match settings.retention {
            Retention::Limits => api::Retention::Limits,
            Retention::Interest => api::Retention::Interest,
            Retention::WorkQueue => api::Retention::WorkQueue,
        },
        max_consumers: count(settings.max_consumers),
        max_msgs: count(settings.max_msgs),
        max_bytes: count(settings.max_bytes),
        max_age: nanos(settings.max_age),
        max_msgs_per_subject: count(settings.max_msgs_per_subject),
        max_msg_size: settings.max_msg_size.and_then(|size| i32::try_from(size).ok()).unwrap_or(-1),
        discard: if settings.discard == Discard::Old { api::Discard::Old } else { api::Discard::New },
        storage: match settings.storage {
            Storage::File => api::Storage::File,
            Storage::Memory => api::Storage::Memory,
        },
        num_replicas: settings.replicas.into(),
        no_ack: settings.no_ack,
        duplicate_window: nanos(settings.duplicate_window),
        placement: settings.placement.as_ref().map(|placement| api::Placement {
            cluster: placement.cluster.clone(),
            tags: placement.tags.clone(),
            ..api::Placement::default()
        }),
        mirror: settings.mirror.as_ref().map(show_source),
        sources: settings.sources.iter().map(show_source).collect(),
        compression: match settings.compression {
            Compression::None => api::Compression::None,
            Compression::Lz4 => api::Compression::S2,
        },
        first_seq: settings.first_sequence_shown().unwrap_or(0),
        subject_transform: settings.subject_transform.as_ref().map(show_transform),
        republish: settings.republish.as_ref().map(|republish| api::Republish {
            src: republish.source.clone(),
            dest: republish.destination.clone(),
            headers_only: republish.headers_only,
        }),
        allow_direct: settings.allow_direct,
        mirror_direct: settings.mirror_direct,
        discard_new_per_subject: settings.discard == Discard::NewPerSubject,
        sealed: settings.sealed,
        deny_delete: settings.deny_delete,
        deny_purge: settings.deny_purge,
        allow_rollup_hdrs: settings.allow_rollup,
        consumer_limits: api::ConsumerLimits {
            inactive_threshold: nanos(settings.consumer_limits.inactive_threshold),
            max_ack_pending: count(settings.consumer_limits.max_ack_pending).max(0),
        },
        allow_msg_ttl: settings.allow_msg_ttl,
        subject_delete_marker_ttl: nanos(settings.subject_delete_marker_ttl),
        allow_atomic: settings.allow_atomic,
        persist_mode: if settings.persist_async {
            api::PersistMode::Async
        } else {
            api::PersistMode::Default
        },
        metadata,
        ..api::StreamConfig::default()
    }
}

fn required_level(settings: &StreamSettings) -> u8 {
    if settings.allow_atomic || settings.persist_async {
        2
    } else {
        u8::from(settings.allow_msg_ttl || settings.subject_delete_marker_ttl.is_some())
    }
}

fn nanos(span: Option<Duration>) -> i64 {
    span.map_or(0, |span| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX))
}

fn show_transform(transform: &SubjectTransform) -> api::SubjectTransform {
    api::SubjectTransform { src: transform.source.clone(), dest: transform.destination.clone() }
}

fn show_external(external: &External) -> api::ExternalStream {
    api::ExternalStream { api: external.api.clone(), deliver: external.deliver.clone() }
}

fn show_source(source: &Source) -> api::StreamSource {
    api::StreamSource {
        name: source.name.clone(),
        opt_start_seq: source.start_sequence.unwrap_or(0),
        opt_start_time: source.start_time,
        filter_subject: source.filter_subject.clone().unwrap_or_default(),
        subject_transforms: source.subject_transforms.iter().map(show_transform).collect(),
        external: source.external.as_ref().map(show_external),
        ..api::StreamSource::default()
    }
}

/// Shows how far a copy has come.
pub(crate) fn source_info(source: &Source, progress: &Progress) -> api::StreamSourceInfo {
    let since = |contact: Instant| i64::try_from(contact.elapsed().as_nanos()).unwrap_or(i64::MAX);
    api::StreamSourceInfo {
        name: source.name.clone(),
        external: source.external.as_ref().map(show_external),
        lag: progress.lag,
        seq: progress.copied,
        active: progress.contact.map_or(-1, since),
        error: progress.is_missing.then_some(errors::fixed::STREAM_NOT_FOUND),
        filter_subject: source.filter_subject.clone().unwrap_or_default(),
        subject_transforms: source.subject_transforms.iter().map(show_transform).collect(),
    }
}

/// Shows the state of a stream.
pub(crate) fn state(handle: &StreamHandle) -> api::StreamState {
    let state = state_of(&handle.stream.state(), handle.consumer_count());
    // Before the first message the place where it will stand is known to the configuration alone.
    let unused = if state.last_seq == 0 { handle.first_sequence_unused() } else { 0 };
    let last_ts = state.last_ts.max(handle.passed_at());
    api::StreamState { first_seq: state.first_seq.max(unused), last_ts, lost: lost(handle), ..state }
}

/// Shows figures of a stream that has so many consumers.
pub(crate) fn state_of(state: &jetkv_engine::StreamState, consumers: usize) -> api::StreamState {
    let span = (state.last_sequence + 1).saturating_sub(state.first_sequence);
    api::StreamState {
        messages: state.messages,
        bytes: state.bytes,
        first_seq: state.first_sequence,
        first_ts: if state.messages == 0 { Timestamp::ZERO } else { state.first_time },
        last_seq: state.last_sequence,
        last_ts: state.last_time,
        num_subjects: signed(state.subjects),
        num_deleted: if state.messages == 0 { 0 } else { signed(span.saturating_sub(state.messages)) },
        consumer_count: i64::try_from(consumers).unwrap_or(i64::MAX),
        ..api::StreamState::default()
    }
}

/// Says which messages cannot be read, as far as that is known.
fn lost(handle: &StreamHandle) -> Option<api::LostData> {
    let damages = handle.stream.damages();
    let costly = damages.iter().filter(|damage| damage.kind.affects_data());
    let (mut msgs, mut bytes) = (Vec::new(), 0);
    for damage in costly {
        if let Some((first, last)) = damage.sequences {
            msgs.extend((first..=last).take(LOST_MAX - msgs.len().min(LOST_MAX)));
        }
        bytes += damage.length;
    }
    msgs.sort_unstable();
    msgs.dedup();
    (!msgs.is_empty() || bytes > 0).then_some(api::LostData { msgs, bytes })
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

const NAME: &str = "stream name is required and can not contain '.', '*', '>', '\\', '/'";
/// Most lost sequences that an answer names.
const LOST_MAX: usize = 100_000;
const OWN_WORDS: &str = "_nats.";
const WINDOW_DEFAULT: Duration = Duration::from_secs(120);
