//! A list of patterns, as permissions have them.

use crate::router::pattern;

/// Patterns, some of them for certain queue groups only. All of them are valid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Patterns {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    subject: Box<[u8]>,
    /// Pattern of the queue groups that it is about.
    queue: Option<Box<[u8]>>,
}

/// How a list of patterns relates to a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Covered {
    /// An entry without queue covers it.
    pub(super) plain: bool,
    /// An entry with a queue covers it, for whatever group.
    pub(super) queued: bool,
    /// An entry with a queue covers it, for the group of the subscription.
    pub(super) in_group: bool,
}

impl Patterns {
    /// Reads entries of the form `subject` or `subject queue`. The first one that is not valid comes back.
    pub(crate) fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        let entries =
            texts.into_iter().map(|text| Entry::parse(text).ok_or(text)).collect::<Result<_, _>>()?;
        Ok(Self { entries })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Says whether an entry without queue matches the literal `subject`.
    pub(crate) fn matches(&self, subject: &[u8]) -> bool {
        self.plain().any(|entry| pattern::matches(&entry.subject, subject))
    }

    /// Says whether an entry without queue has a subject in common with `other`.
    pub(super) fn overlaps(&self, other: &[u8]) -> bool {
        self.plain().any(|entry| pattern::overlaps(&entry.subject, other))
    }

    /// Says which entries cover all of a subscription.
    pub(super) fn cover(&self, subject: &[u8], queue: Option<&[u8]>) -> Covered {
        let mut covered = Covered { plain: false, queued: false, in_group: false };
        for entry in self.entries.iter().filter(|entry| pattern::is_subset(subject, &entry.subject)) {
            match &entry.queue {
                None => covered.plain = true,
                Some(group) => {
                    covered.queued = true;
                    covered.in_group |= queue.is_some_and(|queue| pattern::matches(group, queue));
                }
            }
        }
        covered
    }

    fn plain(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.queue.is_none())
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let (subject, queue) = (words.next()?, words.next());
        let is_valid = |text: &str| jetkv_wire::subject::valid_subscription(text.as_bytes());
        if !is_valid(subject) || !queue.is_none_or(is_valid) || words.next().is_some() {
            return None;
        }
        Some(Self { subject: subject.as_bytes().into(), queue: queue.map(|queue| queue.as_bytes().into()) })
    }
}
