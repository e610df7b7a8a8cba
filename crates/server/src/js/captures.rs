//! Which stream takes messages of a subject.

use super::handle::StreamHandle;
use jetkv_types::SubjectFilter;
use std::collections::HashMap;
use std::sync::Arc;

/// The subjects of all streams of an account. No two streams share one, so a subject has at most one stream.
///
/// What matters is quick: a subject costs one look-up for each of its tokens, however many streams there are, as long as
/// they capture literal subjects and whole subtrees (`$KV.bucket.>`); other patterns are tried one by one.
#[derive(Debug, Default)]
pub(crate) struct Captures {
    literals: HashMap<Box<str>, Arc<StreamHandle>>,
    /// By the text before `>`, dot included.
    subtrees: HashMap<Box<str>, Arc<StreamHandle>>,
    patterns: Vec<(SubjectFilter, Arc<StreamHandle>)>,
}

impl Captures {
    /// Finds the stream that takes messages of `subject`.
    pub(crate) fn find(&self, subject: &str) -> Option<&Arc<StreamHandle>> {
        if !self.subtrees.is_empty() {
            let dots = memchr::memchr_iter(b'.', subject.as_bytes());
            let hit = dots
                .filter(|dot| dot + 1 < subject.len())
                .find_map(|dot| self.subtrees.get(&subject[..=dot]));
            if let Some(handle) = hit.or_else(|| self.subtrees.get("")) {
                return Some(handle);
            }
        }
        if !self.literals.is_empty()
            && let Some(handle) = self.literals.get(subject)
        {
            return Some(handle);
        }
        self.patterns.iter().find_map(|(filter, handle)| filter.matches(subject).then_some(handle))
    }

    /// Adds the subjects of a stream.
    pub(crate) fn add(&mut self, subjects: &[SubjectFilter], handle: &Arc<StreamHandle>) {
        for filter in subjects {
            if filter.is_literal() {
                self.literals.insert(filter.as_str().into(), Arc::clone(handle));
            } else if filter.is_subtree() {
                self.subtrees.insert(filter.literal_prefix().into(), Arc::clone(handle));
            } else {
                self.patterns.push((filter.clone(), Arc::clone(handle)));
            }
        }
    }

    /// Removes all subjects of a stream.
    pub(crate) fn remove(&mut self, handle: &Arc<StreamHandle>) {
        self.literals.retain(|_, each| !Arc::ptr_eq(each, handle));
        self.subtrees.retain(|_, each| !Arc::ptr_eq(each, handle));
        self.patterns.retain(|(_, each)| !Arc::ptr_eq(each, handle));
    }
}
