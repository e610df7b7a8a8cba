//! Who waits until somebody subscribes to a subject, or nobody does any more: push consumers (PROTOCOL 5.4).

use super::pattern;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// Name of a watch, chosen by who watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct WatchId(pub(crate) u64);

/// What happened to the interest in a watched subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InterestChange {
    /// The first subscription that matches is there.
    Appeared,
    /// The last one is gone.
    Gone,
}

/// Who is told about changes.
///
/// It is called with the registry locked, so that changes come in order. It must only note the change and return: no call
/// to the router, no waiting.
pub(crate) trait InterestSink: std::fmt::Debug + Send + Sync {
    /// Takes notice of a change for one watch.
    fn interest_changed(&self, id: WatchId, change: InterestChange);
}

/// The watched subjects, in order, so that a subscription looks only at those that share its literal prefix.
#[derive(Debug, Default)]
pub(super) struct Interests {
    watched: BTreeMap<Box<[u8]>, Watched>,
    sink: Option<Arc<dyn InterestSink>>,
}

#[derive(Debug)]
struct Watched {
    ids: Vec<WatchId>,
    interest: bool,
}

impl Interests {
    pub(super) fn is_empty(&self) -> bool {
        self.watched.is_empty()
    }

    pub(super) fn tell(&mut self, sink: Arc<dyn InterestSink>) {
        self.sink = Some(sink);
    }

    pub(super) fn add(&mut self, subject: &[u8], id: WatchId, interest: bool) {
        let watched =
            self.watched.entry(subject.into()).or_insert_with(|| Watched { ids: Vec::new(), interest });
        if !watched.ids.contains(&id) {
            watched.ids.push(id);
        }
    }

    pub(super) fn remove(&mut self, subject: &[u8], id: WatchId) {
        let Some(watched) = self.watched.get_mut(subject) else { return };
        watched.ids.retain(|each| *each != id);
        if watched.ids.is_empty() {
            self.watched.remove(subject);
        }
    }

    /// Looks again at all watched subjects that match `pattern`, and tells what changed.
    pub(super) fn look(&mut self, pattern: &[u8], has_interest: impl Fn(&[u8]) -> bool) {
        let prefix = pattern::literal_prefix(pattern);
        let from = (Bound::Included(prefix), Bound::Unbounded);
        for (subject, watched) in self.watched.range_mut::<[u8], _>(from) {
            if !subject.starts_with(prefix) {
                break;
            }
            if !pattern::matches(pattern, subject) {
                if prefix.len() == pattern.len() {
                    // Without wildcards the first subject is the only one that can match.
                    break;
                }
                continue;
            }
            let interest = has_interest(subject);
            if interest == watched.interest {
                continue;
            }
            watched.interest = interest;
            let change = if interest { InterestChange::Appeared } else { InterestChange::Gone };
            if let Some(sink) = &self.sink {
                watched.ids.iter().for_each(|id| sink.interest_changed(*id, change));
            }
        }
    }
}

#[cfg(test)]
mod tests;
