//! Streams that are known to exist and cannot be opened: whoever asks for one is told so, and not that there is none.

use super::errors::{self, fixed};
use super::handle::StreamHandle;
use super::state::{JetStream, is_internal};
use jetkv_engine::{Damage, EngineError};
use jetkv_types::{StreamName, SubjectFilter};
use jetkv_wire::error::ApiError;
use std::sync::Arc;

impl JetStream {
    /// Returns a stream by its name, or says why there is none to be had.
    pub(super) fn known(&self, name: &str) -> Result<Arc<StreamHandle>, ApiError> {
        match (self.find(name), self.broken(name)) {
            (Some(handle), _) => {
                handle.settle_retention();
                Ok(handle)
            }
            (None, Some(error)) => Err(errors::of_broken(&error)),
            (None, None) => Err(fixed::STREAM_NOT_FOUND),
        }
    }

    /// Returns why a stream that exists could not be opened, if that is so.
    pub(super) fn broken(&self, name: &str) -> Option<EngineError> {
        let name = StreamName::new(name).ok().filter(|name| !is_internal(name))?;
        match self.store.stream(&name) {
            Ok(_) | Err(EngineError::StreamNotFound { .. } | EngineError::Closed) => None,
            Err(error) => Some(error),
        }
    }

    /// Returns the streams that could not be opened and that a list with this filter may have to name: nobody knows their
    /// subjects. One subject, for which a client wants one stream, names none of them.
    pub(super) fn broken_in(&self, filter: Option<&SubjectFilter>) -> Vec<(String, Damage)> {
        if filter.is_some_and(SubjectFilter::is_literal) {
            return Vec::new();
        }
        let mut broken = self.store.broken();
        broken.retain(|(name, _)| StreamName::new(name.as_str()).is_ok_and(|name| !is_internal(&name)));
        broken
    }
}
