//! What a stream must keep to that copies from others which are there already (PROTOCOL 4.9, 4.10).

use super::state::{Adjust, JetStream, StreamProblem};
use jetkv_jetstream::{JetStreamError, OriginProblem, Source, StreamSettings};
use jetkv_types::SubjectFilter;
use std::collections::HashSet;

impl JetStream {
    /// Checks settings against the streams that they copy from, and takes over whether the origin of a mirror answers
    /// directly. An origin that is not there yet is not asked.
    pub(super) fn fit_to_origins(
        &self,
        mut settings: StreamSettings,
        adjust: Adjust,
    ) -> Result<StreamSettings, StreamProblem> {
        let is_wrong = |problem| {
            StreamProblem::from(JetStreamError::InvalidOrigin { stream: settings.name.clone(), problem })
        };
        if self.is_cycle(&settings) {
            return Err(is_wrong(OriginProblem::Cycle));
        }
        let is_small = |origin: &Source| {
            let theirs = self.origin(origin).and_then(|origin| origin.max_msg_size);
            theirs.is_some_and(|theirs| settings.max_msg_size.is_some_and(|own| own < theirs))
        };
        if settings.mirror.as_ref().is_some_and(is_small) {
            return Err(is_wrong(OriginProblem::MirrorTooSmall));
        }
        if settings.sources.iter().any(is_small) {
            return Err(is_wrong(OriginProblem::SourceTooSmall));
        }
        if let Some(origin) = settings.mirror.as_ref().and_then(|mirror| self.origin(mirror)) {
            if adjust == Adjust::Never && origin.allow_direct && !settings.mirror_direct {
                return Err(StreamProblem::MirrorNotDirect);
            }
            settings.mirror_direct = origin.allow_direct;
        }
        Ok(settings)
    }

    /// Returns the settings of an origin on this server.
    fn origin(&self, source: &Source) -> Option<StreamSettings> {
        let handle = self.find(&source.name).filter(|_| source.external.is_none())?;
        Some(handle.facts().settings.clone())
    }

    /// Says whether messages that the stream stores would come back to it, over any number of others. Origins whose
    /// filters share no subject are not connected.
    fn is_cycle(&self, settings: &StreamSettings) -> bool {
        let mut seen = HashSet::new();
        let mut open: Vec<_> = origins(settings).collect();
        while let Some((name, filter)) = open.pop() {
            if name == settings.name.as_str() {
                return true;
            }
            let Some(handle) = self.find(&name) else { continue };
            for (next, theirs) in origins(&handle.facts().settings) {
                if theirs.overlaps(&filter) && seen.insert((name.clone(), next.clone())) {
                    open.push((next, theirs));
                }
            }
        }
        false
    }
}

/// Returns the origins of a stream on this server, each with what is taken from there.
fn origins(settings: &StreamSettings) -> impl Iterator<Item = (String, SubjectFilter)> {
    let origins = settings.mirror.iter().chain(&settings.sources).filter(|origin| origin.external.is_none());
    origins.map(|origin| {
        let filter = origin.filter_subject.as_deref().and_then(|filter| SubjectFilter::new(filter).ok());
        (origin.name.clone(), filter.unwrap_or_else(SubjectFilter::all))
    })
}
