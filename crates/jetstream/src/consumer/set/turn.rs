//! The turn of one consumer: redeliveries first, then what comes next in the stream, up to a slice.

use super::super::Position;
use super::super::cursor::Effort;
use super::super::deliver::{Context, Offer, Offered};
use super::super::limits::{BUSY_RETRY, SLICE};
use super::super::member::{Consumer, Door, Gate};
use super::super::sink::{Advisory, Sink, Stamp};
use super::super::status::Status;
use super::super::waiting::Waiter;
use jetkv_engine::{Damage, EngineError, Stream};
use jetkv_types::{Message, Sequence, Subject, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    /// What it cost, in deliveries.
    pub(super) used: usize,
    /// Whether the consumer could go on at once.
    pub(super) again: bool,
}

/// What reading a message gave.
enum Read {
    Found(Message),
    /// It is not there any more.
    Gone,
    /// It cannot be read.
    Lost(Arc<Damage>),
    /// Reading failed in a way that may pass.
    Failed,
}

/// Messages that were read together and wait for their delivery, in the order of the stream.
#[derive(Default)]
struct Reads {
    outcomes: VecDeque<(Sequence, Result<Option<Message>, EngineError>)>,
}

impl Reads {
    /// Returns what reading this message gave, if it was read; those before it are left out.
    fn take(&mut self, sequence: Sequence) -> Option<Result<Option<Message>, EngineError>> {
        while let Some((found, outcome)) = self.outcomes.pop_front() {
            if found == sequence {
                return Some(outcome);
            }
        }
        None
    }

    fn fill(
        &mut self,
        stream: &Stream,
        sequences: impl Iterator<Item = Sequence>,
    ) -> Result<(), EngineError> {
        let sequences: Vec<_> = sequences.collect();
        self.outcomes = sequences.iter().copied().zip(stream.get_many(&sequences)?).collect();
        Ok(())
    }
}

impl Consumer {
    /// Delivers up to `limit` messages; `seen` is the sequence before which the set has matched everything.
    pub(super) fn turn(
        &mut self,
        cx: &Context<'_>,
        stream: &Stream,
        seen: Sequence,
        limit: usize,
        sink: &mut dyn Sink,
    ) -> Result<Turn, EngineError> {
        let limit = limit.min(SLICE);
        self.note_removals(stream, cx.now);
        self.cursor.skip_seen(seen);
        self.cursor.refresh(stream, &self.rules.filters, cx.now, Effort::Paid)?;
        let mut used = 0;
        let mut reads = Reads::default();
        while used < limit {
            if self.gate(cx.now) == Gate::Closed {
                return Ok(Turn { used, again: false });
            }
            used += 1;
            let is_on = match self.acks.as_mut().and_then(|acks| acks.due()) {
                Some(sequence) => self.redeliver(cx, stream, sequence, sink)?,
                None if self.is_full() => false,
                None => {
                    let most = self.room().min(limit + 1 - used);
                    self.deliver_next(cx, stream, &mut reads, most, sink)?
                }
            };
            if !is_on {
                return Ok(Turn { used, again: false });
            }
        }
        Ok(Turn { used, again: true })
    }

    /// Delivers a message again; says whether to go on.
    fn redeliver(
        &mut self,
        cx: &Context<'_>,
        stream: &Stream,
        sequence: Sequence,
        sink: &mut dyn Sink,
    ) -> Result<bool, EngineError> {
        let outcome = stream.get(sequence);
        match self.judge(cx, outcome)? {
            Read::Found(message) => {
                let offered = Offered { message: &message, stamp: &Stamp::of(&message) };
                Ok(self.offer(cx, offered, self.cursor.pending(), sink) == Offer::Taken)
            }
            Read::Lost(damage) => {
                self.lose(sequence, &damage, cx.now, sink);
                Ok(true)
            }
            Read::Gone => {
                if let Some(acks) = &mut self.acks {
                    acks.settle_as(self.rules.acks, sequence, &self.delivered);
                    acks.floor.last_active = Some(cx.now);
                }
                Ok(true)
            }
            Read::Failed => Ok(false),
        }
    }

    /// Delivers the next message of the stream; says whether to go on.
    fn deliver_next(
        &mut self,
        cx: &Context<'_>,
        stream: &Stream,
        reads: &mut Reads,
        most: usize,
        sink: &mut dyn Sink,
    ) -> Result<bool, EngineError> {
        let Some(&sequence) = self.cursor.ahead().front() else {
            return self.look_ahead(cx.now, stream, sink);
        };
        let outcome = match reads.take(sequence) {
            Some(outcome) => outcome,
            None => {
                reads.fill(stream, self.cursor.ahead().iter().copied().take(most))?;
                // What was asked for is there.
                reads.take(sequence).unwrap_or(Ok(None))
            }
        };
        match self.judge(cx, outcome)? {
            Read::Found(message) => {
                let pending = self.cursor.pending().saturating_sub(1);
                let offered = Offered { message: &message, stamp: &Stamp::of(&message) };
                let offer = self.offer(cx, offered, pending, sink);
                if offer == Offer::Taken {
                    self.cursor.passed_ahead();
                }
                Ok(offer == Offer::Taken)
            }
            Read::Lost(damage) => {
                self.cursor.passed_ahead();
                self.lose(sequence, &damage, cx.now, sink);
                Ok(true)
            }
            Read::Gone => {
                self.cursor.passed_ahead();
                // Others may be gone as well, and what is delivered next tells how many are left.
                self.cursor.refresh(stream, &self.rules.filters, cx.now, Effort::Paid)?;
                Ok(true)
            }
            Read::Failed => Ok(false),
        }
    }

    /// Looks up what comes next; says whether there is anything.
    fn look_ahead(
        &mut self,
        now: Timestamp,
        stream: &Stream,
        sink: &mut dyn Sink,
    ) -> Result<bool, EngineError> {
        let search = self.cursor.search(stream, &self.rules.filters)?;
        if let Some(damage) = &search.lost {
            let last = damage.sequences.map_or(self.delivered.stream_seq, |(_, last)| last);
            self.lose(last, damage, now, sink);
        }
        let is_end = search.complete && self.cursor.is_at_tail();
        if is_end {
            self.looked = self.looked.max(search.end.saturating_sub(1));
        }
        if is_end && let Door::Pull(waiting) = &mut self.door {
            for waiter in waiting.take_if(Waiter::is_content) {
                sink.status(&waiter.reply, &Status::NoMessages);
            }
        }
        Ok(!is_end)
    }

    /// Returns how many messages may be delivered in a row, at least 1, as far as is known beforehand: so many are read.
    fn room(&self) -> usize {
        let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let wanted = match &self.door {
            Door::Push(_) => usize::MAX,
            Door::Pull(waiting) => count(waiting.wanted()),
        };
        let unacked = match (&self.acks, self.rules.max_ack_pending) {
            (Some(acks), Some(max)) => max.saturating_sub(acks.pending_count()),
            _ => usize::MAX,
        };
        let paced = if self.pace.is_some() || !self.is_flowing { 1 } else { usize::MAX };
        wanted.min(unacked).min(paced).max(1)
    }

    /// Says what an outcome of reading means for this consumer.
    fn judge(
        &mut self,
        cx: &Context<'_>,
        outcome: Result<Option<Message>, EngineError>,
    ) -> Result<Read, EngineError> {
        match outcome {
            Ok(Some(message)) => Ok(Read::Found(message)),
            Ok(None) => Ok(Read::Gone),
            Err(EngineError::Damaged(damage)) => Ok(Read::Lost(damage)),
            Err(error @ (EngineError::StreamDeleted { .. } | EngineError::Closed)) => Err(error),
            Err(_) => {
                self.retry_at = Some(cx.now.saturating_add(BUSY_RETRY));
                Ok(Read::Failed)
            }
        }
    }

    /// Tells that a message cannot be delivered, now or ever, and goes on behind it. The delivery is counted as if it had been
    /// made: ordered consumers notice the gap, begin anew at it, and are refused by name.
    fn lose(&mut self, sequence: Sequence, damage: &Arc<Damage>, now: Timestamp, sink: &mut dyn Sink) {
        // A stretch of lost messages concerns everything before it, and is told once.
        let is_news = self.cursor.is_news(damage);
        if is_news {
            self.delivered = Position {
                consumer_seq: self.delivered.consumer_seq + 1,
                stream_seq: self.delivered.stream_seq.max(sequence),
                last_active: Some(now),
            };
        }
        if let Some(acks) = &mut self.acks {
            if is_news {
                acks.delivered(sequence, self.delivered.consumer_seq, now, Duration::ZERO);
            }
            acks.settle(sequence, &self.delivered);
            acks.keep_lost(sequence);
        }
        if !is_news {
            return;
        }
        self.dirty = true;
        sink.advise(&Advisory::Lost { name: &self.name, damage });
        let subject = damage.subject.as_ref().map(Subject::as_str);
        let status = Status::RecordDamaged { sequence, subject };
        match &mut self.door {
            Door::Push(_) => {
                sink.status(&self.config.deliver_subject, &status);
                if self.rules.heartbeat.is_some() {
                    self.looked = self.looked.max(sequence);
                    self.send_heartbeat(now, sink);
                }
            }
            Door::Pull(waiting) => {
                if let Some(waiter) = waiting.pop() {
                    sink.status(&waiter.reply, &status);
                }
            }
        }
    }
}
