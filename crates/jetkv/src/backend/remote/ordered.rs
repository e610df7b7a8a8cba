//! A reader of a stream in its order, through a consumer that pushes: it begins anew behind what it has delivered whenever
//! anything is missing, be it a message, a sign of life, or the server (PROTOCOL 5.4, 5.5 and 5.9).

mod session;

use super::error::RemoteError;
use super::stream::Target;
use crate::backend::Fault;
use jetkv_engine::{Damage, EngineError};
use jetkv_jetstream::{Content, JetStreamError, Start};
use jetkv_types::{Message, Sequence, SubjectFilter, Timestamp};
use jetkv_wire::api::StreamInfo;
use session::{Heard, Session};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// What comes next.
#[derive(Debug)]
pub(super) enum Next {
    /// A message, and how many of the first set are still to come.
    Message(Message, u64),
    /// The first set is complete.
    EndOfInitial,
}

/// A reader of some subjects of a stream.
#[derive(Debug)]
pub(super) struct Ordered {
    target: Target,
    /// What the server is asked for; no two overlap, as it demands.
    filters: Vec<SubjectFilter>,
    /// What is wanted of it, if that is less.
    wanted: Option<Vec<SubjectFilter>>,
    content: Content,
    start: Start,
    /// When the stream was created: one that is there later under the same name may be another one.
    created: Timestamp,
    /// The last sequence of the stream when the reader was opened.
    floor: Sequence,
    /// The first set is not complete before this sequence was reached: the leader had it when the reader was opened, and the
    /// consumer may be at a server that lags behind. 0 where nothing lags.
    target_sequence: Sequence,
    /// The first sequence that the leader still had when the reader was opened. A server that lags behind may still have what
    /// was removed before it. 0 where nothing lags.
    first: Sequence,
    /// How many messages the first set has at the leader, where that is known: a server that lags behind announces too few.
    announced: u64,
    /// How many messages the stream keeps of each subject, at most.
    history: i64,
    /// The last sequence that was delivered, or skipped on purpose.
    position: Sequence,
    phase: Phase,
    /// The last error stands for a message that cannot be read, and the reader is behind it.
    has_passed: bool,
    /// The sequence of the last message that could not be read.
    damaged: Sequence,
    /// What matches up to here was returned by [`Self::next`], or is gone.
    reached: Arc<AtomicU64>,
    session: Option<Session>,
    reconnects: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The first set is being delivered.
    Initial {
        total: u64,
        seen: u64,
        is_anew: bool,
    },
    /// All of it came; this is to be said.
    Complete,
    Tail,
}

impl Ordered {
    /// Finds out where the stream is, and begins.
    pub(super) async fn open(
        target: Target,
        filters: Vec<SubjectFilter>,
        start: Start,
        content: Content,
    ) -> Result<Self, Fault> {
        let (reconnects, closing) = (target.link.reconnects(), target.link.closing());
        let info = target.info().await?;
        let (filters, wanted) = without_overlaps(filters);
        let mut reader = Self {
            target,
            filters,
            wanted,
            content,
            start,
            created: info.created,
            floor: info.state.last_seq,
            target_sequence: 0,
            first: 0,
            announced: 0,
            history: info.config.max_msgs_per_subject,
            position: 0,
            phase: Phase::Initial { total: 0, seen: 0, is_anew: false },
            has_passed: false,
            damaged: 0,
            reached: Arc::default(),
            session: None,
            reconnects,
            closing,
        };
        if info.config.num_replicas > 1 {
            reader.first = info.state.first_seq;
            reader.announced = reader.size_of_first_set(&info);
            reader.target_sequence = reader.last_matching().await?;
        }
        match reader.begin().await {
            Ok(()) => {}
            Err(fault) if is_passing(&fault) => {}
            Err(fault) => return Err(fault),
        }
        Ok(reader)
    }

    /// Returns how many messages the stream keeps of each subject, at most.
    pub(super) fn history(&self) -> i64 {
        self.history
    }

    /// Returns where it is noted how far the reader has come for certain.
    pub(super) fn reached(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.reached)
    }

    /// Waits for what is next. Whatever a new beginning can mend is mended here.
    ///
    /// [`EngineError::Damaged`] stands for a message, and [`Self::goes_on`] says whether there is more behind it; after any other
    /// error the reader has ended.
    pub(super) async fn next(&mut self) -> Result<Next, Fault> {
        loop {
            if self.phase == Phase::Complete {
                self.phase = Phase::Tail;
                return Ok(Next::EndOfInitial);
            }
            let heard = match &mut self.session {
                None => {
                    self.begin_again().await?;
                    continue;
                }
                Some(session) => {
                    let patience = self.target.link.heartbeat * MISSED_HEARTBEATS;
                    tokio::select! {
                        biased;
                        _ = self.closing.wait_for(|closed| *closed) => return Err(EngineError::Closed.into()),
                        heard = session.hear(&self.target.link, patience) => heard,
                        // A server that was restarted does not know the consumer any more and would be silent.
                        _ = self.reconnects.changed() => Heard::Lost,
                    }
                }
            };
            match heard {
                Heard::Lost => self.session = None,
                Heard::Idle(reached) => {
                    if self.phase == Phase::Tail {
                        self.reached.store(reached, Ordering::Release);
                    }
                    if !self.is_only_behind_damage(reached) {
                        self.complete(reached);
                    }
                }
                Heard::Message(message, pending) => {
                    if let Some(next) = self.take(*message, pending) {
                        return Ok(next);
                    }
                }
                Heard::Damaged(damage) => {
                    if let Phase::Initial { seen, .. } = &mut self.phase {
                        *seen += 1;
                    }
                    if self.passes(&damage) {
                        return Err(EngineError::Damaged(Arc::new(damage)).into());
                    }
                }
            }
        }
    }

    /// Says whether there is something behind the error that was returned last.
    pub(super) fn goes_on(&mut self) -> bool {
        std::mem::take(&mut self.has_passed)
    }

    /// Ends the consumer, so that the server need not wait until it notices.
    pub(super) async fn end(mut self) {
        if let Some(session) = self.session.take() {
            session.end(&self.target).await;
        }
    }

    /// Takes a message; `None` if nobody is to see it.
    fn take(&mut self, message: Message, pending: u64) -> Option<Next> {
        let is_new = message.sequence > self.position;
        let mut left = 0;
        if let Phase::Initial { total, seen, is_anew } = self.phase {
            if is_anew && message.sequence > self.floor {
                // What came after the reader was opened belongs to the tail, every change of it.
                self.turn_to_tail();
                return None;
            }
            let seen = seen + 1;
            self.phase = Phase::Initial { total, seen, is_anew };
            self.position = self.position.max(message.sequence);
            left = total.saturating_sub(seen);
            // More is to come, if the server knows it or not.
            left = if message.sequence < self.target_sequence { left.max(1) } else { left.min(pending) };
            if left == 0 {
                self.complete(message.sequence);
            }
        }
        self.position = self.position.max(message.sequence);
        (is_new && message.sequence >= self.first && self.is_wanted(&message))
            .then_some(Next::Message(message, left))
    }

    /// Goes behind a message that cannot be read; says whether that is to be told, which it is once.
    fn passes(&mut self, damage: &Damage) -> bool {
        let last = damage.sequences.map(|(_, last)| last);
        if last.is_some_and(|last| last <= self.position) {
            return false;
        }
        self.position = last.unwrap_or(self.position);
        self.damaged = self.position;
        self.has_passed = true;
        true
    }

    /// Says whether a sign of life came at once behind a damaged message, as it does so that a count of deliveries shows at once
    /// that one is missing. It does not mean that nothing more is there.
    fn is_only_behind_damage(&self, reached: Sequence) -> bool {
        matches!(self.phase, Phase::Initial { total, seen, .. } if seen < total) && reached <= self.damaged
    }

    /// The consumer has nothing more for now and has come as far as `reached`: the first set is complete, also if a part of it
    /// was removed meanwhile. If the consumer's server is behind the leader, the rest of it comes later.
    fn complete(&mut self, reached: Sequence) {
        if self.position.max(reached) < self.target_sequence {
            return;
        }
        match self.phase {
            Phase::Initial { is_anew: true, .. } => self.turn_to_tail(),
            Phase::Initial { .. } => self.phase = Phase::Complete,
            Phase::Complete | Phase::Tail => {}
        }
    }

    /// Asks the leader for the last sequence that the reader must see.
    async fn last_matching(&self) -> Result<Sequence, Fault> {
        let from = match self.start {
            Start::New => return Ok(0),
            Start::BySequence(from) => from,
            Start::LastPerSubject | Start::All => 0,
        };
        let mut last = 0;
        for filter in &self.filters {
            let found = self.target.last_matching(filter).await?.filter(|&found| found >= from);
            last = last.max(found.unwrap_or(0));
        }
        Ok(last)
    }

    /// Returns how many messages the first set has, if it is about everything that there is.
    fn size_of_first_set(&self, info: &StreamInfo) -> u64 {
        let is_everything = info.config.subjects.iter().all(|subject| {
            let subject = SubjectFilter::new(subject.as_str());
            subject.is_ok_and(|subject| self.filters.iter().any(|filter| subject.is_subset_of(filter)))
        });
        match self.start {
            _ if !is_everything || self.wanted.is_some() => 0,
            Start::All => info.state.messages,
            Start::LastPerSubject => u64::try_from(info.state.num_subjects).unwrap_or(0),
            Start::New | Start::BySequence(_) => 0,
        }
    }

    /// Goes on with every change behind the first set, with a consumer of its own.
    fn turn_to_tail(&mut self) {
        self.session = None;
        self.position = self.position.max(self.floor);
        self.phase = Phase::Complete;
    }

    fn is_wanted(&self, message: &Message) -> bool {
        let matches = |filter: &SubjectFilter| filter.matches(message.subject.as_str());
        self.wanted.as_ref().is_none_or(|wanted| wanted.iter().any(matches))
    }

    /// Begins again, as often as it takes; ends with an error if what was delivered cannot be continued.
    async fn begin_again(&mut self) -> Result<(), Fault> {
        let mut pause = RETRY_MIN;
        let mut was_missing = false;
        loop {
            let begun = match self.check_identity().await {
                Ok(()) => self.begin().await,
                refused => refused,
            };
            match begun {
                Ok(()) => return Ok(()),
                Err(fault) if is_passing(&fault) => {}
                Err(fault) if self.gets_behind(&fault) => return Err(fault),
                // A server that is just starting may not know all of its streams yet.
                Err(fault) if is_missing(&fault) && !was_missing => was_missing = true,
                Err(fault) => return Err(fault),
            }
            tokio::select! {
                _ = self.closing.wait_for(|closed| *closed) => return Err(EngineError::Closed.into()),
                () = sleep(pause) => {}
            }
            pause = (pause * 2).min(RETRY_MAX);
        }
    }

    /// A server does not begin with a message that it cannot read: the next try begins behind it.
    fn gets_behind(&mut self, fault: &Fault) -> bool {
        match fault {
            Fault::Stream(JetStreamError::Engine(EngineError::Damaged(damage))) => {
                damage.sequences.is_some() && self.passes(damage)
            }
            _ => false,
        }
    }

    /// Checks that the stream is still the one that was read from, and has not gone back behind what was delivered.
    async fn check_identity(&mut self) -> Result<(), Fault> {
        let info = self.target.info().await?;
        if info.created != self.created {
            return Err(EngineError::StreamDeleted { name: self.target.name.clone() }.into());
        }
        if info.state.last_seq < self.position {
            let (stream, after) = (self.target.name.clone(), self.position);
            return Err(RemoteError::Gap { stream, after, last: info.state.last_seq }.into());
        }
        Ok(())
    }

    /// Creates a consumer that continues behind what was delivered.
    async fn begin(&mut self) -> Result<(), Fault> {
        self.reconnects.mark_unchanged();
        let is_anew = self.position > 0;
        let start = match (self.phase, self.start) {
            (Phase::Initial { .. }, Start::LastPerSubject) => Start::LastPerSubject,
            (Phase::Initial { .. }, Start::All) if !is_anew => Start::All,
            (Phase::Initial { .. }, Start::BySequence(from)) if !is_anew => Start::BySequence(from),
            // From now on means behind what the leader had when the reader was opened, also at the second try.
            (_, Start::New) => Start::BySequence(self.position.max(self.floor) + 1),
            (_, Start::BySequence(from)) => Start::BySequence((self.position + 1).max(from)),
            _ => Start::BySequence(self.position + 1),
        };
        let (session, pending) = Session::open(&self.target, &self.filters, start, self.content).await?;
        self.session = Some(session);
        if matches!(self.phase, Phase::Initial { .. }) {
            let is_anew = is_anew && self.start == Start::LastPerSubject;
            let total = if self.position == 0 { pending.max(self.announced) } else { pending };
            self.phase = Phase::Initial { total, seen: 0, is_anew };
            if self.start == Start::New {
                self.phase = Phase::Complete;
            } else if pending == 0 {
                self.complete(0);
            }
        }
        Ok(())
    }
}

/// Leaves out filters that others contain. If some overlap still, which the server does not take, it is asked for everything
/// that they have in common, and the second list tells what is wanted of it.
fn without_overlaps(filters: Vec<SubjectFilter>) -> (Vec<SubjectFilter>, Option<Vec<SubjectFilter>>) {
    let mut kept: Vec<SubjectFilter> = Vec::new();
    for filter in filters {
        if kept.iter().any(|other| filter.is_subset_of(other)) {
            continue;
        }
        kept.retain(|other| !other.is_subset_of(&filter));
        kept.push(filter);
    }
    let overlaps =
        |(index, filter): (usize, &SubjectFilter)| kept[..index].iter().any(|other| other.overlaps(filter));
    if !kept.iter().enumerate().any(overlaps) {
        return (kept, None);
    }
    // The filters of a bucket begin with its prefix, two tokens.
    let common = kept.first().map(|filter| {
        let prefix: Vec<_> = filter.as_str().splitn(3, '.').take(2).collect();
        SubjectFilter::new(format!("{}.>", prefix.join(".")))
    });
    match common {
        Some(Ok(common)) => (vec![common], Some(kept)),
        _ => (vec![SubjectFilter::all()], Some(kept)),
    }
}

/// Says whether trying again may help.
fn is_passing(fault: &Fault) -> bool {
    match fault {
        Fault::Remote(
            RemoteError::TimedOut { .. } | RemoteError::Unavailable { .. } | RemoteError::Unexpected { .. },
        ) => true,
        // Consumers of readers that have gone vanish by themselves.
        Fault::Remote(RemoteError::Full(_)) => true,
        Fault::Remote(_) | Fault::Stream(_) => false,
    }
}

fn is_missing(fault: &Fault) -> bool {
    matches!(fault, Fault::Stream(JetStreamError::Engine(EngineError::StreamDeleted { .. })))
}

const MISSED_HEARTBEATS: u32 = 3;
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
