//! Following a stream: new messages once for everybody who wants them, and the next sequences for one who is behind.
//!
//! Nothing here refuses to answer because of damage: who follows a stream takes what is there and is told what is lost.

use super::Stream;
use super::query::{count_matching_from, covers_everything};
use crate::convert::to_u64;
use crate::damage::Damage;
use crate::error::EngineError;
use crate::index::StreamIndex;
use jetkv_types::{Message, Sequence, SubjectFilter};
use std::sync::Arc;

/// How far a search came.
#[derive(Debug, Clone)]
pub struct Found {
    /// Every match below this sequence was found; the search goes on here.
    pub next: Sequence,
    /// Sequence of the next message to become visible; a search that came so far is complete.
    pub end: Sequence,
    /// What [`Stream::removals`] said at that moment.
    pub removals: u64,
    /// A stretch of lost messages from where the search began up to `next`; there may have been matches in it.
    pub lost: Option<Arc<Damage>>,
}

/// How far following came.
#[derive(Debug, Clone)]
pub struct Followed {
    /// Where to go on.
    pub next: Sequence,
    /// Messages that cannot be read, each with its place and its subject.
    pub damaged: Vec<Arc<Damage>>,
}

/// How many messages matched at one moment.
#[derive(Debug, Clone)]
pub struct Census {
    /// Live messages that match.
    pub count: u64,
    /// Sequence of the next message to become visible.
    pub end: Sequence,
    /// What [`Stream::removals`] said at that moment.
    pub removals: u64,
    /// A stretch of lost messages at or after where the count began; there may have been matches in it.
    pub lost: Option<Arc<Damage>>,
}

/// The sequences between which everything lives that lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Sequence of the first live message, or `end` if there is none.
    pub first: Sequence,
    /// Sequence of the next message to become visible.
    pub end: Sequence,
}

impl Stream {
    /// Returns where the live messages begin and end. It reads no file.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        let index = self.inner.index.read();
        Bounds { first: index.first(), end: index.next }
    }

    /// Adds messages from `from` on to `into`, in order, at most `limit`; returns where to go on.
    ///
    /// As long as somebody listens, recent messages come out of memory, those that have been replaced since included;
    /// older ones come from the log, which holds only what is live. One that cannot be read is passed over and named.
    ///
    /// # Errors
    /// `Io`, `StreamDeleted`, `Closed`; what was added before stays, and following goes on behind it.
    pub fn follow(
        &self,
        from: Sequence,
        limit: usize,
        into: &mut Vec<Message>,
    ) -> Result<Followed, EngineError> {
        self.inner.check_readable()?;
        let mut damaged = Vec::new();
        if let Some(next) = self.inner.listeners.recent_from(from, limit, into) {
            return Ok(Followed { next, damaged });
        }
        let (places, next) = {
            let index = self.inner.index.read();
            let live = index.live_from(from).map(|(sequence, _)| sequence).take(limit);
            let places: Vec<_> = live.filter_map(|sequence| index.locate(sequence)).collect();
            let full = places.len() == limit;
            let next = places.last().filter(|_| full).map_or(index.next, |last| last.sequence + 1);
            (places, next.max(from))
        };
        for place in &places {
            match self.inner.read_at(place) {
                Ok(message) => into.push(message),
                Err(EngineError::Damaged(damage)) => damaged.push(damage),
                Err(error) if into.is_empty() && damaged.is_empty() => return Err(error),
                Err(_) => return Ok(Followed { next: place.sequence, damaged }),
            }
        }
        Ok(Followed { next, damaged })
    }

    /// Adds the next live sequences from `from` on whose subjects match any of `filters` to `into`, ascending, about
    /// `limit`. It reads no file, and a call looks at a bounded number of messages or subjects, so that it may find fewer
    /// and still not be at the end. Where few subjects match, its cost follows their number, and it finds up to some
    /// thousands together.
    ///
    /// # Errors
    /// `StreamDeleted`, `Closed`.
    pub fn find(
        &self,
        filters: &[SubjectFilter],
        from: Sequence,
        limit: usize,
        into: &mut Vec<Sequence>,
    ) -> Result<Found, EngineError> {
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        let next = if from >= index.next {
            from
        } else if filters.iter().all(SubjectFilter::is_literal) {
            by_subject(&index, filters, from, limit, into)
        } else {
            let subjects: usize =
                filters.iter().map(|filter| index.table.count_matching(filter.as_str())).sum();
            let reach = index.next - from.max(index.first());
            let each = index.messages.div_ceil(to_u64(index.table.len()).max(1));
            let matching = to_u64(subjects).saturating_mul(each);
            // Where few messages match, their subjects are the shorter way, and what they gave is taken together.
            if matching <= MATCHES_WALKED_MAX && matching * SPARSE <= reach {
                let found = usize::try_from(matching).unwrap_or(usize::MAX);
                let together = (found / FULL_WALKS).max(found.min(TOGETHER_MAX));
                by_subject(&index, filters, from, limit.max(together), into)
            } else {
                by_sequence(&index, filters, from, limit, into)
            }
        };
        let lost = lost_between(&index, from, next);
        Ok(Found { next, end: index.next, removals: index.removals, lost })
    }

    /// Counts live messages from `from` on whose subjects match any of `filters`. It reads no file.
    ///
    /// # Errors
    /// `StreamDeleted`, `Closed`.
    pub fn census(&self, filters: &[SubjectFilter], from: Sequence) -> Result<Census, EngineError> {
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        Ok(Census {
            count: count_matching_from(&index, filters, from),
            end: index.next,
            removals: index.removals,
            lost: lost_between(&index, from, index.next),
        })
    }
}

/// Looks at messages one after the other; returns where it stopped.
fn by_sequence(
    index: &StreamIndex,
    filters: &[SubjectFilter],
    from: Sequence,
    limit: usize,
    into: &mut Vec<Sequence>,
) -> Sequence {
    let everything = covers_everything(index, filters);
    let (mut found, mut looked) = (0, 0);
    for (sequence, id) in index.live_from(from) {
        if found == limit || looked == MESSAGES_LOOKED_AT_MAX {
            return sequence;
        }
        looked += 1;
        if everything || super::query::matches(index, filters, id) {
            into.push(sequence);
            found += 1;
        }
    }
    index.next
}

/// Takes the messages of each subject that matches; returns where it stopped.
fn by_subject(
    index: &StreamIndex,
    filters: &[SubjectFilter],
    from: Sequence,
    limit: usize,
    into: &mut Vec<Sequence>,
) -> Sequence {
    let mut found = Vec::new();
    let ids = filters.iter().flat_map(|filter| index.table.matching(filter.as_str(), None));
    index.each_together(ids, |id| found.extend(index.revisions_from(id, from).take(limit + 1)));
    // A subject may match several filters.
    let most = limit.saturating_mul(filters.len()) + 1;
    if found.len() > most {
        found.select_nth_unstable(most);
        found.truncate(most);
    }
    found.sort_unstable();
    found.dedup();
    let next = found.get(limit).copied().unwrap_or(index.next);
    found.truncate(limit);
    into.append(&mut found);
    next
}

/// Returns a hole that reaches into the sequences from `from` to before `end`.
fn lost_between(index: &StreamIndex, from: Sequence, end: Sequence) -> Option<Arc<Damage>> {
    let reaches = |hole: &&Arc<Damage>| {
        from < end && hole.sequences.is_none_or(|(first, last)| first < end && last >= from)
    };
    index.holes.iter().find(reaches).cloned()
}

/// Messages that one search looks at while the index is locked.
const MESSAGES_LOOKED_AT_MAX: usize = 4_096;
/// Matches, as many as there may be, that one search looks at instead.
const MATCHES_WALKED_MAX: u64 = 32_768;
/// A match costs about as much as so many messages that are passed over.
const SPARSE: u64 = 8;
/// All of them are walked at most so many times until everything is found.
const FULL_WALKS: usize = 8;
/// So many sequences are always taken together.
const TOGETHER_MAX: usize = 4_096;
