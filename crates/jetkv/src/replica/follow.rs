//! Following a source: what comes is kept, the source is asked how it stands, and both are compared.

use super::compare::{Finding, Listing, list};
use super::keep::Keep;
use super::shared::{Shared, filling};
use super::worker::{End, end_of};
use crate::backend::{AnyDelivery, Outcome, StreamHandle, block_on};
use crate::limits::{COPY_BYTES_MAX, COPY_ENTRIES_MAX};
use crate::{ErrorKind, JetStream, KeyValue, KvError};
use jetkv_engine::StreamState;
use jetkv_jetstream::Step;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

/// A source that is being followed.
pub(super) struct Follow<'a> {
    shared: &'a Shared,
    keep: &'a mut Keep,
    place: &'a JetStream,
    bucket: &'a KeyValue,
    delivery: AnyDelivery,
    check_interval: Duration,
    /// Everything that was there at the beginning is kept.
    is_live: bool,
    /// What the source is being asked, and how things were when that began.
    question: Option<(Question, Asked)>,
    /// What it answered, until the replica has come far enough to be compared with it.
    listing: Option<(Listing, u64)>,
    last_comparison: Option<Comparison>,
    /// How often in a row both seemed to differ.
    doubts: u32,
    next_check: Instant,
}

/// How things were when a question was asked.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    /// How often the source had been reached anew.
    contact: u64,
    /// What was kept then; the source cannot have had less.
    position: u64,
}

type Question = Pin<Box<dyn Future<Output = Outcome<Answer>>>>;

enum Answer {
    State(StreamState),
    Listing(Box<Listing>),
}

/// A comparison that found both equal, or made them so.
#[derive(Debug, Clone, Copy)]
struct Comparison {
    at: Instant,
    contact: u64,
    /// How many messages the source had, and its last sequence.
    source: (u64, u64),
}

/// What a wait ended with.
enum Event {
    Stopped,
    Answered(Outcome<Answer>),
    Delivered(Result<(), crate::backend::Fault>),
}

impl<'a> Follow<'a> {
    pub(super) fn new(
        shared: &'a Shared,
        keep: &'a mut Keep,
        place: &'a JetStream,
        bucket: &'a KeyValue,
        delivery: AnyDelivery,
        check_interval: Duration,
    ) -> Self {
        Self {
            shared,
            keep,
            place,
            bucket,
            delivery,
            check_interval,
            is_live: false,
            question: None,
            listing: None,
            last_comparison: None,
            doubts: 0,
            next_check: now() + check_interval,
        }
    }

    /// Follows until that ends.
    pub(super) fn run(&mut self) -> Result<std::convert::Infallible, End> {
        loop {
            self.take()?;
            self.compare()?;
            self.ask();
            match self.wait() {
                Some(Event::Stopped) => return Err(End::Stopped),
                Some(Event::Answered(answer)) => self.answered(answer)?,
                Some(Event::Delivered(ready)) => ready.map_err(|fault| self.source_failed(fault))?,
                None => {}
            }
        }
    }

    /// Keeps everything that is there, some at a time.
    fn take(&mut self) -> Result<(), End> {
        loop {
            let (mut messages, mut bytes, mut is_idle) = (Vec::new(), 0, false);
            while messages.len() < COPY_ENTRIES_MAX && bytes < COPY_BYTES_MAX && !is_idle {
                match self.delivery.step().map_err(|fault| self.source_failed(fault))? {
                    Step::Message { message, .. } => {
                        bytes += message.payload.len();
                        messages.push(message);
                    }
                    Step::EndOfInitial => self.is_live = true,
                    Step::Idle => is_idle = true,
                }
            }
            let Some(content) = self.keep.content() else { return Err(End::Failed(KvError::Closed)) };
            let applied = content.apply(&messages);
            if applied.map_err(|error| End::Failed(self.keep.explain(error)))?.is_err() {
                return Err(self.differs());
            }
            let position = content.position().max(self.delivery.reached());
            if !messages.is_empty() || position > self.shared.position() {
                self.shared.facts().word = Some(now());
            }
            self.shared.advance(position);
            if self.shared.is_stopped() {
                return Err(End::Stopped);
            }
            if is_idle {
                return Ok(());
            }
        }
    }

    /// Compares with what the source has said, once everything up to there is kept.
    fn compare(&mut self) -> Result<(), End> {
        let Some((listing, contact)) =
            self.listing.take_if(|(listing, _)| self.shared.position() >= listing.until)
        else {
            return Ok(());
        };
        let here = |error| End::Failed(crate::config::explain(self.bucket.bucket(), "embedded", error));
        let time = self.keep.now();
        let Some(content) = self.keep.content() else { return Ok(()) };
        match listing.compare(content, time).map_err(|error| here(error.into()))? {
            Finding::Gone { sequences, .. }
                if sequences.len() > REMOVALS_MAX && sequences.len() < content.entries() =>
            {
                return Err(self.differs());
            }
            Finding::Gone { sequences, kept } => {
                content.remove(&sequences, kept).map_err(|error| here(error.into()))?;
            }
            // What is missing may have been replaced by something that has expired since; another listing tells.
            Finding::Differs if self.doubts < DOUBTS_MAX => {
                self.doubts += 1;
                self.last_comparison = None;
                return Ok(());
            }
            Finding::Differs => return Err(self.differs()),
        }
        self.doubts = 0;
        self.keep.configure(&listing.settings).map_err(End::Failed)?;
        if self.keep.content().is_some_and(|content| !content.is_complete()) {
            self.keep.complete().map_err(End::Failed)?;
        }
        let source = (listing.state.messages, listing.state.last_sequence);
        self.last_comparison = Some(Comparison { at: now(), contact, source });
        let mut facts = self.shared.facts();
        facts.compared = Some(contact);
        facts.is_deleted = false;
        facts.error = None;
        facts.comparisons += 1;
        drop(facts);
        if let Some(content) = self.keep.content()
            && self.shared.view().is_err()
        {
            let position = content.position().max(self.shared.position());
            self.shared.show(Ok(content.bucket().clone()), position);
        }
        self.shared.wake();
        Ok(())
    }

    /// Asks the source what it has, or only how it stands, if it is time for that.
    fn ask(&mut self) {
        let contact = self.place.backend().contact();
        if !self.is_live || self.question.is_some() || self.listing.is_some() || !contact.is_there {
            return;
        }
        let source = self.bucket.stream().clone();
        let is_compared = self.last_comparison.is_some_and(|comparison| comparison.contact == contact.times);
        if !is_compared {
            self.ask_for_listing(source, contact.times);
        } else if now() >= self.next_check {
            let asking = async move { source.state().await.map(Answer::State) };
            self.question = Some((Box::pin(asking), self.asked(contact.times)));
            self.next_check = now() + self.check_interval;
        }
    }

    fn ask_for_listing(&mut self, source: StreamHandle, contact: u64) {
        let filters = self.keep.filters().to_vec();
        let asking =
            async move { list(source, filters).await.map(|listing| Answer::Listing(Box::new(listing))) };
        self.question = Some((Box::pin(asking), self.asked(contact)));
        self.next_check = now() + self.check_interval;
    }

    fn asked(&self, contact: u64) -> Asked {
        Asked { contact, position: self.keep.content().map_or(0, |content| content.position()) }
    }

    fn answered(&mut self, answer: Outcome<Answer>) -> Result<(), End> {
        let Asked { contact, position: after } =
            self.question.take().map(|(_, asked)| asked).unwrap_or_default();
        let state = match answer {
            Ok(Answer::State(state)) => state,
            Ok(Answer::Listing(listing)) => {
                self.told(&listing.state);
                self.listing = Some((*listing, contact));
                return Ok(());
            }
            Err(fault) => {
                let error = self.bucket.explain(None, fault);
                // No answer: it is asked again, and the age of its last word tells.
                return if error.kind() == ErrorKind::Unavailable { Ok(()) } else { Err(end_of(error)) };
            }
        };
        self.told(&state);
        let Some(content) = self.keep.content() else { return Ok(()) };
        let last = state.last_sequence;
        if last < after {
            let bucket = self.bucket.bucket().to_owned();
            return Err(End::Anew(KvError::WatchGap { bucket, after, last }));
        }
        let mine = content.stream().state();
        let is_at_rest = self.keep.has_all() && last == mine.last_sequence;
        let source = (state.messages, last);
        if let Some(comparison) = &mut self.last_comparison {
            if is_at_rest && state.messages == mine.messages {
                *comparison = Comparison { at: now(), source, ..*comparison };
            } else if comparison.source != source
                && (is_at_rest || comparison.at.elapsed() >= self.check_interval * CHECKS_WITHOUT_COMPARISON)
            {
                self.ask_for_listing(self.bucket.stream().clone(), contact);
            }
        }
        Ok(())
    }

    fn told(&self, state: &StreamState) {
        let mut facts = self.shared.facts();
        facts.source_revision = Some(state.last_sequence);
        facts.word = Some(now());
    }

    /// Waits until there is something to do, a moment at most: that the connection was lost, and that a server has nothing more,
    /// wakes nobody.
    fn wait(&mut self) -> Option<Event> {
        let Self { shared, question, delivery, .. } = self;
        block_on(Some(TICK), |cx| {
            if shared.is_stopped() {
                return Poll::Ready(Event::Stopped);
            }
            if let Some((question, _)) = question
                && let Poll::Ready(answer) = question.as_mut().poll(cx)
            {
                return Poll::Ready(Event::Answered(answer));
            }
            delivery.poll_ready(cx).map(Event::Delivered)
        })
    }

    fn source_failed(&self, fault: crate::backend::Fault) -> End {
        end_of(self.bucket.explain(None, fault))
    }

    fn differs(&self) -> End {
        End::Anew(filling(self.bucket.bucket()))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long the source is silent has nothing to do with the store's time"
)]
fn now() -> Instant {
    Instant::now()
}

const TICK: Duration = Duration::from_millis(100);
/// After so many checks a replica that is never at rest is compared all the same.
const CHECKS_WITHOUT_COMPARISON: u32 = 6;
/// After so many listings in a row that do not fit, it is not by chance.
const DOUBTS_MAX: u32 = 3;
/// More than these are not removed one by one, unless nothing else is kept.
const REMOVALS_MAX: usize = 10_000;
