//! Several writes as one: an atomic batch (PROTOCOL 3.6).
//!
//! The server checks a subject once in a batch, against what is stored before the batch. What later writes of a batch expect
//! of earlier ones is checked here: it follows from the batch itself, as soon as the first sequence is known. A batch that needs it
//! is stored only if the stream's last sequence is the one that this was reckoned with.

use super::error::{RemoteError, explain};
use super::publish::{EXPECTED_LAST_SUBJECT_SEQUENCE, Outgoing, RETRY_PAUSE, Refusal, Want, sequence_of};
use super::stream::Target;
use crate::backend::Fault;
use jetkv_engine::{Committed, EngineError};
use jetkv_types::{Sequence, Subject};
use jetkv_wire::pub_ack;
use std::collections::HashMap;
use tokio::time::{Instant, sleep};

/// What the server is asked to check.
#[derive(Debug, Default)]
struct Plan {
    /// For each write, the sequence that its subject must be at.
    expected: Vec<Option<Sequence>>,
    /// The sequence that the stream must be at.
    stream: Option<Sequence>,
}

impl Target {
    /// Does all of `batch`, or nothing.
    pub(super) async fn write_batch(&self, batch: Vec<Outgoing>) -> Result<Committed, Fault> {
        if self.link.level() < ATOMIC_LEVEL {
            return Err(RemoteError::Unsupported {
                option: "a batch of writes (the server does not know atomic batches)".into(),
            }
            .into());
        }
        let deadline = Instant::now() + self.link.timeout;
        loop {
            let plan = self.plan(&batch).await?;
            match self.send(&batch, &plan, deadline).await {
                Ok(last) => {
                    let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
                    return Ok(Committed { first: last.saturating_sub(count).saturating_add(1), last });
                }
                Err(Refusal::Failed(fault)) => return Err(fault),
                // What was read for the plan is not what is there now: the next plan finds out what is.
                Err(Refusal::WrongLast(_)) => {}
            }
            if Instant::now() + RETRY_PAUSE >= deadline {
                let subject = batch.first().map(|message| &message.subject);
                return Err(subject.map_or(EngineError::Closed.into(), |subject| self.undecided(subject)));
            }
            sleep(RETRY_PAUSE).await;
        }
    }

    /// Checks every expectation against what is there and what the batch itself does, and says what the server must check.
    async fn plan(&self, batch: &[Outgoing]) -> Result<Plan, Fault> {
        let mut plan = Plan { expected: vec![None; batch.len()], stream: None };
        let leans_on_itself = leans_on_itself(batch);
        let base = if leans_on_itself { self.info().await?.state.last_seq } else { 0 };
        plan.stream = leans_on_itself.then_some(base);
        let mut written: HashMap<&Subject, (Sequence, bool)> = HashMap::new();
        let mut next = base;
        for (position, message) in batch.iter().enumerate() {
            next = next.saturating_add(1);
            if message.expect != Want::Nothing {
                match written.get(&message.subject) {
                    Some(&(sequence, is_value)) => {
                        check(message.expect, sequence, is_value, position)?;
                    }
                    None => {
                        let last = self.last(&message.subject).await?;
                        let found = sequence_of(last.as_ref());
                        let is_value = last.as_ref().is_some_and(|last| !last.operation.is_marker());
                        check(message.expect, found, is_value, position)?;
                        plan.expected[position] = Some(found);
                    }
                }
            }
            let is_value = !jetkv_jetstream::operation_of(&message.headers).is_marker();
            written.insert(&message.subject, (next, is_value));
        }
        Ok(plan)
    }

    /// Sends the messages; the answer to the last one is that of all.
    async fn send(&self, batch: &[Outgoing], plan: &Plan, deadline: Instant) -> Result<Sequence, Refusal> {
        let failed = |fault: Fault| Refusal::Failed(fault);
        let id = self.link.new_id();
        for (position, message) in batch.iter().enumerate() {
            let expected = plan.expected[position].map(|sequence| sequence.to_string());
            let stream = plan.stream.filter(|_| position == 0).map(|sequence| sequence.to_string());
            let number = (position + 1).to_string();
            let is_last = position + 1 == batch.len();
            let mut further = vec![("Nats-Batch-Id", id.as_str()), ("Nats-Batch-Sequence", number.as_str())];
            further.extend(is_last.then_some(("Nats-Batch-Commit", "1")));
            further.extend(expected.as_deref().map(|text| (EXPECTED_LAST_SUBJECT_SEQUENCE, text)));
            further.extend(stream.as_deref().map(|text| ("Nats-Expected-Last-Sequence", text)));
            let headers = message.headers_with(&further).map_err(|error| failed(error.into()))?;
            let subject = self.link.write_subject(message.subject.as_str());
            // The first one finds out whether the stream takes batches at all, and each hundredth lets the server keep up.
            if !is_last && position % ANSWERED_EVERY != 0 {
                let sent = self.link.publish(subject, &headers, message.payload.clone()).await;
                sent.map_err(|fault| failed(at(fault, position)))?;
                continue;
            }
            let answer = self.deliver(subject, &headers, message.payload.clone(), deadline).await;
            let answer = answer.map_err(|fault| failed(at(fault, position)))?;
            if answer.is_empty() {
                continue;
            }
            match pub_ack::read(&answer) {
                Ok(Ok(stored)) => return Ok(stored.seq),
                Ok(Err(error)) => return Err(self.batch_refusal(error, batch, position).await),
                Err(fault) => return Err(failed(RemoteError::unexpected("a batch", fault).into())),
            }
        }
        Err(failed(RemoteError::unexpected("a batch", "it was not committed").into()))
    }

    /// The server does not say which message it refuses; what can be told from the messages is.
    async fn batch_refusal(
        &self,
        error: jetkv_wire::error::ApiError,
        batch: &[Outgoing],
        position: usize,
    ) -> Refusal {
        if error.err_code != 10054 {
            let Some(message) = batch.get(position) else {
                return Refusal::Failed(explain(error, &self.name));
            };
            return self.refusal(error, message, position).await;
        }
        let max = match self.info().await {
            Ok(info) => usize::try_from(info.config.max_msg_size).unwrap_or(usize::MAX),
            Err(fault) => return Refusal::Failed(fault),
        };
        let too_large = batch.iter().position(|message| message.size() > max).unwrap_or(position);
        match batch.get(too_large) {
            Some(message) => self.refusal(error, message, too_large).await,
            None => Refusal::Failed(explain(error, &self.name)),
        }
    }
}

/// Says whether a write expects something of a key that an earlier write of the batch has changed.
fn leans_on_itself(batch: &[Outgoing]) -> bool {
    let conditional = batch.iter().enumerate().filter(|(_, message)| message.expect != Want::Nothing);
    let mut conditional = conditional.peekable();
    if conditional.peek().is_none() {
        return false;
    }
    let mut first_write: HashMap<&Subject, usize> = HashMap::new();
    for (position, message) in batch.iter().enumerate() {
        first_write.entry(&message.subject).or_insert(position);
    }
    conditional
        .any(|(position, message)| first_write.get(&message.subject).is_some_and(|&first| first < position))
}

fn check(expect: Want, found: Sequence, is_value: bool, position: usize) -> Result<(), EngineError> {
    match expect {
        Want::NoValue if is_value => Err(EngineError::HasValue { found, position }),
        Want::Last(expected) if expected != found => {
            Err(EngineError::WrongLastSequence { expected, found, position })
        }
        Want::Nothing | Want::NoValue | Want::Last(_) => Ok(()),
    }
}

/// Names the message that a fault is about.
fn at(fault: Fault, position: usize) -> Fault {
    match fault {
        Fault::Remote(RemoteError::PayloadTooLarge { bytes, max, .. }) => {
            RemoteError::PayloadTooLarge { bytes, max, position }.into()
        }
        other => other,
    }
}

/// The API level from which servers know atomic batches.
pub(super) const ATOMIC_LEVEL: u64 = 2;
const ANSWERED_EVERY: usize = 100;
