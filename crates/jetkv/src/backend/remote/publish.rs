//! One write: a message with its expectation, and the answer to it.

use super::error::{RemoteError, explain};
use super::stream::Target;
use crate::backend::Fault;
use bytes::Bytes;
use jetkv_engine::{Committed, EngineError, Expect};
use jetkv_jetstream::{JetStreamError, Publish};
use jetkv_types::{Headers, Message, Sequence, Subject};
use jetkv_wire::error::ApiError;
use jetkv_wire::pub_ack;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A message on its way, independent of the caller's bytes.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) subject: Subject,
    pub(super) headers: Headers,
    pub(super) payload: Bytes,
    pub(super) expect: Want,
}

/// What must hold for a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    Nothing,
    /// The subject's last message has this sequence; 0 means that there is none.
    Last(Sequence),
    /// The subject has no value: no message, or a marker.
    NoValue,
}

/// Why a write was not done.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The subject, or the stream, is at another sequence. Servers that replicate do not always say at which.
    WrongLast(Option<Sequence>),
    Failed(Fault),
}

impl Outgoing {
    /// Copies a message; its headers are made here, so that a bad one is refused before anything is sent.
    pub(super) fn of(message: &Publish<'_>) -> Result<Self, JetStreamError> {
        let expect = match message.expect {
            Expect::LastOfSubject(sequence) => Want::Last(sequence),
            Expect::NoValue => Want::NoValue,
            // Buckets have no other expectations.
            _ => Want::Nothing,
        };
        Ok(Self {
            subject: message.subject.clone(),
            headers: message.headers_as_sent()?,
            payload: Bytes::copy_from_slice(message.payload),
            expect,
        })
    }

    /// Returns the headers with further ones behind them.
    pub(super) fn headers_with(&self, further: &[(&str, &str)]) -> Result<Headers, JetStreamError> {
        if further.is_empty() {
            return Ok(self.headers.clone());
        }
        Ok(Headers::from_pairs(self.headers.iter().chain(further.iter().copied()))?)
    }

    pub(super) fn size(&self) -> usize {
        self.headers.as_block().len() + self.payload.len()
    }
}

impl Target {
    /// Does one write.
    pub(super) async fn write(&self, message: Outgoing) -> Result<Committed, Fault> {
        let deadline = Instant::now() + self.link.timeout;
        let (mut expected, creates) = match message.expect {
            Want::Nothing => (None, false),
            Want::Last(sequence) => (Some(sequence), false),
            Want::NoValue => (Some(0), true),
        };
        loop {
            let found = match self.store(&message, expected, deadline).await {
                Ok(sequence) => return Ok(Committed { first: sequence, last: sequence }),
                Err(Refusal::Failed(fault)) => return Err(fault),
                Err(Refusal::WrongLast(found)) => found,
            };
            if creates {
                // Only a value is in the way of a create; over a marker it is tried again, against the marker.
                let last = self.last(&message.subject).await?;
                if let Some(value) = last.as_ref().filter(|last| !last.operation.is_marker()) {
                    return Err(EngineError::HasValue { found: value.sequence, position: 0 }.into());
                }
                expected = Some(sequence_of(last.as_ref()));
            } else {
                let expected = expected.unwrap_or_default();
                let found = match found {
                    Some(found) => found,
                    None => sequence_of(self.last(&message.subject).await?.as_ref()),
                };
                if found != expected {
                    return Err(EngineError::WrongLastSequence { expected, found, position: 0 }.into());
                }
            }
            // Another write of this subject is being replicated; its outcome decides.
            if Instant::now() + RETRY_PAUSE >= deadline {
                return Err(self.undecided(&message.subject));
            }
            sleep(RETRY_PAUSE).await;
        }
    }

    /// Sends one message and waits until it is stored.
    async fn store(
        &self,
        message: &Outgoing,
        expected: Option<Sequence>,
        deadline: Instant,
    ) -> Result<Sequence, Refusal> {
        let expected = expected.map(|sequence| sequence.to_string());
        let further: Vec<_> =
            expected.iter().map(|sequence| (EXPECTED_LAST_SUBJECT_SEQUENCE, sequence.as_str())).collect();
        let headers = message.headers_with(&further).map_err(|error| Refusal::Failed(error.into()))?;
        let subject = self.link.write_subject(message.subject.as_str());
        let answer = self.deliver(subject, &headers, message.payload.clone(), deadline).await;
        let answer = answer.map_err(Refusal::Failed)?;
        match pub_ack::read(&answer) {
            Ok(Ok(stored)) => Ok(stored.seq),
            Ok(Err(error)) => Err(self.refusal(error, message, 0).await),
            Err(fault) => {
                Err(Refusal::Failed(RemoteError::unexpected(message.subject.as_str(), fault).into()))
            }
        }
    }

    /// Sends a message until somebody gets it, and returns the body of the answer.
    pub(super) async fn deliver(
        &self,
        subject: String,
        headers: &Headers,
        payload: Bytes,
        deadline: Instant,
    ) -> Result<Bytes, Fault> {
        let mut is_there = false;
        loop {
            let sent = self.link.ask_once(&subject, Some(headers), payload.clone(), deadline).await;
            let nobody = match sent {
                Ok(answer) => return Ok(answer.payload),
                Err(nobody @ Fault::Remote(RemoteError::Unavailable { .. })) => nobody,
                Err(fault) => return Err(fault),
            };
            // Nobody listens: the stream is gone, which is told at once, or it has no leader for the moment.
            if !is_there {
                self.info().await?;
                is_there = true;
            }
            if Instant::now() + RETRY_PAUSE >= deadline {
                return Err(nobody);
            }
            sleep(RETRY_PAUSE).await;
        }
    }

    /// Gives the refusal of a message its meaning.
    pub(super) async fn refusal(&self, error: ApiError, message: &Outgoing, position: usize) -> Refusal {
        match error.err_code {
            10071 => {
                let found = error.description.rsplit(' ').next().and_then(|text| text.parse().ok());
                Refusal::WrongLast(found)
            }
            10164 => Refusal::WrongLast(None),
            10054 => {
                // Only the configuration tells how much would be allowed.
                let max = match self.info().await {
                    Ok(info) => usize::try_from(info.config.max_msg_size).unwrap_or(usize::MAX),
                    Err(fault) => return Refusal::Failed(fault),
                };
                let (stream, bytes) = (self.name.clone(), message.size());
                Refusal::Failed(
                    EngineError::MessageTooLarge { stream, bytes, bytes_max: max, position }.into(),
                )
            }
            10165 => Refusal::Failed(
                JetStreamError::InvalidTtl {
                    text: message.headers.get("Nats-TTL").unwrap_or_default().into(),
                    reason: "the server does not take it",
                }
                .into(),
            ),
            _ => Refusal::Failed(self.meaning(explain(error, &self.name))),
        }
    }

    pub(super) fn undecided(&self, subject: &Subject) -> Fault {
        RemoteError::TimedOut {
            operation: format!("{subject}, other writes of it came in between"),
            after: self.link.timeout,
        }
        .into()
    }
}

/// Returns the sequence of a subject's last message, 0 for none.
pub(super) fn sequence_of(last: Option<&Message>) -> Sequence {
    last.map_or(0, |last| last.sequence)
}

pub(super) const EXPECTED_LAST_SUBJECT_SEQUENCE: &str = "Nats-Expected-Last-Subject-Sequence";
pub(super) const RETRY_PAUSE: Duration = Duration::from_millis(25);
