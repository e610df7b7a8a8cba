//! The rules for mirrors and sources (PROTOCOL 4.9, 4.10, 4.11).

use super::{Source, StreamSettings};
use crate::subject_mapping::{MappingError, SubjectMapping};
use jetkv_types::{StreamName, SubjectFilter};

/// What is wrong with a mirror, a source or a transform. The reference has an error of its own for each (PROTOCOL 9.1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginProblem {
    /// A mirror has subjects (10034).
    #[error("stream mirrors can not contain subjects")]
    MirrorWithSubjects,
    /// A mirror has sources too (10031).
    #[error("stream mirrors can not also contain other sources")]
    MirrorWithSources,
    /// A mirror has a first sequence (10143).
    #[error("stream mirrors can not have first sequence configured")]
    MirrorWithFirstSequence,
    /// A mirror takes batches (10198).
    #[error("stream mirrors can not also use atomic publishing")]
    MirrorWithBatches,
    /// A mirror makes markers, which would take sequences of its origin (10052).
    #[error("subject delete markers forbidden on mirrors")]
    MirrorWithMarkers,
    /// The mirror was changed (10055).
    #[error("stream mirror configuration can not be updated")]
    MirrorChanged,
    /// The origin's name is none (10142 for a mirror, 10141 for a source).
    #[error("{} stream name is invalid", if *.mirror { "mirrored" } else { "sourced" })]
    InvalidName {
        /// Whether it is a mirror.
        mirror: bool,
    },
    /// The same source twice (10140).
    #[error("duplicate source configuration detected")]
    DuplicateSource,
    /// The filter is none (10049).
    #[error(
        "subject filter '{filter}' for the {} invalid subject",
        if *.mirror { "mirror" } else { "source:" }
    )]
    InvalidFilter {
        /// Whether it is a mirror.
        mirror: bool,
        /// The filter.
        filter: String,
    },
    /// A stream would get its own messages back (10052).
    #[error("detected cycle")]
    Cycle,
    /// A message of the origin may be too large for the mirror (10030).
    #[error("stream mirror must have max message size >= source")]
    MirrorTooSmall,
    /// A message of the origin may be too large for the stream (10046).
    #[error("stream source must have max message size >= target")]
    SourceTooSmall,
    /// Several transforms and a filter (10150, 10144).
    #[error(
        "{} with multiple subject transforms cannot also have a single subject filter",
        if *.mirror { "mirror" } else { "source" }
    )]
    FilterAndTransforms {
        /// Whether it is a mirror.
        mirror: bool,
    },
    /// Filters of one origin overlap (10152, 10147).
    #[error("{} can not overlap", if *.mirror { "mirror subject filters" } else { "source filters" })]
    OverlappingFilters {
        /// Whether it is a mirror.
        mirror: bool,
    },
    /// The source of a transform is no filter (10151, 10145).
    #[error("{} transform source: {reason}", if *.mirror { "mirror" } else { "source" })]
    TransformSource {
        /// Whether it is a mirror.
        mirror: bool,
        /// What is wrong.
        reason: MappingError,
    },
    /// The destination of a transform does not fit its source (10154, 10146).
    #[error("{} transform: {reason}", if *.mirror { "mirror" } else { "source" })]
    TransformDestination {
        /// Whether it is a mirror.
        mirror: bool,
        /// What is wrong.
        reason: MappingError,
    },
    /// The source of the stream's own transform is no filter (10155).
    #[error("stream transform source: {0}")]
    OwnTransformSource(MappingError),
    /// The destination of the stream's own transform does not fit its source (10156).
    #[error("stream transform: {0}")]
    OwnTransformDestination(MappingError),
}

/// Checks the mirror, if there is one.
pub(super) fn check_mirror(settings: &StreamSettings) -> Result<(), OriginProblem> {
    let Some(mirror) = &settings.mirror else { return Ok(()) };
    if settings.first_sequence.is_some() {
        return Err(OriginProblem::MirrorWithFirstSequence);
    }
    if !settings.subjects.is_empty() {
        return Err(OriginProblem::MirrorWithSubjects);
    }
    if !settings.sources.is_empty() {
        return Err(OriginProblem::MirrorWithSources);
    }
    if settings.allow_atomic {
        return Err(OriginProblem::MirrorWithBatches);
    }
    if settings.subject_delete_marker_ttl.is_some() {
        return Err(OriginProblem::MirrorWithMarkers);
    }
    check_origin(mirror, true)
}

/// Checks the sources.
pub(super) fn check_sources(settings: &StreamSettings) -> Result<(), OriginProblem> {
    for (index, source) in settings.sources.iter().enumerate() {
        if settings.sources[..index].iter().any(|earlier| is_same_source(earlier, source)) {
            return Err(OriginProblem::DuplicateSource);
        }
        check_origin(source, false)?;
    }
    Ok(())
}

/// Checks the stream's own transform. One without a destination changes nothing.
pub(super) fn check_transform(settings: &StreamSettings) -> Result<(), OriginProblem> {
    let Some(transform) = &settings.subject_transform else { return Ok(()) };
    if let Some(problem) = wrong_source(&transform.source) {
        return Err(OriginProblem::OwnTransformSource(problem));
    }
    if transform.destination.is_empty() {
        return Ok(());
    }
    SubjectMapping::new(&transform.source, &transform.destination)
        .map(drop)
        .map_err(OriginProblem::OwnTransformDestination)
}

fn check_origin(source: &Source, mirror: bool) -> Result<(), OriginProblem> {
    if StreamName::new(source.name.as_str()).is_err() {
        return Err(OriginProblem::InvalidName { mirror });
    }
    if source.filter_subject.is_some() && !source.subject_transforms.is_empty() {
        return Err(OriginProblem::FilterAndTransforms { mirror });
    }
    if let Some(filter) = &source.filter_subject
        && SubjectFilter::new(filter.as_str()).is_err()
    {
        return Err(OriginProblem::InvalidFilter { mirror, filter: filter.clone() });
    }
    let mut filters: Vec<SubjectFilter> = Vec::new();
    for transform in &source.subject_transforms {
        if let Some(reason) = wrong_source(&transform.source) {
            return Err(OriginProblem::TransformSource { mirror, reason });
        }
        // An empty destination means that subjects stay as they are.
        if !transform.destination.is_empty() {
            SubjectMapping::new(&transform.source, &transform.destination)
                .map_err(|reason| OriginProblem::TransformDestination { mirror, reason })?;
        }
        let filter = SubjectFilter::new(transform.source.as_str()).unwrap_or_else(|_| SubjectFilter::all());
        if filters.iter().any(|earlier| earlier.overlaps(&filter)) {
            return Err(OriginProblem::OverlappingFilters { mirror });
        }
        filters.push(filter);
    }
    Ok(())
}

/// Says what is wrong with the source of a transform; an empty one stands for `>`.
fn wrong_source(source: &str) -> Option<MappingError> {
    let is_wrong = !source.is_empty() && SubjectFilter::new(source).is_err();
    is_wrong.then(|| MappingError::InvalidSource(source.into()))
}

fn is_same_source(left: &Source, right: &Source) -> bool {
    left.name == right.name
        && left.filter_subject == right.filter_subject
        && left.subject_transforms == right.subject_transforms
        && left.external == right.external
}
