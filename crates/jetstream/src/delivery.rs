//! A cursor over a stream: from a start position through what is there now into what comes, as an ordered consumer does.

use crate::{JetStreamError, header_names as names};
use bytes::Bytes;
use jetkv_engine::{Damage, EngineError, Listener, Select, Stream};
use jetkv_types::{Headers, Message, Sequence, SubjectFilter};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

/// Reads a stream in sequence order: first the messages that were there when it was opened, then the live tail.
///
/// It holds the sequences of the first set and one position, never messages, so a slow reader costs no memory: it reads
/// from the log. A message of the first set that is replaced or removed before it is read is left out; what replaced it
/// comes in the tail.
#[derive(Debug)]
pub struct Delivery {
    stream: Stream,
    listener: Listener,
    filters: Vec<SubjectFilter>,
    content: Content,
    phase: Phase,
    /// Every matching message below this sequence was delivered, left out on purpose, or is in the first set.
    next: Sequence,
    /// The last damage that was reported, so that one without a place is not reported again for every sequence.
    reported: Option<Arc<Damage>>,
}

/// Where a delivery begins (PROTOCOL 5.3, 6.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Start {
    /// With the last message of each subject.
    LastPerSubject,
    /// With the first message.
    All,
    /// With what comes from now on.
    New,
    /// With this sequence, or the first one after it that exists.
    BySequence(Sequence),
}

/// How much of each message is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// All of it.
    Full,
    /// Headers only; `Nats-Msg-Size` tells how long the payload is.
    HeadersOnly,
}

/// What a delivery has next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A message.
    Message {
        /// The message.
        message: Message,
        /// How many messages of the first set are still to come; 0 in the tail.
        pending: u64,
    },
    /// The first set is complete. This comes exactly once.
    EndOfInitial,
    /// Nothing more now; [`Delivery::poll_ready`] and [`Delivery::wait_ready`] tell when to go on.
    Idle,
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Waited {
    /// There may be something to read.
    Ready,
    /// Nothing came in time.
    TimedOut,
}

#[derive(Debug)]
enum Phase {
    Initial(vec::IntoIter<Sequence>),
    Tail,
}

impl Delivery {
    /// Opens a delivery of the messages that match any of `filters`.
    ///
    /// # Errors
    /// [`JetStreamError::Engine`] if the stream is gone, or damaged so that the first set cannot be told.
    pub fn open(
        stream: Stream,
        filters: Vec<SubjectFilter>,
        start: Start,
        content: Content,
    ) -> Result<Self, JetStreamError> {
        let listener = stream.listen(&filters);
        let (initial, up_to) = match start {
            Start::New => (Vec::new(), stream.last_sequence()),
            Start::LastPerSubject => snapshot(&stream, &filters, Select::LastPerSubject, 1)?,
            Start::All => snapshot(&stream, &filters, Select::All, 1)?,
            Start::BySequence(from) => snapshot(&stream, &filters, Select::All, from)?,
        };
        // A start position in the future holds for the tail too.
        let next = match start {
            Start::BySequence(from) => from.max(up_to.saturating_add(1)),
            _ => up_to.saturating_add(1),
        };
        Ok(Self {
            stream,
            listener,
            filters,
            content,
            phase: Phase::Initial(initial.into_iter()),
            next,
            reported: None,
        })
    }

    /// Returns what is next, without waiting.
    ///
    /// # Errors
    /// [`EngineError::Damaged`] stands for a message that cannot be read; the delivery then goes on behind it. After any
    /// other error it stays where it is: calling again tries again.
    pub fn step(&mut self) -> Result<Step, JetStreamError> {
        match &self.phase {
            Phase::Initial(_) => self.step_initial(),
            Phase::Tail => self.step_tail(),
        }
    }

    /// Returns how far the delivery has come for certain: what matches up to there was delivered, or is gone. 0 before the
    /// first set is complete.
    #[must_use]
    pub fn reached(&self) -> Sequence {
        match self.phase {
            Phase::Initial(_) => 0,
            Phase::Tail => self.seen(),
        }
    }

    /// Is ready when [`Self::step`] is worth another try after [`Step::Idle`].
    ///
    /// # Errors
    /// [`JetStreamError::Engine`] if the stream was deleted or the store closed.
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), JetStreamError>> {
        self.listener.poll_beyond(cx, self.seen()).map(|ready| ready.map(drop).map_err(JetStreamError::from))
    }

    /// Waits, at most `timeout`, until [`Self::step`] is worth another try after [`Step::Idle`].
    ///
    /// # Errors
    /// [`JetStreamError::Engine`] if the stream was deleted or the store closed.
    pub fn wait_ready(&self, timeout: Option<Duration>) -> Result<Waited, JetStreamError> {
        Ok(match self.listener.wait_beyond(self.seen(), timeout)? {
            Some(_) => Waited::Ready,
            None => Waited::TimedOut,
        })
    }

    fn seen(&self) -> Sequence {
        self.next.saturating_sub(1)
    }

    fn step_initial(&mut self) -> Result<Step, JetStreamError> {
        let Phase::Initial(sequences) = &mut self.phase else { return self.step_tail() };
        while let Some(&sequence) = sequences.as_slice().first() {
            let found = match self.stream.get(sequence) {
                Err(damage @ EngineError::Damaged(_)) => {
                    sequences.next();
                    return Err(damage.into());
                }
                read => read?,
            };
            sequences.next();
            if let Some(message) = found {
                let pending = u64::try_from(sequences.len()).unwrap_or(u64::MAX);
                return Ok(Step::Message { message: self.content.of(message), pending });
            }
        }
        self.phase = Phase::Tail;
        Ok(Step::EndOfInitial)
    }

    fn step_tail(&mut self) -> Result<Step, JetStreamError> {
        // Taken before the search: whatever is visible up to here and matches is found by it, so nothing is passed over.
        let visible = self.stream.last_sequence();
        loop {
            match self.stream.next(&self.filters, self.next) {
                Ok(Some(message)) => {
                    self.next = message.sequence.saturating_add(1);
                    return Ok(Step::Message { message: self.content.of(message), pending: 0 });
                }
                Ok(None) => {
                    self.next = self.next.max(visible.saturating_add(1));
                    return Ok(Step::Idle);
                }
                Err(EngineError::Damaged(damage)) => {
                    self.next = behind(&damage, self.next);
                    if self.reported.as_ref() != Some(&damage) {
                        self.reported = Some(Arc::clone(&damage));
                        return Err(EngineError::Damaged(damage).into());
                    }
                    if self.next > visible {
                        return Ok(Step::Idle);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Returns the position behind a damage that a search from `next` met. Where the evidence names no sequence, it is one step.
fn behind(damage: &Damage, next: Sequence) -> Sequence {
    damage.sequences.map_or(next, |(_, last)| last.max(next)).saturating_add(1)
}

fn snapshot(
    stream: &Stream,
    filters: &[SubjectFilter],
    which: Select,
    from: Sequence,
) -> Result<(Vec<Sequence>, Sequence), JetStreamError> {
    let selection = stream.select(filters, which, from)?;
    Ok((selection.sequences, selection.up_to))
}

impl Content {
    fn of(self, message: Message) -> Message {
        match self {
            Self::Full => message,
            Self::HeadersOnly => {
                let headers = with_size(&message.headers, message.payload.len());
                Message { headers, payload: Bytes::new(), ..message }
            }
        }
    }
}

/// Appends `Nats-Msg-Size`; a block that has no room for it stays as it is.
fn with_size(headers: &Headers, bytes: usize) -> Headers {
    let line = format!("{}: {bytes}\r\n\r\n", names::MESSAGE_SIZE);
    let mut block = match headers.as_block().strip_suffix(b"\r\n") {
        Some(lines) => lines.to_vec(),
        None => b"NATS/1.0\r\n".to_vec(),
    };
    block.extend_from_slice(line.as_bytes());
    Headers::from_block(block.into()).unwrap_or_else(|_| headers.clone())
}

#[cfg(test)]
mod tests;
