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
    /// Both a sequence and a time to start from (10032).
    #[error("stream mirrors can not have both start seq and start time configured")]
    TwoStarts,
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

/// Finds the first broken rule.
pub(super) fn check(settings: &StreamSettings) -> Result<(), OriginProblem> {
    if let Some(mirror) = &settings.mirror {
        check_mirror(settings, mirror)?;
    }
    for (index, source) in settings.sources.iter().enumerate() {
        check_origin(source, false)?;
        if settings.sources[..index].iter().any(|earlier| is_same_source(earlier, source)) {
            return Err(OriginProblem::DuplicateSource);
        }
    }
    let Some(transform) = &settings.subject_transform else { return Ok(()) };
    match SubjectMapping::strict(&transform.source, &transform.destination) {
        Ok(_) => Ok(()),
        Err(error @ MappingError::InvalidSource) => Err(OriginProblem::OwnTransformSource(error)),
        Err(error) => Err(OriginProblem::OwnTransformDestination(error)),
    }
}

fn check_mirror(settings: &StreamSettings, mirror: &Source) -> Result<(), OriginProblem> {
    if settings.allow_atomic {
        return Err(OriginProblem::MirrorWithBatches);
    }
    if settings.first_sequence.is_some() {
        return Err(OriginProblem::MirrorWithFirstSequence);
    }
    if !settings.subjects.is_empty() {
        return Err(OriginProblem::MirrorWithSubjects);
    }
    if !settings.sources.is_empty() {
        return Err(OriginProblem::MirrorWithSources);
    }
    if mirror.start_sequence.is_some() && mirror.start_time.is_some() {
        return Err(OriginProblem::TwoStarts);
    }
    check_origin(mirror, true)
}

fn check_origin(source: &Source, mirror: bool) -> Result<(), OriginProblem> {
    if StreamName::new(source.name.as_str()).is_err() {
        return Err(OriginProblem::InvalidName { mirror });
    }
    if source.filter_subject.is_some() && !source.subject_transforms.is_empty() {
        return Err(OriginProblem::FilterAndTransforms { mirror });
    }
    let mut filters: Vec<SubjectFilter> = Vec::new();
    for transform in &source.subject_transforms {
        let Ok(filter) = SubjectFilter::new(transform.source.as_str()) else {
            return Err(OriginProblem::TransformSource { mirror, reason: MappingError::InvalidSource });
        };
        if filters.iter().any(|earlier| earlier.overlaps(&filter)) {
            return Err(OriginProblem::OverlappingFilters { mirror });
        }
        filters.push(filter);
        // An empty destination means that subjects stay as they are.
        if !transform.destination.is_empty() {
            SubjectMapping::new(&transform.source, &transform.destination)
                .map_err(|reason| OriginProblem::TransformDestination { mirror, reason })?;
        }
    }
    if let Some(filter) = &source.filter_subject
        && SubjectFilter::new(filter.as_str()).is_err()
    {
        return Err(OriginProblem::TransformSource { mirror, reason: MappingError::InvalidSource });
    }
    Ok(())
}

fn is_same_source(left: &Source, right: &Source) -> bool {
    left.name == right.name
        && left.filter_subject == right.filter_subject
        && left.subject_transforms == right.subject_transforms
        && left.external == right.external
}
