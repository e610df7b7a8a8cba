//! How far a consumer has come in its stream, and how much is left.

use super::limits::{AHEAD_MAX, REFRESH_FREE, REFRESH_NANOS, REFRESH_PER_DELIVERY};
use jetkv_engine::{Damage, EngineError, Stream};
use jetkv_types::{Sequence, SubjectFilter, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// A position in a stream: sequences that are known to come next, and what is counted behind them.
#[derive(Debug)]
pub(super) struct Cursor {
    /// Every match below was delivered, left out on purpose, or is `ahead`.
    next: Sequence,
    /// The next matches, ascending; all below `next`.
    ahead: VecDeque<Sequence>,
    /// Matches from `next` to before `counted_end`.
    beyond: u64,
    counted_end: Sequence,
    /// What the stream said of removals when the figures were true.
    removals: u64,
    /// Deliveries since then, and when that was.
    deliveries: u64,
    refreshed: Timestamp,
    /// Everything that the set has seen of the stream was delivered: new messages may be handed over as they come.
    at_tail: bool,
    /// The last damage that was told.
    told: Option<Arc<Damage>>,
}

/// Whether figures are brought up to date whatever it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// Only if the work is small or paid for by deliveries.
    Paid,
    /// In any case.
    Full,
}

/// How a search for more sequences ended.
#[derive(Debug)]
pub(super) struct Search {
    /// Whether there is nothing more at this moment.
    pub(super) complete: bool,
    /// Sequence of the next message to become visible.
    pub(super) end: Sequence,
    /// A stretch of lost messages that was passed.
    pub(super) lost: Option<Arc<Damage>>,
}

impl Cursor {
    /// Returns a cursor before the first match from `start` on.
    pub(super) fn at(
        stream: &Stream,
        filters: &[SubjectFilter],
        start: Sequence,
    ) -> Result<Self, EngineError> {
        let census = stream.census(filters, start)?;
        Ok(Self {
            next: start,
            ahead: VecDeque::new(),
            beyond: census.count,
            counted_end: census.end.max(start),
            removals: census.removals,
            deliveries: 0,
            refreshed: Timestamp::ZERO,
            at_tail: census.count == 0,
            told: None,
        })
    }

    /// Returns a cursor before a list of sequences, which goes on at `next`.
    pub(super) fn with_list(list: Vec<Sequence>, next: Sequence, removals: u64) -> Self {
        Self {
            next,
            at_tail: list.is_empty(),
            ahead: list.into(),
            beyond: 0,
            counted_end: next,
            removals,
            deliveries: 0,
            refreshed: Timestamp::ZERO,
            told: None,
        }
    }

    /// Says whether a damage was not the last one that was told, and notes that it is.
    pub(super) fn is_news(&mut self, damage: &Arc<Damage>) -> bool {
        self.told.replace(Arc::clone(damage)).is_none_or(|told| told != *damage)
    }

    /// Returns how many matches are left, as far as the set has seen the stream.
    pub(super) fn pending(&self) -> u64 {
        u64::try_from(self.ahead.len()).unwrap_or(u64::MAX).saturating_add(self.beyond)
    }

    /// Returns the first sequence that nobody has counted for this consumer, if the set has seen everything before `seen`.
    pub(super) fn uncounted_from(&self, seen: Sequence) -> Sequence {
        self.counted_end.max(self.next).max(seen)
    }

    pub(super) fn is_at_tail(&self) -> bool {
        self.at_tail
    }

    /// Returns the last sequence that was looked at, if the set has seen everything before `seen`.
    pub(super) fn looked_at(&self, seen: Sequence) -> Option<Sequence> {
        self.at_tail.then(|| self.next.max(seen).saturating_sub(1))
    }

    /// Moves behind what the set has seen, if nothing of it is left for this consumer.
    pub(super) fn skip_seen(&mut self, seen: Sequence) {
        if self.at_tail && self.beyond == 0 {
            self.next = self.next.max(seen);
        }
    }

    /// Counts a new message that matches.
    pub(super) fn observe(&mut self, sequence: Sequence) {
        if sequence >= self.next && sequence >= self.counted_end {
            self.beyond += 1;
            self.counted_end = sequence + 1;
        }
    }

    /// Says whether a new message is the next one to be delivered.
    pub(super) fn wants(&self, sequence: Sequence) -> bool {
        self.at_tail && sequence >= self.next
    }

    /// Notes that a new message went before it could be delivered.
    pub(super) fn miss_new(&mut self, sequence: Sequence) {
        if self.wants(sequence) {
            self.beyond = self.beyond.saturating_sub(1);
        }
    }

    /// Notes that a new message was delivered.
    pub(super) fn passed_new(&mut self, sequence: Sequence) {
        self.next = sequence + 1;
        self.beyond = self.beyond.saturating_sub(1);
    }

    /// Notes that a new message could not be delivered now: the consumer reads it from the log later.
    pub(super) fn fall_behind(&mut self, sequence: Sequence) {
        self.next = self.next.max(sequence);
        self.at_tail = false;
    }

    /// Leaves the tail: the consumer reads what comes next from the log.
    pub(super) fn leave_tail(&mut self) {
        self.at_tail = false;
    }

    /// Returns the next sequences that are known.
    pub(super) fn ahead(&self) -> &VecDeque<Sequence> {
        &self.ahead
    }

    /// Notes that the first of the known sequences was delivered, or is not there any more.
    pub(super) fn passed_ahead(&mut self) {
        self.ahead.pop_front();
        self.deliveries += 1;
    }

    /// Looks up the next sequences. Called when none are known.
    pub(super) fn search(
        &mut self,
        stream: &Stream,
        filters: &[SubjectFilter],
    ) -> Result<Search, EngineError> {
        let mut found = Vec::new();
        let search = stream.find(filters, self.next, AHEAD_MAX, &mut found)?;
        let complete = search.next >= search.end;
        let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
        self.next = search.next.max(self.next);
        self.ahead.extend(found);
        if complete || self.next >= self.counted_end {
            self.beyond = 0;
            self.counted_end = self.next.max(self.counted_end);
        } else {
            self.beyond = self.beyond.saturating_sub(count);
        }
        // One that was at the tail is not when it finds what the set has not seen yet: new messages come behind it.
        self.at_tail = complete && self.ahead.is_empty();
        Ok(Search { complete, end: search.end, lost: search.lost })
    }

    /// Brings the figures up to date if messages went; what is gone is left out of the known sequences.
    pub(super) fn refresh(
        &mut self,
        stream: &Stream,
        filters: &[SubjectFilter],
        now: Timestamp,
        effort: Effort,
    ) -> Result<(), EngineError> {
        let removals = stream.removals();
        if removals == self.removals || self.pending() == 0 {
            return Ok(());
        }
        // What is to be counted is looked at one by one at worst.
        let listed = u64::try_from(self.ahead.len()).unwrap_or(u64::MAX);
        let counted = self.counted_end.saturating_sub(self.next);
        let work = listed.saturating_add(counted);
        let is_paid = work <= REFRESH_FREE
            || self.deliveries.saturating_mul(REFRESH_PER_DELIVERY) >= work
            || now.since(self.refreshed) >= Duration::from_nanos(work.saturating_mul(REFRESH_NANOS));
        if effort == Effort::Paid && !is_paid {
            return Ok(());
        }
        self.ahead.retain(|sequence| stream.is_live(*sequence));
        // Counted anew even if there was nothing: what is dead already when it is observed must not be counted later.
        let census = stream.census(filters, self.next)?;
        self.beyond = census.count;
        self.counted_end = census.end.max(self.next);
        self.removals = removals;
        self.deliveries = 0;
        self.refreshed = now;
        Ok(())
    }
}
