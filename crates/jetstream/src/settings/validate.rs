//! The rules that settings obey (PROTOCOL 4.13); texts are the reference's.

use super::{OriginProblem, StreamSettings, origin_rules};
use crate::{JetStreamError, SubjectMapping};
use jetkv_engine::Discard;
use jetkv_types::SubjectFilter;
use jetkv_types::limits::{DESCRIPTION_BYTES_MAX, MESSAGE_BYTES_MAX, METADATA_BYTES_MAX};
use std::time::Duration;

/// Checks rules that hold everywhere; `settings` are normalized.
pub(super) fn settings(settings: &StreamSettings) -> Result<(), JetStreamError> {
    let broken = texts(settings)
        .or_else(|| limits(settings))
        .or_else(|| times(settings))
        .or_else(|| permissions(settings))
        .or_else(|| subjects(settings))
        .or_else(|| republish(settings));
    if let Some(reason) = broken {
        return Err(invalid(settings, reason));
    }
    let checked = origin_rules::check(settings);
    checked.map_err(|problem| JetStreamError::InvalidOrigin { stream: settings.name.clone(), problem })
}

/// Checks what one store without a network can do.
pub(super) fn embedded(settings: &StreamSettings) -> Result<(), JetStreamError> {
    let missing = [
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

fn limits(settings: &StreamSettings) -> Option<String> {
    if settings.replicas == 0 {
        return Some("replicas can not be 0".into());
    }
    if settings.replicas > REPLICAS_MAX {
        return Some(format!("maximum replicas is {REPLICAS_MAX}"));
    }
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
    too_large.map(|size| format!("max_msg_size {size} is too large, maximum allowed is {MESSAGE_BYTES_MAX}"))
}

fn times(settings: &StreamSettings) -> Option<String> {
    let spans = [
        ("max age", settings.max_age),
        ("duplicates window", settings.duplicate_window),
        ("subject delete marker TTL", settings.subject_delete_marker_ttl),
    ];
    if let Some((name, _)) = spans.into_iter().find(|&(_, span)| span.is_some_and(|span| span > SPAN_MAX)) {
        return Some(format!("{name} can not be longer than 292 years"));
    }
    let below = |span: Option<Duration>, least| span.is_some_and(|span| span < least);
    if below(settings.max_age, AGE_MIN) {
        return Some("max age needs to be >= 100ms".into());
    }
    if let (Some(window), Some(age)) = (settings.duplicate_window, settings.max_age)
        && window > age
    {
        return Some("duplicates window can not be larger then max age".into());
    }
    if below(settings.duplicate_window, AGE_MIN) {
        return Some("duplicates window needs to be >= 100ms".into());
    }
    below(settings.subject_delete_marker_ttl, MARKER_TTL_MIN)
        .then(|| "subject delete marker TTL must be at least 1 second".into())
}

fn permissions(settings: &StreamSettings) -> Option<String> {
    if settings.allow_rollup && settings.deny_purge {
        return Some("roll-ups require the purge permission".into());
    }
    if settings.discard == Discard::NewPerSubject && settings.max_msgs_per_subject.is_none() {
        return Some("discard new per subject requires max msgs per subject > 0".into());
    }
    if settings.mirror_direct && settings.mirror.is_none() {
        return Some("stream has no mirror but does have mirror direct".into());
    }
    (settings.subject_delete_marker_ttl.is_some() && settings.mirror.is_some())
        .then(|| "subject delete markers forbidden on mirrors".into())
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
        for earlier in &settings.subjects[..index] {
            if earlier == subject {
                return Some("duplicate subjects detected".into());
            }
            if earlier.overlaps(subject) {
                return Some(format!("subject {:?} overlaps with {:?}", subject.as_str(), earlier.as_str()));
            }
        }
    }
    None
}

/// What is published again must not come back into the stream.
fn republish(settings: &StreamSettings) -> Option<String> {
    let rule = settings.republish.as_ref()?;
    let (source, destination) = (rule.source.as_str(), rule.destination.as_str());
    if SubjectMapping::new(source, destination).is_err() {
        return Some(format!(
            "stream configuration for republish with transform from '{source}' to '{destination}' not valid"
        ));
    }
    let reach = SubjectFilter::new(destination).ok()?;
    settings
        .subjects
        .iter()
        .any(|subject| subject.overlaps(&reach))
        .then(|| "stream configuration for republish destination forms a cycle".into())
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
