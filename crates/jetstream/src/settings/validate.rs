//! The rules that settings obey (PROTOCOL 4.13); texts are the reference's.

use super::{OriginProblem, Retention, StreamSettings, origin_rules};
use crate::{JetStreamError, SubjectMapping};
use jetkv_engine::{Discard, Storage};
use jetkv_types::SubjectFilter;
use jetkv_types::limits::{DESCRIPTION_BYTES_MAX, MESSAGE_BYTES_MAX, METADATA_BYTES_MAX, SEQUENCE_MAX};
use std::time::Duration;

/// A group of rules, in the order in which the reference looks at them; the first broken one is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettingsRule {
    /// `mirror_direct` needs a mirror.
    MirrorDirect,
    /// The texts are not too long.
    Texts,
    /// The number of replicas.
    Replicas,
    /// Limits that count.
    Limits,
    /// The longest life of a message.
    Age,
    /// The window of deduplication.
    Window,
    /// Roll-ups need the right to purge.
    Rollup,
    /// What a limit for each subject needs.
    Discard,
    /// The markers of messages that expired.
    Marker,
    /// Answers before a message is durable.
    Persistence,
    /// The mirror.
    Mirror,
    /// The sources.
    Sources,
    /// What follows from other settings, where a request wants nothing to follow.
    Defaults,
    /// The subjects.
    Subjects,
    /// How subjects are rewritten.
    Transform,
    /// Where messages are published again.
    Republish,
}

/// Finds the first broken rule of those that hold everywhere; `settings` are normalized.
pub(super) fn settings(settings: &StreamSettings) -> Result<(), (SettingsRule, JetStreamError)> {
    let named = |rule, broken: Option<String>| match broken {
        Some(reason) => Err((rule, invalid(settings, reason))),
        None => Ok(()),
    };
    let origin = |rule, checked: Result<(), OriginProblem>| {
        checked.map_err(|problem| {
            (rule, JetStreamError::InvalidOrigin { stream: settings.name.clone(), problem })
        })
    };
    named(SettingsRule::Texts, texts(settings))?;
    named(SettingsRule::Replicas, replicas(settings))?;
    named(SettingsRule::Limits, limits(settings))?;
    named(SettingsRule::Age, age(settings))?;
    named(SettingsRule::Window, window(settings))?;
    named(SettingsRule::Rollup, rollup(settings))?;
    named(SettingsRule::Discard, discard(settings))?;
    named(SettingsRule::Marker, marker(settings))?;
    named(SettingsRule::Persistence, persistence(settings))?;
    origin(SettingsRule::Mirror, origin_rules::check_mirror(settings))?;
    origin(SettingsRule::Sources, origin_rules::check_sources(settings))?;
    named(SettingsRule::Subjects, subjects(settings))?;
    origin(SettingsRule::Transform, origin_rules::check_transform(settings))?;
    named(SettingsRule::Republish, republish(settings))
}

/// Checks what one store without a network can do.
pub(super) fn embedded(settings: &StreamSettings) -> Result<(), JetStreamError> {
    let missing = [
        (settings.retention != Retention::Limits, "retention"),
        (settings.replicas > 1, "replicas > 1"),
        (settings.placement.is_some(), "placement"),
        (settings.republish.is_some(), "republish"),
        (settings.mirror.is_some(), "mirror"),
        (!settings.sources.is_empty(), "sources"),
        (settings.subject_transform.is_some(), "a subject transform"),
        (settings.mirror_direct, "mirror_direct"),
    ];
    match missing.into_iter().find(|&(is_asked_for, _)| is_asked_for) {
        Some((_, option)) => Err(JetStreamError::Unsupported { stream: settings.name.clone(), option }),
        None => Ok(()),
    }
}

/// Checks that a stream may change from `current` to `wanted`, which is normalized.
pub(super) fn update(current: &StreamSettings, wanted: &StreamSettings) -> Result<(), JetStreamError> {
    let broken = [
        (current.name != wanted.name, "stream configuration name must match original"),
        (current.storage != wanted.storage, "stream configuration update can not change storage type"),
        (
            // Between limits and interest it may go back and forth.
            current.retention != wanted.retention
                && [current.retention, wanted.retention].contains(&Retention::WorkQueue),
            "stream configuration update can not change retention policy to/from workqueue",
        ),
        (
            current.deny_delete && !wanted.deny_delete,
            "stream configuration update can not cancel deny message deletes",
        ),
        (current.deny_purge && !wanted.deny_purge, "stream configuration update can not cancel deny purge"),
        (current.allow_msg_ttl && !wanted.allow_msg_ttl, "message TTL status can not be disabled"),
        (current.sealed && !wanted.sealed, "stream configuration update can not unseal a sealed stream"),
        (
            current.persist_async != wanted.persist_async,
            "stream configuration update can not change persist mode",
        ),
    ];
    if let Some((_, reason)) = broken.into_iter().find(|&(is_broken, _)| is_broken) {
        return Err(invalid(wanted, reason.into()));
    }
    // A mirror may become a stream of its own, and that is all.
    if wanted.mirror.is_some() && current.mirror != wanted.mirror {
        let (stream, problem) = (wanted.name.clone(), OriginProblem::MirrorChanged);
        return Err(JetStreamError::InvalidOrigin { stream, problem });
    }
    Ok(())
}

fn invalid(settings: &StreamSettings, reason: String) -> JetStreamError {
    JetStreamError::InvalidSettings { stream: settings.name.clone(), reason }
}

fn texts(settings: &StreamSettings) -> Option<String> {
    if settings.description.len() > DESCRIPTION_BYTES_MAX {
        return Some(format!("stream description is too long, maximum allowed is {DESCRIPTION_BYTES_MAX}"));
    }
    let metadata_bytes: usize = settings.metadata.iter().map(|(word, text)| word.len() + text.len()).sum();
    (metadata_bytes > METADATA_BYTES_MAX)
        .then(|| format!("stream metadata exceeds maximum size of {METADATA_BYTES_MAX} bytes"))
}

fn replicas(settings: &StreamSettings) -> Option<String> {
    if settings.replicas == 0 {
        return Some("replicas can not be 0".into());
    }
    (settings.replicas > REPLICAS_MAX).then(|| format!("maximum replicas is {REPLICAS_MAX}"))
}

fn limits(settings: &StreamSettings) -> Option<String> {
    let sizes = [
        ("max_msgs", settings.max_msgs),
        ("max_bytes", settings.max_bytes),
        ("max_msgs_per_subject", settings.max_msgs_per_subject),
        ("max_msg_size", settings.max_msg_size.map(u64::from)),
    ];
    if let Some((name, _)) = sizes.into_iter().find(|&(_, size)| size == Some(0)) {
        return Some(format!("{name} can not be 0"));
    }
    let too_large = settings
        .max_msg_size
        .filter(|&size| usize::try_from(size).map_or(true, |size| size > MESSAGE_BYTES_MAX));
    if let Some(size) = too_large {
        return Some(format!("max_msg_size {size} is too large, maximum allowed is {MESSAGE_BYTES_MAX}"));
    }
    // A stream that began there could take no message. The reference takes some, and counts round.
    let too_high = settings.first_sequence.filter(|&first| first > SEQUENCE_MAX);
    too_high.map(|first| format!("first_seq {first} is too large, maximum allowed is {SEQUENCE_MAX}"))
}

fn age(settings: &StreamSettings) -> Option<String> {
    too_long("max age", settings.max_age)
        .or_else(|| below(settings.max_age, AGE_MIN).then(|| "max age needs to be >= 100ms".into()))
}

fn window(settings: &StreamSettings) -> Option<String> {
    if let (Some(window), Some(age)) = (settings.duplicate_window, settings.max_age)
        && window > age
    {
        return Some("duplicates window can not be larger then max age".into());
    }
    too_long("duplicates window", settings.duplicate_window).or_else(|| {
        below(settings.duplicate_window, AGE_MIN).then(|| "duplicates window needs to be >= 100ms".into())
    })
}

fn too_long(name: &str, span: Option<Duration>) -> Option<String> {
    span.is_some_and(|span| span > SPAN_MAX).then(|| format!("{name} can not be longer than 292 years"))
}

fn below(span: Option<Duration>, least: Duration) -> bool {
    span.is_some_and(|span| span < least)
}

fn rollup(settings: &StreamSettings) -> Option<String> {
    (settings.allow_rollup && settings.deny_purge).then(|| "roll-ups require the purge permission".into())
}

fn discard(settings: &StreamSettings) -> Option<String> {
    (settings.discard == Discard::NewPerSubject && settings.max_msgs_per_subject.is_none())
        .then(|| "discard new per subject requires max msgs per subject > 0".into())
}

fn marker(settings: &StreamSettings) -> Option<String> {
    let ttl = settings.subject_delete_marker_ttl;
    too_long("subject delete marker TTL", ttl).or_else(|| {
        below(ttl, MARKER_TTL_MIN).then(|| "subject delete marker TTL must be at least 1 second".into())
    })
}

fn persistence(settings: &StreamSettings) -> Option<String> {
    if settings.persist_async && settings.storage == Storage::Memory {
        return Some("async persist mode is only supported on file storage".into());
    }
    if settings.persist_async && settings.replicas > 1 {
        return Some("async persist mode is not supported on replicated streams".into());
    }
    (settings.persist_async && settings.allow_atomic)
        .then(|| "async persist mode is not supported with atomic batch publish".into())
}

fn subjects(settings: &StreamSettings) -> Option<String> {
    if settings.mirror.is_some() {
        return None;
    }
    if settings.subjects.is_empty() && settings.sources.is_empty() {
        return Some("stream needs at least one configured subject or be a source/mirror".into());
    }
    for (index, subject) in settings.subjects.iter().enumerate() {
        if subject.as_str() == ">" && !settings.no_ack {
            return Some("capturing all subjects requires no-ack to be true".into());
        }
        for (reserved, owner) in RESERVED {
            // The text is a constant and valid; were it not, nothing would be reserved by it.
            if !settings.no_ack
                && subject.as_str() != ">"
                && SubjectFilter::new(reserved).is_ok_and(|reserved| reserved.overlaps(subject))
            {
                return Some(format!("subjects that overlap with {owner} api require no-ack to be true"));
            }
        }
        if let Some(earlier) = settings.subjects[..index].iter().find(|earlier| earlier.overlaps(subject)) {
            return Some(format!("subject {:?} overlaps with {:?}", earlier.as_str(), subject.as_str()));
        }
    }
    None
}

/// What is published again must not come back into the stream.
fn republish(settings: &StreamSettings) -> Option<String> {
    let rule = settings.republish.as_ref()?;
    let (source, destination) = (rule.source.as_str(), rule.destination.as_str());
    if destination.is_empty() {
        // Then nothing is published again.
        return None;
    }
    let reach = SubjectFilter::new(destination).ok();
    if reach.is_some_and(|reach| settings.subjects.iter().any(|subject| subject.overlaps(&reach))) {
        return Some("stream configuration for republish destination forms a cycle".into());
    }
    SubjectMapping::new(source, destination).is_err().then(|| {
        format!(
            "stream configuration for republish with transform from '{source}' to '{destination}' not valid"
        )
    })
}

const RESERVED: [(&str, &str); 5] = [
    ("$JS.API.>", "jetstream"),
    ("$JS.ACK.>", "jetstream"),
    ("$JS.FC.>", "jetstream"),
    ("$JS.EVENT.>", "jetstream"),
    ("$SYS.>", "system"),
];
const REPLICAS_MAX: u32 = 5;
const AGE_MIN: Duration = Duration::from_millis(100);
const MARKER_TTL_MIN: Duration = Duration::from_secs(1);
/// The reference keeps spans of time as signed 64-bit nanoseconds.
const SPAN_MAX: Duration = Duration::from_nanos((1 << 63) - 1);
