//! Atomic batches: messages that are stored together or not at all (PROTOCOL 3.6).

use super::dedupe::{Ids, Remembered};
use super::known::{self, Expectation, Known};
use super::{Accepted, Incoming, Ingest, Judged, Prepared, PublishError, Rules, check_size};
use jetkv_engine::{Append, Discard, EngineError, Expect, Keeping, Limit, Rollup, Stream, StreamConfig};
use jetkv_types::{Subject, Timestamp};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// The batches of a stream that are not complete.
#[derive(Debug, Default)]
pub(super) struct Batches {
    open: HashMap<Box<str>, Open>,
    bytes: usize,
}

#[derive(Debug)]
struct Open {
    messages: Vec<Staged>,
    bytes: usize,
    touched: Timestamp,
}

/// A message that waits for the rest of its batch. What is wrong with it is told when the batch ends.
#[derive(Debug)]
struct Staged {
    subject: Subject,
    headers: Vec<u8>,
    payload: Vec<u8>,
}

impl Batches {
    pub(super) fn expire(&mut self, now: Timestamp) -> Option<Timestamp> {
        let late: Vec<_> = self
            .open
            .iter()
            .filter(|(_, open)| now.since(open.touched) >= IDLE_MAX)
            .map(|(id, _)| id.clone())
            .collect();
        for id in late {
            self.take(&id);
        }
        self.open.values().map(|open| open.touched.saturating_add(IDLE_MAX)).min()
    }

    fn take(&mut self, id: &str) -> Option<Open> {
        let open = self.open.remove(id)?;
        self.bytes -= open.bytes;
        Some(open)
    }
}

impl Ingest {
    pub(super) fn publish_batched(
        &self,
        incoming: &Incoming<'_>,
        id: &str,
        known: &Known<'_>,
        rules: &Rules,
        now: Timestamp,
        wants: &mut dyn FnMut(&Subject) -> bool,
    ) -> Result<Accepted, PublishError> {
        // A message that is too large costs its batch nothing.
        check_size(incoming, rules)?;
        if !rules.batches {
            return Err(PublishError::BatchDisabled);
        }
        if id.len() > ID_BYTES_MAX {
            return Err(PublishError::BatchIdInvalid);
        }
        let mut batches = self.batches.lock();
        batches.expire(now);
        let outcome = self.stage(&mut batches, id, incoming, known, now);
        if outcome.is_err() {
            // A batch with a message that is refused can never be complete.
            batches.take(id);
        }
        let ends = outcome?;
        if !ends {
            return Ok(Accepted::Staged);
        }
        let Some(open) = batches.take(id) else { return Err(PublishError::BatchIncomplete) };
        drop(batches);
        self.commit_batch(id, &open.messages, rules, now, wants)
    }

    /// Takes a message into its batch; says whether that is complete now.
    fn stage(
        &self,
        batches: &mut Batches,
        id: &str,
        incoming: &Incoming<'_>,
        known: &Known<'_>,
        now: Timestamp,
    ) -> Result<bool, PublishError> {
        let place: usize = known
            .batch_sequence
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .ok_or(PublishError::BatchSequenceMissing)?;
        if place > MESSAGES_MAX {
            return Err(PublishError::BatchTooLarge { most: MESSAGES_MAX });
        }
        // One that begins while it is open is out of order, like any other.
        if place == 1 && !batches.open.contains_key(id) {
            if batches.open.len() >= OPEN_MAX {
                return Err(PublishError::TooManyBatches);
            }
            let open = Open { messages: Vec::new(), bytes: 0, touched: now };
            batches.open.insert(id.into(), open);
        }
        let open = batches.open.get_mut(id).ok_or(PublishError::BatchIncomplete)?;
        let ends = match known.batch_commit {
            None => End::No,
            Some("1") => End::WithThis,
            Some("eob") => End::BeforeThis,
            Some(_) => return Err(PublishError::BatchCommitInvalid),
        };
        if place != open.messages.len() + 1 {
            return Err(PublishError::BatchIncomplete);
        }
        open.touched = now;
        if ends == End::BeforeThis {
            let last = open.messages.last_mut().ok_or(PublishError::BatchIncomplete)?;
            // It is stored as if it had said itself that it is the last.
            last.headers = known::with_commit(&last.headers);
            return Ok(true);
        }
        let bytes = incoming.headers.len() + incoming.payload.len() + incoming.subject.as_bytes().len();
        if batches.bytes + bytes > STAGED_BYTES_MAX {
            return Err(PublishError::BatchTooLarge { most: MESSAGES_MAX });
        }
        open.messages.push(Staged {
            subject: incoming.subject.clone(),
            headers: incoming.headers.to_vec(),
            payload: incoming.payload.to_vec(),
        });
        open.bytes += bytes;
        batches.bytes += bytes;
        Ok(ends == End::WithThis)
    }

    fn commit_batch(
        &self,
        id: &str,
        messages: &[Staged],
        rules: &Rules,
        now: Timestamp,
        wants: &mut dyn FnMut(&Subject) -> bool,
    ) -> Result<Accepted, PublishError> {
        let mut ids = self.ids(now, rules);
        let mut judged = Vec::with_capacity(messages.len());
        let mut seen = Seen::default();
        let mut room = Room::of(&self.stream);
        for message in messages {
            let place = judged.len() + 1;
            let fit = self.judge_batched(message, rules, &ids, place, &mut seen);
            match fit.and_then(|fit| room.take(message).map(|()| fit).map_err(PublishError::from)) {
                Ok(fit) => {
                    seen.subjects.insert(message.subject.as_str());
                    judged.push(fit);
                }
                // What the stream has against a message before it is told first.
                Err(error) => {
                    self.stream.would_append(&appends(messages, &judged))?;
                    return Err(error);
                }
            }
        }
        let mut appends = appends(messages, &judged);
        for append in &mut appends {
            append.keeping = rules.keeping(append.subject, wants);
        }
        let commit = self.stream.append(&appends);
        let mut stored_ids = Vec::new();
        if let Ok(committed) = commit.sequences() {
            for ((prepared, _), sequence) in judged.iter().zip(committed.first..) {
                if let Some(id) = prepared.known.message_id {
                    ids.insert(Remembered { id: id.into(), sequence, time: now });
                    stored_ids.push(id.into());
                }
            }
        }
        Ok(Accepted::BatchStored { commit, id: id.into(), count: messages.len(), ids: stored_ids })
    }

    /// Checks one message of a batch that is complete.
    fn judge_batched<'a>(
        &self,
        message: &'a Staged,
        rules: &Rules,
        ids: &Ids,
        place: usize,
        seen: &mut Seen<'a>,
    ) -> Result<(Prepared<'a>, Expectation), PublishError> {
        let incoming =
            Incoming { subject: &message.subject, headers: &message.headers, payload: &message.payload };
        let known = Known::of(&message.headers);
        if known.expected_last_id.is_some() {
            return Err(PublishError::BatchHeader { header: "Nats-Expected-Last-Msg-Id" });
        }
        self.check_before_expectations(&incoming, &known, rules)?;
        let expectation = known.expectation(&message.subject)?;
        self.check_in_batch(message, &known, &expectation, place, seen)?;
        let judged = match self.judge(&incoming, known, rules, Some(ids), Keeping::Kept) {
            Ok(Judged::Fresh(_)) if known.message_id.is_some_and(|id| !seen.ids.insert(id)) => {
                Err(PublishError::BatchDuplicateId)
            }
            // It would remove the messages of the batch that are before it.
            Ok(Judged::Fresh(prepared)) if place > 1 && prepared.rollup == Rollup::Stream => {
                Err(PublishError::BatchRollup)
            }
            Ok(Judged::Fresh(prepared))
                if prepared.rollup == Rollup::Subject && seen.subjects.contains(message.subject.as_str()) =>
            {
                Err(PublishError::BatchRollupOfSubject)
            }
            Ok(Judged::Fresh(prepared)) => return Ok((prepared, expectation)),
            Ok(Judged::Duplicate(_)) => Err(PublishError::BatchDuplicateId),
            Err(error) => Err(error),
        };
        self.verify(&message.subject, expectation.expect())?;
        judged
    }

    /// Checks expectations that other messages of the batch bear on; those of the first message alone are the stream's.
    fn check_in_batch(
        &self,
        message: &Staged,
        known: &Known<'_>,
        expectation: &Expectation,
        place: usize,
        seen: &Seen<'_>,
    ) -> Result<(), PublishError> {
        let subject = known.expected_subject.unwrap_or(message.subject.as_str());
        if expectation.of_subject.is_some() && seen.subjects.contains(subject) {
            return Err(PublishError::WrongLastInBatch);
        }
        let before = u64::try_from(place - 1).unwrap_or(u64::MAX);
        if let Some(expected) = expectation.of_stream.filter(|_| before > 0) {
            let last = match expected.checked_sub(before) {
                Some(last) => self.stream.verify(&message.subject, Expect::LastOfStream(last)),
                None => self.stream.verify(&message.subject, Expect::LastOfStream(u64::MAX)),
            };
            return Err(match last.map_err(PublishError::from) {
                Err(PublishError::WrongLastSequence { found }) => {
                    PublishError::WrongLastSequence { found: found + before }
                }
                Err(other) => other,
                // It fits, but only the first message of a batch may ask.
                Ok(()) => PublishError::WrongLastInBatch,
            });
        }
        Ok(())
    }
}

/// Returns what the stream is to store of messages that were judged.
fn appends<'a>(messages: &'a [Staged], judged: &'a [(Prepared<'_>, Expectation)]) -> Vec<Append<'a>> {
    let pairs = messages.iter().zip(judged);
    pairs
        .map(|(message, (prepared, expectation))| {
            prepared.append(&message.subject, &message.payload, expectation.expect())
        })
        .collect()
}

/// What a stream that refuses what is too much has room for. What a batch replaces makes no room for it, as in the reference.
struct Room {
    config: Arc<StreamConfig>,
    messages: u64,
    bytes: u64,
}

impl Room {
    fn of(stream: &Stream) -> Self {
        let state = stream.state();
        Self { config: stream.config(), messages: state.messages, bytes: state.bytes }
    }

    fn take(&mut self, message: &Staged) -> Result<(), EngineError> {
        if self.config.discard == Discard::Old {
            return Ok(());
        }
        let reached = |limit| EngineError::LimitReached { stream: self.config.name.clone(), limit };
        let parts = [message.subject.as_bytes().len(), message.headers.len(), message.payload.len()];
        self.messages += 1;
        self.bytes += self.config.storage.counted_bytes(parts);
        if self.config.messages_max.is_some_and(|max| self.messages > max) {
            return Err(reached(Limit::Messages));
        }
        if self.config.bytes_max.is_some_and(|max| self.bytes > max) {
            return Err(reached(Limit::Bytes));
        }
        Ok(())
    }
}

/// What messages of a batch hold that were looked at.
#[derive(Debug, Default)]
struct Seen<'a> {
    ids: HashSet<&'a str>,
    subjects: HashSet<&'a str>,
}

/// How a message ends its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    No,
    WithThis,
    BeforeThis,
}

const ID_BYTES_MAX: usize = 64;
const MESSAGES_MAX: usize = 1_000;
const OPEN_MAX: usize = 50;
const IDLE_MAX: Duration = Duration::from_secs(10);
/// Most bytes that the open batches of a stream may hold.
const STAGED_BYTES_MAX: usize = 64 << 20;
