//! Messages that no consumer needs any more, in streams that keep them only for their consumers (PROTOCOL 4.8).
//!
//! An acknowledgement is taken first, then it is asked whether anybody else needs the message, and then the stream discards
//! it. A crash in between brings the message back with its stream; consumers know what they acknowledged, and
//! [`ConsumerSet::sweep`] discards it again. What was given up, or never delivered, is needed until its consumer goes.

use super::{ConsumerKey, ConsumerSet};
use crate::Retention;
use jetkv_engine::{Commit, EngineError};
use jetkv_types::{Sequence, Subject, SubjectFilter};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// What the set knows of messages on their way out of the stream.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// Those that need messages without being consumers, by name.
    holds: BTreeMap<Box<str>, Hold>,
    /// Consumers that may have settled something since it was looked at.
    touched: Vec<ConsumerKey>,
    /// Needed by nobody, and not discarded yet.
    dead: Vec<Sequence>,
}

/// Somebody who needs messages and says by itself how far it has come: a copy of the stream.
#[derive(Debug, Clone)]
struct Hold {
    filters: Vec<SubjectFilter>,
    /// The first sequence that it still needs.
    next: Sequence,
}

impl Outgoing {
    pub(super) fn touch(&mut self, key: ConsumerKey) {
        if self.touched.last() != Some(&key) {
            self.touched.push(key);
        }
    }
}

impl ConsumerSet {
    /// Says whether a message of this subject concerns anybody. It holds until a consumer or a hold comes or goes.
    pub fn wants(&mut self, subject: &Subject) -> bool {
        let mut owners = Vec::new();
        self.members.filters.matching(subject.as_str(), &mut owners);
        let is_held = |hold: &Hold| concerns(&hold.filters, subject);
        !owners.is_empty() || self.outgoing.holds.values().any(is_held)
    }

    /// Notes that somebody of this name needs all messages that match and have a sequence of `next` or higher, whatever
    /// consumers say.
    pub fn hold(&mut self, name: &str, filters: &[SubjectFilter], next: Sequence) {
        self.outgoing.holds.insert(name.into(), Hold { filters: filters.to_vec(), next });
    }

    /// Notes that a hold, if it is there, needs nothing before `next` any more.
    ///
    /// # Errors
    /// Those of the engine if the stream is gone.
    pub fn advance(&mut self, name: &str, next: Sequence) -> Result<(), EngineError> {
        let keeps_all = self.keeps_all();
        let Some(hold) = self.outgoing.holds.get_mut(name) else { return Ok(()) };
        let before = std::mem::replace(&mut hold.next, next);
        if keeps_all || next <= before {
            return Ok(());
        }
        let filters = hold.filters.clone();
        self.judge_matching(&filters, before, next)
    }

    /// Ends a hold. What nobody else needs goes.
    ///
    /// # Errors
    /// As [`Self::advance`].
    pub fn let_go(&mut self, name: &str) -> Result<(), EngineError> {
        match self.outgoing.holds.remove(name) {
            Some(hold) => self.sweep_left(&hold.filters),
            None => Ok(()),
        }
    }

    /// Discards what nobody needs any more; called after every event and every pump. The commit is done when it is gone
    /// for good; if it fails, [`Self::sweep`] finds the messages again.
    pub fn discard(&mut self) -> Option<Commit> {
        if self.outgoing.dead.is_empty() {
            return None;
        }
        let dead = std::mem::take(&mut self.outgoing.dead);
        Some(self.stream.discard(&dead))
    }

    /// Looks through the stream for what no consumer needs, as after an opening: an acknowledgement may have survived a crash
    /// that the removal of its message did not survive. What matches no consumer at all stays.
    ///
    /// # Errors
    /// As [`Self::advance`].
    pub fn sweep(&mut self) -> Result<(), EngineError> {
        match self.rules.retention {
            Retention::Limits => Ok(()),
            Retention::Interest => {
                let filters = self.all_filters();
                self.judge_matching(&filters, 0, Sequence::MAX)
            }
            Retention::WorkQueue => self.sweep_acknowledged(),
        }
    }

    /// Discards what was acknowledged in a work queue. Before the filters of a consumer came to hold, what it did not deliver
    /// was not acknowledged either.
    fn sweep_acknowledged(&mut self) -> Result<(), EngineError> {
        for key in self.members.keys() {
            let Some(consumer) = self.members.get(key) else { continue };
            let (from, to) = (consumer.filtered_since + 1, consumer.delivered.stream_seq + 1);
            let filters = consumer.rules.filters.clone();
            self.judge_matching(&filters, from, to)?;
        }
        Ok(())
    }

    /// Takes the retention of new rules over from the old ones.
    pub(super) fn change_retention(&mut self, before: Retention) {
        let retention = self.rules.retention;
        if before == retention {
            return;
        }
        for key in self.members.keys() {
            if let Some(consumer) = self.members.get_mut(key) {
                consumer.set_keeping((retention != Retention::Limits).then(BTreeSet::new));
                consumer.judged = consumer.delivered.stream_seq;
                consumer.dirty = true;
            }
        }
        let is_alone = self.members.count() == 0 && self.outgoing.holds.is_empty();
        let outcome = if is_alone && retention == Retention::Interest {
            self.judge_matching(&[SubjectFilter::all()], 0, Sequence::MAX)
        } else {
            self.sweep()
        };
        // A stream that is gone keeps nothing.
        drop(outcome);
    }

    /// Looks at what is left behind by a consumer, or by filters of it, that are gone. A work queue keeps it.
    pub(super) fn sweep_left(&mut self, filters: &[SubjectFilter]) -> Result<(), EngineError> {
        match self.rules.retention {
            Retention::Limits => Ok(()),
            Retention::WorkQueue => self.sweep_acknowledged(),
            Retention::Interest => {
                // What was queued while somebody wanted it belongs to it.
                self.stream.append(&[]).wait()?;
                self.judge_matching(filters, 0, Sequence::MAX)
            }
        }
    }

    /// Notes that a consumer may have settled something.
    pub(super) fn touch(&mut self, key: ConsumerKey) {
        if !self.keeps_all() {
            self.outgoing.touch(key);
        }
    }

    /// Judges what was settled by the consumers that were touched.
    pub(super) fn judge_settled(&mut self) -> Result<(), EngineError> {
        while let Some(key) = self.outgoing.touched.pop() {
            let Some(consumer) = self.members.get_mut(key) else { continue };
            let settled = consumer.acks.as_mut().map(|acks| acks.take_settled()).unwrap_or_default();
            let passed = consumer.delivered.stream_seq + 1;
            let judged = std::mem::replace(&mut consumer.judged, consumer.delivered.stream_seq);
            let silent = consumer.passes_silently() && judged + 1 < passed;
            let filters = if silent { consumer.rules.filters.clone() } else { Vec::new() };
            for sequence in settled {
                if !self.is_needed(sequence) {
                    self.outgoing.dead.push(sequence);
                }
            }
            if silent {
                self.judge_matching(&filters, judged + 1, passed)?;
            }
        }
        Ok(())
    }

    /// Judges all messages that match, from `from` to before `to`.
    fn judge_matching(
        &mut self,
        filters: &[SubjectFilter],
        from: Sequence,
        to: Sequence,
    ) -> Result<(), EngineError> {
        let (mut next, mut found) = (from, Vec::new());
        loop {
            found.clear();
            let search = self.stream.find(filters, next, JUDGED_TOGETHER, &mut found)?;
            for &sequence in found.iter().take_while(|sequence| **sequence < to) {
                if !self.is_needed(sequence) {
                    self.outgoing.dead.push(sequence);
                }
            }
            if search.next >= search.end.min(to) {
                return Ok(());
            }
            next = search.next;
        }
    }

    /// Says whether a consumer or a hold waits for a message.
    fn is_needed(&self, sequence: Sequence) -> bool {
        // It is asked for only if a filter has to be compared.
        let subject = OnceCell::new();
        let is_for = |filters: &[SubjectFilter]| {
            filters.iter().any(|filter| filter.as_str() == ">")
                || subject
                    .get_or_init(|| self.stream.subject_at(sequence))
                    .as_ref()
                    .is_some_and(|subject| concerns(filters, subject))
        };
        self.members.iter().any(|consumer| consumer.waits_for(sequence) && is_for(&consumer.rules.filters))
            || self.outgoing.holds.values().any(|hold| sequence >= hold.next && is_for(&hold.filters))
    }

    pub(super) fn keeps_all(&self) -> bool {
        self.rules.retention == Retention::Limits
    }

    /// Returns the filters of all consumers and holds, without those that are said twice.
    fn all_filters(&self) -> Vec<SubjectFilter> {
        let members = self.members.iter().flat_map(|consumer| &consumer.rules.filters);
        let filters = members.chain(self.outgoing.holds.values().flat_map(|hold| &hold.filters));
        let mut all: Vec<SubjectFilter> = filters.cloned().collect();
        all.sort_unstable_by(|left, right| left.as_str().cmp(right.as_str()));
        all.dedup();
        all
    }
}

fn concerns(filters: &[SubjectFilter], subject: &Subject) -> bool {
    filters.iter().any(|filter| filter.matches(subject.as_str()))
}

/// So many messages are looked up at a time.
const JUDGED_TOGETHER: usize = 1_024;
